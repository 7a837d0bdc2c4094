from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import msgspec
import pytest

from promptops.errors import StoreError
from promptops.store import details as under_test
from promptops.store.details import ENDED, TEXTS
from promptops.store.runs import SampleRecord
from promptops.store.store import Store
from promptops.values.details import CaseDetails, Details, SampleDetails
from promptops.values.report import CaseReport, Report
from promptops.values.response import Response, Usage
from promptops.values.sample import Arm
from promptops.values.score import Score, Unscorable
from promptops.values.step import Step
from tests.unit.store.kept import account, change, key, report
from tests.unit.store.texts import DATASET, case_text, keep_cases, prompt_text

LATER = "2099-01-01T00:00:00+00:00"
RICH = Response(
    "Quito ☀",
    tool_calls=[{"id": "t1"}],
    finish_reason="stop",
    refusal="no",
    response_model="loop-1",
    usage=Usage(12, 3, 4),
    cost_usd=0.25,
    latency_seconds=0.5,
    flags=("cut",),
    steps=(Step("model", "loop-1", "Find it."), Step("tool", "find", "{}", "Quito")),
)
SAID = {
    "exact": Score(0.5, "near", "it says Quito"),
    "fair": Unscorable("two verdicts", "ab" * 32),
}
META = {"dataset_fingerprint": DATASET, ENDED: LATER}


def kept(root, slots: Iterable[tuple[str, int]], response: Response | None = None) -> None:
    async def keep_all(store: Store) -> None:
        for name, number in slots:
            said = response or Response(f"{name} {number}")
            await store.responses.keep(key(name), number, said, account())

    with Store(root) as store:
        asyncio.run(keep_all(store))


def ran(root, ids: Iterable[str], rows, baseline: int | None = 1, meta=()) -> Report:
    """A run of version 2 with these cases and samples, and its report."""
    told = msgspec.structs.replace(
        report("r1", 2, baseline),
        cases=[CaseReport(each, "same", 1.0, 1.0) for each in ids],
        meta=META | dict(meta),
    )
    with Store(root) as store:
        store.runs.add_samples("r1", rows)
        store.runs.finish(told)
    return told


def row(arm: Arm, case: str, index: int, name: str, number: int | None = None, **record):
    record = {"source": "made", "scores": {}, "number": number} | record
    return (arm, case, index, key(name), SampleRecord(**record))


def details(store: Store, run: str = "r1") -> Details:
    found = store.details.of(run)
    assert found is not None
    return found


def of_cases(root) -> dict[str, CaseDetails]:
    with Store(root, reading=True) as store:
        return {each.id: each for each in details(store).cases()}


def contents(case: CaseDetails) -> list[tuple[str, int, str | None]]:
    return [(each.arm, each.index, None if each.missing else each.content) for each in case.samples]


def test_all_of_a_run_is_told(tmp_path):
    kept(tmp_path, [("x", 0)], RICH)
    kept(tmp_path, [("x", 1), ("y", 0)])
    ran(
        tmp_path,
        ["c1"],
        [
            row("candidate", "c1", 0, "y", 0, source="cached"),
            row("baseline", "c1", 1, "x", 1),
            row("baseline", "c1", 0, "x", 0, scores=SAID),
            row("candidate", "c1", 1, "y", failure="timeout: no answer"),
        ],
    )
    keep_cases(tmp_path, ["c0", "c1", "c2"])
    with Store(tmp_path) as store:
        for version in (1, 2):
            store.prompt_texts.keep(prompt_text(version))
        found = details(store)
        assert (found.baseline, found.candidate) == (prompt_text(1), prompt_text(2))
        (case,) = found.cases()
        assert list(found.cases()) == [case]  # as often as it is asked
    text = case_text("c1")
    assert (case.id, case.columns, case.tags) == ("c1", text.columns, text.tags)
    assert (case.group, case.critical) == (text.group, text.critical)
    assert [(each.arm, each.index) for each in case.samples] == [
        ("baseline", 0), ("baseline", 1), ("candidate", 0), ("candidate", 1),
    ]  # fmt: skip
    first, second, third, fourth = case.samples
    for name in RICH.__struct_fields__:
        if name not in {"raw_usage", "price", "steps"}:
            assert getattr(first, name) == getattr(RICH, name), name
    assert first.steps == list(RICH.steps)
    assert first.scores == SAID
    assert (second.content, second.source) == ("x 1", "made")
    assert (third.content, third.source) == ("y 0", "cached")
    assert fourth == SampleDetails("candidate", 1, failure="timeout: no answer")


def test_cases_come_in_the_order_of_the_report(tmp_path, monkeypatch):
    """However the dataset was ordered when it was first met, and only those that took part."""
    monkeypatch.setattr(under_test, "CASES_AT_ONCE", 3)
    names = [f"c{at}" for at in range(10)]
    keep_cases(tmp_path, names)
    asked = names[7::-1]
    kept(tmp_path, [(name, 0) for name in names])
    ran(tmp_path, asked, [row("candidate", name, 0, name, 0) for name in names])
    found = of_cases(tmp_path)
    assert list(found) == asked
    assert all(each.columns == case_text(name).columns for name, each in found.items())
    assert [contents(each) for each in found.values()] == [
        [("candidate", 0, f"{name} 0")] for name in asked
    ]


def test_shared_samples_stand_on_both_arms(tmp_path):
    kept(tmp_path, [("x", 0)])
    rows = [
        row("baseline", "c1", 0, "x", 0),
        row("candidate", "c1", 0, "x", 0, source="shared"),
    ]
    ran(tmp_path, ["c1"], rows)
    one, other = of_cases(tmp_path)["c1"].samples
    assert (one.source, other.source, one.content, other.content) == (
        "made", "shared", "x 0", "x 0",
    )  # fmt: skip


def test_a_response_is_found_by_its_own_number(tmp_path):
    """Cases that send the same request, and versions compared with themselves, have others."""
    kept(tmp_path, [("x", 0), ("x", 1), ("x", 3000), ("x", 1000)])
    rows = [
        row("candidate", "c1", 0, "x", 0),
        row("candidate", "c2", 0, "x", 3000),
        row("baseline", "c1", 0, "x", 1000),
    ]
    ran(tmp_path, ["c1", "c2"], rows, meta={"itself": True})
    found = of_cases(tmp_path)
    assert contents(found["c1"]) == [("baseline", 0, "x 1000"), ("candidate", 0, "x 0")]
    assert contents(found["c2"]) == [("candidate", 0, "x 3000")]


def test_what_was_pruned_is_missing_and_its_scores_stay(tmp_path):
    ran(tmp_path, ["c1"], [row("candidate", "c1", 0, "x", 0, scores=SAID)])
    (sample,) = of_cases(tmp_path)["c1"].samples
    assert (sample.missing, sample.content, sample.failure) == (True, "", None)
    assert sample.scores == SAID


@pytest.mark.parametrize(
    "statement",
    ["UPDATE responses SET body = x'c1'", "UPDATE responses SET checksum = NULL, body = x'c1'"],
)
def test_what_is_damaged_is_missing(tmp_path, statement):
    kept(tmp_path, [("x", 0)])
    ran(tmp_path, ["c1"], [row("candidate", "c1", 0, "x", 0)])
    change(tmp_path, statement)
    assert of_cases(tmp_path)["c1"].samples[0].missing


def test_another_answer_in_its_place_is_not_taken_for_it(tmp_path):
    """It was pruned, and then drawn anew for a later run: the scores are not of that one."""
    kept(tmp_path, [("x", 0)])
    ended = "2026-05-02T10:00:00+00:00"
    ran(tmp_path, ["c1"], [row("candidate", "c1", 0, "x", 0)], meta={ENDED: ended})
    assert of_cases(tmp_path)["c1"].samples[0].missing
    change(tmp_path, "UPDATE responses SET created = ?", (ended,))
    assert of_cases(tmp_path)["c1"].samples[0].content == "x 0"


def test_of_a_run_from_before_there_is_what_is_sure(tmp_path):
    """Its rows do not say under which number a response is kept."""
    kept(tmp_path, [("x", 0), ("y", 0), ("z", 0), ("x", 3000)])
    rows = [
        row("baseline", "c1", 0, "x"),
        row("candidate", "c1", 0, "y"),
        row("baseline", "c2", 0, "x"),  # the same request as the first case
        row("candidate", "c2", 0, "z"),
        row("candidate", "c3", 0, "x"),  # on the other arm
    ]
    told = ran(tmp_path, ["c1", "c2", "c3"], rows)
    old = msgspec.structs.replace(told, meta={}, cases=[])
    with Store(tmp_path) as store:
        store.runs.finish(msgspec.structs.replace(old, cases=told.cases))
    found = of_cases(tmp_path)
    assert contents(found["c1"]) == [("baseline", 0, "x 0"), ("candidate", 0, "y 0")]
    assert contents(found["c2"]) == [("baseline", 0, None), ("candidate", 0, None)]
    assert contents(found["c3"]) == [("candidate", 0, "x 0")]
    assert all((each.columns, each.tags) == ({}, ()) for each in found.values())
    with Store(tmp_path) as store:
        assert (details(store).baseline, details(store).candidate) == (None, None)


def test_of_an_older_run_against_itself_nothing_is_sure(tmp_path):
    kept(tmp_path, [("x", 0)])
    ran(tmp_path, ["c1"], [row("candidate", "c1", 0, "x")], meta={"itself": True})
    assert of_cases(tmp_path)["c1"].samples[0].missing


def test_the_text_is_the_one_that_the_run_had(tmp_path):
    commented = prompt_text(2, source="# a thought\nversion: 2\n")
    with Store(tmp_path) as store:
        ids = [store.prompt_texts.keep(each) for each in (prompt_text(2), commented)]
    for id_, text in zip(ids, (prompt_text(2), commented), strict=True):
        ran(tmp_path, [], [], baseline=None, meta={TEXTS: {"candidate": id_}})
        with Store(tmp_path) as store:
            found = details(store)
            assert (found.baseline, found.candidate) == (None, text)


def test_of_a_run_of_which_nothing_is_known_there_is_nothing(tmp_path):
    ran(tmp_path, ["c1"], [])
    with Store(tmp_path) as store:
        assert store.details.of("r1") is None
        assert store.details.of("r") is None
        assert store.details.of("last") is None


@pytest.mark.parametrize("texts", [7, ["x"], {"candidate": ["x"]}, {"candidate": None}])
def test_what_a_report_says_of_its_texts_is_not_believed(tmp_path, texts):
    with Store(tmp_path) as store:
        store.prompt_texts.keep(prompt_text(2))
    odd = {TEXTS: texts, ENDED: 9, "dataset_fingerprint": {}}
    kept(tmp_path, [("x", 0)])
    ran(tmp_path, ["c1"], [row("candidate", "c1", 0, "x", 0)], meta=odd)
    with Store(tmp_path) as store:
        assert details(store).candidate == prompt_text(2)
    assert of_cases(tmp_path)["c1"].samples[0].content == "x 0"


def test_a_damaged_sample_is_told(tmp_path):
    ran(tmp_path, ["c1"], [row("candidate", "c1", 0, "x", 0)])
    change(tmp_path, "UPDATE samples SET body = x'c1'")
    with Store(tmp_path) as store:
        found = details(store)
        with pytest.raises(StoreError, match="what is kept of a run is damaged"):
            list(found.cases())


def test_a_thousand_cases_are_read_together(tmp_path):
    """The number of statements grows by one for each request; 5,000 cases take about a second."""
    names = [f"case-{at:04}" for at in range(1000)]
    with Store(tmp_path) as store:
        store.case_texts.keep(DATASET, ((name, case_text(name)) for name in names))
        many = [(name, at) for name in names for at in range(2)]

        async def keep_all() -> None:
            await asyncio.gather(
                *(
                    store.responses.keep(key(name), at, Response(f"{name} {at}"), account())
                    for name, at in many
                )
            )

        asyncio.run(keep_all())
    ran(tmp_path, names, [row("candidate", name, at, name, at) for name, at in many])
    statements: list[str] = []
    with Store(tmp_path, reading=True) as store:
        store.runs._connection.set_trace_callback(statements.append)
        started = time.perf_counter()
        found = list(details(store).cases())
        print(f"1,000 cases, 2,000 samples: {time.perf_counter() - started:.2f} s")
    assert [each.id for each in found] == names
    assert all(len(each.samples) == 2 and not each.samples[1].missing for each in found)
    answers = [each for each in statements if "FROM responses" in each]
    assert len(answers) == len(names)
    assert len(statements) - len(answers) < 30
