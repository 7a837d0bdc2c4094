"""Hostile and awkward repositories: nothing of theirs runs, and the answer is right or says why."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from promptops.documents.tree import WorkingTree
from promptops.errors import HistoryError, InputError
from promptops.history.baseline import Baseline, baseline
from promptops.history.repository import Repository
from promptops.history.versions import Version, versions
from tests.git_sandbox import Sandbox, prompt_text

A, B = "prompts/a.yaml", "prompts/b.yaml"
PULL_REQUEST = {"GITHUB_BASE_REF": "main"}
posix = pytest.mark.skipif(os.name == "nt", reason="shell scripts and links")


def numbered(number: int) -> str:
    return prompt_text(number, f"Way {number} of naming: {{{{ message }}}}")


@pytest.fixture
def three(tmp_path: Path) -> Sandbox:
    sandbox = Sandbox(tmp_path / "work")
    for number in (1, 2, 3):
        sandbox.commit(f"way {number}", {A: numbered(number)})
    return sandbox


def find(place: Path) -> Repository:
    found = Repository.find(place)
    assert found is not None
    return found


def listed(place: Path, name: str = "a") -> list[Version]:
    with find(place) as repository:
        return versions(repository, name, WorkingTree(place))


def ask(
    place: Path, against: str | None = None, environ: dict[str, str] | None = None, name: str = "a"
) -> Baseline | None:
    with find(place) as repository:
        return baseline(repository, name, WorkingTree(place), against, environ or {})


def everything(place: Path) -> list[int]:
    """Every way in which a repository is read; answers the numbers of the versions."""
    ask(place)
    ask(place, "main")
    ask(place, "v1")
    ask(place, environ=PULL_REQUEST)
    return [version.number for version in listed(place)]


# 34: nothing of the repository's runs


@pytest.fixture
def canary(tmp_path: Path) -> tuple[str, Path]:
    """A program that leaves a mark, and the mark."""
    mark = tmp_path / "RAN"
    script = tmp_path / "canary.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> "{mark}"\nexit 0\n')
    script.chmod(0o755)
    return str(script), mark


PLANTS = {
    "core.fsmonitor": "{run}",
    "core.pager": "{run}",
    "core.editor": "{run}",
    "core.sshCommand": "{run}",
    "core.gitProxy": "{run}",
    "core.askPass": "{run}",
    "core.alternateRefsCommand": "{run}",
    "pager.log": "{run}",
    "pager.rev-parse": "{run}",
    "alias.log": "!{run}",
    "alias.rev-parse": "!{run}",
    "alias.cat-file": "!{run}",
    "alias.merge-base": "!{run}",
    "diff.external": "{run}",
    "diff.evil.command": "{run}",
    "diff.evil.textconv": "{run}",
    "filter.evil.clean": "{run}",
    "filter.evil.smudge": "{run}",
    "filter.evil.process": "{run}",
    "filter.evil.required": "true",
    "merge.evil.driver": "{run}",
    "interactive.diffFilter": "{run}",
    "gpg.program": "{run}",
    "gpg.ssh.program": "{run}",
    "log.showSignature": "true",
    "credential.helper": "!{run}",
    "uploadpack.packObjectsHook": "{run}",
    "protocol.allow": "always",
    "protocol.ext.allow": "always",
    "protocol.file.allow": "always",
    "trailer.evil.command": "{run}",
    "remote.origin.url": "ext::{run} %S",
    "remote.origin.uploadpack": "{run}",
    "remote.origin.promisor": "true",
    "extensions.partialClone": "origin",
}


def plant(sandbox: Sandbox, run: str, names: list[str]) -> None:
    sandbox.git("config", "core.repositoryFormatVersion", "1")
    for name in names:
        sandbox.git("config", name, PLANTS[name].format(run=run))
    (sandbox.root / ".git" / "info").mkdir(exist_ok=True)
    attributes = "* filter=evil diff=evil merge=evil\n"
    (sandbox.root / ".git" / "info" / "attributes").write_text(attributes)
    for hook in ("reference-transaction", "post-checkout", "post-index-change", "pre-auto-gc"):
        place = sandbox.root / ".git" / "hooks" / hook
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\n{run} hook {hook}\n")
        place.chmod(0o755)


def sign(sandbox: Sandbox) -> None:
    """Give HEAD a signature, such as gpg.program would be asked about."""
    armour = "-----{} PGP SIGNATURE-----"
    header = f"\ngpgsig {armour.format('BEGIN')}\n \n bm90\n {armour.format('END')}\n\n"
    signed = sandbox.git("cat-file", "commit", "HEAD").replace("\n\n", header, 1) + "\n"
    made = sandbox.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed.encode())
    sandbox.git("update-ref", "refs/heads/main", made)


@posix
def test_34_nothing_that_a_repository_s_settings_name_is_run(
    three: Sandbox, canary: tuple[str, Path]
) -> None:
    run, mark = canary
    sign(three)
    three.commit("attributes", {".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    plant(three, run, list(PLANTS))
    three.write({A: numbered(4)})
    assert everything(three.root) == [4, 3, 2, 1]
    assert not mark.exists(), mark.read_text()


@posix
@pytest.mark.parametrize(
    ("names", "command"),
    [
        (["core.fsmonitor"], ["status"]),
        (["diff.evil.textconv"], ["show", "HEAD"]),
        (["gpg.program", "log.showSignature"], ["log"]),
        (["filter.evil.clean"], ["add", "--renormalize", "."]),
        (["diff.external"], ["diff", "HEAD~1"]),
    ],
)
def test_34_the_canaries_would_sing(
    three: Sandbox, canary: tuple[str, Path], names: list[str], command: list[str]
) -> None:
    """Plain git does run what was planted: else the test above could not fail."""
    run, mark = canary
    if "gpg.program" in names:
        sign(three)
    plant(three, run, names)
    if names == ["diff.external"]:
        (three.root / ".git" / "info" / "attributes").unlink()
    subprocess.run(
        ["git", *command], cwd=three.root, env=three.environment(), capture_output=True, check=False
    )
    assert mark.exists()


def lose(sandbox: Sandbox, name: str) -> None:
    """Take an object away."""
    made = sandbox.git("rev-parse", name)
    place = sandbox.root / ".git" / "objects" / made[:2] / made[2:]
    place.chmod(stat.S_IRWXU)
    place.unlink()


REMOTES = {
    "ext": {"url": "ext::{run} %S"},
    "ssh": {"url": "ssh://localhost/x"},
    "file": {"url": "{root}", "uploadpack": "{run}"},
    "evil": {"url": "x", "vcs": "evil"},
}


@posix
@pytest.mark.parametrize("protocol", REMOTES)
def test_34_objects_that_are_missing_are_not_fetched(
    three: Sandbox, canary: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    run, mark = canary
    lose(three, f"HEAD~1:{A}")
    helper = Path(run).with_name("git-remote-evil")
    helper.symlink_to(run)
    path = f"{os.environ['PATH']}{os.pathsep}{helper.parent}"
    monkeypatch.setenv("PATH", path)
    plant(three, run, ["remote.origin.promisor", "extensions.partialClone", "core.sshCommand"])
    three.git("config", f"protocol.{protocol}.allow", "always")
    for name, value in REMOTES[protocol].items():
        three.git("config", f"remote.origin.{name}", value.format(run=run, root=three.root))
    with pytest.raises(HistoryError, match="partial clone") as got:
        listed(three.root)
    assert "--refetch" in str(got.value)
    assert not mark.exists(), mark.read_text()
    subprocess.run(  # plain git does run it: else this test could not fail
        ["git", "cat-file", "-p", f"HEAD~1:{A}"],
        cwd=three.root,
        env=three.environment(),
        capture_output=True,
        check=False,
    )
    assert mark.exists()


def bare_in(place: Path, run: str) -> Path:
    """A bare repository planted in a folder, as it would come out of a clone."""
    planted = Sandbox(place, init=False)
    planted.git("init", "--quiet", "--bare", ".")
    for name in ("core.fsmonitor", "core.pager", "alias.log", "diff.external"):
        planted.git("config", name, PLANTS[name].format(run=run))
    planted.git("config", "core.bare", "false")
    planted.git("config", "core.worktree", ".")
    planted.write({A: numbered(66)})
    return place


@posix
def test_34_a_bare_repository_in_a_subfolder_is_not_the_repository(
    three: Sandbox, canary: tuple[str, Path]
) -> None:
    run, mark = canary
    planted = bare_in(three.root / "vendor" / "thing", run)
    with find(planted) as repository:
        assert repository.top == Path(os.path.realpath(three.root))
        assert repository.head == three.head
        assert repository.resolve("main") == three.head
        assert [v.number for v in versions(repository, "a", WorkingTree(planted))] == [66]
    assert not mark.exists(), mark.read_text()


@posix
def test_34_a_bare_repository_alone_is_no_repository(
    tmp_path: Path, canary: tuple[str, Path]
) -> None:
    run, mark = canary
    planted = bare_in(tmp_path / "downloads" / "thing", run)
    (planted / ".git").mkdir()
    assert Repository.find(planted) is None
    assert not mark.exists()


@posix
def test_34_a_git_folder_that_is_none_does_not_let_the_bare_one_beside_it_answer(
    tmp_path: Path, canary: tuple[str, Path]
) -> None:
    run, mark = canary
    planted = bare_in(tmp_path / "thing", run)
    (planted / ".git").mkdir()
    (planted / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(HistoryError, match="not a repository that git can read"):
        Repository.find(planted)
    assert not mark.exists()


def test_34_a_replaced_object_is_not_what_was_committed(three: Sandbox) -> None:
    old, new = (three.git("rev-parse", f"{rev}:{A}") for rev in ("HEAD~2", "HEAD"))
    three.git("replace", new, old)
    assert [version.number for version in listed(three.root)] == [3, 2, 1]


# 33: links, submodules and paths at a revision


def test_33_includes_come_from_the_same_revision(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    text = prompt_text(1, "{% include 'shared/tone.md' %} {{ message }}")
    sandbox.commit("one", {A: text, "prompts/shared/tone.md": "Be kind."})
    sandbox.commit("gone", {"prompts/shared/tone.md": None, A: numbered(2)})
    sandbox.write({"prompts/shared/tone.md": "From the disk."})
    found = ask(tmp_path, "HEAD~1")
    assert found is not None
    assert found.loaded.includes == {"shared/tone.md": "Be kind."}


@posix
def test_33_links_and_submodules_of_a_revision_are_refused(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    sandbox.commit("one", {"prompts/real.md": "text", "elsewhere/x.md": "text"})
    (tmp_path / "prompts" / "link.md").symlink_to("real.md")
    (tmp_path / "prompts" / "out.md").symlink_to("/etc/hosts")
    (tmp_path / "prompts" / "folder").symlink_to("../elsewhere")
    sandbox.git("add", "--all")
    head = sandbox.head
    sandbox.git("update-index", "--add", "--cacheinfo", f"160000,{head},prompts/module")
    sandbox.git("commit", "-qm", "links")
    with find(tmp_path) as repository:
        tree = repository.tree(sandbox.head)
        for path in ("link.md", "out.md", "folder/x.md", "folder"):
            with pytest.raises(InputError, match="symbolic link"):
                tree.read(f"prompts/{path}")
        for path in ("module", "module/x.md"):
            with pytest.raises(InputError, match="submodule"):
                tree.read(f"prompts/{path}")
        assert tree.list("prompts") == ["prompts/real.md"]


@posix
def test_33_a_prompt_that_was_a_link_is_a_broken_version(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    sandbox.write({"prompts/real.txt": numbered(1)})
    (tmp_path / A).symlink_to("real.txt")
    sandbox.commit("link")
    (tmp_path / A).unlink()
    sandbox.commit("file", {A: numbered(1)})
    new, old = listed(tmp_path)
    assert (new.number, old.number) == (1, 0)
    assert "symbolic link" in str(old.broken)


# 35: awkward repositories


def clone(sandbox: Sandbox, place: Path, *options: str) -> Path:
    sandbox.git("clone", "--quiet", *options, sandbox.root.as_uri(), str(place))
    return place


def test_35_a_shallow_clone_says_how_to_deepen_it(three: Sandbox, tmp_path: Path) -> None:
    place = clone(three, tmp_path / "shallow", "--depth=1")
    with find(place) as repository:
        assert repository.is_shallow
    for question in (
        lambda: ask(place),
        lambda: ask(place, "v1"),
        lambda: ask(place, "HEAD~1"),
    ):
        with pytest.raises(HistoryError, match="shallow") as got:
            question()
        assert "git fetch --unshallow" in str(got.value)
        assert "fetch-depth: 0" in str(got.value)
    assert [version.number for version in listed(place)] == [3]
    (place / A).write_text(numbered(4))
    found = ask(place)
    assert found is not None
    assert found.version.number == 3


def test_35_a_shallow_clone_of_a_pull_request(three: Sandbox, tmp_path: Path) -> None:
    three.git("checkout", "--quiet", "-b", "topic")
    three.commit("four", {A: numbered(4)})
    three.commit("five", {A: numbered(5)})
    three.git("checkout", "--quiet", "main")
    three.commit("main moved on", {"src/x": "x"})
    place = clone(three, tmp_path / "one", "--depth=1", "--branch=topic")
    with pytest.raises(HistoryError, match="is not in this clone") as got:
        ask(place, environ=PULL_REQUEST)
    assert "fetch-depth: 0" in str(got.value)
    place = clone(three, tmp_path / "both", "--depth=1", "--branch=topic", "--no-single-branch")
    with pytest.raises(HistoryError, match="too shallow to hold the merge base") as got:
        ask(place, environ=PULL_REQUEST)
    assert "fetch-depth: 0" in str(got.value)
    place = clone(three, tmp_path / "whole", "--branch=topic")
    found = ask(place, environ=PULL_REQUEST)
    assert found is not None
    assert found.version.number == 3


def test_35_a_pull_request_s_merge_commit_on_a_detached_head(three: Sandbox) -> None:
    """What actions/checkout leaves: HEAD detached at the merge of the request into its target."""
    three.git("checkout", "--quiet", "-b", "topic")
    three.commit("four", {A: numbered(4)})
    three.git("checkout", "--quiet", "main")
    three.commit("main moved on", {B: prompt_text(1, "Another. {{ message }}")})
    three.git("checkout", "--quiet", "--detach")
    three.merge("topic")
    found = ask(three.root, environ=PULL_REQUEST)
    assert found is not None
    assert (found.version.number, found.version.subject) == (3, "way 3")
    assert [version.number for version in listed(three.root)] == [4, 3, 2, 1]


def test_35_a_detached_head_has_the_history_behind_it(three: Sandbox) -> None:
    three.git("checkout", "--quiet", "--detach", "HEAD~1")
    assert [version.number for version in listed(three.root)] == [2, 1]
    found = ask(three.root)
    assert found is not None
    assert found.version.number == 1


def test_35_a_worktree_is_a_repository(three: Sandbox, tmp_path: Path) -> None:
    place = tmp_path / "tree"
    three.git("worktree", "add", "--quiet", "-b", "topic", str(place), "HEAD~1")
    (place / A).write_text(numbered(8))
    assert (place / ".git").is_file()
    assert [version.number for version in listed(place)] == [8, 2, 1]
    found = ask(place, "main")
    assert found is not None
    assert found.version.number == 3
    assert everything(place) == [8, 2, 1]


def test_35_a_submodule_is_a_repository_of_its_own(three: Sandbox, tmp_path: Path) -> None:
    outer = Sandbox(tmp_path / "outer")
    outer.commit("outer", {A: numbered(70)})
    outer.git(
        *("-c", "protocol.file.allow=always", "submodule", "--quiet", "add"),
        *(str(three.root), "inner"),
    )
    outer.commit("module")
    assert everything(outer.root / "inner") == [3, 2, 1]


@pytest.mark.parametrize("inside", [False, True])
def test_35_a_bare_repository_that_a_git_file_names_is_one(
    three: Sandbox, tmp_path: Path, inside: bool
) -> None:
    """The layouts of people who keep many worktrees: nobody planted these."""
    place = tmp_path / "many"
    place.mkdir()
    three.git("clone", "--quiet", "--bare", str(three.root), str(place / ".bare"))
    (place / ".git").write_text("gitdir: ./.bare\n")
    work = place / "main" if inside else place
    if inside:
        three.git("-C", str(place / ".bare"), "worktree", "add", "--quiet", str(work), "main")
    else:
        (work / "prompts").mkdir()
        (work / A).write_text(numbered(3))
    assert everything(work) == [3, 2, 1]


def test_35_no_commit_yet(tmp_path: Path) -> None:
    Sandbox(tmp_path).write({A: numbered(1)})
    assert [version.dirty for version in listed(tmp_path)] == [True]
    assert ask(tmp_path) is None
    assert ask(tmp_path, environ=PULL_REQUEST) is None
    with pytest.raises(HistoryError, match="no commit yet") as got:
        ask(tmp_path, "v1")
    assert "commit the prompt" in str(got.value)


def test_35_no_repository_at_all(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / A).write_text(numbered(1))
    working = WorkingTree(tmp_path)
    assert Repository.find(tmp_path) is None
    assert baseline(None, "a", working, None, {}) is None
    with pytest.raises(HistoryError, match="no git repository") as got:
        baseline(None, "a", working, "v1", {})
    assert "git init" in str(got.value)


def test_35_git_is_not_installed(three: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(three.root))
    with pytest.raises(HistoryError, match="git is not installed") as got:
        Repository.find(three.root)
    assert "install git" in str(got.value)


@posix
def test_35_a_repository_of_another_user_names_the_command(
    three: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(HistoryError, match="belongs to another user") as got:
        Repository.find(three.root)
    assert "git config --global --add safe.directory" in str(got.value)
    assert str(three.root) in str(got.value)


def pointer() -> str:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"


def test_35_an_lfs_pointer_is_named_as_such(three: Sandbox) -> None:
    three.commit("into lfs", {A: pointer()})
    three.write({A: numbered(4)})
    with pytest.raises(InputError, match="Git LFS pointer") as got:
        ask(three.root)
    assert "git lfs migrate export" in str(got.value)
    with pytest.raises(HistoryError, match="Git LFS pointer"):
        ask(three.root, "HEAD")
    assert [version.number for version in listed(three.root)] == [4, 0, 3, 2, 1]


def test_35_a_damaged_repository_is_an_error(three: Sandbox) -> None:
    lose(three, "HEAD~1")
    with pytest.raises(HistoryError, match="git log failed"):
        listed(three.root)


def test_35_the_real_clone_without_blobs(three: Sandbox, tmp_path: Path) -> None:
    three.git("config", "uploadpack.allowFilter", "true")
    place = clone(three, tmp_path / "partial", "--filter=blob:none")
    with pytest.raises(HistoryError, match="partial clone"):
        listed(place)
    with pytest.raises(HistoryError, match="partial clone"):
        ask(place, "v1")


def test_35_an_include_that_git_cannot_bring_is_gits_error_and_no_broken_prompt(
    tmp_path: Path,
) -> None:
    sandbox = Sandbox(tmp_path)
    text = prompt_text(1, "{% include 'tone.md' %} {{ message }}")
    sandbox.commit("one", {A: text, "prompts/tone.md": "Be kind."})
    sandbox.commit("two", {"prompts/tone.md": "Be brief."})
    lose(sandbox, "HEAD~1:prompts/tone.md")
    with pytest.raises(HistoryError, match="partial clone"):
        listed(tmp_path)
    with pytest.raises(HistoryError, match="partial clone"):
        ask(tmp_path)


def test_35_no_process_outlives_the_reader(three: Sandbox) -> None:
    code = (
        "import sys; from pathlib import Path; from promptops.documents.tree import WorkingTree;"
        "from promptops.history.repository import Repository;"
        "from promptops.history.versions import versions;"
        "root = Path('.'); found = Repository.find(root);"
        "versions(found, 'a', WorkingTree(root)); print(found._objects._process.pid)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=three.root,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stderr == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
