"""Loggers of the packages below: at DEBUG they write what is asked, headers and all."""

from __future__ import annotations

import logging

_LOGGERS = (
    "LiteLLM",
    "LiteLLM Proxy",
    "LiteLLM Router",
    "aiohttp",
    "anthropic",
    "boto3",
    "botocore",
    "google",
    "httpcore",
    "httpx",
    "openai",
    "urllib3",
)


def silence() -> None:
    """Let none of them say anything, at whatever level the root logger stands."""
    for name in _LOGGERS:
        _mute(logging.getLogger(name))
        for below, logger in list(logging.root.manager.loggerDict.items()):
            if below.startswith(f"{name}.") and isinstance(logger, logging.Logger):
                _mute(logger)


def _mute(logger: logging.Logger) -> None:
    logger.setLevel(logging.CRITICAL + 1)
