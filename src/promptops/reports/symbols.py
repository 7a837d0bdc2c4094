"""The few signs that reports use, and what stands for them where only ASCII can be shown."""

from __future__ import annotations

from dataclasses import dataclass

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
    return_sign: str


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
    return_sign="⏎",
)

ASCII = Symbols(
    verdicts={
        "improved": "+",
        "passed": "o",
        "regressed": "x",
        "inconclusive": "?",
        "invalid": "!",
    },
    changes={"broken": "x", "fixed": "+", "worse": "v", "better": "^", "same": "="},
    arrow="->",
    minus="-",
    dot="*",
    bar="|",
    rule="-",
    point="o",
    reach="=",
    limit=":",
    more="...",
    observe=".",
    none="-",
    return_sign="\\n",
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
