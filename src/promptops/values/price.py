"""A price that a suite states itself, and which goes before any list."""

from __future__ import annotations

from typing import Annotated

import msgspec

Dollars = Annotated[float, msgspec.Meta(ge=0)]


class StatedPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars per million tokens, as providers print them."""

    input: Dollars
    output: Dollars
    cached_input: Dollars | None = None
    """Of input that the provider had in its cache; None: the same as other input."""
