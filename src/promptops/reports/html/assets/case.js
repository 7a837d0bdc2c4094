// One opened case: what was asked, what both versions said, and what every scorer made of it.

const ARMS = ["baseline", "candidate"];

class CaseView {
  constructor(index) {
    this.index = index;
    this.arms = index.compared ? ARMS : ["candidate"];
    this.marked = true;
    this.sample = 0;
  }

  show(number, behind, sample) {
    this.number = number;
    this.behind = behind;
    this.samples = this.#byArm(behind);
    this.places = [
      ...new Set(this.arms.flatMap((arm) => [...this.samples[arm].keys()])),
    ].sort((a, b) => a - b);
    this.sample = this.places.includes(sample) ? sample : (this.places[0] ?? 0);
    this.body = make("div", { class: "case-body" });
    this.#draw();
    return make(
      "div",
      { class: "case" },
      this.#head(),
      behind.why ? make("p", { class: "why" }, make("b", {}, "Why "), shown(behind.why)) : null,
      this.#asked(),
      this.body,
    );
  }

  choose(sample) {
    if (!this.places.includes(sample) || sample === this.sample) return false;
    this.sample = sample;
    this.#draw();
    return true;
  }

  step(by) {
    const at = this.places.indexOf(this.sample) + by;
    return at >= 0 && at < this.places.length && this.choose(this.places[at]);
  }

  toggleMarks() {
    this.marked = !this.marked;
    this.#draw();
  }

  #byArm(behind) {
    const found = { baseline: new Map(), candidate: new Map() };
    for (const each of behind.details?.samples ?? []) found[each.arm]?.set(each.index, each);
    if (behind.outputs) {
      this.arms.forEach((arm) => {
        const content = behind.outputs[ARMS.indexOf(arm)];
        if (content !== null) found[arm].set(0, { arm, index: 0, content, scores: {}, alone: true });
      });
    }
    return found;
  }

  #head() {
    const { cases, compared } = this.index;
    const at = this.number;
    const change = cases.change[at];
    const badges = MARKS.filter(([mark]) => cases.bits[at] & BITS[mark]);
    const uncompared = cases.bits[at] & BITS.uncompared;
    const outcome = compared && !uncompared ? `${CHANGE_SIGNS[change]} ${change}` : null;
    const both = compared ? `${score(cases.baseline[at])} → ${score(cases.candidate[at])}` : "";
    const group = this.behind.details?.group;
    return make(
      "header",
      { class: "case-head" },
      outcome ? make("span", { class: `mark-change ${change}` }, outcome) : null,
      make("h3", { tabindex: "-1" }, shown(cut(cases.id[at], 1000))),
      make("span", { class: "scores" }, compared ? both : score(cases.candidate[at])),
      badges.map(([mark, name]) => make("span", { class: `tiny ${mark}` }, name)),
      cases.tags[at].map((tag) => make("span", { class: "tag" }, shown(cut(tag, 100)))),
      group ? make("span", { class: "quiet" }, "group ", shown(cut(group, 100))) : null,
    );
  }

  #asked() {
    const columns = Object.entries(this.behind.details?.columns ?? {});
    if (!columns.length) return null;
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

  #draw() {
    const chosen = this.arms.map((arm) => this.samples[arm].get(this.sample));
    this.body.replaceChildren(
      ...[
        this.places.length && !this.behind.outputs ? this.#chips() : null,
        this.#outputs(chosen),
        this.#scores(chosen),
        this.#steps(chosen),
      ].filter(Boolean),
    );
  }

  #chips() {
    const rows = this.arms.map((arm, side) =>
      make(
        "div",
        { class: "chips", role: "group", "aria-label": `Samples of the ${arm}` },
        make("span", { class: `side ${arm}` }, this.index.versions[side]),
        this.places.map((place) => this.#chip(arm, place)),
      ),
    );
    return make("div", { class: "samples" }, rows);
  }

  #chip(arm, place) {
    const sample = this.samples[arm].get(place);
    const [value, sign, name] = this.#outcome(sample);
    return make(
      "button",
      {
        type: "button",
        class: `chip ${name}`,
        "aria-pressed": place === this.sample ? "true" : "false",
        "aria-label": `sample ${place + 1}: ${name} ${value}`,
        disabled: !sample,
        click: (event) => {
          this.choose(place);
          const group = event.target.closest(".case")?.querySelector(`.chip[aria-pressed="true"]`);
          group?.focus();
          this.onChoose?.(place);
        },
      },
      make("span", { class: "index" }, String(place + 1)),
      ` ${sign} ${value}`.trimEnd(),
    );
  }

  #outcome(sample) {
    // The mean of its gating scores where it has them, else of those that observe.
    if (!sample) return ["", "–", "none"];
    if (sample.failure) return ["lost", "!", "lost"];
    const named = (role) => this.index.metrics.filter((each) => each.role === role);
    const gates = named("gate").length ? named("gate") : named("observe");
    const scores = gates.map((each) => (sample.scores ?? {})[each.name]).filter(Boolean);
    const values = scores.filter((each) => each.type === "score").map((each) => each.value);
    if (!values.length) return ["", "?", scores.length ? "unscorable" : "none"];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const name = mean >= 0.999 ? "full" : mean <= 0.001 ? "zero" : "partial";
    return [score(mean), { full: "✔", zero: "✖", partial: "~" }[name], name];
  }

  #outputs(chosen) {
    const contents = chosen.map((sample) => (sample && !sample.failure ? sample.content : null));
    const both = contents.length === 2 && contents.every((each) => typeof each === "string");
    const marked = both && this.marked ? wordDifference(...contents) : null;
    const panes = this.arms.map((arm, side) =>
      make(
        "section",
        { class: `pane ${arm}`, "aria-label": `Output of ${this.index.versions[side]}` },
        make("h4", {}, make("span", { class: `side ${arm}` }, this.index.versions[side])),
        this.#output(chosen[side], marked?.[side], side),
        chosen[side] ? this.#used(chosen[side]) : null,
        toolCalls(chosen[side]?.tool_calls),
      ),
    );
    const note = both ? this.#note(contents, marked) : null;
    return make("div", { class: "outputs" }, note, make("div", { class: "panes" }, panes));
  }

  #steps(chosen) {
    if (!chosen.some((sample) => sample?.steps?.length)) return null;
    const panes = this.arms.map((arm, side) =>
      make(
        "section",
        { class: `steps ${arm}`, "aria-label": `Steps of ${this.index.versions[side]}` },
        make("h4", {}, make("span", { class: `side ${arm}` }, this.index.versions[side])),
        trace(chosen[side]?.steps) ?? make("p", { class: "quiet" }, "A single answer."),
      ),
    );
    return make("div", { class: "panes" }, panes);
  }

  #note(contents, marked) {
    const same = contents[0] === contents[1];
    const told = same
      ? "Both said the same."
      : this.marked && !marked
        ? "Too different to be marked word by word."
        : "";
    const toggle = make(
      "button",
      {
        type: "button",
        class: "quiet-button",
        "aria-pressed": this.marked ? "true" : "false",
        click: () => {
          this.toggleMarks();
          this.body.querySelector(".outputs-note button")?.focus();
        },
      },
      "Mark differences",
    );
    return make("p", { class: "outputs-note" }, same ? null : toggle, " ", told);
  }

  #output(sample, marked, side) {
    const quiet = (text) => make("p", { class: "output quiet" }, text);
    if (!sample) return quiet("No such sample, or none that is kept.");
    if (sample.failure) {
      return make("p", { class: "output failure" }, "✖ No answer came: ", shown(sample.failure));
    }
    if (sample.missing) return quiet("An answer came, and is not kept any more.");
    const parts = [];
    if (sample.refusal) parts.push(make("p", { class: "failure" }, "Refused: ", shown(sample.refusal)));
    const content = sample.content ?? "";
    if (!content) return make("div", {}, parts, sample.tool_calls?.length ? null : quiet("Empty."));
    const pre = make("div", { class: "output", tabindex: content.length > 2000 ? "0" : null });
    if (marked) {
      const name = side === 0 ? "del" : "ins";
      pre.append(...marked.map(([changed, run]) => (changed ? make(name, {}, shown(run)) : shown(run))));
    } else pre.append(shown(content));
    if (!content.trim()) parts.push(quiet(`Only blanks (${content.length}).`));
    return make("div", {}, parts, pre);
  }

  #used(sample) {
    if (sample.alone) return null;
    const usage = sample.usage;
    const facts = [
      usage ? `${usage.input_tokens} → ${usage.output_tokens} tokens` : "tokens unknown",
      usage?.cached_input_tokens ? `${usage.cached_input_tokens} cached` : null,
      money(sample.cost_usd),
      seconds(sample.latency_seconds),
      sample.finish_reason ? `ended by ${sample.finish_reason}` : null,
      { cached: "kept from before", shared: "shared by both" }[sample.source] ?? null,
      sample.response_model,
      ...(sample.flags ?? []),
    ].filter(Boolean);
    return make("p", { class: "used" }, shown(facts.join(" · ")));
  }

  #scores(chosen) {
    const known = this.index.metrics.map((each) => each.name);
    const names = new Set([...known, ...chosen.flatMap((each) => Object.keys(each?.scores ?? {}))]);
    const means = this.behind.scores ?? {};
    const rows = [...names].map((name) => {
      const said = chosen.map((sample) => sample?.scores?.[name]);
      const people = chosen.map((sample) => this.#people(sample, name));
      if (said.some(Boolean) || people.some(Boolean)) {
        return said.map((each, side) => [...this.#scored(each), people[side]]);
      }
      return means[name] ? means[name].slice(-this.arms.length).map((mean) => [score(mean)]) : null;
    });
    const list = [...names].map((name, at) => rows[at] && this.#scorer(name, rows[at]));
    if (!list.some(Boolean)) return null;
    return make("div", { class: "scorers" }, make("h4", {}, "Scores"), list);
  }

  #people(sample, name) {
    const samples = this.behind.details?.samples ?? [];
    const output = sample && this.behind.digests?.[samples.indexOf(sample)];
    return peopleList((this.behind.said?.[output] ?? []).filter((each) => each.metric === name));
  }

  #scorer(name, cells) {
    const role = this.index.metrics.find((each) => each.name === name)?.role ?? "";
    return make(
      "div",
      { class: "scorer" },
      make("h5", {}, shown(cut(name, 200)), make("span", { class: "quiet" }, ` ${role}`)),
      make(
        "div",
        { class: "panes" },
        cells.map((cell, side) =>
          make(
            "div",
            { class: "said" },
            make("span", { class: `side ${this.arms[side]}` }, this.index.versions[side]),
            " ",
            cell,
          ),
        ),
      ),
    );
  }

  #scored(each) {
    if (!each) return [make("span", { class: "quiet" }, "not scored")];
    const judge = each.judge ? make("span", { class: "quiet" }, ` judge ${plain(each.judge).slice(0, 8)}`) : null;
    if (each.type === "unscorable") {
      const down = each.infrastructure ? "asking failed: " : "";
      return [make("b", {}, "? unscorable "), judge, make("p", { class: "explanation" }, down, shown(each.reason))];
    }
    return [
      make("b", { class: "value" }, score(each.value)),
      each.label ? make("span", { class: "label" }, " ", shown(cut(each.label, 200))) : null,
      judge,
      each.explanation ? make("p", { class: "explanation" }, shown(each.explanation)) : null,
      voteList(each.votes),
    ];
  }
}
