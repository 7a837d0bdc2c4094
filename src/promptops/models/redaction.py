"""Secrets out of texts that are shown or stored."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import quote

_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)(_\d+)?$", re.IGNORECASE)
_SHAPES = re.compile(
    r"\b(?:sk-|pk-|rk-|gsk_|xai-|hf_|r8_|nvapi-|pplx-|AIza|AKIA)[A-Za-z0-9_*.\-]{8,}"
    r"|(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=\-]{8,}"
)
_SHORTEST = 8
HIDDEN = "[redacted]"


class Redactor:
    """Knows the secrets of an environment, and the shapes that keys have."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        found: set[str] = set()
        for name, value in environ.items():
            secret = value.strip()
            if _NAMES.search(name) and len(secret) >= _SHORTEST:
                encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
                found |= {secret, encoded, quote(secret, safe="")}
        self._secrets = sorted(found, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _SHAPES.sub(HIDDEN, text)
