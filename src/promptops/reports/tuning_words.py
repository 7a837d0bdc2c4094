"""What came of trying a judge in other words, in plain words that every format says alike."""

from __future__ import annotations

from typing import NamedTuple

from promptops.reports import words
from promptops.reports.symbols import Symbols
from promptops.reports.trust_words import thousandths
from promptops.values.trust import Measure
from promptops.values.tuning import Half, Outcome, Tried, TuneReport

STYLES: dict[Outcome, str] = {
    "better": "bold green",
    "worse": "bold red",
    "not known": "bold yellow",
    "unchanged": "bold",
}


class Row(NamedTuple):
    """One wording on the half that picks."""

    name: str
    alpha: str
    interval: str
    accuracy: str
    silent: str
    about: str
    """What is other in it, or why it cannot be picked."""
    picked: bool


def title(report: TuneReport) -> str:
    """What was picked, of which judge."""
    judge = f"{report.judge} v{report.version} in {report.suite}"
    return f"{judge}: {report.picked}"


def facts(report: TuneReport, signs: Symbols) -> str:
    """Model, metric, and how the labels were split."""
    told = [
        f"asked of {report.model}",
        f"metric {report.metric}",
        f"{_half(report.picking)} pick",
        f"{_half(report.held_out)} held out",
        f"seed {report.seed}",
    ]
    return f" {signs.dot} ".join(told)


def rows(report: TuneReport, signs: Symbols) -> list[Row]:
    """Every wording, the judge as it is first."""
    return [
        Row(
            each.name,
            _value(each.alpha, signs),
            _interval(each.alpha, signs),
            words.score(each.accuracy.value) if each.accuracy.value is not None else signs.none,
            words.number(each.silent),
            _about(each),
            each.name == report.picked,
        )
        for each in report.tried
    ]


def held_out(report: TuneReport, signs: Symbols) -> list[tuple[str, str]]:
    """What the half says that nobody picked by: a name and a sentence."""
    if report.before is None or report.after is None or report.gain is None:
        return []
    told = [
        ("as it is", f"alpha {_with_interval(report.before, signs)}"),
        (report.picked, f"alpha {_with_interval(report.after, signs)}"),
    ]
    if report.gain.value is None:
        told.append(("gain", f"not known: {report.gain.why}"))
    else:
        told.append(("gain", f"{_with_interval(report.gain, signs)}, at {level(report)}"))
    return told


def notes(report: TuneReport, signs: Symbols) -> list[str]:
    """What a reader must know to read the numbers right."""
    found = []
    if report.optimism is not None:
        apart = thousandths(abs(report.optimism), signs)
        side = "higher" if report.optimism > 0 else "lower"
        found.append(
            f"The best of {len(report.tried)} is so partly by luck. Its alpha was {apart} {side} on"
            " the half that picked it than on the other; only the other counts."
        )
    if report.looks > 1:
        found.append(
            f"These labels were split and told {report.looks} times on this machine, each time of"
            f" another variant: the interval is at {level(report)}, so that all of them together"
            " are wrong 1 time in 20 at most."
        )
    if report.left_out:
        what = words.many(report.left_out, "labelled answer")
        found.append(f"Left out: {what} of cases that a variant quotes.")
    if any(each.silent for each in report.tried):
        found.append("An answer of which a judge says nothing counts against it here.")
    return found


def level(report: TuneReport) -> str:
    """The confidence of the gain's interval."""
    return f"{100 * report.level:.4g}%"


def _half(of: Half) -> str:
    cases = words.many(of.cases, "case")
    return f"{words.many(of.answers, 'answer')} of {cases}"


def _about(each: Tried) -> str:
    return f"out: {each.out}" if each.out else each.about


def _value(each: Measure, signs: Symbols) -> str:
    return signs.none if each.value is None else thousandths(each.value, signs)


def _interval(each: Measure, signs: Symbols) -> str:
    if each.interval is None:
        return signs.none
    low, high = (thousandths(end, signs) for end in each.interval)
    return f"{low} to {high}"


def _with_interval(each: Measure, signs: Symbols) -> str:
    if each.interval is None:
        return _value(each, signs)
    return f"{_value(each, signs)} ({_interval(each, signs)})"
