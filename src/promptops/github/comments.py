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


@dataclass(frozen=True, slots=True, order=True)
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

    what: Literal["created", "updated", "unchanged", "outdated", "none"]
    """`outdated`: a later run has commented already, so nothing was written. `none`: there was no
    comment, and none was wanted."""
    url: str
    removed: int = 0
    """Further comments of ours, which two runs at once had left."""


def put(
    github: GitHub,
    number: int,
    body: str,
    *,
    marker: str,
    author: str,
    order: Order | None,
    create: bool = True,
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
        if not create:
            return Put("none", "")
        try:
            made = github.send("POST", f"/issues/{number}/comments", {"body": body}, Comment)
        except UnsureError:
            if attempt == _TRIES:
                raise
            github.rest(attempt)  # it may be there: the list is asked again
        else:
            now = _own(github, number, marker, author)
            return _alone(github, made, now, marker, order)


def _alone(
    github: GitHub, made: Comment, now: Iterator[Comment], marker: str, order: Order | None
) -> Put:
    """Of two runs that found no comment and both made one, the later one's stays.

    Each of the two comes to the same, whichever of them looks first, and removing is done once.
    """
    if order is None:
        return Put("created", made.html_url)
    own = [made, *(each for each in now if each.id != made.id)]
    orders = {each.id: _order_of(each, marker) or Order(0, 0) for each in own} | {made.id: order}
    stays = max(own, key=lambda each: (orders[each.id], -each.id))
    gone = [each for each in own if each.id != stays.id]
    for each in gone:
        github.delete(f"/issues/comments/{each.id}")
    if stays.id == made.id:
        return Put("created", made.html_url, len(gone))
    what: Literal["outdated", "unchanged"] = "outdated" if orders[stays.id] > order else "unchanged"
    return Put(what, stays.html_url, len(gone) - 1)


def _written(
    github: GitHub, own: list[Comment], body: str, marker: str, order: Order | None
) -> Put:
    kept, *further = own
    there = [found for each in own if (found := _order_of(each, marker))]
    if order is not None and max(there, default=order) > order:
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


def _order_of(comment: Comment, marker: str) -> Order | None:
    """Of which run a comment of ours is. Only the very end of it is our own word."""
    pattern = re.escape(_ORDER).replace(r"\{\}", r"([0-9]{1,18})")
    found = re.search(rf"\n{pattern}\n{re.escape(marker)}\Z", _plain(comment.body))
    return Order(int(found[1]), int(found[2])) if found else None


def _plain(body: str | None) -> str:
    """As GitHub gives it back: it may have turned line ends into CRLF."""
    return (body or "").replace("\r\n", "\n").rstrip()
