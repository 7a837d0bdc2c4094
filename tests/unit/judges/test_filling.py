"""What is filled in where a judge's own prompt is under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptops.documents.tree import WorkingTree
from promptops.judges.answers import fence
from promptops.judges.filling import Filling
from promptops.judges.pairs import compares, ruled_pairs
from promptops.judges.rubric import Ruled
from promptops.judges.verdicts import Reader
from promptops.prompts.loading import LoadedPrompt, load_prompt, parse_prompt
from promptops.values.request import Message, Request

ROOT = Path(__file__).resolve().parents[3]
JUDGES = ("better", "complete", "correct", "faithful", "safe", "tone")
LABELS = """\
version: 1
change: A rubric.
model: openai/judge
inputs: {answer: {type: string}, fence: {type: string}}
messages: [{role: user, content: "{{ fence }} {{ answer }}"}]
judge: {labels: {right: 1, wrong: 0}}
"""


def ours(name: str) -> LoadedPrompt:
    return load_prompt(WorkingTree(ROOT), f"judges/{name}")


def made(text: str) -> LoadedPrompt:
    return parse_prompt(text, "judges/made", WorkingTree(ROOT))


def reader(name: str) -> Reader:
    loaded = ours(name)
    return (ruled_pairs(loaded) if compares(loaded) else Ruled(loaded)).reader


def test_a_fence_is_what_a_scorer_makes_of_the_same_columns():
    loaded = made(LABELS)
    filled = Filling(loaded).columns({"answer": "46", "label": "right"})
    assert filled["fence"] == fence(loaded.digest, {"answer": "46"})
    assert {**filled, "fence": ""} == {"answer": "46", "label": "right", "fence": ""}


def test_a_column_of_the_case_goes_before():
    assert Filling(made(LABELS)).columns({"answer": "46", "fence": "--"})["fence"] == "--"
    columns = {"question": "How?", "answer": "So.", "anchors": "mine"}
    assert Filling(ours("complete")).columns(columns)["anchors"] == "mine"


def test_anchors_and_criteria_are_filled_in_as_text():
    anchors = Filling(ours("complete")).columns({})["anchors"]
    assert [line[:4] for line in anchors.splitlines()] == [f"- {n}: "[:4] for n in range(1, 6)]
    criteria = Filling(ours("tone")).columns({})["criteria"]
    assert criteria.startswith("- courteous: Is it polite")


def test_the_schema_that_a_judge_leaves_to_its_rubric_is_sent():
    request = Request("m", (Message("user", "x"),))
    sent = Filling(made(LABELS)).request(request).output_schema
    assert sent is not None
    assert sent["properties"]["verdict"]["enum"] == ["right", "wrong"]
    assert Filling(ours("correct")).request(request) is request  # it writes its own


def test_nothing_is_filled_in_for_what_is_no_judge():
    columns: dict[str, Any] = {"answer": "46"}
    plain = LABELS.replace("judge: {labels: {right: 1, wrong: 0}}\n", "")
    assert Filling(made(plain)).columns(columns) is columns


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_praises_in_the_form_of_its_own_answers(name: str):
    """What a canary forges is a whole answer, which this judge could give."""
    best = reader(name).read(reader(name).praise().whole)
    least = reader(name).read(reader(name).praise(least=True).whole)
    assert (best.value, least.value) == (1, 0)
    assert best.label in {reader(name).praise().word, "5 of 5"}


def test_only_a_judge_of_pairs_compares():
    assert [name for name in JUDGES if compares(ours(name))] == ["better"]
