"""Projects whose model is right at known rates, and the decision that the same answers come to.

A `World` says how good every answer is; `Model` gives these answers over HTTP, and `in_memory` puts
them into a ledger without prompts, git, requests or a store.  What `promptops eval` reports must be
what comes out there.
"""

from __future__ import annotations

import json
import random
import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.decision import Decision
from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Metric, Policy
from promptops.documents.tree import WorkingTree
from promptops.engine.choices import Choices
from promptops.engine.drawing import Drawing
from promptops.engine.keeping import Keeping
from promptops.engine.plan import Plan
from promptops.engine.preparing import Workplace, survey
from promptops.engine.schedule import look_shares, rounds
from promptops.engine.scoring import EngineServices, ProjectAccess
from promptops.history.repository import Repository
from promptops.models.opening import open_model
from promptops.store.store import Store
from promptops.values.sample import Arm
from tests.functional.cli_project import Done, Project
from tests.git_sandbox import Sandbox
from tests.loopback import Answer, Asked, Loopback, error

PROMPT = """\
version: {version}
change: {change}
model: openai/loop
params: {{temperature: 1, max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "{{{{ word }}}}"}}
"""
EXACT = {"exact": {"type": "equals", "expected": "{{ expected }}"}}
NEAR = {"near": {"type": "similarity", "expected": "{{ expected }}"}}
LETTERS = 10
SYSTEMS: dict[str, Arm] = {"old": "baseline", "new": "candidate"}

Rate = Callable[[int], float]
"""How often the answer for a case is right."""


def flat(rate: float) -> Rate:
    return lambda _: rate


def mixed(rate: float) -> Rate:
    """Every other case is sure, the rest make up for it."""
    return lambda case: 1.0 if case % 2 else 2 * rate - 1


def only(*cases: int) -> Rate:
    """These cases are always right, no other one ever."""
    return lambda case: float(case in cases)


def all_but(*cases: int) -> Rate:
    return lambda case: float(case not in cases)


def word(case: int) -> str:
    return f"word{case:06}"


@dataclass(frozen=True)
class World:
    """How good the answers are, by arm, case and sample, which is how often it was asked before."""

    old: Rate
    new: Rate
    seed: int = 0
    grades: int = 1
    """An answer's score is a multiple of 1/grades; 1 for right or wrong."""
    lost: frozenset[tuple[Arm, int, int]] = frozenset()
    """Arm, case and sample of the calls that fail for good."""
    wrong: frozenset[tuple[Arm, int, int]] = frozenset()
    """And of answers that are wrong whatever the rate says."""

    def score(self, arm: Arm, case: int, index: int) -> float:
        if (arm, case, index) in self.wrong:
            return 0.0
        chance = random.Random(f"{self.seed}/{arm}/{case}/{index}")
        rate = (self.old if arm == "baseline" else self.new)(case)
        wrong = sum(chance.random() >= rate for _ in range(self.grades))
        return 1 - wrong / self.grades


@dataclass
class Model:
    """Answers as a world has it; the arm is told by the system message."""

    world: World
    asked: Counter[tuple[Arm, int]] = field(default_factory=Counter)

    def __call__(self, asked: Asked) -> Answer:
        arm, case = SYSTEMS[asked.messages[0]["content"]], int(asked.last_user[4:])
        index = self.asked[arm, case]
        self.asked[arm, case] += 1
        if (arm, case, index) in self.world.lost:
            return error(400, "this one never", type_="invalid_request_error")
        wrong = round(LETTERS * (1 - self.world.score(arm, case, index)))
        return "*" * wrong + asked.last_user.upper()[wrong:]


@dataclass(frozen=True)
class Reference:
    """What came out in memory."""

    decision: Decision
    asked: Counter[tuple[Arm, int]]
    """How often each case was needed on each arm."""

    @property
    def pairs(self) -> int:
        return self.asked.total() // 2

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """As a report has them."""
        return [
            {
                "name": each.metric.name,
                "verdict": each.verdict if each.metric.role == "gate" else None,
                "baseline": each.baseline,
                "candidate": each.candidate,
                "delta": each.delta,
                "interval": _plain(each.interval),
                "population_interval": _plain(each.population_interval),
                "pairs": each.pairs,
                "p_value": each.p_value,
                "material": each.material,
                "small_drop": each.small_drop,
                "path": _plain(each.path),
            }
            for each in self.decision.comparisons
        ]


def policy(metric: str = "exact", **gate: Any) -> Policy:
    held = {"margin": 0.05, "alpha": 0.05, "inconclusive": "warn", **gate}
    return Policy((Metric(metric, "gate", 1.0),), **held)


def in_memory(  # noqa: PLR0917
    scores: World | Mapping[str, World],
    held: Policy,
    cases: int,
    samples: int,
    seed: int,
    groups: Callable[[int], int] = int,
) -> Reference:
    """Round by round until the answer is clear, or there are no more."""
    names = [metric.name for metric in held.metrics]
    worlds = scores if isinstance(scores, Mapping) else dict.fromkeys(names, scores)
    ledger = Ledger(cases, samples, names)
    shares = look_shares(cases, samples)
    comparison = Comparison(held, [groups(case) for case in range(cases)], shares)
    needed: Counter[tuple[Arm, int]] = Counter()
    for visits in rounds(cases, samples, seed):
        for case, index, _ in visits:
            for arm in SYSTEMS.values():
                needed[arm, case] += 1
                _enter(ledger, worlds, arm, case, index)
        last = needed.total() == 2 * cases * samples
        taken = [(case, index) for case, index, _ in visits]
        decision = comparison.look(ledger, taken, Look(last=last, fixed=last))
        if decision.settled:
            break
    return Reference(comparison.detailed(decision), needed)


def _enter(ledger: Ledger, worlds: Mapping[str, World], arm: Arm, case: int, index: int) -> None:
    for name, world in worlds.items():
        if (arm, case, index) in world.lost:
            ledger.lost(arm, case, index)
        else:
            ledger.score(arm, name, case, index, world.score(arm, case, index))


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


class Trial:
    """A project with two versions of a prompt, and whoever answers them."""

    def __init__(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project = project
        self.server = Loopback()
        """One for all its runs: another address would be another request."""
        self.server.__enter__()
        for name, value in self.server.environ.items():
            monkeypatch.setenv(name, value)

    def lay(
        self,
        cases: int = 60,
        samples: int = 3,
        scorers: Mapping[str, Any] = EXACT,
        rows: Callable[[int], Mapping[str, Any]] = lambda _: {},
        **more: Any,
    ) -> None:
        """Write the suite, its cases and both versions; the first one is committed."""
        written = [
            {"id": word(case), "word": word(case), "expected": word(case).upper(), **rows(case)}
            for case in range(cases)
        ]
        self.project.write("evals/say.jsonl", "".join(json.dumps(row) + "\n" for row in written))
        self.suite(samples=samples, scorers=scorers, **more)
        first = PROMPT.format(version=1, change="First.", system="old")
        self.project.write("prompts/say.yaml", first)
        self.project.commit("Say a word")
        second = PROMPT.format(version=2, change="Said otherwise.", system="new")
        self.project.write("prompts/say.yaml", second)

    def suite(self, **fields: Any) -> None:
        """Write the suite."""
        whole = {"prompt": "say", "dataset": "say.jsonl", **fields}
        self.project.write("evals/say.yaml", json.dumps(whole))

    def answer(self, world: World, *, delay_seconds: float = 0.0) -> Model:
        """Answer from now on as a world has it, counting from the start."""
        model = Model(world)
        self.server.script, self.server.delay_seconds = model, delay_seconds
        return model

    def eval(self, *arguments: str) -> Any:
        """The report of a run."""
        return self.again("promptops eval", *arguments)

    def again(self, command: str, *arguments: str) -> Any:
        """The report of a command as a person would copy it."""
        program, *words = shlex.split(command)
        assert program == "promptops"
        done = self.project.run(*words, "--format", "json", *arguments)
        assert done.out, done.err
        (report,) = done.value
        assert done.code == report["exit_code"]
        return report

    def refused(self, *arguments: str) -> str:
        """What is said where a command must refuse before anything is asked."""
        before = len(self.server.requests)
        done: Done = self.project.run("eval", *arguments)
        assert (done.code, done.out) == (2, "")
        assert len(self.server.requests) == before
        return done.err

    def forget(self) -> None:
        """Take away what was kept."""
        shutil.rmtree(self.project.root / ".promptops")


@pytest.fixture
def trial(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    """The working directory is its project."""
    made = Trial(empty, monkeypatch)
    yield made
    made.server.__exit__(None, None, None)


def essence(report: Any) -> dict[str, Any]:
    """What does not depend on when, and in how many runs, the answers were had."""
    fields = ("verdict", "exit_code", "reasons", "metrics", "cases", "slices", "budget", "tokens")
    arms = {
        arm: {key: held for key, held in report[arm].items() if key != "latency_seconds"}
        for arm in SYSTEMS.values()
    }
    return {field: report[field] for field in fields} | arms


def found(report: Any) -> list[dict[str, Any]]:
    """The part of a report that `Reference.metrics` has as well."""
    by_judge = {"judge", "note", "corrected_delta", "corrected_interval", "labels"}
    left_out = {"role", "unscorable", "variance", *by_judge}
    return [
        {key: held for key, held in metric.items() if key not in left_out}
        for metric in report["metrics"]
    ]


def two_versions(
    root: Path,
    *,
    cases: int = 20,
    samples: int = 2,
    rows: Callable[[int], Mapping[str, Any]] = lambda _: {},
    words: str = "{{ word }}",
    gate: Mapping[str, Any] | None = None,
) -> None:
    """A project in git; `words` is what the new version says in place of the word alone."""
    sandbox = Sandbox(root)
    lines = [
        json.dumps({"id": word(case), "word": word(case), **rows(case)}) for case in range(cases)
    ]
    scorers = {"exact": {"type": "equals", "expected": "{{ word }}"}}
    suite = {"prompt": "say", "dataset": "say.jsonl", "samples": samples, "scorers": scorers}
    first = PROMPT.format(version=1, change="First.", system="old")
    sandbox.write(
        {
            "evals/say.jsonl": "\n".join(lines),
            "evals/say.yaml": json.dumps(suite | {"gate": gate or {}}),
            "prompts/say.yaml": first,
        }
    )
    sandbox.commit()
    second = first.replace("version: 1", "version: 2")
    new = second.replace("{{ word }}", words) if "if" in words else second.replace("old", "new")
    sandbox.write({"prompts/say.yaml": new})


def planned(root: Path, store: Store, **choices: Any) -> tuple[Plan, EngineServices]:
    """The plan of a run in a project of two versions; whoever asks for it closes its dataset."""
    tree = WorkingTree(root)
    access = ProjectAccess(tree, root)
    services = EngineServices(Drawing(Keeping(store), open_model, {}), access)
    repository = Repository.find(root)
    assert repository is not None
    place = Workplace(root, tree, repository, {}, store)
    try:
        plan = survey("say", msgspec.convert(choices, Choices), place, access)
    finally:
        repository.close()
    return plan, services
