"""The working tree: nothing outside of it is read, whatever a path says."""

from __future__ import annotations

import os
import sys

import pytest

from promptops.documents.lfs import LfsPointerError
from promptops.documents.tree import MAX_TEXT_BYTES, WorkingTree, decode_text, inside
from promptops.errors import InputError, Location


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    (root / "prompts" / "judges").mkdir(parents=True)
    (root / "prompts" / "a.yaml").write_bytes("\ufeffname: ä\r\n".encode())
    (root / "prompts" / "judges" / "b.yaml").write_text("b")
    (root / "prompts-more.yaml").write_text("not below prompts")
    (tmp_path / "secret.yaml").write_text("secret")
    return root


def test_files_are_read_and_listed_by_their_path_from_the_root(root):
    tree = WorkingTree(root)
    assert tree.read("prompts/a.yaml") == "name: ä\n"
    assert tree.read("prompts/./judges/b.yaml") == "b"
    assert tree.read("prompts/none.yaml") is None
    assert tree.read("prompts/a.yaml/below") is None
    assert tree.list("prompts") == ["prompts/a.yaml", "prompts/judges/b.yaml"]
    assert tree.list("none") == []


@pytest.mark.parametrize(
    "path",
    [
        "../secret.yaml",
        "prompts/../../secret.yaml",
        "prompts/../prompts/a.yaml",
        "/etc/hostname",
        "",
        "..",
        "prompts\\a.yaml",
        "C:a.yaml",
        "C:\\a.yaml",
        "prompts/a.yaml\x00",
        "//host/share",
    ],
)
def test_paths_that_leave_are_refused(root, path):
    place = Location("f.yaml", 3, 5)
    tree = WorkingTree(root)
    with pytest.raises(InputError) as caught:
        tree.locate(path, location=place)
    assert caught.value.location == place
    assert str(caught.value).startswith("f.yaml:3:5: the path ")
    for call in (tree.read, tree.list, inside):
        with pytest.raises(InputError):
            call(path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_never_followed(root):
    (root / "prompts" / "out.yaml").symlink_to(root.parent / "secret.yaml")
    (root / "prompts" / "in.yaml").symlink_to(root / "prompts" / "a.yaml")
    (root / "prompts" / "gone.yaml").symlink_to(root / "nothing")
    (root / "linked").symlink_to(root.parent, target_is_directory=True)
    tree = WorkingTree(root)
    for path in ("prompts/out.yaml", "prompts/in.yaml", "prompts/gone.yaml", "linked/secret.yaml"):
        with pytest.raises(InputError, match="symbolic link"):
            tree.read(path)
    assert tree.list("prompts") == ["prompts/a.yaml", "prompts/judges/b.yaml"]
    assert "linked/secret.yaml" not in tree.list("prompts")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders there")
def test_what_is_no_regular_file_is_refused_and_not_waited_for(root):
    os.mkfifo(root / "prompts" / "pipe.yaml")
    tree = WorkingTree(root)
    for path in ("prompts/pipe.yaml", "prompts", ".", "./"):
        with pytest.raises(InputError, match="not a regular file"):
            tree.read(path)
    assert "prompts/pipe.yaml" not in tree.list("prompts")


def test_a_file_past_the_limit_is_refused(root):
    (root / "large.yaml").write_bytes(b"x" * MAX_TEXT_BYTES)
    assert len(WorkingTree(root).read("large.yaml") or "") == MAX_TEXT_BYTES
    (root / "large.yaml").write_bytes(b"x" * (MAX_TEXT_BYTES + 1))
    with pytest.raises(InputError, match="larger than 4 MB"):
        WorkingTree(root).read("large.yaml")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_bad_byte_is_named_at_its_place(mark):
    with pytest.raises(InputError) as caught:
        decode_text(mark + "é\r\néé".encode() + b"\xff", "f.yaml")
    assert str(caught.value).startswith("f.yaml:2:3: not UTF-8 text (byte 0xff)")
    with pytest.raises(InputError) as caught:
        decode_text(mark + b"\xfe", "f.yaml")
    assert str(caught.value).startswith("f.yaml:1:1: not UTF-8 text (byte 0xfe)")


def test_a_git_lfs_pointer_is_no_file(root):
    place = root / "prompts" / "a.yaml"
    place.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n")
    with pytest.raises(LfsPointerError) as caught:
        WorkingTree(root).read("prompts/a.yaml")
    assert str(caught.value) == (
        "prompts/a.yaml:1:1: a Git LFS pointer stands where the file should be\n"
        "  hint: run `git lfs pull`"
    )
