"""Opening what answers, without importing litellm before it is needed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping

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
    gateway = importlib.import_module("promptops.models.gateway")
    model: Model = gateway.Gateway(os.environ if environ is None else environ, prices)
    return model
