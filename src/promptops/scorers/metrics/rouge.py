"""ROUGE-L of rouge-score: F1 of the longest common subsequence of words, letters a-z and digits
only.
"""

from __future__ import annotations

from rouge_score.rouge_scorer import RougeScorer

MAX_CHARACTERS = 6_000
"""Its table of subsequences grows with the square of the length, in Python."""
_METRIC = RougeScorer(["rougeL"], use_stemmer=False)


def similarity(answer: str, expected: str) -> float:
    return float(_METRIC.score(expected, answer)["rougeL"].fmeasure)
