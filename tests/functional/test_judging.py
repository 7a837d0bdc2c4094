"""Judges through whole runs: votes, pairs in both orders, and rubrics that change."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from promptops.store.store import Store
from tests.faults.provider_desk import OPENAI, Provide, ProviderDesk, providing, said
from tests.loopback import Answer, Asked
from tests.unit.judges.judge_files import written

LABELS = "judge: {labels: {good: 1, bad: 0}}\n"
SINGLE = written(verdict=None, more=LABELS)
PAIR = written(
    "first: {type: string}, second: {type: string}",
    "[{{ first }}] [{{ second }}]",
    "{enum: [first, second, tie, cannot_tell]}",
)
WORDS = [f"word{n}" for n in range(12)]


@pytest.fixture
def provide(tmp_path, capfd, monkeypatch):
    yield from providing(tmp_path, capfd, monkeypatch)


def verdict(word: str) -> str:
    return '{"explanation": "e", "verdict": "' + word + '"}'


def fenced(asked: Asked) -> str:
    """What stands between the fences."""
    found = re.search(r"(=====\[\w+\]=====) (.*) \1", asked.last_user, re.DOTALL)
    assert found is not None
    return found[2]


def bench(
    provide: Provide,
    judge: Callable[[Asked], Answer],
    answer: Callable[[bool, str], str],
    suite: str,
    *,
    text: str = SINGLE,
    gate: str = "",
) -> ProviderDesk:
    """A project whose answers are told by version (newer or not) and word, and judged."""

    def script(asked: Asked) -> Answer:
        if asked.model.startswith("judge"):
            return judge(asked)
        newer = "up." in str(asked.messages[0]["content"])
        return said(OPENAI, answer(newer, asked.last_user.removeprefix("Say ")))

    desk = provide(script, words=WORDS)
    desk.project.write("prompts/judges/fair.yaml", text)
    scorers = f"scorers:\n  fair: {{prompt: judges/fair, {suite}}}\n"
    head = "prompt: say\ndataset: say.jsonl\nsamples: 1\n"
    desk.project.write("evals/say.yaml", head + scorers + gate)
    return desk


def by_version(newer: bool, word: str) -> str:
    return f"{word} louder" if newer else word


def questions(desk: ProviderDesk) -> list[Asked]:
    """What judges were asked."""
    return [asked for asked in desk.server.chats if asked.model.startswith("judge")]


def drawn_by(desk: ProviderDesk) -> int:
    """How many answers were drawn."""
    return len(desk.server.chats) - len(questions(desk))


def records(desk: ProviderDesk, run: str) -> list[Any]:
    with Store(desk.project.root) as store:
        return [(arm, case, index, rec) for arm, case, index, _, rec in store.runs.samples(run)]


# A changed judge: both sides anew, nothing drawn again


def test_a_changed_rubric_rejudges_both_sides_and_draws_no_answer(provide):
    desk = bench(provide, lambda asked: verdict("good"), by_version, "type: judge")
    desk.compared()
    _, before = desk.evaluate()
    drawn, judged = drawn_by(desk), len(questions(desk))
    assert drawn == judged > 0
    stricter = LABELS.replace("bad: 0", "bad: 0.1")
    desk.project.write("prompts/judges/fair.yaml", SINGLE.replace(LABELS, stricter))
    _, after = desk.evaluate()
    assert drawn_by(desk) == drawn
    assert after["metrics"][0]["judge"] != before["metrics"][0]["judge"]
    assert "scorer fair changed since the last run" in after["changes"]
    reworded = SINGLE.replace(LABELS, stricter).replace("{{ answer }}", "Strictly: {{ answer }}")
    desk.project.write("prompts/judges/fair.yaml", reworded)
    _, last = desk.evaluate()
    assert drawn_by(desk) == drawn
    assert last["calls"]["made"] == last["calls"]["judge"] == len(questions(desk)) - 2 * judged
    digest = last["metrics"][0]["judge"]
    assert digest not in {before["metrics"][0]["judge"], after["metrics"][0]["judge"]}
    judges = {
        (arm, score.judge)
        for arm, _, _, record in records(desk, last["run"])
        for score in record.scores.values()
    }
    assert judges == {("baseline", digest), ("candidate", digest)}  # no side keeps an old verdict


# Votes


def test_repeated_votes_are_kept_counted_and_measured(provide):
    times: Counter[str] = Counter()

    def wavering(asked: Asked) -> str:
        times[asked.last_user] += 1
        chance = random.Random(f"{fenced(asked)}{times[asked.last_user]}")
        return verdict("good" if chance.random() < 0.6 else "bad")

    desk = bench(provide, wavering, by_version, "type: judge, votes: 3")
    desk.compared()
    _, report = desk.evaluate()
    answers = drawn_by(desk)
    assert len(questions(desk)) == 3 * answers == report["calls"]["judge"]
    (metric,) = report["metrics"]
    assert 0 < metric["variance"]["judge"] <= metric["variance"]["total"]
    for _, _, _, record in records(desk, report["run"]):
        score = record.scores["fair"]
        assert [vote.by for vote in score.votes] == ["openai/judge"] * 3
        assert score.value == pytest.approx(sum(vote.value for vote in score.votes) / 3)
    again = len(desk.server.chats)
    desk.evaluate()
    assert len(desk.server.chats) == again  # every vote has a slot of its own


def test_the_outlook_counts_every_vote_and_both_orders(provide):
    for suite, text, each in (
        ("type: judge, votes: 3", SINGLE, 3),
        ("type: judge, models: [openai/judge-a, openai/judge-b], votes: 2", SINGLE, 4),
        ("type: pairwise", PAIR, 1),
        ("type: pairwise, votes: 3", PAIR, 3),
    ):
        desk = bench(provide, lambda asked: verdict("good"), by_version, suite, text=text)
        desk.compared()
        done = desk.project.run("plan", "say", "--format", "json")
        (plan,) = done.value["plans"]
        assert plan["judge_calls"] == each * plan["calls"]


# Pairs


def louder_is_better(asked: Asked) -> str:
    first, second = fenced(asked).split("] [")
    if ("louder" in first) == ("louder" in second):
        return verdict("tie")
    return verdict("first" if "louder" in first else "second")


def test_pairs_are_judged_in_both_orders_and_decide_like_any_other_metric(provide):
    desk = bench(provide, louder_is_better, by_version, "type: pairwise", text=PAIR)
    desk.compared()
    _, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (metric["candidate"], metric["baseline"], metric["delta"]) == (1, 0, 1)
    pairs = metric["pairs"]
    assert len(questions(desk)) == 2 * pairs
    assert "the answer shown first won 50% of" in metric["note"]
    assert f"0 of {pairs} pairs flipped" in metric["note"]
    sides: dict[tuple[str, int], dict[str, Any]] = {}
    for arm, case, index, record in records(desk, report["run"]):
        sides.setdefault((case, index), {})[arm] = record.scores["fair"]
    assert len(sides) == pairs
    for both in sides.values():
        assert both["baseline"].value + both["candidate"].value == 1
        assert (both["baseline"].label, both["candidate"].label) == ("worse", "better")
        assert [vote.order for vote in both["candidate"].votes] == [
            "baseline first",
            "candidate first",
        ]


def test_swapped_arms_mirror_the_difference(provide):
    deltas = []
    for answer in (by_version, lambda newer, word: by_version(not newer, word)):
        gate = "gate: {trust: warn}\n"
        desk = bench(provide, louder_is_better, answer, "type: pairwise", text=PAIR, gate=gate)
        desk.compared()
        _, report = desk.evaluate()
        deltas.append(report["metrics"][0]["delta"])
    assert deltas == [1, -1]
    assert report["verdict"] == "regressed"


def test_a_judge_that_takes_whatever_is_first_finds_no_difference_and_is_told(provide):
    desk = bench(provide, lambda asked: verdict("first"), by_version, "type: pairwise", text=PAIR)
    desk.compared()
    _, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (metric["candidate"], metric["delta"]) == (0.5, 0)
    assert "the answer shown first won 100%" in metric["note"]
    assert f"{metric['pairs']} of {metric['pairs']} pairs flipped" in metric["note"]


def test_a_shared_answer_ties_without_a_call(provide):
    desk = bench(provide, louder_is_better, lambda newer, word: word, "type: pairwise", text=PAIR)
    desk.prompt(2)  # another number alone: the same requests
    code, report = desk.evaluate("--against", "HEAD")
    assert code == 0
    assert questions(desk) == []
    if report["baseline"]:
        assert report["metrics"][0]["delta"] == 0


def test_a_first_version_has_no_pairs_and_says_so(provide):
    desk = bench(provide, louder_is_better, by_version, "type: pairwise", text=PAIR)
    code, report = desk.evaluate()
    assert (code, report["verdict"]) == (0, "inconclusive")
    (metric,) = report["metrics"]
    assert (metric["candidate"], metric["unscorable"]) == (None, 0)
    assert metric["note"] == "not scored: it compares two versions, and there is one"
    assert questions(desk) == []
    assert "nothing to compare with yet" in " ".join(report["reasons"])


def test_a_run_of_pairs_that_was_broken_off_asks_for_what_is_missing_alone(provide):
    desk = bench(provide, louder_is_better, by_version, "type: pairwise", text=PAIR)
    desk.compared()
    suite = (desk.project.root / "evals/say.yaml").read_text()
    desk.project.write("evals/say.yaml", suite + "budget: {calls: 13}\n")
    code, report = desk.evaluate()
    assert code == 3
    so_far = len(desk.server.chats)
    assert so_far <= 13
    desk.project.write("evals/say.yaml", suite)
    _, report = desk.evaluate()
    requests = [str(asked.body) for asked in questions(desk)]
    assert len(set(requests)) == len(requests) == 2 * report["metrics"][0]["pairs"]
    assert report["metrics"][0]["delta"] == 1


CHECKED = (
    "type: judge, after: [short]}\n"
    "  short: {type: contains, expected: louder, negate: true, role: observe}\n"
    "  loose: {prompt: judges/fair, type: judge"
)


def test_an_answer_that_fails_a_check_is_not_judged(provide):
    desk = bench(provide, lambda _: said(OPENAI, verdict("good")), by_version, CHECKED)
    desk.compared()
    _, report = desk.evaluate()
    fair, short, loose = report["metrics"]
    assert (short["baseline"], short["candidate"]) == (1, 0)
    assert (fair["baseline"], fair["candidate"]) == (1, 0), "zero without a call"
    assert (loose["baseline"], loose["candidate"]) == (1, 1)
    # `loose` asks about both versions; what `fair` asks about the older one is the same question.
    asked = Counter(fenced(each) for each in questions(desk))
    judged = {text for text in asked if "louder" not in text}
    assert judged
    assert all(count == 1 for count in asked.values())


def test_without_others_nothing_is_asked_of_what_fails_a_check(provide):
    suite = CHECKED[: CHECKED.index("  loose")].rstrip().removesuffix("}")
    desk = bench(provide, lambda _: said(OPENAI, verdict("good")), by_version, suite)
    desk.compared()
    _, report = desk.evaluate()
    assert report["metrics"][0]["candidate"] == 0
    assert questions(desk)
    assert not [each for each in questions(desk) if "louder" in fenced(each)]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("shrt", "the suite has no scorer 'shrt'"),
        ("fair", "'fair' asks a model itself"),
        ("loose", "'loose' asks a model itself"),
    ],
)
def test_what_is_no_check_is_refused_at_its_place(provide, named, told):
    suite = CHECKED.replace("[short]", f"[{named}]")
    desk = bench(provide, lambda _: said(OPENAI, verdict("good")), by_version, suite)
    refused = desk.run()
    assert refused.code == 2
    assert told in refused.err
    assert "evals/say.yaml:5:44: error" in refused.err
    assert not desk.server.chats
    assert told in desk.project.run("lint").out
