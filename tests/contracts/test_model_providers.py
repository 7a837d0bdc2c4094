"""What every file under `models/providers` must hold; a new one is tested by being there."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from promptops.errors import InputError
from promptops.models import providers
from promptops.models.discovery import load_provider, provider_names
from promptops.models.endpoints import endpoint, missing_credentials
from promptops.models.opening import open_model
from promptops.models.provider import ProviderError
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Response

pytestmark = pytest.mark.model

NAMES = provider_names()
BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "Say hi."}], "max_tokens": 4}


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_files_are_what_is_found():
    folder = Path(providers.__path__[0])
    files = {each.stem for each in folder.glob("*.py")} - {"__init__"}
    assert set(NAMES) == files == {each.name for each in pkgutil.iter_modules([str(folder)])}
    assert NAMES


def test_its_models_carry_its_prefix(name: str):
    provider = load_provider(name)
    assert provider.models
    assert all(model.startswith(f"{name}/") for model in provider.models)
    assert provider.parallel >= 1


def test_each_opening_is_a_provider_of_its_own_and_discovery_keeps_one(name: str):
    module = importlib.import_module(f"{providers.__name__}.{name}")
    assert module.open_provider() is not module.open_provider()
    assert load_provider(name) is load_provider(name)


def test_identities_name_what_answers(name: str):
    provider = load_provider(name)
    identities = [provider.identity(model) for model in provider.models]
    assert len(set(identities)) == len(identities)
    assert all(identities)
    assert provider.identity(f"{name}/no-such-model")  # never raises
    assert endpoint(provider.models[0], {}) == identities[0]


def test_an_unknown_model_is_an_error_of_the_input_that_names_the_known(name: str):
    provider = load_provider(name)
    with pytest.raises(InputError) as caught:
        missing_credentials(f"{name}/no-such-model", {})
    assert any(model in (caught.value.hint or "") for model in provider.models)
    assert all(missing_credentials(model, {}) is None for model in provider.models)


def test_unknown_parameters_are_refused_by_name(name: str):
    provider = load_provider(name)
    provider.check_body(BODY)
    with pytest.raises(InputError, match="temprature"):
        provider.check_body({**BODY, "temprature": 1})


def test_it_answers_in_the_openai_format_and_again_after_closing(name: str):
    provider = load_provider(name)
    for model in provider.models:
        for _ in range(2):
            answer = asyncio.run(provider.complete(model, BODY, index=0, deadline_seconds=60))
            choice = answer["choices"][0]
            assert isinstance(choice["message"]["content"], str)
            assert choice["finish_reason"]
            assert answer["model"] == model
            assert answer["usage"]["prompt_tokens"] == provider.count_tokens(model, BODY)
            provider.close()
    provider.close()  # twice is fine


def test_what_it_cannot_answer_is_a_provider_error(name: str):
    provider = load_provider(name)
    body = {**BODY, "messages": [{"role": "user", "content": "word " * 200_000}]}
    with pytest.raises(ProviderError) as caught:
        asyncio.run(provider.complete(provider.models[0], body, index=0, deadline_seconds=60))
    assert 400 <= caught.value.status_code < 600
    provider.close()


def test_through_the_gateway_it_is_any_other_model(name: str):
    async def use() -> None:
        gateway = open_model()
        for model in load_provider(name).models:
            request = Request(model, (Message("user", "Say hi."),), {"max_tokens": 4})
            answer = await gateway.respond(request, index=1)
            assert isinstance(answer, Response)
            assert answer.cost_usd == 0.0
            assert answer.latency_seconds > 0
            late = await gateway.respond(request, index=1, deadline_seconds=0.0001)
            assert isinstance(late, Failure)
            assert late.kind == "timeout"
        await gateway.close()

    asyncio.run(use())
