"""Events as GitHub writes them for a workflow, cut to what is around the fields that are read.

Everybody and everything in them is invented.
"""

from __future__ import annotations

from typing import Any

BASE = "6dcb09b5" * 5
HEAD = "e7a8c0de" * 5


def _user(login: str, id_: int, kind: str = "User") -> dict[str, Any]:
    return {
        "login": login,
        "id": id_,
        "node_id": "MDQ6VXNlcjE=",
        "url": f"https://api.github.com/users/{login}",
        "html_url": f"https://github.com/{login}",
        "type": kind,
        "site_admin": False,
    }


def _repository(owner: str = "ficta") -> dict[str, Any]:
    return {
        "id": 187_000_001,
        "name": "prompts",
        "full_name": f"{owner}/prompts",
        "private": False,
        "owner": _user(owner, 11, "Organization"),
        "html_url": f"https://github.com/{owner}/prompts",
        "fork": owner != "ficta",
        "default_branch": "main",
        "visibility": "public",
    }


def pull_request_event(
    *, base: str, head: str, branch: str = "main", fork: bool = False
) -> dict[str, Any]:
    """`pull_request`, action `synchronize`."""
    owner = "ana-ficta" if fork else "ficta"
    return {
        "action": "synchronize",
        "number": 42,
        "before": "0f" * 20,
        "after": head,
        "pull_request": {
            "url": "https://api.github.com/repos/ficta/prompts/pulls/42",
            "id": 1_900_000_042,
            "number": 42,
            "state": "open",
            "locked": False,
            "title": "Ask more briefly",
            "user": _user("ana-ficta", 12),
            "body": None,
            "draft": False,
            "merge_commit_sha": "9" * 40,
            "head": {
                "label": f"{owner}:topic",
                "ref": "topic",
                "sha": head,
                "user": _user(owner, 12),
                "repo": _repository(owner),
            },
            "base": {
                "label": f"ficta:{branch}",
                "ref": branch,
                "sha": base,
                "user": _user("ficta", 11, "Organization"),
                "repo": _repository(),
            },
            "author_association": "CONTRIBUTOR",
            "commits": 2,
            "changed_files": 1,
        },
        "repository": _repository(),
        "sender": _user("ana-ficta", 12),
    }


def merge_group_event(*, base: str, head: str) -> dict[str, Any]:
    """`merge_group`, action `checks_requested`."""
    return {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": head,
            "head_ref": f"refs/heads/gh-readonly-queue/main/pr-42-{base}",
            "base_sha": base,
            "base_ref": "refs/heads/main",
            "head_commit": {"id": head, "tree_id": "a" * 40, "message": "Merge pull request #42"},
        },
        "repository": _repository(),
        "sender": _user("github-merge-queue[bot]", 13, "Bot"),
    }


def push_event(*, before: str, after: str, ref: str = "refs/heads/main") -> dict[str, Any]:
    """`push`."""
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "base_ref": None,
        "created": not before.strip("0"),
        "deleted": False,
        "forced": False,
        "compare": f"https://github.com/ficta/prompts/compare/{before[:12]}...{after[:12]}",
        "commits": [{"id": after, "message": "Ask more briefly", "modified": ["prompts/a.yaml"]}],
        "head_commit": {"id": after, "message": "Ask more briefly"},
        "pusher": {"name": "ana-ficta", "email": "ana@ficta.example"},
        "repository": _repository(),
        "sender": _user("ana-ficta", 12),
    }


def schedule_event() -> dict[str, Any]:
    """`schedule`."""
    return {"schedule": "17 4 * * 1", "repository": _repository(), "workflow": "prompts.yml"}
