// The cases of one report: narrowed, searched, listed, and opened one by one.

class Explorer {
  constructor(host, index, onOpen) {
    this.index = index;
    this.onOpen = onOpen;
    this.number = Number(host.dataset.cases);
    this.blocks = new Blocks(this.number);
    this.search = new Search(index.cases, this.blocks);
    this.list = new CaseList(index, `report-${this.number}`, (at) => this.open(at));
    this.view = new CaseView(index);
    this.view.onChoose = () => this.onOpen(this);
    this.opened = null;
    this.order = index.compared ? "worst" : "lowest";
    this.wanted = { query: "", changes: new Set(), marks: new Set(), tag: null };
    this.count = make("p", { class: "count", role: "status" });
    this.detail = make("section", { class: "detail", "aria-label": "The opened case", hidden: true });
    this.pages = make("div", { class: "explorer" }, this.list.node, this.detail);
    this.desk = new LabelDesk(index, this.blocks);
    host.append(this.desk.node, this.#tools(), this.count, this.pages);
    this.list.node.addEventListener("keydown", (event) => this.#key(event));
    this.refresh();
  }

  get id() {
    return this.opened === null ? null : this.index.cases.id[this.opened];
  }

  refresh() {
    const rows = this.search.find(this.wanted, this.order);
    this.list.show(rows);
    const all = this.index.cases.id.length;
    const some = rows.length === all ? "" : `${rows.length.toLocaleString("en")} of `;
    this.count.textContent = `${some}${many(all, "case")}${this.progress ?? ""}`;
  }

  async open(at, sample = 0) {
    this.opened = at;
    const [block, place] = this.index.cases.block[at];
    const behind = (await this.blocks.open(block))[place];
    if (this.opened !== at) return; // another one was asked for meanwhile
    this.detail.replaceChildren(this.#bar(), this.view.show(at, behind, sample));
    this.detail.hidden = false;
    this.detail.scrollTop = 0;
    this.pages.classList.add("open");
    this.list.mark(at);
    if (this.list.node.offsetParent === null) {
      // A narrow window has room for one of the two.
      this.detail.querySelector("h3").focus({ preventScroll: true });
      this.detail.scrollIntoView({ block: "start" });
    }
    this.onOpen(this);
  }

  close() {
    if (this.opened === null) return;
    this.opened = null;
    this.detail.hidden = true;
    this.detail.replaceChildren();
    this.pages.classList.remove("open");
    this.list.mark(null);
    this.list.node.focus({ preventScroll: true });
    this.onOpen(this);
  }

  move(by) {
    this.list.move(by);
    if (this.opened !== null && this.list.selected !== null) this.open(this.list.selected);
  }

  focusSearch() {
    this.field.focus();
    this.field.select();
  }

  #bar() {
    const button = (name, key, act) =>
      make("button", { type: "button", class: "quiet-button", click: act, title: `key ${key}` }, name);
    return make(
      "div",
      { class: "detail-bar" },
      button("← List", "Esc", () => this.close()),
      make(
        "span",
        { class: "pager" },
        button("↑ Previous", "k", () => this.move(-1)),
        button("↓ Next", "j", () => this.move(1)),
      ),
    );
  }

  #key(event) {
    const moves = { Home: -Infinity, End: Infinity, PageUp: -this.list.page, PageDown: this.list.page };
    if (event.key in moves) {
      event.preventDefault();
      const by = Math.max(-this.list.length, Math.min(this.list.length, moves[event.key]));
      this.move(by);
    } else if (event.key === "Enter" && this.list.selected !== null) {
      event.preventDefault();
      this.open(this.list.selected);
    }
  }

  #tools() {
    this.field = make("input", {
      type: "search",
      placeholder: "Search ids, inputs, outputs",
      "aria-label": "Search ids, inputs and outputs",
      spellcheck: "false",
      autocomplete: "off",
      input: () => this.#searched(),
      focus: () => this.#prepare(),
    });
    const { cases } = this.index;
    const chips = [];
    if (this.index.compared) {
      const counts = Object.fromEntries(CHANGES.map((name) => [name, 0]));
      for (let at = 0; at < cases.id.length; at++) {
        const name = changeOf(cases, at);
        if (name !== null) counts[name]++;
      }
      chips.push(
        ...CHANGES.filter((name) => counts[name]).map((name) =>
          this.#chip(name, `${CHANGE_SIGNS[name]} ${name}`, counts[name], this.wanted.changes),
        ),
      );
    }
    for (const [mark, name] of MARKS) {
      const count = cases.bits.reduce((sum, bits) => sum + (bits & BITS[mark] ? 1 : 0), 0);
      if (count) chips.push(this.#chip(mark, name, count, this.wanted.marks));
    }
    return make(
      "div",
      { class: "case-tools", role: "search" },
      make("div", { class: "fields" }, this.field, this.#tags(), this.#orders()),
      make("div", { class: "filters", role: "group", "aria-label": "Show only" }, chips),
    );
  }

  #chip(key, name, count, wanted) {
    return make(
      "button",
      {
        type: "button",
        class: `filter ${key}`,
        "aria-pressed": "false",
        click: (event) => {
          if (!wanted.delete(key)) wanted.add(key);
          event.currentTarget.setAttribute("aria-pressed", String(wanted.has(key)));
          this.refresh();
        },
      },
      name,
      make("span", { class: "number" }, count.toLocaleString("en")),
    );
  }

  #tags() {
    const counts = new Map();
    for (const tags of this.index.cases.tags) {
      for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    if (!counts.size) return null;
    const known = [...counts].sort((a, b) => b[1] - a[1]);
    const options = known.map(([tag, count], at) =>
      make("option", { value: at }, `${cut(plain(tag), 60)} (${count})`),
    );
    return make(
      "select",
      {
        "aria-label": "Tag",
        class: "tags",
        change: (event) => {
          this.wanted.tag = event.target.value === "" ? null : known[event.target.value][0];
          this.refresh();
        },
      },
      make("option", { value: "" }, "any tag"),
      options,
    );
  }

  #orders() {
    const options = Object.entries(ORDERS)
      .filter(([key]) => this.index.compared || !["worst", "best"].includes(key))
      .map(([key, [name]]) => make("option", { value: key, selected: key === this.order }, name));
    return make(
      "select",
      {
        "aria-label": "Order",
        class: "order",
        change: (event) => {
          this.order = event.target.value;
          this.refresh();
        },
      },
      options,
    );
  }

  #searched() {
    this.wanted.query = this.field.value;
    this.#prepare();
    this.refresh();
  }

  async #prepare() {
    if (this.search.ready) return;
    await this.search.prepare((share) => {
      this.progress = share < 1 ? ` · reading what they said, ${Math.floor(100 * share)}%` : "";
      if (this.wanted.query) this.count.textContent = this.count.textContent.split(" ·")[0] + this.progress;
    });
    this.progress = "";
    this.refresh();
  }
}
