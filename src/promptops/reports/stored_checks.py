"""Whether what is kept is sound, and files of it: pages of `promptops cache`."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from promptops.reports import words
from promptops.reports.encoding import encode
from promptops.reports.page import Page
from promptops.reports.stored import size
from promptops.reports.surface import Surface
from promptops.store.archive import Exported
from promptops.store.archive_reading import Imported
from promptops.store.verifying import Damage, Findings

VERIFY_SCHEMA = "promptops.cache-verify/1"
EXPORT_SCHEMA = "promptops.cache-export/1"
IMPORT_SCHEMA = "promptops.cache-import/1"

MOST_DAMAGE = 20
"""Of one kind, told one by one in a terminal."""
_KEY_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Verified:
    """What looking a store over came to."""

    findings: Findings
    """As it is now."""
    removed: int = 0
    """Rows that were damaged, and are deleted."""
    mended: str = ""
    """What became of a damaged file; empty where it was none."""


def render_verified(verified: Verified, surface: Surface) -> str:
    """What was looked at, and whatever is not as it was written."""
    page = Page(surface)
    found = verified.findings
    if verified.mended:
        page.paragraph(("the file was damaged", "bold yellow"), f"; {verified.mended}")
    if verified.removed:
        rows = words.many(verified.removed, "damaged row")
        page.paragraph((f"removed {rows}", "bold yellow"), "; what is missing is drawn again")
    looked = ", ".join(
        (
            words.many(found.responses, "response"),
            words.many(found.samples, "sample"),
            words.many(found.runs, "run"),
            words.many(found.prompts, "prompt text"),
            words.many(found.cases, "case"),
        )
    )
    if not found.damage:
        page.paragraph(f"{looked}: ", ("all as they were written", "bold green"))
        _unsummed(page, found)
        return page.text()
    page.paragraph(f"{looked}: ", (words.many(len(found.damage), "fault"), "bold red"))
    page.blank()
    parts = dict.fromkeys(each.part for each in found.damage)
    for part in parts:
        each_part = found.of(part)
        for damage in each_part[:MOST_DAMAGE]:
            page.item((part, "red"), f"{_place(damage)}{damage.problem}")
        if len(each_part) > MOST_DAMAGE:
            page.item((part, "red"), f"and {len(each_part) - MOST_DAMAGE:,} more")
    page.blank()
    if "reference" in parts and len(parts) == 1:
        page.paragraph(("what was spent on these is known, but not on whose account", "dim"))
    else:
        mend = "promptops cache verify --repair"
        page.command(("remove what is damaged, to have it drawn again: ", "dim"), mend)
    return page.text()


def _unsummed(page: Page, found: Findings) -> None:
    if found.unsummed:
        many = words.many(found.unsummed, "response")
        page.paragraph((f"{many} of before checksums were kept: can be read", "dim"))


def _place(damage: Damage) -> str:
    if damage.part == "response":
        key, sample = damage.key
        return f"{str(key)[:_KEY_SHOWN]}, sample {sample}: "
    if damage.part == "sample":
        run, arm, case, sample = damage.key
        return f"run {run}, {arm}, case {case}, {sample}: "
    if damage.part == "case":
        return f"dataset {str(damage.key[0])[:_KEY_SHOWN]}, case {damage.key[1]}: "
    return f"{damage.key[0]}: " if damage.key else ""


def verified_json(verified: Verified) -> str:
    """The same as one JSON object."""
    found = verified.findings
    value = {
        "schema": VERIFY_SCHEMA,
        "responses": found.responses,
        "without_checksum": found.unsummed,
        "samples": found.samples,
        "runs": found.runs,
        "prompt_texts": found.prompts,
        "case_texts": found.cases,
        "damage": found.damage,
        "removed": verified.removed,
        "mended": verified.mended or None,
    }
    return encode(value)


def render_exported(done: Exported, file: str, bytes_: int, surface: Surface) -> str:
    """What was written to a file."""
    page = Page(surface)
    prices = f" and {words.many(done.prices, 'price')}" if done.prices else ""
    page.paragraph(
        (f"exported {words.many(done.responses, 'response')}", "bold"),
        f"{prices} to {file} ({size(bytes_)})",
    )
    if done.damaged:
        page.paragraph(
            (f"{words.number(done.damaged)} left out, being damaged: ", "bold red"),
            "`promptops cache verify` tells which",
        )
    if done.redacted:
        many = words.many(done.redacted, "response")
        page.paragraph(f"a secret of this environment was hidden in {many}")
    return page.text()


def exported_json(done: Exported, bytes_: int) -> str:
    """The same as one JSON object."""
    return encode({"schema": EXPORT_SCHEMA, **msgspec.structs.asdict(done), "file_bytes": bytes_})


def render_imported(done: Imported, file: str, surface: Surface) -> str:
    """What was taken in from a file."""
    page = Page(surface)
    prices = f" and {words.many(done.prices, 'price')}" if done.prices else ""
    page.paragraph(
        (f"imported {words.many(done.responses, 'response')}", "bold"), f"{prices} from {file}"
    )
    if done.present:
        many = words.many(done.present, "other")
        page.paragraph(f"{many} {'was' if done.present == 1 else 'were'} here already, and stay")
    return page.text()


def imported_json(done: Imported) -> str:
    """The same as one JSON object."""
    return encode({"schema": IMPORT_SCHEMA, **msgspec.structs.asdict(done)})
