"""Where a judge is used: the suites that score with it, and the suite of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from promptops.documents.tree import Tree
from promptops.documents.yaml_reader import read_yaml
from promptops.engine.scoring import ProjectAccess
from promptops.engine.suite import Suite, load_suite, suite_names
from promptops.errors import InputError
from promptops.judges.pairs import compares
from promptops.scorers.discovery import Scorer, build

JUDGE = "judge"
PAIRWISE = "pairwise"
OWN_METRIC = "judge"
"""What the judge is called in the suite of its own, where no scorer of it has a name."""


@dataclass(frozen=True, slots=True)
class Use:
    """One scorer that asks the judge, made ready."""

    suite: Suite
    metric: str
    scorer: Scorer
    own: bool = False
    """The suite is about the judge itself: its cases are labelled answers."""

    @property
    def of_pairs(self) -> bool:
        """Whether it compares two answers."""
        return self.scorer.type == PAIRWISE


def uses_of(
    judge: str,
    tree: Tree,
    access: ProjectAccess,
    *,
    suites: Sequence[str] = (),
    model: str | None = None,
) -> list[Use]:
    """Every use of a judge in `suites`, or in all there are; asked with `model` where it is given.

    Raises:
        InputError: a suite or the judge cannot be read, or it is used nowhere.
    """
    read = [load_suite(tree, name) for name in suites or suite_names(tree)]
    found = [
        Use(
            suite, metric, _ready(build(metric, suite.document, ("scorers", metric)), access, model)
        )
        for suite in read
        for metric, written in suite.file.scorers.items()
        if written.get("type") in {JUDGE, PAIRWISE} and written.get("prompt") == judge
    ]
    elsewhere = _written(judge, tree) if suites else [use.scorer for use in found]
    for suite in read:
        if suite.file.prompt == judge:
            try:
                type_ = PAIRWISE if compares(access.load_prompt(judge)) else JUDGE
                scorer = _ready(_of_its_own(judge, type_, suite, elsewhere), access, model)
            except InputError as error:  # its place is in options that nobody wrote
                place = suite.document.locate(("prompt",))
                raise InputError(error.message, location=place, hint=error.hint) from None
            found.append(Use(suite, OWN_METRIC, scorer, own=True))
    if not found:
        where = f"suite {', '.join(suites)} does not use" if suites else "no suite uses"
        raise InputError(
            f"{where} the judge {judge!r}",
            hint=f"a scorer that does:  {{type: judge, prompt: {judge}, role: observe}}",
        )
    return found


def _written(judge: str, tree: Tree) -> list[Scorer]:
    """The judge as other suites write it."""
    return [
        build(metric, suite.document, ("scorers", metric))
        for suite in (load_suite(tree, name) for name in suite_names(tree))
        for metric, written in suite.file.scorers.items()
        if written.get("type") == JUDGE and written.get("prompt") == judge
    ]


def _of_its_own(judge: str, type_: str, suite: Suite, elsewhere: Sequence[Scorer]) -> Scorer:
    """The judge for a suite about itself: with what another suite says its labels are worth."""
    options: dict[str, Any] = {"type": type_, "prompt": judge}
    for scorer in elsewhere:
        if scorer.type == JUDGE == type_:
            written = msgspec.to_builtins(scorer.options)
            options |= {key: written[key] for key in ("labels", "scale") if written.get(key)}
            break
    text = msgspec.json.encode({"scorers": {OWN_METRIC: options}}).decode()
    return build(OWN_METRIC, read_yaml(text, suite.path), ("scorers", OWN_METRIC))


def _ready(scorer: Scorer, access: ProjectAccess, model: str | None) -> Scorer:
    """Made ready to be looked at, whatever its role: no verdict hangs on what it says here."""
    changes: dict[str, Any] = {"role": "observe"}
    if model:
        changes |= {"model": model, "models": None}
    scorer.options = msgspec.structs.replace(scorer.options, **changes)
    scorer.preflight(access)
    return scorer
