"""Why a run stands still, in words for whoever waits for it."""

from __future__ import annotations

from math import ceil, inf

from promptops.engine.calling.waiting import Waiting

WORTH_A_WORD_SECONDS = 2.0
LONGEST_WORTH_SECONDS = 60.0


def pause_words(pause: Waiting, *, with_model: bool = True) -> str:
    """`openai/gpt-4.1-mini: rate limited, goes on in 3 s`."""
    model = f"{pause.model}: " if with_model else ""
    if pause.kind == "held":
        return f"{model}held to {pause.why}"
    left = span(max(1, ceil(pause.left_seconds))) if pause.left_seconds < inf else ""
    if pause.kind == "down":
        ends = f", gives up in {left}" if left else ""
        return f"{model}down for {span(pause.seconds)} ({pause.why}){ends}"
    return f"{model}{pause.why}, goes on in {left}"


def span(seconds: float) -> str:
    """A stretch of time in whole seconds: `40 s`, `4 min 20 s`, `2 h 05 min`."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class Pauses:
    """What is said of pauses where there is no live line: that a long one begins, and its end.

    Each that is told makes the next one wait twice as long for a word, so that a provider that
    limits a run again and again does not fill a log.
    """

    def __init__(self) -> None:
        self._worth = WORTH_A_WORD_SECONDS
        self._told: tuple[str, str] | None = None
        self._began = 0.0
        self._held: set[tuple[str, str]] = set()

    def tell(self, pause: Waiting | None, now: float) -> str | None:
        """What there is to say, if anything; `now` is in seconds."""
        if pause is not None and pause.kind == "held":
            return self._tell_held(pause) if self._told is None else self._tell_end(now)
        if pause is None:
            return self._tell_end(now) if self._told is not None else None
        if self._told is not None:
            return None
        known = 0.0 if pause.kind == "down" else pause.left_seconds
        if pause.seconds + known <= self._worth:
            return None
        self._worth = min(2 * self._worth, LONGEST_WORTH_SECONDS)
        self._told, self._began = (pause.model, pause.kind), now - pause.seconds
        return pause_words(pause)

    def _tell_held(self, pause: Waiting) -> str | None:
        if (pause.model, pause.why) in self._held:
            return None
        self._held.add((pause.model, pause.why))
        return pause_words(pause)

    def _tell_end(self, now: float) -> str | None:
        assert self._told is not None
        model, kind = self._told
        self._told = None
        how = "answers again" if kind == "down" else "goes on"
        return f"{model}: {how} after {span(max(1.0, now - self._began))}"
