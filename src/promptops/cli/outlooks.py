"""What a person is told of a run before it starts: a line before `eval`, a page by `plan`."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from promptops.cli.pauses import span
from promptops.cli.plan_fields import CASES_TRIED, cases_tried, plan_fields, samples_tried
from promptops.cli.wrapping import wrapped
from promptops.engine.outlook import SAMPLES_OF_FEW, Outlook, samples_to_pass
from promptops.engine.plan import ArmPlan, Plan
from promptops.reports.encoding import encode
from promptops.reports.page import Cell, Page
from promptops.reports.surface import Surface
from promptops.reports.words import many, money, number, numbered

SCHEMA = "promptops.plan/1"
BRIEF_SECONDS = 10.0
"""Less is not worth a word."""

Planned = tuple[Plan, Outlook]


def points(share: float) -> str:
    """A share of 1 in points, never less than it is: `6 points`, `1.4 points`."""
    text = _points(share)
    return f"{text} point" if text == "1" else f"{text} points"


def told(seen: Outlook, *, with_model: bool = False) -> list[str]:
    """What is said on stderr before a run spends anything: a line, and a warning if need be.

    Each is broken between words where a terminal is narrower.
    """
    name = f"{seen.suite} ({seen.model})" if with_model else seen.suite
    line = f"{name}: {_calls(seen)}{_price(seen)}{_stopped(seen)}"
    if not seen.broken_off:
        line += f"; {_sight(seen)}"
    lines = [line]
    warning = _warning(seen)
    if warning:
        lines.append(f"{name}: {warning}")
    return [part for each in lines for part in wrapped(each)]


def render_plans(planned: Sequence[Planned], surface: Surface) -> str:
    """A page with a section for each suite."""
    page = Page(surface)
    for at, (plan, seen) in enumerate(planned):
        if at:
            page.blank()
        _section(page, plan, seen)
    return page.text()


def plans_json(planned: Sequence[Planned]) -> str:
    """The plans as one JSON object."""
    return encode({"schema": SCHEMA, "plans": [plan_fields(plan, seen) for plan, seen in planned]})


def _calls(seen: Outlook) -> str:
    judges = f"{many(seen.judge_calls, 'call')} for the judge"
    if not seen.calls and not seen.further_calls:
        return "all answers are kept" + (f"; {judges} at most" if seen.judge_calls else "")
    text = f"{many(seen.calls, 'call')} at most"
    if seen.judge_calls:
        alike = seen.judge_calls == seen.calls
        text += f", and {'as many for the judge' if alike else judges}"
    if seen.further_calls:
        text += f", then up to {number(seen.further_calls)} more until it is settled"
    return text


def _price(seen: Outlook) -> str:
    if seen.usd is None:
        return ", price unknown"
    return f", about {money(seen.usd)}" if seen.usd else ""


def _stopped(seen: Outlook) -> str:
    """Whether the suite's budget ends it first."""
    budget = seen.budget
    if not seen.broken_off:
        return ""
    if budget.calls is not None and seen.calls + seen.judge_calls > budget.calls:
        return f", but no more than its budget of {many(budget.calls, 'call')}"
    return f", but no more than its budget of ${budget.usd:g}"


def _sight(seen: Outlook) -> str:
    """What it can see, as the end of a sentence."""
    if not seen.compared:
        return "nothing to compare with"
    if seen.identical:
        return "every request is the same on both versions"
    if seen.itself:
        return "the same version twice, so what differs is noise"
    what = "these samples"
    if seen.limit < seen.samples:
        whole = many(seen.samples, "sample")
        what = f"a first impression, and the whole plan of {whole} a case"
    if seen.detectable is None or seen.detectable >= 1:
        return f"{what} can hardly see anything"
    return f"{what} can see a drop of {points(seen.detectable)} or more"


def _warning(seen: Outlook) -> str:
    """What stands against a pass; empty where nothing does."""
    if not seen.noises or seen.itself or seen.can_pass:
        return ""
    text = "a pass is unlikely with this plan: "
    text += f"to pass at {_needs(seen)}, and it has {number(seen.pairs)}"
    if seen.few:
        text += f"; {many(seen.cases, 'case')} want {SAMPLES_OF_FEW} samples each or more"
    return text


def _needs(seen: Outlook) -> str:
    """What a pass needs."""
    start = f"a margin of {points(seen.policy.margin)}"
    needed = seen.pairs_to_pass
    if needed is None:
        return f"{start} no number of pairs is enough"
    return f"{start} needs about {many(_rounded(needed), 'pair')}"


def _section(page: Page, plan: Plan, seen: Outlook) -> None:
    page.paragraph((seen.suite, "bold"), f"  {_versions(page, plan)}  ", (seen.model, "dim"))
    page.table(["", ""], _rows(seen), flexible=1, wrap=True)
    if not seen.noises:
        return
    page.blank()
    page.paragraph("What it would see, in points, by cases and by samples of each:", indent=2)
    counts = samples_tried(seen)
    heads = ["cases", *(f">{each} sample{'s' * (each > 1)}" for each in counts)]
    if page.width < 8 + 12 * len(counts):
        heads = ["cases", *(f">{each}" for each in counts)]
    page.table(heads, [_row(seen, share, counts) for share in CASES_TRIED])
    if seen.policy.estimand == "population":
        page.paragraph(
            ("It is about cases like these: more samples do nothing against how cases differ.",
             "dim"),
            indent=2,
        )  # fmt: skip


def _rows(seen: Outlook) -> list[list[Cell]]:
    """What is known of it, a word and a text each."""
    kept = f", {number(seen.kept)} kept already" if seen.kept else ""
    arms = " of each version" if seen.compared else ""
    limited = f"; this run draws {number(seen.limit)}" if seen.limit != seen.samples else ""
    rows = {
        "cases": number(seen.cases),
        "samples": f"{number(seen.samples)} a case{arms}{limited}",
        "pairs": f"{number(seen.pairs)}, looked at {_times(seen.looks)}" if seen.compared else "",
        "calls": _calls(seen).replace(" calls at most", " at most", 1) + kept,
        "price": _priced(seen) + _stopped(seen),
        "takes": _takes(seen),
        "sees": _sees(seen),
        "noise": _noise(seen),
        "to pass": _pass(seen),
        "hint": _hint(seen),
        "settled": f"by run {seen.settled}: the same again draws nothing" if seen.settled else "",
    }
    return [[(head, "dim"), text] for head, text in rows.items() if text]


def _priced(seen: Outlook) -> str:
    if seen.usd is None:
        return "unknown"
    if not seen.usd:
        return "nothing"
    return f"about {money(seen.usd)} ({seen.usd_basis})"


def _takes(seen: Outlook) -> str:
    if seen.least_seconds < BRIEF_SECONDS or seen.requests_per_minute is None:
        return ""
    held = f"at {many(seen.requests_per_minute, 'request')} a minute"
    return f"{span(seen.least_seconds)} or more for all calls, {held}"


def _sees(seen: Outlook) -> str:
    if not seen.compared or seen.identical:
        return _sight(seen)
    if seen.detectable is None or seen.detectable >= 1 or seen.noise is None:
        return "hardly anything"
    of = f" in {seen.noise.metric.name}" if len(seen.noises) > 1 else ""
    whole = ", were all of it drawn: its budget ends it first" if seen.broken_off else ""
    return f"a drop of {points(seen.detectable)} or more{of}, 8 times in 10{whole}"


def _noise(seen: Outlook) -> str:
    noise = seen.noise
    if noise is None:
        return ""
    variance = noise.variance
    text = f"variance {variance.total:.3f} of one difference"
    if variance.between is not None and variance.within is not None:
        text += f" ({variance.between:.3f} between cases, {variance.within:.3f} within a case)"
    return f"{text}, {noise.source}"


def _pass(seen: Outlook) -> str:
    needed = seen.pairs_to_pass
    if not seen.noises:
        return ""
    text = _needs(seen)
    if needed is None or seen.can_pass:
        return text
    cases = many(_rounded(ceil(needed / seen.samples)), "case")
    samples = samples_to_pass(seen)
    each = f"{many(samples, 'sample')} of each of these cases, or " if samples else ""
    return f"{text}: {each}{cases} of {many(seen.samples, 'sample')}"


def _hint(seen: Outlook) -> str:
    if not seen.few:
        return ""
    return f"so few cases want {SAMPLES_OF_FEW} samples or more each: samples: {SAMPLES_OF_FEW}"


def _row(seen: Outlook, share: float, counts: Sequence[int]) -> list[Cell]:
    cells: list[Cell] = [number(cases_tried(seen, share))]
    for samples in counts:
        found = seen.sees(cases_tried(seen, share), samples)
        here = share == 1 and samples == seen.samples
        text = "-" if found is None or found >= 1 else _points(found)
        cells.append((text, "bold" if here else ""))
    return cells


def _times(count: int) -> str:
    return "once" if count == 1 else f"{number(count)} times"


def _points(share: float) -> str:
    percent = round(100 * share, 6)
    return number(ceil(percent)) if percent >= 3 else f"{ceil(10 * percent) / 10:g}"


def _rounded(count: int) -> int:
    """About so many: two significant digits above a hundred, up."""
    step = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // step) * step


def _versions(page: Page, plan: Plan) -> str:
    here = _version(plan.candidate)
    if plan.baseline is None:
        return here
    return f"{_version(plan.baseline)} {page.signs.arrow} {here}"


def _version(arm: ArmPlan) -> str:
    return numbered(arm.loaded.prompt.version, dirty=arm.provenance.dirty)
