"""The answer under judgement: what can be said of it without a judge, and the fence around it."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_OPENER = re.compile(
    r"(?:[^\n:\uff1a]{1,60}[:\uff1a]|(?:okay, |ok, |sure, )?let'?s (?:think|solve|reason|work)"
    r"[^\n]{0,60}?step by step[.:!]*)",
    re.IGNORECASE,
)
_NOTHING_FOUND = re.compile(r"\s*(?:```(?:json)?\s*)?(?:\[\s*\]|\{\s*\})(?:\s*```)?\s*")


def has_content(answer: str) -> bool:
    """Whether there is anything to judge.

    An empty answer, one of punctuation alone (`:`), and one that stops after announcing itself
    (`Thought process:`) hold nothing.  Judges are known to let such answers pass, so they are not
    asked.  An empty list or object is an answer: that there is none.
    """
    if _NOTHING_FOUND.fullmatch(answer):
        return True
    bare = answer.strip().strip("*_#`> ").strip()
    if all(unicodedata.category(char)[0] in "PZC" for char in bare):
        return False
    return not _OPENER.fullmatch(bare.replace("\u2019", "'"))


def fence(judge: str, variables: Mapping[str, Any]) -> str:
    """A line that marks where the answer begins and ends in the judge's prompt.

    It is made of the SHA-256 of everything the judge is shown, the answer included: the same each
    time, so that the judge's verdict can be kept, and nothing that an answer could hold beforehand.
    """
    seen = json.dumps([judge, variables], sort_keys=True, default=str).encode()
    return f"=====[{hashlib.sha256(seen).hexdigest()[:32]}]====="
