"""Where a model string leads, and whether its key is there; known without importing litellm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from promptops.models.discovery import load_provider, provider_names

_PLAIN_NAMES = (
    (re.compile(r"^(gpt-|chatgpt-|o[1-9](-|$)|text-embedding-|davinci|babbage|ft:gpt)"), "openai"),
    (re.compile(r"^claude-"), "anthropic"),
    (re.compile(r"^gemini-"), "vertex_ai"),
    (re.compile(r"^command-|^embed-"), "cohere"),
)

# Provider to the variables of which one must be set. Providers that can authenticate in many other
# ways (cloud roles, files, metadata servers) are left out: their own error says more than a guess.
_KEYS: dict[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "cerebras": ("CEREBRAS_API_KEY",),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "deepinfra": ("DEEPINFRA_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks_ai": (
        "FIREWORKS_API_KEY",
        "FIREWORKS_AI_API_KEY",
        "FIREWORKSAI_API_KEY",
        "FIREWORKS_AI_TOKEN",
    ),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "moonshot": ("MOONSHOT_API_KEY",),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY", "OR_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "replicate": ("REPLICATE_API_KEY", "REPLICATE_API_TOKEN"),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_TOKEN"),
    "voyage": ("VOYAGE_API_KEY",),
    "xai": ("XAI_API_KEY",),
}


_ADDRESSES = {
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "gemini": ("GEMINI_API_BASE",),
}
"""Where litellm looks in another order than for most, or in fewer places."""


def provider_of(model: str) -> str:
    """The provider's name in a model string; empty where the string does not tell."""
    prefix, slash, _ = model.partition("/")
    if slash:
        return prefix
    return next((name for pattern, name in _PLAIN_NAMES if pattern.match(model)), "")


def endpoint(model: str, environ: Mapping[str, str]) -> str:
    """What answers `model`: a base URL where the environment redirects it, else the provider.

    It enters the key of stored responses, so that two servers never share answers.  User, password,
    query and fragment of a URL are left out: they may hold secrets.  For a model that runs inside
    this process it names the weights.
    """
    provider = provider_of(model)
    if provider in provider_names():
        return load_provider(provider).identity(model)
    for name in _addresses(provider):
        if url := environ.get(name, "").strip():
            return _clean(url)
    return provider


def missing_credentials(model: str, environ: Mapping[str, str]) -> str | None:
    """What the environment lacks for `model` to answer, in words; None where nothing is known to.

    Raises:
        InputError: a model that runs inside this process is unknown, or its extra is not installed.
    """
    provider = provider_of(model)
    if provider in provider_names():
        load_provider(provider).check_model(model)
        return None
    names = _KEYS.get(provider)
    if not names or any(environ.get(name, "").strip() for name in names):
        return None
    shown = names[0] if len(names) == 1 else f"{names[0]} (or {', '.join(names[1:])})"
    return f"{model} needs {shown} in the environment"


def _addresses(provider: str) -> tuple[str, ...]:
    """The variables in which litellm looks for a provider's address, the first one first."""
    if provider in _ADDRESSES:
        return _ADDRESSES[provider]
    stem = re.sub(r"\W", "_", provider).upper()
    return (f"{stem}_API_BASE", f"{stem}_BASE_URL") if stem else ()


def _clean(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"//{url}")
    host = parts.netloc.rpartition("@")[2].lower()
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    return f"{scheme}{host}{parts.path.rstrip('/')}"
