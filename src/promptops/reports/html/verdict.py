"""The verdict, in the words that every format uses, and what must be known beside it."""

from __future__ import annotations

from collections.abc import Iterable

from promptops.reports import facts, words
from promptops.reports.headline import headline, told_by
from promptops.reports.html.markup import NOTHING, Markup, element, join
from promptops.reports.remarks import outlook
from promptops.reports.symbols import UNICODE
from promptops.values.report import ArmReport, Report, Verdict

_KEPT = "what was paid for is kept"
_MOST_TOLD = 50


def mark(verdict: Verdict) -> Markup:
    """A verdict's sign and name; the colour comes on top of both."""
    sign = element("span", UNICODE.verdicts[verdict], class_="sign", aria_hidden="true")
    return element("span", sign, verdict, class_=f"mark {verdict}")


def verdict_part(report: Report, title_id: str) -> Markup:
    """The verdict first; then the finding, the reasons, and what would settle an open question."""
    title = element("h1", report.suite, id=title_id, tabindex="-1")
    if report.prompt != report.suite:
        title = join([title, element("p", f"prompt {report.prompt}", class_="prompt-name")])
    found = headline(report, UNICODE)
    return element(
        "header",
        element("div", mark(report.verdict), title, _versions(report), class_="lead"),
        element("p", found, class_="finding"),
        _change(report),
        _reasons(report, found),
        _next_step(report),
        _facts(report),
        class_=f"verdict {report.verdict}",
    )


def surroundings(report: Report) -> Markup:
    """What else changed between the arms, and what is odd; nothing where neither is so."""
    warnings = [each for each in report.warnings if not facts.told_by_cause(report, each)]
    return join(
        [
            _listed("What else changed", report.changes, "changes"),
            _listed("Warnings", warnings, "warnings"),
        ]
    )


def _versions(report: Report) -> Markup:
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    told = [_version(arm) for arm in arms]
    between = element("span", UNICODE.arrow, class_="arrow")
    return element("p", join(told, f" {between} "), class_="versions")


def _version(arm: ArmReport) -> Markup:
    name = element("b", f"v{arm.version}")
    short = words.UNCOMMITTED if arm.dirty or not arm.commit else arm.commit[:8]
    where = element("span", short, class_="commit", title=f"digest {arm.digest}")
    return element("span", name, " ", where, class_="version")


def _change(report: Report) -> Markup:
    change = report.candidate.change
    if not change:
        return NOTHING
    version = element("b", f"v{report.candidate.version}")
    return element("p", version, " ", element("q", change), class_="change")


def _reasons(report: Report, found: str) -> Markup:
    stopped = facts.stopped(report)
    told = [
        reason
        for reason in report.reasons
        if not told_by(found, reason, report) and not (stopped and _KEPT in reason)
    ]
    if stopped:
        how = next((reason for reason in report.reasons if _KEPT in reason), "")
        told.append("; ".join(each for each in (words.samples_had(report), how) if each))
    return _items(told, "reasons")


def _next_step(report: Report) -> Markup:
    told, command = outlook(report)
    if not told:
        return NOTHING
    told = told[0].upper() + told[1:]
    if not command:
        return element("p", f"{told}.", class_="next")
    return element("p", f"{told}: ", element("code", command), class_="next")


def _facts(report: Report) -> Markup:
    """Model, time and run, in one quiet line."""
    told: list[tuple[str, str]] = [("model", report.model)]
    when = f"{report.created[:10]} {report.created[11:16]} UTC" if report.created else ""
    told.append(("when", when))
    if report.seconds:
        told.append(("took", words.seconds(report.seconds)))
    told.append(("run", report.run))
    told.append(("baseline", str(report.meta.get("baseline_chosen") or "")))
    pairs = [
        element("div", element("dt", name), element("dd", value)) for name, value in told if value
    ]
    return element("dl", *pairs, class_="facts")


def _listed(title: str, told: list[str], class_: str) -> Markup:
    if not told:
        return NOTHING
    return element("section", element("h2", title), _items(told, ""), class_=f"aside {class_}")


def _items(told: list[str], class_: str) -> Markup:
    if not told:
        return NOTHING
    items: Iterable[Markup] = (element("li", each) for each in told[:_MOST_TOLD])
    more = len(told) - _MOST_TOLD
    last = element("li", f"and {words.number(more)} more") if more > 0 else None
    return element("ul", *items, last, class_=class_ or None)
