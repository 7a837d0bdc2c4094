"""Where a change begins: on GitHub, elsewhere, at a desk; in whole clones and in shallow ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptops.errors import HistoryError
from promptops.history.parting import Parting, parting
from promptops.history.repository import Repository
from tests.git_sandbox import Sandbox, prompt_text
from tests.github_events import merge_group_event, pull_request_event, push_event, schedule_event

A, B = "prompts/a.yaml", "prompts/b.yaml"


def ask(root: Path, environ: Mapping[str, str] | None = None, wanted: str | None = None) -> Parting:
    repository = Repository.find(root)
    assert repository is not None
    with repository:
        return parting(repository, wanted, environ or {})


@pytest.fixture
def origin(tmp_path: Path) -> Sandbox:
    """`main` moved on after `topic` left it."""
    sandbox = Sandbox(tmp_path / "origin")
    sandbox.commit("one", {A: prompt_text(1)})
    sandbox.git("checkout", "--quiet", "-b", "topic")
    sandbox.commit("two", {A: prompt_text(2, "Say the city: {{ message }}")})
    sandbox.git("checkout", "--quiet", "main")
    sandbox.commit("elsewhere", {B: prompt_text(1)})
    return sandbox


def revision(sandbox: Sandbox, name: str) -> str:
    return sandbox.git("rev-parse", name)


def clone(origin: Sandbox, to: Path, ref: str, *, depth: int = 0) -> Sandbox:
    """As `actions/checkout` does it: a detached HEAD, and branches of the remote if any."""
    made = Sandbox(to)
    made.git("remote", "add", "origin", f"file://{origin.root}")
    refs = [f"+{ref}:refs/remotes/pull/42/merge"]
    if not depth:
        refs.append("+refs/heads/*:refs/remotes/origin/*")
    shallow = [f"--depth={depth}"] if depth else []
    made.git("fetch", "--quiet", "--no-tags", *shallow, "origin", *refs)
    made.git("checkout", "--quiet", "--force", "refs/remotes/pull/42/merge")
    return made


def event(tmp_path: Path, payload: dict[str, Any]) -> dict[str, str]:
    place = tmp_path / "event.json"
    place.write_text(json.dumps(payload), encoding="utf-8")
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(place)}


@pytest.fixture
def merged(origin: Sandbox) -> str:
    """The merge that GitHub makes for a pull request, below `refs/pull/42/merge`."""
    origin.git("checkout", "--quiet", "--detach", "main")
    commit = origin.merge("topic")
    origin.git("update-ref", "refs/pull/42/merge", commit)
    origin.git("checkout", "--quiet", "main")
    return commit


@pytest.mark.parametrize("depth", [0, 2])
def test_github_s_merge_is_held_against_what_it_merged_into(
    origin: Sandbox, merged: str, tmp_path: Path, depth: int
) -> None:
    """The event's own base may be older than that: the target has moved since."""
    here = clone(origin, tmp_path / "here", "refs/pull/42/merge", depth=depth)
    assert here.head == merged
    stale, head = revision(origin, "main~1"), revision(origin, "topic")
    found = ask(here.root, event(tmp_path, pull_request_event(base=stale, head=head)))
    assert found.commit == revision(origin, "main")
    assert (found.how, found.head) == ("what it would be merged into: main", head)


def test_one_commit_of_github_s_merge_is_not_enough(
    origin: Sandbox, merged: str, tmp_path: Path
) -> None:
    here = clone(origin, tmp_path / "here", "refs/pull/42/merge", depth=1)
    assert here.head == merged
    environ = event(
        tmp_path, pull_request_event(base=revision(origin, "main"), head=revision(origin, "topic"))
    )
    with pytest.raises(HistoryError, match="does not hold the commit of main") as caught:
        ask(here.root, environ)
    assert "fetch-depth: 0" in str(caught.value)


def test_a_head_that_is_checked_out_itself_is_held_against_the_merge_base(
    origin: Sandbox, tmp_path: Path
) -> None:
    here = clone(origin, tmp_path / "here", "refs/heads/topic")
    environ = event(
        tmp_path, pull_request_event(base=revision(origin, "main"), head=here.head, fork=True)
    )
    found = ask(here.root, environ)
    assert found == Parting(revision(origin, "main~1"), "the merge base with main", here.head)


def test_a_shallow_head_says_how_to_mend_it(origin: Sandbox, tmp_path: Path) -> None:
    here = clone(origin, tmp_path / "here", "refs/heads/topic", depth=1)
    environ = event(tmp_path, pull_request_event(base=revision(origin, "main"), head=here.head))
    with pytest.raises(HistoryError, match=r"'main'.* is not in this clone") as caught:
        ask(here.root, environ)
    assert "fetch-depth: 0" in str(caught.value)


def test_the_target_in_place_of_the_request_is_refused(origin: Sandbox, tmp_path: Path) -> None:
    """`pull_request_target` checks it out: nothing would differ, and anything would pass."""
    here = clone(origin, tmp_path / "here", "refs/heads/main")
    head = revision(origin, "topic")
    environ = event(tmp_path, pull_request_event(base=here.head, head=head))
    with pytest.raises(HistoryError, match="is not the pull request's commit") as caught:
        ask(here.root, environ)
    assert "pull_request_target" in str(caught.value)


def test_a_commit_on_top_of_the_request_is_still_the_request(
    origin: Sandbox, tmp_path: Path
) -> None:
    here = clone(origin, tmp_path / "here", "refs/heads/topic")
    head = here.head
    here.commit("made by the build", {"made.txt": "x"})
    environ = event(tmp_path, pull_request_event(base=revision(origin, "main"), head=head))
    found = ask(here.root, environ)
    assert (found.commit, found.head) == (revision(origin, "main~1"), head)


def test_a_merge_queue_is_held_against_the_group_before(origin: Sandbox, tmp_path: Path) -> None:
    origin.git("checkout", "--quiet", "topic")
    before, head = revision(origin, "topic~1"), origin.head
    environ = event(tmp_path, merge_group_event(base=before, head=head))
    assert ask(origin.root, environ) == Parting(before, "what it would be merged into: main", head)


def test_a_push_is_held_against_what_was_there(origin: Sandbox, tmp_path: Path) -> None:
    before = revision(origin, "main~1")
    environ = event(tmp_path, push_event(before=before, after=origin.head))
    found = ask(origin.root, environ)
    assert found == Parting(before, "what was there before this push", origin.head)


def test_the_first_push_of_all_makes_everything_new(origin: Sandbox, tmp_path: Path) -> None:
    environ = event(tmp_path, push_event(before="0" * 40, after=origin.head))
    found = ask(origin.root, environ)
    assert (found.commit, found.head) == (None, origin.head)
    assert "everything is new" in found.how


def test_the_first_push_of_a_branch_is_held_against_the_default_one(
    origin: Sandbox, tmp_path: Path
) -> None:
    origin.git("checkout", "--quiet", "topic")
    payload = push_event(before="0" * 40, after=origin.head, ref="refs/heads/topic")
    found = ask(origin.root, event(tmp_path, payload))
    assert (found.commit, found.how) == (revision(origin, "main~1"), "the merge base with main")


def test_a_forced_push_of_a_branch_is_held_against_the_default_one(
    origin: Sandbox, tmp_path: Path
) -> None:
    origin.git("checkout", "--quiet", "topic")
    payload = push_event(before="dead" * 10, after=origin.head, ref="refs/heads/topic")
    assert ask(origin.root, event(tmp_path, payload)).commit == revision(origin, "main~1")


def test_a_forced_push_of_the_default_branch_has_to_be_told(
    origin: Sandbox, tmp_path: Path
) -> None:
    environ = event(tmp_path, push_event(before="dead" * 10, after=origin.head))
    with pytest.raises(HistoryError, match="was there before") as caught:
        ask(origin.root, environ)
    assert caught.value.hint is not None
    assert "--base" in caught.value.hint


def test_a_timer_finds_nothing_beyond_the_default_branch(origin: Sandbox, tmp_path: Path) -> None:
    found = ask(origin.root, event(tmp_path, schedule_event()))
    assert found.commit == found.head == origin.head


def test_gitlab_s_merged_result(origin: Sandbox, merged: str) -> None:
    origin.git("checkout", "--quiet", merged)
    environ = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": revision(origin, "main~1"),
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": revision(origin, "main"),
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": revision(origin, "topic"),
    }
    found = ask(origin.root, environ)
    assert (found.commit, found.head) == (revision(origin, "main"), revision(origin, "topic"))


def test_gitlab_s_own_base_is_taken_as_given(origin: Sandbox) -> None:
    origin.git("checkout", "--quiet", "topic")
    environ = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": revision(origin, "topic~1"),
    }
    assert ask(origin.root, environ).commit == revision(origin, "topic~1")


@pytest.mark.parametrize("variable", ["CHANGE_TARGET", "BITBUCKET_PR_DESTINATION_BRANCH"])
def test_other_services_name_the_branch(origin: Sandbox, variable: str) -> None:
    origin.git("checkout", "--quiet", "topic")
    found = ask(origin.root, {variable: "main"})
    assert (found.commit, found.how) == (revision(origin, "main~1"), "the merge base with main")


def test_at_a_desk_the_remote_s_default_branch_goes_first(origin: Sandbox) -> None:
    origin.git("checkout", "--quiet", "topic")
    assert ask(origin.root).commit == revision(origin, "main~1")
    origin.git("update-ref", "refs/remotes/origin/trunk", "topic")
    origin.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    found = ask(origin.root)
    assert (found.commit, found.how) == (origin.head, "the merge base with origin/HEAD")


def test_what_is_asked_for_goes_before_everything(origin: Sandbox) -> None:
    origin.git("checkout", "--quiet", "topic")
    found = ask(origin.root, {"GITHUB_BASE_REF": "absent"}, "main")
    assert (found.commit, found.how) == (revision(origin, "main~1"), "the merge base with main")
    with pytest.raises(HistoryError, match="there is no revision 'absent'"):
        ask(origin.root, wanted="absent")


def test_where_nothing_says_it_has_to_be_told(origin: Sandbox) -> None:
    origin.git("checkout", "--quiet", "topic")
    origin.git("branch", "--quiet", "-D", "main")
    with pytest.raises(HistoryError, match="nothing says what") as caught:
        ask(origin.root)
    assert caught.value.hint is not None
    assert "--base REV" in caught.value.hint


def test_branches_without_a_common_commit_have_to_be_told(origin: Sandbox) -> None:
    origin.git("checkout", "--quiet", "--orphan", "island")
    origin.commit("island")
    with pytest.raises(HistoryError, match="no common commit") as caught:
        ask(origin.root)
    assert caught.value.hint is not None
    assert "--base REV" in caught.value.hint


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "empty")
    found = ask(sandbox.root)
    assert (found.commit, found.head) == (None, None)
    with pytest.raises(HistoryError, match="there is no revision"):
        ask(sandbox.root, wanted="main")
