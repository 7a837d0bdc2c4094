"""From what a change touches, and what its evaluations came to, to whether it may merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from promptops.engine.choices import Choices
from promptops.engine.touching import Survey, Touched
from promptops.errors import ExitCode, InputError, InputErrors
from promptops.history.parting import Parting
from promptops.values.gate import GateReport, SuiteGate
from promptops.values.report import Report

_GRAVEST = (ExitCode.REGRESSED, ExitCode.NO_VERDICT, ExitCode.OK)
"""What stands most against merging comes first."""

_MOST_ERRORS = 50
"""Of wrong input that are told one by one."""

_NOT_REACHED = "not evaluated: the gate was broken off before"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a gate says besides what it found."""

    parting: Parting
    dirty: bool
    supplied: str = ""
    url: str = ""
    broken_off: tuple[int, str] | None = None
    """The exit code and the words of what ended it before all was evaluated."""


def to_evaluate(survey: Survey) -> list[Touched]:
    """The suites that have to be asked."""
    return [each for each in survey.suites if each.status in {"compared", "described"}]


def choices_for(touched: Touched, parting: Parting, samples: int | None) -> Choices:
    """How a touched suite is evaluated: beside what its prompt was, or by itself."""
    if touched.status == "compared":
        return Choices(against=parting.commit, samples=samples)
    return Choices(samples=samples, alone=True)


def refused(error: InputError) -> GateReport:
    """The gate over what could not even be looked at: nothing was compared, nothing spent."""
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    told = [
        f"{each.location}: {each.message}" if each.location else each.message for each in errors
    ]
    more = [f"and {len(told) - _MOST_ERRORS:,} more"] if len(told) > _MOST_ERRORS else []
    return GateReport(
        may_merge=False,
        exit_code=int(ExitCode.INPUT),
        reasons=told[:_MOST_ERRORS] + more,
        base="",
        base_how="nothing was compared: the input is wrong",
        head=None,
        dirty=False,
        suites=[],
    )


def gate_report(
    survey: Survey,
    reports: Mapping[str, Report],
    notes: Mapping[str, Sequence[str]],
    around: Circumstances,
) -> GateReport:
    """The gate over all suites; `reports` and further `notes` by the suite's name."""
    suites = [
        _suite(each, reports.get(each.suite), notes.get(each.suite, ())) for each in survey.suites
    ]
    code = _gravest(each.exit_code for each in suites)
    reasons = _reasons(survey, reports)
    if around.broken_off is not None:
        done = f"{len(reports)} of {_many(len(to_evaluate(survey)), 'suite')} were evaluated"
        code, told = around.broken_off
        reasons = [f"broken off, {done}: {told}", *reasons]
    return GateReport(
        may_merge=code == ExitCode.OK,
        exit_code=int(code),
        reasons=reasons,
        base=around.parting.commit or "",
        base_how=around.parting.how,
        head=around.parting.head,
        dirty=around.dirty,
        suites=suites,
        uncovered=survey.uncovered,
        supplied=around.supplied,
        url=around.url,
    )


def _suite(touched: Touched, report: Report | None, notes: Sequence[str]) -> SuiteGate:
    missing = report is None and touched.status in {"compared", "described"}
    told = [*touched.notes, *notes, *([_NOT_REACHED] if missing else [])]
    return SuiteGate(
        suite=touched.suite,
        prompt=touched.prompt,
        status=touched.status,
        changes=touched.changes,
        run=report.run if report else None,
        verdict=report.verdict if report else None,
        exit_code=report.exit_code if report else int(ExitCode.NO_VERDICT if missing else 0),
        notes=told,
    )


def _gravest(codes: Iterable[int]) -> int:
    found = set(codes)
    return next((int(code) for code in _GRAVEST if code in found), int(ExitCode.OK))


def _reasons(survey: Survey, reports: Mapping[str, Report]) -> list[str]:
    """What stands against merging, then what a reader should know, then why nothing was asked."""
    found = [
        _reason(report)
        for code in _GRAVEST
        for report in reports.values()
        if report.exit_code == code and (code != ExitCode.OK or _is_open(report))
    ]
    gone = [each for each in survey.suites if each.status == "removed"]
    found += [f"the suite {each.suite} is gone: it holds {each.prompt} no more" for each in gone]
    found += [
        f"{each.suite} evaluates {each.prompt} in place of {each.replaced}, which it is not"
        " compared with"
        for each in survey.suites
        if each.replaced
    ]
    found += [f"{name} changed, and no suite evaluates it" for name in survey.uncovered]
    if not survey.suites:
        found.append("there is no suite in evals/: nothing is held to anything")
    elif not reports and not to_evaluate(survey):
        found.append("no suite rests on anything that changed: nothing was asked")
    return found


def _is_open(report: Report) -> bool:
    return report.baseline is not None and report.verdict == "inconclusive"


def _reason(report: Report) -> str:
    told = {
        "regressed": "regressed",
        "invalid": "has no verdict",
        "inconclusive": "is undecided",
    }.get(report.verdict, report.verdict)
    why = f": {report.reasons[0]}" if report.reasons else ""
    return f"{report.suite} {told}{why}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
