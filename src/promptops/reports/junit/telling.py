"""What the entries of a report say, in the words that all formats share."""

from __future__ import annotations

from promptops.reports import facts, remarks, words
from promptops.reports.changed_cases import NAMES, levels
from promptops.reports.headline import headline, told_by
from promptops.reports.symbols import UNICODE as SIGNS
from promptops.reports.votes import Votes, judging_told
from promptops.values.report import ArmReport, CaseReport, EconomyReport, MetricReport, Report

_LONGEST_OUTPUT = 1_500
_LONGEST_TOLD = 500
_MOST_TOLD = 12


def metric(report: Report, each: MetricReport) -> str:
    """`0.82 → 0.71: −0.11 (−0.16 to −0.06)`, or the one level that there is.

    Where people's labels put it right, that stands behind it.
    """
    return "; ".join(filter(None, (_raw(report, each), _corrected(each))))


def _raw(report: Report, each: MetricReport) -> str:
    if report.baseline is None:
        return words.score(each.candidate)
    told = levels(each.baseline, each.candidate, SIGNS)
    if each.delta is None:
        return told
    told += f": {words.signed(each.delta, SIGNS)}"
    interval = facts.interval_of(report, each)
    return f"{told} ({words.between(interval, SIGNS)})" if interval else told


def metric_at_length(report: Report, each: MetricReport, votes: Votes) -> str:
    """The same with how sure it is, and what must be known to read it."""
    lines = [f"{_short(each.name)}: {metric(report, each)}"]
    sure = words.sureness(report)
    if sure and facts.interval_of(report, each):
        over = "over cases like these" if facts.over_population(report) else "on these cases"
        lines.append(f"each end of the interval is {sure}, {over}; {each.pairs:,} pairs")
    margin = facts.margin(report)
    if margin and report.baseline:
        lines.append(f"the margin is {100 * margin:g} points")
    if each.unscorable:
        lines.append(f"{words.many(each.unscorable, 'sample')} could not be scored")
    if facts.corrected(each):
        lines.append(remarks.about_corrections(report))
    elif each.labels:
        lines.append(remarks.labelled(each))
    if each.note:
        lines.append(_short(each.note))
    lines += map(_short, judging_told(votes.metrics.get(each.name), each.note))
    return "\n".join(lines)


def _corrected(each: MetricReport) -> str:
    """`corrected by 80 labelled pairs: −0.05 (−0.09 to −0.01)`; "" where it is not."""
    found = facts.corrected(each)
    if found is None:
        return ""
    delta, interval = found
    told = f"{words.signed(delta, SIGNS)} ({words.between(interval, SIGNS)})"
    return f"corrected by {remarks.labelled(each)}: {told}"


def limit(each: EconomyReport) -> str:
    """`+41% (+36% to +47%), where 25% is allowed`."""
    told = words.increase(each, SIGNS)
    if each.increase is None:
        told = remarks.not_known(each)
    elif each.interval:
        told += f" ({words.increase_between(each, SIGNS)})"
    return f"{told}, where {remarks.allowed(each, SIGNS)} is allowed"


def case(each: CaseReport) -> str:
    """`broken: 1.00 → 0.00`."""
    return f"{NAMES[each.change]}: {levels(each.baseline, each.candidate, SIGNS)}"


def case_at_length(report: Report, each: CaseReport, votes: Votes) -> str:
    """The same with each scorer's means, what both versions said, why, and who voted how."""
    lines = [case(each) + (", a critical case" if each.critical else "")]
    if len(each.scores) > 1:
        lines += [
            f"{_short(name)} {levels(*pair, SIGNS)}"
            for name, pair in list(each.scores.items())[:_MOST_TOLD]
        ]
    if each.why:
        lines.append(f"why: {_short(each.why)}")
    said = votes.of(each.id)
    lines += [f"votes, {_short(line)}" for line in said.votes[:_MOST_TOLD]]
    lines += [f"people, {_short(line)}" for line in said.people[:_MOST_TOLD]]
    for arm, output in (
        (report.baseline, each.baseline_output),
        (report.candidate, each.candidate_output),
    ):
        if arm is not None:
            lines += [f"--- {words.version(arm)} said:", _output(output)]
    return "\n".join(lines)


def verdict(report: Report) -> str:
    """The verdict and its finding, in one line."""
    return f"{report.verdict}: {headline(report, SIGNS)}"


def verdict_at_length(report: Report) -> str:
    """What a report comes to, in a dozen lines."""
    title = f"{_short(report.suite)} {SIGNS.dot} {words.versions(report, SIGNS)}"
    lines = [title + (f" {SIGNS.dot} {_short(report.model)}" if report.model else "")]
    found = headline(report, SIGNS)
    lines.append(_short(f"{report.verdict}: {found}"))
    if report.candidate.change:
        lines.append(f"v{report.candidate.version}: {_short(report.candidate.change)}")
    untold = [reason for reason in report.reasons if not told_by(found, reason, report)]
    lines += [f"- {_short(reason)}" for reason in untold[:_MOST_TOLD]]
    for each in _measured(report)[:_MOST_TOLD]:
        role = "" if each.role == "gate" else " (observed)"
        lines.append(f"{_short(each.name)}{role} {metric(report, each)}")
    lines += [f"{each.name} {limit(each)}" for each in facts.limited(report)]
    for title, told in (("changed besides", report.changes), ("warning", report.warnings)):
        lines += [f"{title}: {_short(each)}" for each in told[:_MOST_TOLD]]
    if report.next_step:
        lines.append(f"next: {_short(report.next_step.command)}")
    lines.append(f"cost: {words.paid(report.cost, made=report.calls.made)}")
    if facts.again(report):
        lines.append(f"see it again: {_short(facts.again(report))}")
    return "\n".join(lines)


def properties(report: Report, votes: Votes) -> list[tuple[str, str]]:
    """What a reader may want to look up: versions, commits, cost, how the judges did."""
    found = [("run", report.run), ("suite", report.suite), ("prompt", report.prompt)]
    found += [("model", report.model), ("verdict", report.verdict)]
    found.append(("exit_code", str(report.exit_code)))
    for name, arm in (("baseline", report.baseline), ("candidate", report.candidate)):
        found += _arm(name, arm) if arm else []
    found.append(("calls", str(report.calls.made)))
    found.append(("cost", words.paid(report.cost, made=report.calls.made)))
    found += [
        (f"observed {each.name[:100]}", metric(report, each))
        for each in _measured(report)
        if each.role == "observe"
    ]
    for each in _measured(report):
        # The entry of a metric that gates says the same.
        said = [each.note, *judging_told(votes.metrics.get(each.name), each.note)]
        if each.judge:
            found.append((f"judge of {each.name[:100]}", _short("; ".join(filter(None, said)))))
        if each.role == "gate":
            found.append((f"corrected {each.name[:100]}", _corrected(each)))
        if each.labels and not facts.corrected(each):
            found.append((f"labels for {each.name[:100]}", remarks.labelled(each)))
    return [(name, value) for name, value in found if value]


def _measured(report: Report) -> list[MetricReport]:
    return [each for each in report.metrics if (each.baseline, each.candidate) != (None, None)]


def _arm(name: str, arm: ArmReport) -> list[tuple[str, str]]:
    return [
        (f"{name}.version", words.version(arm)),
        (f"{name}.digest", arm.digest),
        (f"{name}.commit", arm.commit or ""),
        (f"{name}.samples", str(arm.samples)),
        (f"{name}.cost", words.money(arm.cost_usd)),
        (f"{name}.latency", words.seconds(arm.latency_seconds)),
    ]


def _output(text: str | None) -> str:
    if text is None:
        return "(not kept)"
    if not text.strip():
        return "(empty)" if not text else f"(only blanks: {len(text)})"
    left = len(text) - _LONGEST_OUTPUT
    return text if left <= 0 else f"{text[:_LONGEST_OUTPUT]}… ({left:,} more characters)"


def _short(text: str) -> str:
    text = text if len(text) <= _LONGEST_TOLD else text[:_LONGEST_TOLD] + "…"
    return " ".join(text.split())
