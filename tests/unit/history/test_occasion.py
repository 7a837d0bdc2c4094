"""What build services say of the change that a process runs for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptops.errors import InputError
from promptops.history.occasion import Occasion, build_url, occasion
from promptops.history.pull_request import Target
from tests.github_events import (
    BASE,
    HEAD,
    merge_group_event,
    pull_request_event,
    push_event,
    schedule_event,
)

NAME = "GITHUB_EVENT_PATH"


def told(tmp_path: Path, event: Any) -> Occasion | None:
    place = tmp_path / "event.json"
    place.write_text(json.dumps(event), encoding="utf-8")
    return occasion({"GITHUB_ACTIONS": "true", NAME: str(place)})


def test_a_pull_request_names_target_and_head(tmp_path: Path) -> None:
    found = told(tmp_path, pull_request_event(base=BASE, head=HEAD))
    assert found == Occasion("request", Target("main", "", NAME, BASE), HEAD, "main")


def test_a_merge_queue_names_what_comes_before(tmp_path: Path) -> None:
    found = told(tmp_path, merge_group_event(base=BASE, head=HEAD))
    assert found == Occasion("queue", Target("main", BASE, NAME), HEAD, "main")


def test_a_push_names_what_was_there(tmp_path: Path) -> None:
    found = told(tmp_path, push_event(before=BASE, after=HEAD))
    assert found == Occasion("push", Target("main", BASE, NAME), default="main")
    found = told(tmp_path, push_event(before="0" * 40, after=HEAD, ref="refs/heads/topic"))
    assert found == Occasion("push", Target("topic", "", NAME), default="main", created=True)


def test_a_timer_names_the_default_branch(tmp_path: Path) -> None:
    found = told(tmp_path, schedule_event())
    assert found == Occasion("other", Target("main", "", NAME), default="main")


@pytest.mark.parametrize("event", [{}, [], 3, {"pull_request": None}, {"merge_group": [1]}])
def test_an_event_of_another_shape_names_nothing(tmp_path: Path, event: Any) -> None:
    found = told(tmp_path, event)
    assert found is None or (found.target.branch, found.target.base, found.head) == ("", "", "")


@pytest.mark.parametrize("text", ["{", "\udcff", "[" * 100_000])
def test_an_event_that_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    place = tmp_path / "event.json"
    place.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match="cannot be read as an event") as caught:
        occasion({"GITHUB_ACTIONS": "true", NAME: str(place)})
    assert caught.value.hint is not None
    assert "--base" in caught.value.hint


def test_a_huge_event_is_refused_unread(tmp_path: Path) -> None:
    place = tmp_path / "event.json"
    with place.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    with pytest.raises(InputError, match="larger than 32 MB"):
        occasion({"GITHUB_ACTIONS": "true", NAME: str(place)})


def test_without_its_event_github_names_the_branch_alone(tmp_path: Path) -> None:
    environ = {"GITHUB_ACTIONS": "true", NAME: str(tmp_path / "none"), "GITHUB_BASE_REF": "main"}
    assert occasion(environ) == Occasion("request", Target("main", "", "GITHUB_BASE_REF"))


def test_gitlab_s_merged_result_is_held_against_what_was_merged() -> None:
    environ = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "a" * 40,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": BASE,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD,
    }
    variable = "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    assert occasion(environ) == Occasion("request", Target("main", "", variable, BASE), HEAD)


def test_pushes_of_gitlab_and_jenkins() -> None:
    gitlab = {
        "CI_COMMIT_BEFORE_SHA": BASE,
        "CI_COMMIT_BRANCH": "topic",
        "CI_DEFAULT_BRANCH": "main",
    }
    expected = Target("topic", BASE, "CI_COMMIT_BEFORE_SHA")
    assert occasion(gitlab) == Occasion("push", expected, default="main")
    timed = gitlab | {"CI_COMMIT_BEFORE_SHA": "0" * 40}
    assert occasion(timed) == Occasion("other", Target("main", "", "CI_DEFAULT_BRANCH"))
    jenkins = {"GIT_PREVIOUS_SUCCESSFUL_COMMIT": BASE, "BRANCH_NAME": "main"}
    before = Target("main", BASE, "GIT_PREVIOUS_SUCCESSFUL_COMMIT")
    assert occasion(jenkins) == Occasion("push", before)


def test_at_a_desk_there_is_none() -> None:
    assert occasion({"HOME": "/home/ida"}) is None


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        (
            {
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "ficta/prompts",
                "GITHUB_RUN_ID": "7",
            },
            "https://github.com/ficta/prompts/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://gitlab.example/jobs/7"}, "https://gitlab.example/jobs/7"),
        ({"BUILD_URL": "https://ci.example/7/"}, "https://ci.example/7/"),
        ({}, ""),
    ],
)
def test_where_the_build_can_be_looked_at(environ: dict[str, str], url: str) -> None:
    assert build_url(environ) == url
