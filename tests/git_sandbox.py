"""Real repositories with real commits and the same hashes every time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

FIRST_SECOND = 1_767_225_600
"""2026-01-01T00:00:00Z; each commit is a minute after the one before."""

AUTHOR = "Ida Fictional"
EMAIL = "ida@example.test"


class Sandbox:
    """A repository at `root`, on the branch `main`."""

    def __init__(self, root: Path, *, init: bool = True) -> None:
        self.root = root
        self.seconds = FIRST_SECOND
        root.mkdir(parents=True, exist_ok=True)
        if init:
            self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, stdin: bytes | None = None, **variables: str) -> str:
        """Run git here; answers what it printed, without the last line's end."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**self.environment(), **variables},
            input=stdin or b"",
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode().removesuffix("\n")

    def environment(self) -> dict[str, str]:
        """The machine's, without its git settings, with a fixed person and moment."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        person = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (
                ("NAME", AUTHOR),
                ("EMAIL", EMAIL),
                ("DATE", f"{self.seconds} +0000"),
            )
        }
        return {
            **kept,
            **person,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",  # a commit otherwise starts housekeeping
            "GIT_CONFIG_KEY_0": "maintenance.auto",
            "GIT_CONFIG_VALUE_0": "false",
            "GIT_EDITOR": "true",
            "LC_ALL": "C",
        }

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files by their path from the root; None removes one."""
        for path, content in files.items():
            place = self.root / path
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(
        self, message: str = "change", files: Mapping[str, str | bytes | None] | None = None
    ) -> str:
        """Write files, commit all that changed (or nothing), a minute later; answers the hash."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        self.seconds += 60
        return self.head

    def merge(self, branch: str, *options: str) -> str:
        """Merge a branch with a merge commit; answers its hash."""
        self.git("merge", "--quiet", "--no-ff", "-m", f"merge {branch}", *options, branch)
        self.seconds += 60
        return self.head

    @property
    def head(self) -> str:
        """The full hash of the commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def import_history(self, steps: Iterable[tuple[str, Mapping[str, str]]]) -> None:
        """Thousands of commits at once, (message, files to set) each, on `main`."""
        out: list[bytes] = []
        for message, files in steps:
            text = message.encode()
            out.append(
                f"commit refs/heads/main\ncommitter {AUTHOR} <{EMAIL}> {self.seconds} +0000\n"
                f"data {len(text)}\n".encode()
                + text
                + b"\n"
            )
            for path, content in files.items():
                data = content.encode()
                out.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
            self.seconds += 60
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(out))
        self.git("reset", "--quiet", "--hard", "main")


def prompt_text(
    version: int = 1, content: str = "Name the city: {{ message }}", change: str = ""
) -> str:
    """A prompt's file with the variable `message`."""
    lines = [f"version: {version}", "model: embedded/smollm2-135m"]
    if change:
        lines.append(f"change: {change}")
    lines += [
        "inputs: {message: {type: string}}",
        "messages:",
        "  - role: user",
        "    content: |",
        *(f"      {line}" for line in content.splitlines()),
    ]
    return "\n".join(lines) + "\n"
