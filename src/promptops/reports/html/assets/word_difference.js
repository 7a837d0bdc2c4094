// Two texts beside each other, by word: what only one of them has is marked in it.

// A script that writes no blanks between words is told apart letter by letter; a joined picture is
// one word.
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}" +
  "\\p{Script=Khmer}\\p{Script=Myanmar}";
const TOKENS = new RegExp(
  "\\n|[^\\S\\n]+" +
    `|(?=\\p{L})[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_])+` +
    "|\\p{Extended_Pictographic}(?:[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]|\\u200d\\p{Extended_Pictographic})*" +
    "|[^\\s]",
  "gu",
);
const MOST_EDITS = 800;
const MOST_TOKENS = 40000;
const ALIKE = 0.3;

function wordDifference(before, after) {
  // Runs of both sides, each [changed, text]; null where they have too little in common.
  if (before === after) return null;
  const left = before.match(TOKENS) ?? [];
  const right = after.match(TOKENS) ?? [];
  if (left.length + right.length > MOST_TOKENS) return null;
  const kept = commonTokens(left, right);
  if (kept === null) return null;
  const letters = (tokens, flags) =>
    tokens.reduce((sum, token, at) => sum + (flags[at] && token.trim() ? token.length : 0), 0);
  const all = Math.max(before.replace(/\s+/g, "").length, after.replace(/\s+/g, "").length);
  if (letters(left, kept[0]) < ALIKE * all) return null;
  return [runs(left, kept[0]), runs(right, kept[1])];
}

function commonTokens(left, right) {
  const flags = [new Uint8Array(left.length), new Uint8Array(right.length)];
  let head = 0;
  const shorter = Math.min(left.length, right.length);
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  flags[0].fill(1, 0, head).fill(1, left.length - tail);
  flags[1].fill(1, 0, head).fill(1, right.length - tail);
  const middle = [left.slice(head, left.length - tail), right.slice(head, right.length - tail)];
  const pairs = shortestEdit(...middle);
  if (pairs === null) return null;
  for (const [i, j] of pairs) {
    flags[0][head + i] = 1;
    flags[1][head + j] = 1;
  }
  return flags;
}

function shortestEdit(left, right) {
  // Myers' greedy search for the shortest way from one to the other; null where it is too long.
  const most = Math.min(left.length + right.length, MOST_EDITS);
  const middle = most + 1;
  const reach = new Int32Array(2 * most + 3);
  const trace = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.slice(middle - edits - 1, middle + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && reach[middle + k - 1] < reach[middle + k + 1]);
      let x = down ? reach[middle + k + 1] : reach[middle + k - 1] + 1;
      while (x < left.length && x - k < right.length && left[x] === right[x - k]) x++;
      reach[middle + k] = x;
      if (x >= left.length && x - k >= right.length) return matched(trace, left, right);
    }
  }
  return null;
}

function matched(trace, left, right) {
  const pairs = [];
  let x = left.length;
  let y = right.length;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = (k) => trace[edits][k + edits + 1];
    const k = x - y;
    const down = k === -edits || (k !== edits && reach(k - 1) < reach(k + 1));
    const from = down ? k + 1 : k - 1;
    const startX = edits ? reach(from) : 0;
    const startY = edits ? startX - from : 0;
    while (x > startX && y > startY) pairs.push([--x, --y]);
    x = startX;
    y = startY;
  }
  return pairs;
}

function runs(tokens, kept) {
  const made = [];
  tokens.forEach((token, at) => {
    // A blank between two changed words has changed with them, to the eye at least.
    const blank = !token.trim() && token !== "\n" && !kept[at - 1] && !kept[at + 1];
    const changed = !kept[at] || (blank && at > 0 && at < tokens.length - 1);
    if (made.length && made.at(-1)[0] === changed) made.at(-1)[1] += token;
    else made.push([changed, token]);
  });
  return made;
}
