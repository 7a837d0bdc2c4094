"""What a changed scorer says of the answers that the one before had scored, out of a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from promptops.engine.rescoring import rescored
from promptops.engine.suite_changes import Rescored
from promptops.prompts.loading import LoadedPrompt, parse_prompt
from promptops.store.runs import Row, Runs, SampleRecord
from promptops.store.store import Store
from promptops.values.report import Report
from promptops.values.sample import Source
from promptops.values.score import Score, Scored, Unscorable
from tests import examples

OLD, NEW, OTHER = "0" * 64, "1" * 64, "2" * 64
"""Digests of a scorer."""
UNKNOWN = "scored anew: good; what the one before said of the same answers is not known here"


class _Nothing:
    def read(self, path: str) -> str | None:
        raise AssertionError(path)

    def list(self, folder: str) -> list[str]:
        raise AssertionError(folder)


PROMPT: LoadedPrompt = parse_prompt(
    "version: 1\nmodel: openai/x\nmessages: [{role: user, content: Hello.}]\n", "ask", _Nothing()
)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    with Store(tmp_path) as store:
        yield store.runs


def sample(
    case: str, value: float | None, *, index: int = 0, key: str = "k", source: Source = "cached"
) -> Row:
    said: Scored = Unscorable("no") if value is None else Score(value)
    return "candidate", case, index, key, SampleRecord(source, {"good": said})


def run(
    runs: Runs, id_: str, scorer: str, rows: list[Row], *, suite: str = "ask", itself: bool = False
) -> Report:
    made = examples.alone()
    meta = {**made.meta, "scorers": {"good": scorer}, "itself": itself}
    candidate = msgspec.structs.replace(made.candidate, digest=PROMPT.digest)
    report = msgspec.structs.replace(
        made, run=id_, suite=suite, created=id_, candidate=candidate, meta=meta
    )
    runs.add_samples(id_, rows)
    runs.finish(report)
    return report


def told(runs: Runs, report: Report, digest: str | None = OLD) -> str:
    changed = [Rescored("good", digest=digest)]
    (line,) = rescored(runs, report, PROMPT, changed, ("ask", "asked"))
    return line


def test_means_are_over_cases_and_over_the_same_answers_alone(runs: Runs) -> None:
    before = [sample("a", 1.0), sample("a", 0.5, index=1), sample("b", 0.25), sample("c", 0.9)]
    run(runs, "1", OLD, before)
    now = [sample("a", 0.0), sample("a", 0.5, index=1), sample("b", 0.95), sample("d", 1.0)]
    report = run(runs, "2", NEW, now)
    assert told(runs, report) == (
        "scored anew: good 0.50 by the one before, 0.60 by the one now, on the same 3 answers"
    )


@pytest.mark.parametrize(
    "now",
    [
        sample("a", 0.0, source="made"),
        sample("a", 0.0, key="another request"),
        sample("a", 0.0, index=1),
        sample("a", None),
        sample("b", 0.0),
    ],
    ids=["drawn again", "another request", "another draw", "unscored", "another case"],
)
def test_what_is_not_the_same_answer_does_not_count(runs: Runs, now: Row) -> None:
    run(runs, "1", OLD, [sample("a", 1.0)])
    assert told(runs, run(runs, "2", NEW, [now])) == UNKNOWN


def test_a_draw_that_the_earlier_run_made_itself_counts(runs: Runs) -> None:
    run(runs, "1", OLD, [sample("a", 1.0, source="made")])
    assert told(runs, run(runs, "2", NEW, [sample("a", 0.5)])) == (
        "scored anew: good 1.00 by the one before, 0.50 by the one now, on the same 1 answer"
    )


def test_the_newest_run_with_the_scorer_as_it_was_counts(runs: Runs) -> None:
    for id_, scorer, value in (("1", OLD, 0.1), ("2", OLD, 0.2), ("3", OTHER, 0.3)):
        run(runs, id_, scorer, [sample("a", value)])
    report = run(runs, "4", NEW, [sample("a", 0.5)])
    assert "good 0.20 by the one before" in told(runs, report)
    assert "good 0.30 by the one before" in told(runs, report, OTHER)
    assert told(runs, report, None) == UNKNOWN


def test_a_run_of_the_suite_s_earlier_name_counts_and_one_of_another_does_not(runs: Runs) -> None:
    run(runs, "1", OLD, [sample("a", 1.0)], suite="other")
    report = run(runs, "2", NEW, [sample("a", 0.5)])
    assert told(runs, report) == UNKNOWN
    run(runs, "0", OLD, [sample("a", 0.25)], suite="asked")
    assert "good 0.25 by the one before" in told(runs, report)


def test_a_run_against_itself_does_not_count(runs: Runs) -> None:
    run(runs, "1", OLD, [sample("a", 1.0)], itself=True)
    assert told(runs, run(runs, "2", NEW, [sample("a", 0.5)])) == UNKNOWN
