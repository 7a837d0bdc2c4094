"""The few signs that reports use, and what stands for them where only ASCII can be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from promptops.reports.safe_text import plain
from promptops.values.report import Change, Verdict


@dataclass(frozen=True, slots=True)
class Symbols:
    """Each sign is one column wide, but for the arrow and the dots of ASCII."""

    verdicts: dict[Verdict, str]
    changes: dict[Change, str]
    arrow: str
    minus: str
    dot: str
    bar: str
    rule: str
    point: str
    reach: str
    limit: str
    more: str
    observe: str
    none: str


UNICODE = Symbols(
    verdicts={
        "improved": "✔",
        "passed": "●",
        "regressed": "✖",
        "inconclusive": "?",
        "invalid": "!",
    },
    changes={"broken": "✖", "fixed": "✔", "worse": "↓", "better": "↑", "same": "="},
    arrow="→",
    minus="−",
    dot="·",
    bar="│",
    rule="─",
    point="●",
    reach="━",
    limit="┊",
    more="…",
    observe="○",
    none="–",
)


def _plain_signs(signs: dict[Any, str]) -> dict[Any, str]:
    return {meaning: plain(sign) for meaning, sign in signs.items()}


ASCII = Symbols(
    verdicts=_plain_signs(UNICODE.verdicts),
    changes=_plain_signs(UNICODE.changes),
    arrow=plain(UNICODE.arrow),
    minus=plain(UNICODE.minus),
    dot=plain(UNICODE.dot),
    bar=plain(UNICODE.bar),
    rule=plain(UNICODE.rule),
    point=plain(UNICODE.point),
    reach=plain(UNICODE.reach),
    limit=plain(UNICODE.limit),
    more=plain(UNICODE.more),
    observe=plain(UNICODE.observe),
    none=plain(UNICODE.none),
)

VERDICT_STYLES: dict[Verdict, str] = {
    "improved": "bold green",
    "passed": "bold cyan",
    "regressed": "bold red",
    "inconclusive": "bold yellow",
    "invalid": "bold magenta",
}

CHANGE_STYLES: dict[Change, str] = {
    "broken": "red",
    "fixed": "green",
    "worse": "red",
    "better": "green",
    "same": "dim",
}


def symbols(*, unicode: bool) -> Symbols:
    """The signs for a surface."""
    return UNICODE if unicode else ASCII
