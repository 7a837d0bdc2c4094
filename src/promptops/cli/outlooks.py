"""What a person is told of a run before it starts: a line before `eval`, a page by `plan`."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from promptops.engine.outlook import SAMPLES_OF_FEW, Outlook, samples_to_pass
from promptops.engine.plan import ArmPlan, Plan
from promptops.reports.encoding import encode
from promptops.reports.page import Cell, Page
from promptops.reports.surface import Surface
from promptops.reports.words import many, money, number, numbered

SCHEMA = "promptops.plan/1"
CASES_TRIED = (0.5, 1, 2, 4)
"""Times the cases that there are."""
SAMPLES_TRIED = (1, 3, 5, 10, 20)

Planned = tuple[Plan, Outlook]


def points(share: float) -> str:
    """A share of 1 in points, never less than it is: `6 points`, `1.4 points`."""
    text = _points(share)
    return f"{text} point" if text == "1" else f"{text} points"


def told(seen: Outlook, *, with_model: bool = False) -> list[str]:
    """What is said on stderr before a run spends anything: one line, and a warning if need be."""
    name = f"{seen.suite} ({seen.model})" if with_model else seen.suite
    line = f"{name}: {_calls(seen)}{_price(seen)}{_stopped(seen)}; {_sight(seen)}"
    warning = _warning(seen)
    return [line, f"{name}: {warning}"] if warning else [line]


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
    return encode({"schema": SCHEMA, "plans": [_fields(plan, seen) for plan, seen in planned]})


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
    if budget.calls is not None and seen.calls + seen.judge_calls > budget.calls:
        return f", but no more than its budget of {many(budget.calls, 'call')}"
    if budget.usd is not None and seen.usd is not None and seen.usd > budget.usd:
        return f", but no more than its budget of ${budget.usd:g}"
    return ""


def _sight(seen: Outlook) -> str:
    """What it can see, as the end of a sentence."""
    if not seen.compared:
        return "nothing to compare with"
    if seen.identical:
        return "every request is the same on both versions"
    if seen.itself:
        return "the same version twice, so what differs is noise"
    budget = "this budget"
    if seen.limit < seen.samples:
        whole = many(seen.samples, "sample")
        budget = f"a first impression, and the whole plan of {whole} a case"
    if seen.detectable is None or seen.detectable >= 1:
        return f"{budget} can hardly see anything"
    return f"{budget} can see a drop of {points(seen.detectable)} or more"


def _warning(seen: Outlook) -> str:
    """What stands against a pass; empty where nothing does."""
    if not seen.noises or seen.itself or seen.can_pass:
        return ""
    text = "a pass is unlikely within this budget: "
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
    counts = _samples_tried(seen)
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


def _sees(seen: Outlook) -> str:
    if not seen.compared or seen.identical:
        return _sight(seen)
    if seen.detectable is None or seen.detectable >= 1 or seen.noise is None:
        return "hardly anything"
    of = f" in {seen.noise.metric.name}" if len(seen.noises) > 1 else ""
    return f"a drop of {points(seen.detectable)} or more{of}, 8 times in 10"


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


def _samples_tried(seen: Outlook) -> list[int]:
    return sorted({*SAMPLES_TRIED, seen.samples})


def _row(seen: Outlook, share: float, counts: Sequence[int]) -> list[Cell]:
    cells: list[Cell] = [number(_cases(seen, share))]
    for samples in counts:
        found = seen.sees(_cases(seen, share), samples)
        here = share == 1 and samples == seen.samples
        text = "-" if found is None or found >= 1 else _points(found)
        cells.append((text, "bold" if here else ""))
    return cells


def _cases(seen: Outlook, share: float) -> int:
    return max(1, round(seen.cases * share))


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


def _fields(plan: Plan, seen: Outlook) -> dict[str, Any]:
    noise = seen.noise
    return {
        "suite": seen.suite,
        "prompt": plan.candidate.loaded.name,
        "model": seen.model,
        "baseline": _arm(plan.baseline) if plan.baseline else None,
        "candidate": _arm(plan.candidate),
        "cases": seen.cases,
        "samples": seen.samples,
        "limit": seen.limit,
        "pairs": seen.pairs,
        "looks": seen.looks,
        "calls": seen.calls,
        "judge_calls": seen.judge_calls,
        "kept": seen.kept,
        "usd": seen.usd,
        "usd_basis": seen.usd_basis,
        "margin": seen.policy.margin,
        "alpha": seen.policy.alpha,
        "estimand": seen.policy.estimand,
        "guarantee": seen.policy.guarantee,
        "detectable": seen.detectable,
        "noise": noise and {
            "metric": noise.metric.name,
            "total": noise.variance.total,
            "between": noise.variance.between,
            "within": noise.variance.within,
            "source": noise.source,
        },
        "pairs_to_pass": seen.pairs_to_pass,
        "settled": seen.settled or None,
        "table": [
            {
                "cases": _cases(seen, share),
                "samples": samples,
                "detectable": seen.sees(_cases(seen, share), samples),
            }
            for share in CASES_TRIED
            for samples in _samples_tried(seen)
        ] if seen.noises else [],
    }  # fmt: skip


def _arm(arm: ArmPlan) -> dict[str, Any]:
    origin = arm.provenance
    return {
        "version": arm.loaded.prompt.version,
        "digest": arm.loaded.digest,
        "commit": origin.commit,
        "dirty": origin.dirty,
    }
