"""A report, and a gate, as suites of entries.

One rule holds throughout: there is a failure or an error exactly where the exit code is not 0.  A
build that fails on them says the same as a build that looks at the exit code.  What is worth seeing
and stands against nothing is *skipped*: readers list it, and count it for neither side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from promptops.reports import facts, words
from promptops.reports.changed_cases import compared, gravity
from promptops.reports.junit import telling
from promptops.reports.junit.elements import Entry, Kind, Outcome, Suite
from promptops.reports.votes import Votes, read_votes
from promptops.values.gate import GateReport, SuiteGate
from promptops.values.report import CaseReport, Report, Verdict
from promptops.values.results import Results

MOST_CASES = 1_000
"""In all suites together; some readers take no more than 30 MB, or 250,000 parts of XML."""

_LEAST_CASES = 10

_STATUS = {
    "untouched": "nothing that it rests on changed, so nothing was asked",
    "removed": "the suite is gone",
}


def suites(results: Results) -> list[Suite]:
    """One suite per report; the model is in its name where several models answered."""
    reports = results.reports
    several = Counter(suite for suite, _ in {(each.suite, each.model) for each in reports})
    most = max(_LEAST_CASES, MOST_CASES // max(1, len(reports)))
    return [
        _suite(report, results, most, with_model=several[report.suite] > 1) for report in reports
    ]


def _suite(report: Report, results: Results, most: int, *, with_model: bool) -> Suite:
    shown = [each for each in report.cases if _worth_seeing(report, each)]
    shown.sort(key=gravity)
    votes = read_votes(results, report, {each.id for each in shown[:most]})
    said = ""
    if len(shown) > most:
        left = words.many(len(shown) - most, "more case")
        again = facts.again(report)
        said = f"{left} changed" + (f": {again} --format csv" if again else "")
    return Suite(
        name=f"{report.suite} ({report.model})" if with_model else report.suite,
        entries=[
            _verdict(report),
            *_metrics(report, votes),
            *_limits(report),
            *(_case(report, each, votes) for each in shown[:most]),
        ],
        seconds=report.seconds,
        created=report.created,
        properties=telling.properties(report, votes),
        said=said,
    )


def _verdict(report: Report) -> Entry:
    told, text = telling.verdict(report), telling.verdict_at_length(report)
    if not report.exit_code and report.verdict in {"improved", "passed"}:
        return Entry("verdict", said=text, seconds=report.seconds)
    outcome = Outcome(_by_exit_code(report.exit_code), report.verdict, told, text)
    return Entry("verdict", outcome, seconds=report.seconds)


def _by_exit_code(exit_code: int) -> Kind:
    if exit_code == 0:
        return "skipped"
    return "failure" if exit_code == 1 else "error"


def _metrics(report: Report, votes: Votes) -> list[Entry]:
    """The gating metrics. What only observes asserts nothing: it stands in the properties."""
    entries = []
    for each in facts.gating(report):
        told, text = telling.metric(report, each), telling.metric_at_length(report, each, votes)
        outcome = _held(report, each.verdict, told, text)
        entries.append(Entry(f"metric {each.name}", outcome, "" if outcome else text))
    return entries


def _limits(report: Report) -> list[Entry]:
    entries = []
    for each in facts.limited(report):
        told = telling.limit(each)
        outcome = _held(report, each.verdict, told, f"{each.name}: {told}")
        entries.append(Entry(f"limit {each.name}", outcome, "" if outcome else told))
    return entries


def _held(report: Report, verdict: Verdict | None, told: str, text: str) -> Outcome | None:
    """What the verdict on a part comes to; it is never graver than the exit code of the whole."""
    if verdict in {"improved", "passed"}:
        return None
    if verdict is None:
        return Outcome("skipped", "not compared", f"{told}, compared with nothing", text)
    kind: Kind = "skipped"
    if verdict == "regressed" and report.exit_code == 1:
        kind = "failure"
    elif verdict == "invalid" and report.exit_code:
        kind = "error"
    elif verdict == "inconclusive" and report.exit_code and report.verdict == verdict:
        kind = "error"  # the gate asks for an answer, and there is none
    return Outcome(kind, verdict, f"{verdict}: {told}", text)


def _worth_seeing(report: Report, case: CaseReport) -> bool:
    return report.baseline is not None and (case.change != "same" or case.critical)


def _case(report: Report, case: CaseReport, votes: Votes) -> Entry:
    name = f"case {case.id}"
    if not compared(case):
        return Entry(name, Outcome("skipped", "not compared", "a critical case, not compared"))
    told, text = telling.case(case), telling.case_at_length(report, case, votes)
    if case.change not in {"broken", "worse"}:
        return Entry(name, said=text)
    if case.change == "broken" and report.exit_code == 1:
        return Entry(name, Outcome("failure", "broken", told, text))
    if case.change == "broken":
        told += f"; no failure by itself: the verdict is {report.verdict}"
    return Entry(name, Outcome("skipped", case.change, told, text))


def gate_suite(gate: GateReport, reports: Sequence[Report]) -> Suite:
    """Whether it may merge, and what no report tells: suites and prompts without one."""
    reported = {report.run for report in reports}
    entries = [_may_merge(gate)]
    entries += [_unreported(each) for each in gate.suites if each.run not in reported]
    entries += [
        Entry(f"prompt {name}", Outcome("skipped", "uncovered", "it changed, and no suite asks it"))
        for name in gate.uncovered
    ]
    properties = [("base", gate.base), ("base_how", gate.base_how), ("head", gate.head or "")]
    properties += [("supplied", gate.supplied), ("url", gate.url)]
    return Suite("promptops", entries, properties=[each for each in properties if each[1]])


def _may_merge(gate: GateReport) -> Entry:
    told = "\n".join([*gate.reasons, *([gate.supplied] if gate.supplied else [])])
    if gate.may_merge and not gate.exit_code:
        return Entry("may merge", said=told)
    first = gate.reasons[0] if gate.reasons else f"the exit code is {gate.exit_code}"
    kind: Kind = "error" if gate.exit_code > 1 else "failure"
    return Entry("may merge", Outcome(kind, "gate", first, told or first))


def _unreported(suite: SuiteGate) -> Entry:
    told = _STATUS.get(suite.status) or f"no report of it is kept; verdict: {suite.verdict}"
    text = "\n".join([told, *(each.what for each in suite.changes), *suite.notes])
    outcome = Outcome(_by_exit_code(suite.exit_code), suite.status, told, text)
    return Entry(f"suite {suite.suite}", outcome)
