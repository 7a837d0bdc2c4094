"""Names of revisions into full hashes, through GitPython.

Only names need it (HEAD and full hashes do not), so `repository` loads this file when one is given:
importing GitPython costs a fifth of a second.
"""

from __future__ import annotations

from pathlib import Path

from git import Git

from promptops.history import processes

_FOUND = 0


def full_hash(top: Path, git_folder: Path, shared_folder: Path, name: str) -> str | None:
    """The full hash of the commit that `name` names, or None.

    The folders are given outright, so that no variable of the environment can point elsewhere.
    """
    command = [
        *(processes.executable(), *processes.OPTIONS),
        *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"),
    ]
    status, out, _ = Git(top).execute(
        command,
        with_extended_output=True,
        with_exceptions=False,
        kill_after_timeout=None,
        env={
            **processes.settings(top),
            "GIT_DIR": str(git_folder),
            "GIT_COMMON_DIR": str(shared_folder),
            "GIT_OBJECT_DIRECTORY": str(shared_folder / "objects"),
            "GIT_WORK_TREE": str(top),
            "GIT_NAMESPACE": "",
        },
    )
    return str(out).strip() if status == _FOUND else None
