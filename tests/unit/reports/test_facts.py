from __future__ import annotations

import msgspec

from promptops.reports import facts
from tests import examples


def test_the_metric_that_regressed_most_decides():
    metrics = [
        examples.metric("fine", 0.5, 0.9, (0.3, 0.5), verdict="improved"),
        examples.metric("bad", 0.9, 0.8, (-0.15, -0.05), verdict="regressed"),
        examples.metric("worst", 0.9, 0.5, (-0.5, -0.3), verdict="regressed"),
        examples.metric("seen", 0.9, 0.1, (-0.9, -0.7), role="observe"),
    ]
    report = msgspec.structs.replace(examples.regressed(), metrics=metrics)
    decided = facts.deciding_metric(report)
    assert decided is not None
    assert decided.name == "worst"


def test_over_the_population_the_wider_interval_decides():
    metrics = [
        examples.metric(
            name,
            0.9,
            0.8,
            (-0.2 if name == "a" else -0.1, 0.0),
            population_interval=(-0.3 if name == "b" else -0.25, 0.1),
            verdict="inconclusive",
        )
        for name in ("a", "b")
    ]
    for report, first in ((examples.inconclusive(), "a"), (examples.population(), "b")):
        decided = facts.deciding_metric(msgspec.structs.replace(report, metrics=metrics))
        assert decided is not None
        assert decided.name == first


def test_cases_that_were_not_needed_are_those_never_visited():
    report = examples.early()
    assert facts.unneeded_cases(report) == 58
    lost = msgspec.structs.replace(report.candidate, samples=150, failures=1)
    assert facts.unneeded_cases(msgspec.structs.replace(report, candidate=lost)) == 58
    more = {
        "candidate": lost,
        "baseline": msgspec.structs.replace(report.candidate, samples=150),
    }
    assert facts.unneeded_cases(msgspec.structs.replace(report, **more)) == 50
    assert facts.unneeded_cases(msgspec.structs.replace(report, verdict="invalid")) == 0
    assert facts.unneeded_cases(msgspec.structs.replace(report, budget=None)) == 0


def test_a_kept_report_may_say_anything():
    odd = {"alpha": "x", "margin": True, "samples": None, "itself": 1, "stopped": "yes"}
    report = msgspec.structs.replace(examples.passed(), meta=odd)
    assert facts.alpha(report) is None
    assert facts.margin(report) is None
    assert not facts.first_impression(report)
    assert not facts.itself(report)
    assert not facts.stopped(report)


def test_a_saving_that_cannot_be_is_none():
    report = examples.early()
    for saved in (0, -3, 2000, 5000):
        budget = examples.budget(saved_calls=saved)
        assert facts.saved_calls(msgspec.structs.replace(report, budget=budget)) == 0


def test_only_what_has_a_limit_gates():
    report = msgspec.structs.replace(
        examples.passed(), economy=examples.economy({"tokens": 0.5}, tokens={"verdict": "passed"})
    )
    assert [each.name for each in facts.limited(report)] == ["tokens"]
    assert facts.limited(examples.improved()) == []


def test_scores_may_be_settled_where_the_verdict_is_open():
    assert facts.scores_settled(examples.perhaps_dearer())
    assert not facts.scores_settled(examples.dearer())
    assert not facts.scores_settled(examples.inconclusive())
    both = msgspec.structs.replace(
        examples.perhaps_dearer(), metrics=[examples.metric(verdict="inconclusive")]
    )
    assert not facts.scores_settled(both)


def test_answers_that_were_supplied_and_a_run_that_no_store_has():
    drawn = examples.passed()
    given = msgspec.structs.replace(drawn, suite="other", meta={"supplied": "by the author"})
    assert (facts.supplied(drawn), facts.again(drawn)) == ("", f"promptops report {drawn.run}")
    assert (facts.supplied(given), facts.again(given)) == ("by the author", "")
    assert facts.supplied_among([drawn]) == facts.supplied_among([]) == ""
    assert facts.supplied_among([given, given]) == "by the author"
    assert facts.supplied_among([drawn, given]) == "other: by the author"
    odd = msgspec.structs.replace(drawn, meta={"supplied": ["x"]})
    assert facts.supplied(odd) == ""
