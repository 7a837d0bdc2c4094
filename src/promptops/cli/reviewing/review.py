"""The ways of `promptops review`: sit down, a sheet out, a sheet in, how far people agree."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptops.cli.output import Format, emit, is_terminal, note, surface
from promptops.cli.project import Project
from promptops.cli.reviewing.choices import Metric, metric_of
from promptops.cli.reviewing.material import Asked, Question, questions_of, run_of
from promptops.cli.reviewing.outcome import (
    SCHEMA,
    Outcome,
    fitted,
    next_commands,
    next_lines,
    outcome_lines,
    remarks,
    total,
)
from promptops.cli.reviewing.reviewer import Reviewer, reviewer_of
from promptops.engine.people.choosing_answers import How
from promptops.engine.suite import Suite
from promptops.errors import ExitCode, InputError, TerminatedError, did_you_mean
from promptops.labels.files import AnyLabel, labels_path, read_labels
from promptops.labels.writing import Kept, keep_labels
from promptops.models.redaction import Redactor
from promptops.reports.encoding import encode
from promptops.reports.words import many
from promptops.store.store import Store

_HERE = "promptops.cli.reviewing"
_MOST_TOLD = 20
_NO_TERMINAL = "labels are given at a terminal, and there is none"
_BY_SHEET = "promptops review SUITE --export FILE  writes a sheet to fill in instead"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    metric: str | None
    pairs: bool
    how: How
    number: int
    run: str | None
    seed: int
    reviewer: str | None
    with_expected: bool


@dataclass(frozen=True, slots=True)
class Review:
    """One call of the command."""

    project: Project
    suite: Suite
    wish: Wish
    format: Format
    output: Path | None

    def sit(self) -> int:
        """Label at the terminal.

        Raises:
            InputError: there is no terminal, or nothing to label.
        """
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise InputError(_NO_TERMINAL, hint=_BY_SHEET)
        terminal = _part("terminal")
        session = _part("session")
        scribing = _part("scribe")
        reviewer, metric, questions = self._gathered()
        kept: list[Kept] = []
        if not questions:
            note(self._nothing_left(metric))
            return self._tell(metric, reviewer, kept, None)
        redactor = Redactor(os.environ)

        def keep(label: AnyLabel) -> None:
            kept.append(keep_labels(self.project.tree, self.suite.name, [label]))

        scribe = scribing.Scribe(metric.name, reviewer.name, redactor, self.wish.how)
        try:
            with terminal.Terminal() as opened:
                sitting = session.Session(questions, metric, scribe, keep, opened)
                sitting.run()
                opened.clear()
        except (KeyboardInterrupt, TerminatedError):
            if kept:
                note(f"\n{many(len(kept), 'label')} kept in {labels_path(self.suite.name)}")
            raise
        return self._tell(metric, reviewer, kept, (sitting, len(questions)))

    def write_sheet(self, place: Path) -> int:
        """A sheet of what would be shown."""
        reviewer, metric, questions = self._gathered()
        if not questions:
            note(f"{self._nothing_left(metric)}; {place} was not written")
            return ExitCode.OK
        sheet = _part("filled_sheet").sheet_to_fill(questions, metric, self.wish.how)
        emit(sheet, place, machine=True)
        unit = "pair" if metric.pairs else "answer"
        note(
            f"{many(len(questions), unit)} in {place}: fill in the column 'label' with"
            f" {metric.choices.told}; or ? where you cannot tell"
        )
        back = ["review", self.suite.name, "--import", str(place), "--reviewer", reviewer.name]
        note(f"then  promptops {shlex.join(back)}")
        return ExitCode.OK

    def take_sheet(self, place: Path) -> int:
        """The labels of a sheet that was filled in; answers 2 where a row could not be taken."""
        reviewer = self._reviewer()
        part = _part("filled_sheet")
        sheet = part.opened_sheet(place)
        desk = part.Desk(self.suite, self.project.tree, reviewer.name, Redactor(os.environ))
        with Store(self.project.root, reading=True) as store:
            taken = desk.take(sheet, place, store)
        kept = keep_labels(self.project.tree, self.suite.name, taken.labels)
        for each in taken.refused[:_MOST_TOLD]:
            note(str(each))
        if len(taken.refused) > _MOST_TOLD:
            note(f"and {len(taken.refused) - _MOST_TOLD} more rows like these")
        names = list(dict.fromkeys(label.metric for label in taken.labels))
        pairs = sheet.kind == "pair"
        metrics = [metric_of(self.suite, self.project.tree, each, pairs=pairs) for each in names]
        outcome = Outcome(
            SCHEMA, self.suite.name, names, reviewer.name, labels_path(self.suite.name),
            len(taken.labels), kept.added, kept.changed, empty=taken.empty,
            refused=len(taken.refused), said=_counted(taken.labels),
            next=next_commands(labels_path(self.suite.name), metrics) if taken.labels else [],
            remarks=remarks(metrics),
        )  # fmt: skip
        self._emit(outcome, sheet.kind, names)
        return ExitCode.INPUT if taken.refused else ExitCode.OK

    def agreement(self) -> int:
        """How far those who labelled agree.

        Raises:
            InputError: there are no labels.
        """
        labels = read_labels(self.project.tree, self.suite.name)
        there = sorted({each.metric for each in labels.all})
        wanted = self.wish.metric
        if not there or (wanted is not None and wanted not in there):
            of = f" for {wanted!r}" if wanted else ""
            hint = did_you_mean(wanted or "", there) if there else None
            raise InputError(
                f"there are no labels{of} in {labels.path}",
                hint=hint or f"promptops review {self.suite.name}  gives some",
            )
        part = _part("agreement")
        found = part.agreement_of(self.suite.name, labels, wanted)
        if self.format is Format.JSON:
            emit(encode(found), self.output, machine=True)
        else:
            shown = surface(self.output)
            lines = part.agreement_lines(found.metrics, shown)
            emit("\n".join(fitted(lines, shown)), self.output)
        return ExitCode.OK

    def _reviewer(self) -> Reviewer:
        found = reviewer_of(self.wish.reviewer, self.project.root, os.environ)
        if self.wish.reviewer is None:
            note(f"reviewer: {found.name} (from {found.source}; --reviewer NAME says otherwise)")
        return found

    def _gathered(self) -> tuple[Reviewer, Metric, list[Question]]:
        """Who labels, for what, and what is shown."""
        wish, tree = self.wish, self.project.tree
        metric = metric_of(self.suite, tree, wish.metric, pairs=wish.pairs)
        labels = read_labels(tree, self.suite.name)
        reviewer = self._reviewer()
        asked = Asked(metric, wish.how, wish.number, wish.seed, reviewer.name, wish.with_expected)
        with Store(self.project.root, reading=True) as store:
            report, details = run_of(store, self.suite.name, wish.run)
            questions = questions_of(self.suite, report, details, labels, asked)
        return reviewer, metric, questions

    def _nothing_left(self, metric: Metric) -> str:
        if self.wish.how == "disagreements":
            return f"nothing left to label: no further disagreement about {metric.name}"
        return f"nothing left to label for {metric.name}: you have labelled all of this run"

    def _tell(
        self, metric: Metric, reviewer: Reviewer, kept: Sequence[Kept], sat: tuple[Any, int] | None
    ) -> int:
        """What came of a sitting."""
        sums = total(kept)
        sitting, shown = sat or (None, 0)
        said = sitting.said if sitting else {}
        skipped = len(sitting.skipped) if sitting else 0
        path = labels_path(self.suite.name)
        outcome = Outcome(
            SCHEMA, self.suite.name, [metric.name], reviewer.name, path, len(said), sums.added,
            sums.changed, skipped=skipped, left=shown - len(said) - skipped,
            said=dict(Counter(each.label for each in said.values())),
            next=next_commands(path, [metric]) if said else [],
            remarks=remarks([metric], self.wish.how) if said else [],
        )  # fmt: skip
        self._emit(outcome, "pair" if metric.pairs else "answer", [metric.name])
        return ExitCode.OK

    def _emit(self, outcome: Outcome, unit: str, metrics: Sequence[str]) -> None:
        if self.format is Format.JSON:
            emit(encode(outcome), self.output, machine=True)
            return
        shown = surface(self.output)
        lines = outcome_lines(outcome, unit, shown)
        labels = read_labels(self.project.tree, self.suite.name)
        if outcome.labelled and len({each.reviewer for each in labels.all}) > 1:
            part = _part("agreement")
            for name in metrics:
                found = part.agreement_of(self.suite.name, labels, name).metrics
                lines += part.agreement_lines(found, shown)
        emit("\n".join([*fitted(lines, shown), *next_lines(outcome.next)]), self.output)


def _part(name: str) -> Any:
    """A file of this package that not every way needs.

    Raises:
        InputError: this system has no terminals of the kind.
    """
    try:
        return importlib.import_module(f"{_HERE}.{name}")
    except ModuleNotFoundError as error:
        if error.name not in {"termios", "tty"}:
            raise
        raise InputError(
            "labels cannot be given at this system's terminal", hint=_BY_SHEET
        ) from None


def _counted(labels: Sequence[AnyLabel]) -> dict[str, int]:
    return dict(Counter(_word(each) for each in labels))


def _word(label: AnyLabel) -> str:
    word = getattr(label, "label", None) or getattr(label, "better", None)
    return str(word or "cannot tell")
