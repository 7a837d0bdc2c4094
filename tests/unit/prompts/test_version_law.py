from __future__ import annotations

from pathlib import Path

import pytest

from promptops.documents.tree import WorkingTree
from promptops.prompts.loading import LoadedPrompt, parse_prompt
from promptops.prompts.version_law import Meaning, version_findings


def prompt(version: int, words: str, change: str, root: Path) -> LoadedPrompt:
    text = (
        f"version: {version}\nchange: {change}\nmodel: embedded/smollm2-135m\n"
        f"messages: [{{role: user, content: {words}}}]\n"
    )
    return parse_prompt(text, "greet", WorkingTree(root))


@pytest.mark.parametrize(
    ("version", "words", "change", "expected"),
    [
        (2, "hello", "first", []),
        (2, "hello", "another reason", []),
        (3, "bye", "second", []),
        (9, "bye", "second", []),
        (2, "bye", "second", [("error", "version:1", "is still 2", "3")]),
        (1, "bye", "second", [("error", "version:1", "went back from 2 to 1", "3")]),
        (3, "hello", "second", [("error", "version:1", "grew from 2 to 3", "2")]),
        (1, "hello", "second", [("error", "version:1", "went back from 2 to 1", "2")]),
        (3, "bye", "first", [("warning", "change:2", "still says", "say why")]),
        (2, "bye", "first", [("error", "version:1", "is still 2", "3"),
                             ("warning", "change:2", "still says", "say why")]),
    ],
)  # fmt: skip
def test_the_number_grows_with_the_meaning_and_only_then(
    version: int, words: str, change: str, expected: list[tuple[str, str, str, str]], tmp_path: Path
) -> None:
    past = [Meaning(prompt(2, "hello", "first", tmp_path), (2,))]
    found = version_findings(past, prompt(version, words, change, tmp_path))
    assert len(found) == len(expected)
    for finding, (level, place, said, hint) in zip(found, expected, strict=True):
        assert finding.level == level
        assert finding.location is not None
        assert finding.location.line == int(place.partition(":")[2])
        assert said in finding.message
        assert finding.hint
        assert hint in finding.hint


Story = list[tuple[str, tuple[int, ...]]]
"""Words and their numbers, newest first."""


@pytest.mark.parametrize(
    ("story", "now", "said", "hint"),
    [
        # It grew over an unchanged meaning, and that was committed.
        ([("a", (1, 2))], (2, "a"), "grew from 1 to 2, and the meaning is the same", "1"),
        ([("a", (1, 2))], (1, "a"), None, None),
        # The next free number is above all that were ever committed.
        ([("a", (1, 2))], (1, "b"), "went back from 2 to 1", "3"),
        ([("a", (1, 2))], (2, "b"), "is still 2", "3"),
        ([("a", (1, 2, 1))], (2, "b"), "is 2, and an earlier meaning had 2 already", "3"),
        ([("a", (1, 2, 1))], (3, "b"), None, None),
        ([("b", (2,)), ("a", (1, 5))], (4, "c"), "is 4, and an earlier meaning had 5 already", "6"),
        ([("b", (2,)), ("a", (1, 5))], (6, "c"), None, None),
        # A number that was wrong at birth may be mended, once and upwards.
        ([("b", (1,)), ("a", (1,))], (1, "b"), "is still 1", "2"),
        ([("b", (1,)), ("a", (1,))], (2, "b"), None, None),
        ([("b", (1, 2)), ("a", (1,))], (2, "b"), None, None),
        ([("b", (1, 2)), ("a", (1,))], (3, "b"), "grew from 2 to 3", "2"),
        ([("b", (1, 2)), ("a", (1,))], (1, "b"), "is still 1", "2"),
        # A revert is a version again.
        ([("b", (2,)), ("a", (1,))], (1, "a"), "went back from 2 to 1", "3"),
        ([], (7, "a"), None, None),
    ],
)
def test_the_number_is_held_against_all_that_were_committed(
    story: Story, now: tuple[int, str], said: str | None, hint: str | None, tmp_path: Path
) -> None:
    past = [Meaning(prompt(each[-1], text, "x", tmp_path), each) for text, each in story]
    found = version_findings(past, prompt(*now, "y", tmp_path))
    if said is None:
        assert found == []
    else:
        assert [said in each.message for each in found] == [True]
        assert f"write `version: {hint}`" in (found[0].hint or "")
