"""What people may be asked of a report's answers, and what was measured of its judges.

Imported only by what shows it: a page that can be labelled in.
"""

from __future__ import annotations

from collections.abc import Iterator

from promptops.cli.output import note
from promptops.cli.reviewing.choices import Choices, Metric, metric_of
from promptops.documents.tree import Tree
from promptops.engine.suite import Suite, load_suite
from promptops.errors import InputError, InputErrors
from promptops.reports.judged_results import Choice, Question
from promptops.reports.spreadsheet import text_cell
from promptops.trust.files import read_trust
from promptops.values.details import Details
from promptops.values.report import Report
from promptops.values.trust import TrustReport

_PAIR = "Which answer is better?"


def questions(report: Report, tree: Tree, details: Details | None) -> list[Question]:
    """What people may be asked, as `promptops review` asks it: judges first."""
    suite = _suite(report, tree)
    if suite is None:
        return []
    found = [
        _question(metric, details)
        for pairs in ((False, True) if report.baseline else (False,))
        for metric in _metrics(report, suite, tree, pairs=pairs)
        if metric.pairs == pairs
    ]
    judged = {each.name for each in report.metrics if each.judge}
    return sorted(found, key=lambda each: each.metric not in judged)


def measured(report: Report, tree: Tree, trust: Tree) -> list[TrustReport]:
    """What was measured of each judge on this suite; `trust` has the files of it."""
    suite = _suite(report, tree)
    if suite is None:
        return []
    found: list[TrustReport] = []
    for metric in _metrics(report, suite, tree, pairs=False):
        if metric.judge is None:
            continue
        try:
            known = read_trust(trust, metric.judge.name)
        except InputError as error:
            note(f"without what was measured of {metric.judge.name}: {error}")
            continue
        found += [
            each
            for each in known
            if (each.suite, each.metric) == (report.suite, metric.name) and each not in found
        ]
    return found


def _suite(report: Report, tree: Tree) -> Suite | None:
    """None where the suite is gone, or cannot be read any more."""
    try:
        return load_suite(tree, report.suite)
    except (InputError, InputErrors):
        return None


def _metrics(report: Report, suite: Suite, tree: Tree, *, pairs: bool) -> Iterator[Metric]:
    """Those that people can label; a judge of pairs asks about pairs alone."""
    for each in report.metrics:
        if each.name not in suite.file.scorers:
            continue
        try:
            metric = metric_of(suite, tree, each.name, pairs=pairs)
        except (InputError, InputErrors):
            continue  # nobody sees it in an answer, or its judge is gone
        if not pairs or metric.judge is not None:
            yield metric


def _question(metric: Metric, details: Details | None) -> Question:
    choices = metric.choices
    return Question(
        metric=metric.name,
        cell=text_cell(metric.name),
        pairs=metric.pairs,
        asked=_PAIR if metric.pairs else metric.question,
        choices=tuple(
            Choice(each.label, text_cell(each.label), each.keys, each.about)
            for each in choices.listed
        ),
        number=choices.told if choices.ends is not None else "",
        ends=choices.ends,
        whole=choices.whole,
        criteria=_criteria(choices),
        inputs=_inputs(metric, details),
        rubric=_rubric(metric),
    )


def _criteria(choices: Choices) -> dict[str, str]:
    return {name: each.question for name, each in choices.criteria.items()}


def _inputs(metric: Metric, details: Details | None) -> tuple[str, ...]:
    """What prompt and judge are given of a case."""
    prompts = [details.candidate, details.baseline] if details else []
    names = [name for prompt in prompts if prompt for name in prompt.inputs]
    names += metric.judge.prompt.inputs if metric.judge else ()
    return tuple(dict.fromkeys(names))


def _rubric(metric: Metric) -> tuple[tuple[str, str], ...]:
    """What the judge is told to go by, as its prompt has it."""
    if metric.judge is None:
        return ()
    prompt = metric.judge.prompt
    told: list[tuple[str, str]] = [
        (each.role, each.content if isinstance(each.content, str) else str(each.content))
        for each in prompt.messages
    ]
    rubric = prompt.judge
    told += (rubric.anchors if rubric else {}).items()
    told += [(name, each.question) for name, each in (rubric.criteria if rubric else {}).items()]
    return tuple((title, text.strip()) for title, text in told)
