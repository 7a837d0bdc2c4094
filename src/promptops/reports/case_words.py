"""What was said of the answers to one case: who voted how, and what people say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promptops.reports import words
from promptops.reports.judged_results import AnyLabel, digest_of, said_by
from promptops.reports.spreadsheet import number_cell, text_cell
from promptops.values.details import CaseDetails
from promptops.values.judging import CaseWords
from promptops.values.report import Report
from promptops.values.sample import Arm
from promptops.values.score import Score, Unscorable, Vote

ARMS: tuple[Arm, Arm] = ("baseline", "candidate")
CANNOT_TELL = "the judge cannot tell"
"""How the reason of an answer begins of which a judge cannot tell."""
_MOST_VOTES = 8
_MOST_LETTERS = 60

People = Mapping[tuple[str, str], list[AnyLabel]]
"""Case and digest of an answer to what people said of it."""


NOTHING_SAID = CaseWords()


def case_words(case: CaseDetails, report: Report, people: People) -> CaseWords:
    """What was said of the answers to a case."""
    votes = [
        f"{short(name)}{_side(report, arm, pairs=pairs)}: {told}"
        for name in judges_of(report)
        for arm, pairs, told in _votes(case, name)
    ]
    return CaseWords(votes, list(dict.fromkeys(_people(case, report, people))))


def judges_of(report: Report) -> list[str]:
    """The metrics that a judge scored."""
    return [each.name for each in report.metrics if each.judge]


def said_in_case(case: CaseDetails, report: Report, people: People) -> dict[str, str]:
    """The same as cells: `faithful votes baseline`, `faithful cannot tell candidate`, `people`.

    Only what says something.
    """
    found: dict[str, str] = {}
    for name in judges_of(report):
        for arm, pairs, told in _votes(case, name):
            found[f"{name} votes" + ("" if pairs else f" {arm}")] = text_cell(told)
        for arm in ARMS:
            silent = sum(
                isinstance(scored := each.scores.get(name), Unscorable)
                and scored.reason.startswith(CANNOT_TELL)
                for each in case.samples
                if each.arm == arm
            )
            if silent:
                found[f"{name} cannot tell {arm}"] = number_cell(silent)
    said = list(dict.fromkeys(_people(case, report, people)))
    if said:
        found["people"] = text_cell("; ".join(said))
    return found


def _votes(case: CaseDetails, name: str) -> list[tuple[Arm, bool, str]]:
    """Side, whether it is about pairs, and who voted how; of pairs one side alone."""
    found = []
    for arm in ARMS:
        scores = [
            score
            for sample in case.samples
            if sample.arm == arm
            and isinstance(score := sample.scores.get(name), Score)
            and len(score.votes) > 1
        ]
        pairs = any(vote.order for each in scores for vote in each.votes)
        if scores and not (pairs and arm == "baseline"):  # both sides hold the same words
            found.append((arm, pairs, _ballots(scores)))
    return found


def _side(report: Report, arm: Arm, *, pairs: bool) -> str:
    told = report.baseline if arm == "baseline" else report.candidate
    return "" if pairs or told is None else f" of v{told.version}"


def _ballots(scores: Sequence[Score]) -> str:
    widest = max(scores, key=lambda each: _apart(each.votes))
    told = [vote_told(each) for each in widest.votes[:_MOST_VOTES]]
    left = len(widest.votes) - len(told)
    return "; ".join(told + ([f"and {left} more"] if left > 0 else []))


def _apart(votes: Sequence[Vote]) -> float:
    values = [each.value for each in votes if each.value is not None]
    return max(values) - min(values) if values else 0.0


def vote_told(vote: Vote) -> str:
    """One vote: `example/small-1 says faithful (1.00)`."""
    who = short(vote.by) or "a vote"
    where = f" ({vote.order})" if vote.order else ""
    label = short(vote.label)
    if vote.value is None:
        return f"{who}{where}: {label or 'no value'}"
    value = words.score(vote.value)
    return f"{who}{where} says {label} ({value})" if label else f"{who}{where} says {value}"


def _people(case: CaseDetails, report: Report, people: People) -> list[str]:
    """`right of v2: Ana Ficta says faithful: as the page has it`, for each label on an answer.

    Where a side answered in several ways, with the first sample that did.
    """
    if not people:
        return []
    found: list[str] = []
    for arm in ARMS:
        said: dict[str, int] = {}  # what was answered, and in which sample first
        for sample in case.samples:
            output = digest_of(sample) if sample.arm == arm else None
            if output is not None:
                said.setdefault(output, sample.index)
        side = _side(report, arm, pairs=False)
        for output, index in said.items():
            where = f", sample {index + 1}" if len(said) > 1 else ""
            labels = people.get((case.id, output), ())
            found += [_label_told(each, output, f"{side}{where}") for each in labels]
    return found


def _label_told(label: AnyLabel, output: str, where: str) -> str:
    told = f"{short(label.metric)}{where}: {short(label.reviewer)} says"
    comment = f": {short(label.comment)}" if label.comment.strip() else ""
    return f"{told} {short(said_by(label, output))}{comment}"


def short(text: str) -> str:
    """A name of others within a line."""
    text = " ".join(text.split())
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
