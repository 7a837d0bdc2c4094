// What a sample did: its tool calls, and the steps of one that took several.

const FOLDED = 600;

function foldable(text, name) {
  // Whole text; a long one folded, and never cut.
  const body = make("pre", { class: "text", tabindex: text.length > FOLDED ? "0" : null }, shown(text));
  if (text.length <= FOLDED) return body;
  const told = `${name}, ${many(text.length, "character")}`;
  return make("details", { class: "fold" }, make("summary", {}, told), body);
}

function toolCalls(calls) {
  if (!calls?.length) return null;
  return make(
    "div",
    { class: "tool-calls" },
    make("h4", {}, many(calls.length, "tool call")),
    calls.map((call) => {
      const called = call.function ?? call;
      const given = called.arguments ?? call.arguments ?? called.input;
      const name = make("b", {}, shown(called.name ?? "tool"));
      const rest = given === undefined ? told(call) : told(readable(given));
      return make("div", { class: "tool-call" }, name, make("pre", { class: "text" }, shown(rest)));
    }),
  );
}

function readable(given) {
  if (typeof given !== "string") return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

function trace(steps) {
  if (!steps?.length) return null;
  const longest = Math.max(...steps.map((step) => step.latency_seconds ?? 0), 1e-9);
  const cost = steps.reduce((sum, step) => sum + (step.cost_usd ?? 0), 0);
  const known = steps.some((step) => typeof step.cost_usd === "number");
  const total = known ? `, ${money(cost)} where the price is known` : "";
  return make(
    "div",
    { class: "trace" },
    make("h4", {}, many(steps.length, "step") + total),
    make("ol", {}, steps.map((step) => stepItem(step, longest))),
  );
}

function stepItem(step, longest) {
  const usage = step.usage;
  const facts = [
    usage ? `${usage.input_tokens} → ${usage.output_tokens} tokens` : null,
    step.cost_usd === null || step.cost_usd === undefined ? null : money(step.cost_usd),
    step.latency_seconds === null || step.latency_seconds === undefined
      ? null
      : seconds(step.latency_seconds),
  ].filter(Boolean);
  const bar = make("span", { class: "time", "aria-hidden": "true" });
  bar.style.width = `${(100 * (step.latency_seconds ?? 0)) / longest}%`;
  return make(
    "li",
    { class: `step ${step.kind === "tool" ? "tool" : "model"}${step.error ? " failed" : ""}` },
    make(
      "div",
      { class: "step-head" },
      make("span", { class: "badge" }, step.kind === "tool" ? "tool" : "model"),
      make("b", {}, shown(step.name || "unnamed")),
      make("span", { class: "quiet" }, facts.join(" · ")),
    ),
    bar,
    step.input ? make("div", { class: "in" }, make("h5", {}, "in"), foldable(step.input, "in")) : null,
    step.output
      ? make("div", { class: "out" }, make("h5", {}, "out"), foldable(step.output, "out"))
      : null,
    toolCalls(step.tool_calls),
    step.error ? make("p", { class: "failure" }, "✖ ", shown(step.error)) : null,
  );
}
