"""What there is: the prompts of a repository, and the runs that were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.page import Cell, Page
from promptops.reports.pairs import text_of
from promptops.reports.sections.verdict import mark
from promptops.reports.surface import Surface
from promptops.values.report import Verdict

PROMPTS_SCHEMA = "promptops.prompts/1"
RUNS_SCHEMA = "promptops.runs/1"

_ROOM_FOR_DIGEST = 72
_RUN_HEADS = ("run", "when (UTC)", "suite", "versions", "verdict", ">calls", ">cost", "model")
_GAP = 2
_LONG_SUITE = 24
_MAY_GO_ON = {"stopped", "broken_off"}

RunState = Literal["finished", "stopped", "broken_off", "under_way"]
"""`stopped`: interrupted, or without a provider, it wrote its report and may go on; `broken_off`:
its process is gone; `under_way`: a process is at it."""


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One prompt as it is in the working tree."""

    name: str
    version: int
    digest: str
    dirty: bool = False
    """Its meaning differs from the committed one."""
    description: str = ""
    suites: tuple[str, ...] = ()
    """Those that evaluate it."""
    model: str = ""
    broken: str = ""
    """Why the file cannot be read; empty when it can."""
    judges_in: tuple[str, ...] = ()
    """Suites in which it is a judge."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One suite's evaluation, out of the store."""

    run: str
    created: str
    """UTC, ISO 8601."""
    suite: str
    prompt: str
    baseline_version: int | None
    """None for a first version."""
    candidate_version: int | None
    """None where that cannot be read any more."""
    verdict: Verdict | None
    """None: the run has none yet."""
    calls: int
    cost_usd: float | None
    """What it paid; None where a price is unknown."""
    model: str = ""
    dirty: bool = False
    state: RunState = "finished"
    answers: int | None = None
    """That a run without a report has had so far; None where there is a report."""


def render_prompts(lines: Sequence[PromptLine], surface: Surface) -> str:
    """The prompts as a table, and which of them nothing evaluates."""
    page = Page(surface)
    if not lines:
        page.paragraph("There are no prompts yet. ", "`promptops init` writes a first one.")
        return page.text()
    heads = ["prompt", "version", "digest", "suites", "description"]
    rows = [_prompt_row(page, line) for line in lines]
    if page.width < _ROOM_FOR_DIGEST:
        at = heads.index("digest")
        del heads[at]
        for row in rows:
            del row[at]
    page.table(heads, rows, indent=0, flexible=len(heads) - 1)
    unwatched = [line.name for line in lines if not (_used(line) or line.broken)]
    if unwatched:
        page.blank()
        told = f"no suite evaluates {', '.join(unwatched)}"
        page.paragraph((told, "dim"))
    return page.text()


def _prompt_row(page: Page, line: PromptLine) -> list[Cell]:
    if line.broken:
        return [(line.name, "bold"), "", "", "", (f"cannot be read: {line.broken}", "red")]
    return [
        (line.name, "bold"),
        (words.numbered(line.version, dirty=line.dirty), "yellow" if line.dirty else ""),
        (line.digest[:8], "dim"),
        page.cut(_used(line) or page.signs.none, 30),
        line.description,
    ]


def _used(line: PromptLine) -> str:
    """The suites that evaluate a prompt, then those in which it judges."""
    judging = [f"judges in {', '.join(line.judges_in)}"] if line.judges_in else []
    return "; ".join([*([", ".join(line.suites)] if line.suites else []), *judging])


def render_runs(lines: Sequence[RunLine], surface: Surface, *, of: str | None = None) -> str:
    """The runs as a table, as they come (newest first): all, or those `of` a prompt or suite."""
    page = Page(surface)
    if not lines:
        nothing = "Nothing" if of is None else f"Nothing of {of!r}"
        page.paragraph(f"{nothing} has been evaluated yet. ", "`promptops eval` does it.")
        return page.text()
    rows = [dict(zip(_RUN_HEADS, _run_row(page, line), strict=True)) for line in lines]
    heads, left_out = _heads(page, lines, rows)
    chosen = [[row[head] for head in heads] for row in rows]
    page.table(heads, chosen, indent=0, flexible=heads.index("suite"))
    page.blank()
    if left_out:
        *most, last = left_out
        names = f"{', '.join(most)} and {last}" if most else last
        told = f"no room for {names}: a wider window or --format json shows more"
        page.paragraph((told, "dim"))
    reported = [line for line in lines if line.answers is None]
    if reported:
        page.command(("see one again: ", "dim"), f"promptops report {reported[0].run}")
    open_ = [line for line in lines if line.state in _MAY_GO_ON]
    if open_:
        page.command(("go on with one: ", "dim"), f"promptops eval --resume {open_[0].run}")
    return page.text()


def _heads(
    page: Page, lines: Sequence[RunLine], rows: Sequence[dict[str, Cell]]
) -> tuple[list[str], list[str]]:
    """Which columns there is room for; and those left out, of what a run did and cost."""
    heads = list(_RUN_HEADS)
    if not any(line.model for line in lines):
        heads.remove("model")
    in_turn = ["model", "when (UTC)", ">calls", ">cost"]
    if any(line.state != "finished" for line in lines):
        in_turn.append("versions")  # how a run stands has to be said
    while in_turn and _width(heads, rows) > page.width:
        gone = in_turn.pop(0)
        heads = [head for head in heads if head != gone]
    figures = ("versions", ">calls", ">cost")
    return heads, [each.removeprefix(">") for each in figures if each not in heads]


def _width(heads: Sequence[str], rows: Sequence[dict[str, Cell]]) -> int:
    """How many columns of the page a table takes; of long names of suites, the part that counts."""
    wide = _GAP * (len(heads) - 1)
    for head in heads:
        most = max(cell_len(text_of(row[head])) for row in rows)
        most = min(most, _LONG_SUITE) if head == "suite" else most
        wide += max(most, cell_len(head.removeprefix(">")))
    return wide


def _run_row(page: Page, line: RunLine) -> list[Cell]:
    to = page.signs.none
    if line.candidate_version is not None:
        to = words.numbered(line.candidate_version, dirty=line.dirty)
    came = f"v{line.baseline_version} {page.signs.arrow} " if line.baseline_version else ""
    return [
        (line.run, "bold"),
        line.created[:16].replace("T", " "),
        line.suite,
        came + to,
        _standing(page, line),
        words.number(line.calls),
        words.money(line.cost_usd),
        (page.cut(line.model, 28), "dim"),
    ]


def _standing(page: Page, line: RunLine) -> Cell:
    """What a run came to; beside it, or instead, how it stands where it has not ended."""
    said = state_told(line)
    if not line.verdict:
        return (said, "yellow")
    return [*mark(page, line.verdict), (f", {said}" if said else "", "yellow")]


def state_told(line: RunLine) -> str:
    """How a run stands where it has not ended, in words; "" where there is nothing to say."""
    if line.state == "finished":
        return "" if line.verdict else "interrupted"
    if line.state == "stopped":
        return "stopped" if line.verdict else "interrupted"
    answers = f", {words.many(line.answers, 'answer')}" if line.answers is not None else ""
    return line.state.replace("_", " ") + answers


def runs_json(lines: Sequence[RunLine]) -> str:
    """The runs as one JSON object."""
    return encode({"schema": RUNS_SCHEMA, "runs": list(lines)})
