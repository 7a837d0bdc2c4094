// Labels that a reader gives here: kept in this browser, handed back as a sheet that
// `promptops review SUITE --import FILE` takes.

const SHEET_IDS = { answer: ["metric", "case", "output"], pair: ["metric", "case", "first", "second"] };
// Where a spreadsheet would begin a formula; a number is none.
const FORMULA = /(^|[;,\uff0c\uff1b])([\s"'`“”‘’]*)([=+\-@\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20])(?!\d)/g;

class GivenLabels {
  #labels = new Map();

  constructor(run) {
    this.place = `promptops-labels:${run}`;
    this.stored = true;
    this.onChange = () => {};
    this.#read();
    addEventListener("storage", (event) => {
      if (event.key !== this.place && event.key !== null) return;
      this.#read();
      this.onChange();
    });
  }

  #read() {
    // Another tab may have labelled the same run meanwhile: what the browser keeps is what holds.
    try {
      const read = JSON.parse(localStorage.getItem(this.place) ?? "[]");
      if (this.stored) this.#labels.clear(); // else here is what it did not take
      for (const each of Array.isArray(read) ? read : []) {
        if (GivenLabels.#whole(each) && !this.#labels.has(GivenLabels.#keyOf(each))) this.#put(each);
      }
    } catch {
      this.stored = false; // a page in a file may have no storage: they last as long as the page
    }
  }

  static #whole(each) {
    const texts = [each?.kind, each?.metric, each?.name, each?.case, each?.label, each?.comment, each?.chosen ?? ""];
    const outputs = Array.isArray(each?.outputs) ? each.outputs : [null];
    return [...texts, ...outputs].every((text) => typeof text === "string") && Object.hasOwn(SHEET_IDS, each.kind);
  }

  static key(kind, name, cell, outputs) {
    return JSON.stringify([kind, name, cell, ...[...outputs].sort()]);
  }

  static #keyOf(each) {
    return GivenLabels.key(each.kind, each.name, each.case, each.outputs);
  }

  #put(each) {
    this.#labels.set(GivenLabels.#keyOf(each), each);
  }

  get(kind, name, cell, outputs) {
    return this.#labels.get(GivenLabels.key(kind, name, cell, outputs)) ?? null;
  }

  give(each) {
    this.#read();
    this.#put(each);
    this.#store();
  }

  count(kind) {
    return [...this.#labels.values()].filter((each) => each.kind === kind).length;
  }

  discard(kind) {
    this.#read();
    for (const [key, each] of this.#labels) if (each.kind === kind) this.#labels.delete(key);
    this.#store();
  }

  #store() {
    try {
      localStorage.setItem(this.place, JSON.stringify([...this.#labels.values()]));
      this.stored = true;
    } catch {
      this.stored = false;
    }
  }

  sheet(kind) {
    const rows = [...this.#labels.values()].filter((each) => each.kind === kind);
    const lines = rows.map((each) => [each.metric, each.case, ...each.outputs, each.chosen ?? "", each.label, inertCell(each.comment)]);
    lines.sort((a, b) => (a.join("\0") < b.join("\0") ? -1 : 1)); // in no order that tells when
    return [[...SHEET_IDS[kind], "chosen", "label", "comment"], ...lines]
      .map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",") + "\r\n")
      .join("");
  }
}

function inertCell(text) {
  return text.replace(/\s+/g, " ").trim().replace(FORMULA, "$1$2'$3");
}

function saveFile(name, text) {
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = make("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
