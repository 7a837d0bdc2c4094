"""Going on with a comparison, and comparing a version with itself."""

from __future__ import annotations

from itertools import pairwise

import pytest

from promptops.engine.schedule import rounds
from tests.functional import decided
from tests.functional.decided import (
    EXACT,
    World,
    all_but,
    essence,
    flat,
    found,
    in_memory,
    mixed,
    policy,
)

trial = decided.trial

DOUBTFUL = World(all_but(3, 7), all_but(1, 7))
"""Wrong elsewhere, and as often; an answer is the same however often it is asked for."""


def settle(trial, world: World, samples: int = 2, cases: int = 10, **more):
    trial.lay(cases=cases, samples=samples, **more)
    return trial.answer(world)


def test_an_open_comparison_says_what_would_settle_it_and_that_does(trial):
    model = settle(trial, World(flat(1), flat(1)), samples=6)
    first = trial.eval()
    assert (first["verdict"], first["calls"]["made"]) == ("inconclusive", 120)
    step = first["next_step"]
    assert step["command"] == "promptops eval say --extend"
    assert step["command"] in trial.project.run("report").out
    second = trial.again(step["command"])
    assert second["verdict"] == "passed"
    assert second["calls"]["cached"] == 120
    further = second["calls"]["made"]
    assert model.asked.total() == 120 + further
    assert step["calls"] / 2 < further <= step["calls"]
    budget = second["budget"]
    assert (budget["planned_pairs"], budget["extended"]) == (60, True)
    assert budget["pairs"] == 60 + further // 2
    assert second["metrics"][0]["path"][: budget["planned_looks"]] == first["metrics"][0]["path"]
    assert second["next_step"] is None
    # From here on a plain run comes to the same end, and so does one more extension.
    for arguments in ((), ("--extend",)):
        again = trial.eval(*arguments)
        assert again["calls"]["made"] == 0
        assert essence(again) == essence(second)
    assert model.asked.total() == 120 + further


def test_a_second_extension_goes_on_where_the_first_one_ended(trial):
    model = settle(trial, DOUBTFUL)
    reports = [trial.eval(), trial.eval("--extend"), trial.eval("--extend")]
    assert [each["verdict"] for each in reports[:2]] == ["inconclusive"] * 2
    pairs = [each["budget"]["pairs"] for each in reports]
    assert pairs[0] < pairs[1] < pairs[2]
    assert {each["budget"]["planned_pairs"] for each in reports} == {20}
    for before, after in pairwise(reports):
        assert after["calls"]["cached"] == 2 * before["budget"]["pairs"]
        path = before["metrics"][0]["path"]
        assert after["metrics"][0]["path"][: len(path)] == path
    assert model.asked.total() == 2 * pairs[2]
    again = trial.eval()
    assert again["calls"]["made"] == 0
    assert essence(again) == essence(reports[2])


def test_what_was_drawn_beyond_the_plan_is_gone_on_from_as_well(trial):
    settle(trial, World(mixed(0.95), mixed(0.87), seed=74), cases=12, samples=5)
    trial.eval("--seed", "7", "--concurrency", "1")
    beyond = trial.eval("--samples", "20", "--concurrency", "1")
    assert (beyond["verdict"], beyond["budget"]["pairs"]) == ("inconclusive", 240)
    further = trial.again(beyond["next_step"]["command"], "--concurrency", "1")
    assert further["calls"]["cached"] == 480
    assert 0 < further["calls"]["made"] <= beyond["next_step"]["calls"] + 24


def test_an_extended_run_is_looked_at_again_where_it_was_looked_at(trial):
    settle(trial, DOUBTFUL, cases=13)  # no whole number of rounds
    for _ in range(2):
        trial.eval()
        last = trial.eval("--extend")
    again = trial.eval()
    assert again["calls"]["made"] == 0
    assert essence(again) == essence(last)


def test_an_extended_run_that_was_cut_short_goes_on_to_the_same_end(trial):
    settle(trial, DOUBTFUL)
    trial.eval()
    trial.suite(samples=2, scorers=EXACT, budget={"calls": 30})
    cut = trial.eval("--extend", "--concurrency", "1")
    assert (cut["verdict"], cut["calls"]["made"]) == ("invalid", 30)
    trial.suite(samples=2, scorers=EXACT)
    resumed = trial.eval("--extend")
    trial.forget()
    trial.eval()
    assert essence(trial.eval("--extend")) == essence(resumed)


def test_more_samples_later_are_no_fresh_plan(trial):
    settle(trial, DOUBTFUL, cases=12, samples=3)
    first = trial.eval()
    assert first["verdict"] == "inconclusive"
    later = trial.eval("--samples", "8")
    assert later["budget"]["planned_pairs"] == 36
    assert later["calls"]["cached"] == 72
    note = "planned with 3 samples a case: what goes beyond is held to the stricter test"
    assert any(change.startswith(note) for change in later["changes"])
    assert first["changes"] == []
    path = first["metrics"][0]["path"]
    assert later["metrics"][0]["path"][: len(path)] == path
    trial.forget()
    fresh = trial.eval("--samples", "8")
    assert fresh["budget"]["planned_pairs"] == 96
    assert fresh["changes"] == []
    assert fresh["metrics"][0]["path"][: len(path)] != path
    narrow, wide = fresh["metrics"][0]["interval"], later["metrics"][0]["interval"]
    assert wide[1] - wide[0] > narrow[1] - narrow[0]


def test_a_first_impression_spends_nothing_of_what_the_whole_plan_has(trial):
    settle(trial, DOUBTFUL, samples=5)
    glance = trial.eval("--samples", "2")
    assert (glance["verdict"], glance["calls"]["made"]) == ("inconclusive", 40)
    assert glance["budget"]["planned_pairs"] == 50
    assert glance["next_step"]["command"] == "promptops eval say"
    assert glance["next_step"]["calls"] == 60
    then = trial.again(glance["next_step"]["command"])
    assert (then["calls"]["cached"], then["changes"]) == (40, [])
    trial.forget()
    at_once = trial.eval()
    assert essence(at_once) == essence(then)


def test_another_seed_later_changes_no_order_and_that_is_said(trial):
    settle(trial, World(flat(1), flat(0)), cases=60)
    first = trial.eval("--seed", "3")
    asked = len(trial.server.requests)
    later = trial.eval("--seed", "4")
    assert first["meta"]["seed"] == later["meta"]["seed"] == 3
    assert len(trial.server.requests) == asked
    assert essence(later) == essence(first)
    said = "the order of draws stays that of the first run of this comparison"
    assert (first["changes"], later["changes"]) == ([], [said])
    assert trial.eval("--seed", "3")["changes"] == []


def test_what_is_settled_is_not_extended(trial):
    model = settle(trial, World(flat(1), flat(0)), cases=60)
    first = trial.eval("--extend")  # of a fresh comparison: no further than it needs
    asked = model.asked.total()
    assert (first["verdict"], asked) == ("regressed", 24)
    again = trial.eval("--extend")
    assert (again["calls"]["made"], model.asked.total()) == (0, asked)
    assert essence(again) == essence(first)
    assert again["budget"]["extended"] is False


def test_an_extension_that_makes_no_sense_is_refused_before_anything_is_spent(trial):
    settle(trial, DOUBTFUL, gate={"estimand": "population"})
    told = trial.refused("--extend")
    assert "more samples of these cases say nothing more about other cases" in told
    assert "needs more cases" in told
    trial.suite(samples=2, scorers=EXACT)
    assert "--alone compares with nothing: leave out --extend" in trial.refused(
        "--alone", "--extend"
    )
    trial.project.git("update-ref", "-d", "HEAD")
    assert "--extend: there is no earlier version to compare with" in trial.refused("--extend")


def test_an_open_verdict_about_the_population_has_nothing_to_extend(trial):
    settle(trial, DOUBTFUL, gate={"estimand": "population"})
    report = trial.eval()
    assert (report["verdict"], report["next_step"]) == ("inconclusive", None)
    assert trial.eval()["calls"]["made"] == 0


# --- A version against itself. ---


def unlucky(cases: int, samples: int, seed: int):
    """Both arms send the same, and by bad luck only those who ask for the baseline are served."""
    first = {
        (case, index): baseline_first
        for visits in rounds(cases, samples, seed)
        for case, index, baseline_first in visits
    }
    asked: dict[int, int] = {}

    def script(request):
        case = int(request.last_user[4:])
        turn = asked.get(case, 0)
        asked[case] = turn + 1
        for_baseline = (turn % 2 == 0) is first[case, turn // 2]
        return request.last_user.upper() if for_baseline else "no"

    return script


def test_a_version_may_be_compared_with_itself_and_that_never_fails(trial):
    trial.lay()
    trial.server.script = unlucky(60, 3, 7)
    report = trial.eval("--aa", "--seed", "7", "--concurrency", "1")
    assert (report["verdict"], report["exit_code"]) == ("regressed", 0)
    assert report["meta"]["itself"] is True
    assert report["baseline"]["digest"] == report["candidate"]["digest"]
    assert report["next_step"] is None
    requests = trial.server.requests
    assert {each.messages[0]["content"] for each in requests} == {"new"}
    pairs = report["metrics"][0]["pairs"]
    assert len(requests) == report["calls"]["made"] == 2 * pairs
    assert report["calls"]["shared"] == 0
    reference = in_memory(World(flat(1), flat(0)), policy(), 60, 3, 7)
    assert found(report) == reference.metrics
    assert trial.eval("--aa")["calls"]["made"] == 0
    assert trial.project.run("eval", "--aa").code == 0


def test_what_was_drawn_a_second_time_serves_no_ordinary_run(trial):
    trial.lay(samples=1)
    trial.server.script = unlucky(60, 1, 7)
    first = trial.eval("--aa", "--seed", "7", "--concurrency", "1")
    asked = len(trial.server.requests)
    assert asked == first["calls"]["made"] > 0
    model = trial.answer(World(all_but(*range(50)), flat(1)))
    report = trial.eval("--seed", "7")
    assert report["meta"]["itself"] is False
    assert report["calls"]["cached"] == 0
    assert model.asked.total() == len(trial.server.requests) - asked == report["calls"]["made"]
    # Nor the other way round: an alarm of an ordinary run would alarm again.
    again = trial.eval("--aa", "--seed", "7")
    assert (again["calls"]["made"], again["calls"]["cached"]) == (0, asked)


def test_a_version_that_is_compared_with_itself_has_no_noise_where_its_model_has_none(trial):
    trial.lay(cases=60, samples=2)
    trial.answer(World(flat(1), all_but(1, 2, 3)))
    report = trial.eval("--aa")
    assert report["metrics"][0]["delta"] == 0
    assert report["metrics"][0]["candidate"] < 1
    assert all(case["change"] == "same" for case in report["cases"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("--extend", "--samples", "1"),
            "--extend goes as far as may settle it: leave out --samples",
        ),
        (("--aa", "--against", "v1"), "--aa compares a version with itself: leave out --against"),
        (("--aa", "--alone"), "--alone compares with nothing: leave out --aa"),
        (("--alone", "--against", "v1"), "--alone compares with nothing: leave out --against"),
    ],
)
def test_what_cannot_be_asked_together_is_refused(trial, arguments, told):
    trial.lay()
    assert told in trial.refused(*arguments)
