"""The picture of a page in the README is a page as it is written today."""

from __future__ import annotations

import runpy
import struct
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
DRAWING = runpy.run_path(str(DOCS / "page.py"))


def test_the_picture_shows_the_page_as_it_is_written_today():
    """When this fails: `python -m docs.page`, and look at it."""
    kept = (DOCS / "page.png").read_bytes()
    assert DRAWING["note"](DRAWING["page"](DRAWING["example"]())) in kept


def test_the_picture_is_as_large_as_it_was_taken_and_not_too_heavy():
    kept = (DOCS / "page.png").read_bytes()
    assert struct.unpack(">II", kept[16:24]) == tuple(DRAWING["SIZE"].values())
    assert len(kept) <= 300_000
