"""A report as other tools read it, with what its judges and people said beside it."""

from __future__ import annotations

from typing import Any

import msgspec

from promptops.reports.changed_cases import changed, choose
from promptops.reports.votes import read_votes
from promptops.values.judging import CaseWords, Judging
from promptops.values.report import Report
from promptops.values.results import Results

MOST_CASES = 1_000


class JudgedReport(Report, frozen=True):
    """A report, and what was said of its answers."""

    judging: dict[str, Judging] = msgspec.field(default_factory=dict)
    """Metric to what its judge said in this run."""
    said: dict[str, CaseWords] = msgspec.field(default_factory=dict)
    """Case that changed to who voted how on it, and what people say, in words."""


def judged_report(results: Results, report: Report) -> Report:
    """The report with what was said; as it is, where nothing is known of that."""
    votes = read_votes(results, report, {each.id for each in choose(changed(report), MOST_CASES)})
    said = {case: told for case, told in votes.cases.items() if told.votes or told.people}
    if not votes.metrics and not said:
        return report
    fields = {name: getattr(report, name) for name in Report.__struct_fields__}
    return JudgedReport(**fields, judging=votes.metrics, said=said)


def said_schema() -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON Schema of what is added: properties, and the definitions that they refer to."""
    fields = {each.name: each.type for each in msgspec.structs.fields(JudgedReport)}
    names = ("judging", "said")
    schemas, definitions = msgspec.json.schema_components([fields[name] for name in names])
    return dict(zip(names, schemas, strict=True)), definitions
