"""The versions of a prompt out of real histories."""

import itertools
from pathlib import Path

import pytest

from promptops.documents.tree import WorkingTree
from promptops.history.repository import Repository
from promptops.history.versions import Version, versions
from tests.git_sandbox import AUTHOR, Sandbox, prompt_text

A, B = "prompts/a.yaml", "prompts/b.yaml"
INCLUDING = "{% include 'shared/tone.md' %} {{ message }}"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def listed(sandbox: Sandbox, name: str = "a") -> list[Version]:
    with_root = WorkingTree(sandbox.root)
    repository = Repository.find(sandbox.root)
    assert repository is not None
    with repository:
        found = versions(repository, name, with_root)
    digests = [version.digest for version in found]
    assert all(one != other for one, other in itertools.pairwise(digests))
    return found


def numbers(sandbox: Sandbox, name: str = "a") -> list[int]:
    return [version.number for version in listed(sandbox, name)]


def branch_off(sandbox: Sandbox, name: str, start: str = "main") -> None:
    sandbox.git("checkout", "--quiet", "-b", name, start)


def back(sandbox: Sandbox) -> None:
    sandbox.git("checkout", "--quiet", "main")


def test_a_version_says_who_when_where_and_why(sandbox: Sandbox) -> None:
    sandbox.commit("first words\n\nbody", {A: prompt_text(1)})
    second = sandbox.commit("better words", {A: prompt_text(2, "City? {{ message }}", "Shorter.")})
    new, old = listed(sandbox)
    assert (new.number, new.commit, new.dirty, new.path) == (2, second, False, A)
    assert (new.author, new.date) == (AUTHOR, "2026-01-01T00:01:00Z")
    assert (new.change, new.subject, old.subject) == ("Shorter.", "better words", "first words")
    assert new.loaded is not None
    assert new.digest == new.loaded.digest
    assert len(new.digest) == 64
    assert new.label == f"v2 ({second[:12]})"
    assert old.date == "2026-01-01T00:00:00Z"


def test_only_a_changed_meaning_makes_a_version(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    sandbox.commit("unrelated", {"src/x.txt": "x", B: prompt_text(7, "Other {{ message }}")})
    sandbox.commit("comment", {A: "# a note\n" + prompt_text(1, change="said better")})
    sandbox.commit("crlf", {A: prompt_text(1).replace("\n", "\r\n")})
    sandbox.commit("empty")
    assert [version.subject for version in listed(sandbox)] == ["one"]


def test_an_included_file_that_changes_makes_a_version(sandbox: Sandbox) -> None:
    tone = "prompts/shared/tone.md"
    sandbox.commit("one", {A: prompt_text(1, INCLUDING), tone: "Be kind."})
    sandbox.commit("other material", {"prompts/shared/unused.md": "never read"})
    sandbox.commit("colder", {tone: "Be brief."})
    found = listed(sandbox)
    assert [version.subject for version in found] == ["colder", "one"]
    texts = [version.loaded.includes for version in found if version.loaded]
    assert texts == [{"shared/tone.md": "Be brief."}, {"shared/tone.md": "Be kind."}]


def test_an_include_of_an_include_counts_too(sandbox: Sandbox) -> None:
    sandbox.commit(
        "one",
        {
            A: prompt_text(1, INCLUDING),
            "prompts/shared/tone.md": "{% include 'shared/deep.md' %}",
            "prompts/shared/deep.md": "deep",
        },
    )
    sandbox.commit("deeper", {"prompts/shared/deep.md": "deeper"})
    assert [version.subject for version in listed(sandbox)] == ["deeper", "one"]


def test_an_optional_include_that_appears_makes_a_version(sandbox: Sandbox) -> None:
    text = "{% include 'shared/extra.md' ignore missing %} {{ message }}"
    sandbox.commit("one", {A: prompt_text(1, text)})
    sandbox.commit("extra", {"prompts/shared/extra.md": "More."})
    assert [version.subject for version in listed(sandbox)] == ["extra", "one"]


def test_a_rename_continues_the_history_and_is_no_version(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    sandbox.commit("two", {A: prompt_text(2, "Two {{ message }}")})
    sandbox.commit("moved", {A: None, "prompts/deep/c.yaml": prompt_text(2, "Two {{ message }}")})
    sandbox.commit("three", {"prompts/deep/c.yaml": prompt_text(3, "Three {{ message }}")})
    found = listed(sandbox, "deep/c")
    assert [version.number for version in found] == [3, 2, 1]
    assert [version.path for version in found] == ["prompts/deep/c.yaml", A, A]


def test_a_rename_with_an_edit_is_followed(sandbox: Sandbox) -> None:
    long = "\n".join(f"Rule {number} holds." for number in range(30)) + "\n{{ message }}"
    sandbox.commit("one", {A: prompt_text(1, long)})
    sandbox.commit("moved", {A: None, B: prompt_text(2, long.replace("Rule 3 ", "Rule III "))})
    assert numbers(sandbox, "b") == [2, 1]


def test_a_rename_on_a_merged_branch_is_followed(sandbox: Sandbox) -> None:
    sandbox.commit(
        "one", {A: prompt_text(1), "prompts/other.yaml": prompt_text(1, "x {{ message }}")}
    )
    branch_off(sandbox, "topic")
    sandbox.commit("moved", {A: None, B: prompt_text(1)})
    back(sandbox)
    sandbox.commit("other", {"prompts/other.yaml": prompt_text(2, "y {{ message }}")})
    sandbox.commit("two", {A: prompt_text(2, "Name the city, please: {{ message }}")})
    sandbox.merge("topic")
    found = listed(sandbox, "b")
    assert [version.number for version in found] == [2, 1]
    assert [version.path for version in found] == [A, A]


def test_a_revert_is_a_version_again(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    sandbox.commit("two", {A: prompt_text(2, "Worse {{ message }}")})
    sandbox.git("revert", "--no-edit", "HEAD")
    found = listed(sandbox)
    assert [version.number for version in found] == [1, 2, 1]
    assert found[0].digest == found[2].digest


def test_a_merged_branch_stands_with_its_own_commits(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    branch_off(sandbox, "topic")
    for number in (2, 3, 4):
        sandbox.commit(f"step {number}", {A: prompt_text(number, f"{number} {{{{ message }}}}")})
    back(sandbox)
    sandbox.commit("elsewhere", {B: prompt_text(1, "b {{ message }}"), "src/x": "x"})
    sandbox.merge("topic")
    subjects = [version.subject for version in listed(sandbox)]
    assert subjects == ["step 4", "step 3", "step 2", "one"]


def test_a_branch_that_a_merge_threw_away_is_not_shown(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    branch_off(sandbox, "topic")
    sandbox.commit("lost", {A: prompt_text(2, "lost {{ message }}"), B: prompt_text(1)})
    back(sandbox)
    sandbox.commit("kept", {A: prompt_text(2, "kept {{ message }}")})
    sandbox.git("merge", "--no-commit", "-s", "ours", "topic")
    sandbox.git("checkout", "topic", "--", B)
    sandbox.commit("merge")
    assert [version.subject for version in listed(sandbox)] == ["kept", "one"]


def test_a_merge_with_a_meaning_of_its_own_is_a_version(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    branch_off(sandbox, "topic")
    sandbox.commit("theirs", {A: prompt_text(2, "theirs {{ message }}")})
    back(sandbox)
    sandbox.commit("ours", {A: prompt_text(2, "ours {{ message }}")})
    sandbox.git("merge", "--no-commit", "-s", "ours", "topic")
    sandbox.commit("both", {A: prompt_text(3, "both {{ message }}")})
    assert [version.subject for version in listed(sandbox)] == ["both", "ours", "theirs", "one"]


def test_prompt_and_include_that_meet_in_a_merge_are_a_version(sandbox: Sandbox) -> None:
    tone = "prompts/shared/tone.md"
    sandbox.commit("one", {A: prompt_text(1, INCLUDING), tone: "Be kind."})
    branch_off(sandbox, "topic")
    sandbox.commit("tone", {tone: "Be brief."})
    back(sandbox)
    sandbox.commit("prompt", {A: prompt_text(2, "Now: " + INCLUDING)})
    merge = sandbox.merge("topic")
    found = listed(sandbox)
    assert [version.subject for version in found] == ["merge topic", "prompt", "tone", "one"]
    assert found[0].commit == merge


def test_the_same_change_on_two_branches_is_listed_once(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    branch_off(sandbox, "topic")
    sandbox.commit("two, there", {A: prompt_text(2, "two {{ message }}")})
    back(sandbox)
    sandbox.commit("two, here", {A: prompt_text(2, "two {{ message }}")})
    sandbox.merge("topic")
    assert numbers(sandbox) == [2, 1]


def test_unrelated_histories_that_were_joined_are_both_read(sandbox: Sandbox) -> None:
    sandbox.commit("one", {"src/x": "x"})
    sandbox.git("checkout", "--quiet", "--orphan", "island")
    sandbox.git("rm", "-rfq", ".")
    sandbox.commit("island", {A: prompt_text(1)})
    back(sandbox)
    sandbox.merge("island", "--allow-unrelated-histories")
    assert [version.subject for version in listed(sandbox)] == ["island"]


def test_the_uncommitted_version_stands_in_front_and_is_dirty(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    sandbox.write({A: prompt_text(2, "new {{ message }}", "Because.")})
    new, old = listed(sandbox)
    assert (new.dirty, new.commit, new.number, new.change) == (True, None, 2, "Because.")
    assert (new.author, new.date, new.subject) == ("", "", "")
    assert new.label == "v2 (uncommitted)"
    assert not old.dirty
    sandbox.write({A: "# only a note\n" + prompt_text(1)})
    assert numbers(sandbox) == [1]


def test_an_uncommitted_change_of_an_include_is_dirty(sandbox: Sandbox) -> None:
    tone = "prompts/shared/tone.md"
    sandbox.commit("one", {A: prompt_text(1, INCLUDING), tone: "Be kind."})
    sandbox.write({tone: "Be brief."})
    assert [version.dirty for version in listed(sandbox)] == [True, False]


def test_an_uncommitted_rename_continues_the_history(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1), B: prompt_text(5, "Quite another thing.")})
    sandbox.write({A: None, "prompts/c.yaml": prompt_text(1)})
    assert [version.dirty for version in listed(sandbox, "c")] == [False]
    sandbox.write({"prompts/c.yaml": prompt_text(2, "Name the town: {{ message }}")})
    assert [version.path for version in listed(sandbox, "c")] == ["prompts/c.yaml", A]


def test_a_broken_past_is_recorded_and_passed_over(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    sandbox.commit("broken", {A: "version: [\n"})
    sandbox.commit("still broken", {A: prompt_text(1) + "wrong_key: 1\n"})
    sandbox.commit("two", {A: prompt_text(2, "two {{ message }}")})
    new, broken, old = listed(sandbox)
    assert (new.number, old.number) == (2, 1)
    assert (broken.number, broken.digest, broken.loaded) == (0, "", None)
    assert "YAML" in str(broken.broken)
    assert broken.label.startswith("unreadable")


def test_an_include_that_was_missing_breaks_only_that_point(sandbox: Sandbox) -> None:
    sandbox.commit("forgotten", {A: prompt_text(1, INCLUDING)})
    sandbox.commit("added", {"prompts/shared/tone.md": "Be kind."})
    new, broken = listed(sandbox)
    assert (new.subject, new.number) == ("added", 1)
    assert "prompts/shared/tone.md" in str(broken.broken)


def test_a_deleted_prompt_still_has_its_history(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    sandbox.commit("gone", {A: None})
    assert numbers(sandbox) == [1]
    sandbox.commit("again", {A: prompt_text(1)})
    assert [version.subject for version in listed(sandbox)] == ["one"]


def test_a_prompt_that_never_was_has_no_versions(sandbox: Sandbox) -> None:
    sandbox.commit("one", {A: prompt_text(1)})
    assert listed(sandbox, "nothing") == []


def test_without_repository_or_commit_there_is_the_dirty_one(sandbox: Sandbox) -> None:
    sandbox.write({A: prompt_text(4)})
    assert [(version.number, version.dirty) for version in listed(sandbox)] == [(4, True)]
    alone = versions(None, "a", WorkingTree(sandbox.root))
    assert [(version.number, version.dirty) for version in alone] == [(4, True)]


def test_hostile_names_dates_and_subjects_stay_data(sandbox: Sandbox) -> None:
    sandbox.write({A: prompt_text(1)})
    sandbox.git("add", ".")
    hostile = "\x1b[31m\x1e\x1f:100644 --evil \x01"
    sandbox.git(
        "commit", "-qm", hostile, GIT_AUTHOR_NAME="x\x1fy", GIT_AUTHOR_DATE="@99999999999 +0000"
    )
    sandbox.commit("two", {A: prompt_text(2, "two {{ message }}")})
    found = listed(sandbox)
    assert [version.number for version in found] == [2, 1]
    assert found[1].date == "5138-11-16T09:46:39Z"


def test_a_project_in_a_subfolder_has_its_own_history(sandbox: Sandbox) -> None:
    sandbox.commit("one", {f"app/{A}": prompt_text(1), A: prompt_text(8, "root {{ message }}")})
    sandbox.commit("root", {A: prompt_text(9, "root again {{ message }}")})
    sandbox.commit("moved", {f"app/{A}": None, f"app/{B}": prompt_text(1)})
    repository = Repository.find(sandbox.root / "app")
    assert repository is not None
    with repository:
        found = versions(repository, "b", WorkingTree(sandbox.root / "app"))
    assert [(version.number, version.path) for version in found] == [(1, A)]
