"""Samples that wait for the other version's, in whichever order they come."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import cast

import msgspec
import pytest

from promptops.engine.pairing import Half, Pairing
from promptops.engine.schedule import Draw
from promptops.engine.scoring import EngineServices
from promptops.store.runs import SampleRecord
from promptops.values.case import Case
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Outcome, Response
from promptops.values.sample import Arm
from promptops.values.score import Score
from tests.scoring import Desk, scorer
from tests.unit.judges.judge_files import bench, content, said, written

TEXT = written(
    "first: {type: string}, second: {type: string}",
    "[{{ first }}] [{{ second }}]",
    "{enum: [first, second, tie]}",
)


class Lent:
    """Services of one desk for every scorer."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def on_behalf_of(self, scorer):
        return self.desk


def longer(request, index):
    first, second = content(request).split("] [")
    return said("first" if len(first) > len(second) else "second")


def pairing(tmp_path, **options):
    desk = bench(tmp_path, TEXT, longer)
    one = scorer("pair", type="pairwise", prompt="judges/plain", **options)
    one.preflight(desk)
    return Pairing([one], cast("EngineServices", Lent(desk))), desk


def half(
    arm: Arm, outcome: Outcome, failure: tuple[str, str] | None = None, case: str = "a"
) -> Half:
    record = SampleRecord("made", {"other": Score(1.0)})
    request = Request("m/x", (Message("user", "q"),))
    return Half(Case(case, {}), request, outcome, failure, (arm, case, 0, "key", record))


def draw(*arms: Arm, case: int = 0, index: int = 0) -> Draw:
    return Draw(case, index, arms)


def scored(made, met):
    return asyncio.run(made.score(met))


LONG, SHORT = Response("a much longer answer than"), Response("this one")


@pytest.mark.parametrize("order", [("baseline", "candidate"), ("candidate", "baseline")])
def test_a_pair_meets_whichever_side_comes_first(tmp_path, order):
    made, desk = pairing(tmp_path)
    sides = {"baseline": half("baseline", SHORT), "candidate": half("candidate", LONG)}
    first, second = order
    assert made.meet(draw(first), {first: sides[first]}) is None
    assert made.meet(draw(first, case=1), {first: sides[first]}) is None  # another case
    assert made.meet(draw(first, index=1), {first: sides[first]}) is None  # another sample
    met = made.meet(draw(second), {second: sides[second]})
    assert met is not None
    found = scored(made, met)
    assert [found[arm]["pair"].value for arm in ("baseline", "candidate")] == [0, 1]
    rows = met.rows(found)
    assert [(row[0], sorted(row[4].scores)) for row in rows] == [
        ("baseline", ["other", "pair"]),
        ("candidate", ["other", "pair"]),
    ]
    assert len(desk.asked) == 2


def test_many_pairs_meet_in_any_order(tmp_path):
    made, _ = pairing(tmp_path)
    arms: tuple[Arm, Arm] = ("baseline", "candidate")
    for order in permutations([(arm, case) for arm in arms for case in (0, 1)]):
        met = [
            found
            for arm, case in order
            if (found := made.meet(draw(arm, case=case), {arm: half(arm, LONG, case=str(case))}))
        ]
        assert sorted(each.candidate.case.id for each in met) == ["0", "1"]
        assert all(each.candidate.case.id == each.baseline.case.id for each in met)


def test_a_shared_answer_ties_without_a_call(tmp_path):
    made, desk = pairing(tmp_path, negate=True)
    both = {"baseline": half("baseline", LONG), "candidate": half("candidate", LONG)}
    met = made.meet(draw("baseline", "candidate"), both)
    assert met is not None
    found = scored(made, met)
    assert [found[arm]["pair"].value for arm in ("baseline", "candidate")] == [0.5, 0.5]
    assert desk.asked == []


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "values"),
    [
        (None, ("refused", "no"), [1, 0]),
        (("truncated", "cut"), None, [0, 1]),
        (("bad_schema", "x"), ("refused", "no"), [0.5, 0.5]),
    ],
)
def test_an_answer_that_failed_by_itself_loses(tmp_path, old, new, values, negate):
    made, desk = pairing(tmp_path, negate=negate)
    made.meet(draw("baseline"), {"baseline": half("baseline", SHORT, old)})
    met = made.meet(draw("candidate"), {"candidate": half("candidate", LONG, new)})
    assert met is not None
    assert not met.lost
    found = scored(made, met)
    assert [found[arm]["pair"].value for arm in ("baseline", "candidate")] == values
    assert desk.asked == []


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "values"), [("", "It is.", [0, 1]), ("It is.", ":", [1, 0])]
)
def test_an_answer_that_holds_nothing_loses(tmp_path, old, new, values, negate):
    made, desk = pairing(tmp_path, negate=negate)
    empty_or_not = [msgspec.structs.replace(LONG, content=text) for text in (old, new)]
    made.meet(draw("baseline"), {"baseline": half("baseline", empty_or_not[0])})
    met = made.meet(draw("candidate"), {"candidate": half("candidate", empty_or_not[1])})
    assert met is not None
    found = scored(made, met)
    assert [found[arm]["pair"].value for arm in ("baseline", "candidate")] == values
    assert desk.asked == []


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_a_pair_that_lacks_a_side_is_lost(tmp_path, side):
    made, _ = pairing(tmp_path)
    gone = Failure("timeout", "late")
    halves = {arm: half(arm, gone if arm == side else LONG) for arm in ("baseline", "candidate")}
    made.meet(draw("baseline"), {"baseline": halves["baseline"]})
    met = made.meet(draw("candidate"), {"candidate": halves["candidate"]})
    assert met is not None
    assert met.lost


def test_negation_prefers_the_other_one(tmp_path):
    made, _ = pairing(tmp_path, negate=True)
    made.meet(draw("baseline"), {"baseline": half("baseline", SHORT)})
    met = made.meet(draw("candidate"), {"candidate": half("candidate", LONG)})
    found = scored(made, met)
    assert [found[arm]["pair"].value for arm in ("baseline", "candidate")] == [1, 0]
