"""The reports that a run of the gate uploaded."""

from __future__ import annotations

import tempfile

import msgspec

from promptops.errors import InputError, NoVerdictError
from promptops.github.api import GitHub
from promptops.github.gate_file import LARGEST, decode_gate
from promptops.github.zip_entry import read_entry
from promptops.values.gate import GateFile

NAME = "promptops"
FILE = "gate.json"
LARGEST_ARTIFACT = 100_000_000
"""Bytes, packed. The page of a large run is most of it; all but `gate.json` is skipped."""


class Artifact(msgspec.Struct, frozen=True):
    """One artifact of a run."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool = False


class ArtifactPage(msgspec.Struct, frozen=True):
    """One page of a run's artifacts."""

    artifacts: list[Artifact]


def gate_of_run(github: GitHub, run: int, name: str = NAME) -> GateFile:
    """What the gate of a run came to, by the artifact that the run left. It is not to be believed.

    Raises:
        InputError: the artifact is too large, or no report of a gate.
        NoVerdictError: there is none, or it cannot be had.
    """
    artifact = _find(github, run, name)
    if artifact.size_in_bytes > LARGEST_ARTIFACT:
        raise InputError(
            f"the artifact {name!r} has {artifact.size_in_bytes:,} bytes, "
            f"more than {LARGEST_ARTIFACT:,}"
        )
    with tempfile.TemporaryFile(prefix="promptops-") as file:
        github.download(f"/actions/artifacts/{artifact.id}/zip", file, LARGEST_ARTIFACT)
        return decode_gate(read_entry(file, FILE, LARGEST))


def _find(github: GitHub, run: int, name: str) -> Artifact:
    """The newest of that name: each attempt of a run may have left one."""
    pages = github.pages(f"/actions/runs/{run}/artifacts", ArtifactPage, name=name)
    found = [each for page in pages for each in page.artifacts if each.name == name]
    kept = [each for each in found if not each.expired]
    if not kept:
        gone = "has expired" if found else "is not there"
        raise NoVerdictError(
            f"the artifact {name!r} of run {run} {gone}",
            hint="the log of that run says why its gate did not come so far",
        )
    return max(kept, key=lambda each: each.id)
