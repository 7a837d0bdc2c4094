"""`promptops judge tune`, end to end: wordings of known error over HTTP, people who know."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.cli_project import Done, Project
from tests.functional.judged_project import ANSWER, JUDGE, labelled_answers, lines, write_project
from tests.loopback import Asked, Loopback

COUNT = 160
FOLDER = "prompts/judges/right.variants"
RATES = {"strictly": 0.97, "Say whether": 0.8}
"""A word of a rubric to how often a judge who has it is right; by chance of its own."""


def judging(asked: Asked) -> str:
    """Right as often as its rubric makes it; nothing that it does not know passes."""
    system = asked.body["messages"][0]["content"]
    found = ANSWER.search(asked.last_user)
    passes = False
    if found is not None:
        text = found[0].split("\n=====")[0]
        rate = next((each for word, each in RATES.items() if word in system), 0.8)
        right = random.Random(f"{system}{text}").random() < rate
        passes = (found[1] == "good") is right
    elif "credulous" in system:
        passes = True
    verdict = "right" if passes else "wrong"
    return json.dumps({"explanation": "It was looked at.", "verdict": verdict})


class Desk:
    def __init__(self, project: Project, server: Loopback) -> None:
        self.project = project
        self.server = server

    def write(self, count: int = COUNT, /, **changes: str) -> None:
        """A judge, labels, and variants: name to what they say in place of `Say whether`."""
        labels = [each | {"chosen": "uniform"} for each in labelled_answers(count)]
        write_project(self.project, labels, cases=count)
        for name, said in changes.items():
            text = JUDGE.replace("Say whether", said).replace("A rubric.", f"It says {said}.")
            self.project.write(f"{FOLDER}/{name}.yaml", text)

    def tune(self, *options: str) -> Done:
        return self.project.run("judge", "tune", "judges/right", *options)

    def json(self, *options: str) -> dict[str, Any]:
        done = self.tune("--format", "json", *options)
        assert done.code == 0, done.err
        value: dict[str, Any] = done.value
        return value


@pytest.fixture
def desk(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with Loopback(judging) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield Desk(empty, server)


def test_a_better_wording_is_picked_and_told_by_labels_that_did_not_pick_it(desk: Desk) -> None:
    desk.write(strict="Say strictly whether", kind="Say kindly whether", calm="Say calmly whether")
    report = desk.json()
    assert (report["schema"], report["picked"]) == ("promptops.tune/1", "strict")
    assert report["outcome"] == "better", report["gain"]
    assert report["gain"]["interval"][0] > 0
    assert [each["current"] for each in report["tried"]] == [True, False, False, False]
    assert report["picking"]["answers"] + report["held_out"]["answers"] == COUNT
    best = next(each for each in report["tried"] if each["name"] == "strict")
    assert report["optimism"] == pytest.approx(best["alpha"]["value"] - report["after"]["value"])
    assert (report["looks"], report["level"]) == (1, 0.95)
    # Half of the labels for all four, the other half for two; three canaries each ask somebody.
    picking, held_out = report["picking"]["answers"], report["held_out"]["answers"]
    assert report["calls"] == 4 * picking + 2 * held_out + 4 * 3 == len(desk.server.requests)
    again = desk.json()
    assert (again["calls"], again["gain"], again["looks"]) == (0, report["gain"], 1)


def test_nothing_is_written_unless_asked_and_then_the_next_version(desk: Desk) -> None:
    desk.write(strict="Say strictly whether")
    place = desk.project.root / "prompts" / "judges" / "right.yaml"
    place.write_text("# Who wrote it: nobody.\n" + JUDGE)
    desk.project.commit("A comment")
    before = {each: each.read_bytes() for each in desk.project.root.rglob("*.yaml")}
    desk.json()
    assert {each: each.read_bytes() for each in desk.project.root.rglob("*.yaml")} == before
    done = desk.tune("--write")
    assert done.code == 0, done.err
    assert "wrote prompts/judges/right.yaml, version 2" in done.err
    text = place.read_text()
    assert "Say strictly whether" in text
    assert text.startswith("version: 2\nchange: 'Agrees better with people: alpha 0.9")
    lint = desk.project.run("lint")
    assert lint.code == 0, lint.out + lint.err


def test_a_pick_that_may_be_luck_is_told_as_such_and_not_written(desk: Desk) -> None:
    """All are right 8 times in 10."""
    desk.write(v1="Say once whether", v2="Say twice whether", v3="Say thrice whether")
    done = desk.tune("--format", "json", "--write", "--seed", "2")
    report = done.value
    assert report["outcome"] in {"not known", "worse"}
    assert report["optimism"] > 0
    assert done.code == 3
    assert "nothing was written" in done.err
    assert "Say whether" in (desk.project.root / "prompts" / "judges" / "right.yaml").read_text()


def test_each_further_look_at_the_same_labels_makes_it_stricter(desk: Desk) -> None:
    desk.write(strict="Say strictly whether")
    first = desk.json()
    desk.project.write(
        f"{FOLDER}/strict.yaml", JUDGE.replace("Say whether", "Say most strictly whether")
    )
    second = desk.json("--seed", "4")
    assert (first["looks"], second["looks"], second["level"]) == (1, 2, 0.975)
    assert "told 2 times" in desk.tune("--seed", "4").out


def test_a_wording_that_a_canary_talks_round_is_out(desk: Desk) -> None:
    desk.write(strict="credulous, strictly", calm="Say calmly whether")
    report = desk.json()
    strict = next(each for each in report["tried"] if each["name"] == "strict")
    assert "lets pass what no judge may" in strict["out"]
    assert strict["alpha"]["value"] > 0.8
    assert report["picked"] != "strict"


def test_a_judge_that_is_talked_round_is_not_told_to_be_kept(desk: Desk) -> None:
    desk.write(calm="credulous, calmly")
    judge = JUDGE.replace("Say whether", "credulous: Say whether")
    desk.project.write("prompts/judges/right.yaml", judge)
    report = desk.json()
    assert (report["picked"], report["outcome"]) == ("as it is", "unchanged")
    (reason,) = report["reasons"]
    assert reason.startswith("no wording can be picked; as it is, it lets pass what no judge may")
    assert report["settle"] == "change the rubric or the model, and try again"


def test_a_wording_with_the_answers_in_it_is_no_help(desk: Desk) -> None:
    desk.write()
    quoted = labelled_answers(COUNT)[7]["text"]
    assert len(quoted) >= 24
    desk.project.write(
        f"{FOLDER}/cheat.yaml", JUDGE.replace("Say whether", f"{quoted} is right. Say whether")
    )
    report = desk.json()
    assert report["left_out"] == 1
    assert report["picking"]["answers"] + report["held_out"]["answers"] == COUNT - 1


def test_automatic_ones_are_tried_where_nobody_wrote_any(desk: Desk) -> None:
    desk.write()
    report = desk.json()
    names = [each["name"] for each in report["tried"]]
    assert sorted(names[1:]) == ["explanation-last", "verdicts-reversed"]
    assert len(desk.json("--variants", "1")["tried"]) == 2
    systems = [str(each.messages[0]["content"]) for each in desk.server.requests]
    assert sum('"verdict" comes first' in each for each in systems) > COUNT / 3


def test_a_budget_holds_and_half_a_trial_tells_nothing(desk: Desk) -> None:
    desk.write(strict="Say strictly whether")
    suite = desk.project.root / "evals" / "write.yaml"
    suite.write_text(suite.read_text() + "prices: {openai/judge: {input: 10, output: 10}}\n")
    done = desk.tune("--max-cost", "0.02", "--concurrency", "1")
    assert (done.code, done.out) == (3, "")
    assert "stopped before its end" in done.err
    assert 0 < len(desk.server.requests) < COUNT


@pytest.mark.parametrize("format_", ["terminal", "markdown"])
def test_every_format_tells_the_same(desk: Desk, format_: str) -> None:
    desk.write(strict="Say strictly whether", calm="Say calmly whether")
    done = desk.tune("--format", format_)
    assert done.code == 0, done.err
    for told in ("strict", "calm", "better", "held-out answers", "by luck", "It says Say calmly"):
        assert told in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--variants", "elsewhere"], "neither a number nor a folder below prompts/"),
        (["--variants", "prompts/none"], "there is no .yaml file in it"),
        (["--variants", "0"], "there is nothing to try judges/right against"),
        (["--repeat", "3"], "--repeat does not go with judge tune"),
        (["--suite", "write", "--suite", "other"], "takes one --suite"),
        (["--format", "html"], "judge tune has no format 'html'"),
        (["--max-cost", "0"], "more than 0"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    desk: Desk, options: list[str], told: str
) -> None:
    desk.write()
    done = desk.tune(*options)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert not desk.server.requests


def test_a_broken_variant_is_named_with_its_place(desk: Desk) -> None:
    desk.write(strict="Say strictly whether")
    desk.project.write(f"{FOLDER}/zeal.yaml", JUDGE.replace("fence: {", "fense: {"))
    done = desk.tune()
    assert done.code == 2
    assert "variant 'zeal'" in done.err
    desk.project.write(f"{FOLDER}/zeal.yaml", JUDGE.replace("messages", "mesages"))
    done = desk.tune()
    assert f"{FOLDER}/zeal.yaml" in done.err
    assert not desk.server.requests


def test_too_few_labels_are_refused(desk: Desk) -> None:
    desk.write(30, strict="Say strictly whether")
    done = desk.tune()
    assert done.code == 2
    assert "too few labels to pick by" in done.err
    assert "promptops review write" in done.err


def test_a_suite_has_to_be_named_where_several_use_it(desk: Desk) -> None:
    desk.write(strict="Say strictly whether")
    text = (desk.project.root / "evals" / "write.yaml").read_text()
    desk.project.write("evals/also.yaml", text)
    done = desk.tune()
    assert done.code == 2
    assert "is used in also, write" in done.err
    desk.json("--suite", "write")


def test_a_judge_of_a_suite_of_its_own_is_tuned_by_its_examples(desk: Desk) -> None:
    desk.write(0, strict="Say strictly whether")
    rows = [
        {"id": each["case"], "answer": each["text"], "label": each["label"]}
        for each in labelled_answers(COUNT)
    ]
    desk.project.write("evals/judges/right.jsonl", lines(rows))
    desk.project.write(
        "evals/judges/right.yaml",
        "prompt: judges/right\ndataset: right.jsonl\nscorers:\n"
        "  agrees: {type: json_equals, fields: {verdict: '{{ label }}'}}\n",
    )
    report = desk.json("--suite", "judges/right")
    assert (report["picked"], report["outcome"]) == ("strict", "better")
