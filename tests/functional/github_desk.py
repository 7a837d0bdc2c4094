"""A server on loopback that speaks the calls of GitHub's REST interface that a comment needs.

It pages its lists, knows who may do what, sends downloads off to a second server of another origin,
and fails as it is told to.  Repositories, people and numbers are invented; the shapes are GitHub's,
with the fields that a reader might take by mistake.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

HOME = "example-shop/assistant"
FORK = "ada-ficta/assistant"
TOKEN = "ghs_inventedInventedInvented0123456789"
HEAD = "3f1e" * 10
OLDER = "77aa" * 10
BASE = "b0b0" * 10
RUN = 7_311_402
BOT = {"login": "github-actions[bot]", "id": 41_898_282, "type": "Bot"}


def owner_of(name: str) -> str:
    return name.partition("/")[0]


def person(login: str) -> dict[str, Any]:
    return {"login": login, "id": sum(login.encode()), "type": "User", "site_admin": False}


def repository(name: str, *, fork: bool = False) -> dict[str, Any]:
    owner, short = name.split("/")
    return {
        "id": sum(name.encode()),
        "name": short,
        "full_name": name,
        "private": False,
        "owner": person(owner),
        "html_url": f"https://github.example/{name}",
        "fork": fork,
        "default_branch": "main",
    }


def pull(
    number: int = 7,
    *,
    head: str = HEAD,
    branch: str = "shorter-answers",
    source: str = HOME,
    target: str = HOME,
    state: str = "open",
) -> dict[str, Any]:
    """A pull request as the lists and the single call give it."""
    source_repo = repository(source, fork=source != target)
    return {
        "id": 90_000 + number,
        "number": number,
        "state": state,
        "title": "Shorter answers",
        "body": None,
        "html_url": f"https://github.example/{target}/pull/{number}",
        "user": person(owner_of(source)),
        "draft": False,
        "merged_at": None,
        "merge_commit_sha": "dead" * 10,
        "head": {
            "label": f"{owner_of(source)}:{branch}",
            "ref": branch,
            "sha": head,
            "user": person(owner_of(source)),
            "repo": source_repo,
        },
        "base": {
            "label": f"{owner_of(target)}:main",
            "ref": "main",
            "sha": BASE,
            "user": person(owner_of(target)),
            "repo": repository(target),
        },
    }


def workflow_run_event(
    *,
    head: str = HEAD,
    branch: str = "shorter-answers",
    source: str = HOME,
    event: str = "pull_request",
    run: int = RUN,
    attempt: int = 1,
) -> dict[str, Any]:
    """`workflow_run`, action `completed`. Of a fork's pull request `pull_requests` is empty."""
    mine = {"id": 90_007, "number": 7, "head": {"ref": branch, "sha": head}}
    return {
        "action": "completed",
        "workflow_run": {
            "id": run,
            "name": "Prompts",
            "node_id": "WFR_invented",
            "head_branch": branch,
            "head_sha": head,
            "path": ".github/workflows/prompts.yml",
            "display_title": "Shorter answers",
            "run_number": 12,
            "event": event,
            "status": "completed",
            "conclusion": "failure",
            "workflow_id": 5_501,
            "url": f"https://api.github.example/repos/{HOME}/actions/runs/{run}",
            "html_url": f"https://github.example/{HOME}/actions/runs/{run}",
            "pull_requests": [mine] if source == HOME else [],
            "created_at": "2026-10-02T09:14:00Z",
            "updated_at": "2026-10-02T09:16:41Z",
            "actor": person(owner_of(source)),
            "run_attempt": attempt,
            "referenced_workflows": [],
            "run_started_at": "2026-10-02T09:14:00Z",
            "triggering_actor": person(owner_of(source)),
            "head_commit": {
                "id": head,
                "tree_id": "cafe" * 10,
                "message": "Ask for one word",
                "author": {"name": "Ada Ficta", "email": "ada@ficta.example"},
            },
            "repository": repository(HOME),
            "head_repository": repository(source, fork=source != HOME),
        },
        "workflow": {"id": 5_501, "name": "Prompts", "path": ".github/workflows/prompts.yml"},
        "repository": repository(HOME),
        "organization": {"login": owner_of(HOME), "id": 17},
        "sender": person(owner_of(source)),
    }


def pull_request_event(**fields: Any) -> dict[str, Any]:
    """`pull_request`, action `synchronize`."""
    mine = pull(**fields)
    return {
        "action": "synchronize",
        "number": mine["number"],
        "pull_request": mine,
        "before": OLDER,
        "after": mine["head"]["sha"],
        "repository": repository(HOME),
        "sender": mine["user"],
    }


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """An artifact as `actions/upload-artifact` packs a folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


@dataclass(frozen=True)
class Failing:
    """What is answered in place of the right thing."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    """The request is carried out all the same, and the answer is lost."""
    cut: bool = False
    """The connection is closed in the middle of the body."""


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Desk:
    """GitHub, and the store that its artifacts are downloaded from; use it as a context manager."""

    def __init__(self) -> None:
        self.pulls = [pull()]
        self.comments: list[dict[str, Any]] = []
        self.artifacts: list[dict[str, Any]] = []
        self.files: dict[int, bytes] = {}
        self.author: dict[str, Any] = BOT
        self.by_commit: list[dict[str, Any]] = []
        """What the list by commit knows; of forks it knows nothing."""
        self.page_size = 100
        self.next_page_at = ""
        """Another origin, where it is to send people for the next page."""
        self.asked: list[Asked] = []
        self.asked_of_store: list[Asked] = []
        self._failing: list[tuple[str, re.Pattern[str], Failing]] = []
        self._failing_store: list[Failing] = []
        self._lock = threading.Lock()
        self._api = _serve(self, _Api)
        self._store = _serve(self, _Store)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._api.server_address[1]}"

    @property
    def store_url(self) -> str:
        return f"http://127.0.0.1:{self._store.server_address[1]}"

    def __enter__(self) -> Self:
        for server in (self._api, self._store):
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._api, self._store):
            server.shutdown()
            server.server_close()

    def environ(self, event_path: str) -> dict[str, str]:
        return {
            "GITHUB_EVENT_PATH": event_path,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": HOME,
            "NO_PROXY": "127.0.0.1",
        }

    def upload(self, data: bytes, name: str = "promptops", **fields: Any) -> None:
        """An artifact of the run."""
        number = 600 + len(self.artifacts)
        self.files[number] = data
        told = {
            "id": number,
            "node_id": "MDg_invented",
            "name": name,
            "size_in_bytes": len(data),
            "url": f"{self.url}/repos/{HOME}/actions/artifacts/{number}",
            "archive_download_url": f"https://elsewhere.example/{number}/zip",
            "expired": False,
            "created_at": "2026-10-02T09:16:30Z",
            "workflow_run": {"id": RUN, "head_sha": HEAD, "head_branch": "shorter-answers"},
        }
        self.artifacts.append(told | fields)

    def comment(self, body: str, user: dict[str, Any] | None = None, number: int = 7) -> int:
        """A comment that is there already; answers its id."""
        made: dict[str, Any] = {
            "id": 1_000 + 10 * len(self.comments),
            "body": body,
            "user": self.author if user is None else user,
            "html_url": f"https://github.example/{HOME}/pull/{number}#issuecomment-"
            f"{1_000 + 10 * len(self.comments)}",
            "issue_url": f"{self.url}/repos/{HOME}/issues/{number}",
            "created_at": "2026-10-02T09:17:00Z",
            "updated_at": "2026-10-02T09:17:00Z",
            "author_association": "NONE",
            "performed_via_github_app": None,
        }
        self.comments.append(made)
        return int(made["id"])

    def fail(self, method: str, path: str, *failing: Failing) -> None:
        """The next requests of this kind go wrong, one after the other. `path` is a pattern."""
        self._failing += [(method, re.compile(path), each) for each in failing]

    def fail_store(self, *failing: Failing) -> None:
        self._failing_store += failing

    @property
    def written(self) -> list[str]:
        """What changed anything: methods and paths below the repository."""
        return [
            f"{each.method} {each.path.removeprefix(f'/repos/{HOME}')}"
            for each in self.asked
            if each.method != "GET"
        ]

    def failing(self, asked: Asked) -> Failing | None:
        with self._lock:
            for at, (method, path, failing) in enumerate(self._failing):
                if method == asked.method and path.search(asked.path):
                    del self._failing[at]
                    return failing
        return None

    def failing_store(self) -> Failing | None:
        with self._lock:
            return self._failing_store.pop(0) if self._failing_store else None

    def answer(self, asked: Asked) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers for a request that goes right."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials", "status": "401"}, {}
        if not asked.path.startswith(f"/repos/{HOME}/"):
            return _not_found()
        path = asked.path.removeprefix(f"/repos/{HOME}")
        for method, pattern, act in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == asked.method:
                answer: tuple[int, Any, dict[str, str]] = act(
                    self, asked, *map(int, found.groups())
                )
                return answer
        return _not_found()

    def paged(self, asked: Asked, items: list[Any], key: str = "") -> tuple[int, Any, dict]:
        """One page of a list, with the link to the next one."""
        size = min(self.page_size, int(asked.query.get("per_page", "30")))
        page = int(asked.query.get("page", "1"))
        some = items[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(items):
            origin = self.next_page_at or self.url
            query = "&".join(
                f"{name}={value}" for name, value in asked.query.items() if name != "page"
            )
            headers["Link"] = (
                f'<{origin}{asked.path}?{query}&page={page + 1}>; rel="next", '
                f'<{origin}{asked.path}?{query}&page=99>; rel="last"'
            )
        return 200, {"total_count": len(items), key: some} if key else some, headers


def _not_found() -> tuple[int, Any, dict[str, str]]:
    return 404, {"message": "Not Found", "status": "404"}, {}


def _artifacts(desk: Desk, asked: Asked, run: int) -> Any:
    name = asked.query.get("name")
    of_run = [each for each in desk.artifacts if each["workflow_run"]["id"] == run]
    mine = [each for each in of_run if name in (None, each["name"])]
    return desk.paged(asked, mine, "artifacts")


def _artifact(desk: Desk, asked: Asked, number: int) -> Any:
    if number not in desk.files:
        return _not_found()
    return 302, "", {"Location": f"{desk.store_url}/kept/{number}?sig=signed%3D"}


def _pulls(desk: Desk, asked: Asked) -> Any:
    state, head = asked.query.get("state", "open"), asked.query.get("head")
    mine = [
        each
        for each in desk.pulls
        if state in ("all", each["state"]) and head in (None, each["head"]["label"])
    ]
    return desk.paged(asked, mine)


def _pull(desk: Desk, asked: Asked, number: int) -> Any:
    found = [each for each in desk.pulls if each["number"] == number]
    return (200, found[0], {}) if found else _not_found()


def _pulls_of_commit(desk: Desk, asked: Asked) -> Any:
    return desk.paged(asked, desk.by_commit)


def _comments(desk: Desk, asked: Asked, number: int) -> Any:
    mine = [each for each in desk.comments if each["issue_url"].endswith(f"/issues/{number}")]
    return desk.paged(asked, mine)


def _new_comment(desk: Desk, asked: Asked, number: int) -> Any:
    if len(asked.body["body"]) > 65_536:
        told = "Body is too long (maximum is 65536 characters)"
        return 422, {"message": "Validation Failed", "errors": [{"message": told}]}, {}
    desk.comment(asked.body["body"], number=number)
    return 201, desk.comments[-1], {}


def _change_comment(desk: Desk, asked: Asked, number: int) -> Any:
    for each in desk.comments:
        if each["id"] == number:
            each["body"] = asked.body["body"]
            return 200, each, {}
    return _not_found()


def _remove_comment(desk: Desk, asked: Asked, number: int) -> Any:
    before = len(desk.comments)
    desk.comments = [each for each in desk.comments if each["id"] != number]
    return (204, "", {}) if len(desk.comments) < before else _not_found()


_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", r"/actions/runs/(\d+)/artifacts", _artifacts),
    ("GET", r"/actions/artifacts/(\d+)/zip", _artifact),
    ("GET", r"/pulls", _pulls),
    ("GET", r"/pulls/(\d+)", _pull),
    ("GET", r"/commits/[0-9a-f]{40}/pulls", _pulls_of_commit),
    ("GET", r"/issues/(\d+)/comments", _comments),
    ("POST", r"/issues/(\d+)/comments", _new_comment),
    ("PATCH", r"/issues/comments/(\d+)", _change_comment),
    ("DELETE", r"/issues/comments/(\d+)", _remove_comment),
]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    desk: Desk


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: tests look at what was asked."""

    def asked(self) -> Asked:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        data = self.rfile.read(int(headers.get("content-length", 0)))
        return Asked(self.command, parts.path, query, headers, json.loads(data) if data else None)

    def reply(self, status: int, body: Any, headers: dict[str, str], *, cut: bool = False) -> None:
        data = body if isinstance(body, bytes) else b"" if body == "" else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data) + (10 if cut else 0)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = cut or self.close_connection


class _Api(_Handler):
    def handle_any(self) -> None:
        asked = self.asked()
        desk = self.server.desk
        desk.asked.append(asked)
        failing = desk.failing(asked)
        if failing is None or failing.after:
            status, body, headers = desk.answer(asked)
        if failing is not None:
            status, body, headers = failing.status, failing.body or "", failing.headers
        self.reply(status, body, headers, cut=failing is not None and failing.cut)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815


class _Store(_Handler):
    def do_GET(self) -> None:
        asked = self.asked()
        desk = self.server.desk
        desk.asked_of_store.append(asked)
        failing = desk.failing_store()
        if failing is not None:
            self.reply(failing.status, failing.body or "", failing.headers, cut=failing.cut)
            return
        number = int(asked.path.rsplit("/", 1)[-1])
        signed = asked.query.get("sig") == "signed="
        self.reply(200 if signed else 403, desk.files[number] if signed else "", {})


def _serve(desk: Desk, handler: type[_Handler]) -> _Server:
    server = _Server(("127.0.0.1", 0), handler)
    server.desk = desk
    return server
