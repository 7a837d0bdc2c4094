"""The file of labels: what is read, what is refused with its place, and how it is written."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.documents.tree import MAX_TEXT_BYTES, WorkingTree
from promptops.errors import InputError, InputErrors, NoVerdictError
from promptops.labels.files import Labels, labels_path, parse_labels, read_labels
from promptops.labels.ratings import ratings
from promptops.labels.writing import Kept, beginning, comment_of, keep_labels, line_of
from promptops.values.label import Label, PairLabel

A, B, C = "a" * 64, "b" * 64, "c" * 64
AT = "2026-05-01T10:00:00+00:00"


def label(case="x", output=A, reviewer="Ana", metric="fair", value=1.0, **more):
    return Label(metric, case, output, value, reviewer, AT, **more)


def pair(first=A, second=B, better="first", reviewer="Ana"):
    return PairLabel("fair", "x", first, second, better, reviewer, AT)


def written(**fields):
    row = {
        "kind": "answer", "metric": "fair", "case": "x", "output": A, "value": 1,
        "reviewer": "Ana", "at": AT,
    }  # fmt: skip
    return json.dumps({key: value for key, value in (row | fields).items() if value is not ...})


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "evals" / "judges").mkdir(parents=True)
    return WorkingTree(tmp_path)


def test_no_file_is_no_labels(tree):
    assert read_labels(tree, "say") == Labels("evals/say.labels.jsonl")


@pytest.mark.parametrize("suite", ["say", "judges/faithful"])
def test_what_is_written_is_read(tree, suite):
    both = [label(comment="so\n“it” is", text="␛ \x1b[0m\u202e é 漢"), pair()]
    assert keep_labels(tree, suite, both) == Kept(added=2)
    found = read_labels(tree, suite)
    assert (found.answers, found.pairs) == (both[:1], both[1:])
    assert (found.answer_lines, found.pair_lines) == ([1], [2])
    text = (tree.root / labels_path(suite)).read_text(encoding="utf-8")
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "a label is one JSON object"),
        ('{"kind": "answer", "kind": "pair"}', "duplicate key 'kind'"),
        (written(kind=...), "missing key 'kind'"),
        (written(kind="answr"), "did you mean 'answer'"),
        (written(lable="good"), "did you mean 'label'"),
        (written(metric=...), "missing key 'metric'"),
        (written(value=2), "<= 1.0"),
        (written(value="1"), "'value': expected a number"),
        (written(value=True), "'value': expected a number"),
        (written(output="zz"), "'output'"),
        (written(output=A + "\n"), "'output'"),
        (written(reviewer=" "), "'reviewer' is empty"),
        (written(reviewer="a\nb"), "control character U+000A"),
        (written(reviewer="a\u202eb"), "control character U+202E"),
        (written(case="\ud800"), "half a surrogate pair"),
        (written(comment="\udfff"), "half a surrogate pair"),
        (written(at="yesterday"), "no time in UTC"),
        (written(at="2026-05-01T10:00:00+02:00"), "no time in UTC"),
        (written(comment="x" * 3000), "length <= 2000"),
        (written(kind="pair", output=..., value=..., first=A, second=A, better=None), "same"),
        (
            written(kind="pair", output=..., value=..., first=A, second=B, better="both"),
            "tie",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line, words):
    with pytest.raises(InputError) as caught:
        parse_labels(f"\n{line}\n", "evals/say.labels.jsonl")
    assert words in str(caught.value)
    assert str(caught.value).startswith("evals/say.labels.jsonl:2:")


def test_columns_are_those_of_the_key():
    for key in ("value", "reviewer", "output"):
        line = written(**{key: {}})
        with pytest.raises(InputError) as caught:
            parse_labels(line, "f")
        place = caught.value.location
        assert place is not None
        assert line[place.column - 1 :].startswith(f'"{key}"')


def test_one_reviewer_has_one_label_for_an_answer():
    text = "\n".join([written(), written(reviewer="Bo"), "", written(value=0)])
    with pytest.raises(InputError, match="that line 1 is about") as caught:
        parse_labels(text, "f")
    assert str(caught.value).startswith("f:4:1")
    assert "keep line 1 or line 4" in str(caught.value)


def test_a_pair_is_the_same_in_either_order():
    lines = [line_of(pair(A, B)), line_of(pair(B, A))]
    with pytest.raises(InputError, match="for the pair that line 1"):
        parse_labels("\n".join(lines), "f")


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| 1234567"])
def test_a_merge_that_was_not_finished_is_told_as_such(mark):
    with pytest.raises(InputError, match="a merge that was not finished") as caught:
        parse_labels(f"{written()}\n{mark}\n", "f")
    assert str(caught.value.location) == "f:2:1"


def test_many_things_wrong_are_told_at_once_and_not_without_end():
    with pytest.raises(InputErrors) as caught:
        parse_labels("{}\n" * 1000, "f")
    assert len(caught.value.errors) == 20


def test_labelling_again_replaces_ones_own_line_alone(tree):
    keep_labels(tree, "say", [label(), label(reviewer="Bo")])
    again = label(value=0.0)
    assert keep_labels(tree, "say", [again, label(case="y")]) == Kept(added=1, changed=1)
    assert read_labels(tree, "say").answers == [again, label(reviewer="Bo"), label(case="y")]


def test_the_same_word_again_leaves_the_file_alone(tree):
    keep_labels(tree, "say", [label()])
    place = tree.root / labels_path("say")
    before = place.stat()
    later = msgspec.structs.replace(label(), at="2027-01-01T00:00:00+00:00")
    assert keep_labels(tree, "say", [later]) == Kept(same=1)
    assert place.stat().st_mtime_ns == before.st_mtime_ns
    assert place.stat().st_ino == before.st_ino


@settings(max_examples=15, deadline=None)
@given(st.permutations([label(c, o, r) for c in "xy" for o in (A, B) for r in ("Ana", "Bo")]))
def test_the_order_of_the_file_is_not_that_of_the_writing(tmp_path_factory, labels):
    tree = WorkingTree(tmp_path_factory.mktemp("labels"))
    (tree.root / "evals").mkdir()
    for each in labels:
        keep_labels(tree, "say", [each])
    found = [(e.case, e.output, e.reviewer) for e in read_labels(tree, "say").answers]
    assert found == sorted(found)


def test_what_is_there_and_wrong_is_not_overwritten(tree):
    place = tree.root / labels_path("say")
    place.write_text("<<<<<<< ours\n", encoding="utf-8")
    with pytest.raises(InputError):
        keep_labels(tree, "say", [label()])
    assert place.read_text(encoding="utf-8") == "<<<<<<< ours\n"


def test_a_link_is_not_written_through(tree, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("else") / "file"
    elsewhere.write_text("", encoding="utf-8")
    (tree.root / labels_path("say")).symlink_to(elsewhere)
    with pytest.raises(InputError, match="symbolic link"):
        keep_labels(tree, "say", [label()])
    assert elsewhere.read_text(encoding="utf-8") == ""


def test_a_file_that_could_not_be_read_again_is_not_written(tree):
    many = [label(f"{at}", text="é" * 300, comment="é" * 1500) for at in range(1300)]
    with pytest.raises(InputError, match="larger than 4 MB"):
        keep_labels(tree, "say", many)
    with pytest.raises(InputError, match="'reviewer' is empty"):
        keep_labels(tree, "say", [label(reviewer=" ")])
    assert list((tree.root / "evals").iterdir()) == [tree.root / "evals" / "judges"]
    assert MAX_TEXT_BYTES == 4 * 1024 * 1024


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_leaves_the_labels_as_they_were(tree):
    keep_labels(tree, "say", [label()])
    (tree.root / "evals").chmod(0o555)
    try:
        with pytest.raises(NoVerdictError, match="as they were"):
            keep_labels(tree, "say", [label(value=0.0)])
    finally:
        (tree.root / "evals").chmod(0o755)
    assert read_labels(tree, "say").answers == [label()]


def test_what_a_kill_left_behind_is_gone_after_the_next_label(tree):
    part = tree.root / "evals" / ".say.labels.jsonl.part"
    part.write_text("half a li", encoding="utf-8")
    keep_labels(tree, "say", [label()])
    assert not part.exists()
    assert read_labels(tree, "say").answers == [label()]


def _write_some(root: Path, reviewer: str) -> None:
    for at in range(25):
        keep_labels(WorkingTree(root), "say", [label(f"{at}", reviewer=reviewer)])


def test_two_who_label_at_the_same_time_lose_nothing(tree):
    context = multiprocessing.get_context("spawn")
    people = [
        context.Process(target=_write_some, args=(tree.root, name)) for name in ("Ana", "Bo", "Cy")
    ]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert [each.exitcode for each in people] == [0, 0, 0]
    assert len(read_labels(tree, "say").answers) == 75


def test_long_texts_are_cut():
    assert len(beginning("x" * 1000)) == 300
    assert beginning("x") == "x"
    assert comment_of(" so \n it  is ") == "so it is"
    assert len(comment_of("x" * 9000)) == 2000


def test_ratings_are_a_table_of_reviewers_and_answers():
    labels = Labels(
        "f",
        [label("y", B, "Bo", value=0.5), label("x", A, "Ana"), label("x", A, "Bo", value=None)],
        [pair(A, B, "first"), pair(B, A, "first", "Bo"), pair(A, C, "tie")],
    )
    answers, pairs = ratings(labels)
    assert (answers.kind, answers.reviewers, answers.shared) == ("answer", {"Ana": 1, "Bo": 2}, 0)
    assert answers.cases == ["x", "y"]
    assert repr(answers.table) == "[[1.0, nan], [nan, 0.5]]"
    assert pairs.table[0] == [1.0, 0.5]
    assert pairs.table[1][0] == 0.0, "by the digests, not by the order in the line"
    assert (pairs.shared, pairs.values) == (1, {0.0, 0.5, 1.0})
    assert ratings(labels, "other") == []


def test_how_an_answer_was_chosen_is_kept_and_outlasts_a_change_of_mind(tree):
    keep_labels(tree, "say", [label(chosen="informative"), label(case="y", chosen="uniform")])
    keep_labels(tree, "say", [label(value=0.0, chosen="uniform"), label(case="y", value=0.0)])
    keep_labels(tree, "say", [label(case="y", value=1.0, chosen="disagreements")])
    found = {each.case: (each.value, each.chosen) for each in read_labels(tree, "say").answers}
    assert found == {"x": (0.0, "uniform"), "y": (1.0, "uniform")}
    assert '"chosen"' not in line_of(label())  # not known, and not written


def test_a_rule_that_there_is_not_is_an_error():
    with pytest.raises(InputError, match="chosen"):
        parse_labels(written(chosen="best"), "evals/say.labels.jsonl")
