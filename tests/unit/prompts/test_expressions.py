import pytest

from promptops.errors import InputError, Location
from promptops.prompts.expressions import Expression

CASE = {
    "expected": "Aldermoor",
    "n": 3,
    "tags": ["a", "b"],
    "deep": {"x": [1, 2.5]},
    "t": "{{ n }}",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ expected }}", "Aldermoor"),
        ("{{expected}}", "Aldermoor"),
        ("  {{ n }} ", 3),
        ("{{ tags }}", ["a", "b"]),
        ("{{ deep }}", {"x": [1, 2.5]}),
        ("{{ deep.x[1] }}", 2.5),
        ("{{ n + 1 }}", 4),
        ("{{ tags | length }}", 2),
        ("{{ tags | map('upper') | list }}", ["A", "B"]),
        ("{{ true }}", True),
        ("{{ none }}", None),
        ("{{ not n }}", False),
        ("n={{ n }}", "n=3"),
        ("{{ n }}{{ n }}", "33"),
        ("{{ n }}.", "3."),
        ("{% if n == 3 %}three{% endif %}", "three"),
        ("{{ t }}", "{{ n }}"),
        ("<{{ t }}>", "<{{ n }}>"),
    ],
)
def test_what_an_expression_comes_to(text, value):
    found = Expression(text).evaluate(CASE)
    assert found == value
    assert type(found) is type(value)


def test_the_columns_that_it_reads():
    assert Expression("{{ a }}").names == {"a"}
    assert Expression("{{ a.b ~ range(c) }}{% set d = 1 %}{{ d }}").names == {"a", "c"}
    assert Expression("text").names == set()


@pytest.mark.parametrize("text", ["{{ expcted }}", "{{ expcted | upper }}", "x {{ expcted }}"])
def test_a_column_that_the_case_lacks(text):
    with pytest.raises(InputError, match="no column 'expcted'") as caught:
        Expression(text, location=Location("evals/e.yaml", 4, 9)).evaluate(CASE)
    assert caught.value.hint == "did you mean 'expected'?"
    assert str(caught.value.location) == "evals/e.yaml:4:9"


@pytest.mark.parametrize("text", ["{{ ", "{% if %}", "{{ a | nope }}", "{% include 'a.txt' %}"])
def test_what_does_not_compile_or_run(text):
    with pytest.raises(InputError) as caught:
        Expression(text, location=Location("evals/e.yaml", 4, 9)).evaluate({"a": 1})
    assert str(caught.value.location) == "evals/e.yaml:4:9"
