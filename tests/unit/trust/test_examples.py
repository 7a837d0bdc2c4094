"""Which labelled answers a judge is asked about again."""

from promptops.trust.examples import MOST_EXAMPLES, chosen_examples
from promptops.values.trust import Example


def known(count, *, passed):
    return [Example(f"c{at}", f"{at:064x}", float(passed), 1.0) for at in range(count)]


def test_good_and_bad_ones_alike_and_no_more_than_a_few():
    found = chosen_examples([*known(100, passed=True), *known(100, passed=False)])
    assert len(found) == MOST_EXAMPLES
    assert sum(each.people for each in found) == MOST_EXAMPLES / 2
    assert found == chosen_examples([*known(100, passed=False), *known(100, passed=True)])


def test_where_one_kind_is_rare_the_other_fills_up():
    rare = [*known(50, passed=True), Example("bad", "f" * 64, 0.0, 0.0)]
    found = chosen_examples(rare)
    assert len(found) == MOST_EXAMPLES
    assert sum(each.people == 0 for each in found) == 1
    assert chosen_examples([]) == []
