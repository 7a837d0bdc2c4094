"""`promptops costs` over stores that `promptops eval` made, and over ledgers of all kinds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from promptops.store.store import Store
from promptops.values.account import Account, Purpose
from promptops.values.response import Response, Usage
from tests.functional.cli_project import Project
from tests.functional.kept_project import Desk, desk


@pytest.fixture
def kept(empty: Project, monkeypatch: pytest.MonkeyPatch):
    with desk(empty, monkeypatch) as made:
        yield made


def test_every_call_of_real_runs_is_in_it(kept: Desk) -> None:
    value = kept.run("costs", "--format", "json").value
    assert (value["schema"], value["by"]) == ("promptops.costs/1", ["prompt", "version"])
    rows = {(each["prompt"], each["version"], each["purpose"]): each for each in value["rows"]}
    assert {name: each["calls"] for name, each in rows.items()} == {
        ("say", 1, "sample"): 4,
        ("say", 2, "sample"): 4,
        ("say", 3, "sample"): 4,
        ("judges/fair", 1, "judge"): 2,
    }
    assert value["totals"]["all"]["calls"] == len(kept.server.chats) == 14
    assert value["totals"]["samples"]["unpriced_calls"] == 0
    assert value["totals"]["samples"]["cost_usd"] > 0
    assert value["totals"]["judges"]["unpriced_calls"] == 2
    assert value["totals"]["judges"]["cost_usd"] == 0
    judged = rows["judges/fair", 1, "judge"]
    assert judged["tokens"]["input"] > 0
    assert value["totals"]["all"]["cost_usd"] == value["totals"]["samples"]["cost_usd"]
    # A run that is kept costs nothing more.
    kept.eval()
    assert kept.run("costs", "--format", "json").value == value


def test_every_dimension_adds_up_to_the_same(kept: Desk) -> None:
    for by in ("prompt", "version", "model", "judge", "day", "suite", "run", "suite,run,model"):
        value = kept.run("costs", "--by", by, "--format", "json").value
        assert value["by"] == by.split(",")
        assert sum(each["calls"] for each in value["rows"]) == 14
        assert all(set(value["by"]) <= set(each) for each in value["rows"])
    today = kept.run("costs", "--by", "day", "--format", "json").value["rows"][0]["day"]
    assert today == f"{datetime.now(UTC):%Y-%m-%d}"


def test_of_one_prompt_and_of_a_time(kept: Desk) -> None:
    judge = kept.run("costs", "judges/fair", "--format", "json").value
    assert judge["totals"]["all"]["calls"] == 2
    assert kept.run("costs", "say", "--format", "json").value["totals"]["all"]["calls"] == 14
    recent = kept.run("costs", "--since", "1d", "--format", "json").value
    assert recent["totals"]["all"]["calls"] == 14
    assert recent["since"].endswith("+00:00")
    with Store(kept.project.root) as store:
        store.ledger._connection.execute("UPDATE ledger SET at = '2026-01-01T10:00:00+00:00'")
    done = kept.run("costs", "--since", "2026-02-01")
    assert (done.code, done.out) == (0, "Nothing was spent since 2026-02-01 00:00 UTC.\n")
    assert kept.run("costs", "say", "--since", "7d").out.startswith("Nothing was spent on 'say'")


SPENT = [
    # prompt, version, purpose, cost, usage; a lost one has at most a cost, and no usage
    ("extract-the-city", 1, "sample", 0.02, Usage(1200, 30, 400)),
    ("extract-the-city", 1, "sample", None, Usage(1200, 30)),
    ("extract-the-city", 2, "sample", 0.03, None),
    ("judges/faithful", 1, "judge", None, None),
    ("near", 0, "embedding", 0.0, Usage(12, 0)),
]
LOST = [("extract-the-city", 2, 0.5), ("extract-the-city", 2, None)]


@pytest.fixture
def spent(project: Project) -> Project:
    """A ledger in which something of each kind is unknown."""

    def account(prompt: str, version: int, purpose: Purpose) -> Account:
        return Account("r1", "city", purpose, prompt, version, "ab" * 32, "openai/loop")

    async def write(store: Store) -> None:
        for at, (prompt, version, purpose, cost, usage) in enumerate(SPENT):
            answer = Response("Quito", cost_usd=cost, usage=usage)
            whose = account(prompt, version, purpose)  # type: ignore[arg-type]
            await store.responses.keep(f"k{at}", 0, answer, whose)
        for prompt, version, usd in LOST:
            await store.responses.lose("k9", 0, account(prompt, version, "sample"), usd)

    with Store(project.root) as store:
        asyncio.run(write(store))
    return project


def test_what_is_not_known_is_said_and_never_added_as_nothing(spent: Project, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    done = spent.run("costs")
    rows = [line.split() for line in done.out.splitlines()]
    assert ["extract-the-city", "v1", "samples", "2", "2,400", "400", "60", "≥", "$0.020"] in [
        row[:9] for row in rows
    ]
    assert ["extract-the-city", "v2", "samples", "3", "unknown"] in [row[:5] for row in rows]
    judge = next(row for row in rows if row[:1] == ["judges/faithful"])
    assert judge[2:8] == ["judges", "1", "unknown", "unknown", "unknown", "unknown"]
    near = next(row for row in rows if row[:1] == ["near"])
    assert near[:3] == ["near", "–", "embeddings"]
    assert "$0" in near
    for words in (
        "the price of 2 calls is not known: the cost is without them",
        "2 calls brought no answer and may be billed: for $0.50 at most, and of 1 of them nobody",
        "2 answers did not say how many tokens were used",
    ):
        assert words in done.out
    total = spent.run("costs", "--format", "json").value["totals"]["all"]
    assert total == {
        "calls": 7,
        "tokens": {"input": 2412, "output": 60, "cached_input": 400},
        "unmetered_calls": 2,
        "cost_usd": 0.05,
        "unpriced_calls": 2,
        "lost_calls": 2,
        "at_risk_usd": 0.5,
        "unbounded_calls": 1,
    }


@pytest.mark.parametrize(
    "by", ["prompt,version", "judge", "prompt,version,model,judge,day,suite,run"]
)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_figure_is_cut_however_narrow(spent: Project, width: int, by: str, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = spent.run("costs", "--by", by).out
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= width
    for figure in ("2,412", "60", "≥ $0.050", "unknown"):
        assert figure in out


def test_nothing_spent_is_said(project: Project) -> None:
    assert project.run("costs").out == "Nothing was spent yet.\n"
    assert project.run("costs", "greet").out == "Nothing was spent on 'greet' yet.\n"
    value = project.run("costs", "--format", "json").value
    assert (value["rows"], value["totals"]["all"]["calls"]) == ([], 0)
    assert not (project.root / ".promptops").exists()


def test_what_was_drawn_before_there_was_a_ledger_is_mentioned(spent: Project) -> None:
    with Store(spent.root) as store:
        store.ledger._connection.execute("UPDATE responses SET account = NULL")
    out = spent.run("costs").out
    assert "not in here: 5 kept responses" in out
    assert spent.run("costs", "--format", "json").value["unaccounted_responses"] == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "modle"], "did you mean 'model'?"),
        (["--by", ","], "name something to add up by"),
        (["--since", "last week"], "neither an age nor a date"),
        (["--since", "2999-01-01"], "yet to come"),
        (["extract-the-ctiy"], "did you mean 'extract-the-city'?"),
        (["--output", "no/such/folder.txt"], "does not exist"),
    ],
)
def test_what_is_wrong_is_said(spent: Project, words: list[str], said: str) -> None:
    done = spent.run("costs", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_the_table_can_be_written_to_a_file(spent: Project) -> None:
    done = spent.run("costs", "--output", "costs.txt")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "extract-the-city" in (spent.root / "costs.txt").read_text()


def test_what_no_judge_was_asked_for_has_a_name(spent: Project) -> None:
    rows = [row.split() for row in spent.run("costs", "--by", "judge").out.splitlines()]
    assert ["(answers)", "samples", "5"] in [row[:3] for row in rows]
    assert ["judges/faithful", "judges", "1"] in [row[:3] for row in rows]
    assert ["(embeddings)", "embeddings", "1"] in [row[:3] for row in rows]


@pytest.mark.parametrize("width", ["60", "80"])
def test_many_names_are_told_one_by_one(spent: Project, width: str, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    by = "prompt,version,model,judge,day,suite"
    out = spent.run("costs", "--by", by).out
    assert max(map(len, out.splitlines())) <= int(width)
    told = " ".join(out.split())
    assert "prompt extract-the-city version v1 model openai/loop judge (answers) day 20" in told
    assert "suite city for samples calls 2 tokens in 2,400 cached 400 out 60 cost ≥ $0.020" in told
    assert "·" not in out
    assert "total for judges calls 1" in told
