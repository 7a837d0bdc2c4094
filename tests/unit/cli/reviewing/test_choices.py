"""What can be said of an answer, out of the judge's own prompt."""

from __future__ import annotations

import pytest

from promptops.cli.reviewing.choices import PAIR, Choices, Said, metric_of
from promptops.cli.reviewing.reviewer import reviewer_of
from promptops.documents.tree import WorkingTree
from promptops.engine.suite import load_suite
from promptops.errors import InputError

JUDGE = """\
version: 1
description: Is it good?
model: openai/unheard-of
inputs: {{answer: {{type: string}}}}
{judge}
messages: [{{role: user, content: "{{{{ answer }}}}"}}]
{output}
"""
OUTPUT = """\
output:
  schema:
    type: object
    required: [explanation, verdict]
    properties: {explanation: {type: string}, verdict: %s}
"""


def metric(tmp_path, verdict="", judge="", scorer="", *, asked=None, pairs=False, more=""):
    (tmp_path / "prompts/judges").mkdir(parents=True)
    (tmp_path / "evals").mkdir()
    output = OUTPUT % verdict if verdict else ""
    text = JUDGE.format(judge=judge, output=output)
    (tmp_path / "prompts/judges/good.yaml").write_text(text)
    good = f"  good: {{type: judge, prompt: judges/good{scorer}}}\n"
    suite = f"prompt: p\ndataset: s.jsonl\nscorers:\n{good}{more}"
    (tmp_path / "evals/s.yaml").write_text(suite)
    tree = WorkingTree(tmp_path)
    return metric_of(load_suite(tree, "s"), tree, asked, pairs=pairs)


def test_labels_have_numbers_and_first_letters(tmp_path):
    worths = "{good: 1, so so: 0.5, bad: 0, unclear: null}"
    found = metric(tmp_path, "{enum: [good, so so, bad, unclear]}", f"judge: {{labels: {worths}}}")
    choices = found.choices
    assert [(e.label, e.keys) for e in choices.listed] == [
        ("good", ("1", "g")),
        ("so so", ("2",)),
        ("bad", ("3",)),
    ]
    assert choices.at("g") == choices.at("1") == Said("good", 1.0)
    assert choices.at("4") is None
    assert choices.read(" So  so ") == Said("so so", 0.5)
    assert choices.read("?") == Said("cannot tell", None)
    assert choices.read("1") is None, "a number names no label in a sheet"
    assert found.question == "Is it good?"


def test_what_the_suite_says_of_labels_wins_and_a_negated_metric_is_turned(tmp_path):
    scorer = ", labels: {yes: 0.25, no: 1}, negate: true"
    choices = metric(tmp_path, "{enum: ['yes', 'no']}", scorer=scorer).choices
    assert choices.read("yes") == Said("yes", 0.75)
    assert choices.read("no") == Said("no", 0.0)


def test_a_scale_has_its_points_for_keys(tmp_path):
    judge = "judge: {anchors: {'1': awful, '5': perfect}}"
    choices = metric(tmp_path, "{type: integer, minimum: 1, maximum: 5}", judge).choices
    assert choices.at("4") == Said("4", 0.75)
    assert choices.listed[4].about == "perfect"
    assert choices.read("4.0") == Said("4", 0.75)
    assert choices.read("6") is None


def test_a_long_scale_and_a_number_are_typed(tmp_path):
    choices = metric(tmp_path, "{type: integer, minimum: 0, maximum: 100}").choices
    assert choices.listed == ()
    assert choices.read("75") == Said("75", 0.75)
    for text in ("75.5", "101", "-1", "nan", "1e2", "7 5", "９"):
        assert choices.read(text) is None, text
    assert choices.told == "a whole number from 0 to 100"


def test_a_number_is_its_own_worth(tmp_path):
    choices = metric(tmp_path, "{type: number}").choices
    assert choices.read("0.25") == Said("0.25", 0.25)
    assert choices.read("1.01") is None


def test_criteria_are_answered_one_by_one_and_added_up_as_the_judge_does(tmp_path):
    judge = (
        "judge: {criteria: {true: {question: Is it so?, weight: 3},"
        " rude: {question: Is it rude?, expect: 'no'}}}"
    ).replace("true:", "'true':")
    choices = metric(tmp_path, judge=judge).choices
    assert choices.read("yes, no") == Said("yes, no", 1.0)
    assert choices.read("Y,y") == Said("yes, yes", 0.75)
    assert choices.read("cannot_tell, no") == Said("cannot_tell, no", 1.0)
    assert choices.read("?, cannot tell") == Said("cannot tell", None)
    assert choices.read("yes") is None
    assert choices.read("yes, maybe") is None
    assert "true, rude" in choices.told


def test_a_metric_that_is_no_judge_is_right_or_wrong(tmp_path):
    more = "  same: {type: equals, expected: x}\n  cheap: {type: cost, max_usd: 1}\n"
    found = metric(tmp_path, "{type: number}", asked="same", more=more)
    assert found.judge is None
    assert found.choices.at("0") == found.choices.read("FALSE") == Said("wrong", 0.0)
    tree = WorkingTree(tmp_path)
    suite = load_suite(tree, "s")
    assert metric_of(suite, tree, None, pairs=False).name == "good", "the only judge"
    with pytest.raises(InputError, match="nobody sees in an answer"):
        metric_of(suite, tree, "cheap", pairs=False)
    with pytest.raises(InputError, match="did you mean 'same'"):
        metric_of(suite, tree, "sane", pairs=False)


def test_a_judge_is_named_where_there_are_several(tmp_path):
    more = "  fine: {type: judge, prompt: judges/good}\n"
    with pytest.raises(InputError, match="--metric NAME, one of: good, fine"):
        metric(tmp_path, "{type: number}", more=more)


def test_a_judge_whose_labels_have_no_worth_is_told_with_its_place(tmp_path):
    with pytest.raises(InputError, match=r"evals/s.yaml:4:.*worth"):
        metric(tmp_path, "{enum: [good, bad]}")


def test_of_pairs_it_is_said_which_is_better(tmp_path):
    assert metric(tmp_path, "{type: number}", pairs=True).choices is PAIR
    assert PAIR.read("2") == PAIR.at("2") == Said("second", 0.0)
    assert PAIR.read("Tie") == PAIR.at("=") == Said("tie", 0.5)
    assert PAIR.read("third") is None


def test_a_judge_of_pairs_is_labelled_by_pairs_unasked(tmp_path):
    more = "  best: {type: pairwise, prompt: judges/good}\n"
    found = metric(tmp_path, "{type: number}", asked="best", more=more)
    assert found.pairs
    assert found.choices is PAIR
    assert found.judge is not None


def test_nothing_is_listed_for_nobody():
    assert Choices().at("1") is None


def test_the_reviewer_is_the_one_named_else_gits_else_the_machines(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    environ = {"LOGNAME": "ana"}
    assert reviewer_of(" Bo  Example ", tmp_path, environ).name == "Bo Example"
    found = reviewer_of(None, tmp_path, environ)
    assert (found.name, found.source) == ("ana", "the variable LOGNAME")
    (tmp_path / "config").write_text("[user]\n  name = Ána Ficta\n", encoding="utf-8")
    found = reviewer_of(None, tmp_path, environ)
    assert (found.name, found.source) == ("Ána Ficta", "git's user.name")
    with pytest.raises(InputError, match="holds the control character"):
        reviewer_of("a\x1bb", tmp_path, {})
    (tmp_path / "config").unlink()
    with pytest.raises(InputError, match="nobody knows whose"):
        reviewer_of(None, tmp_path, {})
