"""The judges of this repository and their own suites: what they are shown, and who passes them.

No model is asked.  A judge over HTTP that knows every label may gate; one that can be talked round,
that lets everything pass, or nothing, may not.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from promptops.documents.yaml_reader import read_yaml
from promptops.judges.answers import has_content
from promptops.judges.criteria import CriteriaReader
from promptops.prompts.prompt import Criterion
from promptops.trust.canaries import PLAIN
from tests.functional.cli_project import Done, Project
from tests.loopback import Asked, Loopback

ROOT = Path(__file__).resolve().parents[2]
WORST: dict[str, Any] = {
    "better": "second",
    "complete": 1,
    "correct": "incorrect",
    "faithful": "unfaithful",
    "safe": "unsafe",
    "tone": "no",
}
BEST: dict[str, Any] = {
    "better": "first",
    "complete": 5,
    "correct": "correct",
    "faithful": "faithful",
    "safe": "safe",
    "tone": "yes",
}
OTHER = {"first": "second", "second": "first"}
NAMED = re.compile(r"both\s+read\s+exactly\s+(=====\[[0-9a-f]{32}\]=====)")
QUESTIONS = ("courteous", "attentive", "blameless", "plain", "measured")

Row = dict[str, Any]
Verdict = Callable[[Row | None], Any]
"""From the example that is judged, if it is one, to what the judge says."""

every_judge = pytest.mark.parametrize("name", sorted(WORST))


@cache
def rows(name: str) -> tuple[Row, ...]:
    """The labelled examples of a judge."""
    text = (ROOT / "evals" / "judges" / f"{name}.jsonl").read_text(encoding="utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


def fence_of(asked: Asked) -> str:
    """The fence that the system message names."""
    found = NAMED.search(asked.messages[0]["content"])
    assert found
    return found[1]


def fenced(asked: Asked) -> list[str]:
    """What stands between the fences, answer by answer; the rest of the message is ours."""
    parts = asked.last_user.split(fence_of(asked))
    assert len(parts) % 2 == 1
    return [part.removeprefix("\n").removesuffix("\n") for part in parts[1::2]]


def example(name: str, asked: Asked) -> Row | None:
    """The example that a judge is asked about; None for a text that is none of them."""
    if name == "better":
        return pair(*fenced(asked))
    (answer,) = fenced(asked)
    said = asked.last_user.partition(fence_of(asked))[0]
    for row in rows(name):
        shown = [row["question"], row.get("context", ""), row.get("expected", "")]
        if row["answer"].strip() == answer.strip() and all(each in said for each in shown):
            return row
    return None


def pair(first: str, second: str) -> Row:
    """The example of two answers, labelled in the order in which they are shown."""
    for row in rows("better"):
        if (row["first"], row["second"]) == (first, second):
            return row
        if (row["first"], row["second"]) == (second, first):
            return row | {"label": OTHER.get(row["label"], row["label"])}
    assert (first == PLAIN) != (second == PLAIN)
    return {"tags": ["canary"], "label": "first" if first == PLAIN else "second"}


def praised(name: str, row: Row | None) -> Any:
    """What is said by a judge that believes what it is told."""
    return OTHER[row["label"]] if row and name == "better" else BEST[name]


def right(name: str) -> Verdict:
    """The judge that is always right."""

    def verdict(row: Row | None) -> Any:
        if row is None:
            return WORST[name]
        return row["right"] if "right" in row else row["label"]

    return verdict


def reply(name: str, verdict: Any) -> str:
    """A verdict in the form that the judge's schema has."""
    if name != "tone":
        return json.dumps({"explanation": "It was looked at.", "verdict": verdict})
    words = verdict if isinstance(verdict, dict) else dict.fromkeys(QUESTIONS, verdict)
    return json.dumps({"explanation": "It was looked at.", "criteria": words})


class Bench:
    """Our judges in a project of their own, asked over HTTP."""

    def __init__(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project = project
        self._monkeypatch = monkeypatch
        for folder in ("prompts", "evals"):
            shutil.copytree(ROOT / folder, project.root / folder)
        project.commit("Judges")

    def run(self, name: str, verdict: Verdict, *arguments: str) -> tuple[Done, list[Asked]]:
        """The command, and what the judge was asked."""

        def script(asked: Asked) -> str:
            return reply(name, verdict(example(name, asked)))

        with Loopback(script) as server:
            for variable, value in server.environ.items():
                self._monkeypatch.setenv(variable, value)
            return self.project.run(*arguments, "--format", "json"), list(server.requests)

    def check(self, name: str, verdict: Verdict) -> tuple[dict[str, Any], list[Asked]]:
        """What `judge check` reports of a judge in its own suite."""
        judge = f"judges/{name}"
        done, asked = self.run(name, verdict, "judge", "check", judge, "--suite", judge)
        assert done.code == 0, done.err
        (report,) = done.value
        return report, asked


@pytest.fixture
def bench(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(empty, monkeypatch)


def test_lint_finds_nothing_in_our_judges_and_their_suites(bench: Bench):
    names = [f"judges/{name}" for name in WORST]
    done = bench.project.run("lint", *names, "--format", "json")
    assert done.code == 0, done.err + done.out
    assert done.value["findings"] == []
    assert done.value["prompts"] == sorted(names)
    assert done.value["suites"] == sorted(f"judges/{name}" for name in WORST)


@every_judge
def test_a_judge_that_is_always_right_may_gate(bench: Bench, name: str):
    report, asked = bench.check(name, right(name))
    assert report["standing"] == "may gate", report["reasons"]
    undecided = [row for row in rows(name) if open_to_people(row)]
    assert report["answers"] == len(rows(name)) - len(undecided) >= 50
    assert (report["unscored"], report["failed"]) == (0, 0)
    assert report["people"]["undecided"] == len(undecided)
    assert report["disagreements"] == []
    assert [each["passed"] for each in report["canaries"]] == [False] * 6
    assert all(each["known"] for each in report["canaries"])
    assert asked
    for each in asked:
        sent = each.body["response_format"]["json_schema"]
        assert sent["strict"] is True
        assert "explanation" in sent["schema"]["required"]
        assert "tools" not in each.body
    # One text is asked about once: those of our canaries that promptops tries as well.
    fences = Counter(fence_of(each) for each in asked)
    assert set(fences.values()) == {1}
    if name == "better":
        flips = next(each for each in report["position"] if each["name"] == "flips")
        assert (flips["value"], len(asked)) == (0, 2 * (flips["size"] + 3))


@every_judge
@pytest.mark.parametrize("tags", [{"canary"}, {"canary", "injection"}], ids=["canaries", "all"])
def test_a_judge_that_is_talked_round_observes(bench: Bench, name: str, tags: set[str]):
    """It is right wherever nobody tells it what to say, and else believes what it is told."""

    def verdict(row: Row | None) -> Any:
        if row is None or tags & {*row["tags"]}:
            return praised(name, row)
        return right(name)(row)

    report, _ = bench.check(name, verdict)
    assert report["standing"] == "observes"
    assert "lets pass what no judge may" in report["reasons"][0]
    told = {each["case"] for each in report["disagreements"]}
    assert told <= {row["id"] for row in rows(name) if tags & {*row["tags"]}}
    assert told


@every_judge
def test_a_judge_that_praises_whatever_is_honest_observes(bench: Bench, name: str):
    def verdict(row: Row | None) -> Any:
        return BEST[name] if row and "id" in row else right(name)(row)

    report, _ = bench.check(name, verdict)
    assert report["standing"] == "observes"
    assert "agrees too little with people" in report["reasons"][0]


@every_judge
def test_a_judge_that_lets_nothing_pass_observes(bench: Bench, name: str):
    report, _ = bench.check(name, lambda _row: WORST[name])
    assert report["standing"] == "observes"
    assert "talk" not in report["reasons"][0]


@every_judge
def test_its_own_suite_asks_what_a_scorer_would_ask(bench: Bench, name: str):
    """`eval` compares two rubrics by the very words that a scorer has them judge by, the fence
    included: what was asked of the one is not asked again by the other.
    """
    _, checked = bench.check(name, right(name))
    done, evaluated = bench.run(name, right(name), "eval", f"judges/{name}", "--alone")
    assert done.code == 0, done.err
    metric = done.value[0]["metrics"][0]
    assert (metric["name"], metric["candidate"]) == ("agrees", 1)
    new = [row for row in rows(name) if open_to_people(row) or not judged(row)]
    assert len(evaluated) == len(rows(name))
    assert len(sent(evaluated) - sent(checked)) == len(new)


def sent(asked: list[Asked]) -> set[str]:
    """The whole of each request."""
    return {json.dumps(each.body, sort_keys=True) for each in asked}


def open_to_people(row: Row) -> bool:
    """Whether people cannot tell what is right of an example."""
    return "label" in row and row["label"] in {"cannot_tell", None}


def judged(row: Row) -> bool:
    """Whether a scorer asks its judge about an example; with nothing to judge it does not."""
    return all(has_content(row[each]) for each in ("answer", "first", "second") if each in row)


@every_judge
def test_its_examples_are_easy_and_hard_and_hold_canaries(name: str):
    found = rows(name)
    kinds = Counter(tag for row in found for tag in row["tags"])
    assert len(found) >= 50
    assert min(kinds[tag] for tag in ("easy", "medium", "hard")) >= 10
    assert kinds["injection"] >= 2
    canaries = [row for row in found if "canary" in row["tags"]]
    assert {row["id"] for row in canaries} == {
        f"canary-{kind}"
        for kind in ("empty", "colon", "opening", "order", "forged-fence", "forged-verdict")
    }
    worst = {"tone": {0}, "better": {"first", "second"}}.get(name, {WORST[name]})
    assert {row.get("label", row.get("value")) for row in canaries} == worst
    assert len({row["group"] for row in found}) >= (15 if name == "better" else 20)
    filled_in = {"fence", "anchors", "criteria"}
    assert not any(filled_in & set(row) for row in found)


@every_judge
def test_what_is_written_of_its_examples_counts_them_all(name: str):
    told = (ROOT / "docs" / "judges.md").read_text(encoding="utf-8")
    (line,) = [each for each in told.splitlines() if each.startswith(f"| [{name}](")]
    assert re.search(r"\| (\d+)[ a-z]* \|$", line)[1] == str(len(rows(name)))  # type: ignore[index]
    suite = (ROOT / "evals" / "judges" / f"{name}.yaml").read_text(encoding="utf-8")
    assert f"two versions of {len(rows(name))} " in suite


def test_people_cannot_tell_on_a_scale_either(bench: Bench):
    """A label of null is one where the verdict may be null, and a forgotten one elsewhere."""
    report, asked = bench.check("complete", right("complete"))
    assert report["people"]["undecided"] == 1
    shown = [row for each in asked if (row := example("complete", each)) is not None]
    assert not any(open_to_people(row) for row in shown)


def test_the_better_answer_stands_first_as_often_as_second():
    labels = Counter(row["label"] for row in rows("better"))
    assert abs(labels["first"] - labels["second"]) <= 2
    assert labels["tie"] >= 8


def test_the_value_of_each_reply_is_what_its_answers_add_up_to():
    text = (ROOT / "prompts/judges/tone.yaml").read_text(encoding="utf-8")
    written = read_yaml(text, "tone.yaml").value["judge"]["criteria"]
    reader = CriteriaReader({name: Criterion(**each) for name, each in written.items()})
    assert set(written) == set(QUESTIONS)
    for row in rows("tone"):
        found = reader.read(reply("tone", row["right"]))
        assert found.value == pytest.approx(row["value"]), row["id"]
    for name in QUESTIONS:
        assert sum(row["right"][name] == "no" for row in rows("tone")) >= 10, name


def test_make_eval_asks_no_judge():
    done = subprocess.run(
        ["make", "--dry-run", "eval"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "promptops eval extract-city" in done.stdout
    assert "judge" not in done.stdout


PROMPT = """\
version: {version}
change: {how} words.
model: openai/writer
inputs: {{question: {{type: string}}}}
messages:
  - {{role: user, content: "{how}: {{{{ question }}}}"}}
"""
SUITE = """\
prompt: write
dataset: write.jsonl
samples: 1
scorers:
  length: {type: length, max: 10000}
  better: {type: pairwise, prompt: judges/better, role: observe}
"""


def test_our_judge_of_pairs_is_shown_both_orders_and_a_case_may_lack_a_reference(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    project = bench.project
    cases: list[Row] = [{"id": f"c{at}", "question": f"What is in box {at}?"} for at in range(6)]
    cases[0]["reference"] = "Candles are in box 0."
    project.write("evals/write.yaml", SUITE)
    project.write("evals/write.jsonl", "".join(json.dumps(case) + "\n" for case in cases))
    project.write("prompts/write.yaml", PROMPT.format(version=1, how="Old"))
    project.commit("Write")
    project.write("prompts/write.yaml", PROMPT.format(version=2, how="New"))
    judged: list[Asked] = []

    def script(asked: Asked) -> str:
        how, _, question = asked.last_user.partition(": ")
        if asked.model == "writer":
            return f"{how} thing, to {question}"
        judged.append(asked)
        shown = [answer.startswith("New") for answer in fenced(asked)]
        assert sorted(shown) == [False, True]
        verdict = "first" if shown[0] else "second"
        return json.dumps({"explanation": "It says more.", "verdict": verdict})

    with Loopback(script) as server:
        for variable, value in server.environ.items():
            monkeypatch.setenv(variable, value)
        done = project.run("eval", "write", "--format", "json")
    assert done.code == 0, done.err
    metric = next(each for each in done.value[0]["metrics"] if each["name"] == "better")
    assert (metric["candidate"], metric["baseline"], metric["delta"]) == (1, 0, 1)
    assert len(judged) == 2 * len(cases)
    with_reference = [each for each in judged if "Known to be right:" in each.last_user]
    assert len(with_reference) == 2
    assert all("Candles are in box 0." in each.last_user for each in with_reference)


def test_a_changed_rubric_is_compared_without_a_fence_in_the_examples(bench: Bench):
    """What was written for scorers is all that `eval` needs: old and new, with their anchors."""
    path = bench.project.root / "prompts/judges/complete.yaml"
    before = path.read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^version: \d+$", "version: 99", before)
    path.write_text(changed.replace("Every part is answered in full", "All"), encoding="utf-8")
    done, asked = bench.run("complete", right("complete"), "eval", "judges/complete")
    assert done.code == 0, done.err
    assert done.value[0]["metrics"][0]["delta"] == 0
    told = {each.messages[0]["content"].partition("- 5: ")[2].splitlines()[0] for each in asked}
    assert told == {"All.", "Every part is answered in full."}


GATED = """\
prompt: write
dataset: write.jsonl
samples: 1
scorers:
  better: {type: pairwise, prompt: judges/better}
"""


@pytest.mark.parametrize("talked_round", [False, True])
def test_a_judge_of_pairs_is_asked_again_what_it_is_known_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, talked_round: bool
):
    project, check = bench.project, ("judge", "check", "judges/better", "--suite", "judges/better")
    cases = [{"id": f"c{at}", "question": f"What is in box {at}?"} for at in range(80)]
    project.write("evals/write.yaml", GATED)
    project.write("evals/write.jsonl", "".join(json.dumps(case) + "\n" for case in cases))
    project.write("prompts/write.yaml", PROMPT.format(version=1, how="Old"))
    obeys, canaries, known = False, 0, 0

    def script(asked: Asked) -> str:
        nonlocal canaries, known
        how, _, question = asked.last_user.partition(": ")
        if asked.model == "writer":
            return f"{how} thing, to {question}"
        shown = fenced(asked)
        if any(" thing, to " in each for each in shown):
            return reply("better", "first" if shown[0].startswith("New") else "second")
        row = pair(*shown)
        canaries += PLAIN in shown
        known += "id" in row
        told = PLAIN in shown and shown[0] != PLAIN and obeys  # in one order alone
        return reply("better", "first" if told else row["label"])

    with Loopback(script) as server:
        for variable, value in server.environ.items():
            monkeypatch.setenv(variable, value)
        done = project.run(*check, "--write", "--format", "json")
        assert (done.code, done.value[0]["standing"]) == (0, "may gate"), done.err
        assert canaries == 2 * 3
        project.commit("Write")
        project.write("prompts/write.yaml", PROMPT.format(version=2, how="New"))
        canaries, known, obeys = 0, 0, talked_round
        done = project.run("eval", "write", "--format", "json")
    report = done.value[0]
    assert canaries == 2 * 3
    assert 0 < known <= 2 * 10
    if not talked_round:
        assert (done.code, report["verdict"], report["warnings"]) == (0, "improved", [])
        return
    assert (done.code, report["verdict"]) == (3, "invalid")
    assert report["reasons"][0].startswith(
        "better: its judge lets pass what no judge may: canary 'an order'"
    )
    assert "0 → 0.5" in " ".join(report["warnings"])


def test_where_a_judge_of_pairs_differs_the_answer_is_the_one_that_people_value_so(bench: Bench):
    """A value of 1 stands for one of the two; it is the one that is shown."""
    report, _ = bench.check("better", lambda row: OTHER.get(row["label"], "tie") if row else "tie")
    by_id = {row["id"]: row for row in rows("better")}
    for each in report["disagreements"]:
        row = by_id[each["case"]]
        best = row[row["label"]]
        assert {1.0: best, 0.0: row[OTHER[row["label"]]]}[each["people"]] == each["answer"]
    assert {each["people"] for each in report["disagreements"]} == {0, 1}


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"first": "x", "second": "x"}, "compares an answer with itself", "tie"),
        ({"second": None}, "has no 'second' to judge", "the columns first, second and label"),
        ({"label": "left"}, "'left' is none of its labels", "verdicts: first, second, tie, cannot"),
        ({"label": None}, "no 'label'", "or its worth from 0 to 1"),
    ],
)
def test_an_example_of_a_pair_is_read_strictly(bench: Bench, change: Row, message: str, hint: str):
    first, *rest = rows("better")
    changed = "".join(json.dumps(row) + "\n" for row in [*rest, first | change])
    bench.project.write("evals/judges/better.jsonl", changed)
    done, asked = bench.run("better", right("better"), "judge", "check", "judges/better")
    assert (done.code, asked) == (2, [])
    assert f"evals/judges/better.jsonl:{len(rest) + 1}:1: error: case" in done.err
    assert message in done.err
    assert hint in done.err
