import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta

from promptops.prompts.templates.tags import references


def names(text):
    return [reference.name for reference in references(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% include 'a.txt' %}", ["a.txt"]),
        ('{%- include "a.txt" -%}', ["a.txt"]),
        ("{%include 'a'%}", ["a"]),
        ("{%+ include 'a' +%}", ["a"]),
        ("{% include 'a' ignore missing %}", ["a"]),
        ("{% include 'a' ignore missing with context %}", ["a"]),
        ("{% import 'm' as m %}{% from 'n' import a, b as c with context %}", ["m", "n"]),
        ("{% extends 'b' %}", ["b"]),
        ("{# {% include 'a' %} #}", []),
        ("{% raw %}{% include 'a' %}{% endraw %}{% include 'b' %}", ["b"]),
        ("{{ \"{% include 'a' %}\" }}", []),
        ("{% set x = \"{% include 'a' %}\" %}{% include 'b' %}", ["b"]),
        ("{{ {'a': {'b': 1}} }}{% include 'c' %}", ["c"]),
        ("{{ {'a': {'b': 1}}}}{% include 'c' %}", ["c"]),
        ("{{ '}}' }}{% include 'c' %}", ["c"]),
        ("{% if x %}{% include 'a' %}{% endif %}", ["a"]),
        ("{% include name %}", [None]),
        ("{% include ['a', 'b'] %}", [None]),
        ("{% include 'a' ~ 'b' %}", [None]),
        ("{% include 'a' if x else 'b' %}", [None]),
        ("{% import name as m %}", [None]),
        ("{% set include = 1 %}{{ include }}", []),
        ("{% included %}", []),
        ("no tags", []),
        ("{% include 'a", [None]),
    ],
)
def test_tags_that_name_files(text, expected):
    assert names(text) == expected


def test_what_a_tag_says_of_itself():
    text = "one\n {% include 'a' ignore missing without context %}"
    (reference,) = references(text)
    assert reference.tag == "include"
    assert reference.offset == 5
    assert reference.optional
    assert reference.detached


PIECES = st.sampled_from(
    [
        "{% include 'a.txt' %}",
        '{%- include "b.txt" -%}',
        "{% include 'c' ignore missing %}",
        "{% import 'd' as d %}",
        "{% from 'e' import x, y as z %}",
        "{{ {'k': {'l': [1, (2, 3)]}} }}",
        "{{ {'k': {'l': 1}}}}",
        "{{ \"{% include 'no' %}\" }}",
        "{{ '{% include %}' ~ '}}' }}",
        "{{ '\\'}}' }}",
        "{# {% include 'no' %} #}",
        "{#- {{ -#}",
        "{% raw %}{% include 'no' %}{{ {% endraw %}",
        "{%- raw -%}{# {%- endraw -%}",
        "{% set x = \"%}{% include 'no' %}\" %}",
        "{% if '%}' %}yes{% endif %}",
        "{% set y = {'a': '%}', 'b': [1 % 2]} %}",
        "}} %} #} { % {",
        "text\n",
        "'",
        '"',
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=500, deadline=None)
def test_the_scanner_agrees_with_jinja2(text):
    try:
        tree = jinja2.Environment(autoescape=False).parse(text)
    except jinja2.TemplateSyntaxError:
        return  # the renderer refuses it; what the scanner saw does not matter
    assert names(text) == list(meta.find_referenced_templates(tree))
