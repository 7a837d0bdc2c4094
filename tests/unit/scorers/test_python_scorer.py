"""The python scorer: leave to run, where its file may be, and what its function may return."""

from __future__ import annotations

import asyncio

import pytest

from promptops.errors import InputError
from promptops.values.case import Case
from promptops.values.score import Score, Unscorable
from tests.scoring import Desk, score, scorer, subject, value


def project(root, source, *, allow_code=True):
    place = root / "evals" / "scorers" / "town.py"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(source, encoding="utf-8")
    return Desk(root, allow_code=allow_code)


def made(**options):
    return scorer(type="python", file="evals/scorers/town.py", **options)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return 0.25", Score(0.25)),
        ("return 1", Score(1.0)),
        ("return text == case['town']", Score(1.0, "passed")),
        ("return False, 'too short'", Score(0.0, "failed", "too short")),
        ("return 0.5, 'half'", Score(0.5, "", "half")),
    ],
)
def test_what_a_function_returns_is_its_score(tmp_path, body, wanted):
    desk = project(tmp_path, f"def score(text, case):\n    {body}\n")
    assert score(made(), subject("Oslo", town="Oslo"), desk) == wanted


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return None", "nothing"),
        ("return '1'", "a str"),
        ("return 1.5", "not in [0, 1]"),
        ("return -1", "not in [0, 1]"),
        ("return float('nan')", "not in [0, 1]"),
        ("return 1, 2", "explanation"),
        ("return 1, 'a', 'b'", "explanation"),
        ("return case['country']", "KeyError: 'country'"),
        ("raise SystemExit(0)", "SystemExit"),
        ("raise ValueError('first\\nsecond')", "ValueError: first"),
        ("raise ValueError('\\ud800' * 9999)", "ValueError: ????"),
    ],
)
def test_anything_else_is_unscorable_with_a_short_reason(tmp_path, body, reason):
    desk = project(tmp_path, f"def score(text, case):\n    {body}\n")
    scored = score(made(), subject("Oslo", town="Oslo"), desk)
    assert isinstance(scored, Unscorable)
    assert reason in scored.reason
    assert len(scored.reason) < 300
    assert "second" not in scored.reason
    assert not scored.infrastructure


def test_a_function_may_be_async_and_may_have_another_name(tmp_path):
    desk = project(tmp_path, "async def near(text, case):\n    return 0.5\n")
    assert value(made(function="near"), subject("Oslo"), desk) == 0.5


def test_the_file_may_hold_what_python_files_hold(tmp_path):
    source = """
from __future__ import annotations
import dataclasses

@dataclasses.dataclass
class Town:
    name: str

def score(text, case):
    return Town(text) == Town(case["town"])
"""
    assert value(made(), subject("Oslo", town="Oslo"), project(tmp_path, source)) == 1


def test_a_function_cannot_change_the_case(tmp_path):
    desk = project(tmp_path, "def score(text, case):\n    case['towns'].clear()\n    return 1\n")
    given = subject("Oslo", towns=["Oslo"])
    assert value(made(), given, desk) == 1
    assert given.case == Case("c1", {"towns": ["Oslo"]})


def test_without_leave_not_a_line_runs(tmp_path):
    mark = tmp_path / "mark"
    desk = project(
        tmp_path, f"open({str(mark)!r}, 'w')\ndef score(text, case): return 1\n", allow_code=False
    )
    with pytest.raises(InputError, match="Python code") as caught:
        made().preflight(desk)
    assert "--allow-code" in str(caught.value)
    assert str(caught.value).startswith("evals/towns.yaml:1:")
    with pytest.raises(InputError):
        asyncio.run(made().score(subject("Oslo"), desk))
    assert not mark.exists()


@pytest.mark.parametrize(
    "path", ["../town.py", "/etc/town.py", "evals/../../town.py", "C:\\town.py"]
)
def test_the_file_stays_inside_the_project(tmp_path, path):
    outside = tmp_path / "town.py"
    outside.write_text("def score(text, case): return 1\n")
    inside = tmp_path / "project"
    inside.mkdir()
    with pytest.raises(InputError, match="not inside the project"):
        scorer(type="python", file=path).preflight(Desk(inside, allow_code=True))


def test_a_symbolic_link_is_not_followed(tmp_path):
    outside = tmp_path / "town.py"
    outside.write_text("def score(text, case): return 1\n")
    inside = tmp_path / "project"
    (inside / "evals").mkdir(parents=True)
    (inside / "evals" / "town.py").symlink_to(outside)
    (inside / "linked").symlink_to(tmp_path)
    for path in ("evals/town.py", "linked/town.py"):
        with pytest.raises(InputError, match="symbolic link"):
            scorer(type="python", file=path).preflight(Desk(inside, allow_code=True))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def score(:\n", "evals/scorers/town.py:1"),
        ("import no_such_module_anywhere\n", "ModuleNotFoundError"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("def scores(text, case): return 1\n", "did you mean 'scores'"),
        ("score = 3\n", "no function 'score'"),
    ],
)
def test_a_file_that_cannot_work_is_found_before_anything_is_spent(tmp_path, source, message):
    desk = project(tmp_path, source)
    with pytest.raises(InputError) as caught:
        made().preflight(desk)
    assert message in str(caught.value)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no file"):
        made().preflight(Desk(tmp_path, allow_code=True))


def test_the_digest_changes_with_the_code(tmp_path):
    digests = []
    for answer in ("1", "0"):
        desk = project(tmp_path, f"def score(text, case): return {answer}\n")
        one = made()
        one.preflight(desk)
        digests.append(one.digest)
    assert digests[0] != digests[1]
