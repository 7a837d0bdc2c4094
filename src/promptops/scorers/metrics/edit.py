"""Levenshtein: 1 − edits / the longer length."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein

MAX_CHARACTERS = 50_000


def similarity(answer: str, expected: str) -> float:
    return float(Levenshtein.normalized_similarity(answer, expected))
