"""`promptops review` at a real pseudo-terminal: what is seen, what keys do, what is on disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import termios
from itertools import pairwise

import pytest

from promptops.values.label import output_digest
from promptops.values.response import Response
from tests.functional.cli_project import Project
from tests.functional.review_desk import LABELS, WORDS, Desk, Person, lay

HOSTILE = "\x1b]0;taken over\x07\x1b[31mred \u202egnp\nq quit\n[1/g] good\n::error::no"


def script(asked):
    """Answers that tell their side only to those who know; a long one, and a hostile one."""
    if "fair" in asked.last_user:
        verdict = "bad" if "two" in asked.last_user else "good"
        return json.dumps({"explanation": "the judge has spoken", "verdict": verdict})
    word = asked.last_user.split()[-1]
    brief = "brief" in asked.messages[0]["content"]
    if word == "three":
        return "\n".join(f"{'short' if brief else 'long'} line {n} of three" for n in range(100))
    if word == "four":
        return f"{HOSTILE} four {'short' if brief else 'long'}"
    return f"{word}, {'in short' if brief else 'at some length'}"


def digest(text):
    return output_digest(Response(text))


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    root = tmp_path_factory.mktemp("review") / "project"
    lay(root, script)
    return root


@pytest.fixture
def desk(laid, tmp_path, capfd, monkeypatch):
    root = tmp_path / "project"
    shutil.copytree(laid, root, symlinks=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return Desk(Project(root, capfd))


def all_screens(desk, *arguments, **options):
    """Every question that is shown, from the first to the last."""
    screens = []
    with Person(desk, "say", "--metric", "fair", *arguments, lines=60, **options) as person:
        total = int(person.at_question(1).split("answer 1 of ")[1].split()[0])
        for number in range(1, total + 1):
            screens.append(person.at_question(number))
            person.types("s")
        person.sees("last one")
        person.types("q")
        person.ends()
    return screens


def name_of(screen):
    """The case, and which answer to it: long or short."""
    case = screen.split("case case-")[1].split()[0]
    return case, "long" in screen.split("ANSWER")[1] or "length" in screen


def test_a_label_is_on_disk_when_its_key_was_hit(desk: Desk):
    with Person(desk, "say", "--metric", "fair") as person:
        screen = person.at_question(1)
        assert "1 of 8" in screen
        assert "Is the answer fair to everyone?" in screen
        person.types("1")
        person.at_question(2)
        assert [label["label"] for label in desk.labels()] == ["good"]
        person.types("b")
        assert "said: good" in person.at_question(1)
        person.types("2")
        person.at_question(2)
        (label,) = desk.labels()
        assert (label["label"], label["value"], label["reviewer"]) == ("bad", 0.0, "Ana Ficta")
        assert label["at"].endswith("+00:00")
        person.types("t")
        person.at_question(3)
        assert {each["value"] for each in desk.labels()} == {0.0, None}
        person.kill()
    assert len(desk.labels()) == 2
    assert "Traceback" not in person.all


def test_comments_skips_and_the_last_words(desk: Desk):
    with Person(desk, "say", "--metric", "fair", lines=60) as person:
        person.at_question(1)
        person.types("c")
        person.sees("comment (Enter")
        person.types("tóo lóng\x7f\x7fg, is it?")
        person.sees("tóo lóg, is it?")
        person.types("\r")
        assert "comment: tóo lóg, is it?" in person.at_question(1)
        assert desk.labels() == []
        person.types("g")
        person.at_question(2)
        assert desk.labels()[0]["comment"] == "tóo lóg, is it?"
        person.types("b")
        person.at_question(1)
        person.types("c")
        person.sees("comment (Enter")
        person.types("\x15no\r")
        person.sees("comment: no", "q quit")
        assert desk.labels()[0]["comment"] == "no"
        person.types("s")
        person.at_question(2)
        person.types("s")
        person.at_question(3)
        person.types("x")
        person.sees("x: no such key here")
        person.types("?")
        person.sees("What you can say", "Any other key goes back")
        person.types("x")
        person.at_question(3)
        person.types("i")
        person.sees("judges/fair v1", "Is it fair? {{ answer }}")
        person.types("x")
        person.at_question(3)
        person.types("q")
        code, screen = person.ends()
    assert code == 0
    for words in (
        "1 answer labelled for fair, as Ana Ficta",
        "1 skipped",
        "6 not shown yet",
        LABELS,
        f"git add {LABELS}",
        "promptops judge check judges/fair",
    ):
        assert words in screen, words


def test_nothing_tells_which_side_an_answer_is_of(desk: Desk):
    screens = all_screens(desk)
    names = [name_of(screen) for screen in screens]
    assert sorted(names) == sorted((word, long) for word in WORDS for long in (False, True))
    for screen in screens:
        for word in ("baseline", "candidate", "v1", "v2", "gpt", "unheard", "polite", "brief"):
            assert word not in screen, word
        assert "the judge has spoken" not in screen
    cases = [case for case, _ in names]
    assert all(one != other for one, other in pairwise(cases)), "apart"
    assert [name_of(each) for each in all_screens(desk)] == names
    others = [name_of(each) for each in all_screens(desk, "--reviewer", "Bo Example")]
    assert others != names
    assert sorted(others) == sorted(names)
    assert [name_of(each) for each in all_screens(desk, "--seed", "7")] != names


def test_what_one_has_labelled_is_left_out_for_oneself_alone(desk: Desk):
    with Person(desk, "say", "--metric", "fair", "-n", "2", lines=60) as person:
        for number in (1, 2):
            assert f"{number} of 2" in person.at_question(number)
            person.types("1")
        person.sees("last one")
        person.types("b")
        person.at_question(2)
        person.types("2")
        person.sees("last one")
        person.types("\r")
        assert person.ends()[0] == 0
    first = {(each["case"], each["output"]) for each in desk.labels()}
    assert len({case for case, _ in first}) == 1, "both sides of one pair"
    with Person(desk, "say", "--metric", "fair") as person:
        assert "1 of 6" in person.at_question(1)
    with Person(desk, "say", "--metric", "fair", "-n", "2", "--reviewer", "Bo Example") as person:
        for number in (1, 2):
            person.at_question(number)
            person.types("1")
        person.sees("last one")
        person.types("q")
        screen = person.ends()[1]
    by_bo = {(e["case"], e["output"]) for e in desk.labels() if e["reviewer"] == "Bo Example"}
    assert by_bo == first, "reviewers are asked about the same answers"
    assert "fair: labels by Ana Ficta (2), Bo Example (2)" in screen


def test_pairs_keep_which_answer_is_better_whatever_side_it_is_shown_on(desk: Desk):
    sides = []
    with Person(desk, "say", "--metric", "fair", "--pairs", lines=300) as person:
        for number in range(1, 5):
            screen = person.at_question(number)
            assert f"{number} of 4" in screen
            first = screen.split("ANSWER 1")[1].split("ANSWER 2")[0]
            short_first = "short" in first
            sides.append(short_first)
            person.types("1" if short_first else "2")
        person.sees("last one")
        person.types("q")
        assert person.ends()[0] == 0
    assert set(sides) == {True, False}
    for label in desk.labels():
        assert label["kind"] == "pair"
        assert label["first"] < label["second"]
        word = label["case"].removeprefix("case-")
        if word in {"one", "two"}:
            assert label[label["better"]] == digest(f"{word}, in short")
    done = desk.run("review", "say", "--agreement", "--format", "json")
    assert [each["kind"] for each in done.value["metrics"]] == ["pair"]


def test_narrow_plain_and_without_unicode(desk: Desk):
    with Person(
        desk, "say", "--metric", "fair", columns=60, lines=300,
        NO_COLOR="1", PYTHONIOENCODING="ascii",
    ) as person:  # fmt: skip
        for number in range(1, 9):
            screen = person.at_question(number)
            assert screen.isascii()
            assert max(map(len, person.rows)) <= 59
            person.types("1")
        person.sees("last one")
    assert "\x1b[1m" not in person.all
    assert "\x1b[2m" not in person.all


def test_a_long_answer_has_pages_and_follows_the_size_of_the_window(desk: Desk):
    with Person(desk, "say", "--metric", "fair", lines=20) as person:
        number = 1
        while "line 0 of three" not in person.at_question(number):
            person.types("s")
            number += 1
        assert len(person.rows) == 20
        assert "line 99 of three" not in person.screen
        person.types(" ")
        assert "line 0 of three" not in person.sees("k: back up")
        person.types("\x1b[F")
        person.sees("line 99 of three")
        person.types("\x1b[H")
        person.sees("line 0 of three", "q quit")
        person.resize(80, 200)
        person.signals(signal.SIGWINCH)
        assert "lines 1 to" not in person.sees("line 0 of three", "line 99 of three")


def test_what_an_answer_holds_does_nothing(desk: Desk):
    with Person(desk, "say", "--metric", "fair", lines=60) as person:
        number = 1
        while "taken over" not in person.at_question(number):
            person.types("s")
            number += 1
        assert "│ q quit" in person.screen
        assert "│ [1/g] good" in person.screen
        person.types("1")
        person.sees("last one" if number == 8 else f"answer {number + 1} of ")
    assert "\x1b]0;" not in person.all
    assert "\x1b[31m" not in person.all
    assert "\u202e" not in person.all
    text = (desk.root / LABELS).read_text(encoding="utf-8")
    assert text.strip().isprintable()
    assert desk.labels()[0]["text"].startswith(HOSTILE[:20])


def test_what_is_pasted_is_no_key(desk: Desk):
    with Person(desk, "say", "--metric", "fair") as person:
        person.at_question(1)
        person.types("\x1b[200~1\n1\n2q\x1b[201~?")
        person.sees("What you can say")
        assert desk.labels() == []
        person.types("x")
        person.at_question(1)
        person.types("c")
        person.sees("comment (Enter")
        person.types("\x1b[200~two\nlines\x1b[201~\r")
        person.sees("comment: two lines")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_terminal_is_given_back_when_it_is_broken_off(desk: Desk, number, code):
    with Person(desk, "say", "--metric", "fair") as person:
        before = person.modes()
        person.at_question(1)
        assert person.modes() != before
        person.types("1")
        person.at_question(2)
        person.signals(number)
        assert person.ends()[0] == code
        assert person.modes() == before
        assert before[3] & termios.ECHO
    assert f"1 label kept in {LABELS}" in person.all
    assert len(desk.labels()) == 1


def test_a_scorer_that_is_no_judge_is_labelled_right_or_wrong(desk: Desk):
    with Person(desk, "say", "--metric", "said", "-o", "out.json", "-f", "json") as person:
        assert "expected" in person.at_question(1)
        person.types("0")
        person.at_question(2)
        person.types("r")
        person.at_question(3)
        person.types("q")
        assert person.ends()[0] == 0
    assert sorted((each["label"], each["value"]) for each in desk.labels()) == [
        ("right", 1.0),
        ("wrong", 0.0),
    ]
    told = json.loads((desk.root / "out.json").read_text(encoding="utf-8"))
    assert told["schema"] == "promptops.review/1"
    assert (told["labelled"], told["left"], told["said"]) == (2, 6, {"right": 1, "wrong": 1})
    with Person(desk, "say", "--metric", "said", "--hide-expected") as person:
        assert "expected" not in person.at_question(1)


def test_disagreements_are_those_of_the_judge_and_another_gate(desk: Desk):
    with Person(desk, "say", "--metric", "fair", "--choose", "disagreements") as person:
        # `contains` finds the word in every answer; the judge says bad of one case.
        screens = [person.at_question(1)]
        person.types("1")
        screens.append(person.at_question(2))
        assert {screen.split("case case-")[1].split()[0] for screen in screens} == {"two"}
        assert "1 of 2" in screens[0]
        person.types("1")
        person.sees("last one")
        person.types("q")
        assert "chosen as disagreements: such labels measure no judge" in person.ends()[1]
    with Person(desk, "say", "--metric", "fair", "--choose", "disagreements") as person:
        code, screen = person.ends()
    assert code == 0
    assert "no further disagreement about fair" in screen
    assert {each["chosen"] for each in desk.labels()} == {"disagreements"}
    before = len(desk.labels())
    with Person(desk, "say", "--metric", "fair") as person:
        # Those two are part of the random draw, and are asked about again.
        assert "1 of 8" in person.at_question(1)
        person.types("1")
        person.at_question(2)
        person.types("q")
        person.ends()
    chosen = [each["chosen"] for each in desk.labels()]
    assert chosen.count("uniform") == 1
    assert len(chosen) - before in {0, 1}


def test_without_a_terminal_a_sheet_is_named(desk: Desk):
    done = desk.run("review", "say")
    assert done.code == 2
    assert "--export FILE" in done.err
    assert done.out == ""


def judge_with(desk, judge, verdict):
    """Have the judge's prompt say otherwise what can be said."""
    place = desk.root / "prompts/judges/fair.yaml"
    text = place.read_text(encoding="utf-8").split("output:")[0]
    schema = "output: {schema: {type: object, properties: {explanation: {}, verdict: %s}}}\n"
    place.write_text(text + judge + (schema % verdict if verdict else ""), encoding="utf-8")
    suite = desk.root / "evals/say.yaml"
    worths = ", labels: {good: 1, bad: 0}"
    suite.write_text(suite.read_text(encoding="utf-8").replace(worths, ""), encoding="utf-8")


def test_criteria_are_asked_one_by_one(desk: Desk):
    criteria = "kind: {question: Is it kind?}, rude: {question: Is it rude?, expect: 'no'}"
    judge_with(desk, f"judge: {{criteria: {{{criteria}}}}}\n", "")
    with Person(desk, "say", "--metric", "fair") as person:
        assert "1 of 2, kind: Is it kind?" in person.at_question(1)
        person.types("n")
        person.sees("2 of 2, rude: Is it rude?", "q quit")
        person.types("b")
        person.sees("1 of 2, kind", "q quit")
        person.types("y")
        person.sees("2 of 2, rude", "q quit")
        assert desk.labels() == []
        person.types("y")
        person.at_question(2)
        person.types("q")
        person.ends()
    (label,) = desk.labels()
    assert (label["label"], label["value"]) == ("yes, yes", 0.5)


def test_a_point_on_a_long_scale_is_typed(desk: Desk):
    judge_with(desk, "", "{type: integer, minimum: 0, maximum: 100}")
    with Person(desk, "say", "--metric", "fair") as person:
        assert "[v] type a whole number from 0 to 100" in person.at_question(1)
        person.types("7")
        person.sees("say (Enter: done, Esc: not): 7")
        person.types("77\r")
        assert "777: not a whole number from 0 to 100" in person.sees("777:", "q quit")
        person.types("v")
        person.sees("say (Enter")
        person.types("40\x1b")
        person.at_question(1)
        assert desk.labels() == []
        person.types("v")
        person.sees("say (Enter")
        person.types("25\r")
        person.at_question(2)
    (label,) = desk.labels()
    assert (label["label"], label["value"]) == ("25", 0.25)


def test_a_dumb_terminal_gets_no_sequences(desk: Desk):
    with Person(desk, "say", "--metric", "fair", TERM="dumb") as person:
        person.at_question(1)
        person.types("1")
        person.at_question(2)
        person.types("q")
        assert person.ends()[0] == 0
    assert "\x1b" not in person.all
    assert len(desk.labels()) == 1


def test_keys_that_were_hit_before_an_answer_was_shown_are_no_labels(desk: Desk):
    with Person(desk, "say", "--metric", "fair") as person:
        person.at_question(1)
        person.types("1111")
        person.at_question(2)
        person.types("?")
        person.sees("What you can say")
        assert len(desk.labels()) == 1


def test_it_goes_on_after_it_was_stopped(desk: Desk):
    with Person(desk, "say", "--metric", "fair") as person:
        person.at_question(1)
        person.signals(signal.SIGSTOP)
        painted = len(person.all)
        person.signals(signal.SIGCONT)
        person.until(lambda: len(person.all) > painted, "sees it painted anew")
        person.at_question(1)
        person.types("1")
        person.at_question(2)
        assert len(desk.labels()) == 1


def test_a_shell_gets_the_terminal_back_while_it_is_stopped(desk: Desk):
    """Ctrl-Z: what the shell then reads has its echo, whichever shell it is."""
    with Person(desk, "say", "--metric", "fair") as person:
        person.at_question(1)
        local = termios.ICANON | termios.ECHO
        assert not person.modes()[3] & local
        person.signals(signal.SIGTSTP)
        _, status = os.waitpid(person.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        person.until(
            lambda: person.all.endswith("\x1b[?2004l\r\n"), "pastes are not marked any more"
        )
        assert person.modes()[3] & local == local
        painted = len(person.all)
        person.signals(signal.SIGCONT)
        person.until(lambda: "q quit" in person.all[painted:], "sees it painted anew")
        assert not person.modes()[3] & local
        person.types("1")
        person.at_question(2)
        assert len(desk.labels()) == 1


def test_a_terminal_that_goes_away_ends_it(desk: Desk):
    with Person(desk, "say", "--metric", "fair") as person:
        person.at_question(1)
        person.types("1")
        person.at_question(2)
        person.hang_up()
        assert person.process.wait(20) != 70
    assert len(desk.labels()) == 1
