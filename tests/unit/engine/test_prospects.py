"""What is said of a run at its end: what it saved, and what would settle it."""

from __future__ import annotations

import asyncio
import shlex

import pytest

from promptops.comparison.forecast import pairs_to_settle
from promptops.engine.choices import Choices
from promptops.engine.progress import unwatched
from promptops.engine.prospects import budget, command_again, next_step
from promptops.engine.running import Run
from promptops.engine.suite import MOST_SAMPLES
from promptops.store.store import Store
from promptops.values.account import Account
from promptops.values.response import Response
from tests.functional.decided import planned, two_versions

ACCOUNT = Account("r", "say", "sample", "say", 1, "abc", "openai/x")


@pytest.fixture
def finished(tmp_path):
    """A run in which the new version is wrong in so many of the samples, at a price each."""
    opened = []
    with Store(tmp_path) as store:

        def made(wrong=0, *, cost: float | None = 0.5, choices=None, until=None, **project):
            two_versions(tmp_path, **project)
            plan, services = planned(tmp_path, store, seed=7, **(choices or {}))
            opened.append(plan.opened)
            run = Run("r", plan, services.drawing, services, store.runs, 1, unwatched)
            assert run.looks is not None
            for visits in run.looks.rounds():
                for case, index, _ in visits:
                    run.ledger.score("baseline", "exact", case, index, 1)
                    run.ledger.score("candidate", "exact", case, index, float(case >= wrong))
                    for _ in range(1 if case in run.shared else 2):
                        run.sources.count(Response("x", cost_usd=cost), "made")
                        run.finished += 1
                decision = run.looks.look()
                if run.finished == until:
                    run.stopped = True
                    break
            run.decision = run.looks.comparison.detailed(decision)
            return run

        yield made
        for dataset in opened:
            dataset.close()


def spent(run):
    """What the run planned and saved."""
    found = budget(run, run.drawing._kept._store.responses)
    assert found is not None
    return found


def settling(run):
    """What would settle it; something must."""
    found = next_step(run)
    assert found is not None
    return found


def needed(run):
    """How many pairs more, by the forecast."""
    monitors = run.looks.comparison.monitors
    found = pairs_to_settle(run.decision.comparisons, monitors, run.plan.policy)
    assert found is not None
    return found


def test_what_was_planned_and_not_needed_is_saved(finished):
    run = finished(60, cases=60, samples=3)
    told = spent(run)
    assert run.decision.verdict == "regressed"
    assert (told.planned_pairs, told.planned_looks) == (180, 15)
    assert told.pairs == 12 * told.looks < 180
    assert told.saved_calls == 2 * (180 - told.pairs)
    assert told.saved_usd == pytest.approx(0.5 * told.saved_calls)
    assert told.extended is False
    assert next_step(run) is None


def test_answers_that_are_kept_already_save_no_money(finished):
    run = finished(60, cases=60, samples=3)
    before = spent(run)
    arm, kept = run.plan.arms[0], 60
    assert before.saved_calls > kept

    async def keep_some():
        for case in range(kept):
            slot, answer = arm.slot(case, 2), Response("x", cost_usd=9.0)
            await run.drawing._kept.keep(*slot, answer, ACCOUNT)

    asyncio.run(keep_some())
    after = spent(run)
    assert after.saved_calls == before.saved_calls
    wanted = 2 * 60 * 3 - kept  # of the whole plan, nobody has paid for these
    assert after.saved_usd == pytest.approx(0.5 * min(before.saved_calls, wanted))
    assert after.saved_usd < before.saved_usd


def test_a_price_that_is_not_known_is_not_saved(finished):
    told = spent(finished(60, cost=None, cases=60, samples=3))
    assert told.saved_calls > 0
    assert told.saved_usd is None


def test_a_run_that_stopped_saved_nothing(finished):
    run = finished(1, cases=60, samples=3, until=24)
    assert run.stopped
    assert (spent(run).saved_calls, spent(run).saved_usd) == (0, None)


def test_an_open_comparison_saved_nothing_and_says_what_would_settle_it(finished):
    run = finished(cases=20, samples=3)
    told, step = spent(run), settling(run)
    assert (told.pairs, told.saved_calls, told.saved_usd) == (60, 0, None)
    assert 0 < told.detectable < 0.3
    pairs = needed(run)
    assert step.command == "promptops eval say --extend"
    assert step.calls == 2 * pairs
    assert step.usd == pytest.approx(0.5 * step.calls)


def test_a_shared_case_costs_one_call_more_and_not_two(finished):
    words = "{{ word }}{{ '!' if word == 'word000007' }}"
    run = finished(cases=20, samples=3, words=words)
    assert len(run.shared) == 19
    pairs = needed(run)
    assert settling(run).calls == -(-pairs * 21 // 20)


def test_after_a_first_impression_the_plan_itself_comes_next(finished):
    step = settling(finished(cases=20, samples=3, choices={"samples": 1}))
    assert (step.command, step.calls, step.usd) == ("promptops eval say", 80, 40)


def test_what_an_extension_would_not_settle_is_not_proposed(finished):
    assert next_step(finished(1, cases=20, samples=2)) is None


def test_a_verdict_about_the_population_is_not_settled_by_more_samples(finished):
    run = finished(cases=20, samples=3, gate={"estimand": "population"})
    assert run.decision.verdict == "inconclusive"
    assert next_step(run) is None


def test_a_version_against_itself_has_nothing_to_settle(finished):
    run = finished(cases=20, samples=3, choices={"itself": True})
    assert run.decision.verdict == "inconclusive"
    assert next_step(run) is None


def test_the_command_holds_all_that_tells_one_comparison_from_another(finished):
    plan = finished(cases=2, samples=1).plan
    plan.choices = Choices(against="v1; rm", model="openai/x", tags=("!slow", "hard"), seed=3)
    command = command_again(plan, ["--extend"])
    assert shlex.split(command) == [
        "promptops", "eval", "say", "--against", "v1; rm", "--model", "openai/x",
        "--tag", "!slow", "--tag", "hard", "--extend",
    ]  # fmt: skip
    assert MOST_SAMPLES == 1000
