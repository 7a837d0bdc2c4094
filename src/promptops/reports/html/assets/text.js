// Elements, and text that others wrote. All of it goes in as text nodes: nothing here makes markup
// of a string, and what cannot be seen is shown by its code.

const UNSEEN = new RegExp(
  "[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}\\p{Zl}\\p{Zp}\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0]" +
    "|(?<=\\p{Mn}{4})\\p{Mn}+",
  "gu",
);
const KEPT = "\n\t";
const JOINERS = "\u200c\u200d";
const JOINED = /[\p{L}\p{M}\p{Extended_Pictographic}]/u;
const CHANGE_SIGNS = { broken: "✖", fixed: "✔", worse: "↓", better: "↑", same: "=" };

function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(key, value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function code(found) {
  if (/^\p{Mn}+$/u.test(found) && found.length > 1) return `+${[...found].length} marks`;
  const point = found.codePointAt(0);
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return "␡";
  return "U+" + point.toString(16).toUpperCase().padStart(4, "0");
}

function pieces(text) {
  // Runs of text as they are, and what stands for the rest: [["a", false], ["U+202E", true]].
  const found = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    const char = match[0];
    if (KEPT.includes(char)) continue;
    const next = match.index + char.length;
    if (JOINERS.includes(char) && match.index > 0) {
      const before = [...text.slice(Math.max(0, match.index - 3), match.index)].at(-1) ?? "";
      const after = [...text.slice(next, next + 2)][0] ?? "";
      if (JOINED.test(before) && JOINED.test(after)) continue;
    }
    if (match.index > from) found.push([text.slice(from, match.index), false]);
    found.push([code(char), true]);
    from = next;
  }
  if (from < text.length) found.push([text.slice(from), false]);
  return found;
}

function shown(text) {
  const nodes = document.createDocumentFragment();
  for (const [run, unseen] of pieces(String(text))) {
    nodes.append(unseen ? make("span", { class: "unseen" }, run) : run);
  }
  return nodes;
}

function plain(text) {
  return pieces(String(text))
    .map(([run]) => run)
    .join("");
}

function cut(text, most) {
  return text.length > most ? text.slice(0, most) + "…" : text;
}

function told(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function score(value) {
  if (value === null || value === undefined) return "–";
  const text = value.toFixed(2);
  if ((text !== "0.00" && text !== "1.00") || value === 0 || value === 1) return text;
  const finer = value.toFixed(3);
  return finer === "1.000" ? ">0.999" : finer === "0.000" ? "<0.001" : finer;
}

function signed(value) {
  const text = Math.abs(value).toFixed(2);
  return text === "0.00" ? "0.00" : (value < 0 ? "−" : "+") + text;
}

function money(usd) {
  if (usd === null || usd === undefined) return "price unknown";
  const sign = "$";
  if (usd === 0) return sign + "0";
  const two = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const small = { minimumSignificantDigits: 2, maximumSignificantDigits: 2 };
  return sign + usd.toLocaleString("en", usd >= 0.1 ? two : small);
}

function seconds(value) {
  if (value === null || value === undefined) return "time unknown";
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 99.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

function many(count, one, several) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : (several ?? one + "s")}`;
}
