"""Whether this process runs for a pull request, and what that request would be merged into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_BRANCHES = (
    ("GITHUB_BASE_REF", "GitHub"),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "GitLab"),
    ("CHANGE_TARGET", "Jenkins"),
    ("BITBUCKET_PR_DESTINATION_BRANCH", "Bitbucket"),
    ("SYSTEM_PULLREQUEST_TARGETBRANCH", "Azure"),
    ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "Buildkite"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a pull request would be merged into."""

    branch: str
    """Its plain name, without `refs/heads/`."""
    base: str
    """The commit at which the two parted, where the service tells it; else ""."""
    variable: str
    """The variable that said so, for messages."""
    tip: str = ""
    """The commit of the target that was merged for this build, where the service tells it."""


def target(environ: Mapping[str, str]) -> Target | None:
    """The target of the pull request that this process runs for, or None outside of one."""
    base = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    for variable, service in _BRANCHES:
        branch = environ.get(variable, "").removeprefix("refs/heads/")
        if branch and branch != "false":
            if service != "GitLab":
                return Target(branch, "", variable)
            # Set where GitLab merged both sides itself: the target has moved since they parted.
            tip = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "")
            return Target(branch, "" if tip else base, variable, tip)
    return Target("", base, "CI_MERGE_REQUEST_DIFF_BASE_SHA") if base else None
