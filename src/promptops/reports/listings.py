"""What there is: the prompts of a repository, and the runs that were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.page import Cell, Page
from promptops.reports.sections.verdict import mark
from promptops.reports.surface import WIDEST, Surface
from promptops.values.report import Verdict

PROMPTS_SCHEMA = "promptops.prompts/1"
RUNS_SCHEMA = "promptops.runs/1"

_ROOM_FOR_DIGEST = 72
_ROOM_FOR_COST = 66
_ROOM_FOR_CALLS = 76
_ROOM_FOR_TIME = 92
_ROOM_FOR_MODEL = 110
_MARK = len(f" ({words.UNCOMMITTED})")


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
    candidate_version: int
    verdict: Verdict | None
    """None: the run was interrupted and has none."""
    calls: int
    cost_usd: float | None
    """What it paid; None where a price is unknown."""
    model: str = ""
    dirty: bool = False


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
    wanted = {
        "run": 0,
        "when (UTC)": _ROOM_FOR_TIME,
        "suite": 0,
        "versions": 0,
        "verdict": 0,
        ">calls": _ROOM_FOR_CALLS,
        ">cost": _ROOM_FOR_COST,
        "model": _ROOM_FOR_MODEL if any(line.model for line in lines) else WIDEST + 1,
    }
    mark = _MARK if any(line.dirty for line in lines) else 0
    heads = [head for head, room in wanted.items() if not room or page.width >= room + mark]
    rows = []
    for line in lines:
        row = dict(zip(wanted, _run_row(page, line), strict=True))
        rows.append([row[head] for head in heads])
    page.table(heads, rows, indent=0, flexible=2 if "when (UTC)" in heads else 1)
    page.blank()
    page.paragraph(("see one again: ", "dim"), f"promptops report {lines[0].run}")
    return page.text()


def _run_row(page: Page, line: RunLine) -> list[Cell]:
    to = words.numbered(line.candidate_version, dirty=line.dirty)
    came = f"v{line.baseline_version} {page.signs.arrow} " if line.baseline_version else ""
    return [
        (line.run, "bold"),
        line.created[:16].replace("T", " "),
        line.suite,
        came + to,
        mark(page, line.verdict) if line.verdict else ("interrupted", "yellow"),
        words.number(line.calls),
        words.money(line.cost_usd),
        (page.cut(line.model, 28), "dim"),
    ]


def runs_json(lines: Sequence[RunLine]) -> str:
    """The runs as one JSON object."""
    return encode({"schema": RUNS_SCHEMA, "runs": list(lines)})
