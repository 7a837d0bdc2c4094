"""Finding, naming and reading a repository."""

import gc
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from promptops.errors import HistoryError, InputError
from promptops.history import processes
from promptops.history.objects import ObjectReader
from promptops.history.repository import Repository
from tests.git_sandbox import Sandbox, prompt_text


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path / "work")
    made.commit("one", {"prompts/a.yaml": prompt_text(1), "notes.txt": "kept\n"})
    made.commit("two", {"prompts/a.yaml": prompt_text(2), "prompts/deep/b.md": "hello\n"})
    return made


def find(place: Path) -> Repository:
    found = Repository.find(place)
    assert found is not None
    return found


def test_hashes_are_the_same_every_time(tmp_path: Path) -> None:
    hashes = [
        Sandbox(tmp_path / name).commit("one", {"prompts/a.yaml": prompt_text()})
        for name in ("left", "right")
    ]
    assert hashes[0] == hashes[1]


def test_every_kind_of_name_resolves_to_the_full_hash(sandbox: Sandbox) -> None:
    first = sandbox.git("rev-parse", "HEAD~1")
    sandbox.git("tag", "-a", "-m", "annotated", "release", first)
    sandbox.git("branch", "topic/x", first)
    with find(sandbox.root) as repository:
        assert repository.head == sandbox.head
        for name in (
            "HEAD~1",
            "main^",
            "release",
            "topic/x",
            first,
            first[:8],
            "refs/tags/release",
        ):
            assert repository.resolve(name) == first
        assert repository.resolve("HEAD") == sandbox.head


@pytest.mark.parametrize(
    "name", ["", "-h", "--output=x", "--all", "a\nb", "a\0b", "\x1b[31m", "x" * 2000]
)
def test_what_is_no_name_is_refused_before_git_sees_it(sandbox: Sandbox, name: str) -> None:
    with find(sandbox.root) as repository, pytest.raises(HistoryError, match="not the name"):
        repository.resolve(name)


@pytest.mark.parametrize("name", ["absent", "HEAD:prompts", "HEAD~9", "0" * 40, "HEAD^{tree}"])
def test_a_name_of_no_commit_is_an_error_with_a_hint(sandbox: Sandbox, name: str) -> None:
    with find(sandbox.root) as repository, pytest.raises(HistoryError, match="no revision") as got:
        repository.resolve(name)
    assert "git log" in str(got.value)


def test_names_resolve_here_though_a_hook_left_variables_behind(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Sandbox(tmp_path / "other")
    other.commit("elsewhere", {"prompts/a.yaml": prompt_text(9)})
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.root / ".git" / "objects"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git" / "index"))
    with find(sandbox.root) as repository:
        assert repository.head == sandbox.head
        assert repository.resolve("main") == sandbox.head


def test_a_tree_reads_the_files_of_its_commit_and_of_no_other(sandbox: Sandbox) -> None:
    with find(sandbox.root) as repository:
        old, new = (repository.tree(repository.resolve(rev)) for rev in ("HEAD~1", "HEAD"))
        sandbox.write({"prompts/a.yaml": "on disk", "prompts/deep/b.md": "on disk"})
        assert old.read("prompts/a.yaml") == prompt_text(1)
        assert new.read("prompts/a.yaml") == prompt_text(2)
        assert new.read("prompts/deep/b.md") == "hello\n"
        assert old.read("prompts/deep/b.md") is None
        assert new.read("prompts/deep") is None
        assert new.read("prompts/a.yaml/x") is None
        assert new.list("prompts") == ["prompts/a.yaml", "prompts/deep/b.md"]
        assert old.list("prompts") == ["prompts/a.yaml"]
        assert old.list("absent") == []
        assert new.read("./prompts/a.yaml") == prompt_text(2)


def test_a_project_in_a_subfolder_has_paths_from_its_own_root(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "mono")
    files = {"apps/bot/prompts/a.yaml": prompt_text(3), "prompts/a.yaml": prompt_text(4)}
    sandbox.commit("one", files)
    with find(sandbox.root / "apps" / "bot") as repository:
        assert (repository.prefix, repository.root.name) == ("apps/bot/", "bot")
        tree = repository.tree(sandbox.head)
        assert tree.read("prompts/a.yaml") == prompt_text(3)
        assert tree.list("prompts") == ["prompts/a.yaml"]
        for path in ("../../prompts/a.yaml", "/prompts/a.yaml", "a\\b", ""):
            with pytest.raises(InputError, match="not inside the project"):
                tree.read(path)


def test_text_comes_without_bom_and_with_plain_line_ends(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    sandbox.commit(
        "one", {"prompts/a.md": b"\xef\xbb\xbfone\r\ntwo\r\n", "prompts/b.md": b"ok\xff"}
    )
    with find(tmp_path) as repository:
        tree = repository.tree(sandbox.head)
        assert tree.read("prompts/a.md") == "one\ntwo\n"
        with pytest.raises(InputError, match="not UTF-8") as got:
            tree.read("prompts/b.md")
    assert f"prompts/b.md at {sandbox.head[:12]}:1:3" in str(got.value)


def test_names_that_are_not_plain_are_read(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    names = ["prompts/zwei wörter.md", "prompts/x missing.md", "prompts/[a]*.md"]
    sandbox.commit("one", dict.fromkeys(names, "text\n"))
    with find(tmp_path) as repository:
        tree = repository.tree(sandbox.head)
        assert tree.list("prompts") == sorted(names)
        assert [tree.read(name) for name in names] == ["text\n"] * 3


def test_sha256_repositories_are_read(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, init=False)
    sandbox.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    sandbox.commit("one", {"prompts/a.yaml": prompt_text(1)})
    with find(tmp_path) as repository:
        assert repository.head == sandbox.head
        assert len(sandbox.head) == 64
        assert repository.resolve("main") == sandbox.head
        assert repository.tree(sandbox.head).read("prompts/a.yaml") == prompt_text(1)


def test_reading_starts_one_process_and_closing_ends_it(sandbox: Sandbox) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        repository = find(sandbox.root)
        tree = repository.tree(sandbox.head)
        tree.read("prompts/a.yaml")
        process = repository._objects._process
        assert process is not None
        tree.read("prompts/deep/b.md")
        assert repository._objects._process is process
        repository.close()
        assert process.returncode == 0
        repository.close()
        assert repository.head == sandbox.head
        forgotten = repository._objects._process
        assert forgotten is not None
        del repository, tree
        gc.collect()
        assert forgotten.poll() is not None


def test_a_reader_whose_git_died_says_so(sandbox: Sandbox) -> None:
    reader = ObjectReader(sandbox.root)
    assert reader.read("HEAD^{commit}") is not None
    assert reader._process is not None
    reader._process.kill()
    reader._process.wait()
    with pytest.raises(HistoryError, match="stopped answering"):
        reader.read("HEAD^{commit}")
    assert reader.read("HEAD^{commit}") is not None
    reader.close()


def test_a_git_in_the_current_folder_or_in_a_relative_path_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = processes.executable()
    planted = tmp_path / ("git.exe" if os.name == "nt" else "git")
    planted.write_text("#!/bin/sh\n")
    planted.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(Path(real).parent)]))
    assert processes.executable() == real


def test_history_itself_does_not_import_gitpython(sandbox: Sandbox) -> None:
    code = (
        "import sys; from pathlib import Path; from promptops.documents.tree import WorkingTree;"
        "from promptops.history.repository import Repository;"
        "from promptops.history.versions import versions;"
        "root = Path('.'); found = Repository.find(root);"
        "print(len(versions(found, 'a', WorkingTree(root))), 'git' in sys.modules);"
        "found.close()"
    )
    out = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=sandbox.root,
        capture_output=True,
        check=True,
        text=True,
    )
    assert (out.stdout, out.stderr) == ("1 False\n", "")
