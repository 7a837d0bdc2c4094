// What made a score: every vote with who said it, and what people say of the same answer.

function voteList(votes) {
  if (!votes?.length) return null;
  const values = new Set(votes.filter((vote) => typeof vote.value === "number").map((vote) => vote.value));
  return make(
    "div",
    { class: "votes" },
    make("h6", {}, many(votes.length, "vote"), values.size > 1 ? make("span", { class: "divided" }, " divided") : null),
    make("ul", {}, votes.map(voteItem)),
  );
}

function voteItem(vote) {
  const by = make("b", {}, shown(cut(vote.by || "a vote", 200)));
  const order = vote.order ? make("span", { class: "quiet" }, ` ${plain(vote.order)}`) : null;
  const known = typeof vote.value === "number";
  const value = make("span", { class: known ? "value" : "quiet" }, known ? score(vote.value) : "no value");
  const label = vote.label ? make("span", { class: "label" }, " ", shown(cut(vote.label, 200))) : null;
  const why = vote.explanation ? make("p", { class: "explanation" }, shown(vote.explanation)) : null;
  return make("li", {}, by, order, " ", value, label, why);
}

function peopleList(labels) {
  if (!labels?.length) return null;
  const items = labels.map((each) =>
    make(
      "li",
      {},
      make("b", {}, shown(cut(each.reviewer, 200))),
      ` ${each.at} `,
      make("span", { class: "label" }, shown(cut(each.told, 200))),
      each.comment ? make("p", { class: "explanation" }, shown(each.comment)) : null,
    ),
  );
  return make("div", { class: "votes people" }, make("h6", {}, "People say"), make("ul", {}, items));
}
