"""Draw `decision.svg` and fill in the figures of `statistics.md`, by the engine itself.

    python docs/decision.py

Three versions of a prompt are compared with the one before them.  The answers come out of a seeded
generator, so that the truth is known; rounds, looks, tests and verdicts are those of `promptops
eval`.  The same code gives the same picture and the same figures.
"""  # noqa: INP001  # a script, not a package

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.decision import Decision, MetricComparison
from promptops.comparison.detection import ASSUMED_VARIANCE, detectable, pairs_to_pass
from promptops.comparison.economy import Question, Used, compare, percent, signed_percent
from promptops.comparison.forecast import pairs_to_settle
from promptops.comparison.ledger import Ledger, Visit
from promptops.comparison.policy import Metric, Policy
from promptops.engine.schedule import look_shares, rounds
from promptops.reports.words import many, many_points
from promptops.statistics.boundaries import power_boundaries, power_spent
from promptops.statistics.paired import paired_statistic
from promptops.statistics.sign_flip import SequentialSignFlip
from promptops.values.report import VarianceReport

HERE = Path(__file__).parent
LINE = 105
CASES, SAMPLES = 100, 5
POLICY = Policy((Metric("exact", "gate", 1.0),), margin=0.05, alpha=0.05, inconclusive="warn")
PLANNED = 2 * CASES * SAMPLES
"""Calls: a pair is one of each version."""


@dataclass(frozen=True, slots=True)
class Story:
    """A version, how much worse it truly is on these cases, and the chance that it meets."""

    name: str
    true: float
    seed: int


WORSE = Story("worse", -0.10, 11)
SAME = Story("same", 0.0, 4)
BETWEEN = Story("between", -0.03, 26)
STORIES = (WORSE, SAME, BETWEEN)


class Played:
    """A comparison as far as it goes, and the differences that every look brought."""

    def __init__(self, story: Story) -> None:
        self.ledger = Ledger(CASES, SAMPLES, ["exact"])
        self.comparison = Comparison(POLICY, range(CASES), look_shares(CASES, SAMPLES))
        self.gained: list[list[float]] = []
        self._chance = random.Random(f"{story.name}/{story.seed}")  # noqa: S311 - no secret
        self._odds = difficulties()
        mean = sum(self._odds) / CASES
        self._factor = 1 + story.true / mean
        """Every case is harder alike, so that the mean falls by just so much."""
        self.decision = self._planned()

    def _planned(self) -> Decision:
        for visits in rounds(CASES, SAMPLES, seed=1):
            decision = self._look(visits, planned=True)
            if decision.settled:
                break
        return self.comparison.detailed(decision)

    @property
    def needed(self) -> int:
        """About how many further pairs would settle it."""
        found = pairs_to_settle(self.decision.comparisons, self.comparison.monitors, POLICY)
        assert found is not None
        return found

    def extended(self) -> Decision:
        """The comparison gone on with, by bets alone, as far as may settle it."""
        further = -(-self.needed // CASES)
        self.ledger.grow(SAMPLES + further)
        for visits in rounds(CASES, SAMPLES, seed=1, beyond=further):
            decision = self._look(visits, planned=False)
            if decision.settled:
                break
        return decision

    def _look(self, visits: Sequence[tuple[int, int, bool]], *, planned: bool) -> Decision:
        drawn: list[Visit] = [(case, index) for case, index, _ in visits]
        for case, index in drawn:
            odds = self._odds[case]
            before, after = (self._chance.random() < p for p in (odds, odds * self._factor))
            self.ledger.score("baseline", "exact", case, index, float(before))
            self.ledger.score("candidate", "exact", case, index, float(after))
        self.gained.append(list(self.ledger.pairs("exact", drawn).differences))
        last = sum(map(len, self.gained)) == CASES * SAMPLES
        return self.comparison.look(self.ledger, drawn, Look(planned=planned, last=last))

    @property
    def calls(self) -> int:
        """That were made."""
        return 2 * sum(map(len, self.gained))


def difficulties() -> list[float]:
    """How often each case is answered well: most are easy or hopeless."""
    chance = random.Random("cases")  # noqa: S311
    return [chance.betavariate(0.8, 0.2) for _ in range(CASES)]


# The figures of the page


def figures() -> dict[str, str]:
    """Every table that the page takes from the engine, by its name."""
    return {
        "looks": looks_table(Played(WORSE)),
        "endings": endings_table(),
        "extended": extended_told(),
        "sizes": sizes_table(),
        "budgets": budgets_table(),
        "increases": increases_table(),
    }


def filled(page: str) -> str:
    """The page with its figures as the engine has them now."""
    for name, text in figures().items():
        start, end = f"<!-- figures: {name} -->\n", "<!-- end -->"
        before, _, rest = page.partition(start)
        page = before + start + text + end + rest.partition(end)[2]
    return page


def looks_table(played: Played) -> str:
    """What was known at each look, and what it was held to."""
    shares = look_shares(CASES, SAMPLES)
    allowed = 0.8 * POLICY.alpha
    bounds, flips = power_boundaries(allowed, shares), SequentialSignFlip()
    rows, seen = [], []
    for at, new in enumerate(played.gained):
        seen += new
        statistic = paired_statistic(seen)
        spent = power_spent(allowed, shares[at])
        fewest = flips.look(new, spent).critical_losses
        low, high = statistic.interval(bounds[at])
        rows.append(
            (
                str(2 * len(seen)),
                str(seen.count(-1.0)),
                str(seen.count(1.0)),
                points(statistic.mean),
                f"{100 * spent:.3f}%",
                "none" if fewest is None else str(fewest),
                signed(statistic.z()),
                signed(-bounds[at]),
                f"{points(low)} to {points(high)}",
            )
        )
    head = ("calls", "losses", "wins", "estimate", "error spent", "losses needed", "z", "z needed")
    return table((*head, "interval"), rows)


def endings_table() -> str:
    """How the three comparisons ended, in the engine's words."""
    rows = []
    for story in STORIES:
        played = Played(story)
        found = played.decision
        (metric,) = found.comparisons
        assert metric.delta is not None
        assert metric.interval is not None
        rows.append(
            (
                points(story.true),
                f"{played.calls:,} of {PLANNED:,}",
                points(metric.delta),
                f"{points(metric.interval[0])} to {points(metric.interval[1])}",
                f"`{found.verdict}`",
                found.reasons[0],
            )
        )
    head = ("true change", "calls", "estimate", "interval", "verdict", "why")
    return table(head, rows)


def extended_told() -> str:
    """What would settle the third, and what did."""
    played = Played(BETWEEN)
    (metric,) = played.decision.comparisons
    assert metric.variance is not None
    noise, pairs = metric.variance, CASES * SAMPLES
    seen = detectable(pairs, noise, POLICY, metric.metric, units=pairs)
    needed = 2 * played.needed
    found = played.extended()
    (after,) = found.comparisons
    told = (
        f"With the noise that was measured, {pairs} pairs show a drop of {100 * seen:.1f} points"
        f" 8 times in 10. To settle it would take about {needed:,} more calls. `--extend` made"
        f" {played.calls - PLANNED:,} of them and stopped: `{found.verdict}`,"
        f" {told_in_points(after)}.\n"
    )
    return textwrap.fill(told, LINE, break_on_hyphens=False) + "\n"


def sizes_table() -> str:
    """How many pairs a margin needs, by how noisy a pair is."""
    noises = (0.02, 0.05, 0.10, ASSUMED_VARIANCE.total, 0.30)
    rows = []
    for margin in (0.01, 0.02, 0.03, 0.05, 0.10):
        policy = replace(POLICY, margin=margin)
        needed = [pairs_to_pass(VarianceReport(noise), policy, samples=1) for noise in noises]
        rows.append((many_points(margin), *(f"{each:,}" for each in needed)))
    return table(("margin", *(f"variance {noise:g}" for noise in noises)), rows)


def budgets_table() -> str:
    """The smallest drop that a budget sees, where nothing was measured yet."""
    samples = (1, 3, 5, 10, 20)
    rows = []
    for cases in (20, 50, 100, 200, 500, 1000):
        seen = [
            detectable(cases * each, ASSUMED_VARIANCE, POLICY, POLICY.metrics[0], units=cases)
            for each in samples
        ]
        rows.append((many(cases, "case"), *(f"{100 * each:.1f}" for each in seen)))
    heads = [many(each, "sample") for each in samples]
    return table(("", *heads), rows)


def increases_table() -> str:
    """What a limit of a quarter makes of costs that rose by less, by just that, and by more."""
    limit, rows = 0.25, []
    for true in (0.10, 0.22, 0.25, 0.28, 0.41):
        found = compare("cost", costs(1 + true), Question(POLICY, CASES), limit)
        assert found.increase is not None
        assert found.interval is not None
        ends = [signed_percent(end, limit) for end in found.interval]
        estimate = signed_percent(found.increase)
        rows.append((percent(true), estimate, " to ".join(ends), f"`{found.verdict}`"))
    return table(("true increase", "estimate", "interval", "verdict"), rows)


def costs(times: float) -> Used:
    """What answers of very different lengths cost, each sample by luck more or less."""
    chance, used = random.Random("costs"), Used()  # noqa: S311
    sizes = [chance.lognormvariate(0, 0.8) for _ in range(CASES)]
    for at in range(CASES * SAMPLES):
        case = at % CASES
        for into, more in ((used.baselines, 1.0), (used.candidates, times)):
            into.append(more * sizes[case] * (1 + chance.lognormvariate(0, 0.4)))
        used.cases.append(case)
    return used


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def points(value: float) -> str:
    """A difference of scores in points, with its sign."""
    return signed(100 * value, 1)


def signed(value: float, digits: int = 2) -> str:
    """A number with a true minus; nothing is neither above nor below itself."""
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return ("−" if value < 0 else "+") + text


# The picture

LEFT, TOP, WIDE, HIGH, APART = 88, 92, 272, 240, 20
HIGHEST, LOWEST = 15.0, -30.0
TICKS = (10, 0, -10, -20, -30)
STYLE = """
  svg { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
  .paper { fill: #ffffff; } .text { fill: #1f2328; } .dim { fill: #59636e; }
  .strong { font-weight: 600; font-size: 15px; }
  .grid { stroke: #d1d9e0; } .zero { stroke: #59636e; }
  .margin { stroke: #9a6700; stroke-width: 1.5; stroke-dasharray: 5 4; } .warm { fill: #9a6700; }
  .bar { stroke: #54aeff; stroke-width: 3; } .path { stroke: #0550ae; stroke-width: 2; fill: none; }
  .dot { fill: #0550ae; } .spare { fill: #59636e; opacity: 0.1; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } .text { fill: #f0f6fc; } .dim { fill: #9198a1; }
    .grid { stroke: #3d444d; } .zero { stroke: #9198a1; }
    .margin { stroke: #d29922; } .warm { fill: #d29922; }
    .bar { stroke: #316dca; } .path { stroke: #a5d6ff; } .dot { fill: #a5d6ff; }
    .spare { fill: #9198a1; opacity: 0.16; }
  }
"""
ABOUT = (
    "Three comparisons of up to 1,000 calls. After every look the estimate is a dot and its "
    "interval a bar; the bars grow shorter. The first stops when its bar lies below zero, the "
    "second when it lies above the margin of −5 points, the third reaches the end with a bar that "
    "holds both."
)


def picture() -> str:
    """The picture, as SVG: the path of each comparison, look by look."""
    width, height = LEFT + 3 * WIDE + 3 * APART, TOP + HIGH + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}">',
        "<title>Looking until the answer is clear</title>",
        f"<desc>{ABOUT}</desc>",
        f"<style>{STYLE}</style>",
        f'<clipPath id="plot"><rect x="0" y="{TOP}" width="{width}" height="{HIGH}"/></clipPath>',
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
        text(16, TOP - 14, "points", "dim"),
    ]
    parts += [text(LEFT - 10, _y(tick) + 4, signed(tick, 0), "dim", "end") for tick in TICKS]
    parts.append(text(LEFT - 10, _y(-5) + 4, "margin −5", "warm", "end"))
    for number, story in enumerate(STORIES):
        parts += panel(Played(story), LEFT + number * (WIDE + APART))
    return "\n".join([*parts, "</svg>"]) + "\n"


def panel(played: Played, left: int) -> list[str]:
    """One comparison, its left edge at `left`."""
    (metric,) = played.decision.comparisons
    right, end = left + WIDE, left + WIDE * played.calls / PLANNED
    parts = [line(left, _y(tick), right, _y(tick), "grid" if tick else "zero") for tick in TICKS]
    bars, dots, path = [], [], []
    for look in metric.path:
        x = left + WIDE * 2 * look.pairs / PLANNED
        low, high = look.interval
        bars.append(line(x, _y(100 * low), x, _y(100 * high), "bar"))
        dots.append(f'<circle class="dot" cx="{x:.1f}" cy="{_y(100 * look.delta):.1f}" r="3"/>')
        path.append(f"{x:.1f},{_y(100 * look.delta):.1f}")
    if played.calls < PLANNED:
        spare = f'<rect class="spare" x="{end + 4:.1f}" y="{TOP}" height="{HIGH}"'
        parts.append(f'{spare} width="{right - end - 4:.1f}"/>')
        middle = (end + right) / 2
        parts.append(text(middle, TOP + 20, f"{PLANNED - played.calls:,} calls", "dim", "middle"))
        parts.append(text(middle, TOP + 38, "not needed", "dim", "middle"))
    parts += ['<g clip-path="url(#plot)">', *bars]
    parts += [f'<polyline class="path" points="{" ".join(path)}"/>', *dots, "</g>"]
    parts.append(line(left, _y(-5), right, _y(-5), "margin"))
    ended = "stopped after" if played.calls < PLANNED else "ended after all"
    total = f" of {PLANNED:,}" if played.calls < PLANNED else ""
    parts += [
        text(left, 30, played.decision.verdict, "text strong"),
        text(left, 50, f"{ended} {played.calls:,}{total} calls", "text"),
        text(left, 70, told_in_points(metric), "text"),
    ]
    for calls, anchor in ((0, "start"), (PLANNED // 2, "middle"), (PLANNED, "end")):
        name = f"{calls:,}" if calls < PLANNED else f"{calls:,} calls"
        at = left + WIDE * calls / PLANNED
        parts.append(text(at, TOP + HIGH + 22, name, "dim", anchor))
    return parts


def told_in_points(metric: MetricComparison) -> str:
    """The estimate and its interval."""
    assert metric.delta is not None
    assert metric.interval is not None
    low, high = metric.interval
    return f"{points(metric.delta)} points ({points(low)} to {points(high)})"


def _y(value: float) -> float:
    return TOP + HIGH * (HIGHEST - value) / (HIGHEST - LOWEST)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A line of some class."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x: float, y: float, told: str, kind: str, anchor: str = "start") -> str:
    """A label of some class."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{told}</text>'


if __name__ == "__main__":
    page = HERE / "statistics.md"
    page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    (HERE / "decision.svg").write_text(picture(), encoding="utf-8", newline="\n")
