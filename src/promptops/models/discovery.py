"""Which models run inside this process: the files of `providers/`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from promptops.models import providers
from promptops.models.provider import Provider


@cache
def provider_names() -> tuple[str, ...]:
    """Prefixes of model strings, sorted. Imports none of them."""
    return tuple(sorted(each.name for each in pkgutil.iter_modules(providers.__path__)))


@cache
def load_provider(name: str) -> Provider:
    """The provider of a prefix in `provider_names()`; one per process."""
    module = importlib.import_module(f"{providers.__name__}.{name}")
    provider: Provider = module.open_provider()
    return provider
