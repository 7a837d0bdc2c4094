"""The gate over all suites: may it be merged, what changed, and what that touches."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.errors import ExitCode
from promptops.reports import words
from promptops.reports.page import Cell, Page, Part
from promptops.reports.sections.verdict import mark
from promptops.values.gate import PROMPT_PARTS, GateReport, PartChange, SuiteGate

_HASH = 12
_MOST_NAMES = 30


def write_gate(page: Page, gate: GateReport) -> None:
    """The answer; between what; why; then every suite that the change touches, and the rest."""
    yes, no = page.signs.verdicts["improved"], page.signs.verdicts["regressed"]
    told, style = (
        (f"{yes} MAY MERGE", "bold green")
        if gate.may_merge
        else (
            f"{no} MAY NOT MERGE",
            "bold red",
        )
    )
    page.paragraph((told, style), f"  {_touched(gate)}")
    page.paragraph((_ends(page, gate), "dim"), indent=2)
    if gate.supplied:
        page.paragraph((gate.supplied, "bold yellow"), indent=2)
    for reason in gate.reasons:
        page.item((page.signs.dot, "dim"), reason)
    for suite in gate.suites:
        if suite.status in {"compared", "described"}:
            _write_suite(page, suite)
    _write_rest(page, gate)
    if gate.url:
        page.blank()
        page.paragraph((gate.url, "dim"), indent=2)


def _touched(gate: GateReport) -> str:
    """`2 of 3 suites are touched`."""
    if gate.exit_code == ExitCode.INPUT:
        return "nothing was evaluated"
    here = [each for each in gate.suites if each.status != "removed"]
    count = sum(each.status != "untouched" for each in here)
    if not here:
        return "there is no suite"
    suites = words.many(len(here), "suite")
    if not count:
        return f"{suites}, none touched"
    return f"{count} of {suites} touched"


def _ends(page: Page, gate: GateReport) -> str:
    """`0a1b2c3d4e5f (the merge base with main) → 9f8e7d6c5b4a, and what is not committed`."""
    before = f"{gate.base[:_HASH]} ({gate.base_how})" if gate.base else gate.base_how
    after = gate.head[:_HASH] if gate.head else ""
    if gate.dirty:
        after = f"{after}, with what is not committed" if after else "what is not committed"
    return f"{before} {page.signs.arrow} {after}"


def _write_suite(page: Page, suite: SuiteGate) -> None:
    page.blank()
    parts: list[Part] = ["not evaluated"]
    if suite.verdict is not None and suite.status == "compared":
        parts = list(mark(page, suite.verdict))
    elif suite.verdict is not None:
        scored = suite.verdict != "invalid"
        parts = [(f"{page.signs.dot} scored", "bold")] if scored else list(mark(page, "invalid"))
    parts += ["  ", (suite.suite, "bold")]
    if suite.prompt != suite.suite:
        parts.append(f" {page.signs.dot} {suite.prompt}")
    page.paragraph(*parts, (f"  {what_changed(suite)}", "italic"), indent=2)
    rows: list[list[Cell]] = [
        [(each.part, "dim"), [_bare(each), *_place(each, suite.changes)]] for each in suite.changes
    ]
    page.table(("", ""), rows, indent=4, flexible=1, wrap=True)
    for note in suite.notes:
        page.item((page.signs.dot, "dim"), note, indent=4)


def _bare(change: PartChange) -> str:
    """What changed, without the word that stands before it in the table."""
    return change.what.removeprefix(f"{change.part} ")


def _place(change: PartChange, others: Sequence[PartChange]) -> list[Part]:
    """The file, where the line above did not name the same one."""
    at = next(at for at, each in enumerate(others) if each is change)
    if not change.path or (at and others[at - 1].path == change.path):
        return []
    return [(f"  {change.path}", "dim")]


def what_changed(suite: SuiteGate) -> str:
    """What of a suite is not as it was, in one sentence that never blames the prompt wrongly."""
    parts = {each.part for each in suite.changes}
    prompt = parts & PROMPT_PARTS
    if suite.status == "described" and prompt:
        return "the prompt has nothing to be compared with"
    if not prompt:
        named = [part for part in ("dataset", "scorers", "judge", "policy") if part in parts]
        return f"the prompt is as it was; what changed is {_listed(named)}"
    if prompt == {"model"}:
        told = "the model changed, its words did not"
    elif not prompt & {"wording", "includes"}:
        told = f"{_listed(sorted(prompt))} changed, the prompt's words did not"
    else:
        told = "the prompt changed"
    around = [part for part in ("dataset", "scorers", "judge", "policy") if part in parts]
    return f"{told}; {_listed(around)} changed as well" if around else told


def _listed(names: Sequence[str]) -> str:
    named = ["the " + name for name in names]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _write_rest(page: Page, gate: GateReport) -> None:
    quiet = [each for each in gate.suites if each.status == "untouched"]
    rest = [
        ("untouched", [each.suite for each in quiet], "nothing was asked, nothing spent"),
        ("gone", [each.suite for each in gate.suites if each.status == "removed"], ""),
        ("uncovered", gate.uncovered, "changed, and no suite evaluates them"),
    ]
    if any(names for _, names, _ in rest):
        page.blank()
    for what, names, why in rest:
        if names:
            more = len(names) - _MOST_NAMES
            told = ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
            page.paragraph((f"{what}: ", "dim"), told, (f"  {why}" if why else "", "dim"), indent=2)
    for each in quiet:
        for note in each.notes:
            page.item((page.signs.dot, "dim"), f"{each.suite}: {note}", indent=4)
