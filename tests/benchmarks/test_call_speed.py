"""The same 2,000 calls by a bare litellm loop, by us, and by promptfoo and Inspect where they are.

Every program is a whole process, its imports included, against a server of this process that
answers after 50 ms; what the server uses is not counted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.benchmarks.measuring import PROGRAM, Bench, Took, command, table
from tests.benchmarks.shouting import MODEL, answer, rows, shouting
from tests.loopback import Loopback

pytestmark = pytest.mark.slow

CASES, SAMPLES, AT_ONCE = 200, 5, 64
DRAWS = 2 * CASES * SAMPLES
DELAY_SECONDS = 0.05
ROUNDS = 3
MOST_TIMES_BARE = 1.0
"""Of the processor time of the bare loop."""

BARE = "bare litellm loop"
DRAWN = "promptops eval"
KEPT = "promptops eval, all kept"
ANEW = "import shutil; shutil.rmtree('.promptops', ignore_errors=True); "
OUTSIDE = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
"""Runs what is no Python of ours; processor time and memory of children count."""

INSPECT_TASK = """\
import json
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import exact
from inspect_ai.solver import generate


@task
def shout():
    with open("cases.json") as file:
        cases = json.load(file)
    return Task(
        dataset=[
            Sample(
                id=f"{system}-{case['word']}",
                input=[ChatMessageSystem(content=system), ChatMessageUser(content=case["word"])],
                target=case["expected"],
            )
            for case in cases
            for system in ("old", "new")
        ],
        solver=generate(),
        scorer=exact(),
    )
"""


def ours() -> dict[str, tuple[str, ...]]:
    """The bare loop, then an evaluation with an empty store, then one that finds it filled."""
    loop = str(Path(__file__).with_name("bare_loop.py"))
    numbers = (str(CASES), str(SAMPLES), str(AT_ONCE))
    drawn = ("eval", "-q", "--concurrency", str(AT_ONCE))
    return {
        BARE: (loop, MODEL, *numbers),
        DRAWN: ("-c", ANEW + PROGRAM, *drawn),
        KEPT: command(*drawn),
    }


def theirs(root: Path) -> dict[str, tuple[str, ...]]:
    """Other tools at the same work, those that are installed; their files are written to `root`."""
    found: dict[str, tuple[str, ...]] = {}
    if program := shutil.which("promptfoo"):
        (root / "promptfoo.json").write_text(json.dumps(promptfoo_config()))
        chosen = f"-j {AT_ONCE} --repeat {SAMPLES} --no-cache --no-table"
        found["promptfoo"] = (
            "-c", OUTSIDE, program, "eval", "-c", "promptfoo.json", "--no-progress-bar",
            *chosen.split(),
        )  # fmt: skip
    if program := shutil.which("inspect"):
        (root / "shout_task.py").write_text(INSPECT_TASK)
        (root / "cases.json").write_text(json.dumps(list(rows(CASES))))
        chosen = (
            f"--epochs {SAMPLES} --max-connections {AT_ONCE} --max-samples {AT_ONCE}"
            f" --model {MODEL} -M responses_api=false --max-tokens 20 --temperature 1"
            " --display none --log-dir inspect-logs"
        )
        found["Inspect"] = ("-c", OUTSIDE, program, "eval", "shout_task.py", *chosen.split())
    for name in {"promptfoo", "Inspect"} - found.keys():
        print(f"\n{name} is not on the PATH, so it is not in the table")
    return found


def promptfoo_config() -> Mapping[str, object]:
    """The prompts, the model and the cases."""
    settings = {"temperature": 1, "max_tokens": 20}
    return {
        "prompts": [
            json.dumps(
                [
                    {"role": "system", "content": system},
                    {"role": "user", "content": "{{word}}"},
                ]
            )
            for system in ("old", "new")
        ],
        "providers": [{"id": f"openai:chat:{MODEL.rpartition('/')[2]}", "config": settings}],
        "tests": [
            {
                "vars": {"word": row["word"]},
                "assert": [{"type": "equals", "value": row["expected"]}],
            }
            for row in rows(CASES)
        ],
    }


def environ(server: Loopback, root: Path) -> dict[str, str]:
    """Where everybody finds the server; and nobody reports home or opens a browser."""
    return {
        **server.environ,
        "OPENAI_BASE_URL": server.url,
        "PROMPTFOO_CONFIG_DIR": str(root / "promptfoo"),
        # It writes to its log files after closing them, now and then, and ends in an error.
        "PROMPTFOO_DISABLE_DEBUG_LOG": "1",
        "PROMPTFOO_DISABLE_ERROR_LOG": "1",
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_FAILED_TEST_EXIT_CODE": "0",
        "INSPECT_EVAL_NO_LOG_REALTIME": "1",
    }


def per_call(figures: Mapping[str, Took]) -> str:
    """Processor time of a call, the start of the process included."""
    lines = [f"{name:34} {1000 * took.processor / DRAWS:5.2f} ms" for name, took in figures.items()]
    return "\n".join(["Processor time per call", *lines])


def test_2000_calls_cost_less_than_a_bare_loop(bench: Bench, tmp_path: Path) -> None:
    root = shouting(tmp_path / "project", cases=CASES, samples=SAMPLES)
    commands = ours() | theirs(root)
    with Loopback(answer, delay_seconds=DELAY_SECONDS) as server:
        figures = bench.best(commands, at=root, environ=environ(server, root), rounds=ROUNDS)
        asked = len(server.chats)
    print(table(f"{DRAWS:,} calls, {AT_ONCE} at once", figures, BARE))
    print(per_call(figures))
    # All did the same work: one call for each draw, and none where the answers are kept.
    assert asked == (ROUNDS + 1) * DRAWS * (len(commands) - 1)
    assert figures[DRAWN].processor < MOST_TIMES_BARE * figures[BARE].processor
