"""A gate, its reports and both versions of every prompt in one JSON file of a bounded size.

A comment on a pull request is made of this file by a build that takes nothing larger.  So texts are
cut, then cases left out, by as little as will do.  What was cut says so.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec

from promptops.reports import words
from promptops.reports.changed_cases import changed, choose, gravity
from promptops.reports.encoding import encode
from promptops.reports.votes import read_votes
from promptops.values.details import PromptText
from promptops.values.gate import SCHEMA, GateFile, GateReport, PromptPair
from promptops.values.judging import Said
from promptops.values.report import Report
from promptops.values.results import Results

MOST_BYTES = 5_000_000
"""Of the whole file, in UTF-8."""

LONGEST_SOURCE = 200_000
"""Bytes of one prompt's source, and once more of all its other texts together."""


class _Room(NamedTuple):
    """How much a file may hold."""

    source: int
    """Bytes of one prompt's source; with 0 there are no prompts."""
    text: int
    """Bytes of any other text."""
    cases: int | None
    """Cases of one report, the gravest ones; None for all."""


class _Behind(NamedTuple):
    """What goes with the reports, by their runs."""

    prompts: dict[str, PromptPair]
    said: dict[str, Said]


_ROOMS = (
    _Room(LONGEST_SOURCE, 20_000, None),
    _Room(LONGEST_SOURCE, 1_000, None),
    _Room(50_000, 300, None),
    _Room(20_000, 300, 1_000),
    _Room(8_000, 200, 100),
    _Room(2_000, 200, 20),
    _Room(0, 200, 0),
)

_SAID = 200
"""Cases of one report with what was said of them: as many as a comment may show."""

_SHORT = 64
"""Characters that no text is cut to less than: names, words of the contract, and digests."""


def encode_gate(gate: GateReport, results: Results) -> str:
    """What `promptops gate --format json` prints (`promptops.gate/1`), within `MOST_BYTES`."""
    behind = _Behind(_prompts(results), _said(results))
    text = ""
    for room in _ROOMS:
        value = _fitted(gate, results, behind, room)
        if _bare_size(value) > MOST_BYTES and room is not _ROOMS[-1]:
            continue  # it grows when it is made readable and inert, which takes its time
        text = encode(value)
        if len(text) <= MOST_BYTES and len(text.encode()) <= MOST_BYTES:
            break
    return text


def _bare_size(value: object) -> int:
    """Bytes of a value as plain JSON; 0 where it has to be mended for that."""
    try:
        return len(msgspec.json.encode(value))
    except (ValueError, OverflowError):
        return 0


def _prompts(results: Results) -> dict[str, PromptPair]:
    """Both versions by run, for the runs whose texts are kept."""
    found: dict[str, PromptPair] = {}
    for report in results.reports:
        details = results.details(report.run)
        if details is None:
            continue
        pair = PromptPair(details.baseline, details.candidate)
        if pair != PromptPair():
            found[report.run] = pair
    return found


def _said(results: Results) -> dict[str, Said]:
    """What judges and people said by run, for the runs of which that is known."""
    found: dict[str, Said] = {}
    for report in results.reports:
        votes = read_votes(results, report, {each.id for each in choose(changed(report), _SAID)})
        words_ = {case: told for case, told in votes.cases.items() if told.votes or told.people}
        if votes.metrics or words_:
            found[report.run] = Said(votes.metrics, words_)
    return found


def _fitted(gate: GateReport, results: Results, behind: _Behind, room: _Room) -> dict[str, Any]:
    reports = [_with_fewer_cases(report, room.cases) for report in results.reports]
    value: dict[str, Any] = msgspec.to_builtins(GateFile(SCHEMA, gate, reports), str_keys=True)
    value = _cut_all(value, _Cutter(room.text))
    names = _Cutter(room.text)
    cases = {report.run: {each.id for each in report.cases} for report in reports}
    value["said"] = {
        names.cut(run): _cut_all(msgspec.to_builtins(_of_cases(said, cases[run])), names)
        for run, said in behind.said.items()
    }
    if room.source:
        value["prompts"] = {
            names.cut(run): _pair(pair, room.source) for run, pair in behind.prompts.items()
        }
    return value


def _with_fewer_cases(report: Report, most: int | None) -> Report:
    left_out = 0 if most is None else len(report.cases) - most
    if left_out <= 0:
        return report
    kept = set(sorted(range(len(report.cases)), key=lambda at: gravity(report.cases[at]))[:most])
    told = (
        f"{left_out:,} of {words.many(len(report.cases), 'case')} are left out of this file, which "
        f"holds at most {MOST_BYTES // 1_000_000} MB"
    )
    return msgspec.structs.replace(
        report,
        cases=[case for at, case in enumerate(report.cases) if at in kept],
        warnings=[*report.warnings, told],
    )


def _of_cases(said: Said, kept: Collection[str]) -> Said:
    told = {case: each for case, each in said.cases.items() if case in kept}
    return msgspec.structs.replace(said, cases=told)


def _pair(pair: PromptPair, source: int) -> dict[str, Any]:
    return {
        "baseline": _prompt(pair.baseline, source),
        "candidate": _prompt(pair.candidate, source),
    }


def _prompt(prompt: PromptText | None, most: int) -> dict[str, Any] | None:
    """A version whose source takes at most so many bytes, and all its other texts together too."""
    if prompt is None:
        return None
    bare = msgspec.structs.replace(prompt, source="")
    value: dict[str, Any] = _cut_all(
        msgspec.to_builtins(bare, str_keys=True), _Cutter(most, in_all=most)
    )
    return value | {"source": _Cutter(most).cut(prompt.source)}


class _Cutter:
    """Cuts texts to `most` bytes each, and to `in_all` bytes together; short ones are kept."""

    def __init__(self, most: int, *, in_all: int | None = None) -> None:
        self._most = most
        self._left = in_all

    def cut(self, text: str) -> str:
        """The text, or its start and how much of it is missing."""
        if len(text) <= _SHORT:
            return text
        most = self._most if self._left is None else min(self._most, self._left)
        kept = _start(text, most)
        if self._left is not None:
            self._left -= len(kept) if kept.isascii() else _size(kept)
        if len(kept) == len(text):
            return text
        return f"{kept}… [{len(text) - len(kept):,} characters left out]"


def _start(text: str, most: int) -> str:
    """As much of a text as fits into so many bytes; no character is torn."""
    if text.isascii():
        return text[:most]
    if len(text) * 4 <= most:
        return text
    data = text[: most + 1].encode("utf-8", "surrogatepass")
    if len(data) <= most:
        return text
    while most and data[most] & 0xC0 == 0x80:
        most -= 1
    return data[:most].decode("utf-8", "surrogatepass")


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _cut_all(value: Any, cutter: _Cutter) -> Any:
    """The same value with every text in it cut; keys as well, as others may have written them."""
    if isinstance(value, str):
        return cutter.cut(value)
    if isinstance(value, dict):
        return {cutter.cut(key): _cut_all(item, cutter) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cut_all(item, cutter) for item in value]
    return value
