"""How many tokens a request has. Imported only where they are asked for."""

from __future__ import annotations

import asyncio

from promptops.cli.output import note
from promptops.errors import PromptopsError
from promptops.models.bodies import chat_body
from promptops.models.discovery import load_provider, provider_names
from promptops.models.opening import open_model
from promptops.values.request import Request


def count(request: Request) -> int | None:
    """Tokens of the request, as its model counts them; None, and a note, where it cannot."""
    try:
        return _here(request) if _prefix(request) in provider_names() else _by_gateway(request)
    except PromptopsError as error:
        note(f"tokens are not counted: {error}")
        return None


def _prefix(request: Request) -> str:
    return request.model.partition("/")[0]


def _here(request: Request) -> int:
    """A model that runs in this process counts by itself, without the gateway's long import."""
    provider = load_provider(_prefix(request))
    try:
        return provider.count_tokens(request.model, chat_body(request, structured=False))
    finally:
        provider.close()


def _by_gateway(request: Request) -> int:
    model = open_model()
    try:
        return model.count_tokens(request)
    finally:
        asyncio.run(model.close())
