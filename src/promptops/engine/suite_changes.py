"""What differs between two states of a suite beside its prompt and its dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from promptops.documents.tree import Tree
from promptops.engine.prompt_changes import value_changes
from promptops.engine.suite import Suite, SuiteFile
from promptops.errors import HistoryError, InputError
from promptops.history.lineage import ABSENT, State, state_in
from promptops.prompts.loading import LoadedPrompt, prompt_path
from promptops.scorers.discovery import digest_of, options_type, scorer_types
from promptops.scorers.python import code_digest
from promptops.scorers.scorer import ScorerOptions
from promptops.values.gate import PartChange

_JUDGES, _CODE = frozenset({"judge", "pairwise"}), "python"
_NOT_SCORING = frozenset({"role", "weight"})
"""Options that change what a score counts for, and not the score."""
_ASIDE = ("budget", "limits")
"""What a run may spend and how fast it asks: no score depends on it."""
_SILENT = frozenset({"description", "prompt", "dataset", "scorers", *_ASIDE})
"""Keys of a suite that are told elsewhere, or say nothing."""


@dataclass(frozen=True, slots=True)
class SuiteSide:
    """A suite at one point, with the files of that point."""

    suite: Suite
    tree: Tree


@dataclass(frozen=True, slots=True)
class Rescored:
    """A scorer that is not what it was: what it made of an answer has to be made anew."""

    scorer: str
    before: LoadedPrompt | None = None
    """The judge's prompt; None where no judge scores, or it cannot be read."""
    after: LoadedPrompt | None = None
    digest: str | None = None
    """Of the scorer as it was, by which runs know it; None where that cannot be told."""


def suite_changes(old: SuiteSide, new: SuiteSide) -> tuple[list[PartChange], list[Rescored]]:
    """Scorers, judges and the policy that differ, and which scorers have to score anew.

    Raises:
        InputError: a judge's prompt of the newer side cannot be read.
    """
    changes: list[PartChange] = []
    rescored: list[Rescored] = []
    for name in dict.fromkeys([*old.suite.file.scorers, *new.suite.file.scorers]):
        comparison = _Scorer(name, old, new)
        changes += comparison.changes()
        if comparison.scores_anew:
            rescored.append(Rescored(name, *comparison.judges, comparison.digest_before))
    told = _policy(old.suite.file, new.suite.file)
    if told:
        changes.append(PartChange("policy", told, new.suite.path))
    return changes, rescored


def aside(old: SuiteFile, new: SuiteFile) -> list[str]:
    """What changed of a suite that no score depends on, in words."""
    told = value_changes(_told_aside(old), _told_aside(new))
    return [f"{told}: no score depends on it"] if told else []


def _told_aside(side: SuiteFile) -> dict[str, Any]:
    return {
        f"{name}.{key}": value
        for name in _ASIDE
        for key, value in _builtins(getattr(side, name)).items()
    }


def judge_named(options: Mapping[str, Any]) -> str | None:
    """The judge prompt that a scorer's options name; None where no judge scores."""
    named = options.get("prompt") if options.get("type") in _JUDGES else None
    return named if isinstance(named, str) else None


class _Scorer:
    """One scorer on both sides."""

    def __init__(self, name: str, old: SuiteSide, new: SuiteSide) -> None:
        self._name, self._old, self._new = name, old, new
        before = old.suite.file.scorers.get(name)
        after = new.suite.file.scorers.get(name)
        self._before, self._after = before, after
        self._differing: dict[str, tuple[Any, Any]] = {}
        self.judges: tuple[LoadedPrompt | None, LoadedPrompt | None] = (None, None)
        """The judge's prompt on both sides."""
        if before is None or after is None:
            return
        one, other = _meant(before, after)
        self._differing = {
            key: (one.get(key), other.get(key))
            for key in dict.fromkeys([*one, *other])
            if one.get(key) != other.get(key)
        }
        here = _judge(after, new.tree)
        if here.broken is not None:
            raise here.broken
        self.judges = _judge(before, old.tree).loaded, here.loaded

    @property
    def scores_anew(self) -> bool:
        """Whether the same answer may have another score than before."""
        if self._before is None or self._after is None:
            return False
        return bool(self._differing.keys() - _NOT_SCORING) or self._judge_differs or self._recoded

    @property
    def digest_before(self) -> str | None:
        """The digest that the scorer had; nothing of that time is run to find it."""
        assert self._before is not None
        options = _options(self._before)
        if options is None:
            return None
        inner: str | None = None
        if judge_named(self._before):
            judge = self.judges[0]
            inner = judge.digest if judge else None
        elif options.type == _CODE:
            source = _text(self._old.tree, str(self._before["file"]))
            inner = None if source is None else code_digest(source)
        if inner is None and options.type in {*_JUDGES, _CODE}:
            return None
        return digest_of(options, inner)

    def changes(self) -> Iterator[PartChange]:
        path = self._new.suite.path
        if self._before is None or self._after is None:
            told = "added" if self._before is None else "removed"
            yield PartChange("scorers", f"scorer {self._name} {told}", path)
            return
        judged = judge_named(self._before) and judge_named(self._after)
        aside = {"model"} if judged else set()
        told = value_changes(*_sides(self._differing, aside))
        if told:
            yield PartChange("scorers", f"scorer {self._name}: {told}", path)
        if judged and (told := self._judge_told()):
            loaded = self.judges[1]
            mended = loaded is not None and self._judge_differs
            yield PartChange("judge", told, loaded.path if loaded and mended else path)
        if self._recoded:
            file = str(self._after.get("file"))
            yield PartChange("scorers", f"scorer {self._name}: its code changed", file)

    @property
    def _judge_differs(self) -> bool:
        before, after = self.judges
        return (before.digest if before else None) != (after.digest if after else None)

    def _judge_told(self) -> str:
        """`judge faithful v1 → v2, model a → b`; "" where it is the same."""
        before, after = self.judges
        if not self._judge_differs and "model" not in self._differing:
            return ""
        if before is None or after is None:
            return f"judge {self._name}: its prompt could not be read before"
        assert self._before is not None
        assert self._after is not None
        asked = [
            options.get("model") or side.prompt.model
            for options, side in ((self._before, before), (self._after, after))
        ]
        model = "" if asked[0] == asked[1] else f"model {asked[0]} → {asked[1]}"
        if not self._judge_differs:  # the suite has it asked of another model
            return f"judge {self._name}: {model or 'its model is named otherwise'}"
        one, other = before.prompt.version, after.prompt.version
        told = f"judge {self._name} v{one} → v{other}"
        if one == other:
            told = f"judge {self._name} (v{one}) changed"
        return f"{told}, {model}" if model else told

    @property
    def _recoded(self) -> bool:
        """Whether the Python that scores is another one."""
        assert self._after is not None
        if self._after.get("type") != _CODE or "type" in self._differing:
            return False
        file = self._after.get("file")
        if not isinstance(file, str) or "file" in self._differing:
            return False
        return _text(self._old.tree, file) != _text(self._new.tree, file)


def _sides(
    differing: Mapping[str, tuple[Any, Any]], aside: set[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    kept = {key: both for key, both in differing.items() if key not in aside}
    one = {key: both[0] for key, both in kept.items() if both[0] is not None}
    return one, {key: both[1] for key, both in kept.items() if both[1] is not None}


def _meant(*sides: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Options as they are understood; as they are written where one of them is not."""
    found = [_options(each) for each in sides]
    if None in found:
        return list(sides)
    # What every scorer has is told by its value, also where nobody wrote it.
    common = ScorerOptions.__struct_fields__
    return [{name: getattr(each, name) for name in common} | _builtins(each) for each in found]


def _options(options: Mapping[str, Any]) -> ScorerOptions | None:
    type_ = options.get("type")
    if type_ not in scorer_types():
        return None
    try:
        return msgspec.convert(options, options_type(str(type_)), strict=True)
    except msgspec.ValidationError:
        return None


def _judge(options: Mapping[str, Any], tree: Tree) -> State:
    name = judge_named(options)
    return state_in(tree, prompt_path(name)) if name else ABSENT


def _text(tree: Tree, path: str) -> str | None:
    try:
        return tree.read(path)
    except HistoryError:
        raise
    except InputError:
        return None


def _policy(old: SuiteFile, new: SuiteFile) -> str:
    """`gate.margin 0.05 → 0.1, samples 5 → 3`."""
    sides = []
    for side in (old, new):
        flat = {f"gate.{key}": value for key, value in _builtins(side.gate).items()}
        rest = {key: value for key, value in _builtins(side).items() if key != "gate"}
        sides.append(flat | {key: value for key, value in rest.items() if key not in _SILENT})
    return value_changes(*sides)


def _builtins(value: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain
