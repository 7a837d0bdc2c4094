"""What is kept, and what pruning takes of it: pages of `promptops cache`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.page import Cell, Page
from promptops.reports.surface import Surface
from promptops.store.inventory import Amount, Contents, Share, Texts
from promptops.store.pruning import Selection

CACHE_SCHEMA = "promptops.cache/1"
PRUNE_SCHEMA = "promptops.cache-prune/1"

_KILO = 1000
_ROOM_FOR_PURPOSE = 72
_PURPOSES = {"sample": "answers", "judge": "verdicts", "embedding": "embeddings", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning did, or would do."""

    selection: Selection
    criteria: Sequence[str]
    """In words: `drawn before 2026-05-01`."""
    dry_run: bool
    bytes_before: int
    """Of the file."""
    bytes_after: int
    shrunk: bool = True
    """Its free pages were given back."""


def size(count: int) -> str:
    """Bytes at a glance: `312 B`, `9.1 MB`."""
    amount, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 999.5 and len(units) > 1:
        amount, units = amount / _KILO, units[1:]
    return (
        f"{amount:.1f} {units[0]}"
        if amount < 99.95 and units[0] != "B"
        else f"{amount:,.0f} {units[0]}"
    )


def cost(amount: Amount) -> str:
    """What responses cost once; what is not known is said, and never taken for nothing."""
    if not amount.unpriced:
        return words.money(amount.cost_usd)
    if amount.unpriced == amount.responses:
        return "unknown"
    return f"{words.money(amount.cost_usd)} + {words.number(amount.unpriced)} unknown"


def render_contents(contents: Contents | None, unreachable: Amount | None, surface: Surface) -> str:
    """What is kept, by prompt; `unreachable` is None where git cannot say."""
    page = Page(surface)
    if contents is None or not (contents.total.responses or contents.runs):
        page.paragraph("Nothing is kept yet. ", "`promptops eval` keeps whatever it draws.")
        return page.text()
    free = f", {size(contents.free_bytes)} of it free" if contents.free_bytes else ""
    page.paragraph((".promptops/store.db", "bold"), f"  {size(contents.file_bytes)}{free}")
    page.paragraph(
        f"{words.many(contents.total.responses, 'response')}, {words.many(contents.runs, 'run')}"
        + _span(contents)
    )
    page.blank()
    _shares(page, contents)
    if unreachable and unreachable.responses:
        page.blank()
        told = words.many(unreachable.responses, "response")
        verb = "belongs" if unreachable.responses == 1 else "belong"
        page.paragraph(
            f"{told} ({size(unreachable.bytes)}, {cost(unreachable)}) {verb} to versions that git "
            "cannot reach any more"
        )
        page.command(("delete them: ", "dim"), "promptops cache prune --unreachable")
    return page.text()


def _span(contents: Contents) -> str:
    if not (contents.oldest and contents.newest):
        return ""
    first, last = contents.oldest[:10], contents.newest[:10]
    return f", drawn on {first}" if first == last else f", drawn from {first} to {last}"


def _shares(page: Page, contents: Contents) -> None:
    heads = ["prompt", "kind", ">responses", ">size", ">cost once"]
    rows: list[list[Cell]] = [
        [
            (each.prompt or "of no known run", "bold" if each.prompt else "dim"),
            _PURPOSES[each.purpose],
            *_amount(each.amount),
        ]
        for each in contents.shares
    ]
    if len(rows) > 1:
        rows.append([("total", "dim"), "", *_amount(contents.total)])
    if page.width < _ROOM_FOR_PURPOSE:
        del heads[1]
        for row in rows:
            del row[1]
    page.table(heads, rows, indent=0, flexible=0)
    page.blank()
    page.paragraph(("cost once: what it cost to draw them; to use them again costs nothing", "dim"))
    if contents.texts != Texts():
        told = f"for reports: {_many_texts(contents.texts)}"
        page.paragraph((told, "dim"))


def _amount(amount: Amount) -> list[Cell]:
    return [words.number(amount.responses), size(amount.bytes), cost(amount)]


def contents_json(contents: Contents | None, unreachable: Amount | None) -> str:
    """The same as one JSON object."""
    held = contents or Contents(0, 0, Amount(), 0, None, None, [])
    value = {
        "schema": CACHE_SCHEMA,
        "file_bytes": held.file_bytes,
        "free_bytes": held.free_bytes,
        "runs": held.runs,
        "oldest": held.oldest,
        "newest": held.newest,
        "total": held.total,
        "texts": held.texts,
        "prompts": [_share(each) for each in held.shares],
        "unreachable": unreachable,
    }
    return encode(value)


def _share(share: Share) -> dict[str, object]:
    return {
        "prompt": share.prompt or None,
        "purpose": share.purpose,
        **msgspec.structs.asdict(share.amount),
    }


def render_pruned(pruned: Pruned, surface: Surface, *, asking: bool = False) -> str:
    """What was deleted, or would be; `asking` is for a page below which it is asked whether to."""
    page = Page(surface)
    found = pruned.selection
    which = " and ".join(pruned.criteria)
    if not found.total.responses:
        spared = "that can be spared, " if found.needed else ""
        page.paragraph(f"nothing to delete: there is no response {spared}{which}")
    else:
        lead = "would delete" if pruned.dry_run else "deleted"
        many = words.many(found.total.responses, "response")
        page.paragraph((f"{lead} {many}", "bold"), f" {which}")
        page.blank()
        _prompts(page, found.prompts, found.total)
    _texts_pruned(page, pruned)
    _needed(page, found)
    if (found.total.responses or found.texts != Texts()) and not asking:
        page.blank()
        _space(page, pruned)
    return page.text()


def _texts_pruned(page: Page, pruned: Pruned) -> None:
    texts = pruned.selection.texts
    if texts == Texts():
        return
    page.blank()
    verb = "would go" if pruned.dry_run else "went"
    page.paragraph(f"{_many_texts(texts)} that no other run needs {verb} with them")


def _many_texts(texts: Texts) -> str:
    """`3 texts of prompts and 120 cases (18.2 kB)`, of what reports show beside answers."""
    prompts = "1 text of a prompt" if texts.prompts == 1 else f"{texts.prompts:,} texts of prompts"
    return f"{prompts} and {words.many(texts.cases, 'case')} ({size(texts.bytes)})"


def _prompts(page: Page, prompts: Mapping[str, Amount], total: Amount) -> None:
    rows: list[list[Cell]] = [
        [(name or "of no known run", "bold" if name else "dim"), *_amount(amount)]
        for name, amount in prompts.items()
    ]
    if len(rows) > 1:
        rows.append([("total", "dim"), *_amount(total)])
    heads = ["prompt", ">responses", ">size", ">to draw again"]
    page.table(heads, rows, indent=0, flexible=0)
    page.blank()
    page.paragraph(("to draw again: what they cost once, if they are ever wanted again", "dim"))


def _needed(page: Page, found: Selection) -> None:
    if not found.needed:
        return
    page.blank()
    many = words.many(found.needed, "response")
    stay = "stays" if found.needed == 1 else "stay"
    it = "it" if found.needed == 1 else "them"
    broken_off = [each for each in found.runs if each not in found.under_way]
    told = [
        f"{_needing(runs, kind)} {it} ({', '.join(runs)})"
        for runs, kind in (
            ([each for each in found.runs if each in found.under_way], "that is under way"),
            (broken_off, "that was broken off"),
        )
        if runs
    ]
    page.paragraph(f"{many} {stay}: {', and '.join(told)}")
    if broken_off:
        lead = "bring it to its end: " if len(found.runs) == 1 else "bring one to its end: "
        page.command((lead, "dim"), f"promptops eval --resume {broken_off[0]}")


def _needing(runs: Sequence[str], kind: str) -> str:
    if len(runs) == 1:
        return f"a run {kind} needs"
    return f"{len(runs)} runs {kind.replace(' is ', ' are ').replace(' was ', ' were ')} need"


def _space(page: Page, pruned: Pruned) -> None:
    if pruned.dry_run:
        page.paragraph(("nothing was deleted; what was spent stays in `promptops costs`", "dim"))
    elif pruned.shrunk:
        before, after = size(pruned.bytes_before), size(pruned.bytes_after)
        page.paragraph((f"the file had {before} and has {after}", "dim"))
    else:
        told = "the room is used for what is kept next: the file could not be made smaller now"
        page.paragraph((told, "dim"))


def pruned_json(pruned: Pruned) -> str:
    """The same as one JSON object."""
    found = pruned.selection
    value = {
        "schema": PRUNE_SCHEMA,
        "dry_run": pruned.dry_run,
        "total": found.total,
        "prompts": [
            {"prompt": name or None, **msgspec.structs.asdict(amount)}
            for name, amount in found.prompts.items()
        ],
        "texts": found.texts,
        "needed": found.needed,
        "unfinished_runs": list(found.runs),
        "runs_under_way": sorted(found.under_way),
        "file_bytes_before": pruned.bytes_before,
        "file_bytes": pruned.bytes_after,
        "shrunk": pruned.shrunk,
    }
    return encode(value)
