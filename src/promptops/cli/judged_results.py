"""What is known of those who judged, for a report: labels, measured trust, what may be asked.

All of it is read from the files at hand, and only by a format that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promptops.cli.output import note
from promptops.cli.reviewing.choices import Choices, Metric, metric_of
from promptops.documents.tree import Tree
from promptops.engine.suite import Suite, load_suite
from promptops.errors import InputError, InputErrors
from promptops.labels.files import read_labels
from promptops.reports.judged_results import AnyLabel, Choice, JudgedResults, Question
from promptops.reports.spreadsheet import text_cell
from promptops.trust.files import read_trust
from promptops.values.details import Details
from promptops.values.report import Report
from promptops.values.results import Results
from promptops.values.trust import TrustReport

_PAIR = "Which answer is better?"


def judged_results(results: Results, tree: Tree) -> JudgedResults:
    """The results, with what the project at hand knows of their judges."""
    known = _Known(tree, results.details)
    return JudgedResults(
        results.reports,
        results.gate,
        results.details,
        known.questions,
        known.labels,
        known.trust,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    tree: Tree
    details: Callable[[str], Details | None]

    def questions(self, report: Report) -> list[Question]:
        """What people may be asked, as `promptops review` asks it: judges first."""
        suite = self._suite(report)
        if suite is None:
            return []
        details = self.details(report.run)
        found = [
            _question(metric, details)
            for pairs in ((False, True) if report.baseline else (False,))
            for metric in self._metrics(report, suite, pairs=pairs)
            if metric.pairs == pairs
        ]
        judged = {each.name for each in report.metrics if each.judge}
        return sorted(found, key=lambda each: each.metric not in judged)

    def labels(self, report: Report) -> list[AnyLabel]:
        """What people said of answers of the suite; said aloud where that cannot be read."""
        try:
            return read_labels(self.tree, report.suite).all
        except (InputError, InputErrors) as error:
            note(f"without people's labels: {error}")
            return []

    def trust(self, report: Report) -> list[TrustReport]:
        """What was measured of each judge on this suite."""
        suite = self._suite(report)
        if suite is None:
            return []
        found: list[TrustReport] = []
        for metric in self._metrics(report, suite, pairs=False):
            if metric.judge is None:
                continue
            try:
                known = read_trust(self.tree, metric.judge.name)
            except InputError as error:
                note(f"without what was measured of {metric.judge.name}: {error}")
                continue
            found += [
                each
                for each in known
                if (each.suite, each.metric) == (report.suite, metric.name) and each not in found
            ]
        return found

    def _suite(self, report: Report) -> Suite | None:
        """None where the suite is gone, or cannot be read any more."""
        try:
            return load_suite(self.tree, report.suite)
        except (InputError, InputErrors):
            return None

    def _metrics(self, report: Report, suite: Suite, *, pairs: bool) -> Sequence[Metric]:
        """Those that people can label; a judge of pairs asks about pairs alone."""
        found = []
        for each in report.metrics:
            if each.name not in suite.file.scorers:
                continue
            try:
                metric = metric_of(suite, self.tree, each.name, pairs=pairs)
            except (InputError, InputErrors):
                continue  # nobody sees it in an answer, or its judge is gone
            if not pairs or metric.judge is not None:
                found.append(metric)
        return found


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
