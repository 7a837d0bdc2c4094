"""How a terminal shows the gate over all suites."""

from __future__ import annotations

import msgspec
import pytest

from promptops.reports.formats.terminal import render
from promptops.reports.sections.gate import what_changed
from promptops.reports.surface import Surface
from promptops.values.gate import Part, PartChange, SuiteGate, SuiteStatus
from promptops.values.results import Results
from tests import gate_examples


def shown(results: Results, width: int = 100) -> str:
    return render(Results([], results.gate), Surface(width=width))


def test_the_answer_comes_first_and_why_below_it() -> None:
    text = shown(gate_examples.regression())
    assert text.splitlines()[:3] == [
        "✖ MAY NOT MERGE  2 of 3 suites touched",
        "  0a1b2c3d0a1b (the merge base with main) → 9f8e7d6c9f8e",
        "  · extract-city regressed: exact fell by 11.0 points (6.0 to 16.0)",
    ]
    assert "untouched: extract-order  nothing was asked, nothing spent" in text


def test_a_described_suite_has_no_verdict_to_be_mistaken_for_one() -> None:
    text = shown(gate_examples.judged_anew())
    assert "· scored  extract-city  the prompt is as it was; what changed is the judge" in text
    assert "inconclusive" not in text.lower()
    assert "judge  faithful v1 → v2  prompts/judges/faithful.yaml" in text


def test_whose_answers_they_are_stands_above_everything() -> None:
    lines = shown(gate_examples.supplied()).splitlines()
    assert lines[2] == (
        "  recorded on 2026-10-02 by the pull request's author; none was drawn here"
    )


def test_what_is_gone_uncovered_or_uncommitted_is_told() -> None:
    assert "gone: answer-from-context" in shown(gate_examples.removed())
    assert "→ 9f8e7d6c9f8e, with what is not committed" in shown(gate_examples.removed())
    assert "uncovered: summarise-thread" in shown(gate_examples.uncovered())
    assert "→ what is not committed" in shown(gate_examples.uncovered())


def test_hundreds_of_suites_stay_few_lines() -> None:
    gate = gate_examples.nothing_touched().gate
    assert gate is not None
    many = msgspec.structs.replace(
        gate, suites=[gate_examples.untouched(f"suite-{at}") for at in range(500)]
    )
    text = render(Results([], many), Surface(width=80))
    assert "500 suites, none touched" in text
    assert "and 470 more" in text
    assert len(text.splitlines()) < 20


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (["wording"], "the prompt changed"),
        (["wording", "model"], "the prompt changed"),
        (["model"], "the model changed, its words did not"),
        (["model", "params"], "the model and the params changed, the prompt's words did not"),
        (["includes", "judge"], "the prompt changed; the judge changed as well"),
        (["dataset"], "the prompt is as it was; what changed is the dataset"),
        (
            ["policy", "dataset", "scorers"],
            "the prompt is as it was; what changed is the dataset, the scorers and the policy",
        ),
    ],
)
def test_what_changed_in_one_sentence(parts: list[Part], told: str) -> None:
    status: SuiteStatus = "described" if told.startswith("the prompt is") else "compared"
    changes = [PartChange(part, "x") for part in parts]
    assert what_changed(SuiteGate("a", "a", status, changes)) == told


def test_a_new_prompt_is_not_called_a_changed_one() -> None:
    suite = SuiteGate("a", "a", "described", [PartChange("wording", "the prompt is new")])
    assert what_changed(suite) == "the prompt has nothing to be compared with"
