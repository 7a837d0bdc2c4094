"""A prompt whose newer version is worse, the judge of its answers, and people who know."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from tests.functional.cli_project import Done, Project
from tests.functional.judged_project import (
    Judging,
    answer,
    endpoint,
    judge_of,
    label,
    write_project,
)
from tests.loopback import Answer, Asked, Loopback, Script

CASES = 120
PROMPT = """\
version: {version}
change: Other words.
model: openai/writer
inputs: {{word: {{type: string}}}}
messages:
  - {{role: user, content: "{verb} about {{{{ word }}}}."}}
"""
SUITE = """\
prompt: write
dataset: write.jsonl
samples: 1
scorers:
  right: {type: judge, prompt: judges/right}
"""
FRESH = " fresh"
OTHERS = (
    *("GITHUB_ACTIONS", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "CI_JOB_URL", "BUILD_URL"),
    *("CI_DEFAULT_BRANCH", "CI_COMMIT_BEFORE_SHA", "GIT_PREVIOUS_SUCCESSFUL_COMMIT"),
)


def text_of(number: int, *, newer: bool, share: tuple[float, float], wordy: bool = False) -> str:
    """What a version writes about a word: right as often as `share` says, older version first.

    `wordy`: of different lengths, and the newer version writes more.
    """
    chance = random.Random(f"{number} {newer}")
    right = chance.random() < share[newer]
    words = chance.randrange(2, 30) + 12 * newer if wordy else 3
    return answer(number, right=right, words=words) + FRESH * newer


class Desk:
    """A prompt whose newer version is worse, and its judge."""

    def __init__(self, project: Project, server: Loopback) -> None:
        self.project, self.server = project, server
        self.share = (0.85, 0.6)
        self.judging: Judging = judge_of(1, 1)
        self.credulous = self.wordy = False
        self.seed = 0
        self.changed: Collection[int] = ()
        """Cases of which the newer version says something else, and wrong."""
        self.answered_by: Script | None = None
        """Who answers for the judge; None: `judging`."""

    def answer(self, asked: Asked) -> Answer:
        if asked.model == "judge":
            own = endpoint(self.judging, seed=self.seed, credulous=self.credulous)
            return (self.answered_by or own)(asked)
        number = int(asked.last_user.rsplit("w", 1)[1].rstrip("."))
        return self.text(number, newer="anew" in asked.last_user)

    def text(self, number: int, *, newer: bool) -> str:
        if newer and number in self.changed:
            return answer(number, right=False, words=9) + FRESH
        return text_of(number, newer=newer, share=self.share, wordy=self.wordy)

    def truth(self) -> float:
        """What the newer version gained, by people who know, over all cases."""
        gains = [
            self.text(at, newer=True).startswith("good")
            - self.text(at, newer=False).startswith("good")
            for at in range(CASES)
        ]
        return sum(gains) / CASES

    def labelled(self, *, newer: bool, cases: range, **more: Any) -> list[dict[str, Any]]:
        texts = [(at, self.text(at, newer=newer)) for at in cases]
        return [label(f"c{at}", text, right=text.startswith("good")) | more for at, text in texts]

    def begin(self, suite: str = SUITE) -> None:
        """Version 1, with labels of its answers."""
        marked = self.labelled(newer=False, cases=range(CASES))
        write_project(self.project, marked, cases=CASES)
        self.project.write("prompts/write.yaml", PROMPT.format(version=1, verb="Write"))
        self.project.write("evals/write.yaml", suite)
        self.project.commit("First words")

    def newer(self) -> None:
        self.project.write("prompts/write.yaml", PROMPT.format(version=2, verb="Write anew"))

    def measure(self) -> None:
        done = self.project.run("judge", "check", "judges/right", "--write", "--quiet")
        assert done.code == 0, done.err

    def evaluate(self, *options: str) -> tuple[Done, Any]:
        done = self.project.run("eval", "write", "--quiet", "--format", "json", *options)
        assert done.out, done.err
        return done, done.value[0]

    def judged(self) -> int:
        return sum(asked.model == "judge" for asked in self.server.chats)


@pytest.fixture
def desk(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)
    made: list[Desk] = []
    with Loopback(lambda asked: made[0].answer(asked)) as server:  # noqa: PLW0108  # made later
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        made.append(Desk(empty, server))
        yield made[0]
