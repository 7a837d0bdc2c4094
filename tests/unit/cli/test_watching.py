from dataclasses import replace

from promptops.cli.watching import Watching, words
from promptops.engine.progress import Progress

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


def test_the_line_says_calls_tokens_cost_and_estimate():
    shown = words(state(metric="exact", delta=0.5, interval=(0.25, 0.75)))
    assert shown == "30 calls · 10 kept · 12k in 678 out · $0.012 · exact +0.50 (+0.25 to +0.75)"


def test_an_unknown_price_is_said_and_a_first_version_has_a_level():
    assert "cost unknown" in words(state(unpriced_calls=1))
    assert words(state(metric="exact", level=0.75)).endswith("exact 0.75")


def test_nothing_is_written_where_nobody_looks(capfd):
    with Watching() as watching:
        watching.tell(state())
    assert capfd.readouterr() == ("", "")
