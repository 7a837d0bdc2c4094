"""Newline-delimited JSON: the other name of JSON Lines."""

from __future__ import annotations

from promptops.datasets.formats.jsonl import rows

__all__ = ["rows"]
