// A list of any length: only the rows that can be seen are in the page.

const ROW = 54;
const AROUND = 6;

class CaseList {
  #rows = [];
  #at = -1;
  #opened = null;

  constructor(index, name, onOpen) {
    this.index = index;
    this.onOpen = onOpen;
    this.name = name;
    this.sheet = make("div", { class: "sheet", role: "presentation" });
    this.node = make(
      "div",
      { class: "case-list", role: "listbox", tabindex: "0", "aria-label": "Cases" },
      this.sheet,
    );
    this.node.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(this.node);
  }

  get selected() {
    return this.#rows[this.#at] ?? null;
  }

  show(rows) {
    const before = this.selected;
    this.#rows = rows;
    this.#at = before === null ? -1 : rows.indexOf(before);
    this.sheet.style.height = `${rows.length * ROW}px`;
    if (this.#at < 0) this.node.scrollTop = 0;
    this.#draw();
  }

  mark(opened) {
    this.#opened = opened;
    if (opened !== null) this.select(this.#rows.indexOf(opened));
    this.#draw();
  }

  move(by) {
    if (!this.#rows.length) return;
    this.select(Math.max(0, Math.min(this.#rows.length - 1, this.#at < 0 ? 0 : this.#at + by)));
  }

  get page() {
    return Math.max(1, Math.floor(this.node.clientHeight / ROW) - 1);
  }

  get length() {
    return this.#rows.length;
  }

  select(at) {
    this.#at = at;
    if (at >= 0) {
      const top = at * ROW;
      const { scrollTop, clientHeight } = this.node;
      if (top < scrollTop) this.node.scrollTop = top;
      else if (top + ROW > scrollTop + clientHeight) this.node.scrollTop = top + ROW - clientHeight;
    }
    this.#draw();
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW) - AROUND);
    const last = Math.min(
      this.#rows.length,
      Math.ceil((this.node.scrollTop + this.node.clientHeight) / ROW) + AROUND,
    );
    const rows = [];
    for (let at = first; at < last; at++) rows.push(this.#row(at));
    this.sheet.replaceChildren(...rows);
    const active = this.#at >= first && this.#at < last ? this.#rowId(this.#at) : null;
    if (active) this.node.setAttribute("aria-activedescendant", active);
    else this.node.removeAttribute("aria-activedescendant");
  }

  #rowId(at) {
    return `${this.name}-row-${this.#rows[at]}`;
  }

  #row(at) {
    const { cases, compared } = this.index;
    const number = this.#rows[at];
    const change = cases.change[number];
    const uncompared = cases.bits[number] & BITS.uncompared;
    const outcome = compared ? (uncompared ? "not compared" : change) : "scored";
    const sign = compared ? (uncompared ? "·" : CHANGE_SIGNS[change]) : "·";
    const row = make(
      "div",
      {
        class: `row ${compared && !uncompared ? change : "same"}`,
        role: "option",
        id: this.#rowId(at),
        "aria-selected": at === this.#at ? "true" : "false",
        "aria-setsize": this.#rows.length,
        "aria-posinset": at + 1,
        click: () => {
          this.select(at);
          this.onOpen(number);
        },
      },
      make("span", { class: "change", title: outcome }, sign),
      make("span", { class: "spoken" }, outcome + " "),
      make("span", { class: "id" }, shown(cut(cases.id[number], 200))),
      make("span", { class: "scores" }, this.#scores(number)),
      make("span", { class: "hint" }, this.#marks(number), shown(cases.hint[number])),
    );
    row.style.transform = `translateY(${at * ROW}px)`;
    if (number === this.#opened) row.classList.add("opened");
    return row;
  }

  #scores(number) {
    const { cases, compared } = this.index;
    if (!compared) return score(cases.candidate[number]);
    return `${score(cases.baseline[number])} → ${score(cases.candidate[number])}`;
  }

  #marks(number) {
    const { cases } = this.index;
    const found = MARKS.slice(0, 4).filter(([mark]) => cases.bits[number] & BITS[mark]);
    return found.map(([mark, name]) => make("span", { class: `tiny ${mark}` }, name));
  }
}
