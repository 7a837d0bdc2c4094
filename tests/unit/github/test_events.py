"""The event of a workflow, as the runner lays it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptops.errors import InputError
from promptops.github.events import LONGEST, read_event, repository_of
from tests.functional.github_desk import (
    FORK,
    HEAD,
    HOME,
    RUN,
    pull_request_event,
    workflow_run_event,
)


def environ(tmp_path: Path, event: Any, **more: str) -> dict[str, str]:
    place = tmp_path / "event.json"
    place.write_bytes(event if isinstance(event, bytes) else json.dumps(event).encode())
    return {"GITHUB_EVENT_PATH": str(place), "GITHUB_REPOSITORY": HOME, **more}


@pytest.mark.parametrize("source", [HOME, FORK])
def test_a_finished_run_is_read(tmp_path, source):
    event = read_event(environ(tmp_path, workflow_run_event(source=source)))
    run = event.workflow_run
    assert run is not None
    assert (run.id, run.event, run.head_sha) == (RUN, "pull_request", HEAD)
    assert run.head_repository is not None
    assert run.head_repository.full_name == source
    assert run.head_repository.owner == source.split("/")[0]
    assert run.url == f"https://github.example/{HOME}/actions/runs/{RUN}"
    assert event.pull_request is None


def test_a_pull_request_is_read(tmp_path):
    event = read_event(environ(tmp_path, pull_request_event(source=FORK)))
    assert event.workflow_run is None
    assert event.pull_request is not None
    assert (event.pull_request.number, event.pull_request.head.sha) == (7, HEAD)


def test_a_fork_that_is_gone_is_read(tmp_path):
    payload = workflow_run_event(source=FORK)
    payload["workflow_run"]["head_repository"] = None
    run = read_event(environ(tmp_path, payload)).workflow_run
    assert run is not None
    assert run.head_repository is None


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (b"", "no event of GitHub's"),
        (b"\xff\xfe{}", "no event of GitHub's"),
        (b"[" * 100_000, "no event of GitHub's"),
        ({"action": "completed"}, "repository"),
        ({**workflow_run_event(), "repository": {"full_name": 7}}, "full_name"),
        (workflow_run_event(head="main"), "head_sha"),
        (workflow_run_event(head=HEAD + "\n"), "head_sha"),
        ({**workflow_run_event(), "repository": {"full_name": "other/one"}}, "is of other/one"),
    ],
)
def test_what_is_no_event_is_refused(tmp_path, event, said):
    with pytest.raises(InputError, match=said):
        read_event(environ(tmp_path, event))


def test_a_file_that_is_not_there_and_one_that_is_too_large_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_event({"GITHUB_EVENT_PATH": str(tmp_path / "none.json")})
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(LONGEST + 1)
    with pytest.raises(InputError, match="25 MB"):
        read_event({"GITHUB_EVENT_PATH": str(tmp_path / "large.json")})


def test_outside_of_a_workflow_it_is_said_what_to_do():
    with pytest.raises(InputError) as caught:
        read_event({})
    assert "--pull-request" in (caught.value.hint or "")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/) [x](y", "https://a b"])
def test_an_address_that_is_not_plain_is_none(tmp_path, url):
    payload = workflow_run_event()
    payload["workflow_run"]["html_url"] = url
    run = read_event(environ(tmp_path, payload)).workflow_run
    assert run is not None
    assert run.url == ""


@pytest.mark.parametrize(
    "name", ["", "assistant", "../..", "a/b/c", "a/b?x=1", "a/..", "a b/c", "a/b\n"]
)
def test_a_name_that_is_no_repository_is_refused(name):
    with pytest.raises(InputError, match="GITHUB_REPOSITORY"):
        repository_of({"GITHUB_REPOSITORY": name})


def test_the_event_names_the_repository(tmp_path):
    event = read_event(environ(tmp_path, workflow_run_event()))
    assert repository_of({}, event) == HOME
    assert repository_of({"GITHUB_REPOSITORY": "some.one/their_repo-2"}) == "some.one/their_repo-2"
