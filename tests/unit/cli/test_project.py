from __future__ import annotations

from pathlib import Path

import pytest

from promptops.cli.project import find_project
from promptops.errors import InputError


def test_the_nearest_folder_above_is_found(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project(inner).root == tmp_path.resolve()


def test_evals_alone_make_a_project(tmp_path: Path) -> None:
    (tmp_path / "evals").mkdir()
    assert find_project(tmp_path).tree.root == tmp_path.resolve()


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    repository = tmp_path / "other"
    (repository / ".git").mkdir(parents=True)
    with pytest.raises(InputError) as caught:
        find_project(repository)
    assert "promptops init" in (caught.value.hint or "")


def test_a_worktree_ends_the_search_too(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    worktree = tmp_path / "tree"
    worktree.mkdir()
    (worktree / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(InputError):
        find_project(worktree)


def test_a_file_of_that_name_is_no_project(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "prompts").write_text("")
    with pytest.raises(InputError):
        find_project(tmp_path)
