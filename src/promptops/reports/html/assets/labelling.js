// Labelling in the page: one answer at a time, or two; nothing tells which version one is of, and
// no word of the judge is shown. The keys are those of `promptops review`.

const CANNOT_TELL = "cannot tell";
const MOST_COMMENT = 2000;
const NOTHING_KEPT = "This browser keeps nothing: download them before you leave.";

class Labelling {
  #asked = [];
  #at = -1;
  #answered = [];
  #busy = false;

  constructor(index, blocks, question, given, onEnd) {
    this.question = question;
    this.given = given;
    this.asking = new Asking(index, blocks, question, given);
    this.title = make("h2", { id: "labelling-title", tabindex: "-1" });
    this.body = make("div", { class: "labelling-body" });
    this.told = make("p", { class: "told", role: "status" });
    this.choices = make("div", { class: "choices", role: "group", "aria-label": "What you can say" });
    this.comment = make("input", {
      type: "text",
      id: "labelling-comment",
      maxlength: MOST_COMMENT,
      autocomplete: "off",
      change: () => this.#recomment(),
    });
    this.node = make(
      "dialog",
      { class: "labelling", "aria-labelledby": "labelling-title", keydown: (event) => this.#key(event) },
      make("header", {}, this.title, this.#command("Close", "q", () => this.node.close())),
      make("p", { class: "asked-of" }, shown(question.asked)),
      this.body,
      make("footer", {}, this.told, this.choices, this.#commands()),
    );
    this.node.addEventListener("close", () => {
      this.node.remove();
      onEnd();
    });
  }

  async open() {
    document.body.append(this.node);
    this.node.showModal();
    await this.#go(0);
  }

  #commands() {
    return make(
      "div",
      { class: "commands" },
      make("label", { for: "labelling-comment" }, "Comment ", make("kbd", {}, "c")),
      this.comment,
      this.#command("Skip", "s", () => this.#go(this.#at + 1)),
      this.#command("Back", "b", () => this.#back()),
      this.question.rubric?.length ? this.#command("Rubric", "i", () => this.#rubric()) : null,
    );
  }

  #command(name, key, act) {
    return make("button", { type: "button", class: "quiet-button", click: act }, name, " ", make("kbd", {}, key));
  }

  get #shown() {
    return this.#asked[this.#at] ?? null;
  }

  async #go(at) {
    if (this.#busy || at > this.#asked.length) return;
    this.#busy = true; // keys that were hit before an answer is shown are not meant for it
    try {
      if (at === this.#asked.length) {
        const next = await this.asking.next();
        if (next) this.#asked.push(next);
      }
      this.#at = at;
      this.#answered = [];
      this.#draw("");
    } finally {
      this.#busy = false;
    }
  }

  #back() {
    if (this.#answered.length) {
      this.#answered.pop();
      this.#draw("");
    } else if (this.#at > 0) this.#go(this.#at - 1);
    else this.#tell("This is the first one.");
  }

  #draw(message) {
    const asked = this.#shown;
    const what = this.question.pairs ? "pair" : "answer";
    this.title.replaceChildren(shown(this.question.metric), asked ? ` · ${what} ${this.#at + 1}` : "");
    this.comment.disabled = !asked;
    if (!asked) {
      this.body.replaceChildren(
        make("p", { class: "over" }, "Nothing is left to label here: you have been asked about all that is kept."),
      );
      this.choices.replaceChildren();
      this.comment.value = "";
      this.#tell(message);
      this.title.focus();
      return;
    }
    const said = this.#said;
    this.comment.value = said?.comment ?? "";
    this.body.replaceChildren(...this.#case(asked), this.#answers(asked));
    this.body.scrollTop = 0;
    this.choices.replaceChildren(...this.#offered());
    const kept = this.given.stored ? "" : NOTHING_KEPT;
    this.#tell(message || (said ? `You said ${plain(said.told)}.` : kept));
    this.title.focus({ preventScroll: true });
  }

  get #said() {
    const asked = this.#shown;
    return asked && this.given.get(asked.kind, this.question.metric, asked.case, outputsOf(asked));
  }

  #case(asked) {
    const columns = Object.entries(asked.columns);
    const wanted = (this.question.inputs ?? []).filter((name) => Object.hasOwn(asked.columns, name));
    const named = new Set(wanted);
    const first = columns.filter(([name]) => !named.size || named.has(name));
    const rest = columns.filter(([name]) => named.size && !named.has(name));
    return [
      first.length ? columnList(first) : null,
      rest.length ? make("details", { class: "fold" }, make("summary", {}, "The rest of the case"), columnList(rest)) : null,
    ].filter(Boolean);
  }

  #answers(asked) {
    const panes = asked.answers.map((answer, at) => {
      const name = asked.answers.length > 1 ? `Answer ${at + 1}` : "Answer";
      const text = answer.text.trim() ? shown(answer.text) : make("i", {}, "Nothing was answered.");
      return make("section", { class: "pane" }, make("h3", {}, name), make("div", { class: "output" }, text));
    });
    return make("div", { class: "panes" }, panes);
  }

  #offered() {
    const { question } = this;
    const criteria = Object.entries(question.criteria ?? {});
    if (criteria.length) {
      const at = this.#answered.length;
      const [name, asked] = criteria[at];
      return [
        make("p", {}, `${at + 1} of ${criteria.length}, `, make("b", {}, shown(name)), ": ", shown(asked)),
        this.#choice("yes", "y", () => this.#answer("yes")),
        this.#choice("no", "n", () => this.#answer("no")),
        this.#choice(CANNOT_TELL, "t", () => this.#answer("cannot_tell")),
      ];
    }
    const cannot = this.#choice(CANNOT_TELL, "t", () => this.#say("?", CANNOT_TELL));
    if (question.number) return [this.#number(), cannot];
    const made = (question.choices ?? []).map((each) =>
      this.#choice(each.label, (each.keys ?? []).join(" "), () => this.#say(each.cell, each.label), each.about),
    );
    return [...made, cannot];
  }

  #choice(label, keys, act, about) {
    const pressed = this.#said?.told === label;
    return make(
      "button",
      { type: "button", class: "choice", click: act, "aria-pressed": pressed ? "true" : "false" },
      keys ? make("kbd", {}, keys) : null,
      shown(cut(label, 200)),
      about ? make("span", { class: "about" }, shown(about)) : null,
    );
  }

  #number() {
    const { number } = this.question;
    const field = make("input", { type: "text", inputmode: "decimal", class: "typed", autocomplete: "off" });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#typed(field.value.trim());
    });
    return make("label", {}, `Type ${number}, then Enter `, make("kbd", {}, "v"), " ", field);
  }

  #typed(text) {
    const [low, high] = this.question.ends;
    const value = Number(text);
    const fits = /^[+-]?\d{1,9}(\.\d{1,9})?$/.test(text) && value >= low && value <= high;
    if (!fits || (this.question.whole && !Number.isInteger(value))) {
      this.#tell(`${cut(plain(text), 40)}: not ${this.question.number}.`);
      return;
    }
    this.#say(text, text);
  }

  #answer(word) {
    this.#answered.push(word);
    if (this.#answered.length < Object.keys(this.question.criteria).length) this.#draw("");
    else this.#say(this.#answered.join(", "), this.#answered.join(", "));
  }

  #say(label, told) {
    const asked = this.#shown;
    if (!asked || this.#busy) return;
    this.given.give({
      kind: asked.kind,
      metric: this.question.cell,
      name: this.question.metric,
      case: asked.case,
      outputs: outputsOf(asked),
      label,
      told,
      comment: this.comment.value,
      chosen: asked.chosen,
    });
    this.#go(this.#at + 1);
  }

  #recomment() {
    const said = this.#said;
    if (said) this.given.give({ ...said, comment: this.comment.value });
  }

  #rubric() {
    const open = this.body.querySelector(".rubric");
    if (open) {
      open.remove();
      return;
    }
    const parts = this.question.rubric.map(([title, text]) => [
      make("h3", {}, shown(title)),
      make("pre", { class: "text" }, shown(text)),
    ]);
    const rubric = make("section", { class: "rubric", tabindex: "-1", "aria-label": "Rubric" }, parts.flat());
    this.body.prepend(rubric);
    rubric.focus();
  }

  #tell(message) {
    this.told.textContent = message;
  }

  #key(event) {
    event.stopPropagation(); // the page's own keys rest meanwhile
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("input")) {
      if (event.key === "Enter" && event.target === this.comment) this.title.focus();
      return;
    }
    const act = this.#act(event.key.toLowerCase());
    if (!act) return;
    event.preventDefault();
    act();
  }

  #act(key) {
    const commands = {
      q: () => this.node.close(),
      s: () => this.#shown && this.#go(this.#at + 1),
      b: () => this.#back(),
      c: () => this.comment.focus(),
      i: () => this.question.rubric?.length && this.#rubric(),
      j: () => this.body.scrollBy(0, 80),
      k: () => this.body.scrollBy(0, -80),
    };
    if (key in commands) return commands[key];
    if (!this.#shown) return null;
    if (Object.keys(this.question.criteria ?? {}).length) {
      const word = { y: "yes", n: "no", t: "cannot_tell" }[key];
      return word ? () => this.#answer(word) : null;
    }
    if (key === "t") return () => this.#say("?", CANNOT_TELL);
    if (key === "v" && this.question.number) return () => this.choices.querySelector(".typed").focus();
    const found = (this.question.choices ?? []).find((each) => (each.keys ?? []).includes(key));
    return found ? () => this.#say(found.cell, found.label) : null;
  }
}

function outputsOf(asked) {
  return asked.answers.map((answer) => answer.output);
}

function columnList(columns) {
  const pairs = columns.map(([name, value]) =>
    make(
      "div",
      {},
      make("dt", {}, shown(cut(name, 200))),
      make("dd", {}, foldable(told(value), cut(plain(name), 60))),
    ),
  );
  return make("dl", { class: "asked" }, pairs);
}

// The strip above the cases: what can be labelled, how much was, and the file of it.

class LabelDesk {
  constructor(index, blocks) {
    this.index = index;
    this.blocks = blocks;
    this.questions = index.questions ?? [];
    this.given = new GivenLabels(index.run);
    this.given.onChange = () => this.#draw();
    this.chosen = 0;
    this.node = make("div", { class: "label-desk" });
    if (this.questions.length) this.#draw();
  }

  get #kind() {
    return this.questions[this.chosen].pairs ? "pair" : "answer";
  }

  open() {
    if (!this.questions.length || document.querySelector("dialog.labelling")) return;
    const question = this.questions[this.chosen];
    new Labelling(this.index, this.blocks, question, this.given, () => this.#kept()).open();
  }

  #draw(message = "", sure = null) {
    const count = this.given.count(this.#kind);
    const button = (name, act, more = {}) =>
      make("button", { type: "button", class: "quiet-button", click: act, ...more }, name);
    const start = make("button", { type: "button", class: "label-start", click: () => this.open() }, "Label blind ", make("kbd", {}, "l"));
    const unit = this.#kind === "pair" ? "pair" : "answer";
    const parts = [make("b", {}, "Labels"), this.questions.length > 1 ? this.#which() : null, start];
    if (count) {
      parts.push(
        button("Download", () => this.#download()),
        ...(sure ?? [button("Discard", () => this.#draw("", this.#sure(button, many(count, "label"))))]),
        make("span", { class: "quiet" }, `${many(count, unit)} labelled here`),
      );
    }
    const lost = count && !this.given.stored ? `${NOTHING_KEPT} ` : "";
    this.node.replaceChildren(...parts.filter(Boolean), make("p", { role: "status" }, lost, message));
    if (sure) sure[0].focus();
  }

  #sure(button, what) {
    // Labels are hours of work, and nothing brings them back.
    return [button("Keep", () => this.#kept()), button(`Yes, discard ${what}`, () => this.#discard())];
  }

  #kept() {
    this.#draw();
    this.node.querySelector(".label-start").focus();
  }

  #which() {
    const options = this.questions.map((each, at) =>
      make("option", { value: at, selected: at === this.chosen }, plain(each.metric) + (each.pairs ? ", pairs" : "")),
    );
    const change = (event) => {
      this.chosen = Number(event.target.value);
      this.#draw();
      this.node.querySelector("select").focus();
    };
    return make("select", { "aria-label": "What to label", change }, options);
  }

  #download() {
    const name = `${this.index.suite.replace(/[^A-Za-z0-9._-]+/g, "-") || "suite"}.${this.#kind}s.csv`;
    saveFile(name, this.given.sheet(this.#kind));
    const command = make("code", {}, shown(`promptops review ${this.index.suite} --import ${name}`));
    this.#draw(make("span", {}, "In the project, with your name behind --reviewer: ", command));
    this.node.querySelector("button:not(.label-start)").focus();
  }

  #discard() {
    this.given.discard(this.#kind);
    this.#draw("Discarded.");
    this.node.querySelector(".label-start").focus();
  }
}
