"""One comment on a pull request, found again and written anew in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from promptops.github.api import GitHub, UnsureError

AUTHOR = "github-actions[bot]"
"""Who comments with the token that a workflow is given."""

LONGEST = 65_536
"""Characters that a comment holds."""

_TRIES = 3
_BOT = "[bot]"
_ORDER = "<!-- promptops:run {}.{} -->"


class User(msgspec.Struct, frozen=True):
    """Who wrote a comment."""

    login: str
    type: str = "User"


class Comment(msgspec.Struct, frozen=True):
    """A comment as GitHub has it."""

    id: int
    body: str | None = None
    user: User | None = None
    """None where the account is gone."""
    html_url: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Of two comments the one for the later run is right. Runs count up over all of GitHub."""

    run: int
    attempt: int

    def line(self) -> str:
        """A line that nobody sees, to stand above the marker."""
        return _ORDER.format(self.run, self.attempt)


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a comment."""

    what: Literal["created", "updated", "unchanged", "outdated"]
    """`outdated`: a later run has commented already, so nothing was written."""
    url: str
    removed: int = 0
    """Further comments of ours, which two runs at once had left."""


def put(
    github: GitHub, number: int, body: str, *, marker: str, author: str, order: Order | None
) -> Put:
    """Let `body` be the one comment on a pull request. It ends with `marker`.

    Ours are those that end with the marker and were written by `author`; anybody can write the
    marker. The oldest is kept, as it stands where the talk began and as every process chooses the
    same; further ones are removed.

    Raises:
        InputError: GitHub refuses it.
        NoVerdictError: GitHub cannot be asked.
    """
    attempt = 0
    while True:
        attempt += 1
        own = sorted(_own(github, number, marker, author), key=lambda each: each.id)
        if own:
            return _written(github, own, body, marker, order)
        try:
            made = github.send("POST", f"/issues/{number}/comments", {"body": body}, Comment)
        except UnsureError:
            if attempt == _TRIES:
                raise
            github.rest(attempt)  # it may be there: the list is asked again
        else:
            return Put("created", made.html_url)


def _written(
    github: GitHub, own: list[Comment], body: str, marker: str, order: Order | None
) -> Put:
    kept, *further = own
    if order is not None and any(_later(each, order, marker) for each in own):
        return Put("outdated", kept.html_url)
    for each in further:
        github.delete(f"/issues/comments/{each.id}")
    if _plain(kept.body) == _plain(body):
        return Put("unchanged", kept.html_url, len(further))
    done = github.send("PATCH", f"/issues/comments/{kept.id}", {"body": body}, Comment)
    return Put("updated", done.html_url, len(further))


def _own(github: GitHub, number: int, marker: str, author: str) -> Iterator[Comment]:
    for page in github.pages(f"/issues/{number}/comments", list[Comment]):
        for each in page:
            if _is_by(each.user, author) and _plain(each.body).endswith(marker):
                yield each


def _is_by(user: User | None, author: str) -> bool:
    if user is None or user.login.lower() != author.lower():
        return False
    return user.type == "Bot" or not author.lower().endswith(_BOT)


def _later(comment: Comment, order: Order, marker: str) -> bool:
    """Whether a comment of ours is of a later run. Only the very end of it is our own word."""
    pattern = re.escape(_ORDER).replace(r"\{\}", r"(\d{1,18})")
    found = re.search(rf"\n{pattern}\n{re.escape(marker)}\Z", _plain(comment.body))
    return found is not None and (int(found[1]), int(found[2])) > (order.run, order.attempt)


def _plain(body: str | None) -> str:
    """As GitHub gives it back: it may have turned line ends into CRLF."""
    return (body or "").replace("\r\n", "\n").rstrip()
