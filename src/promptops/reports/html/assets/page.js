// The page as a whole: which report is shown, its theme, its keys, and where a link leads.

const THEMES = ["auto", "light", "dark"];
const KEYS = [
  ["j k, ↓ ↑", "next and previous case"],
  ["Enter", "open the case"],
  ["Esc", "close the case, leave the search"],
  ["/", "search"],
  ["1 … 9, ← →", "another sample of the case"],
  ["d", "mark differences, or not"],
  ["l", "label answers blind, where the page can ask"],
  ["t", "theme"],
  ["?", "these keys"],
];

function kept(theme) {
  // A page in a file may have no storage.
  try {
    if (theme === undefined) return localStorage.getItem("promptops-theme");
    localStorage.setItem("promptops-theme", theme);
  } catch {
    return null;
  }
  return theme;
}

function setTheme(theme) {
  const chosen = THEMES.includes(theme) ? theme : "auto";
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  const button = document.getElementById("theme");
  if (button) {
    button.textContent = { auto: "◐ auto", light: "○ light", dark: "● dark" }[chosen];
    button.setAttribute("aria-label", `Theme: ${chosen}`);
  }
  return chosen;
}

class Page {
  #explorers = new Map();
  #shown = 0;
  #applied = 0;

  constructor() {
    this.articles = [...document.querySelectorAll("article.report")];
    this.tabs = [...document.querySelectorAll(".tabs .tab")];
    this.theme = setTheme(kept());
    this.help = this.#help();
    document.body.append(this.help);
    const theme = document.getElementById("theme");
    theme.hidden = false;
    theme.addEventListener("click", () => this.nextTheme());
    const keys = document.getElementById("keys");
    keys.hidden = false;
    keys.addEventListener("click", () => this.help.showModal());
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("hashchange", () => this.follow());
    this.#copying();
    this.follow();
  }

  nextTheme() {
    const next = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    this.theme = setTheme(next);
    kept(next);
  }

  async follow() {
    // Shows what the address says: a report, a case of it, a sample of that.
    if (!this.articles.length) return;
    const asked = ++this.#applied;
    const told = new URLSearchParams(location.hash.slice(1));
    const run = told.get("run");
    const at = run === null ? -1 : this.articles.findIndex((each) => Page.run(each) === run);
    const elsewhere = run === null && location.hash && this.#explorers.size; // `#main`
    this.#show(at >= 0 ? at : elsewhere ? this.#shown : this.#first);
    const explorer = await this.#explorer(this.#shown);
    if (asked !== this.#applied || !explorer) return;
    const id = told.get("case");
    if (id === null || id === explorer.id) return;
    const found = explorer.index.cases.id.indexOf(id);
    if (found < 0) return;
    await explorer.open(found, Math.max(0, Number(told.get("sample") ?? 1) - 1));
    document.getElementById(`cases-${this.#shown}`).scrollIntoView();
  }

  get #first() {
    const found = (verdict) => this.articles.findIndex((each) => each.querySelector(`:scope > .verdict.${verdict}`));
    return ["regressed", "invalid", "inconclusive"].map(found).find((at) => at >= 0) ?? 0;
  }

  static run(article) {
    try {
      return decodeURIComponent(article.id.slice(4));
    } catch {
      return article.id.slice(4);
    }
  }

  #show(at) {
    this.#shown = at;
    this.articles.forEach((article, each) => {
      article.hidden = each !== at;
    });
    this.tabs.forEach((tab, each) => {
      if (each === at) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    });
  }

  async #explorer(at) {
    if (!this.#explorers.has(at)) this.#explorers.set(at, this.#made(at));
    return this.#explorers.get(at);
  }

  async #made(at) {
    const host = document.getElementById(`cases-${this.articles[at].dataset.number}`);
    const data = document.querySelector(`script[data-index="${this.articles[at].dataset.number}"]`);
    if (!host || !data) return null;
    if (!("DecompressionStream" in window)) {
      host.append(make("p", { class: "explained" }, "This browser is too old to read the cases."));
      return null;
    }
    return new Explorer(host, await unpacked(data), (explorer) => this.#opened(at, explorer));
  }

  #opened(at, explorer) {
    // The address names what is open, so that it can be sent to somebody.
    const parts = [this.articles[at].id];
    if (explorer.id !== null) {
      parts.push(`case=${encodeURIComponent(explorer.id.toWellFormed?.() ?? explorer.id)}`);
      if (explorer.view.sample) parts.push(`sample=${explorer.view.sample + 1}`);
    }
    const hash = "#" + parts.join("&");
    if (hash !== location.hash) history.replaceState(null, "", hash);
  }

  #help() {
    const rows = KEYS.map(([keys, does]) => make("div", {}, make("dt", {}, keys), make("dd", {}, does)));
    const close = make("button", { type: "button", click: () => this.help.close() }, "Close");
    return make(
      "dialog",
      { class: "help", "aria-labelledby": "help-title" },
      make("h2", { id: "help-title" }, "Keys"),
      make("dl", {}, rows),
      close,
    );
  }

  #copying() {
    for (const code of document.querySelectorAll(".next code")) {
      if (!navigator.clipboard) return;
      const button = make("button", { type: "button", class: "quiet-button" }, "Copy");
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      });
      code.after(" ", button);
    }
  }

  async #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.help.open) return;
    const explorer = await this.#explorers.get(this.#shown);
    const typing = event.target.matches?.("input, select, textarea");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else explorer?.close();
      return;
    }
    if (typing) {
      if (event.key === "Enter" && event.target === explorer?.field) explorer.list.node.focus();
      return;
    }
    const onList = event.target === document.body || explorer?.pages.contains(event.target);
    const act = this.#act(event.key, explorer, onList);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #act(key, explorer, onList) {
    const anywhere = { "?": () => this.help.showModal(), t: () => this.nextTheme() };
    if (key in anywhere) return anywhere[key];
    if (!explorer) return null;
    const opened = explorer.opened !== null;
    const chosen = (moved) => moved && this.#opened(this.#shown, explorer);
    if (/^[1-9]$/.test(key) && opened) return () => chosen(explorer.view.choose(Number(key) - 1));
    const acts = { "/": () => explorer.focusSearch(), l: () => explorer.desk.open(), j: () => explorer.move(1), k: () => explorer.move(-1) };
    if (opened) acts.d = () => explorer.view.toggleMarks();
    if (onList && document.activeElement === explorer.list.node) {
      acts.ArrowDown = acts.j;
      acts.ArrowUp = acts.k;
    }
    if (opened && onList) {
      acts.ArrowLeft = () => chosen(explorer.view.step(-1));
      acts.ArrowRight = () => chosen(explorer.view.step(1));
    }
    return acts[key] ?? null;
  }
}

setTheme(kept());
document.addEventListener("DOMContentLoaded", () => new Page());
