"""What answers cost, and by which entry of a price list that was worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptops.models.discovery import provider_names
from promptops.models.endpoints import provider_of
from promptops.models.price_entry import Price, digest, read_entry, stated_entry
from promptops.values.price import StatedPrice
from promptops.values.response import Response

Entry = dict[str, Any]


class Costs:
    """By what the suite states, else by the list.

    `look_up` gives the list's entry of a model string, where it prices that model by the token.
    """

    def __init__(
        self, stated: Mapping[str, StatedPrice], look_up: Callable[[str], Entry | None]
    ) -> None:
        self._look_up = look_up
        self._stated: dict[str, tuple[Price, str]] = {}
        self._listed: dict[tuple[str, str | None], tuple[Price, str] | None] = {}
        self.entries: dict[str, Entry] = {}
        """Entries that were used, by their digests."""
        for model, each in stated.items():
            if found := self._enter(stated_entry(each)):
                self._stated[model] = found

    def cost(
        self, found: Response, model: str, listed: Callable[[], float | None]
    ) -> tuple[float | None, str | None]:
        """US dollars of a response, and the digest of the entry that they were worked out by.

        `listed` works them out by the list.  None and None where price or usage is unknown.
        """
        usage = found.usage
        if usage is None:
            return None, None
        if own := self._stated.get(model):
            price, name = own
            sent, got, cached = usage.input_tokens, usage.output_tokens, usage.cached_input_tokens
            return price.of(sent, got, cached), name
        if provider_of(model) in provider_names():
            return 0.0, None
        entry = self._entry(model, found.response_model)
        if entry is None:
            return None, None
        price, name = entry
        usd = listed()
        # Whoever counts no cents where the list has a price could not tell it.
        known = usd or (0.0 if price.input_usd == price.output_usd == 0 else None)
        return (None, None) if known is None else (known, name)

    def _entry(self, model: str, answered: str | None) -> tuple[Price, str] | None:
        """The entry of the model that answered, as litellm has it, else of the one asked.

        A model that is not in the list has no price, whatever its server calls itself.
        """
        key = (model, answered)
        if key not in self._listed:
            entry = self._look_up(model)
            if entry is not None and answered:
                provider = provider_of(model)
                entry = self._look_up(f"{provider}/{answered}" if provider else answered) or entry
            self._listed[key] = None if entry is None else self._enter(entry)
        return self._listed[key]

    def _enter(self, entry: Entry) -> tuple[Price, str] | None:
        price = read_entry(entry)
        if price is None:
            return None
        name = digest(entry)
        self.entries[name] = entry
        return price, name
