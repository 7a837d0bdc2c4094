"""The picture of a comment in the README is a comment as it is written today."""

from __future__ import annotations

import runpy
import struct
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
DRAWING = runpy.run_path(str(DOCS / "comment.py"))


def test_the_picture_shows_the_comment_as_it_is_written_today():
    """When this fails: `python -m docs.comment`, and look at it."""
    kept = (DOCS / "comment.png").read_bytes()
    assert DRAWING["note"](DRAWING["page"](DRAWING["example"]())) in kept


def test_the_picture_is_as_wide_as_a_comment_and_not_too_heavy():
    kept = (DOCS / "comment.png").read_bytes()
    assert kept.startswith(b"\x89PNG")
    assert struct.unpack(">I", kept[16:20]) == (DRAWING["WIDTH"],)
    assert len(kept) <= 200_000


def test_the_page_loads_nothing_and_one_part_of_it_is_open():
    page = DRAWING["page"](DRAWING["example"]())
    assert "src=" not in page
    assert "href=" not in page
    assert page.count("<details open>") == 1
    assert "May not merge" in page
