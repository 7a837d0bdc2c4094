"""What a person may say of an answer: the judge's own words, or whether the answer is right."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promptops.documents.tree import Tree
from promptops.engine.suite import Suite
from promptops.errors import InputError, did_you_mean
from promptops.judges.criteria import CriteriaReader
from promptops.judges.rubric import Ruled
from promptops.judges.verdicts import JudgeOptionError, VerdictReader
from promptops.prompts.loading import LoadedPrompt, load_prompt
from promptops.prompts.prompt import Criterion
from promptops.scorers.discovery import Scorer, build

CANNOT_TELL = "cannot tell"
_UNSEEN_BY_PEOPLE = frozenset({"cost", "latency"})
_JUDGES = frozenset({"judge", "pairwise"})

TAKEN = frozenset("scbtiqjk? =")
"""Keys that mean something else while answers are shown."""

_MOST_KEYS = 10
_NOTHING_SAID = frozenset({"", "?", "cannot tell", "cannot_tell"})
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be said."""

    label: str
    value: float | None
    keys: tuple[str, ...]
    about: str = ""
    """What earns it, where the judge's prompt says so."""
    also: tuple[str, ...] = ()
    """What people write for it in a sheet."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said; value in [0, 1], None where they cannot tell."""

    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Choices:
    """All that can be said for one metric.

    Of `listed`, `ends` and `criteria` exactly one says how.
    """

    listed: tuple[Choice, ...] = ()
    ends: tuple[float, float] | None = None
    """A number between these is typed."""
    whole: bool = False
    """Only a whole number is."""
    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    """Each is answered yes or no, in this order."""
    negated: bool = False

    def at(self, key: str) -> Said | None:
        """What a key says; None where it says nothing."""
        found = next((each for each in self.listed if key in each.keys), None)
        return self._said(found.label, found.value) if found else None

    def read(self, text: str) -> Said | None:
        """What is written in a sheet, or typed; None where nothing like it can be said."""
        word = " ".join(text.split())
        if word.casefold() in _NOTHING_SAID:
            return Said(CANNOT_TELL, None)
        if self.criteria:
            return self._answered([each.strip() for each in word.split(",")])
        if self.ends is not None:
            return self._number(word, self.ends)
        for each in self.listed:
            if word == each.label:
                return self._said(each.label, each.value)
        for each in self.listed:
            if any(_alike(word, name) for name in (each.label, *each.also)):
                return self._said(each.label, each.value)
        return None

    @property
    def told(self) -> str:
        """What can be written, in one line."""
        if self.criteria:
            return f"yes, no or cannot_tell for each of: {', '.join(self.criteria)}"
        if self.ends is not None:
            number = "a whole number" if self.whole else "a number"
            return f"{number} from {self.ends[0]:g} to {self.ends[1]:g}"
        return ", ".join(each.label for each in self.listed)

    def _number(self, word: str, ends: tuple[float, float]) -> Said | None:
        if not _NUMBER.match(word):
            return None
        value = float(word)
        low, high = ends
        if not low <= value <= high or (self.whole and not value.is_integer()):
            return None
        return self._said(f"{value:g}", (value - low) / (high - low))

    def _answered(self, words: Sequence[str]) -> Said | None:
        known = {"yes": "yes", "y": "yes", "no": "no", "n": "no"}
        answers = ["" if word in _NOTHING_SAID else known.get(word.casefold()) for word in words]
        if len(answers) != len(self.criteria) or None in answers:
            return None
        pairs = [
            (each, answer)
            for each, answer in zip(self.criteria.values(), answers, strict=True)
            if answer
        ]
        label = ", ".join(answer or "cannot_tell" for answer in answers)
        if not pairs:
            return Said(CANNOT_TELL, None)
        met = math.fsum(each.weight for each, answer in pairs if answer == each.expect)
        return self._said(label, met / math.fsum(each.weight for each, _ in pairs))

    def _said(self, label: str, value: float | None) -> Said:
        return Said(label, 1 - value if self.negated and value is not None else value)


PAIR = Choices(
    (
        Choice("first", 1.0, ("1",), "the first answer is better", ("1", "answer 1")),
        Choice("second", 0.0, ("2",), "the second answer is better", ("2", "answer 2")),
        Choice("tie", 0.5, ("=", "0"), "one is as good as the other", ("=", "0", "both")),
    )
)
"""What can be said of two answers."""

_RIGHT_OR_WRONG = (
    Choice("right", 1.0, ("1", "r"), "the answer is right", ("1", "true", "yes")),
    Choice("wrong", 0.0, ("0", "w"), "it is not", ("0", "false", "no")),
)


@dataclass(frozen=True, slots=True)
class Metric:
    """The scorer whose truth is asked for."""

    name: str
    scorer: Scorer
    pairs: bool
    """It is asked which of two answers is better."""
    choices: Choices
    judge: LoadedPrompt | None = None

    @property
    def as_scored(self) -> bool:
        """People are asked what the scorer is asked: of single answers, or of pairs."""
        return self.pairs == (self.scorer.type == "pairwise")

    @property
    def question(self) -> str:
        """What people are asked, in one line."""
        if self.judge is not None and self.judge.prompt.description:
            return " ".join(self.judge.prompt.description.split())
        return f"Is the answer right, by what {self.name!r} is to measure?"


def metric_of(suite: Suite, tree: Tree, asked: str | None, *, pairs: bool) -> Metric:
    """The metric that is labelled: the one that was asked for, or the suite's only judge.

    Raises:
        InputError: there is no such metric, it has to be named, or people cannot label it.
    """
    name = _name(suite, asked)
    scorer = build(name, suite.document, ("scorers", name))
    if scorer.type in _UNSEEN_BY_PEOPLE:
        raise InputError(
            f"{name!r} measures {scorer.type}, which nobody sees in an answer",
            location=suite.document.locate(("scorers", name)),
        )
    prompt = getattr(scorer.options, "prompt", None) if scorer.type in _JUDGES else None
    judge = load_prompt(tree, prompt) if prompt else None
    if pairs or scorer.type == "pairwise":
        return Metric(name, scorer, pairs=True, choices=PAIR, judge=judge)
    if judge is None:
        return Metric(name, scorer, pairs=False, choices=Choices(_RIGHT_OR_WRONG))
    try:
        choices = _of_judge(judge, scorer)
    except JudgeOptionError as error:
        where = suite.document.locate(("scorers", name, error.option))
        raise InputError(str(error), location=where, hint=error.hint) from None
    return Metric(name, scorer, pairs=False, choices=choices, judge=judge)


def _name(suite: Suite, asked: str | None) -> str:
    scorers = suite.file.scorers
    if asked is not None:
        if asked not in scorers:
            raise InputError(
                f"the suite {suite.name!r} has no metric {asked!r}",
                location=suite.document.locate(("scorers",)),
                hint=did_you_mean(asked, scorers),
            )
        return asked
    judges = [name for name, each in scorers.items() if each.get("type") in _JUDGES]
    for found in (judges, list(scorers)):
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f"the suite {suite.name!r} has several metrics to label",
                hint=f"--metric NAME, one of: {', '.join(found)}",
            )
    raise InputError(f"the suite {suite.name!r} has no metric")


def _of_judge(judge: LoadedPrompt, scorer: Scorer) -> Choices:
    options = scorer.options
    labels, scale = getattr(options, "labels", None), getattr(options, "scale", None)
    reader = Ruled(judge, labels=labels, scale=scale).reader
    negated = options.negate
    if isinstance(reader, CriteriaReader):
        return Choices(criteria=dict(reader.criteria), negated=negated)
    assert isinstance(reader, VerdictReader)
    anchors = judge.prompt.judge.anchors if judge.prompt.judge else {}
    if reader.labels is not None:
        worths = {name: worth for name, worth in reader.labels.items() if worth is not None}
        if len(worths) > _MOST_KEYS - 1:
            return Choices(_without_keys(worths, anchors), negated=negated)
        return Choices(_numbered(worths, anchors), negated=negated)
    if reader.ends is None:
        return Choices(ends=(0.0, 1.0), negated=negated)
    low, high = reader.ends
    if low >= 0 and high <= _MOST_KEYS - 1:
        return Choices(_points(low, high, anchors), negated=negated)
    return Choices(ends=(low, high), whole=True, negated=negated)


def _numbered(worths: Mapping[str, float], anchors: Mapping[str, str]) -> tuple[Choice, ...]:
    """Each label under its number, and under its first letter where no other one has that."""
    firsts = [name[:1].casefold() for name in worths]
    return tuple(
        Choice(
            name,
            worth,
            (str(at), first) if firsts.count(first) == 1 and _is_free(first) else (str(at),),
            anchors.get(name, ""),
        )
        for at, ((name, worth), first) in enumerate(zip(worths.items(), firsts, strict=True), 1)
    )


def _is_free(letter: str) -> bool:
    return letter.isascii() and letter.isalpha() and letter not in TAKEN


def _without_keys(worths: Mapping[str, float], anchors: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(name, worth, (), anchors.get(name, "")) for name, worth in worths.items())


def _points(low: int, high: int, anchors: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(str(each), (each - low) / (high - low), (str(each),), anchors.get(str(each), ""))
        for each in range(low, high + 1)
    )


def _alike(word: str, label: str) -> bool:
    """The same but for case, or the same number: spreadsheets write 4 as 4.0 and true as TRUE."""
    if word.casefold() == label.casefold():
        return True
    return bool(_NUMBER.match(word) and _NUMBER.match(label)) and float(word) == float(label)
