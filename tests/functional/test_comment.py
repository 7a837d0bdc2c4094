"""promptops comment, as a process would run it, against a server that speaks GitHub's calls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from markdown_it import MarkdownIt

from promptops.reports.encoding import encode
from promptops.reports.markdown.marker import MARKER
from promptops.values.gate import SCHEMA, GateFile, PromptPair
from promptops.values.results import Results
from tests.examples import CANARIES
from tests.functional.cli_project import CASES, PROMPT, SUITE, Done, Project
from tests.functional.github_desk import (
    FORK,
    HEAD,
    HOME,
    OLDER,
    RUN,
    TOKEN,
    Desk,
    Failing,
    person,
    pull,
    pull_request_event,
    workflow_run_event,
    zipped,
)
from tests.gate_examples import every_gate, hostile_results, may_go, regression

Comment = Callable[..., Done]


def gate_json(results: Results, **gate: Any) -> str:
    """What a build leaves."""
    assert results.gate is not None
    prompts = {}
    for each in results.reports:
        details = results.details(each.run)
        if details is not None:
            prompts[each.run] = PromptPair(details.baseline, details.candidate)
    told = msgspec.structs.replace(results.gate, **gate)
    return encode(GateFile(SCHEMA, told, list(results.reports), prompts))


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as desk:
        yield desk


@pytest.fixture
def comment(desk: Desk, empty: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comment:
    """The command in a workflow's environment, for the event of a run unless another is given."""
    for name, value in desk.environ(str(tmp_path / "event.json")).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, event: dict[str, Any] | None = None) -> Done:
        (tmp_path / "event.json").write_text(json.dumps(event or workflow_run_event()))
        done = empty.run("comment", *arguments)
        assert TOKEN not in done.out + done.err
        return done

    return run


# -- under workflow_run


@pytest.mark.parametrize("source", [HOME, FORK])
def test_the_reports_of_a_run_become_one_comment(desk, comment, source):
    desk.pulls = [pull(source=source)]
    desk.upload(b"", "wheel")
    desk.upload(zipped({"gate.json": gate_json(regression()), "report.html": "<p>"}))
    done = comment(event=workflow_run_event(source=source))
    assert (done.code, done.err) == (0, "")
    (made,) = desk.comments
    assert done.out == f"commented on #7: {made['html_url']}\n"
    body = made["body"]
    assert "regressed" in body.splitlines()[0]
    assert "Name the city that a message is about." in body  # the difference of the prompts
    assert body.splitlines()[-1] == MARKER
    assert body.count(MARKER) == 1
    url = f"https://github.example/{HOME}/actions/runs/{RUN}"
    assert f"[the pull request's own build]({url}) at 3f1e3f1" in body
    assert all("authorization" not in each.headers for each in desk.asked_of_store)


def test_the_next_run_updates_it_in_place(desk, comment):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    assert comment().code == 0
    first = desk.comments[0]["body"]
    desk.upload(zipped({"gate.json": gate_json(may_go())}))  # the second attempt's
    done = comment(event=workflow_run_event(attempt=2))
    assert done.out.startswith("updated the comment on #7")
    (there,) = desk.comments
    assert there["body"] != first
    assert "regressed" not in there["body"].splitlines()[0]


def test_the_same_again_changes_nothing(desk, comment):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    comment()
    desk.asked.clear()
    assert "nothing to change" in comment().out
    assert desk.written == []


def test_an_earlier_run_that_is_late_changes_nothing(desk, comment):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    comment(event=workflow_run_event(attempt=2))
    desk.asked.clear()
    done = comment(event=workflow_run_event(attempt=1))
    assert (done.code, desk.written) == (0, [])
    assert "a later run has commented already on #7" in done.out


def test_what_others_wrote_is_left_alone(desk, comment):
    desk.comment(f"I write this myself\n\n{MARKER}", person("mallory-ficta"))
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    assert comment().out.startswith("commented on #7")
    assert desk.comments[0]["body"].startswith("I write this myself")


def test_a_head_that_moved_on_is_left_alone(desk, comment):
    desk.pulls = [pull(head=OLDER)]
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    done = comment()
    assert (done.code, done.err) == (0, "")
    assert done.out == "nothing to comment on: #7 has moved on from 3f1e3f1 to 77aa77a\n"
    assert desk.asked_of_store == []
    assert desk.written == []


@pytest.mark.parametrize(("head", "state"), [(OLDER, "open"), (HEAD, "closed")])
def test_a_head_that_moves_on_during_the_download_is_left_alone(desk, comment, head, state):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    desk.fail("GET", r"/pulls/7$", Failing(200, pull(head=head, state=state)))
    done = comment()
    assert done.code == 0
    assert done.out.startswith("nothing to comment on: #7 ")
    assert desk.written == []


def test_the_commit_and_the_address_are_the_events(desk, comment):
    lie = gate_json(regression(), head="9999" * 10, url="https://evil.example/phish")
    desk.upload(zipped({"gate.json": lie}))
    assert comment().code == 0
    assert "evil.example" not in desk.comments[0]["body"]
    assert "9999999" not in desk.comments[0]["body"]


def test_what_was_done_as_json(desk, comment):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    value = comment("--format", "json").value
    assert value == {
        "schema": "promptops.comment/1",
        "pull_request": 7,
        "done": "created",
        "url": desk.comments[0]["html_url"],
        "why": "",
    }
    desk.pulls = []
    value = comment("--format", "json").value
    assert (value["done"], value["pull_request"]) == ("nothing", None)
    assert "no open pull request" in value["why"]


def test_a_dry_run_shows_the_comment_and_writes_nothing(desk, comment, tmp_path):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    done = comment("--dry-run")
    assert (done.code, done.err) == (0, "for #7\n")
    assert done.out.splitlines()[-1] == MARKER
    assert desk.written == []
    place = tmp_path / "comment.md"
    assert comment("--dry-run", "--output", str(place)).out == ""
    assert place.read_text(encoding="utf-8") == done.out


def test_a_number_that_is_named_has_to_have_this_head(desk, comment):
    desk.pulls = [pull(7), pull(8), pull(9, head=OLDER)]
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    done = comment()
    assert done.code == 3
    assert "#7, #8 have the same head" in done.err
    assert comment("--pull-request", "8").out.startswith("commented on #8")
    assert "#9 has moved on" in comment("--pull-request", "9").out


# -- artifacts that mean harm


def test_no_artifact_is_told(desk, comment):
    desk.upload(zipped({"gate.json": gate_json(regression())}), "other")
    done = comment()
    assert (done.code, desk.written) == (3, [])
    assert f"the artifact 'promptops' of run {RUN} is not there" in done.err
    desk.upload(zipped({}), expired=True)
    assert "has expired" in comment().err
    assert comment("--artifact", "other").code == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<html>", "is no zip"),
        (zipped({"report.md": "# All is well"}), "holds no gate.json"),
        (zipped({"gate.json": "{}", "../../.bashrc": "x"}), "outside of it"),
        (zipped({"gate.json": b"[" * 9_000_000}), "larger than 8,000,000 bytes"),
        (zipped({"gate.json": b"[" * 3_000_000}), "nested too deep"),
        (zipped({"gate.json": '{"schema": "promptops.gate/1"}'}), "missing required field"),
        (zipped({"gate.json": gate_json(regression(), may_merge=True)}), "contradicts itself"),
    ],
)
def test_an_artifact_that_is_none_is_refused_and_nothing_is_written(desk, comment, data, said):
    desk.upload(data)
    done = comment()
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert desk.written == []


@pytest.mark.parametrize(
    ("data", "said"),
    [(None, "is not there"), (zipped({"gate.json": '{"schema": "@team"}'}), "is not what")],
)
def test_an_older_comment_does_not_stand_for_a_commit_without_a_report(desk, comment, data, said):
    """Else a change that breaks the gate would keep the praise of the one before it."""
    desk.upload(zipped({"gate.json": gate_json(may_go())}))
    assert comment().code == 0
    desk.artifacts.clear()
    if data is not None:
        desk.upload(data)
    later = workflow_run_event(run=RUN + 1)
    for each in desk.artifacts:
        each["workflow_run"]["id"] = RUN + 1
    done = comment("--dry-run", event=later)
    assert done.code != 0
    assert "May merge" in desk.comments[0]["body"]
    done = comment(event=later)
    assert done.code != 0
    assert said in done.err
    (there,) = desk.comments
    assert "May merge" not in there["body"]
    assert there["body"].startswith("## ⚠️ No report of `3f1e3f1`\n")
    assert said in there["body"].replace("`", "")
    assert there["body"].splitlines()[-1] == MARKER
    assert comment().code != 0  # the earlier run, late
    assert "No report" in desk.comments[0]["body"]


def test_what_is_wrong_with_saying_so_is_not_told_besides(desk, comment):
    desk.comment(f"May merge\n\n{MARKER}")
    desk.fail("PATCH", "/comments", Failing(403, {"message": "locked"}))
    done = comment()
    assert (done.code, "is not there" in done.err, "locked" in done.err) == (3, True, False)


def test_an_artifact_that_is_too_large_is_not_fetched(desk, comment):
    desk.upload(b"", size_in_bytes=200_000_000)
    done = comment()
    assert done.code == 2
    assert "200,000,000 bytes" in done.err
    assert desk.asked_of_store == []


def hostile(name: str) -> str:
    text = CANARIES[name]
    text = text if len(text) < 20_000 else text[:20_000]
    results = hostile_results(text)
    assert results.gate is not None
    return gate_json(results)


@pytest.mark.parametrize("name", [name for name in CANARIES if name != "surrogate"])
def test_hostile_words_are_inert_in_the_comment(desk, comment, name):
    desk.upload(zipped({"gate.json": hostile(name)}))
    done = comment()
    assert done.code == 0, done.err
    body = desk.comments[0]["body"]
    assert len(body) <= 65_536
    assert body.count(MARKER) == 1
    assert body.endswith(MARKER)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).enable("table").parse(body)
    links = [
        child.attrGet("href")
        for token in tokens
        for child in token.children or []
        if child.type == "link_open"
    ]
    assert links == [f"https://github.example/{HOME}/actions/runs/{RUN}"] * len(links)
    assert links


def test_forged_markers_change_nothing(desk, comment):
    forged = f"\n<!-- promptops:run {10**15}.1 -->\n{MARKER}"
    results = hostile_results(forged)
    desk.upload(zipped({"gate.json": gate_json(results)}))
    assert comment().code == 0
    assert desk.comments[0]["body"].count("<!--") == 2
    assert comment(event=workflow_run_event(attempt=2)).out.startswith("updated")


# -- what is wrong with the environment


def test_what_is_not_for_a_pull_request_is_refused(comment):
    done = comment(event=workflow_run_event(event="push"))
    assert done.code == 2
    assert "was for 'push'" in done.err
    done = comment(event=pull_request_event())
    assert done.code == 2
    assert "not of a workflow run" in done.err


def test_a_missing_permission_is_named(desk, comment):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    desk.fail(
        "POST",
        "/comments",
        Failing(
            403,
            {"message": "Resource not accessible by integration"},
            {"X-Accepted-GitHub-Permissions": "issues=write; pull_requests=write"},
        ),
    )
    done = comment()
    assert done.code == 2
    assert "{pull-requests: write}" in done.err


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITHUB_EVENT_PATH"])
def test_what_is_not_set_is_named(comment, monkeypatch, name):
    monkeypatch.delenv(name)
    done = comment()
    assert done.code == 2
    assert name in done.err


def test_a_wrong_token_is_said_and_not_shown(desk, comment, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_wrong0wrong0wrong0")
    done = comment()
    assert done.code == 2
    assert "does not accept the token" in done.err
    assert "wrong0" not in done.err


def test_it_goes_on_when_github_stumbles(desk, comment):
    desk.upload(zipped({"gate.json": gate_json(regression())}))
    desk.fail("GET", "/artifacts", Failing(502, b"<html>"))
    desk.fail("POST", "/comments", Failing(429, {}, {"Retry-After": "0"}))
    assert comment().code == 0
    assert len(desk.comments) == 1


def test_github_down_is_no_verdict(desk, comment):
    desk.fail("GET", "/pulls", Failing(429, {}, {"Retry-After": "7200"}))
    done = comment()
    assert done.code == 3
    assert "wait 7,200 s" in done.err


# -- a file of one's own


@pytest.fixture
def gate_file(empty: Project) -> str:
    empty.write("reports/gate.json", gate_json(regression()))
    return "reports/gate.json"


def test_a_file_of_ones_own_on_a_pull_request_that_is_named(desk, comment, gate_file, monkeypatch):
    monkeypatch.delenv("GITHUB_EVENT_PATH")
    done = comment("--pull-request", "7", "--file", gate_file)
    assert (done.code, done.err) == (0, "")
    body = desk.comments[0]["body"]
    assert "own build" not in body
    assert body.splitlines()[-1] == MARKER
    assert "updated" not in comment("--pull-request", "7", "--file", gate_file).out
    assert len(desk.comments) == 1


def test_a_file_of_ones_own_in_a_pull_requests_workflow(desk, comment, gate_file):
    assert comment("--file", gate_file, event=pull_request_event()).out.startswith(
        "commented on #7"
    )
    desk.pulls = [pull(head=OLDER)]
    done = comment("--file", gate_file, event=pull_request_event())
    assert (done.code, done.out[:22]) == (0, "nothing to comment on:")
    done = comment("--file", gate_file)
    assert done.code == 2
    assert "not of a pull request" in done.err


def test_a_dry_run_of_a_file_needs_no_github(comment, gate_file, monkeypatch):
    for name in ("GITHUB_TOKEN", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(name)
    done = comment("--dry-run", "--file", gate_file)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == MARKER


def test_a_file_that_cannot_be_read(comment, empty):
    assert "cannot read none.json" in comment("--file", "none.json", "--dry-run").err
    empty.write("bad.json", "[]")
    done = comment("--file", "bad.json", "--dry-run")
    assert done.code == 2
    assert "bad.json is not what" in done.err


def test_every_example_is_a_comment(comment, empty):
    for name, results in every_gate().items():
        if not name.startswith("hostile"):
            empty.write("gate.json", gate_json(results))
            done = comment("--file", "gate.json", "--dry-run")
            assert done.code == 0, name
            assert done.out.splitlines()[-1] == MARKER


def test_a_key_of_the_builds_own_is_not_in_the_comment(desk, comment, empty, monkeypatch):
    key = "sk-planted-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    empty.write("gate.json", gate_json(regression(), reasons=[f"refused {key} and {TOKEN}"]))
    assert comment("--pull-request", "7", "--file", "gate.json").code == 0
    body = desk.comments[0]["body"]
    assert "[redacted]" in body
    assert key not in body
    assert TOKEN not in body


def test_what_the_gate_writes_is_what_the_comment_reads(desk, comment, empty):
    """From one end to the other: a gate's own folder, packed as it is."""
    for path, text in {
        "prompts/greet.yaml": PROMPT.format(version=1, system="Be brief.", change="First."),
        "evals/greet.yaml": SUITE,
        "evals/greet.jsonl": CASES,
    }.items():
        empty.write(path, text)
    empty.commit("Greet people")
    assert empty.run("gate", "--base", "HEAD", "--report-dir", "out").code == 0
    folder = empty.root / "out"
    desk.upload(zipped({each.name: each.read_bytes() for each in folder.iterdir()}))
    done = comment()
    assert (done.code, done.err) == (0, "")
    assert "greet" in desk.comments[0]["body"]


# -- what it leaves alone


def test_nothing_slow_is_imported(tmp_path, empty):
    empty.write("gate.json", gate_json(regression()))
    probe = (
        "import json, sys\n"
        "from promptops.cli.main import main\n"
        "code = main(['comment', '--dry-run', '--file', 'gate.json', '-o', 'out.md'])\n"
        "print(json.dumps([int(code), sorted({name.split('.')[0] for name in sys.modules})]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=empty.root
    )
    code, modules = json.loads(done.stdout)
    assert code == 0, done.stderr
    assert not set(modules) & {"litellm", "git", "numpy", "jinja2", "pydantic", "sqlite3"}
