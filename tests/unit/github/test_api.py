"""The interface, against a server that fails as GitHub does."""

from __future__ import annotations

import io
from typing import Any

import pytest

from promptops.errors import InputError, NoVerdictError
from promptops.github import api as api_module
from promptops.github.api import GitHub, UnsureError
from tests.functional.github_desk import FORK, HOME, TOKEN, Desk, Failing, pull

DOWN = Failing(502, b"<html>Bad gateway</html>")


class Pauses(list[float]):
    """Waits that were asked for, and not taken."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(desk: Desk, pauses: Pauses | None = None, token: str = TOKEN) -> GitHub:
    return GitHub(HOME, token=token, url=desk.url, pause=Pauses() if pauses is None else pauses)


def test_one_thing_is_read_with_the_token_and_a_version(desk):
    with client(desk) as github:
        assert github.get("/pulls/7", dict[str, Any])["number"] == 7
    (asked,) = desk.asked
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["user-agent"].startswith("promptops/")


def test_every_page_is_read(desk):
    desk.pulls = [pull(number) for number in range(1, 8)]
    desk.page_size = 3
    with client(desk) as github:
        pages = list(github.pages("/pulls", list[dict[str, Any]], state="open"))
    assert [each["number"] for page in pages for each in page] == list(range(1, 8))
    assert [each.query.get("page") for each in desk.asked] == [None, "2", "3"]
    assert all(each.query["state"] == "open" for each in desk.asked)


def test_a_next_page_on_another_host_is_not_asked(desk):
    desk.pulls = [pull(number) for number in range(1, 8)]
    desk.page_size = 3
    desk.next_page_at = desk.store_url
    with client(desk) as github, pytest.raises(NoVerdictError, match="another host"):
        list(github.pages("/pulls", list[dict[str, Any]]))
    assert desk.asked_of_store == []


def test_a_list_without_end_is_left(desk, monkeypatch):
    monkeypatch.setattr(api_module, "_MOST_PAGES", 2)
    desk.pulls = [pull(number) for number in range(1, 8)]
    desk.page_size = 2
    with client(desk) as github, pytest.raises(NoVerdictError, match="more than 2 pages"):
        list(github.pages("/pulls", list[dict[str, Any]]))


def test_reads_and_changes_are_made_again_while_github_is_down(desk):
    number = desk.comment("old")
    desk.fail("GET", "/pulls/7", DOWN, DOWN)
    desk.fail("PATCH", "/comments", DOWN)
    desk.fail("DELETE", "/comments", Failing(503, after=True))
    pauses = Pauses()
    with client(desk, pauses) as github:
        assert github.get("/pulls/7", dict[str, Any])["number"] == 7
        github.send("PATCH", f"/issues/comments/{number}", {"body": "new"}, dict[str, Any])
        github.delete(f"/issues/comments/{number}")  # done the first time: gone the second
    assert desk.comments == []
    assert len(pauses) == 4
    assert 0.5 <= pauses[0] <= 1.0 <= pauses[1] <= 2.0


def test_it_is_given_up_after_a_while(desk):
    desk.fail("GET", "/pulls/7", *[DOWN] * 20)
    pauses = Pauses()
    with client(desk, pauses) as github, pytest.raises(NoVerdictError) as caught:
        github.get("/pulls/7", dict[str, Any])
    assert "GitHub answers 502" in caught.value.message
    assert len(desk.asked) == 6
    assert sum(pauses) < api_module.PATIENCE_SECONDS


def test_what_creates_is_not_made_again_when_nobody_knows(desk):
    desk.fail("POST", "/comments", DOWN)
    with client(desk) as github, pytest.raises(UnsureError):
        github.send("POST", "/issues/7/comments", {"body": "x"}, dict[str, Any])
    assert len(desk.asked) == 1


def test_what_was_turned_away_for_its_rate_is_made_again(desk):
    limited = Failing(
        403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "17"}
    )
    desk.fail("POST", "/comments", limited)
    pauses = Pauses()
    with client(desk, pauses) as github:
        github.send("POST", "/issues/7/comments", {"body": "x"}, dict[str, Any])
    assert pauses == [17.0]
    assert len(desk.comments) == 1


def test_a_wait_that_is_too_long_is_not_taken(desk):
    desk.fail("GET", "/pulls/7", Failing(429, {}, {"Retry-After": "3600"}))
    pauses = Pauses()
    with client(desk, pauses) as github, pytest.raises(NoVerdictError, match="wait 3,600 s"):
        github.get("/pulls/7", dict[str, Any])
    assert pauses == []


def test_nobody_at_the_other_end(desk):
    with Desk() as gone:
        url = gone.url
    pauses = Pauses()
    github = GitHub(HOME, token=TOKEN, url=url, pause=pauses)
    with github, pytest.raises(NoVerdictError, match="cannot be reached"):
        github.get("/pulls/7", dict[str, Any])
    assert len(pauses) == 5


def test_another_answer_than_documented(desk):
    desk.fail("GET", "/pulls/7", Failing(200, b"<html>hello</html>"))
    with client(desk) as github, pytest.raises(NoVerdictError, match="something else"):
        github.get("/pulls/7", dict[str, Any])


def test_an_endless_answer_is_cut(desk, monkeypatch):
    monkeypatch.setattr(api_module, "_LONGEST_ANSWER", 1_000)
    desk.fail("GET", "/pulls/7", Failing(200, b"[" + b" " * 5_000 + b"]"))
    with client(desk) as github, pytest.raises(InputError, match="larger than 1,000 bytes"):
        github.get("/pulls/7", dict[str, Any])


def test_a_wrong_token_is_told_and_never_shown(desk):
    with (
        client(desk, token="ghs_wrong0wrong0wrong0") as github,
        pytest.raises(InputError) as caught,
    ):
        github.get("/pulls/7", dict[str, Any])
    assert "token" in str(caught.value)
    assert "wrong0" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "two words", "a\nb: c", "schlüssel"])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(InputError, match="GITHUB_TOKEN") as caught:
        GitHub(HOME, token=token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "ftp://a.example",
        "api.github.com",
        "https://me:pw@a.example",
        "https://",
        "http://[::",
    ],
)
def test_a_token_goes_over_https_alone(url):
    with pytest.raises(InputError, match="GITHUB_API_URL") as caught:
        GitHub(HOME, token=TOKEN, url=url)
    assert TOKEN not in str(caught.value)


# -- downloads


def download(desk: Desk, most: int = 1_000, pauses: Pauses | None = None) -> bytes:
    into = io.BytesIO()
    with client(desk, pauses) as github:
        github.download("/actions/artifacts/600/zip", into, most)
    return into.getvalue()


def test_a_download_goes_where_it_is_sent_without_the_token(desk):
    desk.upload(b"packed")
    assert download(desk) == b"packed"
    (asked,) = desk.asked_of_store
    assert "authorization" not in asked.headers
    assert TOKEN not in repr(asked)


def test_a_download_that_breaks_off_is_begun_anew_with_a_new_address(desk):
    desk.upload(b"packed")
    desk.fail_store(Failing(200, b"pac", cut=True), Failing(503))
    pauses = Pauses()
    assert download(desk, pauses=pauses) == b"packed"
    assert len(pauses) == 2
    assert len(desk.asked) == 3


def test_a_download_within_its_limit_and_beyond(desk):
    desk.upload(b"x" * 1_000)
    desk.upload(b"x" * 1_001)
    assert len(download(desk)) == 1_000
    with client(desk) as github, pytest.raises(InputError, match="larger than 1,000 bytes"):
        github.download("/actions/artifacts/601/zip", io.BytesIO(), 1_000)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("http://169.254.169.254/latest/meta-data", "https://"),
        ("file:///etc/passwd", "https://"),
        ("http://[::", "cannot be reached"),
        ("http://a:99999999/", "https://"),
        ("", "not to an address"),
    ],
)
def test_a_download_is_not_fetched_from_anywhere(desk, where, said):
    desk.upload(b"packed")
    desk.fail("GET", "/zip", *[Failing(302, "", {"Location": where})] * 6)
    with pytest.raises((InputError, NoVerdictError), match=said):
        download(desk)
    assert desk.asked_of_store == []


def test_a_download_is_not_sent_around_without_end(desk):
    desk.upload(b"packed")
    again = Failing(302, "", {"Location": f"{desk.store_url}/kept/600?sig=signed%3D"})
    desk.fail_store(*[again] * 9)
    with pytest.raises(NoVerdictError, match="without end"):
        download(desk)


def test_a_download_that_has_expired(desk):
    with pytest.raises(InputError, match="no such thing"):
        download(desk)
    desk.upload(b"packed")
    desk.fail_store(Failing(403))
    with pytest.raises(NoVerdictError, match="answers 403"):
        download(desk)


def test_another_repository_is_not_asked(desk):
    with GitHub(FORK, token=TOKEN, url=desk.url) as github, pytest.raises(InputError):
        github.get("/pulls/7", dict[str, Any])
