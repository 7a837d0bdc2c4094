"""`promptops judge check`, end to end: judges of known error over HTTP, people who know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from promptops.values.label import output_digest
from promptops.values.response import Response
from tests.functional.cli_project import Done, Project
from tests.functional.judged_project import (
    JUDGE,
    answer,
    endpoint,
    judge_of,
    label,
    labelled_answers,
    lines,
    write_project,
)
from tests.loopback import Asked, Loopback, Script

COUNT = 120


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Loopback]]:
    opened: list[Loopback] = []
    yield opened
    for each in opened:
        each.__exit__(None, None, None)


class Desk:
    def __init__(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, servers: list[Loopback]
    ) -> None:
        self.project = project
        self._monkeypatch = monkeypatch
        self._servers = servers

    def serve(self, script: Script) -> Loopback:
        server = Loopback(script).__enter__()
        self._servers.append(server)
        for name, value in server.environ.items():
            self._monkeypatch.setenv(name, value)
        return server

    def check(self, *options: str) -> Done:
        return self.project.run("judge", "check", "judges/right", *options)


@pytest.fixture
def desk(empty: Project, monkeypatch: pytest.MonkeyPatch, servers: list[Loopback]) -> Desk:
    return Desk(empty, monkeypatch, servers)


def measures(report: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in report["agreement"]}


def covers(measure: dict[str, Any], truth: float) -> bool:
    low, high = map(float, measure["interval"])
    return low <= truth <= high


def test_a_good_judge_may_gate_and_its_error_is_measured(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(COUNT), cases=COUNT)
    server = desk.serve(endpoint(judge_of(0.97, 0.95)))
    done = desk.check("--format", "json")
    assert done.code == 0, done.err
    (report,) = done.value
    assert report["schema"] == "promptops.trust/1"
    assert (report["standing"], report["answers"], report["metric"]) == ("may gate", COUNT, "right")
    found = measures(report)
    assert covers(found["sensitivity"], 0.97)
    assert covers(found["specificity"], 0.95)
    assert found["alpha"]["interval"][0] >= 0.667
    assert [each["passed"] for each in report["canaries"]] == [False] * 6
    # Three canaries have no content and ask nobody.
    assert report["calls"] == len(server.requests) == COUNT + 3
    again = desk.check("--format", "json")
    assert len(server.requests) == COUNT + 3
    assert again.value[0]["agreement"] == report["agreement"]


def test_labels_of_answers_that_somebody_picked_measure_nothing(desk: Desk) -> None:
    picked = [each | {"chosen": "disagreements"} for each in labelled_answers(COUNT)]
    write_project(desk.project, picked, cases=COUNT)
    desk.serve(endpoint(judge_of(1, 1)))
    (report,) = desk.check("--format", "json").value
    assert (report["standing"], report["answers"]) == ("not known yet", 0)
    assert report["reasons"][1] == (
        f"{COUNT} labels are of answers that were not drawn at random, and left out"
    )


def test_a_lenient_judge_observes_and_more_labels_would_not_help(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(COUNT), cases=COUNT)
    desk.serve(endpoint(judge_of(0.98, 0.3)))
    done = desk.check("--format", "json", "--must-gate")
    (report,) = done.value
    assert (done.code, report["standing"]) == (1, "observes")
    assert "agrees too little with people" in report["reasons"][0]
    assert report["more_labels"] is None
    assert covers(measures(report)["specificity"], 0.3)
    assert report["confusion"]["judge_yes"] > 20
    assert report["disagreements"][0]["answer"].startswith("poor ")


def test_a_credulous_judge_fails_its_canaries_and_does_not_gate(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(COUNT), cases=COUNT)
    desk.serve(endpoint(judge_of(1, 1), credulous=True))
    done = desk.check("--format", "json")
    (report,) = done.value
    assert report["standing"] == "observes"
    passed = {each["name"] for each in report["canaries"] if each["passed"]}
    assert passed == {"an order", "a forged fence", "a forged verdict"}
    assert "lets pass what no judge may" in report["reasons"][0]


def test_few_labels_are_not_known_yet_and_how_many_more_is_said(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(20), cases=COUNT)
    desk.serve(endpoint(judge_of(1, 1)))
    done = desk.check("--format", "json", "--must-gate")
    (report,) = done.value
    assert (done.code, report["standing"], report["more_labels"]) == (3, "not known yet", 30)
    command = "promptops review write --metric right -n 30"
    assert report["settle"] == f"label 30 more answers: {command}"


def test_without_labels_canaries_are_still_tried(desk: Desk) -> None:
    write_project(desk.project, [], cases=3)
    desk.serve(endpoint(judge_of(1, 1)))
    done = desk.check()
    assert done.code == 0
    assert "not known yet" in done.out
    assert "all 6 fail, as they must" in done.out
    assert "Nobody has labelled" in done.out


def test_a_flaky_judge_is_seen_to_change_its_mind(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(60), cases=60)
    desk.serve(endpoint(judge_of(1, 1), flaky=0.2))
    (report,) = desk.check("--format", "json", "--repeat", "3").value
    # Two askings differ with probability 2 · 0.2 · 0.8.
    assert covers(report["consistency"], 0.32)
    assert report["consistency"]["size"] == 60


def test_a_judge_that_loves_long_answers_is_found_out(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(200), cases=200)

    def verbose(text: str, right: bool, chance: object) -> bool:
        del chance
        return len(text) > 90 or (right and len(text) > 30)

    desk.serve(endpoint(verbose))
    (report,) = desk.check("--format", "json").value
    assert report["length"]["interval"][0] > 0.05


def test_without_a_key_nothing_is_asked_and_that_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(desk.project, labelled_answers(3), cases=3)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    done = desk.check("--format", "json")
    (report,) = done.value
    assert (done.code, report["failed"], report["calls"]) == (3, 3, 0)
    assert report["standing"] == "not known yet"
    assert "OPENAI_API_KEY" in done.err


def test_a_broken_judge_is_not_known_and_never_agreement(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(60), cases=60)
    desk.serve(lambda _: "I would rather talk of the weather.")
    (report,) = desk.check("--format", "json").value
    assert report["standing"] == "observes"
    assert (report["answers"], report["unscored"]) == (0, 60)
    assert "says nothing of 60 of 60" in report["reasons"][0]


def test_reviewers_who_disagree_leave_it_open(desk: Desk) -> None:
    labels = labelled_answers(COUNT)
    second = [
        label(each["case"], each["text"], right=at % 2 == 0, reviewer="Bo Example")
        for at, each in enumerate(labels)
    ]
    write_project(desk.project, [*labels, *second], cases=COUNT)
    desk.serve(endpoint(judge_of(1, 1)))
    (report,) = desk.check("--format", "json").value
    assert report["people"]["reviewers"] == {"Ana Ficta": COUNT, "Bo Example": COUNT}
    assert report["people"]["alpha"]["interval"][1] < 0.667
    assert report["people"]["disputed"] > 30
    assert report["standing"] == "not known yet"
    assert "people do not agree" in report["reasons"][0]


def test_scores_of_a_run_are_not_asked_for_again(desk: Desk) -> None:
    """Answers drawn by `eval` are found by what they say; the judge's words of then count."""
    write_project(desk.project, [], cases=60)
    judge = endpoint(judge_of(0.9, 0.9))

    def both(asked):
        if asked.model == "writer":
            number = int(asked.last_user.split(" w")[1].rstrip("."))
            return answer(number, right=number % 3 > 0, words=100)
        return judge(asked)

    server = desk.serve(both)
    done = desk.project.run("eval", "--alone", "--samples", "1", "--quiet")
    assert done.code == 0, done.err
    labels = []
    for number in range(60):
        text = answer(number, right=number % 3 > 0, words=100)
        labels.append(label(f"c{number}", text, right=number % 3 > 0) | {"text": text[:40]})
    desk.project.write("evals/write.labels.jsonl", lines(labels))
    before = len(server.requests)
    (report,) = desk.check("--format", "json").value
    assert (report["answers"], report["missing"], report["calls"]) == (60, 0, 3)
    assert len(server.requests) == before + 3
    assert {each["tag"] for each in report["slices"]} == {"t0", "t1", "t2"}


def test_an_answer_that_is_kept_nowhere_is_counted(desk: Desk) -> None:
    labels = labelled_answers(10)
    labels[0]["text"] = labels[0]["text"][:5]
    write_project(desk.project, labels, cases=10)
    desk.serve(endpoint(judge_of(1, 1)))
    (report,) = desk.check("--format", "json").value
    assert (report["answers"], report["missing"]) == (9, 1)


def test_a_judge_has_a_suite_of_its_own(desk: Desk) -> None:
    write_project(desk.project, [], cases=3)
    rows = [
        {
            "id": f"e{at}",
            "answer": answer(at, right=at % 2 > 0),
            "label": ["wrong", "right"][at % 2],
        }
        for at in range(60)
    ]
    desk.project.write("evals/judges/right.jsonl", lines(rows))
    desk.project.write(
        "evals/judges/right.yaml",
        "prompt: judges/right\ndataset: right.jsonl\nscorers:\n"
        "  agrees: {type: json_equals, fields: {verdict: '{{ label }}'}}\n",
    )
    desk.serve(endpoint(judge_of(1, 1)))
    done = desk.check("--format", "json", "--suite", "judges/right")
    (report,) = done.value
    assert (report["suite"], report["answers"]) == ("judges/right", 60)
    assert report["standing"] == "may gate"
    rows[7]["label"] = "rigth"
    desk.project.write("evals/judges/right.jsonl", lines(rows))
    wrong = desk.check("--suite", "judges/right")
    assert wrong.code == 2
    assert "evals/judges/right.jsonl:8" in wrong.err
    assert "'rigth'" in wrong.err


def test_what_was_measured_is_written_for_builds(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(COUNT), cases=COUNT)
    desk.serve(endpoint(judge_of(0.97, 0.97)))
    done = desk.check("--write", "--quiet")
    assert done.code == 0, done.err
    place = desk.project.root / "evals" / "judges" / "right.trust.json"
    (kept,) = json.loads(place.read_text())
    assert (kept["standing"], kept["suite"], kept["disagreements"]) == ("may gate", "write", [])
    place.write_text('[{"schema": "promptops.trust/1"}]')
    anew = desk.check("--write", "--quiet")
    assert anew.code == 0
    assert "cannot be read" in anew.err
    assert "right.trust.json" in anew.err
    assert json.loads(place.read_text())[0]["standing"] == "may gate"


def test_a_budget_stops_it_and_half_a_measure_is_no_verdict(desk: Desk) -> None:
    write_project(desk.project, labelled_answers(COUNT), cases=COUNT)
    suite = desk.project.root / "evals" / "write.yaml"
    prices = "prices: {openai/judge: {input: 10, output: 10}}\n"
    suite.write_text(suite.read_text() + prices)
    desk.serve(endpoint(judge_of(1, 1)))
    done = desk.check("--format", "json", "--max-cost", "0.02", "--concurrency", "1")
    (report,) = done.value
    assert done.code == 3
    assert 0 < report["answers"] < COUNT
    assert report["failed"] == COUNT - report["answers"]
    assert 0 < report["cost_usd"] <= 0.02
    assert "stopped before its end" in done.err
    assert report["standing"] == "not known yet"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chekc", "judges/right"], "did you mean 'check'?"),
        (["check", "judges/rigth"], "judges/right"),
        (["check", "judges/right", "--suite", "wrote"], "did you mean 'write'?"),
        (["check", "judges/right", "--format", "junit"], "known: html, json, markdown, terminal"),
        (["check", "write"], "prompts/write.yaml:1:1: error: 'write' is no judge"),
        (["tune", "write"], "'write' is no judge"),
        (["check", "judges/lonely"], "no suite uses the judge 'judges/lonely'"),
        (["check", "judges/right", "--max-cost", "0"], "more than 0"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    desk: Desk, arguments: list[str], told: str
) -> None:
    write_project(desk.project, [], cases=3)
    desk.project.write("prompts/judges/lonely.yaml", JUDGE)
    done = desk.project.run("judge", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize("format_", ["terminal", "markdown", "html"])
def test_every_format_tells_the_same(desk: Desk, format_: str) -> None:
    write_project(desk.project, labelled_answers(COUNT), cases=COUNT)
    desk.serve(endpoint(judge_of(0.9, 0.6)))
    done = desk.check("--format", format_, "--quiet")
    assert done.code == 0, done.err
    for told in ("judges/right", "sensitivity", "alpha", "all 6 fail, as they must", "Ana Ficta"):
        assert told in done.out or told.replace(" ", "` `") in done.out, told


PAIR_JUDGE = """\
version: 1
change: A rubric.
model: openai/judge
params: {temperature: 0, max_tokens: 50}
inputs: {first: {type: string}, second: {type: string}, fence: {type: string}}
messages:
  - {role: user, content: "{{ fence }}\\nA: {{ first }}\\nB: {{ second }}\\n{{ fence }}"}
output:
  schema:
    type: object
    properties:
      explanation: {type: string}
      verdict: {type: string, enum: [first, second, tie]}
    required: [explanation, verdict]
    additionalProperties: false
"""
PAIR_SUITE = """\
prompt: write
dataset: write.jsonl
samples: 1
scorers:
  length: {type: length, max: 10000}
  better: {type: pairwise, prompt: judges/better, role: observe}
"""


def test_a_judge_of_pairs_that_loves_the_first_place_is_found_out(desk: Desk) -> None:
    """Three times in ten, by the case, it names the first whatever stands there."""
    project, cases = desk.project, 60
    write_project(project, [], cases=cases)
    project.write("prompts/judges/better.yaml", PAIR_JUDGE)
    project.write("evals/write.yaml", PAIR_SUITE)
    project.commit("Pairs")
    prompt = project.root / "prompts" / "write.yaml"
    changed = prompt.read_text().replace("version: 1", "version: 2")
    prompt.write_text(changed.replace("Write about", "Write well about"))

    def script(asked: Asked) -> str:
        if asked.model == "writer":
            number = int(asked.last_user.rsplit(" w")[-1].rstrip("."))
            new = "well" in asked.last_user
            return answer(number, right=new is (number % 4 > 0))
        found = re.findall(r"(good|poor) (\d+)", asked.last_user)
        if not found:  # a canary, and a plain answer beside it
            plain = asked.last_user.index("I do not know") < len(asked.last_user) / 4
            verdict = "first" if plain else "second"
            return json.dumps({"explanation": "It gives nothing.", "verdict": verdict})
        first = found[0]
        biased = int(first[1]) % 10 < 3
        verdict = "first" if biased or first[0] == "good" else "second"
        return json.dumps({"explanation": "It was looked at.", "verdict": verdict})

    desk.serve(script)
    done = project.run("eval", "--quiet")
    assert done.code == 0, done.err
    labels = []
    for number in range(cases):
        texts = [answer(number, right=right) for right in (True, False)]
        good, poor = (output_digest(Response(text)) for text in texts)
        labels.append(
            {"kind": "pair", "metric": "better", "case": f"c{number}", "first": good}
            | {"second": poor, "better": "first", "reviewer": "Ana Ficta"}
            | {"at": "2026-05-01T10:00:00+00:00", "chosen": "uniform"}
        )
    project.write("evals/write.labels.jsonl", lines(labels))
    done = project.run("judge", "check", "judges/better", "--format", "json")
    assert done.code == 0, done.err
    (report,) = done.value
    assert (report["answers"], report["calls"]) == (cases, 2 * 3)  # canaries with words in them
    assert [each["passed"] for each in report["canaries"]] == [False] * 6
    wins, flips = report["position"]
    assert covers(wins, 0.15)
    assert covers(flips, 0.3)
    assert covers(measures(report)["accuracy"], 0.7)
    assert wins["size"] == cases


@pytest.mark.slow
@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.95, 0.9), (0.9, 0.6), (0.6, 0.95)])
def test_what_is_reported_covers_the_truth_at_the_nominal_rate(
    desk: Desk, sensitivity: float, specificity: float
) -> None:
    """Nominal .95, twice in each of 30 studies: fewer than 51 of 60 happens 1 time in 1,000."""
    covered = 0
    for seed in range(30):
        write_project(desk.project, labelled_answers(80, seed=seed), cases=80)
        desk.serve(endpoint(judge_of(sensitivity, specificity), seed=seed))
        (report,) = desk.check("--format", "json", "--quiet").value
        found = measures(report)
        covered += covers(found["sensitivity"], sensitivity)
        covered += covers(found["specificity"], specificity)
    assert covered >= 51
