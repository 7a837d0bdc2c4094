"""What a comment of ours ends with, unseen, so that it is found again and updated in place."""

from __future__ import annotations

MARKER = "<!-- promptops:gate -->"
"""No text that others wrote can hold it: `<!--` is never written as it is."""
