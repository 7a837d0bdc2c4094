"""Rows 29, 30, 32, 33 and 37: prompt files that are wrong, or that mean harm."""

import time

import pytest

from promptops.documents.tree import WorkingTree
from promptops.errors import ExitCode, InputError
from promptops.prompts.inputs import InputChecker
from promptops.prompts.lint import lint
from promptops.prompts.loading import load_prompt
from promptops.prompts.rendering import Renderer

GOOD = "version: 1\nmodel: maker/model\nmessages:\n  - {role: user, content: Hello}\n"


@pytest.fixture
def project(tmp_path):
    """Write a prompt into a project on disk and load it from there."""

    def write(text, **files):
        (tmp_path / "prompts").mkdir(exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "prompts" / "p.yaml").write_bytes(data)
        for name, body in files.items():
            (tmp_path / "prompts" / f"{name}.txt").write_text(body, encoding="utf-8")
        return load_prompt(WorkingTree(tmp_path), "p")

    return write


def refusal(project, text):
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        project(text)
    assert time.process_time() - started < 3
    assert caught.value.exit_code == ExitCode.INPUT
    assert str(caught.value.location).startswith("prompts/p.yaml:")
    return caught.value


def test_row_29_a_duplicate_key(project):
    error = refusal(project, GOOD + "model: other/model\n")
    assert str(error.location) == "prompts/p.yaml:5:1"
    assert "duplicate key 'model' (first on line 2)" in error.message
    error = refusal(project, GOOD.replace("role: user,", "role: user, role: system,"))
    assert ":4:" in str(error.location)


def test_row_30_an_alias_bomb(project):
    levels = "".join(
        f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" if i else "  a0: &a0 [x, x, x]\n"
        for i in range(30)
    )
    error = refusal(project, f"inputs:\n{levels}{GOOD}")
    assert "aliases" in error.message


@pytest.mark.parametrize("bracket", ["[", "{a: ", "- "])
def test_row_30_a_hundred_thousand_brackets(project, bracket):
    refusal(project, "tools: " + bracket * 100_000 if bracket != "- " else "- " * 100_000)


def test_row_32_an_undefined_variable(project):
    loaded = project(GOOD.replace("Hello", '"{{ name }}"'))
    with pytest.raises(InputError, match="'name' is not declared") as caught:
        Renderer(loaded)
    assert ":4:" in str(caught.value.location)
    assert [finding.level for finding in lint(loaded)] == ["error"]


def test_row_32_a_case_without_a_declared_input(project):
    loaded = project(GOOD.replace("Hello", '"{{ name }}"') + "inputs: {name: {type: string}}\n")
    assert InputChecker.of(loaded).check({"nam": "x"}) == "no 'name' (did you mean 'nam'?)"
    with pytest.raises(InputError, match="'name'"):
        Renderer(loaded).render({"nam": "x"})


@pytest.mark.parametrize(
    "tag", ["include '%s'", "import '%s' as m", "from '%s' import m", "extends '%s'"]
)
@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/passwd", "a/../../secret.txt", "C:/secret.txt"]
)
def test_row_33_an_include_that_climbs(project, tmp_path, tag, name):
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    error = refusal(project, GOOD.replace("Hello", f'"{{% {tag % name} %}}"'))
    assert ":4:" in str(error.location)
    assert "secret" not in error.message.replace(name, "")


@pytest.mark.parametrize("linked", ["file", "folder", "prompt"])
def test_row_33_a_symbolic_link(project, tmp_path, linked):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "outside" / "q.yaml").write_text(GOOD, encoding="utf-8")
    try:
        (tmp_path / "prompts" / "a.txt").symlink_to(tmp_path / "outside" / "a.txt")
        (tmp_path / "prompts" / "sub").symlink_to(tmp_path / "outside", target_is_directory=True)
        (tmp_path / "prompts" / "q.yaml").symlink_to(tmp_path / "outside" / "q.yaml")
    except OSError:
        pytest.skip("no symbolic links here")
    if linked == "prompt":
        with pytest.raises(InputError, match="symbolic link"):
            load_prompt(WorkingTree(tmp_path), "q")
        return
    name = "a.txt" if linked == "file" else "sub/a.txt"
    error = refusal(project, GOOD.replace("Hello", f"\"{{% include '{name}' %}}\""))
    assert "symbolic link" in error.message
    assert ":4:" in str(error.location)


@pytest.mark.parametrize("name", ["../p", "/etc/passwd", "a/../../b", "a\\b", ""])
def test_row_33_the_name_of_a_prompt_that_climbs(tmp_path, name):
    with pytest.raises(InputError):
        load_prompt(WorkingTree(tmp_path), name)


@pytest.mark.parametrize(
    "word", ["NO", "on", "off", "012", "12:30:45", "1e3", "2024-05-01", "0x1F", "1_000"]
)
def test_row_37_text_stays_text(project, word):
    text = GOOD.replace("Hello", word).replace("maker/model", word) + f"description: {word}\n"
    prompt = project(text).prompt
    assert prompt.messages[0].content == word
    assert prompt.model == word
    assert prompt.description == word


@pytest.mark.parametrize(
    "version", ["012", "1e0", "NO", "1.0", "1.5", "true", "null", "0", "-1", '"1"']
)
def test_row_37_a_version_is_a_whole_number(project, version):
    error = refusal(project, GOOD.replace("version: 1", f"version: {version}"))
    assert str(error.location) == "prompts/p.yaml:1:1"
    assert error.message.startswith("'version': expected")


def test_row_37_keys_that_are_not_text(project):
    assert (
        "key must be text"
        in refusal(project, GOOD + "params: {logit_bias: {50256: -100}}\n").message
    )
    loaded = project(GOOD + 'params: {logit_bias: {"50256": -100}}\n')
    assert loaded.prompt.params.logit_bias == {"50256": -100.0}


def test_row_37_an_integer_of_5000_digits(project):
    error = refusal(project, GOOD + f"params: {{seed: {'9' * 5000}}}\n")
    assert ":5:" in str(error.location)
    assert "5000 digits" in error.message


@pytest.mark.parametrize("content", ["12", "1.5", "true", "{a: b}"])
def test_row_37_content_that_is_no_text(project, content):
    error = refusal(project, GOOD.replace("Hello", content))
    assert ":4:" in str(error.location)
    assert "content" in error.message


def test_a_file_that_is_not_utf_8(project):
    error = refusal(project, GOOD.encode().replace(b"Hello", b"H\xe9llo"))
    assert ":4:" in str(error.location)
    assert "UTF-8" in error.message


def test_a_key_in_the_repository_cannot_redirect_traffic(project):
    for setting in ("api_base", "api_key", "base_url", "extra_headers", "organization"):
        error = refusal(project, GOOD + f"params: {{{setting}: https://attacker.example}}\n")
        assert ":5:" in str(error.location)
        assert "environment" in str(error.hint)
