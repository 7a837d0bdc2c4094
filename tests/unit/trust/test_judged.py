import random

import pytest

from promptops.errors import InputError
from promptops.judges.verdicts import Praise
from promptops.statistics.proportion import wilson
from promptops.trust.agreement import agreement, confusion, disagreements, slices
from promptops.trust.biases import (
    BothOrders,
    both_orders,
    length_bias,
    position_bias,
    repeated,
    self_consistency,
)
from promptops.trust.canaries import canaries, canary_report, lets_pass
from promptops.trust.files import merged, read_trust
from promptops.trust.judged import Judged, as_label, pair_key, said_by_people, scale_of
from promptops.trust.people import people_report
from promptops.values.label import Label, PairLabel
from promptops.values.score import Score, Unscorable, Vote
from tests.known import known
from tests.trust_examples import report

NOW = "2026-05-01T10:00:00+00:00"


def label(case="a", value=1.0, reviewer="Ana Ficta", output="o"):
    return Label("right", case, output, value, reviewer, NOW)


def judged(people, judge, *, case="", answer="x", **more):
    return Judged(case, case, people, judge, answer, **more)


def test_the_majority_speaks_and_a_tie_does_not():
    words = said_by_people(
        [
            *(label("a", value, name) for name, value in zip("xyz", (1, 1, 0), strict=True)),
            *(label("b", value, name) for name, value in zip("xy", (1, 0), strict=True)),
            label("c", None),
            *(label("d", value, name) for name, value in zip("xyz", (0.25, 0.5, 1), strict=True)),
        ]
    )
    assert {key[0]: word.value for key, word in words.items()} == {
        "a": 1,
        "b": None,
        "c": None,
        "d": 0.5,
    }


def test_who_labelled_is_counted():
    labels = [label("a"), label("a", 0.0, "Bo Example"), label("b", None), label("c")]
    told = people_report(labels, said_by_people(labels))
    assert told.reviewers == {"Ana Ficta": 3, "Bo Example": 1}
    assert (told.labels, told.answers, told.shared) == (4, 3, 1)
    assert (told.disputed, told.undecided) == (1, 1)
    assert people_report([], {}).alpha is None


def test_values_make_the_scale():
    assert scale_of([0, 1, 1]) == "nominal"
    assert scale_of([0, 0.25, 0.5, 1]) == "ordinal"
    assert scale_of([at / 100 for at in range(50)]) == "interval"


def test_rates_and_the_grid_are_counts():
    answers = [judged(1, 1, case=f"a{n}") for n in range(8)]
    answers += [judged(1, 0, case=f"b{n}") for n in range(2)]
    answers += [judged(0, 0, case=f"c{n}") for n in range(9)]
    answers += [judged(0, 1, case="d")]
    found = {each.name: each for each in agreement(answers)}
    assert found["sensitivity"].value == 0.8
    assert found["specificity"].value == 0.9
    assert found["accuracy"].value == 0.85
    assert found["kappa"].value == pytest.approx(0.7)
    grid = confusion(answers)
    assert (grid.both_yes, grid.judge_no, grid.judge_yes, grid.both_no) == (8, 2, 1, 9)
    assert found["sensitivity"].interval == pytest.approx(wilson(0.8, 9), abs=1e-9)


def test_one_half_is_a_yes():
    answers = [judged(0.5, 1, case="a"), judged(1, 0.5, case="b"), judged(0.49, 0, case="c")]
    grid = confusion(answers)
    assert (grid.both_yes, grid.judge_no, grid.judge_yes, grid.both_no) == (2, 0, 0, 1)


def test_on_a_scale_near_misses_count_less():
    steps = [(n % 5, min(4, n % 5 + n % 2)) for n in range(60)]
    answers = [judged(low / 4, high / 4, case=f"{n}") for n, (low, high) in enumerate(steps)]
    found = {each.name: each.value for each in agreement(answers)}
    assert known(found["weighted kappa"]) > known(found["kappa"]) + 0.1


def test_answers_of_one_case_go_together_in_every_interval():
    """Five answers a case, all alike, are worth one."""
    chance = random.Random(3)
    said = [(float(chance.random() < 0.6), float(chance.random() < 0.6)) for _ in range(40)]
    lengths = [chance.randrange(5, 200) for _ in said]

    def widths(cluster):
        answers = [
            judged(people, judge, case=cluster(at, turn), answer="x" * lengths[at])
            for at, (people, judge) in enumerate(said)
            for turn in range(5)
        ]
        told = [*agreement(answers), known(length_bias(answers))]
        ends = [known(each.interval) for each in told]
        return {each.name: high - low for each, (low, high) in zip(told, ends, strict=True)}

    together, alone = widths(lambda at, _: f"c{at}"), widths(lambda at, turn: f"c{at}-{turn}")
    assert {"accuracy", "sensitivity", "specificity", "kappa", "alpha", "length"} == set(together)
    assert all(together[name] > 1.5 * alone[name] for name in together)


def test_length_is_told_for_an_answer_twice_as_long():
    answers = [judged(1, n % 5 / 4, case=f"{n}", answer="x" * 2 ** (n % 5)) for n in range(40)]
    assert known(length_bias(answers)).value == pytest.approx(0.25)


def test_what_is_not_defined_says_why():
    found = {each.name: each for each in agreement([judged(1, 1, case=f"{n}") for n in range(9)])}
    assert found["specificity"].value is None
    assert found["specificity"].why == "people let no answer fail"
    assert "label good and bad ones" in found["alpha"].why
    assert all(each.value is None and each.why for each in agreement([]))


def test_pairs_have_wins_and_ties_and_no_sensitivity():
    answers = [judged(n % 3 / 2, n % 3 / 2, case=f"{n}") for n in range(30)]
    found = agreement(answers, of_pairs=True)
    assert [each.name for each in found] == ["accuracy", "alpha"]
    assert [each.value for each in found] == [1, 1]


def test_a_word_on_a_pair_does_not_know_who_stood_first():
    one = as_label(PairLabel("m", "a", "aa", "bb", "first", "x", NOW))
    other = as_label(PairLabel("m", "a", "bb", "aa", "second", "x", NOW))
    assert (one.output, one.value) == (other.output, other.value) == (pair_key("bb", "aa"), 1)
    assert as_label(PairLabel("m", "a", "bb", "aa", "tie", "x", NOW)).value == 0.5
    assert as_label(PairLabel("m", "a", "bb", "aa", None, "x", NOW)).value is None


def test_position_bias_of_a_judge_that_loves_the_first():
    """It names the first in 6 of 10 pairs whatever stands there, and is honest in the rest."""
    pairs = [BothOrders(f"{n}", 0.0, 1.0) for n in range(60)]
    pairs += [BothOrders(f"h{n}", 1.0, 1.0) for n in range(40)]
    wins, flips = position_bias(pairs)
    assert wins.value == pytest.approx(0.3)
    assert known(wins.interval)[0] > 0.2
    assert flips.value == 0.6
    assert position_bias([]) == []


def test_an_honest_judge_has_no_position_however_much_better_one_side_is():
    wins, flips = position_bias([BothOrders(f"{n}", 1.0, 1.0) for n in range(50)])
    assert (wins.value, flips.value) == (0, 0)
    assert position_bias([BothOrders("a", 1.0, 0.5), BothOrders("b", 0, 0)])[1].value == 0


def test_orders_are_paired_by_who_judged():
    votes = [
        Vote(1.0, by="m1", order="baseline first"),
        Vote(0.0, by="m1", order="candidate first"),
        Vote(1.0, by="m2", order="baseline first"),
        Vote(None, by="m2", order="candidate first"),
        Vote(1.0, by="m3"),
    ]
    assert both_orders("a", votes) == [BothOrders("a", 1.0, 0.0)]


def test_repeats_are_of_one_who_was_asked_the_same():
    votes = [Vote(1.0, by="a"), Vote(0.0, by="b"), Vote(0.5, by="b"), Vote(None, by="b")]
    assert repeated(votes) == (0.0, 0.5)
    assert repeated(votes[:2]) == ()
    changes = known(
        self_consistency([judged(1, 1, case="a", askings=(1.0, 0.0, 1.0)), judged(1, 1)])
    )
    assert changes.value == pytest.approx(2 / 3)
    assert changes.size == 1
    assert self_consistency([judged(1, 1)]) is None


def test_answers_of_one_length_say_nothing_of_length():
    alike = [judged(n % 2, 1, case=f"c{n}", answer="x" * (20 + n % 4)) for n in range(60)]
    told = known(length_bias(alike))
    assert (told.value, told.why) == (None, "the answers are of much the same length")


def test_length_needs_cases():
    assert length_bias([]) is None
    few = known(length_bias([judged(1, 1, case="a", answer="x" * n) for n in range(1, 9)]))
    assert few.value is None
    assert "10 cases" in few.why


def test_tags_are_told_the_worst_first_and_not_of_few():
    answers = [judged(1, n % 2, case=f"{n}", tags=("bad",)) for n in range(10)]
    answers += [judged(1, 1, case=f"g{n}", tags=("good",)) for n in range(10)]
    answers += [judged(1, 1, case="r", tags=("rare",))]
    assert [each.tag for each in slices(answers)] == ["bad", "good"]


def test_differences_are_of_many_cases_before_many_of_one():
    answers = [judged(0, 1, case="a", answer=f"{n}") for n in range(20)]
    answers += [judged(0, 0.5, case="b"), judged(1, 1, case="c")]
    found = disagreements(answers)
    assert [each.case for each in found[:2]] == ["a", "b"]
    assert len(found) == 10


def test_canaries_that_score_pass_and_others_do_not():
    praise = Praise("right", '{"explanation": "Fine.", "verdict": "right"}')
    each = canaries(praise)[3]
    assert canary_report(each, Score(0.5, "so")).passed
    assert not canary_report(each, Score(0.49)).passed
    silent = canary_report(each, Unscorable("the judge cannot tell"))
    assert (silent.passed, silent.known, silent.value) == (False, True, None)
    assert not canary_report(each, Unscorable("down", infrastructure=True)).known
    assert canaries(praise)[5].answer == praise.whole
    assert "the verdict is right." in canaries(praise)[4].answer


def test_beside_another_answer_a_canary_passes_where_it_wins_in_one_order():
    def pair(first: float, second: float) -> Score:
        votes = [Vote(first, by="m", order="baseline first")]
        votes += [Vote(second, by="m", order="candidate first")]
        return Score((first + second) / 2, "so", votes=tuple(votes))

    assert lets_pass(pair(1, 1))
    assert lets_pass(pair(0, 1))  # a tie in all, but talked round
    assert not lets_pass(pair(0.5, 0.5))
    assert not lets_pass(pair(0, 0.5))
    assert not lets_pass(Score(0.0, "worse"))  # nothing to judge, and nobody asked
    panel = [
        Vote(value, by=by, order="baseline first")
        for by, value in zip("abc", (1, 0, 0), strict=True)
    ]
    assert not lets_pass(Score(1 / 3, "divided", votes=tuple(panel)))
    criteria = (Vote(1.0, by="kind"), Vote(0.0, by="true"))
    assert lets_pass(Score(0.5, "1 of 2", votes=criteria))


class Files(dict):
    def read(self, path):
        return self.get(path)

    def list(self, folder):
        return [path for path in self if path.startswith(folder)]


def test_a_file_of_trust_is_read_strictly():
    assert read_trust(Files(), "judges/right") == []
    for text, told in (
        ("[", "not a file of measured trust"),
        ('[{"schema": "promptops.trust/1"}]', "missing required field"),
        ("[" * 100_000, "not a file of measured trust"),
    ):
        with pytest.raises(InputError, match=told) as error:
            read_trust(Files({"evals/judges/right.trust.json": text}), "judges/right")
        assert known(error.value.location).path == "evals/judges/right.trust.json"


def test_new_measures_take_the_place_of_old_ones():
    old, new = report("observes"), report("may gate")
    kept = merged([old], [new])
    assert [each.standing for each in kept] == ["may gate"]
    assert kept[0].disagreements == []
    assert [(each.name, each.value) for each in kept[0].canaries] == [
        (each.name, each.value) for each in new.canaries
    ]
    assert {each.explanation for each in kept[0].canaries} == {""}  # nobody else's words
