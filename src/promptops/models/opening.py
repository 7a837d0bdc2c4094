"""Opening what answers, without importing litellm before it is needed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping

from promptops.models.model import Model


def open_model(environ: Mapping[str, str] | None = None) -> Model:
    """Whatever answers any model string. Importing litellm takes seconds: call it late.

    `environ` is where secrets are known from, so that messages can be rid of them; None: the
    process's own environment, which litellm itself reads in any case.
    """
    gateway = importlib.import_module("promptops.models.gateway")
    model: Model = gateway.Gateway(os.environ if environ is None else environ)
    return model
