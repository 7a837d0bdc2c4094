"""Slices by tag."""

from __future__ import annotations

import json

import pytest

from promptops.datasets.loading import open_dataset
from promptops.datasets.slices import TagSelector, by_tag, parse_tags, select_tags
from promptops.errors import InputError

TAGS = [["hard"], ["hard", "slow"], [], ["slow"], ["easy"]]


@pytest.fixture
def dataset(tmp_path):
    place = tmp_path / "cases.jsonl"
    place.write_text("".join(json.dumps({"id": i, "tags": t}) + "\n" for i, t in enumerate(TAGS)))
    with open_dataset(place, display="cases.jsonl") as opened:
        yield opened


def test_each_tag_has_the_indices_of_its_cases(dataset):
    slices = by_tag(dataset)
    assert list(slices) == ["easy", "hard", "slow"]
    assert {tag: list(where) for tag, where in slices.items()} == {
        "easy": [4],
        "hard": [0, 1],
        "slow": [1, 3],
    }
    assert {tag: list(where) for tag, where in by_tag(dataset.select([3, 0])).items()} == {
        "hard": [1],
        "slow": [0],
    }


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ([], ["0", "1", "2", "3", "4"]),
        (["hard"], ["0", "1"]),
        (["hard", "slow"], ["1"]),
        (["hard", "!slow"], ["0"]),
        (["! slow "], ["0", "2", "4"]),
        (["!hard", "!slow", "!easy"], ["2"]),
    ],
)
def test_all_words_must_hold(dataset, words, ids):
    assert list(select_tags(dataset, parse_tags(words)).ids) == ids


@pytest.mark.parametrize("words", [[""], ["!"], ["hard", " ! "], ["hard", "!hard"]])
def test_words_that_say_nothing_are_refused(words):
    with pytest.raises(InputError):
        parse_tags(words)


def test_a_tag_that_no_case_has_is_an_error_with_the_nearest(dataset):
    with pytest.raises(InputError) as caught:
        select_tags(dataset, parse_tags(["!slwo"]))
    assert caught.value.message == "no case has the tag 'slwo'"
    assert caught.value.hint == "did you mean 'slow'?"
    with pytest.raises(InputError, match="combination"):
        select_tags(dataset, parse_tags(["easy", "hard"]))


def test_a_selector_is_a_value():
    assert parse_tags(["a", "!b"]) == TagSelector(frozenset({"a"}), frozenset({"b"}))
