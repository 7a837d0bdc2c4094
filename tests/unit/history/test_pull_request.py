"""What the services say of a pull request."""

import pytest

from promptops.history.pull_request import Target, target


@pytest.mark.parametrize(
    ("variable", "value", "branch"),
    [
        ("GITHUB_BASE_REF", "main", "main"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1", "release/1"),
        ("CHANGE_TARGET", "main", "main"),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "develop", "develop"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main", "main"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main", "main"),
    ],
)
def test_each_service_names_the_target(variable: str, value: str, branch: str) -> None:
    assert target({variable: value}) == Target(branch, "", variable)


def test_gitlab_names_the_base_outright() -> None:
    environ = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "a" * 40,
    }
    found = target(environ)
    assert found is not None
    assert (found.branch, found.base) == ("main", "a" * 40)
    del environ["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]
    found = target(environ)
    assert found is not None
    assert (found.branch, found.base) == ("", "a" * 40)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"GITHUB_BASE_REF": "", "GITHUB_EVENT_NAME": "push"},
        {"BUILDKITE_PULL_REQUEST_BASE_BRANCH": ""},
        {"GITHUB_REF": "refs/heads/main", "CI": "true"},
    ],
)
def test_outside_of_a_pull_request_there_is_none(environ: dict[str, str]) -> None:
    assert target(environ) is None
