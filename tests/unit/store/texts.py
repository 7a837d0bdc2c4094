"""Texts of prompts and cases, as runs leave them in a store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from promptops.store.case_texts import CaseText
from promptops.store.store import Store
from promptops.values.details import PromptText
from promptops.values.request import Message
from tests.unit.store.kept import digest

DATASET = "da" * 32


def prompt_text(version: int = 1, *, prompt: str = "city", source: str = "") -> PromptText:
    return PromptText(
        name=prompt,
        path=f"prompts/{prompt}.yaml",
        digest=digest(f"{prompt} {version}"),
        version=version,
        source=source or f"version: {version}\n",
        messages=[Message("system", f"Say {version}."), Message("user", "{{ word }} ☀")],
        includes={"tone.txt": "Be brief."},
        model="openai/loop",
        params={"temperature": 0.2, "top_k": 10**30},
        inputs={"word": {"type": "string"}},
        output={"type": "object"},
        tools=[{"type": "function"}],
        change=f"number {version}",
    )


def case_text(name: str) -> CaseText:
    columns = {"word": f"say {name}", "expected": name, "parts": [1, None, {"a": 0.5}]}
    return CaseText(columns, ("short", name), f"group {name}", name == "c0")


def keep_cases(root: Path, names: Iterable[str], dataset: str = DATASET) -> None:
    with Store(root) as store:
        store.case_texts.keep(dataset, ((name, case_text(name)) for name in names))


def keep_prompts(root: Path, *versions: int, prompt: str = "city") -> None:
    with Store(root) as store:
        for version in versions:
            store.prompt_texts.keep(prompt_text(version, prompt=prompt))
