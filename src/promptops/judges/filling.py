"""What promptops fills in itself where a judge's own prompt is under test.

A scorer that asks a judge gives it its rubric, a fence, and the form of its answer.  In a suite
about the judge the answers are columns like any other; the rest is filled in alike, so that nobody
has to write it into a dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from promptops.judges.answers import fence
from promptops.judges.pairs import compares, ruled_pairs
from promptops.judges.rubric import Ruled
from promptops.judges.showing import FENCE
from promptops.judges.verdicts import JudgeOptionError
from promptops.prompts.loading import LoadedPrompt
from promptops.values.request import Request


class Filling:
    """What is filled in for one prompt; nothing where it is no judge."""

    def __init__(self, loaded: LoadedPrompt) -> None:
        ruled = _ruled(loaded)
        self._guidance = ruled.guidance if ruled else {}
        self._schema = ruled.made_schema if ruled else None
        self._digest = loaded.digest
        self._declared = loaded.prompt.inputs
        self._fenced = ruled is not None and FENCE in self._declared

    def columns(self, columns: Mapping[str, Any]) -> Mapping[str, Any]:
        """The columns of a case, with `fence`, `anchors` and `criteria` as a scorer has them.

        What the case has under such a name goes before it.
        """
        if not self._guidance and not self._fenced:
            return columns
        whole = {**self._guidance, **columns}
        if self._fenced and FENCE not in whole:
            shown = {name: whole[name] for name in self._declared if name in whole}
            whole[FENCE] = fence(self._digest, shown)
        return whole

    def request(self, request: Request) -> Request:
        """The request, with the output schema that the judge leaves to its rubric."""
        if self._schema is None:
            return request
        return msgspec.structs.replace(request, output_schema=self._schema)


def _ruled(loaded: LoadedPrompt) -> Ruled | None:
    """The rubric of a judge; None for a prompt that is none, or whose rubric does not hold."""
    if loaded.prompt.judge is None:
        return ruled_pairs(loaded) if compares(loaded) else None
    try:
        return Ruled(loaded)
    except JudgeOptionError:
        return None
