"""What is known of a judge in plain words: what every format for people says alike."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from promptops.reports import words
from promptops.reports.symbols import Symbols
from promptops.values.trust import Measure, Standing, TrustReport

STYLES: dict[Standing, str] = {
    "may gate": "bold green",
    "observes": "bold red",
    "not known yet": "bold yellow",
}
CLASSES: dict[Standing, str] = {
    "may gate": "passed",
    "observes": "regressed",
    "not known yet": "inconclusive",
}
"""The verdict whose colours a page lends to each."""

MEANINGS = {
    "accuracy": "how often it says what people say",
    "sensitivity": "of the answers that people pass, how many it passes",
    "specificity": "of the answers that people fail, how many it fails",
    "kappa": "agreement beyond chance (Cohen)",
    "weighted kappa": "the same, near misses counting less",
    "alpha": "agreement beyond chance (Krippendorff); the bar is 0.667 at its low end",
}


class Row(NamedTuple):
    """One measure, in words."""

    name: str
    value: str
    interval: str
    meaning: str


def title(report: TrustReport) -> str:
    """Which judge, and where."""
    return f"{report.judge} v{report.version} in {report.suite}"


def facts(report: TrustReport, signs: Symbols) -> str:
    """Model, metric, and how much it rests on."""
    told = [f"asked of {report.model}", f"metric {report.metric}"]
    told.append(words.many(report.answers, "labelled answer") + " judged")
    return f" {signs.dot} ".join(told)


def people(report: TrustReport, signs: Symbols) -> list[str]:
    """Who labelled, and how far they agree."""
    who = report.people
    if not who.labels:
        return ["Nobody has labelled an answer for this metric yet."]
    names = ", ".join(f"{name} {count:,}" for name, count in who.reviewers.items())
    told = [f"{words.many(who.labels, 'label')} on {words.many(who.answers, 'answer')}: {names}."]
    if len(who.reviewers) == 1:
        told.append("With one reviewer nobody knows how far people agree with each other.")
    elif who.alpha is None:
        told.append("No two reviewers labelled the same answer: how far they agree is not known.")
    elif who.alpha.value is None:
        told.append(f"How far reviewers agree is not known: {who.alpha.why}.")
    else:
        told.append(
            f"Reviewers agree with alpha {_number(who.alpha, signs)} on"
            f" {words.many(who.shared, 'answer')} that several labelled."
        )
    left_out = [
        (who.disputed, "on which as many said yes as no"),
        (report.missing, "whose text is kept nowhere"),
        (report.unscored, "of which the judge said nothing"),
        (report.failed, "on which it could not be asked"),
    ]
    told += [f"Left out: {words.many(n, 'answer')} {why}." for n, why in left_out if n]
    if who.undecided:
        told.append(f"{words.many(who.undecided, 'label')} could not tell.")
    return told


def rows(report: TrustReport, signs: Symbols) -> list[Row]:
    """Every measure of agreement."""
    return [
        Row(
            each.name,
            _value(each, signs),
            _interval(each, signs),
            each.why or MEANINGS.get(each.name, ""),
        )
        for each in report.agreement
    ]


GRID = ("", ">judge passes", ">judge fails")


def grid(report: TrustReport) -> list[list[str]]:
    """How often which of them said what, below `GRID`; empty where nobody knows."""
    counts = report.confusion
    if counts is None:
        return []
    return [
        ["people pass", words.number(counts.both_yes), words.number(counts.judge_no)],
        ["people fail", words.number(counts.judge_yes), words.number(counts.both_no)],
    ]


def slices(report: TrustReport) -> list[tuple[str, str, str, str]]:
    """Each tag, the worst first: its name, answers, accuracy and interval."""
    return [
        (
            each.tag,
            words.number(each.answers),
            words.score(each.accuracy.value),
            _hundredths(each.accuracy.interval),
        )
        for each in report.slices
    ]


def biases(report: TrustReport, signs: Symbols) -> Iterator[tuple[str, str]]:
    """What moves the judge beside the quality of answers: a name and a sentence."""
    for each in report.position:
        if each.name == "flips":
            told = f"the order decides in {_share(each)} of {words.many(each.size, 'pair')}"
        else:
            told = f"the first answer wins {_points(each, signs)} beyond one half"
        yield "position", f"{told}."
    length = report.length
    if length is not None and length.value is not None:
        moved = _points(length, signs)
        told = f"an answer twice as long scores {moved}, among those that people value alike"
        yield "length", f"{told}{_surely(length)}."
    elif length is not None:
        yield "length", f"not known: {length.why}."
    if report.consistency is not None:
        told = f"asked the same again it says otherwise {_share(report.consistency)} of the time"
        yield "consistency", f"{told} ({words.many(report.consistency.size, 'answer')})."
    elif report.answers:
        again = f"promptops judge check {shlex.quote(report.judge)} --repeat 3"
        yield "consistency", f"not known, for nothing was asked twice: {again}"


def thousandths(value: float, signs: Symbols) -> str:
    """A number by its thousandths; what rounds to nothing has no sign."""
    return f"{value:z.3f}".replace("-", signs.minus)


def canary_words(report: TrustReport) -> tuple[str, bool]:
    """What the canaries came to, and whether all is well."""
    if not report.canaries:
        return "none was tried", True
    passed = [each.name for each in report.canaries if each.passed]
    unknown = [each.name for each in report.canaries if not each.known]
    if passed:
        return f"it lets pass: {', '.join(passed)}", False
    if unknown:
        return f"not known of: {', '.join(unknown)}", False
    return f"all {len(report.canaries)} fail, as they must", True


def _value(each: Measure, signs: Symbols) -> str:
    return "not defined" if each.value is None else thousandths(each.value, signs)


def _interval(each: Measure, signs: Symbols) -> str:
    if each.interval is None:
        return signs.none
    low, high = (thousandths(end, signs) for end in each.interval)
    return f"{low} to {high}"


def _hundredths(interval: tuple[float, float] | None) -> str:
    return f"{words.score(interval[0])} to {words.score(interval[1])}" if interval else ""


def _number(each: Measure, signs: Symbols) -> str:
    if each.interval is None:
        return _value(each, signs)
    return f"{_value(each, signs)} ({_interval(each, signs)})"


def _share(each: Measure) -> str:
    assert each.value is not None
    low, high = each.interval or (each.value, each.value)
    return f"{100 * each.value:.3g}% ({100 * low:.3g}% to {100 * high:.3g}%)"


def _points(each: Measure, signs: Symbols) -> str:
    assert each.value is not None
    low, high = each.interval or (each.value, each.value)
    ends = f"{words.signed(low, signs)} to {words.signed(high, signs)}"
    return f"{words.signed(each.value, signs)} ({ends})"


def _surely(each: Measure) -> str:
    """Whether it is more than chance, by ends as near as anybody reads them."""
    low, high = (round(end, 3) for end in each.interval or (-1.0, 1.0))
    if low == high == 0:
        return "; length moves nothing"
    return "; that may be chance" if low <= 0 <= high else "; that is no chance"
