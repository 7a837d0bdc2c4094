"""What a change touches, told by content: real commits, and files on disk beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptops.documents.tree import WorkingTree
from promptops.engine.touching import Survey, Touched, survey
from promptops.errors import InputError
from promptops.history.past import Past, is_uncommitted
from promptops.history.repository import Repository
from tests.git_sandbox import Sandbox

ASK, JUDGE = "prompts/ask.yaml", "prompts/judges/fair.yaml"
SUITE, CASES = "evals/ask.yaml", "evals/ask.jsonl"
TONE = "prompts/shared/tone.txt"

PROMPT: dict[str, Any] = {
    "version": 1,
    "model": "openai/small",
    "params": {"temperature": 0.2},
    "inputs": {"word": {"type": "string"}},
    "messages": [
        {"role": "system", "content": "{% include 'shared/tone.txt' %}"},
        {"role": "user", "content": "Say {{ word }}."},
    ],
}
FAIR: dict[str, Any] = {
    "version": 1,
    "model": "openai/large",
    "inputs": {"answer": {"type": "string"}},
    "messages": [{"role": "user", "content": "Is it fair? {{ answer }}"}],
    "output": {
        "schema": {
            "type": "object",
            "properties": {
                "explanation": {"type": "string"},
                "verdict": {"enum": ["yes", "no"]},
            },
        }
    },
}
SCORED: dict[str, Any] = {
    "prompt": "ask",
    "dataset": "ask.jsonl",
    "scorers": {
        "same": {"type": "equals", "expected": "{{ word }}"},
        "fair": {"type": "judge", "prompt": "judges/fair", "labels": {"yes": 1, "no": 0}},
    },
}
ROWS = [{"id": f"r{at}", "word": f"word{at}"} for at in range(6)]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path / "work")
    made.commit(
        "one",
        {
            ASK: json.dumps(PROMPT),
            JUDGE: json.dumps(FAIR),
            TONE: "Be plain.\n",
            SUITE: json.dumps(SCORED),
            CASES: lines(ROWS),
        },
    )
    return made


def look(sandbox: Sandbox, *named: str, commit: str = "") -> Survey:
    tree = WorkingTree(sandbox.root)
    repository = Repository.find(sandbox.root)
    assert repository is not None
    with repository, Past(repository, commit or repository.head, tree) as past:
        return survey(tree, past, named)


def only(found: Survey) -> Touched:
    (touched,) = found.suites
    return touched


def parts(touched: Touched) -> list[tuple[str, str, str]]:
    return [(each.part, each.what, each.path) for each in touched.changes]


def test_what_is_as_it_was_is_untouched(sandbox: Sandbox) -> None:
    touched = only(look(sandbox))
    assert (touched.status, touched.changes, touched.notes) == ("untouched", [], [])
    assert touched.models == ("openai/small", "openai/large")


@pytest.mark.parametrize(
    "files",
    [
        {ASK: json.dumps(PROMPT | {"version": 2, "description": "x", "change": "y"})},
        {ASK: json.dumps(dict(reversed(PROMPT.items())), indent=2)},
        {SUITE: "# a comment\n" + json.dumps(SCORED | {"description": "other"})},
        {CASES: lines(ROWS[::-1])},
        {CASES: lines(ROWS).replace("\n", "\r\n")},
        {"prompts/other.txt": "nobody includes it", "src/app.py": "x = 1\n"},
    ],
    ids=["said", "order", "comment", "rows", "ends", "elsewhere"],
)
def test_what_means_the_same_is_untouched(sandbox: Sandbox, files: dict[str, str]) -> None:
    sandbox.commit("two", files)
    found = look(sandbox, commit=sandbox.git("rev-parse", "HEAD~1"))
    assert (only(found).status, found.uncovered) == ("untouched", [])


def messages(system: str) -> dict[str, Any]:
    return PROMPT | {"messages": [{"role": "system", "content": system}, PROMPT["messages"][1]]}


@pytest.mark.parametrize(
    ("files", "part", "what", "path"),
    [
        (
            {ASK: json.dumps(messages("Be brief.\nBe kind."))},
            "wording",
            "1 of 2 messages changed: 2 lines added, 1 removed",
            ASK,
        ),
        (
            {TONE: "Be plain.\nAnd kind.\n"},
            "includes",
            "shared/tone.txt changed: 1 line added",
            TONE,
        ),
        (
            {ASK: json.dumps(PROMPT | {"model": "openai/new"})},
            "model",
            "model openai/small → openai/new: the model changed, its words did not",
            ASK,
        ),
        (
            {ASK: json.dumps(PROMPT | {"params": {"max_tokens": 9}})},
            "params",
            "temperature 0.2 → unset, max_tokens unset → 9",
            ASK,
        ),
        (
            {ASK: json.dumps(PROMPT | {"inputs": PROMPT["inputs"] | {"name": {}}})},
            "inputs",
            "input name added",
            ASK,
        ),
        (
            {ASK: json.dumps(PROMPT | {"output": {"schema": {"type": "object"}}})},
            "output",
            "output schema added",
            ASK,
        ),
        (
            {
                ASK: json.dumps(
                    PROMPT | {"tools": [{"type": "function", "function": {"name": "find"}}]}
                )
            },
            "tools",
            "tool find added",
            ASK,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
def test_each_part_of_the_meaning_is_told_and_compared(
    sandbox: Sandbox, files: dict[str, str], part: str, what: str, path: str
) -> None:
    sandbox.write(files)
    touched = only(look(sandbox))
    assert touched.status == "compared"
    expected = [(part, what, path)]
    if part == "wording":  # what it included it includes no more
        expected.append(("includes", "shared/tone.txt is included no more", TONE))
    assert parts(touched) == expected
    assert touched.before is not None
    assert touched.before.digest != ""


def gate(**fields: Any) -> str:
    return json.dumps(SCORED | fields)


def scorers(**options: Any) -> dict[str, Any]:
    return {"scorers": {**SCORED["scorers"], **options}}


@pytest.mark.parametrize(
    ("files", "part", "what", "path"),
    [
        (
            {CASES: lines([{"id": "r1", "word": "x"}, *ROWS[2:], {"id": "n", "word": "n"}])},
            "dataset",
            "1 case added, 1 changed, 1 removed",
            CASES,
        ),
        ({CASES: lines(ROWS[2:])}, "dataset", "2 cases removed", CASES),
        (
            {SUITE: gate(gate={"margin": 0.1}, samples=3)},
            "policy",
            "gate.margin 0.05 → 0.1, samples 5 → 3",
            SUITE,
        ),
        (
            {SUITE: gate(**scorers(short={"type": "length", "max": 9}))},
            "scorers",
            "scorer short added",
            SUITE,
        ),
        (
            {
                SUITE: gate(
                    **scorers(
                        same={"type": "equals", "expected": "{{ word }}", "normalize": ["strip"]}
                    )
                )
            },
            "scorers",
            'scorer same: normalize [] → ["strip"]',
            SUITE,
        ),
        (
            {SUITE: gate(**scorers(fair=SCORED["scorers"]["fair"] | {"role": "observe"}))},
            "scorers",
            "scorer fair: role gate → observe",
            SUITE,
        ),
        (
            {JUDGE: json.dumps(FAIR | {"version": 2, "params": {"temperature": 0}})},
            "judge",
            "judge fair v1 → v2",
            JUDGE,
        ),
        (
            {JUDGE: json.dumps(FAIR | {"model": "openai/huge"})},
            "judge",
            "judge fair (v1) changed, model openai/large → openai/huge",
            JUDGE,
        ),
        (
            {SUITE: gate(**scorers(fair=SCORED["scorers"]["fair"] | {"model": "openai/huge"}))},
            "judge",
            "judge fair: model openai/large → openai/huge",
            SUITE,
        ),
    ],
    ids=["changed", "removed", "gate", "added", "option", "role", "judge", "model", "override"],
)
def test_what_is_around_the_prompt_is_described_and_never_taken_for_it(
    sandbox: Sandbox, files: dict[str, str], part: str, what: str, path: str
) -> None:
    sandbox.write(files)
    touched = only(look(sandbox))
    assert (touched.status, parts(touched)) == ("described", [(part, what, path)])
    anew = {"judge": ["fair"], "scorers": ["same"] if "same" in what else []}
    assert [each.scorer for each in touched.rescored] == anew.get(part, [])


def test_code_that_scores_is_told(sandbox: Sandbox) -> None:
    suite = gate(**scorers(own={"type": "python", "file": "evals/own.py"}))
    sandbox.commit("code", {SUITE: suite, "evals/own.py": "def score(a, c): return 1\n"})
    sandbox.write({"evals/own.py": "def score(a, c): return 0\n"})
    touched = only(look(sandbox))
    assert parts(touched) == [("scorers", "scorer own: its code changed", "evals/own.py")]
    assert [each.scorer for each in touched.rescored] == ["own"]


def test_budget_and_limits_change_no_score(sandbox: Sandbox) -> None:
    sandbox.write({SUITE: gate(budget={"usd": 2}, limits={"requests_per_minute": 9})})
    touched = only(look(sandbox))
    assert touched.status == "untouched"
    (note,) = touched.notes
    assert note == (
        "budget.usd unset → 2.0, limits.requests_per_minute unset → 9: no score depends on it"
    )


def test_both_may_change_at_once(sandbox: Sandbox) -> None:
    sandbox.write(
        {
            TONE: "Be kind.\n",
            CASES: lines(ROWS[1:]),
            JUDGE: json.dumps(FAIR | {"params": {"seed": 1}}),
        }
    )
    touched = only(look(sandbox))
    assert touched.status == "compared"
    assert [part for part, *_ in parts(touched)] == ["includes", "dataset", "judge"]


def test_a_renamed_prompt_is_the_same_prompt(sandbox: Sandbox) -> None:
    sandbox.git("mv", ASK, "prompts/say.yaml")
    sandbox.commit("renamed", {SUITE: gate(prompt="say")})
    base = sandbox.git("rev-parse", "HEAD~1")
    touched = only(look(sandbox, commit=base))
    assert (touched.status, touched.notes) == ("untouched", ["the prompt was called ask before"])
    sandbox.commit("reworded", {"prompts/say.yaml": json.dumps(PROMPT | {"model": "openai/new"})})
    touched = only(look(sandbox, commit=base))
    assert (touched.status, [part for part, *_ in parts(touched)]) == ("compared", ["model"])


def test_another_prompt_under_the_same_suite_is_told(sandbox: Sandbox) -> None:
    other = {"prompts/other.yaml": json.dumps(PROMPT | {"model": "openai/other"})}
    sandbox.commit("other", other)
    sandbox.write({SUITE: gate(prompt="other")})
    touched = only(look(sandbox))
    assert (touched.status, parts(touched)) == (
        "described",
        [("policy", "prompt ask → other", SUITE)],
    )


def test_a_renamed_suite_is_the_same_suite(sandbox: Sandbox) -> None:
    sandbox.git("mv", SUITE, "evals/renamed.yaml")
    touched = only(look(sandbox))
    assert (touched.suite, touched.status) == ("renamed", "untouched")
    assert touched.notes == ["the suite was called ask before"]
    assert touched.names == ("renamed", "ask")


def test_a_suite_that_is_gone_is_told(sandbox: Sandbox) -> None:
    sandbox.write({SUITE: None})
    found = look(sandbox)
    assert [(each.suite, each.prompt, each.status) for each in found.suites] == [
        ("ask", "ask", "removed")
    ]


def test_a_new_suite_and_a_new_prompt_are_scored_alone(sandbox: Sandbox) -> None:
    sandbox.write(
        {
            "evals/more.yaml": json.dumps(
                {
                    "prompt": "ask",
                    "dataset": "ask.jsonl",
                    "scorers": {"long": {"type": "length", "max": 3}},
                }
            )
        }
    )
    more = look(sandbox, "more").suites[0]
    assert (more.status, parts(more)) == (
        "described",
        [("policy", "the suite is new", "evals/more.yaml")],
    )
    sandbox.write(
        {
            "prompts/fresh.yaml": json.dumps(
                PROMPT | {"model": "openai/x", "messages": [{"role": "user", "content": "Hm."}]}
            ),
            "evals/more.yaml": json.dumps(
                {
                    "prompt": "fresh",
                    "dataset": "ask.jsonl",
                    "scorers": {"long": {"type": "length", "max": 3}},
                }
            ),
        }
    )
    more = look(sandbox, "more").suites[0]
    assert (more.status, more.before) == ("described", None)
    assert ("wording", "the prompt is new", "prompts/fresh.yaml") in parts(more)
    assert "first version: nothing to compare with yet" in more.notes


def test_nothing_before_makes_everything_new(sandbox: Sandbox) -> None:
    tree = WorkingTree(sandbox.root)
    repository = Repository.find(sandbox.root)
    assert repository is not None
    with repository, Past(repository, None, tree) as past:
        found = survey(tree, past)
    assert [each.status for each in found.suites] == ["described"]


@pytest.mark.parametrize(
    ("broken", "part"),
    [({SUITE: "prompt: [\n"}, "policy"), ({ASK: "version: [\n"}, "wording")],
)
def test_what_could_not_be_read_before_is_told_and_no_end(
    sandbox: Sandbox, broken: dict[str, str], part: str
) -> None:
    sandbox.commit("broken", broken)
    sandbox.write({SUITE: json.dumps(SCORED), ASK: json.dumps(PROMPT)})
    touched = only(look(sandbox))
    assert touched.status == "described"
    (told,) = parts(touched)
    assert told[0] == part
    assert "could not be read before" in told[1]
    unreadable = "nothing to compare with: what was there before cannot be read"
    assert touched.notes == ([unreadable] if part == "wording" else [])


def test_a_dataset_that_could_not_be_read_before_is_told(sandbox: Sandbox) -> None:
    sandbox.commit("broken", {CASES: '{"id": 1\n'})
    sandbox.write({CASES: lines(ROWS)})
    touched = only(look(sandbox))
    ((part, what, _),) = parts(touched)
    assert part == "dataset"
    assert "the one before cannot be read" in what


def test_a_dataset_in_lfs_is_known_by_its_hash(sandbox: Sandbox) -> None:
    data = lines(ROWS)
    digest = hashlib.sha256(data.encode()).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n"
    sandbox.commit("lfs", {CASES: pointer})
    sandbox.write({CASES: data})
    assert only(look(sandbox)).status == "untouched"
    sandbox.write({CASES: lines(ROWS[1:])})
    assert only(look(sandbox)).status == "described"


def test_a_prompt_that_no_suite_evaluates_is_uncovered(sandbox: Sandbox) -> None:
    sandbox.commit("idle", {"prompts/idle.yaml": json.dumps(PROMPT)})
    assert look(sandbox).uncovered == []
    sandbox.write(
        {
            "prompts/idle.yaml": json.dumps(PROMPT | {"model": "openai/x"}),
            "prompts/new.yaml": json.dumps(PROMPT),
            JUDGE: json.dumps(FAIR | {"params": {"seed": 2}}),
        }
    )
    assert look(sandbox).uncovered == ["idle", "new"]  # a judge is covered by whom it judges
    assert look(sandbox, "ask").uncovered == []


def test_a_prompt_that_was_broken_here_is_wrong_though_no_suite_evaluates_it(
    sandbox: Sandbox,
) -> None:
    sandbox.commit("idle", {"prompts/idle.yaml": json.dumps(PROMPT)})
    sandbox.write({"prompts/idle.yaml": "version: [\n"})
    with pytest.raises(InputError, match="not valid YAML"):
        look(sandbox)
    sandbox.commit("broken")
    assert look(sandbox).uncovered == []  # it is none of this change's doing


def test_all_that_is_wrong_here_is_told_at_once(sandbox: Sandbox) -> None:
    sandbox.write({SUITE: "prompt: [\n", "evals/b.yaml": gate(dataset="none.jsonl")})
    with pytest.raises(InputError) as caught:
        look(sandbox)
    assert {each.location.path for each in caught.value.errors} == {SUITE, "evals/b.yaml"}  # type: ignore[attr-defined]


def test_a_judge_that_cannot_be_read_is_wrong(sandbox: Sandbox) -> None:
    sandbox.write({JUDGE: "version: [\n"})
    with pytest.raises(InputError, match="not valid YAML") as caught:
        look(sandbox)
    assert str(caught.value).startswith(f"{JUDGE}:2:1: ")


def test_a_suite_that_is_not_there_names_the_nearest(sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match="there is no suite 'aks'") as caught:
        look(sandbox, "aks")
    assert caught.value.hint == "did you mean 'ask'?"


def test_a_project_in_a_folder_of_its_repository(tmp_path: Path) -> None:
    whole = Sandbox(tmp_path / "mono")
    files = {
        ASK: json.dumps(PROMPT),
        TONE: "Be plain.\n",
        JUDGE: json.dumps(FAIR),
        SUITE: json.dumps(SCORED),
        CASES: lines(ROWS),
    }
    whole.commit("one", {f"team/app/{path}": text for path, text in files.items()})
    inner = Sandbox(whole.root / "team" / "app", init=False)
    assert only(look(inner)).status == "untouched"
    inner.write({TONE: "Be kind.\n", CASES: lines(ROWS[1:])})
    assert [part for part, *_ in parts(only(look(inner)))] == ["includes", "dataset"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: None, False),
        (lambda sandbox: sandbox.write({TONE: "Be kind.\n"}), True),
        (lambda sandbox: sandbox.write({TONE: "Be plain.\r\n"}), False),
        (lambda sandbox: sandbox.write({CASES: None}), True),
        (lambda sandbox: sandbox.write({"src/app.py": "x = 1\n"}), False),
    ],
    ids=["clean", "changed", "ends", "gone", "elsewhere"],
)
def test_what_is_not_committed_is_told_by_content(
    sandbox: Sandbox, change: Callable[[Sandbox], None], *, expected: bool
) -> None:
    change(sandbox)
    repository = Repository.find(sandbox.root)
    assert repository is not None
    with repository:
        tree = WorkingTree(sandbox.root)
        met = [ASK, TONE, SUITE]
        assert is_uncommitted(repository, tree, met, ("prompts", "evals")) is expected
        assert is_uncommitted(repository, tree, ["evals/new.yaml"], ()) is False
        sandbox.write({"evals/new.yaml": "x"})
        assert is_uncommitted(repository, tree, ["evals/new.yaml"], ()) is True
