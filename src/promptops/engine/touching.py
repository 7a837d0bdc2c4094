"""Which suites a change touches: what each of them rests on, at both ends, compared by content.

Files say nothing by themselves: a comment changes nothing, and an included file changes every
prompt that it is part of.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from promptops.documents.tree import WorkingTree
from promptops.engine.dataset_changes import dataset_change
from promptops.engine.prompt_changes import prompt_changes
from promptops.engine.suite import Suite, load_suite, locate_dataset, suite_names
from promptops.engine.suite_changes import (
    Rescored,
    SuiteSide,
    aside,
    judge_named,
    suite_changes,
)
from promptops.errors import HistoryError, InputError, InputErrors, PromptopsError, did_you_mean
from promptops.history.lineage import State, name_of, state_in
from promptops.history.past import Past
from promptops.prompts.loading import LoadedPrompt, load_prompt, prompt_names, prompt_path
from promptops.values.gate import PartChange, SuiteStatus

_FIRST = "first version: nothing to compare with yet"
_UNREADABLE = "nothing to compare with: what was there before cannot be read"
_ALIKE = 0.6
"""How much of a suite that is gone a new one has to hold to be taken for it."""


@dataclass(frozen=True, slots=True)
class Touched:
    """One suite, and what of all that it rests on is not as it was."""

    suite: str
    prompt: str
    status: SuiteStatus
    changes: list[PartChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    before: LoadedPrompt | None = None
    """The prompt as it was; None where there was none, or it cannot be read."""
    rescored: list[Rescored] = field(default_factory=list)
    names: tuple[str, ...] = ()
    """What the suite is called, and was called before."""
    models: tuple[str, ...] = ()
    """That may be asked to evaluate it."""
    replaced: str = ""
    """The prompt that it evaluated before, where that is another one, and not this one renamed."""


@dataclass(frozen=True, slots=True)
class Survey:
    """All suites, those that are gone last, and prompts that changed and that none evaluates."""

    suites: list[Touched]
    uncovered: list[str]


def survey(tree: WorkingTree, past: Past, named: Sequence[str] = ()) -> Survey:
    """Compare every suite, or those that are named, with what it was.

    Raises:
        InputError: a suite, a prompt or a dataset of the working tree is wrong.
        HistoryError: git cannot answer.
    """
    names = suite_names(tree)
    _check_named(named, names)
    surveying = _Surveying(tree, past, names)
    found: list[Touched] = []
    errors: list[PromptopsError] = []
    for name in [each for each in names if not named or each in named]:
        try:
            found.append(surveying.compare(name))
        except HistoryError:
            raise
        except PromptopsError as error:
            errors += error.errors if isinstance(error, InputErrors) else [error]
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    if named:
        return Survey(found, [])
    return Survey([*found, *surveying.removed()], surveying.uncovered())


def _check_named(named: Sequence[str], known: Sequence[str]) -> None:
    for name in named:
        if name not in known:
            hint = did_you_mean(name, known) or "there is no suite in evals/"
            raise InputError(f"there is no suite {name!r}", hint=hint)


class _Surveying:
    """Both ends, and what is known of them so far."""

    def __init__(self, tree: WorkingTree, past: Past, names: Sequence[str]) -> None:
        self._tree, self._past = tree, past
        self._before = set(suite_names(past.tree))
        self._gone = {name: self._earlier_text(name) for name in self._before - {*names}}
        """Suites that are no more, by name, with the text that they had."""
        self._covered: set[str] = set()
        """Prompts that some suite evaluates, or judges with."""

    def compare(self, name: str) -> Touched:
        """One suite at both ends."""
        tree, past = self._tree, self._past
        suite = load_suite(tree, name)
        loaded = _prompt(suite, tree)
        judges = [judged for each in suite.file.scorers.values() if (judged := judge_named(each))]
        self._covered |= {loaded.name, *judges}
        place = locate_dataset(suite, tree)
        old, broken = self._earlier(suite)
        state = past.prompt(loaded.name)
        changes, notes = _prompt_part(loaded, state)
        rescored: list[Rescored] = []
        replaced = _replaced(old, suite, state)
        if old is None:
            told = f"the suite could not be read before: {broken}" if broken else "the suite is new"
            changes.append(PartChange("policy", told, suite.path))
        else:
            moved = dataset_change(suite.dataset_path, place, _dataset_path(old), past)
            changes += [moved] if moved else []
            around, rescored = suite_changes(SuiteSide(old, past.tree), SuiteSide(suite, tree))
            if replaced:
                told = f"prompt {replaced} → {loaded.name}"
                changes.append(PartChange("policy", told, suite.path))
            changes += around
            notes += aside(old.file, suite.file)
            notes += [f"the suite was called {old.name} before"] if old.name != name else []
        compared = state.loaded is not None and state.loaded.digest != loaded.digest
        return Touched(
            suite=name,
            prompt=loaded.name,
            status="compared" if compared else "described" if changes else "untouched",
            changes=changes,
            notes=notes,
            before=state.loaded,
            rescored=rescored,
            names=(name, old.name) if old else (name,),
            models=_models(suite, [loaded, state.loaded], tree),
            replaced=replaced,
        )

    def removed(self) -> list[Touched]:
        """Suites that are gone, and that no new one was taken for."""
        found = []
        for name in sorted(self._gone):
            suite, _ = self._read(name)
            prompt = suite.file.prompt if suite else ""
            found.append(Touched(name, prompt, "removed"))
        return found

    def uncovered(self) -> list[str]:
        """Prompts that mean something else than before, and that no suite evaluates.

        Raises:
            InputError: one of them cannot be read, and could before or was not there.
        """
        found = []
        for name in prompt_names(self._tree):
            if name in self._covered:
                continue
            here, then = state_in(self._tree, prompt_path(name)), self._past.prompt(name)
            if here.broken is not None and then.broken is None:
                raise here.broken
            if here.key != then.key:
                found.append(name)
        return found

    def _earlier(self, suite: Suite) -> tuple[Suite | None, str]:
        """The suite of this name as it was, else one that is gone and that this is much like.

        And why it cannot be read, where it is there.
        """
        if suite.name in self._before:
            return self._read(suite.name)
        text = (self._tree.read(suite.path) or "").splitlines()
        alike = {
            name: difflib.SequenceMatcher(None, old.splitlines(), text).ratio()
            for name, old in sorted(self._gone.items())
        }
        best = max(alike, key=alike.__getitem__, default="")
        if alike.get(best, 0.0) < _ALIKE:
            return None, ""
        del self._gone[best]
        return self._read(best)

    def _earlier_text(self, name: str) -> str:
        suite, _ = self._read(name)
        return (self._past.tree.read(suite.path) or "") if suite else ""

    def _read(self, name: str) -> tuple[Suite | None, str]:
        try:
            return load_suite(self._past.tree, name), ""
        except HistoryError:
            raise
        except InputError as error:
            return None, error.message


def _prompt(suite: Suite, tree: WorkingTree) -> LoadedPrompt:
    try:
        return load_prompt(tree, suite.file.prompt)
    except InputError as error:
        if error.location:
            raise
        where = suite.document.locate(("prompt",))
        raise InputError(error.message, location=where, hint=error.hint) from None


def _prompt_part(loaded: LoadedPrompt, state: State) -> tuple[list[PartChange], list[str]]:
    """What differs of the prompt, and what is to be known of that."""
    if state.broken is not None:
        told = f"the prompt could not be read before: {state.broken.message}"
        return [PartChange("wording", told, loaded.path)], [_UNREADABLE]
    if state.loaded is None:
        return [PartChange("wording", "the prompt is new", loaded.path)], [_FIRST]
    notes = []
    if state.loaded.path != loaded.path:
        notes.append(f"the prompt was called {name_of(state.loaded.path)} before")
    return prompt_changes(state.loaded, loaded), notes


def _replaced(old: Suite | None, new: Suite, state: State) -> str:
    """The other prompt that the suite named before; "" where it is this one, renamed perhaps."""
    if old is None or old.file.prompt == new.file.prompt:
        return ""
    if state.loaded is not None and name_of(state.loaded.path) == old.file.prompt:
        return ""
    return old.file.prompt


def _dataset_path(suite: Suite) -> str:
    try:
        return suite.dataset_path
    except InputError:  # it left the project then, so that nothing of it is known
        return suite.path


def _models(
    suite: Suite, prompts: Sequence[LoadedPrompt | None], tree: WorkingTree
) -> tuple[str, ...]:
    asked = [each.prompt.model for each in prompts if each]
    for options in suite.file.scorers.values():
        judge = judge_named(options)
        loaded = state_in(tree, prompt_path(judge)).loaded if judge else None
        model = options.get("model") or (loaded.prompt.model if loaded else None)
        asked += [model] if isinstance(model, str) else []
    return tuple(dict.fromkeys(asked))
