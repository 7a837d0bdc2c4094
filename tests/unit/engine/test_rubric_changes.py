"""A judge's rubric among what differs between two versions of a prompt."""

from __future__ import annotations

import pytest

from promptops.documents.tree import WorkingTree
from promptops.engine.prompt_changes import prompt_changes
from promptops.prompts.loading import parse_prompt

PLAIN = "version: 1\nmodel: m/x\nmessages: [{role: user, content: hi}]\n"
LABELS = "judge: {labels: {good: 1, bad: 0}}\n"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", LABELS, "label good added, bad added"),
        (LABELS, LABELS.replace("bad: 0", "bad: null"), "label bad changed"),
        (LABELS, "judge: {labels: {bad: 0, good: 1}}\n", "rubric in another order"),
        (LABELS, 'judge: {labels: {good: 1, bad: 0}, anchors: {good: "x"}}\n', "anchor good added"),
        (LABELS, "", "label good removed, bad removed"),
    ],
)
def test_every_change_of_a_rubric_is_told(tmp_path, before, after, told):
    tree = WorkingTree(tmp_path)
    old, new = (parse_prompt(PLAIN + text, "judges/t", tree) for text in (before, after))
    assert old.digest != new.digest
    (change,) = prompt_changes(old, new)
    assert (change.part, change.what) == ("judge", told)


def test_an_empty_rubric_is_none(tmp_path):
    tree = WorkingTree(tmp_path)
    old, new = (parse_prompt(PLAIN + text, "judges/t", tree) for text in ("", "judge: {}\n"))
    assert prompt_changes(old, new) == []
