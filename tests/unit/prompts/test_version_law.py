from __future__ import annotations

from pathlib import Path

import pytest

from promptops.documents.tree import WorkingTree
from promptops.prompts.loading import LoadedPrompt, parse_prompt
from promptops.prompts.version_law import version_findings


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
        (2, "bye", "second", [("error", "version:1", "is still 2")]),
        (1, "bye", "second", [("error", "version:1", "went back from 2 to 1")]),
        (3, "hello", "second", [("error", "version:1", "grew from 2 to 3")]),
        (1, "hello", "second", [("error", "version:1", "went back from 2 to 1")]),
        (3, "bye", "first", [("warning", "change:2", "still says")]),
    ],
)
def test_the_number_grows_with_the_meaning_and_only_then(
    version: int, words: str, change: str, expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    found = version_findings(
        prompt(2, "hello", "first", tmp_path), prompt(version, words, change, tmp_path)
    )
    assert len(found) == len(expected)
    for finding, (level, place, said) in zip(found, expected, strict=True):
        assert finding.level == level
        assert finding.location is not None
        assert finding.location.line == int(place.partition(":")[2])
        assert said in finding.message
        assert finding.hint
