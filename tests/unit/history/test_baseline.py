"""Which version a prompt is compared with."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from promptops.documents.tree import WorkingTree
from promptops.errors import HistoryError, InputError
from promptops.history.baseline import Baseline, baseline, named
from promptops.history.repository import Repository
from tests.git_sandbox import Sandbox, prompt_text

A, B = "prompts/a.yaml", "prompts/b.yaml"
PULL_REQUEST = {"GITHUB_BASE_REF": "main", "GITHUB_EVENT_NAME": "pull_request"}


def numbered(number: int) -> str:
    return prompt_text(number, f"Way {number} of naming: {{{{ message }}}}")


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "work")


@pytest.fixture
def three(sandbox: Sandbox) -> Sandbox:
    for number in (1, 2, 3):
        sandbox.commit(f"way {number}", {A: numbered(number)})
    return sandbox


def ask(
    sandbox: Sandbox,
    against: str | None = None,
    environ: Mapping[str, str] | None = None,
    name: str = "a",
) -> Baseline | None:
    repository = Repository.find(sandbox.root)
    if repository is None:
        return baseline(None, name, WorkingTree(sandbox.root), against, environ or {})
    with repository:
        return baseline(repository, name, WorkingTree(sandbox.root), against, environ or {})


def sure(
    sandbox: Sandbox,
    against: str | None = None,
    environ: Mapping[str, str] | None = None,
    name: str = "a",
) -> Baseline:
    found = ask(sandbox, against, environ, name)
    assert found is not None
    assert found.version.loaded is found.loaded
    assert found.version.digest == found.loaded.digest
    return found


def test_a_prompt_that_took_another_s_name_is_held_against_that_one(three: Sandbox) -> None:
    """It was deleted, and another one was renamed to its name: whoever asks for it gets that."""
    base = three.commit("another", {B: prompt_text(1, "Something else: {{ message }}")})
    three.git("rm", "--quiet", A)
    three.commit("gone")
    three.git("mv", B, A)
    three.commit("renamed")
    found = sure(three, base)
    assert (found.version.number, found.version.path) == (3, A)
    three.git("branch", "base", base)
    assert sure(three, None, {"GITHUB_BASE_REF": "base"}).version.path == A


def test_a_clean_prompt_is_compared_with_the_version_before(three: Sandbox) -> None:
    three.commit("unrelated", {"src/x": "x"})
    three.commit("note", {A: "# note\n" + numbered(3)})
    found = sure(three)
    assert (found.version.number, found.how) == (2, "the version before")
    assert found.version.commit == three.git("rev-parse", "HEAD~3")


def test_a_dirty_prompt_is_compared_with_the_last_commit(three: Sandbox) -> None:
    three.write({A: numbered(4)})
    found = sure(three)
    assert (found.version.number, found.version.commit) == (3, three.head)
    assert "last commit" in found.how


def test_a_first_version_has_no_baseline(sandbox: Sandbox) -> None:
    sandbox.write({A: numbered(1)})
    assert ask(sandbox) is None
    sandbox.commit("other", {B: numbered(1)})
    sandbox.commit("one")
    assert ask(sandbox) is None
    sandbox.write({"prompts/c.yaml": prompt_text(1, "Something of its own.")})
    assert ask(sandbox, name="c") is None


def test_after_a_revert_the_reverted_version_is_the_baseline(three: Sandbox) -> None:
    three.git("revert", "--no-edit", "HEAD")
    assert sure(three).version.number == 3


def test_after_a_merge_the_branch_s_own_last_step_but_one_is_the_baseline(three: Sandbox) -> None:
    three.git("checkout", "--quiet", "-b", "topic")
    three.commit("four", {A: numbered(4)})
    three.commit("five", {A: numbered(5)})
    three.git("checkout", "--quiet", "main")
    three.merge("topic")
    assert sure(three).version.number == 4


@pytest.mark.parametrize(
    ("against", "number"),
    [("v1", 1), ("v2", 2), ("v3", 3), ("HEAD", 3), ("HEAD~1", 2), ("stable", 1), ("main", 3)],
)
def test_against_names_a_version_a_label_or_a_revision(
    three: Sandbox, against: str, number: int
) -> None:
    three.git("tag", "stable", "HEAD~2")
    three.write({A: numbered(9)})
    assert sure(three, against).version.number == number


def test_a_version_number_means_the_newest_committed_one(three: Sandbox) -> None:
    text = prompt_text(3, "Way three, mended: {{ message }}")
    commit = three.commit("mended", {A: text})
    three.write({A: prompt_text(3, "Way three, at the desk: {{ message }}")})
    assert sure(three, "v3").version.commit == commit


def test_a_tag_that_looks_like_a_number_is_found_when_no_version_has_it(three: Sandbox) -> None:
    three.git("tag", "v1", "HEAD")
    three.git("tag", "v2026", "HEAD~2")
    assert sure(three, "v1").version.number == 1
    assert sure(three, "v2026").version.number == 1


def test_a_version_that_is_not_there_names_those_that_are(three: Sandbox) -> None:
    with pytest.raises(HistoryError, match="has no version v7") as got:
        ask(three, "v7")
    assert "known: v1, v2, v3" in str(got.value)


@pytest.mark.parametrize("against", ["--upload-pack=x", "nowhere", ""])
def test_a_bad_name_is_an_error(three: Sandbox, against: str) -> None:
    with pytest.raises(HistoryError):
        ask(three, against)


def test_a_revision_without_the_prompt_is_an_error(sandbox: Sandbox) -> None:
    sandbox.commit("before", {"src/x": "x"})
    sandbox.commit("one", {A: numbered(1)})
    with pytest.raises(HistoryError, match="does not exist at 'HEAD~1'"):
        ask(sandbox, "HEAD~1")


def test_a_renamed_prompt_is_found_under_its_old_name(three: Sandbox) -> None:
    first = three.git("rev-parse", "HEAD~2")
    three.commit("moved", {A: None, B: numbered(3)})
    three.commit("another takes the name", {A: prompt_text(50, "Unlike all others.")})
    found = sure(three, first, name="b")
    assert (found.version.number, found.version.path) == (1, A)
    assert sure(three, "v1", name="b").version.path == A
    assert sure(three, name="b").version.number == 2


def test_a_renamed_prompt_is_found_on_a_branch_that_knows_the_old_name(three: Sandbox) -> None:
    three.git("checkout", "--quiet", "-b", "old")
    three.commit("four", {A: numbered(4)})
    three.git("checkout", "--quiet", "main")
    three.commit("moved", {A: None, B: numbered(3)})
    found = sure(three, "old", name="b")
    assert (found.version.number, found.version.path) == (4, A)


def test_a_revision_stands_for_the_version_it_carries(three: Sandbox) -> None:
    born = three.head
    three.commit("unrelated", {"src/x": "x", B: numbered(1)})
    found = sure(three, "HEAD")
    assert (found.version.commit, found.version.subject) == (born, "way 3")
    assert three.head[:12] in found.how


def test_after_a_revert_an_old_revision_is_its_own_version(three: Sandbox) -> None:
    second = three.git("rev-parse", "HEAD~1")
    three.git("revert", "--no-edit", "HEAD")
    assert sure(three, second).version.commit == second


def request_branch(sandbox: Sandbox) -> str:
    """A branch `topic` off main, which has moved on since; answers the merge base."""
    base = sandbox.head
    sandbox.git("checkout", "--quiet", "-b", "topic")
    sandbox.commit("four", {A: numbered(4)})
    sandbox.commit("five", {A: numbered(5)})
    sandbox.git("checkout", "--quiet", "main")
    sandbox.commit("main moved on", {A: numbered(6)})
    sandbox.git("checkout", "--quiet", "topic")
    return base


@pytest.mark.parametrize("dirty", [False, True])
def test_a_pull_request_is_compared_with_the_merge_base(three: Sandbox, dirty: bool) -> None:
    base = request_branch(three)
    if dirty:
        three.write({A: numbered(7)})
    found = sure(three, environ=PULL_REQUEST)
    assert (found.version.number, found.version.commit) == (3, base)
    assert found.how == f"the merge base {base[:12]} with main"


def test_the_remote_s_branch_goes_before_the_local_one(three: Sandbox) -> None:
    base = request_branch(three)
    three.git("update-ref", "refs/remotes/origin/main", f"{base}~1")
    assert sure(three, environ=PULL_REQUEST).version.number == 2


def test_gitlab_s_base_is_taken_as_given(three: Sandbox) -> None:
    base = request_branch(three)
    environ = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": f"{base}"}
    assert sure(three, environ=environ).version.commit == base


def test_a_pull_request_that_leaves_the_prompt_alone_is_compared_with_itself(
    three: Sandbox,
) -> None:
    three.git("checkout", "--quiet", "-b", "topic")
    three.commit("elsewhere", {"src/x": "x"})
    found = sure(three, environ=PULL_REQUEST)
    assert found.version.number == 3
    assert found.how.endswith("the prompt means the same there")


def test_a_prompt_that_is_new_in_a_pull_request_is_a_first_version(three: Sandbox) -> None:
    three.git("checkout", "--quiet", "-b", "topic")
    three.commit("new", {B: prompt_text(1, "New here.")})
    three.commit("new, again", {B: prompt_text(2, "New here, and mended.")})
    assert ask(three, environ=PULL_REQUEST, name="b") is None


def test_against_goes_before_the_pull_request(three: Sandbox) -> None:
    request_branch(three)
    assert sure(three, "v1", PULL_REQUEST).version.number == 1


@pytest.mark.parametrize("branch", ["absent", "--upload-pack=x", "HEAD^{/x}", "a b"])
def test_a_target_that_is_not_here_says_how_to_fetch_it(three: Sandbox, branch: str) -> None:
    with pytest.raises(HistoryError, match="is not in this clone") as got:
        ask(three, environ={"GITHUB_BASE_REF": branch})
    assert "fetch-depth: 0" in str(got.value)


def test_branches_without_a_common_commit_are_an_error(three: Sandbox) -> None:
    three.git("checkout", "--quiet", "--orphan", "island")
    three.commit("island", {A: numbered(4)})
    with pytest.raises(HistoryError, match="no common commit"):
        ask(three, environ=PULL_REQUEST)


def test_a_broken_past_is_passed_over_and_said(three: Sandbox) -> None:
    three.commit("broken", {A: "version: [\n"})
    three.commit("four", {A: numbered(4)})
    found = sure(three)
    assert found.version.number == 3
    assert "unreadable" in found.how


def test_where_nothing_earlier_can_be_read_it_is_no_first_version(sandbox: Sandbox) -> None:
    sandbox.commit("broken", {A: "version: [\n"})
    sandbox.commit("one", {A: numbered(1)})
    with pytest.raises(HistoryError, match="no earlier version of 'a' can be read"):
        ask(sandbox)


def test_a_broken_version_that_was_asked_for_is_an_error(three: Sandbox) -> None:
    three.commit("broken", {A: "version: [\n"})
    three.commit("four", {A: numbered(4)})
    with pytest.raises(HistoryError, match="cannot be read") as got:
        ask(three, "HEAD~1")
    assert f"{A}:" in str(got.value)


def test_a_broken_prompt_at_the_desk_is_an_error_but_its_past_can_be_named(three: Sandbox) -> None:
    three.write({A: "version: [\n"})
    with pytest.raises(InputError, match="YAML"):
        ask(three)
    repository = Repository.find(three.root)
    assert repository is not None
    with repository:
        found = named(repository, "a", WorkingTree(three.root), "v3")
    assert found.version.number == 3


def test_includes_are_those_of_the_baseline_s_revision(sandbox: Sandbox) -> None:
    text = prompt_text(1, "{% include 'shared/tone.md' %} {{ message }}")
    sandbox.commit("one", {A: text, "prompts/shared/tone.md": "Be kind."})
    sandbox.write({"prompts/shared/tone.md": "Be brief."})
    assert sure(sandbox).loaded.includes == {"shared/tone.md": "Be kind."}
    assert sure(sandbox, "HEAD").loaded.includes == {"shared/tone.md": "Be kind."}
