"""An order that nobody chose, and that is the same wherever it is drawn."""

from __future__ import annotations

import hashlib


def at_random(*parts: object) -> bytes:
    """A place in such an order: it depends on the parts (a seed among them) and on nothing else.

    Sorting by it shuffles.
    """
    text = "\0".join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
