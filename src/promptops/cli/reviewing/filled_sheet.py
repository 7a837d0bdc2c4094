"""Labelling by way of a spreadsheet: the sheet to fill in, and the one that comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from promptops.cli.reviewing.choices import Metric, metric_of
from promptops.cli.reviewing.material import Question, Shown, known_answers
from promptops.cli.reviewing.scribe import Scribe
from promptops.documents.tree import Tree
from promptops.engine.people.choosing_answers import How
from promptops.engine.suite import Suite
from promptops.errors import InputError, Location, did_you_mean
from promptops.labels.files import AnyLabel
from promptops.labels.sheets import (
    CHOICES,
    CHOSEN,
    EXPECTED,
    IDS,
    INPUT,
    MAX_BYTES,
    SHOWN,
    Kind,
    Row,
    Sheet,
    filled,
    read_sheet,
    rule_of,
    sheet_text,
)
from promptops.reports.spreadsheet import text_cell
from promptops.store.store import Store

_RUNS_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What came out of a sheet."""

    labels: list[AnyLabel] = field(default_factory=list)
    empty: int = 0
    """Rows without a label."""
    refused: list[InputError] = field(default_factory=list)
    """Rows that cannot be taken, with the line and why."""


def sheet_to_fill(questions: Sequence[Question], metric: Metric, how: How) -> str:
    """The table of these questions, in their order; nothing in it is a formula.

    `how` is the rule by which they were chosen.
    """
    kind: Kind = "pair" if metric.pairs else "answer"
    rows = []
    for each in questions:
        row = {"metric": metric.name, "case": each.case, CHOSEN: how}
        row[CHOICES] = metric.choices.told
        row |= {INPUT + name: text for name, text in each.inputs}
        row |= dict(zip(IDS[kind][2:], (shown.output for shown in each.answers), strict=True))
        row |= dict(zip(SHOWN[kind], (shown.text for shown in each.answers), strict=True))
        if each.expected is not None:
            row[EXPECTED] = each.expected
        rows.append(row)
    return sheet_text(kind, rows, text_cell)


def opened_sheet(place: Path) -> Sheet:
    """A sheet on disk.

    Raises:
        InputError: there is none, or it is no sheet of ours.
    """
    try:
        with place.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot read the sheet: {error.strerror}", location=Location(str(place))
        ) from None
    return read_sheet(data, str(place))


class Desk:
    """Where the rows of a sheet become labels of one reviewer."""

    def __init__(
        self, suite: Suite, tree: Tree, reviewer: str, redactor: Callable[[str], str]
    ) -> None:
        self._suite = suite
        self._tree = tree
        self._reviewer = reviewer
        self._redactor = redactor
        self._names = {text_cell(name): name for name in suite.file.scorers}
        self._metrics: dict[str, Metric] = {}
        self._known: dict[tuple[str, str], tuple[str, Shown]] = {}

    def take(self, sheet: Sheet, place: Path, store: Store) -> Taken:
        """The labels in a sheet, for answers that the runs of the suite have kept."""
        rows = filled(sheet.rows)
        out = Taken(empty=len(sheet.rows) - len(rows))
        self._known = _known(store, self._suite.name, rows, sheet.kind)
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            about = (row.cells["metric"], row.cells["case"], *sorted(_outputs(row, sheet.kind)))
            try:
                label = self._label(row, sheet.kind, seen.get(about))
            except InputError as error:
                where = Location(str(place), row.line, 1)
                out.refused.append(InputError(error.message, location=where, hint=error.hint))
                continue
            seen[about] = row.line
            out.labels.append(label)
        return out

    def _label(self, row: Row, kind: Kind, before: int | None) -> AnyLabel:
        if row.problem:
            raise InputError(row.problem)
        if before is not None:
            raise InputError(f"line {before} has a label for the same already")
        metric = self._metric(row.cells["metric"], kind)
        found = [self._known.get((row.cells["case"], each)) for each in _outputs(row, kind)]
        there = [each for each in found if each is not None]
        if len(there) < len(found):
            raise InputError(
                f"no such answer to the case {row.cells['case']!r} is kept here",
                hint="import it where the answers were drawn; only label and comment are to change",
            )
        answers = tuple(shown for _, shown in there)
        if len({each.output for each in answers}) < len(answers):
            raise InputError("both answers of the pair are the same one")
        said = metric.choices.read(row.cells["label"])
        if said is None:
            raise InputError(
                f"{row.cells['label'][:60]!r} is no label of {metric.name!r}",
                hint=f"write {metric.choices.told}; or ? where you cannot tell",
            )
        scribe = Scribe(metric.name, self._reviewer, self._redactor, rule_of(row))
        return scribe.label(Question(there[0][0], (), None, answers), said, row.cells["comment"])

    def _metric(self, cell: str, kind: Kind) -> Metric:
        name = self._names.get(cell)
        if name is None:
            raise InputError(
                f"the suite has no metric {cell!r}", hint=did_you_mean(cell, self._names.values())
            )
        if name not in self._metrics:
            self._metrics[name] = metric_of(self._suite, self._tree, name, pairs=kind == "pair")
        if self._metrics[name].pairs != (kind == "pair"):
            raise InputError(f"{name!r} is about pairs, and this sheet about single answers")
        return self._metrics[name]


def _outputs(row: Row, kind: Kind) -> list[str]:
    return [row.cells[name] for name in IDS[kind][2:]]


def _known(
    store: Store, suite: str, rows: Sequence[Row], kind: Kind
) -> dict[tuple[str, str], tuple[str, Shown]]:
    """Case (as its cell has it) and digest to the answer, out of as many runs as it takes."""
    wanted = {(row.cells["case"], each) for row in rows for each in _outputs(row, kind)}
    found: dict[tuple[str, str], tuple[str, Shown]] = {}
    for run in store.runs.newest(name=suite, limit=_RUNS_LOOKED_AT):
        if len(found) == len(wanted):
            break
        details = store.details.of(run.id) if run.suite == suite else None
        if details is None:
            continue
        for case, texts in known_answers(details):
            for output, text in texts.items():
                key = (text_cell(case).strip(), output)
                if key in wanted:
                    found[key] = (case, Shown(output, text))
    return found
