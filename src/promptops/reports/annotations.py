"""Findings beside the lines of a prompt file, as GitHub shows them in a pull request."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from promptops.reports import facts, words
from promptops.reports.headline import headline, told_by
from promptops.reports.prompt_changes import first_changed_lines
from promptops.reports.safe_text import visible
from promptops.reports.symbols import UNICODE
from promptops.values.details import Details
from promptops.values.report import Report
from promptops.values.results import Results

Level = Literal["error", "warning", "notice"]

MOST_OF_A_LEVEL = 10
"""GitHub shows no more of each level for one step."""

_GRAVITY: tuple[Level, ...] = ("error", "warning", "notice")
_LONGEST_TITLE = 120
_LONGEST_MESSAGE = 1_500
_MOST_REASONS = 4
_OUTSIDE = re.compile(r"[a-zA-Z]:|/|\\|~")
_HEADS = re.compile(r"^((?:version|change|description)\b[ \t]*:).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One finding at lines of a file."""

    path: str
    """From the root of the project; "" where the file is not known."""
    line: int
    """From 1."""
    end_line: int
    """The last line of it, at least `line`."""
    level: Level
    title: str
    message: str


def annotations(results: Results) -> list[Annotation]:
    """What deserves a look, the gravest first, at most ten of each level.

    An error for what stops the merge, a warning where there is no verdict, a notice for a small
    real drop.  It stands where the prompt's file first changed.
    """
    told: list[Annotation] = []
    counts: Counter[Level] = Counter()
    wanted = [(level, each) for each in results.reports if (level := _level(each))]
    for level, report in sorted(wanted, key=lambda pair: _GRAVITY.index(pair[0])):
        if counts[level] < MOST_OF_A_LEVEL:
            counts[level] += 1
            told.append(_annotation(report, level, results.details(report.run)))
    return told


def workflow_commands(told: Iterable[Annotation]) -> str:
    """Annotations as commands for the log of a GitHub build, one a line.

    `::error file=prompts/a.yaml,line=4,endLine=5,title=a regressed::…`
    """
    return "".join(f"{_command(each)}\n" for each in told)


def _level(report: Report) -> Level | None:
    """How grave a report is; None where there is nothing to say."""
    if facts.itself(report) or (report.baseline is None and report.verdict == "inconclusive"):
        return None
    if report.verdict == "regressed":
        return "error" if report.exit_code else "warning"
    if report.verdict in {"invalid", "inconclusive"}:
        return "warning"
    return "notice" if any(metric.small_drop for metric in report.metrics) else None


def _annotation(report: Report, level: Level, behind: Details | None) -> Annotation:
    path, line, end_line = _place(behind)
    is_ = "is " if report.verdict in {"invalid", "inconclusive"} else ""
    name = _one_line(report.suite, _LONGEST_TITLE)
    title = f"{name} {is_}{report.verdict}"
    if level == "notice":
        title += ", with a small drop"
    return Annotation(path, line, end_line, level, title, _message(report))


def _place(behind: Details | None) -> tuple[str, int, int]:
    """The prompt's file, and where it first changed."""
    after = behind.candidate if behind else None
    if behind is None or after is None or not _is_inside(after.path):
        return "", 1, 1
    before = behind.baseline
    if before is None or before.source == after.source:
        return after.path, 1, 1
    old, new = _without_heads(before.source), _without_heads(after.source)
    if old == new:
        old, new = before.source, after.source
    return after.path, *first_changed_lines(old, new)


def _without_heads(source: str) -> str:
    """A prompt's file with the lines made alike that every new version changes."""
    return _HEADS.sub(r"\1", source)


def _is_inside(path: str) -> bool:
    """Whether a path can be one of the project's: relative, and never leading out of it."""
    return bool(path) and not _OUTSIDE.match(path) and ".." not in path.split("/")


def _message(report: Report) -> str:
    """The finding, what it leaves unsaid, and what it was found with."""
    found = headline(report, UNICODE)
    lines = [f"{words.versions(report, UNICODE)}: {found}"]
    reasons = [each for each in report.reasons if not told_by(found, each, report)]
    lines += [f"• {reason}" for reason in reasons[:_MOST_REASONS]]
    if facts.supplied(report):
        lines.append(f"• {facts.supplied(report)}")
    if report.model:
        lines.append(f"{report.model}, run {report.run}")
    shown = [_one_line(line, _LONGEST_MESSAGE // 2) for line in lines]
    return _cut("\n".join(shown), _LONGEST_MESSAGE)


def _one_line(text: str, most: int) -> str:
    return _cut(visible(text[: most + 1]), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _command(each: Annotation) -> str:
    title, message = (_shown(text) for text in (each.title, each.message))
    # A path is written as it is: shown otherwise it would name another file.
    place = f"file={_property(each.path)},line={each.line},endLine={each.end_line},"
    place = place if each.path and each.path == _shown(each.path) else ""
    return f"::{each.level} {place}title={_property(title)}::{_data(message)}"


def _shown(text: str) -> str:
    """Lines in which nothing acts, whoever made the annotation."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
