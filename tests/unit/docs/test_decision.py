"""The page on the decision engine says what the engine does: example, tables and picture."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any, get_args

import pytest

from promptops.comparison.policy import PLANNED_SHARE, Estimand, Guarantee
from promptops.engine.looks import MOST_FURTHER
from promptops.engine.schedule import LOOKS_PER_PASS, MOST_LOOKS
from promptops.engine.suite import Gate
from promptops.statistics.power import fewest_pairs_to_pass
from promptops.values.report import Verdict

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "promptops"
PAGE = (DOCS / "statistics.md").read_text(encoding="utf-8")
BODY, SOURCES = PAGE.split("\n## Sources\n")
PLAIN = " ".join(BODY.split())

RUNS = 400
FAR = 4.5
"""Standard errors that a share strays beyond once in 150,000 times."""


@pytest.fixture(scope="module")
def drawing() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "decision.py"))


# -- the example


def test_the_figures_of_the_page_are_the_engines(drawing):
    """When this fails: `python docs/decision.py`, and read the page again."""
    for name in drawing["figures"]():
        assert PAGE.count(f"<!-- figures: {name} -->\n") == 1
    assert drawing["filled"](PAGE) == PAGE


def test_a_figure_that_is_not_the_engines_is_seen(drawing):
    assert PAGE.count("| −10.5 |") == 2
    assert drawing["filled"](PAGE.replace("| −10.5 |", "| −10.6 |")) == PAGE


def test_what_is_read_from_the_last_look_is_so(drawing):
    rows = drawing["looks_table"](drawing["Played"](drawing["WORSE"])).splitlines()[2:]
    before, last = ([cell.strip() for cell in row.split("|")[1:-1]] for row in rows[-2:])
    calls, losses, wins, estimate, spent, fewest, z, needed, _ = last
    pairs = int(calls) // 2
    told = PLAIN.split("Read its last line so.")[1].split("The third has truly")[0]
    assert f"After {calls} calls there are {pairs} pairs" in told
    assert f"{losses} went from right to wrong and {wins} from wrong to right" in told
    assert f"({wins} − {losses})/{pairs} = {estimate} points" in told
    assert 100 * (int(wins) - int(losses)) / pairs == float(estimate.replace("−", "-"))
    assert f"{float(spent[:-1]):g}% of error" in told
    assert f"{100 * float(spent[:-1]) / (100 * 0.05 * PLANNED_SHARE):.0f}% of what they" in told
    assert f"deal out {fewest} losses or more" in told
    assert f"{losses} is beyond" in told
    assert f"from zero, {z}, is beyond {needed}" in told
    assert f"{drawing['PLANNED'] - int(calls)} calls are not made" in told
    assert int(before[1]) < int(before[5])
    assert float(before[6].replace("−", "-")) > float(before[7].replace("−", "-"))


def test_the_three_endings_are_those_of_the_picture(drawing):
    alt = re.search(r"!\[([^\]]*)\]\(decision\.svg\)", PAGE)
    assert alt
    said = {name: drawing["Played"](drawing[name]) for name in ("WORSE", "SAME", "BETWEEN")}
    verdicts = [each.decision.verdict for each in said.values()]
    assert verdicts == ["regressed", "passed", "inconclusive"]
    assert re.findall(r"[\d,]+", alt[1].replace(", ", " ")) == [
        f"{each.calls:,}" for each in said.values()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("true", [0.0, -0.03, -0.05, -0.10])
def test_how_often_it_ends_in_which_way(drawing, true):
    name = {0.0: "same", -0.03: "between"}.get(true, "worse")
    told = "0" if true == 0 else f"−{abs(100 * true):.0f}"
    percents = r"\| ([\d.]+)% " * 3
    (row,) = re.findall(rf"^\| {told} {percents}\|", BODY, re.MULTILINE)
    ended = [
        drawing["Played"](drawing["Story"](name, true, 5_000 + seed)).decision.verdict
        for seed in range(RUNS)
    ]
    ways = ({"regressed"}, {"passed", "improved"}, {"inconclusive"})
    for share, verdicts in zip(row, ways, strict=True):
        expected = float(share) / 100
        seen = sum(each in verdicts for each in ended) / RUNS
        error = (max(expected * (1 - expected), 1 / RUNS) / RUNS) ** 0.5
        assert abs(seen - expected) < FAR * error, (verdicts, seen, expected)


# -- the picture


def test_the_picture_is_the_engines(drawing):
    """When this fails: `python docs/decision.py`, and look at it."""
    assert (DOCS / "decision.svg").read_text(encoding="utf-8") == drawing["picture"]()


def test_the_picture_loads_nothing_and_is_told_in_words(drawing):
    kept = drawing["picture"]()
    assert re.findall(r"https?://[^\"')\s]+", kept) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@font-face|@import|href|<script|<image", kept)
    assert "prefers-color-scheme: dark" in kept
    for told in ("<title>", "<desc>", "margin −5", "calls"):
        assert told in kept
    for name in ("WORSE", "SAME", "BETWEEN"):
        assert f">{drawing['Played'](drawing[name]).decision.verdict}</text>" in kept


# -- what it says of the engine


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(text: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_every_verdict_and_every_option_of_the_gate_is_explained():
    assert first_cells(section("The five verdicts")) == set(get_args(Verdict))
    options = section("Options of the gate")
    assert first_cells(options) == set(Gate.__struct_fields__)
    for choice in (*get_args(Estimand), *get_args(Guarantee), "warn", "fail"):
        assert f"`{choice}`" in options


def test_the_numbers_in_its_sentences_are_the_engines():
    fewest = fewest_pairs_to_pass(Gate().alpha, Gate().margin)
    assert f"at least {fewest} pairs at the defaults" in PLAIN
    assert f"A pass needs {fewest} cases or groups at the defaults" in PLAIN
    assert PLANNED_SHARE == 0.8
    assert "A fifth of `alpha` is kept" in PLAIN
    assert LOOKS_PER_PASS == 5
    assert "A fifth of a pass is a round" in PLAIN
    assert f"at most {MOST_LOOKS} looks" in PLAIN
    assert MOST_FURTHER == 4
    assert "at most four times the plan" in PLAIN


def test_the_files_it_names_exist():
    named = re.findall(r"`((?:statistics|comparison)/\w+\.py|\w+\.py)`", BODY)
    assert len(named) > 10
    for name in named:
        place = SOURCE / name if "/" in name else SOURCE / "statistics" / name
        assert place.is_file(), name


def test_whoever_is_cited_is_among_the_sources_and_the_other_way_round():
    entries = [" ".join(entry.split()) for entry in SOURCES.strip().split("\n- ")]
    listed = {
        (re.match(r"(?:- )?([^\W\d_]+)", entry)[1], re.search(r"\b(\d{4})\b", entry)[1])  # type: ignore[index]
        for entry in entries
    }
    computed = " ".join(BODY.split("\n## How it is computed\n")[1].split())
    years = set(re.findall(r"\b(1[89]\d\d|20\d\d)\b", computed))
    assert years <= {year for _, year in listed}
    for name, _ in listed:
        assert re.search(rf"\b{name}\b", computed), name
