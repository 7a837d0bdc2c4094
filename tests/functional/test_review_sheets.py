"""`promptops review` without a terminal: sheets out and in, and how far reviewers agree."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest

from promptops.values.label import output_digest
from promptops.values.response import Response
from tests.functional.cli_project import Project
from tests.functional.review_desk import LABELS, Desk, lay

WORDS = ("one", "two", "=2+3")


def script(asked):
    if "fair" in asked.last_user:
        return '{"explanation": "so it is", "verdict": "good"}'
    word = asked.last_user.removeprefix("Say ")
    brief = "brief" in asked.messages[0]["content"]
    return f"{word}, {'in short' if brief else 'at length'}"


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    root = tmp_path_factory.mktemp("sheets") / "project"
    lay(root, script, WORDS)
    return root


@pytest.fixture
def desk(laid, tmp_path, capfd, monkeypatch):
    root = tmp_path / "project"
    shutil.copytree(laid, root, symlinks=True)
    monkeypatch.chdir(root)
    return Desk(Project(root, capfd))


def rows_of(desk, name="sheet.csv"):
    text = (desk.root / name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def fill(desk, rows, name="sheet.csv", delimiter=","):
    paper = io.StringIO(newline="")
    writer = csv.DictWriter(paper, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    (desk.root / name).write_text(paper.getvalue(), encoding="utf-8-sig", newline="")


def test_a_sheet_goes_out_and_comes_back(desk: Desk):
    done = desk.run("review", "say", "--metric", "fair", "--export", "sheet.csv")
    assert done.code == 0, done.err
    assert "good, bad" in done.err
    rows = rows_of(desk)
    assert len(rows) == 6
    for row in rows:
        assert row["label"] == row["comment"] == ""
        assert row["choices"] == "good, bad"
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
        assert not {"baseline", "candidate", "v1", "v2", "so it is"} & set(row.values())
    assert {row["input: word"] for row in rows} == {"one", "two", "'=2+3"}
    assert desk.labels() == []
    for row, label in zip(rows, ["good", "BAD", "?", "good", "", ""], strict=True):
        row["label"] = label
    rows[0]["comment"] = "clear"
    fill(desk, rows, delimiter=";")
    back = desk.run(
        "review", "say", "--import", "sheet.csv", "--reviewer", "Bo Example", "-f", "json"
    )
    assert back.code == 0, back.err
    assert back.value["schema"] == "promptops.review/1"
    assert (back.value["added"], back.value["empty"]) == (4, 2)
    assert back.value["said"] == {"good": 2, "bad": 1, "cannot tell": 1}
    by_digest = {label["output"]: label for label in desk.labels()}
    assert {each["reviewer"] for each in by_digest.values()} == {"Bo Example"}
    assert by_digest[rows[0]["output"]]["comment"] == "clear"
    assert by_digest[rows[1]["output"]]["value"] == 0.0
    assert by_digest[rows[2]["output"]]["value"] is None
    known = {
        output_digest(Response(f"{w}, {end}")) for w in WORDS for end in ("in short", "at length")
    }
    assert by_digest.keys() <= known
    text = (desk.root / LABELS).read_text(encoding="utf-8")
    again = desk.run("review", "say", "--import", "sheet.csv", "--reviewer", "Bo Example")
    assert again.code == 0
    assert (desk.root / LABELS).read_text(encoding="utf-8") == text, "dates and all"


def test_rows_that_cannot_be_taken_are_named_and_the_others_are_taken(desk: Desk):
    desk.run("review", "say", "--metric", "fair", "--export", "sheet.csv")
    rows = rows_of(desk)
    for row in rows:
        row["label"] = "good"
    rows[0]["label"] = "goof"
    rows[1]["output"] = rows[1]["output"][:-1] + "x"
    rows[2]["output"] = "0" * 64
    rows[3]["metric"] = "fare"
    rows[5] = {**rows[4], "label": "bad"}
    fill(desk, rows)
    done = desk.run("review", "say", "--import", "sheet.csv", "--reviewer", "Bo")
    assert done.code == 2
    for words in (
        "sheet.csv:2:1: 'goof' is no label of 'fair'",
        "write good, bad",
        "sheet.csv:3:1: 'output' is not as it was written",
        "sheet.csv:4:1: no such answer to the case",
        "sheet.csv:5:1: the suite has no metric 'fare'",
        "did you mean 'fair'",
        "sheet.csv:7:1: line 6 has a label for the same already",
    ):
        assert words in done.err, words
    assert "5 could not be taken" in done.out
    (label,) = desk.labels()
    assert label["output"] == rows[4]["output"]
    assert label["value"] == 1.0


def test_pairs_by_a_sheet(desk: Desk):
    done = desk.run("review", "say", "--metric", "fair", "--pairs", "--export", "sheet.csv")
    assert done.code == 0, done.err
    rows = rows_of(desk)
    assert len(rows) == 3
    for row in rows:
        row["label"] = "1" if "short" in row["answer 1"] else "second"
    rows[2]["label"] = "tie"
    fill(desk, rows)
    back = desk.run("review", "say", "--import", "sheet.csv", "--reviewer", "Bo")
    assert back.code == 0, back.err
    assert "fair scores answers one by one: labels of pairs measure" in back.out
    assert "judge check" not in back.out
    for label in desk.labels():
        word = label["case"].removeprefix("case-")
        if word == rows[2]["case"].removeprefix("case-"):
            assert label["better"] == "tie"
        else:
            assert label[label["better"]] == output_digest(Response(f"{word}, in short"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no table in the file"),
        ("a,b\n1,2\n", "no column 'metric'"),
        ("metric,case,output,label,lable\n", "unknown column 'lable'"),
        ('metric,case,output,label\n"a,b\n', "not valid CSV"),
    ],
)
def test_what_is_no_sheet_is_refused(desk: Desk, text, words):
    (desk.root / "sheet.csv").write_text(text, encoding="utf-8")
    done = desk.run("review", "say", "--import", "sheet.csv")
    assert done.code == 2
    assert words in done.err
    assert desk.labels() == []


def labelled(desk, *said):
    """Labels by (reviewer, value), over as many cases as there are values."""
    rows = [
        {
            "kind": "answer", "metric": "fair", "case": f"c{at}", "output": f"{at:064x}",
            "value": value, "reviewer": name, "at": "2026-05-01T10:00:00+00:00",
        }
        for name, values in said
        for at, value in enumerate(values)
    ]  # fmt: skip
    desk.write(LABELS, "".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("rule", ["uniform", "informative"])
def test_a_label_of_a_sheet_says_by_which_rule_its_answer_was_chosen(desk: Desk, rule):
    desk.run("review", "say", "--metric", "fair", "--choose", rule, "--export", "sheet.csv")
    rows = rows_of(desk)
    assert {row["chosen"] for row in rows} == {rule}
    for row in rows:
        row["label"] = "good"
    rows[0]["chosen"] = ""
    fill(desk, rows)
    assert desk.run("review", "say", "--import", "sheet.csv", "--reviewer", "Bo").code == 0
    by_digest = {label["output"]: label for label in desk.labels()}
    assert "chosen" not in by_digest[rows[0]["output"]]
    assert {by_digest[row["output"]]["chosen"] for row in rows[1:]} == {rule}


def test_a_rule_that_nobody_knows_is_refused_and_a_sheet_without_rules_is_taken(desk: Desk):
    desk.run("review", "say", "--metric", "fair", "--export", "sheet.csv")
    rows = rows_of(desk)
    for row, rule in zip(rows, ["Uniform", "random", "unknown", "", "", ""], strict=True):
        row |= {"label": "bad", "chosen": rule}
    fill(desk, rows)
    done = desk.run("review", "say", "--import", "sheet.csv", "--reviewer", "Bo")
    assert done.code == 2
    assert "sheet.csv:2:1: 'chosen' is not as it was written: 'Uniform'" in done.err
    assert len(desk.labels()) == 3
    fill(desk, [{name: row[name] for name in row if name != "chosen"} for row in rows])
    assert desk.run("review", "say", "--import", "sheet.csv", "--reviewer", "Bo").code == 0
    assert [label.get("chosen") for label in desk.labels()] == [None] * 6


def test_agreement_of_several_reviewers(desk: Desk):
    one = [1, 0, 1, 1, 0, 1, 0, 0, 1, 1]
    labelled(desk, ("Ana Ficta", one), ("Bo", [*one[:9], 0]), ("Cy", [1, None]))
    done = desk.run("review", "say", "--agreement")
    assert done.code == 0, done.err
    assert "fair: labels by Ana Ficta (10), Bo (10), Cy (2)" in done.out
    assert "Krippendorff's α (nominal) 0.8" in done.out
    (told,) = desk.run("review", "say", "--agreement", "-f", "json").value["metrics"]
    low, high = told["interval"]
    assert low < told["alpha"] < 1
    assert told["alpha"] <= high
    assert (told["shared"], told["reviewers"]["Cy"]) == (10, 2)


def test_agreement_below_chance_and_that_of_pairs(desk: Desk, monkeypatch):
    labelled(desk, ("Ana Ficta", [1, 0, 1, 0]), ("Bo", [0, 1, 0, 1]))
    pair = {
        "kind": "pair", "metric": "fair", "case": "case-1", "first": "1" * 64, "second": "2" * 64,
        "better": "first", "reviewer": "Bo", "at": "2026-05-01T10:00:00+00:00",
    }  # fmt: skip
    place = desk.root / LABELS
    place.write_text(place.read_text("utf-8") + json.dumps(pair) + "\n", "utf-8")
    done = desk.run("review", "say", "--agreement")
    assert "fair: labels by Ana Ficta (4), Bo (4)" in done.out
    assert "(nominal) −0.75, 95% interval −0.75 to −0." in done.out
    assert "fair: labels of pairs by Bo (1)" in done.out
    monkeypatch.setenv("COLUMNS", "60")
    narrow = desk.run("review", "say", "--agreement").out
    assert max(map(len, narrow.splitlines())) <= 60
    assert "label more of the same answers" in " ".join(narrow.split())


def test_agreement_that_is_not_defined_says_why(desk: Desk):
    labelled(desk, ("Ana Ficta", [1, 0]))
    assert "one reviewer has labelled" in desk.run("review", "say", "--agreement").out
    labelled(desk, ("Ana Ficta", [1, 1]), ("Bo", [1, 1]))
    assert "say the same" in desk.run("review", "say", "--agreement").out
    (desk.root / LABELS).unlink()
    done = desk.run("review", "say", "--agreement")
    assert done.code == 2
    assert f"there are no labels in {LABELS}" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "there is no suite 'nope'"),
        (["say", "--metric", "fare", "--export", "x.csv"], "did you mean 'fair'"),
        (["say", "--run", "nope", "--export", "x.csv"], "there is no run 'nope'"),
        (["say", "--agreement", "--export", "x.csv"], "one at a time"),
        (["say", "--reviewer", "a\u202eb", "--export", "x.csv"], "control character U+202E"),
        (["say", "--import", "none.csv"], "cannot read the sheet"),
        (["say", "--export", "none/x.csv"], "--export none/x.csv: the folder"),
    ],
)
def test_what_cannot_be_done_is_said(desk: Desk, arguments, words):
    done = desk.run("review", *arguments)
    assert done.code == 2
    assert words in done.err
    assert not (desk.root / "x.csv").exists()


def test_a_suite_without_a_run_says_which_command_makes_one(desk: Desk):
    shutil.rmtree(desk.root / ".promptops")
    done = desk.run("review", "say", "--metric", "fair", "--export", "x.csv")
    assert done.code == 2
    assert "promptops eval say" in done.err


def test_labels_that_a_merge_left_half_done_stop_it(desk: Desk):
    desk.write(LABELS, "<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    done = desk.run("review", "say", "--metric", "fair", "--export", "x.csv")
    assert done.code == 2
    assert f"{LABELS}:1:1" in done.err
    assert "keep the labels of both sides" in done.err


def test_a_secret_of_the_environment_stays_out_of_the_file(desk: Desk, monkeypatch):
    desk.run("review", "say", "--metric", "fair", "--export", "sheet.csv")
    rows = rows_of(desk)
    rows[0] |= {"label": "good", "comment": "the key is planted-secret-4711"}
    fill(desk, rows)
    monkeypatch.setenv("SOME_API_KEY", "planted-secret-4711")
    assert desk.run("review", "say", "--import", "sheet.csv", "--reviewer", "Bo").code == 0
    assert desk.labels()[0]["comment"] == "the key is [redacted]"
