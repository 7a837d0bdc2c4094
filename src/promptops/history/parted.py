"""Where a branch left the one that it is to be merged into."""

from __future__ import annotations

from promptops.errors import HistoryError
from promptops.history.pull_request import Target
from promptops.history.repository import Repository

DEEPEN = "git fetch --unshallow (GitHub: fetch-depth: 0 at actions/checkout; GitLab: GIT_DEPTH: 0)"
NAME_ONE = "name another version with --against"


def parted(repository: Repository, head: str, merging: Target) -> tuple[str, str]:
    """The commit where the pull request left its target, and the target's name for a person.

    Raises:
        HistoryError: the clone does not hold it.
    """
    branch = merging.branch
    known = repository.lookup(merging.base) if merging.base else None
    if known is not None:
        return known, branch or "the target branch"
    refs = [merging.tip] if merging.tip else []
    refs += [f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"] if branch else []
    tip = next((found for ref in refs if (found := repository.lookup(ref))), None)
    if tip is None:
        raise HistoryError(
            f"{branch or merging.base!r}, which this pull request is for ({merging.variable}), "
            "is not in this clone",
            hint=f"{DEEPEN}, or git fetch origin {branch or merging.base}",
        )
    return merge_base(repository, head, tip, branch, NAME_ONE), branch


def merge_base(repository: Repository, head: str, tip: str, name: str, otherwise: str) -> str:
    """The commit where `head` and `tip` (full hashes) parted; `name` is what people call the tip.

    Raises:
        HistoryError: there is none here; `otherwise` says what to do where there is none at all.
    """
    commit = repository.merge_base(head, tip)
    if commit is None and repository.is_shallow:
        raise HistoryError(
            f"the clone is too shallow to hold the merge base with {name!r}", hint=DEEPEN
        )
    if commit is None:
        raise HistoryError(f"this branch and {name!r} have no common commit", hint=otherwise)
    return commit
