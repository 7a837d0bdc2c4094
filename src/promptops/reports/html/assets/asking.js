// Which answers a reader is asked about: by the rule `uniform` of `promptops review`, in the order that
// it draws. Pairs of samples at random, both answers of each, every case before a second sample of any.
// Among the next few they are mixed anew, so that nothing tells which version gave one.

const CASES_AT_ONCE = 8;
const UNIFORM = "uniform";

class Asking {
  #order;
  #place = 0;
  #turn = 0;
  #found = false;
  #places = new Map();
  #seen = new Set();
  #waiting = [];

  constructor(index, blocks, question, given) {
    this.index = index;
    this.blocks = blocks;
    this.question = question;
    this.given = given;
    this.#order = index.drawn;
  }

  async next() {
    // One answer, or two, of a case; null after the last.
    while (!this.#waiting.length) {
      if (this.#place >= this.#order.length) {
        if (!this.#found) return null;
        this.#place = 0;
        this.#turn++;
        this.#found = false;
      }
      const few = this.#order.slice(this.#place, this.#place + CASES_AT_ONCE);
      this.#place += CASES_AT_ONCE;
      const made = [];
      for (const at of few) made.push(...(await this.#asked(at)));
      this.#waiting = apart(mixed(made));
    }
    return this.#waiting.shift();
  }

  async #asked(at) {
    const [block, place] = this.index.cases.block[at];
    const behind = (await this.blocks.open(block))[place];
    const draws = this.#draws(at, behind);
    if (this.#turn >= draws.length) return [];
    this.#found = true;
    const answers = draws[this.#turn].filter(
      (answer, place, all) => all.findIndex((each) => each.output === answer.output) === place,
    );
    const kind = this.question.pairs ? "pair" : "answer";
    const groups = this.question.pairs ? [mixed(answers)] : answers.map((answer) => [answer]);
    return groups
      .filter((group) => group.length === (this.question.pairs ? 2 : 1))
      .map((group) => ({ at, kind, case: behind.cell, columns: behind.details.columns ?? {}, answers: group, chosen: UNIFORM }))
      .filter((asked) => this.#isNew(asked));
  }

  #isNew(asked) {
    const outputs = asked.answers.map((answer) => answer.output);
    const key = GivenLabels.key(asked.kind, this.question.metric, asked.case, outputs);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return !this.given.get(asked.kind, this.question.metric, asked.case, outputs);
  }

  #draws(at, behind) {
    // The samples of one place in both versions (or in the one that there is), as they were drawn.
    const places = new Map();
    (behind.details?.samples ?? []).forEach((sample, number) => {
      const output = behind.digests?.[number];
      if (!output) return;
      if (!places.has(sample.index)) places.set(sample.index, []);
      places.get(sample.index).push({ output, text: answerText(sample) });
    });
    const sides = this.index.compared ? 2 : 1;
    if (!this.#places.has(at)) {
      const whole = (behind.draws ?? []).filter((place) => places.get(place)?.length === sides);
      this.#places.set(at, whole);
    }
    return this.#places.get(at).map((place) => places.get(place));
  }
}

function answerText(sample) {
  const calls = (sample.tool_calls ?? []).map((call) => JSON.stringify(call, null, 2));
  return [sample.content, sample.refusal, ...calls].filter(Boolean).join("\n");
}

function mixed(list) {
  const found = [...list];
  const drawn = new Uint32Array(1);
  for (let left = found.length - 1; left > 0; left--) {
    crypto.getRandomValues(drawn);
    const at = Math.floor((drawn[0] / 2 ** 32) * (left + 1));
    [found[left], found[at]] = [found[at], found[left]];
  }
  return found;
}

function apart(list) {
  // The answers of one case not after each other, as far as that can be.
  const left = [...list];
  const found = [];
  while (left.length) {
    const before = found.at(-1)?.at;
    const at = Math.max(0, left.findIndex((each) => each.at !== before));
    found.push(...left.splice(at, 1));
  }
  return found;
}
