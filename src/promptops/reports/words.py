"""Numbers and findings in plain words: what every format for people says alike."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, copysign

from promptops.reports import facts
from promptops.reports.symbols import Symbols
from promptops.values.report import ArmReport, Cost, EconomyReport, Report


def score(value: float | None) -> str:
    """A mean in [0, 1]. What is not quite 0 or 1 never reads as if it were."""
    if value is None:
        return "unscored"
    text = f"{value:.2f}"
    if text in {"0.00", "1.00"} and value not in {0.0, 1.0}:
        text = f"{value:.3f}"
    if text == "1.000":
        return ">0.999"
    return "<0.001" if text == "0.000" else text


def signed(value: float | None, signs: Symbols) -> str:
    """A difference, with its sign; three or four decimals where two would hide it."""
    if value is None:
        return signs.none
    text = next((text for digits in (2, 3, 4) if float(text := f"{abs(value):.{digits}f}")), "0.00")
    if text == "0.00":
        return text
    return (signs.minus if value < 0 else "+") + text


def between(interval: tuple[float, float] | None, signs: Symbols) -> str:
    """An interval of a difference: `−0.04 to +0.06`."""
    if interval is None:
        return signs.none
    return f"{signed(interval[0], signs)} to {signed(interval[1], signs)}"


def points(value: float, apart: Sequence[float] = (0.0,)) -> str:
    """How large a difference of scores is, in points: 0.11 is `11`, −0.004 is `0.4`.

    One decimal at most; up to three where fewer would move it onto, or over, one of the differences
    `apart`: zero, or the margin.
    """
    text = ""
    for decimals in (1, 2, 3):
        text = f"{abs(100 * value):.{decimals}f}"
        shown = copysign(float(text) / 100, value)
        if all(_side(shown, end) == _side(value, end) for end in apart):
            break
    return text.rstrip("0").rstrip(".")


def _side(value: float, end: float) -> int:
    apart = round(value - end, 9)
    return (apart > 0) - (apart < 0)


def many_points(value: float) -> str:
    """The same with its noun: `11 points`, `1 point`."""
    text = points(value)
    return f"{text} point" if text == "1" else f"{text} points"


def points_up(value: float) -> str:
    """A size in points that is never told smaller than it is: 0.0611 is `6.2`."""
    return f"{ceil(round(1000 * value, 6)) / 10:g}"


def signed_points(value: float, signs: Symbols, apart: Sequence[float] = (0.0,)) -> str:
    """A difference in points, with its sign: `−0.4`, `+2.2`, `0`."""
    text = points(value, apart)
    return text if text == "0" else (signs.minus if value < 0 else "+") + text


def moved_points(value: float, signs: Symbols) -> str:
    """A difference with its sign and its noun: `−0.4 points`, `+1 point`, `0 points`."""
    noun = "point" if points(value) == "1" else "points"
    return f"{signed_points(value, signs)} {noun}"


def whole_points(value: float, signs: Symbols) -> str:
    """A difference in points at a glance: `−6`, `+14`, `0`."""
    size = round(abs(100 * value))
    return f"{signs.minus if value < 0 else '+'}{size}" if size else "0"


def money(usd: float | None) -> str:
    """US dollars with two significant digits at least. None is unknown, never nothing."""
    if usd is None:
        return "unknown"
    if usd == 0:
        return "$0"
    if usd >= 0.1:
        return f"${usd:,.2f}"
    return f"${usd:.{_second_digit(usd)}f}"


def _second_digit(usd: float) -> int:
    """How many decimals show two significant digits of a small amount."""
    decimals = f"{usd:.12f}"[2:]
    zeros = len(decimals) - len(decimals.lstrip("0"))
    return min(zeros + 2, len(decimals))


def seconds(value: float | None) -> str:
    """A duration at a glance: `310 ms`, `1.2 s`, `2 min 05 s`."""
    if value is None:
        return "unknown"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 99.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"


def relative(before: float | None, after: float | None, signs: Symbols) -> str:
    """By how many percent something changed; nothing where that has no meaning."""
    if before is None or after is None or before <= 0:
        return ""
    change = round(100 * (after - before) / before)
    if change == 0:
        return "same"
    return f"{signs.minus if change < 0 else '+'}{abs(change):,}%"


def percent(share: float, signs: Symbols, apart: float | None = None) -> str:
    """A change with its sign: `+41%`, `−3%`, `0%`; with decimals where it would read as `apart`."""
    text = f"{abs(100 * share):,.0f}"
    for decimals in (0, 1, 2, 3):
        text = f"{abs(100 * share):,.{decimals}f}"
        told = copysign(float(text.replace(",", "")), share)
        if apart is None or _side(told, 100 * apart) == _side(100 * share, 100 * apart):
            break
    if not text.strip("0.,"):
        return "0%"
    return f"{signs.minus if share < 0 else '+'}{text}%"


def increase(each: EconomyReport, signs: Symbols) -> str:
    """How much more the candidate uses: `+24%`."""
    return signs.none if each.increase is None else percent(each.increase, signs)


def increase_between(each: EconomyReport, signs: Symbols) -> str:
    """The interval of an increase: `+21% to +27%`; no end is told as the limit that it is not.

    None is told of what does not vary.
    """
    if each.interval is None:
        return signs.none
    low, high = (percent(end, signs, each.limit) for end in each.interval)
    return signs.none if low == high else f"{low} to {high}"


def amount(each: EconomyReport, value: float | None) -> str:
    """What a sample uses, in its unit: `$0.00013`, `270`, `1.2 s`."""
    if value is None or each.unit == "usd":
        return money(value)
    if each.unit == "seconds":
        return seconds(value)
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.3g}"


def number(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}"


def many(count: int, one: str, several: str | None = None) -> str:
    """A count and its noun: `1 case`, `2 cases`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


UNCOMMITTED = "uncommitted"
"""What every command calls a meaning that is on disk and not in git."""


def numbered(number: int, *, dirty: bool) -> str:
    """`v2`, and whether it is not committed yet."""
    return f"v{number} ({UNCOMMITTED})" if dirty else f"v{number}"


def version(arm: ArmReport) -> str:
    """The version of an arm: `v2`, `v3 (uncommitted)`."""
    return numbered(arm.version, dirty=arm.dirty)


def versions(report: Report, signs: Symbols) -> str:
    """`v1 → v2`, or the candidate alone."""
    if report.baseline is None:
        return version(report.candidate)
    return f"{version(report.baseline)} {signs.arrow} {version(report.candidate)}"


def paid(cost: Cost, *, made: int | None = None) -> str:
    """What this run cost, honest about what is not known: `$0.03 of $2.00 paid now`.

    `made` is how many calls it made, where that is known: without any nothing was paid.
    """
    told = money(cost.incurred_usd)
    if cost.budget_usd is not None:
        told += f" of {money(cost.budget_usd)}"
    told += " paid now"
    if made == 0:
        return told
    calls = many(cost.unpriced_calls, "call") + " without a known price"
    if cost.unpriced_calls and cost.incurred_usd == 0:
        told = f"unknown: {calls}"
    elif cost.unpriced_calls:
        told = f"at least {told}, and {calls}"
    if cost.at_risk_usd:
        told += f"; up to {money(cost.at_risk_usd)} more for calls that never answered"
    return told


def certainty(report: Report) -> str:
    """`95%`, where the run says at what level; each end of an interval has it by itself."""
    alpha = facts.alpha(report)
    return "" if alpha is None else f"{100 * (1 - alpha):.4g}%"


def sureness(report: Report) -> str:
    """`95% sure`, where the run says at what level."""
    sure = certainty(report)
    return f"{sure} sure" if sure else ""


def samples_had(report: Report) -> str:
    """How many samples a run had of those it was to have: `14 of 120 samples were had`.

    Answers that it has and could not score are told beside them.
    """
    arms, had = 2 if report.baseline else 1, facts.had(report)
    cases, each = report.meta.get("cases"), report.meta.get("samples")
    told = f"{many(had, 'sample')} {'was' if had == 1 else 'were'} had"
    if isinstance(cases, int) and isinstance(each, int):
        told = f"{number(had)} of {many(arms * cases * each, 'sample')} were had"
    if report.calls.unscored:
        kept = many(report.calls.unscored, "answer is", "answers are")
        told += f"; {kept} kept, not yet scored"
    return told


def tokens(count: int, arm: ArmReport) -> str:
    """A count of an arm's tokens, honest about answers that came without one."""
    unmetered = arm.tokens.unmetered
    if unmetered and unmetered >= arm.samples - arm.failures:
        return "unknown"
    return f"at least {number(count)}" if unmetered else number(count)
