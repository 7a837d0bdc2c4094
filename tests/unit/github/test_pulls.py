"""Which pull request a run was made for, by GitHub's word alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from promptops.errors import InputError, NoVerdictError
from promptops.github.api import GitHub
from promptops.github.events import WorkflowRun
from promptops.github.pulls import Superseded, pull_of_run
from promptops.github.pulls import pull as pull_by_number
from tests.functional.github_desk import (
    FORK,
    HEAD,
    HOME,
    OLDER,
    TOKEN,
    Desk,
    pull,
    workflow_run_event,
)


def run_of(**fields: Any) -> WorkflowRun:
    return msgspec.convert(workflow_run_event(**fields)["workflow_run"], WorkflowRun)


def found(desk: Desk, run: WorkflowRun) -> Any:
    with GitHub(HOME, token=TOKEN, url=desk.url, pause=lambda _: None) as github:
        got = pull_of_run(github, run)
    return got.why if isinstance(got, Superseded) else got.number


@pytest.mark.parametrize("source", [HOME, FORK])
def test_it_is_the_open_one_with_this_head(desk, source):
    desk.pulls = [
        pull(3, source=source, head=OLDER, state="closed"),
        pull(5, source="mallory-ficta/assistant"),  # the same commit and branch in another fork
        pull(6, source=source, branch="other", head=HEAD),
        pull(7, source=source),
    ]
    assert found(desk, run_of(source=source)) == 7
    assert len(desk.asked) == 1


def test_the_number_in_the_event_is_not_believed(desk):
    """The list in the event is of the branch as it was when it was made."""
    desk.pulls = [pull(7, branch="other"), pull(8)]
    assert found(desk, run_of()) == 8


def test_a_head_that_moved_on(desk):
    desk.pulls = [pull(7, head=OLDER)]
    assert found(desk, run_of()) == "#7 has moved on from 3f1e3f1 to 77aa77a"


def test_a_request_that_was_closed_meanwhile(desk):
    desk.pulls = [pull(7, state="closed")]
    assert found(desk, run_of()) == "no open pull request has the head 3f1e3f1"


def test_a_request_into_another_repository(desk):
    desk.pulls = [pull(7, source=FORK, target="elsewhere/assistant")]
    assert "no open pull request" in found(desk, run_of(source=FORK))


def test_two_requests_with_one_head_are_told_apart_by_nobody(desk):
    desk.pulls = [pull(8), pull(7)]
    with pytest.raises(NoVerdictError, match="#7, #8 have the same head") as caught:
        found(desk, run_of())
    assert "--pull-request" in (caught.value.hint or "")


def test_a_fork_that_is_gone_is_found_by_the_commit(desk):
    run = msgspec.structs.replace(run_of(source=FORK), head_repository=None)
    gone = pull(7, source=FORK)
    gone["head"]["repo"] = None
    desk.by_commit = [pull(3, head=OLDER, branch="other"), gone]
    assert found(desk, run) == 7


def test_a_fork_that_is_gone_is_not_taken_for_another(desk):
    """Whoever pushes the same commit to a branch of the same name, and removes the fork."""
    run = msgspec.structs.replace(run_of(source=FORK), head_repository=None)
    desk.by_commit = [pull(7, source="ada-ficta/assistant"), pull(8)]
    assert "no open pull request" in found(desk, run)


def test_a_branch_of_any_name_is_asked_for_as_it_is(desk):
    branch = "a&state=all #1%2f..?per_page=1"
    desk.pulls = [pull(7, branch=branch)]
    assert found(desk, run_of(branch=branch)) == 7
    (asked,) = desk.asked
    assert asked.query == {
        "state": "open",
        "head": f"example-shop:{branch}",
        "per_page": "100",
    }


def test_a_number_that_is_none(desk):
    with GitHub(HOME, token=TOKEN, url=desk.url) as github:
        with pytest.raises(InputError, match="numbers begin with 1"):
            pull_by_number(github, 0)
        with pytest.raises(InputError, match="no such thing"):
            pull_by_number(github, 99)
