"""What the report for a terminal says, and what it leaves out."""

from __future__ import annotations

import msgspec
import pytest

from promptops.reports.page import Page
from promptops.reports.surface import Surface
from promptops.values.report import Calls, Cost, NextStep, Tokens
from tests import examples
from tests.example_details import rendered


def shown(report, surface=None):
    return rendered("terminal", [report], surface or Surface(width=120))


@pytest.mark.parametrize("make", [examples.first_version, examples.alone])
def test_a_version_without_another_is_told_once_and_without_dashes(make):
    text = shown(make())
    assert text.count("compare") == 1
    assert "baseline" not in text
    assert "delta" not in text
    assert "–" not in text
    slices = text.split("by tag")[1].splitlines()
    assert slices[1].split() == ["tag", "metric", "cases", "score"]
    assert [line.split()[0] for line in slices[2:4]] == ["slang", "letter"]


def test_alone_is_not_called_a_first_version():
    report = examples.alone()
    older = msgspec.structs.replace(report, reasons=examples.first_version().reasons)
    for one in (report, older):
        text = shown(one)
        assert "scored alone: compared with nothing; exact is 0.82" in text
        assert "first version" not in text


def test_a_slice_of_two_arms_keeps_its_delta():
    text = shown(examples.improved()).split("by tag")[1]
    assert text.splitlines()[1].split() == [
        "tag", "metric", "cases", "baseline", "candidate", "delta"
    ]  # fmt: skip
    assert text.index("slang") < text.index("letter")


def test_a_case_lists_only_the_metrics_that_moved():
    text = shown(examples.regressed())
    assert "exact 1.00 → 0.00 · faithful 0.90 → 0.30\n" in text
    assert "short 1.00" not in text
    lost = examples.case(1, "broken", scores={"exact": (1.0, 0.0), "tone": (0.5, None)})
    text = shown(msgspec.structs.replace(examples.regressed(), cases=[lost]))
    assert "exact 1.00 → 0.00 · tone 0.50 → unscored" in text


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        (
            Calls(64, 96, judge=32),
            "64 answers planned at most · 96 calls made, 32 of them to score",
        ),
        (Calls(120, 60, cached=60), "120 answers planned at most · 60 calls made · 60 kept"),
        (Calls(1, 1), "1 answer planned at most · 1 call made"),
        (Calls(64, 0, cached=64, judge=32), "64 answers planned at most · 0 calls made · 64 kept"),
        (
            Calls(60, 62, shared=4, retried=2),
            "60 answers planned at most · 62 calls made · 4 shared by both arms · 2 retried",
        ),
    ],
)
def test_calls_are_told_so_that_they_add_up(calls, told):
    text = shown(msgspec.structs.replace(examples.passed(), calls=calls))
    assert f"  calls {told}\n" in text
    assert " cached" not in text


@pytest.mark.parametrize("width", range(60, 121, 5))
@pytest.mark.parametrize("run", ["20261002-0915-7f3a", "20261002-091504-7f3a"])
def test_a_command_line_to_copy_is_never_broken(width, run):
    report = msgspec.structs.replace(examples.regressed(), run=run)
    lines = [line.strip() for line in shown(report, Surface(width=width)).splitlines()]
    for command in (f"promptops report {run} --cases all", f"promptops report {run}"):
        assert any(line.endswith(command) for line in lines), command


def test_a_command_that_fills_the_page_stands_at_its_edge():
    page = Page(Surface(width=60))
    page.command("see: ", "x " * 29 + "yz", indent=4)
    assert page.text() == "    see:\n" + "x " * 29 + "yz\n"


def test_separators_of_ascii_are_no_stars():
    text = shown(examples.regressed(), Surface(width=120, unicode=False))
    assert " * " not in text
    assert "985 calls made, 480 of them to score - 20 kept - 40 shared" in text


def test_a_stopped_run_reads_well():
    text = shown(examples.stopped())
    assert text.startswith(
        "! INVALID  extract-city  v1 → v2  example/small-1\n"
        "  stopped before its end: the budget of 20 calls is spent before a verdict was reached\n"
        "  · 14 of 240 samples were had; what was paid for is kept: a larger budget goes on from"
        " here\n"
    )
    assert "24 cases: 1 broken, 5 the same, 18 not compared" in text
    bare = msgspec.structs.replace(examples.stopped(), reasons=["the key is not accepted"])
    assert "14 of 240 samples were had; a further run goes on from there" in shown(bare)


def test_a_run_that_had_nothing_shows_no_empty_tables():
    text = shown(examples.stopped_at_once())
    assert "  · 0 of 240 samples were had; no other call can succeed either" in text
    assert "is kept" not in text
    assert "tokens in" not in text
    assert "unknown" not in text
    assert "unscored" not in text
    assert "by tag" not in text
    assert " cases:" not in text


def test_what_would_settle_it_is_a_command_to_copy():
    text = shown(examples.inconclusive())
    assert "  · 120 pairs can see a drop of 6.4 points or more, 8 times in 10\n" in text
    told = "  to settle it: about 180 more calls, at an unknown price: "
    assert told + "promptops eval extract-city --extend\n" in text
    assert "lies between" not in text


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (NextStep("go on", 1800, 0.31), "to settle it: about 1,800 more calls, $0.31: go on\n"),
        (NextStep("go on", 1, 0.0), "to settle it: about 1 more call: go on\n"),
        (NextStep("go on", 2), "to settle it: about 2 more calls, at an unknown price: go on\n"),
    ],
)
def test_the_price_of_an_answer_is_known_or_said_to_be_unknown(step, told):
    assert told in shown(msgspec.structs.replace(examples.inconclusive(), next_step=step))


def test_a_first_impression_points_at_the_rest_of_its_plan():
    text = shown(examples.first_impression())
    assert "24 pairs are too few for any pass; 59 are needed" in text
    assert "all 120 pairs of the plan can see a drop of 6.4 points or more, 8 times in 10" in text
    assert (
        "the rest of the plan may settle it: about 192 more calls and those to score, $0.019:\n"
        "  promptops eval extract-city --against v1\n"
    ) in shown(examples.first_impression(), Surface(width=100))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            examples.hopeless,
            "too near the line for more samples of this comparison to settle it; let the next",
        ),
        (examples.population, "more cases would settle it; more samples of these hardly would"),
    ],
)
def test_where_no_command_helps_it_is_said_what_would(make, told):
    text = shown(make())
    assert f"  · {told}" in text
    assert "settle it: about" not in text


@pytest.mark.parametrize("make", [examples.noise, examples.first_version, examples.stopped])
def test_nothing_is_to_settle_where_nothing_is_open(make):
    assert "settle" not in shown(make())


def test_a_plan_that_sees_nothing_says_so():
    blind = examples.budget(detectable=1.2)
    text = shown(msgspec.structs.replace(examples.inconclusive(), budget=blind))
    assert "120 pairs are too few to see any drop reliably" in text
    assert "can see" not in shown(examples.hopeless())  # it went beyond what that was reckoned for


def test_an_early_end_tells_what_was_not_needed():
    text = shown(examples.early())
    assert "calls 284 of 2,000 answers drawn; the answer was clear · 285 calls made" in text
    assert "looks 3 of 25, after 142 of 1,000 pairs\n" in text
    assert (
        "142 of 200 cases: 17 broken, 2 fixed, 3 somewhat worse, 120 the same;"
        " the other 58 were not needed\n"
    ) in text
    assert "city-143" not in shown(examples.early(), Surface(max_cases=None))


def test_looks_beyond_the_plan_are_counted_apart():
    text = shown(examples.hopeless())
    assert "23 planned and 5 beyond the plan, after 240 pairs, 120 of them planned\n" in text
    assert "looks one, at the end, after 120 of 120 pairs\n" in shown(examples.population())
    assert "looks" not in shown(examples.first_version())


def test_the_legend_says_what_an_interval_means():
    at_every_look = "each end of an interval is 95% sure at every look, on these cases"
    assert at_every_look in shown(examples.passed())
    older = shown(msgspec.structs.replace(examples.passed(), budget=None))
    assert "each end of an interval is 95% sure, on these cases" in older
    assert "guarantee strict" not in older
    strict = " ".join(shown(examples.small_drop()).split())
    assert "guarantee strict: at any time, and for any scores" in strict
    wider = shown(examples.population())
    assert "95% sure, over cases like these, looked at once" in wider
    assert "on these cases alone, exact: −0.11 to −0.01" in wider
    row = next(line for line in wider.splitlines() if line.startswith("  ?  exact"))
    assert "−0.14 to +0.02" in row


def test_the_forest_of_a_verdict_over_the_population_reaches_as_far():
    report = examples.population()
    narrow = msgspec.structs.replace(
        report, meta=report.meta | {"estimand": "dataset", "margin": 0.14}
    )
    wide = msgspec.structs.replace(report, meta=report.meta | {"margin": 0.14})
    reach = [shown(one).count("━") for one in (narrow, wide)]
    assert reach[0] < reach[1]


def test_noise_is_told_by_its_parts_where_they_are_known():
    assert "noise of exact: between cases 0.10, within a case 0.38 (standard deviations)" in shown(
        examples.regressed()
    )
    judged = shown(examples.inconclusive())
    assert "within a case 0.39, of it the judge 0.10 (standard deviations)" in judged
    assert "noise of exact: 0.39 a pair (standard deviation)" in shown(examples.early())


@pytest.mark.parametrize(
    ("p_value", "told"), [(0.0124, "p 0.012"), (1e-6, "p below 0.001"), (1.0, "p above 0.5")]
)
def test_a_p_value_says_how_it_came_about(p_value, told):
    report = examples.regressed()
    first = msgspec.structs.replace(report.metrics[0], p_value=p_value)
    text = shown(msgspec.structs.replace(report, metrics=[first, *report.metrics[1:]]))
    assert f"exact: {told} by Holm over 2 metrics\n" in text


def test_only_a_slice_that_surely_fell_is_marked():
    text = shown(examples.early()).split("by tag")[1]
    assert text.startswith(
        " (↓ surely worse, though 1 in 10 such marks may be wrong;"
        " the rest is to look at, not to judge by)\n"
    )
    rows = [line.split() for line in text.splitlines()[2:5]]
    assert [row[0] for row in rows] == ["↓", "short", "letter"]
    assert rows[0][1] == "slang"
    assert "84" not in text.split("cases:")[0]


def test_a_version_against_itself_is_called_noise_throughout():
    text = shown(examples.noise())
    assert "by tag (the same version on both sides: what differs is noise)" in text
    assert "24 cases: 1 broken, 2 somewhat better, 21 the same; by chance alone\n" in text
    fell = msgspec.structs.replace(examples.noise(), slices=examples.early().slices)
    assert "surely worse" not in shown(fell)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_has_a_limit_stands_among_the_metrics_and_cost_in_the_table_of_arms(width):
    text = shown(examples.dearer(), Surface(width=width))
    rows = [line.split() for line in text.split("24 cases")[0].splitlines()]
    names = {"exact": "exact", "cost": "cost", "latency": "latency", "mean": "latency"}
    metrics = {names[row[1]]: row[0] for row in rows if row[1:2] and row[1] in names}
    assert metrics == {"exact": "●", "cost": "✖", "latency": "●"}
    assert ("cost a sample" in text, "mean latency" in text) == (width > 60, width > 60)
    assert "may rise: cost by 25%, latency by 10%; looked at once" in " ".join(text.split())
    assert "latency: not known of 2 pairs" in text
    arms = text.split("tokens out")[1]
    assert ("+41% (+36% to +47%)" in arms) is (width > 60)
    assert "+36% to +47%" in text


def test_a_limit_that_stays_open_is_no_question_of_more_samples():
    text = " ".join(shown(examples.perhaps_dearer()).split())
    assert "a wider limit settles it, or a smaller margin, which takes more pairs" in text
    assert "too near the line" not in text
    assert "8 times in 10" not in text


def test_what_does_not_vary_has_no_interval():
    report = examples.dearer()
    cost, *others = report.economy
    cost = msgspec.structs.replace(cost, increase=0.64, interval=(0.64, 0.64))
    text = shown(msgspec.structs.replace(report, economy=[cost, *others]))
    assert "+64% to" not in text.split("24 cases")[1]


def test_answers_that_a_judge_could_not_score_are_not_forgotten():
    report = examples.stopped_at_once()
    calls = Calls(planned=240, made=24, retried=8, judge=8, unscored=16)
    reasons = [
        "stopped before its end: the judge's model example/judge: down since 09:00:00 UTC",
        "what was paid for is kept: the same command goes on from here",
    ]
    text = shown(msgspec.structs.replace(report, calls=calls, reasons=reasons))
    assert (
        "  · 0 of 240 samples were had; 16 answers are kept, not yet scored; the same command goes"
        " on from here\n"
    ) in text
    one = msgspec.structs.replace(report, calls=Calls(planned=240, unscored=1))
    assert "1 answer is kept, not yet scored" in shown(one)


def test_where_every_call_failed_the_cause_is_told_once_and_first():
    cause = "rejected: HTTP 400: no such parameter"
    lost = {"samples": 10, "failures": 10, "tokens": Tokens(), "latency_seconds": None}
    report = msgspec.structs.replace(
        examples.invalid(),
        reasons=[f"every call failed: {cause}"],
        warnings=[f"baseline: 10 calls failed: {cause} (cases a, b, c, …)", "the disk is slow"],
        metrics=[examples.metric(baseline=None, candidate=None, interval=None)],
        baseline=examples.arm(1, **lost),
        candidate=examples.arm(2, **lost),
    )
    text = shown(report)
    assert text.splitlines()[1] == f"  every call failed: {cause}"
    assert text.count(cause) == 1
    assert "the disk is slow" in text
    assert "unscored" not in text
    assert "tokens in" not in text


def test_tokens_that_nobody_counted_are_not_none():
    report = examples.passed()
    assert report.baseline is not None
    some = examples.arm(2, tokens=Tokens(100, 10, unmetered=3))
    none = examples.arm(1, tokens=Tokens(unmetered=report.baseline.samples))
    rows = shown(msgspec.structs.replace(report, baseline=none, candidate=some)).splitlines()
    (tokens,) = [row.split() for row in rows if row.strip().startswith("tokens in")]
    assert tokens == ["tokens", "in", "unknown", "at", "least", "100"]


@pytest.mark.parametrize(
    ("evaluated", "told"), [(0.0, "unknown"), (0.02, "at least $0.020, and not known in full")]
)
def test_a_run_that_called_nobody_paid_nothing(evaluated, told):
    cost = Cost(evaluated_usd=evaluated, unpriced_calls=196)
    text = shown(
        msgspec.structs.replace(examples.passed(), calls=Calls(240, 0, cached=240), cost=cost)
    )
    assert f"cost  $0 paid now; what its answers cost once is {told}\n" in text
