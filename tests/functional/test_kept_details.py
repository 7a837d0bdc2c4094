"""What is behind a report, read back from stores that `promptops eval` made."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from promptops.store.store import Store
from promptops.values.details import CaseDetails, Details
from promptops.values.score import Score
from tests.benchmarks import shouting as shouts
from tests.functional.cli_project import Project
from tests.loopback import Answer, Asked, Loopback, error
from tests.zygote import Stage, Zygote

PROMPT = """\
# Of {version}.
version: {version}
change: {change}
model: openai/loop
params: {{temperature: 1, max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{{% include 'tone.txt' %}} {system}"}}
  - {{role: user, content: "Say {{{{ word }}}}"}}
"""
JUDGE = """\
version: 1
model: openai/judge
inputs: {answer: {type: string}}
messages: [{role: user, content: "Is it fair? {{ answer }}"}]
output:
  schema:
    type: object
    required: [explanation, verdict]
    additionalProperties: false
    properties: {explanation: {type: string}, verdict: {enum: [good, bad]}}
"""
SUITE = """\
prompt: say
dataset: say.jsonl
samples: 2
scorers:
  said: {type: contains, expected: "{{ expected }}"}
  fair: {type: judge, prompt: judges/fair, role: observe, labels: {good: 1, bad: 0}}
"""
CASES = (
    {"id": "one", "word": "uno", "expected": "UNO", "note": "n" * 5000, "tags": ["low"]},
    {"id": "two", "word": "due", "expected": "DUE", "critical": True, "group": "g"},
    {"id": "again", "word": "uno", "expected": "UNO", "parts": [{"a": 1}], "tags": ["low"]},
)
WHY = "so it is, " * 150


class Server:
    """Numbers its answers, so that each is known again; never answers to `due` of version 2."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, str]] = Counter()

    def __call__(self, asked: Asked) -> Answer:
        word = asked.last_user.rpartition(" ")[2]
        if "fair" in asked.last_user:
            return json.dumps({"explanation": WHY, "verdict": "good"})
        system = str(asked.messages[0]["content"]).rpartition(" ")[2]
        if (system, word) == ("rude.", "due"):
            return error(400, "no such thing")
        self.answers[system, word] += 1
        return f"{system} {word.upper()} {self.answers[system, word]}"


@pytest.fixture
def desk(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A version that is committed, and one that never was."""
    empty.write("prompts/judges/fair.yaml", JUDGE)
    empty.write("prompts/tone.txt", "Softly.")
    empty.write("evals/say.yaml", SUITE)
    rows(empty)
    version(empty, 1, "brief.")
    empty.commit("Say it")
    version(empty, 2, "kind.")
    with Loopback(Server()) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield empty


def rows(project: Project, *numbers: int) -> None:
    chosen = [CASES[at] for at in numbers] or CASES
    project.write("evals/say.jsonl", "".join(json.dumps(each) + "\n" for each in chosen))


def version(project: Project, number: int, system: str) -> None:
    text = PROMPT.format(version=number, change=f"Be {system}", system=system)
    project.write("prompts/say.yaml", text)


def evaluated(project: Project, *arguments: str) -> str:
    """The id of a run that has just been made."""
    done = project.run("eval", "--format", "json", *arguments)
    assert done.out, done.err
    (report,) = done.value
    return str(report["run"])


def details(root: Path, run: str) -> tuple[Details, dict[str, CaseDetails]]:
    with Store(root, reading=True) as store:
        found = store.details.of(run)
        assert found is not None
        return found, {each.id: each for each in found.cases()}


def contents(case: CaseDetails, arm: str) -> list[str]:
    return [each.content for each in case.samples if each.arm == arm]


def ask(root: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(root / ".promptops" / "store.db")) as connection, connection:
        return connection.execute(query).fetchall()


def test_all_of_it_outlives_the_files(desk: Project) -> None:
    run = evaluated(desk)
    source = (desk.root / "prompts/say.yaml").read_text(encoding="utf-8")
    desk.git("checkout", "--", ".")
    for name in ("say.jsonl", "say.yaml"):
        (desk.root / "evals" / name).unlink()
    found, cases = details(desk.root, run)
    assert found.candidate
    assert found.baseline
    assert found.candidate.source == source
    assert (found.candidate.version, found.baseline.version) == (2, 1)
    assert found.candidate.messages[0].content == "{% include 'tone.txt' %} kind."
    assert found.candidate.includes == {"tone.txt": "Softly."}
    assert (found.candidate.path, found.candidate.change) == ("prompts/say.yaml", "Be kind.")
    assert found.candidate.params == {"temperature": 1, "max_tokens": 20}
    assert list(cases) == ["one", "two", "again"]
    one, two, again = cases.values()
    assert one.columns == {"word": "uno", "expected": "UNO", "note": "n" * 4000 + "…"}
    assert (one.tags, two.tags, two.critical, two.group) == (("low",), (), True, "g")
    assert again.columns["parts"] == [{"a": 1}]
    for case in (one, two, again):
        assert [(each.arm, each.index) for each in case.samples] == [
            ("baseline", 0), ("baseline", 1), ("candidate", 0), ("candidate", 1),
        ]  # fmt: skip
        for each in case.samples:
            assert (each.source, each.missing, each.finish_reason) == ("made", False, "stop")
            assert each.usage
            fair = each.scores["fair"]
            assert isinstance(fair, Score)
            assert fair.explanation == WHY
            said = each.scores["said"]
            assert isinstance(said, Score)
            assert said.value == 1


def test_cases_with_the_same_request_have_answers_of_their_own(desk: Project) -> None:
    _, cases = details(desk.root, evaluated(desk))
    drawn = [*contents(cases["one"], "candidate"), *contents(cases["again"], "candidate")]
    assert sorted(drawn) == [f"kind. UNO {at}" for at in (1, 2, 3, 4)]


def test_a_version_beside_itself_has_two_sets_of_answers(desk: Project) -> None:
    first = evaluated(desk)
    _, cases = details(desk.root, evaluated(desk, "--aa"))
    told = [each for case in cases.values() for each in case.samples]
    assert len({each.content for each in told}) == len(told) == 12
    _, before = details(desk.root, first)
    assert {each.content for case in before.values() for each in case.samples}.isdisjoint(
        each.content for each in told
    )


def test_a_case_that_is_the_same_on_both_sides_is_told_on_both(desk: Project) -> None:
    desk.git("checkout", "--", ".")
    version(desk, 2, "{% if word == 'due' %}kind.{% else %}brief.{% endif %}")
    _, cases = details(desk.root, evaluated(desk))
    one = cases["one"]
    assert contents(one, "baseline") == contents(one, "candidate")
    assert {(each.arm, each.source) for each in one.samples} == {
        ("baseline", "made"),
        ("candidate", "shared"),
    }
    assert contents(cases["two"], "baseline") != contents(cases["two"], "candidate")


def test_a_call_that_failed_says_why(desk: Project) -> None:
    version(desk, 2, "rude.")
    _, cases = details(desk.root, evaluated(desk))
    lost = [each for each in cases["two"].samples if each.arm == "candidate"]
    assert lost
    for each in lost:
        assert "no such thing" in (each.failure or "")
        assert (each.missing, each.content, each.scores) == (False, "", {})


def test_tags_choose_what_took_part_and_the_whole_dataset_is_kept(desk: Project) -> None:
    chosen = evaluated(desk, "--tag", "low")
    assert ask(desk.root, "SELECT case_id FROM case_texts ORDER BY position") == [
        ("one",), ("two",), ("again",),
    ]  # fmt: skip
    whole = evaluated(desk)
    assert list(details(desk.root, chosen)[1]) == ["one", "again"]
    assert list(details(desk.root, whole)[1]) == ["one", "two", "again"]
    assert len(ask(desk.root, "SELECT DISTINCT dataset FROM case_texts")) == 1


def test_a_dataset_in_another_order_is_the_same_one(desk: Project) -> None:
    first = evaluated(desk)
    rows(desk, 2, 0, 1)
    later = evaluated(desk)
    assert len(ask(desk.root, "SELECT 1 FROM case_texts")) == 3
    assert list(details(desk.root, first)[1]) == ["one", "two", "again"]
    told = details(desk.root, later)[1]
    assert list(told) == ["again", "one", "two"]
    assert [each.columns["expected"] for each in told.values()] == ["UNO", "UNO", "DUE"]


def test_what_is_gone_is_written_again_by_the_next_run(desk: Project) -> None:
    run = evaluated(desk)
    whole = details(desk.root, run)
    ask(desk.root, "DELETE FROM case_texts WHERE case_id <> 'two'")
    ask(desk.root, "DELETE FROM prompt_texts")
    found, cases = details(desk.root, run)
    assert (found.candidate, found.baseline, cases["one"].columns) == (None, None, {})
    assert cases["one"].samples == whole[1]["one"].samples
    evaluated(desk)
    found, cases = details(desk.root, run)
    assert (found.candidate, found.baseline) == (whole[0].candidate, whole[0].baseline)
    assert cases == whole[1]


def test_another_comment_is_another_text(desk: Project) -> None:
    first = evaluated(desk)
    place = desk.root / "prompts/say.yaml"
    place.write_text("# A thought.\n" + place.read_text(encoding="utf-8"), encoding="utf-8")
    later = evaluated(desk)
    one, other = (details(desk.root, run)[0].candidate for run in (first, later))
    assert one
    assert other
    assert one.digest == other.digest
    assert other.source == "# A thought.\n" + one.source


def test_what_is_pruned_is_not_told_any_more(desk: Project) -> None:
    run = evaluated(desk)
    desk.git("checkout", "--", ".")
    assert desk.run("cache", "prune", "--unreachable", "--yes").code == 0
    found, cases = details(desk.root, run)
    assert found.candidate is None
    assert found.baseline
    samples = [each for case in cases.values() for each in case.samples]
    assert {(each.arm, each.missing) for each in samples} == {
        ("baseline", False),
        ("candidate", True),
    }
    assert all(set(each.scores) == {"said", "fair"} for each in samples)
    assert cases["one"].columns["expected"] == "UNO"


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("children")) as made:
        yield made


@pytest.mark.skipif(sys.platform == "win32", reason="forks and kills are POSIX")
def test_a_run_that_was_killed_and_went_on_is_told_whole(tmp_path: Path, zygote: Zygote) -> None:
    root = shouts.shouting(tmp_path / "project", cases=20, samples=2)
    with Loopback(shouts.answer, delay_seconds=0.02) as server:
        stage = Stage(zygote, root, server)
        stage.broken_off(20, by=signal.SIGKILL)
        ask(root, "DELETE FROM case_texts WHERE case_id > 'case-000004'")  # it was killed earlier
        child = stage.evaluate()
        assert child.wait() == 0, child.err
    (report,) = child.value
    found, cases = details(root, report["run"])
    assert found.candidate
    assert found.baseline
    assert len(cases) == 20
    for case in cases.values():
        word = case.columns["word"]
        for each in case.samples:
            assert each.content == shouts.said(
                {"baseline": "old", "candidate": "new"}[each.arm], word
            )
        assert len(case.samples) == 4
