"""Slices of a dataset by tag."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from promptops.datasets.dataset import Dataset
from promptops.errors import InputError, Location, did_you_mean


@dataclass(frozen=True, slots=True)
class TagSelector:
    """Cases that have all of `wanted` and none of `unwanted`."""

    wanted: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()

    def matches(self, tags: Iterable[str]) -> bool:
        """Whether a case with these tags is selected."""
        have = set(tags)
        return self.wanted <= have and not self.unwanted & have


def parse_tags(words: Iterable[str]) -> TagSelector:
    """A selector from `--tag` words: `hard` wants a tag, `!slow` its absence; all must hold.

    Raises:
        InputError: a word is empty, or a tag is both asked for and excluded.
    """
    wanted: set[str] = set()
    unwanted: set[str] = set()
    for word in words:
        tag = word.strip().removeprefix("!").strip()
        if not tag:
            raise InputError(f"--tag {word!r} names no tag", hint="--tag hard, or --tag '!slow'")
        (unwanted if word.strip().startswith("!") else wanted).add(tag)
    if both := wanted & unwanted:
        raise InputError(f"the tag {min(both)!r} is both asked for and excluded")
    return TagSelector(frozenset(wanted), frozenset(unwanted))


def select_tags(dataset: Dataset, selector: TagSelector) -> Dataset:
    """A view of the selected cases.

    Raises:
        InputError: a tag stands on no case, or no case is left.
    """
    known = dataset.tags
    for tag in sorted(selector.wanted | selector.unwanted):
        if tag not in known:
            raise InputError(
                f"no case has the tag {tag!r}",
                location=Location(dataset.display),
                hint=did_you_mean(tag, known),
            )
    chosen = [at for at in range(len(dataset)) if selector.matches(dataset.tags_of(at))]
    if not chosen:
        raise InputError("no case has this combination of tags", location=Location(dataset.display))
    return dataset.select(chosen)


def by_tag(dataset: Dataset) -> dict[str, array[int]]:
    """Each tag, sorted, to the indices of the cases that have it, ascending (4 bytes each)."""
    slices: dict[str, array[int]] = {tag: array("I") for tag in dataset.tags}
    for index in range(len(dataset)):
        for tag in dataset.tags_of(index):
            slices[tag].append(index)
    return slices
