"""Git LFS: a small text that stands where a file should be."""

from __future__ import annotations

from promptops.errors import InputError, Location

POINTER = b"version https://git-lfs.github.com/spec/"
"""How every pointer begins."""


class LfsPointerError(InputError):
    """The file itself lies in Git LFS, and only a pointer to it is here."""

    def __init__(self, path: str, *, hint: str = "run `git lfs pull`") -> None:
        super().__init__(
            "a Git LFS pointer stands where the file should be",
            location=Location(path, 1),
            hint=hint,
        )
