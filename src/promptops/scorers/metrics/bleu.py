"""Sentence BLEU of sacrebleu, with effective order, as single sentences need it."""

from __future__ import annotations

from sacrebleu.metrics.bleu import BLEU

MAX_CHARACTERS = 50_000
_METRIC = BLEU(effective_order=True)


def similarity(answer: str, expected: str) -> float:
    return float(_METRIC.sentence_score(answer, [expected]).score) / 100
