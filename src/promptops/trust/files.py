"""What was measured of a judge, in a file beside its suites: reviewed and merged like any other.

`evals/<judge>.trust.json` holds the reports of `promptops judge check NAME --write`.  A build reads
it to know whether a judge may gate, without asking anybody anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from promptops.documents.tree import Tree
from promptops.errors import InputError, Location
from promptops.values.trust import SCHEMA, TrustReport

FOLDER = "evals"
SUFFIX = ".trust.json"

_DECODER = msgspec.json.Decoder(list[TrustReport])
_SHARES = ("accuracy", "sensitivity", "specificity")
_AGAIN = "promptops judge check NAME --write  writes it anew"


def trust_path(judge: str) -> str:
    """The path of a judge's file from the root of the project."""
    return f"{FOLDER}/{judge}{SUFFIX}"


def read_trust(tree: Tree, judge: str) -> list[TrustReport]:
    """What was measured of a judge; nothing where there is no file.

    Raises:
        InputError: the file is not what `judge check --write` writes.
    """
    path = trust_path(judge)
    text = tree.read(path)
    if text is None:
        return []
    try:
        found = _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        message = f"not a file of measured trust: {error}"
        raise InputError(message, location=Location(path), hint=_AGAIN) from None
    for each in found:
        if each.schema != SCHEMA or each.judge != judge:
            what = f"a report on {each.judge!r} ({each.schema})"
            raise InputError(
                f"{what} among those on {judge!r}", location=Location(path), hint=_AGAIN
            )
        _check_shares(each, Location(path))
    return found


def _check_shares(report: TrustReport, place: Location) -> None:
    """What a pass rests on: no hand may have written a share that is none."""
    for name in _SHARES:
        known = report.measure(name)
        if known is None:
            continue
        numbers = [each for each in (known.value, *(known.interval or ())) if each is not None]
        if any(not 0 <= each <= 1 for each in numbers):
            raise InputError(f"{name} is a share, from 0 to 1", location=place, hint=_AGAIN)


def merged(kept: Sequence[TrustReport], new: Sequence[TrustReport]) -> list[TrustReport]:
    """The new reports beside those of other suites and metrics, without what anybody answered.

    Canaries stay, for they are ours: what a judge said of them tells later whether it changed.
    """
    replaced = {(each.suite, each.metric) for each in new}
    stays = [each for each in kept if (each.suite, each.metric) not in replaced]
    spare = [_spare(each) for each in new]
    return sorted([*stays, *spare], key=lambda each: (each.suite, each.metric))


def _spare(report: TrustReport) -> TrustReport:
    canaries = [msgspec.structs.replace(each, explanation="") for each in report.canaries]
    return msgspec.structs.replace(report, disagreements=[], canaries=canaries)
