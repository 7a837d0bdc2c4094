"""Opening what answers, without importing litellm before it is needed."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Mapping
from types import ModuleType

from promptops.models.model import Model
from promptops.models.silence import silence
from promptops.values.price import StatedPrice


def open_model(
    environ: Mapping[str, str] | None = None,
    prices: Mapping[str, StatedPrice] | None = None,
) -> Model:
    """Whatever answers any model string. Importing litellm takes seconds: call it late.

    `environ` is where secrets are known from, so that messages can be rid of them; None: the
    process's own environment, which litellm itself reads in any case.  `prices` are those that a
    suite states, by whole model strings: they go before the list.
    """
    silence()  # litellm logs while it is imported, too
    gateway = _imported("promptops.models.gateway")
    model: Model = gateway.Gateway(os.environ if environ is None else environ, prices)
    return model


def _imported(name: str) -> ModuleType:
    """The module, imported with the garbage collector out of its way.

    It brings 400,000 objects that live as long as the process. Every full collection would walk
    them: while they are imported, during the run, and twice at the end. That is a quarter of the
    processor time of 2,000 calls. Frozen, they are left alone; what comes later is collected.
    """
    if name in sys.modules:
        return sys.modules[name]
    collecting = gc.isenabled()
    gc.disable()
    try:
        module = importlib.import_module(name)
        gc.freeze()
    finally:
        if collecting:
            gc.enable()
    return module
