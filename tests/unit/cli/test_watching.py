from dataclasses import replace

import pytest

from promptops.cli.watching import Watching, words
from promptops.engine.progress import Progress
from promptops.reports.symbols import ASCII

FORTY = Progress(
    suite="city",
    model="m",
    planned=100,
    finished=40,
    calls=30,
    cached=10,
    input_tokens=12_345,
    output_tokens=678,
    incurred_usd=0.0123,
)


def state(**changes):
    return replace(FORTY, **changes)


def test_the_line_says_estimate_calls_tokens_and_cost():
    shown = words(state(metric="exact", delta=0.5, interval=(0.25, 0.75)))
    assert shown == "exact +50 (+25 to +75) · 30 calls · 10 kept · 12k in 678 out · $0.012"


@pytest.mark.parametrize(
    ("delta", "interval", "told"),
    [
        (-0.0612, (-0.1394, 0.0203), "exact −6 (−14 to +2)"),
        (-0.0612, (-0.0794, -0.0403), "exact −6.1 (−7.9 to −4)"),
        (0.0, (-0.3, 0.3), "exact 0 (−30 to +30)"),
    ],
)
def test_the_estimate_closes_in_and_is_in_points(delta, interval, told):
    assert words(state(metric="exact", delta=delta, interval=interval)).startswith(told)


def test_the_line_is_ascii_where_nothing_else_can_be_shown():
    shown = words(state(metric="exact", delta=-0.1, interval=(-0.2, -0.05)), ASCII)
    assert shown == "exact -10 (-20 to -5) - 30 calls - 10 kept - 12k in 678 out - $0.012"


def test_an_unknown_price_is_said_and_a_first_version_has_a_level():
    assert "cost unknown" in words(state(unpriced_calls=1))
    assert words(state(metric="exact", level=0.75)).startswith("exact 0.75")


def test_nothing_is_written_where_nobody_looks(capfd):
    with Watching() as watching:
        watching.tell(state())
    assert capfd.readouterr() == ("", "")
