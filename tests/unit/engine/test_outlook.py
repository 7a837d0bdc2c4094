"""What is said of a run before it starts, held against the store and the files it came from."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from promptops.comparison.detection import ASSUMED_VARIANCE
from promptops.documents.tree import WorkingTree
from promptops.engine.choices import Choices
from promptops.engine.outlook import ASSUMED, Outlook, outlook, samples_to_pass
from promptops.engine.plan import Plan
from promptops.engine.preparing import Workplace, prepare, survey
from promptops.engine.scoring import ProjectAccess
from promptops.errors import InputError
from promptops.history.repository import Repository
from promptops.models.prices import price
from promptops.store.store import Store
from promptops.values.account import Account
from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Calls,
    Cost,
    MetricReport,
    Report,
    Tokens,
    VarianceReport,
)
from promptops.values.response import Response
from tests.git_sandbox import Sandbox

CASES = 30
PROMPT = """\
version: {version}
model: {model}
params: {{max_tokens: {longest}}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: user, content: "{text} {{{{ word }}}}"}}
"""
SUITE = """\
prompt: shout
dataset: shout.jsonl
samples: 4
scorers:
  exact: {type: equals, expected: "{{ word }}"}
"""
JUDGE = """\
version: 1
model: {model}
inputs: {{answer: {{type: string}}}}
params: {{max_tokens: 50}}
output:
  schema:
    type: object
    properties: {{explanation: {{type: string}}, verdict: {{type: number}}}}
    required: [explanation, verdict]
messages:
  - {{role: user, content: "Is it loud? {{{{ answer }}}}"}}
"""


ACCOUNT = Account("run", "shout", "sample", "shout", 1, "abc", "openai/gpt-4.1-mini")


class Bench:
    """A project of two versions in git, and its store."""

    def __init__(self, root: Path) -> None:
        self.sandbox = Sandbox(root)
        rows = [{"id": f"c{n}", "word": f"word{n:03}"} for n in range(CASES)]
        self.write("evals/shout.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("evals/shout.yaml", SUITE)
        self.prompt(1, "Shout:")
        self.sandbox.commit()
        self.prompt(2, "Shout now:")
        self.store = Store(root)
        self.environ: dict[str, str] = {}

    def write(self, path: str, text: str) -> None:
        self.sandbox.write({path: text})

    def prompt(
        self, version: int, text: str, model: str = "openai/gpt-4.1-mini", longest: int = 20
    ) -> None:
        found = PROMPT.format(version=version, text=text, model=model, longest=longest)
        self.write("prompts/shout.yaml", found)

    def plan(self, *, keys: bool = False, **choices: Any) -> Plan:
        root = self.sandbox.root
        tree = WorkingTree(root)
        place = Workplace(root, tree, Repository.find(root), self.environ, self.store)
        ready = prepare if keys else survey
        return ready("shout", msgspec.convert(choices, Choices), place, ProjectAccess(tree, root))

    def look(self, **choices: Any) -> Outlook:
        plan = self.plan(**choices)
        try:
            return outlook(plan, self.store, WorkingTree(self.sandbox.root), most_further=4)
        finally:
            plan.opened.close()

    def keep(self, plan: Plan, arm: int, cases: int, samples: int, cost: float | None) -> None:
        """Have answers in the store."""

        async def keep() -> None:
            for case in range(cases):
                for index in range(samples):
                    slot = plan.arms[arm].slot(case, index)
                    answer = Response("WORD", finish_reason="stop", cost_usd=cost)
                    await self.store.responses.keep(*slot, answer, ACCOUNT)

        asyncio.run(keep())

    def ran(self, plan: Plan, run: str = "20260501-100000-abcd", **changes: object) -> Report:
        """Have a run of a plan in the store."""
        assert plan.baseline is not None
        gate = plan.policy
        report = Report(
            SCHEMA, run, "shout", "shout", "inconclusive", 0, [],
            baseline=arm(plan.baseline.loaded.digest),
            candidate=arm(plan.candidate.loaded.digest),
            metrics=[
                MetricReport(
                    "exact", "gate", 0.5, pairs=120, variance=VarianceReport(0.1, 0.04, 0.06)
                )
            ],
            calls=Calls(), tokens=Tokens(), cost=Cost(evaluated_usd=0.5), cases=[],
            model=plan.candidate.model, created="2026-05-01T10:00:00+00:00",
            meta={
                "dataset_fingerprint": plan.opened.fingerprint, "tags": [], "itself": False,
                "scorers": {each.name: each.digest for each in plan.scorers},
                "margin": gate.margin, "alpha": gate.alpha, "estimand": gate.estimand,
                "guarantee": gate.guarantee, "planned_samples": 4, "samples": 4,
            },
        )  # fmt: skip
        report = msgspec.structs.replace(report, **changes)
        self.store.runs.finish(report)
        return report


def arm(digest: str, **changes: object) -> ArmReport:
    made = ArmReport(1, digest, None, dirty=False, samples=100, failures=0, cost_usd=0.2)
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "project")
    yield made
    made.store.close()


def test_a_fresh_comparison(bench):
    seen = bench.look()
    assert (seen.suite, seen.model) == ("shout", "openai/gpt-4.1-mini")
    assert (seen.cases, seen.samples, seen.limit, seen.pairs) == (CASES, 4, 4, 120)
    assert (seen.calls, seen.kept, seen.judge_calls, seen.further_calls) == (240, 0, 0, 0)
    assert seen.looks == 20
    assert not seen.few
    assert not seen.settled
    assert (seen.noise.variance, seen.noise.source) == (ASSUMED_VARIANCE, ASSUMED)
    assert seen.pairs_to_pass == 538
    assert not seen.can_pass
    assert samples_to_pass(seen) == 18
    assert 0.05 < seen.detectable == seen.sees(CASES, 4) < seen.sees(CASES, 3)


def test_no_key_is_needed_to_look_and_one_is_to_run(bench):
    bench.plan().opened.close()
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        bench.plan(keys=True)


def test_list_prices_by_hand(bench):
    """Characters by four, and as many tokens out as the prompt allows."""
    seen, listed = bench.look(), price("openai/gpt-4.1-mini")
    assert listed is not None
    lengths = (len("Shout: word001"), len("Shout now: word001"))
    expected = sum(120 * listed.of(length / 4, 20) for length in lengths)
    assert seen.usd == pytest.approx(expected)
    assert "list prices" in seen.usd_basis


def test_an_unknown_price_is_unknown_and_a_free_one_is_nothing(bench):
    assert bench.look(model="openai/loop").usd is None
    free = bench.look(model="embedded/smollm2-135m")
    assert (free.usd, free.usd_basis) == (0.0, "free")


def test_kept_answers_are_not_drawn_and_tell_what_others_cost(bench):
    plan = bench.plan()
    bench.keep(plan, 0, CASES, 4, 0.001)
    bench.keep(plan, 1, 10, 2, 0.003)
    seen = bench.look()
    assert (seen.calls, seen.kept) == (100, 140)
    assert seen.usd == pytest.approx(100 * 0.003)
    plan.opened.close()


def test_the_other_version_on_the_same_model_tells_what_a_new_one_costs(bench):
    plan = bench.plan()
    bench.keep(plan, 0, CASES, 4, 0.001)
    assert bench.look().usd == pytest.approx(120 * 0.001)
    other = bench.look(model="openai/gpt-4.1")
    assert "list prices" in other.usd_basis
    plan.opened.close()


def test_a_kept_answer_without_a_price_proves_nothing(bench):
    plan = bench.plan()
    bench.keep(plan, 0, 5, 1, None)
    assert "list prices" in bench.look().usd_basis
    plan.opened.close()


def test_the_last_run_tells_what_answers_cost_before_the_list_does(bench):
    plan = bench.plan()
    bench.ran(plan)
    seen = bench.look()
    assert seen.usd == pytest.approx(240 * 0.002)
    assert seen.usd_basis == "run 20260501-100000-abcd"
    plan.opened.close()


def test_what_both_versions_ask_is_drawn_once(bench):
    bench.write("evals/shout.jsonl", '{"id": "a", "word": "x"}\n{"id": "b", "word": "x"}\n')
    seen = bench.look()
    assert (seen.cases, seen.calls) == (2, 16)  # the same request, and answers of their own
    bench.prompt(2, "Shout:")
    same = bench.look(against="v1")
    assert same.calls == 8
    assert same.identical
    assert same.detectable is None


def test_a_version_against_itself_is_drawn_twice(bench):
    seen = bench.look(itself=True)
    assert (seen.itself, seen.calls) == (True, 240)
    plan = bench.plan(itself=True)
    bench.keep(plan, 0, CASES, 1, 0.001)  # the baseline's draws are numbered apart
    assert bench.look(itself=True).calls == 210
    assert bench.look().calls == 240
    plan.opened.close()


def test_without_an_earlier_version_nothing_is_seen(bench):
    seen = bench.look(alone=True)
    assert not seen.compared
    assert (seen.calls, seen.pairs, seen.looks, seen.detectable) == (120, 0, 0, None)
    assert seen.pairs_to_pass is None
    assert not seen.few


def test_fewer_samples_are_a_first_impression_of_the_same_plan(bench):
    seen = bench.look(samples=1)
    assert (seen.samples, seen.limit, seen.pairs, seen.calls) == (4, 1, 120, 60)
    assert seen.detectable == bench.look().detectable


def test_an_extension_may_draw_more(bench):
    seen = bench.look(extend=True)
    assert (seen.calls, seen.further_calls) == (240, 60 * 16)


def test_few_cases_want_more_samples(bench):
    bench.write("evals/shout.jsonl", '{"id": "a", "word": "x"}\n')
    assert bench.look().few
    assert not bench.look(samples=20).few


def test_noise_is_taken_from_the_last_run_that_measured_it(bench):
    plan = bench.plan()
    bench.ran(plan, "20260501-100000-aaaa")
    blind = [MetricReport("exact", "gate", None)]
    bench.ran(plan, "20260502-100000-bbbb", created="2026-05-02T10:00:00+00:00", metrics=blind)
    seen = bench.look()
    assert seen.noise.source == "measured in run 20260501-100000-aaaa, 120 pairs"
    found = seen.noise.variance
    assert found.total == pytest.approx((120 * 0.1 + 2) / 122)
    assert found.between + found.within == pytest.approx(found.total)
    assert found.between / found.within == pytest.approx(4 / 6)
    assert seen.pairs_to_pass < 538
    plan.opened.close()


def test_a_version_against_itself_says_nothing_of_how_versions_differ(bench):
    plan = bench.plan()
    meta = bench.ran(plan).meta | {"itself": True}
    bench.ran(plan, meta=meta)
    assert bench.look().noise.source == ASSUMED
    assert bench.look(itself=True).noise.source != ASSUMED
    plan.opened.close()


@pytest.mark.parametrize(
    ("gate", "harder"), [("estimand: population", True), ("guarantee: strict", True)]
)
def test_other_gates_see_otherwise(bench, gate, harder):
    usual = bench.look()
    bench.write("evals/shout.yaml", SUITE + f"gate: {{{gate}}}\n")
    seen = bench.look()
    assert (seen.detectable > usual.detectable) == harder
    assert seen.pairs_to_pass > usual.pairs_to_pass
    assert seen.looks == (1 if "population" in gate else 20)
    assert (samples_to_pass(seen) is None) == ("population" in gate)


def test_cases_of_one_group_are_one_unit_of_a_population(bench):
    rows = [{"id": f"c{n}", "word": f"w{n}", "group": f"g{n // 2}"} for n in range(CASES)]
    bench.write("evals/shout.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert bench.look().units == CASES
    bench.write("evals/shout.yaml", SUITE + "gate: {estimand: population}\n")
    assert bench.look().units == CASES / 2


def test_the_metric_that_hides_most_is_the_one_that_counts(bench):
    two = SUITE + '  long: {type: equals, expected: "{{ word }}", weight: 3}\n'
    one = bench.look()
    bench.write("evals/shout.yaml", two)
    seen = bench.look()
    assert seen.noise.metric.name == "exact"  # with a quarter of the error
    assert seen.detectable > one.detectable


@pytest.mark.parametrize(("model", "known"), [("openai/gpt-4.1", True), ("openai/loop", False)])
def test_judges_are_counted_apart(bench, model, known):
    bench.write("prompts/judges/loud.yaml", JUDGE.format(model=model))
    bench.write("evals/shout.yaml", SUITE + "  loud: {type: judge, prompt: judges/loud}\n")
    seen = bench.look()
    assert (seen.calls, seen.judge_calls) == (240, 240)
    listed, own = price("openai/gpt-4.1"), price("openai/gpt-4.1-mini")
    assert listed is not None
    assert own is not None
    if not known:
        assert seen.usd is None
        return
    question = len("Shout now: word001") / 4 + len("Is it loud? {{ answer }}") / 4 + 20
    judged = 240 * listed.of(question, 50)
    answers = 120 * own.of(len("Shout: word001") / 4, 20) + 120 * own.of(
        len("Shout now: word001") / 4, 20
    )
    assert seen.usd == pytest.approx(judged + answers)


def test_a_judge_that_changed_looks_at_kept_answers_again(bench):
    bench.write("prompts/judges/loud.yaml", JUDGE.format(model="openai/gpt-4.1"))
    bench.write("evals/shout.yaml", SUITE + "  loud: {type: judge, prompt: judges/loud}\n")
    plan = bench.plan()
    for each in (0, 1):
        bench.keep(plan, each, CASES, 4, 0.001)
    assert (bench.look().calls, bench.look().judge_calls) == (0, 240)
    bench.ran(plan)
    seen = bench.look()
    assert (seen.calls, seen.judge_calls, seen.usd) == (0, 0, 0.0)
    plan.opened.close()


def test_what_judges_cost_is_taken_from_the_last_run_with_the_same_ones(bench):
    bench.write("prompts/judges/loud.yaml", JUDGE.format(model="openai/loop"))
    bench.write("evals/shout.yaml", SUITE + "  loud: {type: judge, prompt: judges/loud}\n")
    plan = bench.plan()
    bench.ran(plan)  # $0.50 in all, $0.20 for the hundred answers of each version
    assert bench.look().usd == pytest.approx(240 * (0.002 + 0.1 / 200))
    plan.opened.close()


def test_the_same_comparison_once_it_is_settled_draws_nothing(bench):
    plan = bench.plan()
    bench.ran(plan, verdict="regressed")
    assert not bench.look().settled  # the store lost its answers
    for each in (0, 1):
        bench.keep(plan, each, CASES, 1, 0.001)
    assert bench.look().settled == "20260501-100000-abcd"
    assert not bench.look(model="openai/gpt-4.1").settled
    bench.write("evals/shout.yaml", SUITE + "gate: {margin: 0.1}\n")
    assert not bench.look().settled
    bench.write("evals/shout.yaml", SUITE)
    assert bench.look().settled
    bench.prompt(2, "Shout louder:")
    assert not bench.look().settled
    plan.opened.close()


def test_an_open_comparison_is_not_settled(bench):
    plan = bench.plan()
    bench.ran(plan)
    for each in (0, 1):
        bench.keep(plan, each, CASES, 1, 0.001)
    assert not bench.look().settled
    plan.opened.close()


def test_what_is_kept_is_counted_over_many_queries(tmp_path):
    keys = [f"{number:064x}" for number in range(5_000)]

    async def keep(store: Store) -> None:
        answer = Response("x" * 200)
        await asyncio.gather(
            *(
                store.responses.keep(key, index, answer, ACCOUNT)
                for key in keys
                for index in (0, 1, 7)
            )
        )

    with Store(tmp_path) as store:
        asyncio.run(keep(store))
        assert store.responses.count_kept(keys, 0, 5) == 10_000
        assert store.responses.count_kept(keys, 1, 8) == 10_000
        assert store.responses.count_kept([*keys[:3], "no such key"], 0, 1) == 3
        assert store.responses.count_kept([], 0, 5) == 0
