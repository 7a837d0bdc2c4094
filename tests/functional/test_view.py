"""`promptops view`: a real process, asked over real HTTP, by whoever may and whoever may not."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptops.cli.main import main
from promptops.store.store import Store
from promptops.values.details import PromptText
from promptops.values.request import Message
from tests.examples import CANARIES, hostile
from tests.functional.trend_desk import Desk
from tests.functional.viewing_desk import Answer, Server, start, viewing

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("viewed") / "reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        made.versions(3)
        made.run(None, 1, 0.5)
        made.run(1, 2, 0.6)
        made.run(2, 3, 0.7, was=0.6)
    return made


@pytest.fixture(scope="module")
def server(desk: Desk) -> Iterator[Server]:
    with viewing(desk.root) as running:
        yield running


def runs_of(answer: Answer) -> list[str]:
    """The runs that an index shows, in turn."""
    return list(dict.fromkeys(re.findall(r"/runs/([^/\"]+)/\"", answer.text)))


# -- what is served


def test_the_index_lists_runs_newest_first(server: Server) -> None:
    answer = server.get()
    assert answer.status == 200
    assert runs_of(answer) == [f"20260501-100{n}-abcd" for n in (3, 2, 1)]
    for said in ("Runs of reports", "v2 → v3", "exact is no worse", "$0.040", "2026-05-01 10:03"):
        assert said in answer.text


def test_the_index_is_chosen_from(server: Server) -> None:
    assert len(runs_of(server.get("?verdict=passed"))) == 2
    assert len(runs_of(server.get("?verdict=inconclusive&prompt=city&suite=city"))) == 1
    none = server.get("?verdict=regressed")
    assert (none.status, runs_of(none)) == (200, [])
    assert "No run is like that." in none.text
    assert '<option value="regressed" selected>' in none.text


@pytest.mark.parametrize("page", ["0", "2", "999999", "-1", "x", "9" * 40, "²"])
def test_a_page_of_the_index_that_is_not_there_is_the_nearest_one(
    server: Server, page: str
) -> None:
    assert len(runs_of(server.ask("GET", f"{server.path}?page={_quoted(page)}"))) == 3


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def test_a_run_is_a_page(server: Server) -> None:
    answer = server.get("runs/20260501-1003-abcd/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "exact is no worse" in answer.text
    # What the page itself allows, and that nobody may frame it.
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.endswith("; frame-ancestors 'none'")
    assert policy.removesuffix("; frame-ancestors 'none'") in answer.text


@pytest.mark.parametrize(
    ("format_", "type_", "ending"),
    [
        ("json", "application/json", "json"),
        ("csv", "text/csv", "csv"),
        ("markdown", "text/markdown", "md"),
        ("junit", "application/xml", "xml"),
    ],
)
def test_a_run_is_a_file_to_keep(server: Server, format_: str, type_: str, ending: str) -> None:
    answer = server.get(f"runs/20260501-1003-abcd/{format_}")
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{type_}; charset=utf-8"
    name = f"city-20260501-1003-abcd.{ending}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; base-uri")
    if format_ == "json":
        assert json.loads(answer.body)[0]["run"] == "20260501-1003-abcd"


def test_a_trend_is_a_page_and_a_file(server: Server) -> None:
    page = server.get("trend?prompt=city")
    assert page.status == 200
    assert "v3: exact 0.70, +0.10 against v2" in page.text
    assert f'href="{server.path}runs/20260501-1003-abcd/"' in page.text
    found = server.get("trend?prompt=city&format=json")
    assert [each["version"] for each in json.loads(found.body)["points"]] == [1, 2, 3]
    assert "city-trend.json" in found.headers["content-disposition"]


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "runs/20260501-1003/",  # the start of an id: addresses are whole
        "runs/last/",
        "runs/20260501-1003-abcd/terminal",
        "runs/20260501-1003-abcd/../../../../etc/passwd",
        "runs/..%2f..%2f..%2fetc%2fpasswd/",
        "runs/%2e%2e/%2e%2e/store.db",
        "../.promptops/store.db",
        "..%2f.promptops%2fstore.db",
        "evals/city.yaml",
        "trend?prompt=..%2f..%2fetc%2fpasswd",
        "trend?prompt=",
        "trend?prompt=city&suite=none",
        "trend?prompt=city&format=terminal",
        "runs/%00/",
        "runs/%ff%fe/",
    ],
)
def test_nothing_but_the_store_is_served(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 404
    assert "root:" not in answer.text
    assert "SQLite" not in answer.text


def test_runs_that_are_made_meanwhile_are_there_when_it_is_loaded_again(tmp_path: Path) -> None:
    made = Desk(tmp_path / "project")
    with viewing(made.root) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        assert "Nothing has been evaluated yet." in server.get().text
        assert not (made.root / ".promptops").exists()
        made.versions(2)
        first = made.run(None, 1, 0.5)
        assert runs_of(server.get()) == [first]
        second = made.run(1, 2, 0.6)
        assert runs_of(server.get()) == [second, first]


def test_many_runs_are_on_pages(tmp_path: Path) -> None:
    made = Desk(tmp_path / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        made.versions(2)
        template = made.run(1, 2, 0.6)
    with Store(made.root) as store:
        report = store.runs.report(template)
        store.runs._connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 119)"
            " INSERT INTO runs SELECT printf('more-%04d', i), '2026-06-01', suite, prompt, model,"
            " 'feed', NULL, verdict, report, cases FROM runs, n WHERE id = ?",
            (report.run,),
        )
    with viewing(made.root) as server:
        first, last = server.get(), server.get("?page=3")
        assert "120 runs" in first.text
        assert "page 1 of 3" in first.text
        assert (first.text.count("<tr>"), last.text.count("<tr>")) == (51, 21)  # and the heads
        assert f'href="{server.path}?page=2"' in first.text


def test_what_is_behind_a_report_is_in_its_page(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`report` and `view` show the same: what was written, too, and not the report alone."""
    made = Desk(tmp_path / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        made.versions(2)
        run = made.run(1, 2, 0.6)
        with Store(made.root) as store:
            store.prompt_texts.keep(text_of(2, made.digests()[2]))
        assert main(["report", "--format", "html"]) == 0
    shown = capfd.readouterr().out
    with viewing(made.root) as server:
        page = server.get(f"runs/{run}/")
    back = '<a href="../../" class="tab">All runs</a>'
    assert page.text.count(back) == 1
    assert page.text.replace(back, "") == shown
    assert "Name the city as it was written." in page.text


def text_of(number: int, digest: str) -> PromptText:
    said = "Name the city as it was written."
    return PromptText(
        name="city",
        path="prompts/city.yaml",
        digest=digest,
        version=number,
        source=said,
        messages=[Message("system", said)],
    )


def test_secrets_of_the_environment_are_not_served(tmp_path: Path) -> None:
    made = Desk(tmp_path / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        secret = "sk-planted-0123456789abcdef"
        made.version(1, f"Reason {secret}.")
        run = made.run(None, 1, 0.5, candidate={"change": secret})
    with viewing(made.root, OPENAI_API_KEY=secret) as server:
        for path in ("", f"runs/{run}/", f"runs/{run}/json", "trend?prompt=city"):
            answer = server.get(path)
            assert answer.status == 200
            assert secret not in answer.text


def test_hostile_reports_are_inert_and_can_be_reached(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    with Store(tmp_path) as store:
        for text in CANARIES.values():
            if text.isprintable() and len(text) < 1_000:
                store.runs.finish(hostile(text))
    with viewing(tmp_path) as server:
        index = server.get()
        assert index.status == 200
        found = runs_of(index)
        assert len(found) >= 3
        assert "<img" not in index.text
        assert "<script" not in index.text
        for run in found:
            assert server.get(f"runs/{run}/").status == 200
            kept = server.get(f"runs/{run}/json")
            assert kept.status == 200
            name = kept.headers["content-disposition"]
            assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', name)


# -- who may ask


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "user@127.0.0.1",
        "0.0.0.0",
        "[::]",
        "",
        "127.0.0.1:80:80",
    ],
)
def test_a_foreign_name_is_refused(server: Server, host: str) -> None:
    answer = server.ask("GET", server.path, host=host)
    assert answer.status in {400, 403}
    assert "Runs of" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9999", "LOCALHOST", "[::1]:8000"])
def test_the_names_of_this_machine_are_taken_at_any_port_of_a_tunnel(
    server: Server, host: str
) -> None:
    assert server.ask("GET", server.path, host=host).status == 200


def raw(server: Server, *lines: str) -> bytes:
    """The first bytes of the answer to a request that is written by hand."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(4_096)


def test_a_request_with_no_name_or_with_two_is_refused(server: Server) -> None:
    line = f"GET {server.path} HTTP/1.1"
    for names in ([], ["Host: localhost", "Host: evil.example"]):
        answer = raw(server, line, *names)
        assert answer.split(b" ")[1] in {b"400", b"403"}
        assert b"Runs of" not in answer
    assert len(server.told) <= 1  # what is no request fills no terminal


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_pages_can_only_be_read(server: Server, method: str) -> None:
    answer = server.ask(method, server.path)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert "access-control-allow-origin" not in answer.headers


def test_head_has_no_body(server: Server) -> None:
    answer = server.ask("HEAD", server.path)
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 1_000


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/x/", "/x/runs/20260501-1003-abcd/", "/open/x", "//", "/é/"),
        *("/open/", "/open/trend", "/open/runs/", "/open/runs/20260501-1003-abcd/"),
        *("/open%2F", "/open%2Fx", "/%6Fpen/", "/open/?page=1", "/open//", "/open/./"),
    ],
)
def test_without_the_token_nothing_is_told(server: Server, path: str) -> None:
    answer = server.ask("GET", path.replace("é", "%c3%a9"))
    assert answer.status == 404
    assert "20260501" not in answer.text
    assert server.path not in answer.text


@pytest.mark.parametrize("path", ["", "runs/20260501-1003-abcd/", "trend?prompt=city", "nothing"])
def test_every_page_says_what_may_be_done_with_it(server: Server, path: str) -> None:
    headers = server.get(path, Origin="http://evil.example").headers
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in headers
    assert not [name for name in headers if name.startswith("access-control-")]


def test_it_listens_on_this_machine_alone(server: Server) -> None:
    own = {each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in own - {"127.0.0.1"}:
        with socket.socket() as connection:
            connection.settimeout(5)
            assert connection.connect_ex((address, server.port)) != 0
    assert server.url.startswith("http://127.0.0.1:")


def test_every_start_has_another_token(desk: Desk, server: Server) -> None:
    with viewing(desk.root) as other:
        assert other.path != server.path
        assert len(other.path.strip("/")) >= 32
        assert other.ask("GET", server.path).status == 404


# -- opening, and ending


@posix
def test_a_browser_is_given_an_address_that_opens_once(desk: Desk, tmp_path: Path) -> None:
    """What is on its command line can be seen by everybody on the machine."""
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}.part && mv {seen}.part {seen}\n')
    browser.chmod(0o755)
    with viewing(desk.root, "last", "--open", BROWSER=f"{browser} %s") as server:
        until = time.monotonic() + 30
        while not seen.exists() and time.monotonic() < until:
            time.sleep(0.02)
        given = seen.read_text()
        token = server.path.split("/")[1]
        assert token not in given
        path = given.removeprefix(f"http://127.0.0.1:{server.port}")
        assert server.ask("HEAD", path).status == 404  # looking is not opening
        opened = server.ask("GET", path)
        assert opened.status == 303
        assert opened.headers["location"] == server.path
        assert server.path.endswith("/runs/20260501-1003-abcd/")  # the run that was named
        assert not [line for line in server.told if "twice" in line]
        for _ in range(3):
            assert server.ask("GET", path).status == 404
        assert server.ask("GET", "/open/another").status == 404
        until = time.monotonic() + 30
        while not [line for line in server.told if "twice" in line] and time.monotonic() < until:
            time.sleep(0.02)
    (said,) = [line for line in server.told if "twice" in line]
    assert "--no-open" in said


def test_where_there_is_no_browser_it_is_said_and_served(desk: Desk) -> None:
    with viewing(desk.root, "--open", BROWSER="/nonexistent/browser %s", PATH="/nonexistent",
                 DISPLAY="", WAYLAND_DISPLAY="") as server:  # fmt: skip
        until = time.monotonic() + 30
        while "no browser could be opened\n" not in server.told and time.monotonic() < until:
            time.sleep(0.02)
        assert "no browser could be opened\n" in server.told
        assert server.get().status == 200


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_frees_the_port(desk: Desk, number: int, code: int) -> None:
    with viewing(desk.root) as server:
        # A browser keeps its connection open.
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as idle:
            idle.sendall(f"GET {server.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert idle.recv(12) == b"HTTP/1.1 200"
            assert server.end(number) == code
        port = server.port
    assert server.told == ["serving the reports of reports on this machine alone; Ctrl-C ends it\n"]
    with viewing(desk.root, "--no-open", "--port", str(port)) as again:
        assert again.port == port
        assert again.get().status == 200


def test_a_port_that_is_in_use_is_refused(desk: Desk, server: Server) -> None:
    process = start(desk.root, "--no-open", "--port", str(server.port))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert f"port {server.port} is in use" in err
    assert "without --port takes one that is free" in " ".join(err.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "there is no run 'nope'"),
        (["--port", "65536"], "must be from 0 to 65535"),
        (["--port", "x"], "not a whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused(desk: Desk, arguments: list[str], said: str) -> None:
    process = start(desk.root, "--no-open", *arguments)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert said in err


def test_many_at_once_are_all_answered(server: Server) -> None:
    answers: list[int] = []
    paths = ["", "runs/20260501-1003-abcd/", "runs/20260501-1002-abcd/csv", "trend?prompt=city"] * 6

    def ask(path: str) -> None:
        answers.append(server.get(path).status)

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [200] * len(paths)


def test_it_imports_neither_litellm_nor_git_nor_numpy(desk: Desk) -> None:
    """Nor does a page of it; only a trend asks git, and that without GitPython."""
    code = (
        "import sys, threading, os, signal, urllib.request\n"
        "from promptops.cli import output\n"
        "from promptops.cli.commands import view\n"
        "def emit(url):\n"
        "    def ask():\n"
        "        for path in ('', 'runs/20260501-1003-abcd/', 'runs/20260501-1003-abcd/json'):\n"
        "            urllib.request.urlopen(url + path).read()\n"
        "        print([m for m in ('litellm', 'git', 'numpy', 'promptops.history')\n"
        "               if m in sys.modules], flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    threading.Thread(target=ask).start()\n"
        "view.emit = emit\n"
        "view.command(open_=False)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=desk.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
