"""A project whose judge is right at known rates, and people who know.

Every answer carries its own truth in words that only this file understands: `good 17` is right,
`poor 18` is wrong.  The judge is a loopback endpoint; what it says of an answer depends on the
answer and a seed alone, so it is the same whoever asks.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from promptops.values.label import output_digest
from promptops.values.response import Response
from tests.functional.cli_project import Project
from tests.loopback import Answer, Asked

JUDGE = """\
version: 1
change: A rubric.
model: openai/judge
params: {temperature: 0, max_tokens: 50}
inputs: {answer: {type: string}, fence: {type: string}}
messages:
  - {role: system, content: "Say whether the answer is right."}
  - {role: user, content: "{{ fence }}\\n{{ answer }}\\n{{ fence }}"}
judge: {labels: {right: 1, wrong: 0}}
output:
  schema:
    type: object
    properties:
      explanation: {type: string}
      verdict: {type: string, enum: [right, wrong]}
    required: [explanation, verdict]
    additionalProperties: false
"""
PROMPT = """\
version: 1
change: First words.
model: openai/writer
inputs: {word: {type: string}}
messages:
  - {role: user, content: "Write about {{ word }}."}
"""
SUITE = """\
prompt: write
dataset: write.jsonl
scorers:
  length: {type: length, max: 10000}
  right: {type: judge, prompt: judges/right, role: observe}
"""
ANSWER = re.compile(r"\b(good|poor) (\d+)\b.*", re.DOTALL)

Judging = Callable[[str, bool, random.Random], bool]
"""From an answer, whether it is right, and a chance of its own, to whether the judge passes it."""


def answer(number: int, *, right: bool, words: int = 3) -> str:
    """An answer that says by itself whether it is right."""
    return f"{'good' if right else 'poor'} {number}" + " more" * words


def judge_of(sensitivity: float, specificity: float) -> Judging:
    """A judge of these rates."""

    def judging(text: str, right: bool, chance: random.Random) -> bool:
        del text
        return chance.random() < (sensitivity if right else 1 - specificity)

    return judging


def endpoint(
    judging: Judging, *, seed: int = 0, credulous: bool = False, flaky: float = 0.0
) -> Callable[[Asked], Answer]:
    """The judge as a server.

    `credulous`: it passes whatever it does not know; `flaky`: how often it says the opposite, anew
    at every call.
    """
    moods = random.Random(f"{seed} moods")

    def script(asked: Asked) -> str:
        found = ANSWER.search(asked.last_user)
        if found is None:
            passes = credulous
        else:
            text = found[0].split("\n=====")[0]
            chance = random.Random(f"{seed} {text}")
            passes = judging(text, found[1] == "good", chance)
            passes ^= moods.random() < flaky
        verdict = "right" if passes else "wrong"
        return json.dumps({"explanation": "It was looked at.", "verdict": verdict})

    return script


def label(case: str, text: str, *, right: bool, reviewer: str = "Ana Ficta") -> dict[str, Any]:
    """One line of a suite's labels."""
    return {
        "kind": "answer",
        "metric": "right",
        "case": case,
        "output": output_digest(Response(text)),
        "value": float(right),
        "reviewer": reviewer,
        "at": "2026-05-01T10:00:00+00:00",
        "label": "right" if right else "wrong",
        "text": text,
        "chosen": "uniform",
    }


def write_project(project: Project, labelled: Sequence[dict[str, Any]], *, cases: int) -> None:
    """A prompt, its judge, a suite, and labels beside it."""
    project.write("prompts/judges/right.yaml", JUDGE)
    project.write("prompts/write.yaml", PROMPT)
    project.write("evals/write.yaml", SUITE)
    rows = [{"id": f"c{at}", "word": f"w{at}", "tags": [f"t{at % 3}"]} for at in range(cases)]
    project.write("evals/write.jsonl", lines(rows))
    project.write("evals/write.labels.jsonl", lines(labelled))
    project.git("add", "--all")
    project.git("commit", "--quiet", "--allow-empty", "--message", "A judge")


def lines(rows: Sequence[dict[str, Any]]) -> str:
    """As a file of JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def labelled_answers(count: int, *, seed: int = 0, share: float = 0.6) -> list[dict[str, Any]]:
    """Labels by somebody who is always right, one answer a case."""
    chance = random.Random(f"{seed} answers")
    made = []
    for at in range(count):
        right = chance.random() < share
        text = answer(1000 * seed + at, right=right, words=chance.randrange(1, 30))
        made.append(label(f"c{at}", text, right=right))
    return made
