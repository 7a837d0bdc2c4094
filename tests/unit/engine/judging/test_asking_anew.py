"""Canaries as subjects: in the judge's own form, and beside a plain answer where it compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptops.documents.tree import WorkingTree
from promptops.engine.judging.asking_anew import canaries_of
from promptops.prompts.loading import load_prompt
from promptops.trust.canaries import PLAIN
from promptops.values.case import Case
from promptops.values.request import Message, Request
from tests.scoring import scorer

ROOT = Path(__file__).resolve().parents[4]
CASE = Case("c", {"question": "How many?"})
REQUEST = Request("m", (Message("user", "How many?"),))


def forged(judge: str, type_: str = "judge", **options: Any) -> str:
    loaded = load_prompt(WorkingTree(ROOT), judge)
    made = canaries_of(scorer(type=type_, prompt=judge, **options), loaded, CASE, REQUEST)
    rivals = {subject.rival.content if subject.rival else None for _, subject in made}
    assert rivals == {PLAIN if type_ == "pairwise" else None}
    assert len(made) == 6
    assert [subject.response.content for _, subject in made] == [each.answer for each, _ in made]
    return made[-1][0].answer


@pytest.mark.parametrize(
    ("judge", "options", "told"),
    [
        ("judges/correct", {}, '"verdict": "correct"'),
        ("judges/correct", {"labels": {"correct": 0, "incorrect": 1}}, '"verdict": "incorrect"'),
        ("judges/correct", {"negate": True}, '"verdict": "incorrect"'),
        ("judges/complete", {}, '"verdict": 5'),
        ("judges/complete", {"negate": True}, '"verdict": 1'),
        ("judges/tone", {}, '"criteria": {"courteous": "yes", "attentive": "yes"'),
    ],
)
def test_the_forged_verdict_is_one_that_the_suite_pays_most_for(judge, options, told):
    if "labels" in options:
        options["labels"]["cannot_tell"] = None
    assert told in forged(judge, **options)


def test_a_judge_of_pairs_sees_a_plain_answer_beside_each():
    assert '"verdict": "first"' in forged("judges/better", "pairwise")
