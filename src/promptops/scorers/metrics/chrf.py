"""chrF of sacrebleu: F-score of character n-grams up to 6."""

from __future__ import annotations

from sacrebleu.metrics.chrf import CHRF

MAX_CHARACTERS = 50_000
_METRIC = CHRF()


def similarity(answer: str, expected: str) -> float:
    return float(_METRIC.sentence_score(answer, [expected]).score) / 100
