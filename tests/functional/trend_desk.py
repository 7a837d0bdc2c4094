"""A prompt with a history in git, and runs of its versions in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from promptops.cli.project import find_project
from promptops.cli.revisions import history_of
from promptops.store.store import Store
from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Calls,
    Cost,
    MetricReport,
    Report,
    Tokens,
)
from tests.git_sandbox import Sandbox

MODEL = "example/small-1"
NAME = "city"

PROMPT = """\
version: {version}
change: {change}
model: {model}
inputs: {{message: {{type: string}}}}
messages:
  - {{role: system, content: "Name the city. {version}"}}
  - {{role: user, content: "{{{{ message }}}}"}}
"""
SUITE = """\
prompt: city
dataset: city.jsonl
scorers:
  exact: {type: equals, expected: "{{ expected }}"}
"""
CASES = '{"id": "a", "message": "Lunch in Lyon?", "expected": "Lyon"}\n'


class Desk:
    """Writes versions and finished runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git = Sandbox(root)
        self.git.write(
            {"evals/city.yaml": SUITE, "evals/city.jsonl": CASES, ".gitignore": ".promptops/\n"}
        )
        self._made = 0

    def version(self, number: int, change: str = "Said otherwise.", model: str = MODEL) -> None:
        text = PROMPT.format(version=number, change=change, model=model)
        self.git.commit(f"Version {number}", {"prompts/city.yaml": text})

    def versions(self, count: int) -> None:
        for number in range(1, count + 1):
            self.version(number, f"Reason {number}.")

    def digests(self, name: str = NAME) -> dict[int, str]:
        """Number of each version to its digest."""
        found = history_of(find_project(self.root), name).versions
        return {each.number: each.digest for each in found}

    def run(
        self,
        before: int | None,
        after: int,
        level: float,
        *,
        was: float = 0.5,
        name: str = NAME,
        suite: str = NAME,
        model: str = MODEL,
        metrics: list[MetricReport] | None = None,
        candidate: dict[str, Any] | None = None,
        **meta: Any,
    ) -> str:
        """A run of two versions, or of one; answers its id."""
        self._made += 1
        digests = self.digests(name)
        delta = None if before is None else round(level - was, 6)
        metric = MetricReport(
            "exact",
            "gate",
            level,
            None if before is None else was,
            delta,
            None if delta is None else (delta - 0.04, delta + 0.04),
            pairs=20,
            verdict=None if before is None else "passed",
        )
        arms = [
            ArmReport(
                version=number,
                digest=digests[number],
                commit=None,
                dirty=False,
                samples=20,
                failures=0,
                tokens=Tokens(input=2000, output=200),
                cost_usd=0.02,
                latency_seconds=0.25,
            )
            for number in (before, after)
            if number is not None
        ]
        report = Report(
            schema=SCHEMA,
            run=f"20260501-10{self._made:02}-abcd",
            suite=suite,
            prompt=name,
            verdict="passed" if before else "inconclusive",
            exit_code=0,
            reasons=["exact surely did not fall by 5 points or more"],
            baseline=arms[0] if before else None,
            candidate=msgspec.structs.replace(arms[-1], **(candidate or {})),
            metrics=metrics or [metric],
            calls=Calls(planned=40, made=40),
            tokens=Tokens(),
            cost=Cost(incurred_usd=0.04),
            cases=[],
            model=model,
            created=f"2026-05-01T10:{self._made:02}:00+00:00",
            meta={"alpha": 0.05, "dataset_fingerprint": "d1", "scorers": {"exact": "s1"}} | meta,
        )
        with Store(self.root) as store:
            store.runs.finish(report)
        return report.run
