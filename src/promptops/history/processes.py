"""How git is run: nothing that a repository says of itself may start a program or reach a network.

The configuration inside a repository is untrusted (it arrives with an archive or a planted `.git`).
System and user configuration is the machine's own and stays in force: `safe.directory` lives there.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

from promptops.errors import HistoryError

TIMEOUT_SECONDS = 120.0

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    f"core.excludesFile={os.devnull}",
    "core.pager=cat",
    "core.quotePath=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "log.showSignature=false",
    "log.showRoot=true",
    "log.follow=false",
    "log.mailmap=false",
    f"diff.orderFile={os.devnull}",
    "gc.auto=0",
    "maintenance.auto=false",
)
OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    "--literal-pathspecs",
    *(part for setting in _SETTINGS for part in ("-c", setting)),
)
"""Options before the subcommand of every git process."""

_REDIRECTING = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_ICASE_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_FLUSH",
)
"""Variables that a hook or a wrapper may leave behind, and that would answer from elsewhere."""

_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # outranks any protocol.*.allow of the repository
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}


@cache
def _search(path: str) -> str | None:
    name = "git.exe" if os.name == "nt" else "git"
    for folder in map(Path, path.split(os.pathsep)):
        # Never the current folder: a repository may hold a `git` of its own.
        place = folder / name
        if folder.is_absolute() and place.is_file() and os.access(place, os.X_OK):
            return str(place)
    return None


def executable() -> str:
    """The absolute path of git.

    Raises:
        HistoryError: there is none on the PATH.
    """
    found = _search(os.environ.get("PATH", os.defpath))
    if found is None:
        raise HistoryError(
            "git is not installed, or not on the PATH",
            hint="install git (https://git-scm.com); versions and baselines are read from it",
        )
    return found


def settings(top: Path) -> dict[str, str]:
    """The variables that every git process gets, for a repository whose `.git` is in `top`."""
    return {**_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(top.parent)}


def environment(top: Path) -> dict[str, str]:
    """The whole environment of a git process."""
    kept = {key: value for key, value in os.environ.items() if key not in _REDIRECTING}
    return {**kept, **settings(top)}


def run(top: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> tuple[int, bytes]:
    """Run one git command in `top`; answers its exit code and what it printed.

    Raises:
        HistoryError: it ended with another code than the `allowed`, or took too long.
    """
    command = [executable(), *OPTIONS, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a list, an absolute program, hardened
            command,
            cwd=top,
            env=environment(top),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HistoryError(
            f"git {arguments[0]} did not answer within {TIMEOUT_SECONDS:.0f} seconds"
        ) from None
    except OSError as error:
        raise HistoryError(f"git cannot be started: {error.strerror}") from None
    if done.returncode not in allowed:
        raise explain(done.stderr.decode("utf-8", "replace"), arguments[0], top)
    return done.returncode, done.stdout


def explain(message: str, command: str, top: Path) -> HistoryError:
    """Git's complaint as an error that says how to mend it."""
    if "dubious ownership" in message or "unsafe repository" in message:
        return HistoryError(
            f"git does not trust {str(top)!r}: it belongs to another user",
            hint=f"git config --global --add safe.directory {str(top)!r}",
        )
    if "promisor" in message:
        return partial_clone()
    if "not a git repository" in message or "cannot use bare repository" in message:
        return HistoryError(
            f"the .git in {str(top)!r} is not a repository that git can read",
            hint="repair or remove it",
        )
    first = next((line for line in message.splitlines() if line.strip()), "no message")
    return HistoryError(f"git {command} failed: {first.removeprefix('fatal: ')}")


def partial_clone() -> HistoryError:
    """Objects were filtered out of this clone, and nothing is fetched behind anyone's back."""
    return HistoryError(
        "this is a partial clone: part of the history is not here",
        hint="git fetch --refetch --no-filter, or clone without --filter",
    )
