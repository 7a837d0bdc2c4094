import pytest

from promptops.documents.tree import WorkingTree
from promptops.errors import InputError
from promptops.prompts.includes import MAX_FILES
from promptops.prompts.loading import load_prompt
from promptops.prompts.rendering import Renderer

PROMPT = (
    "version: 1\nmodel: maker/model\ninputs: {name: {}}\nmessages:\n"
    "  - role: user\n    content: |\n      Hello\n      %s\n"
)


def test_files_are_gathered_at_any_depth(load):
    below = {
        "a.txt": "A {% include 'deep/b.txt' %}",
        "deep/b.txt": "B {% include 'c.txt' %}",
        "c.txt": "C",
        "unused.txt": "U",
    }
    loaded = load(PROMPT % "{% include 'a.txt' %}{% include 'c.txt' %}", below)
    assert loaded.includes == {name: below[name] for name in ("a.txt", "c.txt", "deep/b.txt")}


def test_a_missing_file_is_an_error_at_its_tag(load):
    with pytest.raises(InputError, match=r"no file prompts/shared/tone\.txt") as caught:
        load(PROMPT % "ab {% include 'shared/tone.txt' %}", {"shared/tones.txt": ""})
    assert str(caught.value.location) == "prompts/t.yaml:8:10"
    assert caught.value.hint == "did you mean 'shared/tones.txt'?"


def test_a_missing_file_inside_a_file_names_that_file(load):
    with pytest.raises(InputError) as caught:
        load(PROMPT % "{% include 'a.txt' %}", {"a.txt": "one\n  {% include 'b.txt' %}"})
    assert str(caught.value.location) == "prompts/a.txt:2:3"


def test_a_file_may_be_left_out_where_the_tag_says_so(load):
    loaded = load(PROMPT % "{% include 'b.txt' ignore missing %}end")
    assert loaded.includes == {}
    assert Renderer(loaded).render({"name": "x"}).messages[0].content == "Hello\nend\n"


@pytest.mark.parametrize(
    "tag",
    [
        "{% include name %}",
        "{% include ['a.txt'] %}",
        "{% import name as m %}",
        "{% extends name %}",
    ],
)
def test_a_name_that_is_computed_is_refused(load, tag):
    with pytest.raises(InputError, match="one plain quoted text") as caught:
        load(PROMPT % tag, {"a.txt": ""})
    assert ":8:" in str(caught.value.location)


@pytest.mark.parametrize(
    "below",
    [
        {"a.txt": "{% include 'a.txt' %}"},
        {"a.txt": "{% include 'b.txt' %}", "b.txt": "{% extends 'a.txt' %}"},
    ],
)
def test_a_circle_is_refused(load, below):
    with pytest.raises(InputError, match=r"circle: .*a\.txt → "):
        load(PROMPT % "{% include 'a.txt' %}", below)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../b", "c:/x", "a/./b", "a//b", ""]
)
def test_a_path_that_leaves_the_folder_is_refused(load, name):
    with pytest.raises(InputError) as caught:
        load(PROMPT % f"{{% include '{name}' %}}", {"a/b": ""})
    assert ":8:" in str(caught.value.location)


def test_without_context_is_refused(load):
    with pytest.raises(InputError, match="without context"):
        load(PROMPT % "{% include 'a.txt' without context %}", {"a.txt": ""})


def test_too_many_files_are_refused(load):
    below = {f"f{i}.txt": f"{{% include 'f{i + 1}.txt' %}}" for i in range(MAX_FILES + 5)}
    below[f"f{MAX_FILES + 5}.txt"] = "end"
    with pytest.raises(InputError, match="more than 200 files"):
        load(PROMPT % "{% include 'f0.txt' %}", below)


def test_a_symbolic_link_is_refused_at_its_tag(tmp_path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    try:
        (tmp_path / "prompts" / "link.txt").symlink_to(tmp_path / "secret")
    except OSError:
        pytest.skip("no symbolic links here")
    text = PROMPT % "{% include 'link.txt' %}"
    (tmp_path / "prompts" / "t.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="symbolic link") as caught:
        load_prompt(WorkingTree(tmp_path), "t")
    assert str(caught.value.location) == "prompts/t.yaml:8:7"


def test_macros_and_blocks_come_from_files_and_see_the_inputs(say):
    below = {
        "m.txt": "{% macro hail(who) %}Hail {{ who }} from {{ name }}{% endmacro %}",
        "base.txt": "<{% block body %}nothing{% endblock %}>",
        "row.txt": "[{{ item }}:{{ name }}]",
    }
    assert say("{% from 'm.txt' import hail %}{{ hail('x') }}", below, name="N") == "Hail x from N"
    assert say("{% import 'm.txt' as m %}{{ m.hail('x') }}", below, name="N") == "Hail x from N"
    extended = "{% extends 'base.txt' %}{% block body %}{{ super() }} {{ name }}{% endblock %}"
    assert say(extended, below, name="N") == "<nothing N>"
    loop = "{% for item in name %}{% include 'row.txt' %}{% endfor %}"
    assert say(loop, below, name="ab") == "[a:ab][b:ab]"


def test_an_imported_file_keeps_no_state_between_cases(load):
    below = {
        "count.txt": "{% set ns = namespace(n=0) %}"
        "{% macro next() %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% endmacro %}"
    }
    text = PROMPT % "{% import 'count.txt' as c %}{{ c.next() }}{{ c.next() }}"
    renderer = Renderer(load(text, below))
    first = renderer.render({"name": ""})
    assert first.messages[0].content == "Hello\n12\n"
    assert renderer.render({"name": ""}) == first
