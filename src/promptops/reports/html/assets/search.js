// Which cases a reader wants to see, and in which order.

const BITS = { critical: 1, own: 2, unscorable: 4, lost: 8, steps: 16, uncompared: 32 };
const CHANGES = ["broken", "worse", "fixed", "better", "same"];
const MARKS = [
  ["critical", "critical"],
  ["own", "own failures"],
  ["unscorable", "unscorable"],
  ["lost", "lost calls"],
  ["steps", "several steps"],
  ["uncompared", "not compared"],
];
const WORST = { broken: 0, worse: 1, fixed: 2, better: 3, same: 4 };
const BEST = { fixed: 0, better: 1, broken: 2, worse: 3, same: 4 };

const ORDERS = {
  worst: ["worst first", (c) => (a, b) => rank(c, a, WORST) - rank(c, b, WORST) || nearer(c, a, b)],
  best: ["best first", (c) => (a, b) => rank(c, a, BEST) - rank(c, b, BEST) || nearer(c, a, b)],
  lowest: ["lowest score first", (c) => (a, b) => level(c, a) - level(c, b) || a - b],
  id: ["by id", (c) => (a, b) => (c.id[a] < c.id[b] ? -1 : c.id[a] > c.id[b] ? 1 : 0)],
  dataset: ["as in the dataset", () => (a, b) => a - b],
};

function rank(cases, at, order) {
  // Critical ones before others of their kind; what could not be compared after all.
  const last = cases.bits[at] & BITS.uncompared ? 1 : 0;
  return order[cases.change[at]] * 2 + last - (cases.bits[at] & BITS.critical ? 1 : 0);
}

function nearer(cases, a, b) {
  // What moved most comes first; else the order of the dataset.
  return moved(cases, b) - moved(cases, a) || a - b;
}

function moved(cases, at) {
  return Math.abs((cases.candidate[at] ?? 0) - (cases.baseline[at] ?? 0));
}

function level(cases, at) {
  return cases.candidate[at] ?? 2;
}

function changeOf(cases, at) {
  // None of a case that was not scored on both sides: it is not the same, nobody knows.
  return cases.bits[at] & BITS.uncompared ? null : cases.change[at];
}

function words(query) {
  // What stands between quotes is one; else each word is.
  const found = query.toLowerCase().matchAll(/"([^"]+)"?|(\S+)/g);
  return [...found].map((each) => each[1] ?? each[2]);
}

class Search {
  #texts = null;
  #reading = null;

  constructor(cases, blocks) {
    this.cases = cases;
    this.blocks = blocks;
  }

  get ready() {
    return this.#texts !== null;
  }

  prepare(onProgress) {
    this.#reading ??= this.#read(onProgress);
    return this.#reading;
  }

  async #read(onProgress) {
    const places = new Map(this.cases.block.map((place, at) => [place.join(), at]));
    const texts = new Array(this.cases.id.length).fill("");
    for (let block = 0; block < this.blocks.count; block++) {
      const behind = await this.blocks.read(block);
      behind.forEach((each, place) => {
        const at = places.get(`${block},${place}`);
        if (at !== undefined) texts[at] = this.#text(at, each);
      });
      onProgress((block + 1) / this.blocks.count);
    }
    this.#texts = texts;
  }

  #text(at, behind) {
    const said = new Set(behind.outputs ?? []);
    for (const sample of behind.details?.samples ?? []) said.add(sample.content ?? "");
    const columns = Object.values(behind.details?.columns ?? {}).map(told);
    return [this.cases.id[at], ...columns, ...said].join("\n").toLowerCase();
  }

  find(wanted, order) {
    // Places of the cases that are wanted, in order.
    const { cases } = this;
    const terms = words(wanted.query);
    const found = [];
    for (let at = 0; at < cases.id.length; at++) {
      if (wanted.changes.size && !wanted.changes.has(changeOf(cases, at))) continue;
      if ([...wanted.marks].some((mark) => !(cases.bits[at] & BITS[mark]))) continue;
      if (wanted.tag !== null && !cases.tags[at].includes(wanted.tag)) continue;
      const text = this.#texts?.[at] ?? `${cases.id[at]}\n${cases.hint[at]}`.toLowerCase();
      if (terms.every((term) => text.includes(term))) found.push(at);
    }
    return found.sort(ORDERS[order][1](cases));
  }
}
