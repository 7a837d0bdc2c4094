"""One comment, found again and written anew in its place."""

from __future__ import annotations

import pytest

from promptops.errors import InputError, NoVerdictError
from promptops.github.api import GitHub
from promptops.github.comments import Order, Put, put
from tests.functional.github_desk import BOT, HOME, TOKEN, Desk, Failing, person

MARKER = "<!-- promptops:gate -->"
DOWN = Failing(502)


def body(text: str, order: Order | None = None) -> str:
    line = f"{order.line()}\n" if order else ""
    return f"{text}\n\n{line}{MARKER}"


def done(
    desk: Desk, text: str, order: Order | None = None, author: str = "github-actions[bot]"
) -> Put:
    with GitHub(HOME, token=TOKEN, url=desk.url, pause=lambda _: None) as github:
        return put(github, 7, body(text, order), marker=MARKER, author=author, order=order)


def bodies(desk: Desk) -> list[str]:
    return [each["body"] for each in desk.comments]


def test_the_first_is_created_and_later_ones_take_its_place(desk):
    desk.comment("Looks good to me", person("bo-example"))
    first = done(desk, "one")
    assert (first.what, first.url) == ("created", desk.comments[-1]["html_url"])
    assert done(desk, "two").what == "updated"
    assert bodies(desk) == ["Looks good to me", body("two")]
    assert desk.written == ["POST /issues/7/comments", "PATCH /issues/comments/1010"]


def test_the_same_again_writes_nothing(desk):
    desk.comment(body("one").replace("\n", "\r\n") + "\r\n")  # as GitHub may give it back
    assert done(desk, "one").what == "unchanged"
    assert desk.written == []


def test_the_comment_is_looked_for_on_every_page(desk):
    for number in range(7):
        desk.comment(f"talk {number}", person("bo-example"))
    desk.comment(body("one"))
    desk.page_size = 3
    assert done(desk, "two").what == "updated"
    assert len(desk.comments) == 8


@pytest.mark.parametrize(
    "user",
    [
        person("bo-example"),
        person("github-actions"),
        {**BOT, "type": "User"},
        {**BOT, "login": "other-app[bot]"},
    ],
)
def test_the_marker_of_somebody_else_is_left_alone(desk, user):
    """Who writes the marker into a comment of theirs does not get it overwritten, or believed."""
    desk.comment(body("mine"), user)
    assert done(desk, "one").what == "created"
    assert bodies(desk) == [body("mine"), body("one")]


def test_a_comment_whose_account_is_gone_is_left_alone(desk):
    desk.comment(body("mine"))
    desk.comments[0]["user"] = None
    assert done(desk, "one").what == "created"


def test_another_comment_of_the_same_bot_is_left_alone(desk):
    desk.comment("Coverage fell")
    desk.comment(f"> quoting {MARKER} in the middle\n\nand going on")
    assert done(desk, "one").what == "created"
    assert len(desk.comments) == 3


def test_the_author_may_be_a_person_or_another_app(desk):
    desk.comment(body("one"), person("Promptops-Ficta"))
    assert done(desk, "two", author="promptops-ficta").what == "updated"


def test_two_runs_at_once_end_in_one_comment(desk):
    desk.comment(body("one"))
    desk.comment(body("two"))
    desk.comment(body("three"))
    desk.fail("DELETE", "1020", Failing(404))  # the other run was faster
    assert done(desk, "four") == Put("updated", desk.comments[0]["html_url"], removed=2)
    assert bodies(desk)[0] == body("four")
    assert "DELETE /issues/comments/1010" in desk.written


@pytest.mark.parametrize(
    ("other", "what", "stays"),
    [
        (Order(8, 1), "created", "mine"),
        (Order(10, 1), "outdated", "theirs"),
        (Order(9, 2), "outdated", "theirs"),
        (Order(9, 1), "unchanged", "theirs"),  # the same run twice: the older comment stays
        (None, "created", "mine"),
    ],
)
def test_two_runs_that_both_found_no_comment_end_in_one(desk, other, what, stays):
    order = Order(9, 1)
    desk.comment(body("theirs", other))
    desk.fail("GET", "/comments", Failing(200, b"[]"))  # it came between the look and the writing
    done_ = done(desk, "mine", order)
    assert (done_.what, done_.removed) == (what, int(stays == "mine"))
    (there,) = desk.comments
    assert there["body"] == (body("mine", order) if stays == "mine" else body("theirs", other))
    assert done_.url == there["html_url"]


def test_neither_of_two_runs_removes_what_others_wrote(desk):
    desk.comment(body("mine", Order(99, 1)), person("mallory-ficta"))
    assert done(desk, "one", Order(9, 1)).what == "created"
    assert len(desk.comments) == 2


def test_a_lost_answer_does_not_make_two_comments(desk):
    desk.fail("POST", "/comments", Failing(502, after=True))
    assert done(desk, "one").what == "unchanged"
    assert bodies(desk) == [body("one")]


def test_a_creation_that_failed_is_tried_again_and_given_up(desk):
    desk.fail("POST", "/comments", DOWN)
    assert done(desk, "one").what == "created"
    desk.comments.clear()
    desk.fail("POST", "/comments", DOWN, DOWN, DOWN)
    with pytest.raises(NoVerdictError, match="502"):
        done(desk, "one")
    assert desk.comments == []


# -- the later run is right


@pytest.mark.parametrize(
    ("there", "now", "what"),
    [
        (Order(100, 1), Order(99, 3), "outdated"),
        (Order(100, 2), Order(100, 1), "outdated"),
        (Order(100, 1), Order(100, 1), "updated"),
        (Order(100, 1), Order(100, 2), "updated"),
        (Order(9, 1), Order(10, 1), "updated"),
        (None, Order(1, 1), "updated"),
    ],
)
def test_an_earlier_run_does_not_overwrite_a_later_one(desk, there, now, what):
    desk.comment(body("there", there))
    assert done(desk, "now", now).what == what
    assert (bodies(desk) == [body("there", there)]) == (what == "outdated")


def test_only_the_end_of_a_comment_is_our_own_word(desk):
    desk.comment(body(f"said: {Order(10**9, 1).line()}\n{MARKER}\nmore", Order(1, 1)))
    assert done(desk, "now", Order(2, 1)).what == "updated"


def test_a_refused_comment_says_why(desk):
    with pytest.raises(InputError, match="Validation Failed"):
        done(desk, "x" * 70_000)
    said = {"message": "Unable to create comment because issue is locked."}
    desk.fail("POST", "/comments", Failing(403, said))
    with pytest.raises(InputError, match="issue is locked"):
        done(desk, "one")
