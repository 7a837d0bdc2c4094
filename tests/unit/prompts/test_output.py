import pytest

from promptops.errors import InputError
from promptops.prompts.output import OutputChecker

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"city": "Aldermoor"}', {"city": "Aldermoor"}), (' {"city":""}\n', {"city": ""})],
)
def test_an_answer_that_fits(text, value):
    checked = OutputChecker(CITY).check(text)
    assert checked.ok
    assert checked.value == value


def test_null_is_a_value():
    checked = OutputChecker({"type": "null"}).check("null")
    assert checked.ok
    assert checked.value is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("Aldermoor", "not JSON"),
        ('Sure! {"city": "x"}', "not JSON"),
        ('```json\n{"city": "x"}\n```', "not JSON"),
        ('{"city": "x"} {"city": "y"}', "not JSON"),
        ('{"city": NaN}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("\ud800", "not JSON"),
        ("{}", '"city" is a required property'),
        ('{"city": 3}', "city: 3 is not of type"),
    ],
)
def test_an_answer_that_does_not_fit(text, problem):
    checked = OutputChecker(CITY).check(text)
    assert not checked.ok
    assert checked.value is None
    assert problem in str(checked.problem)


def test_a_schema_that_is_none():
    with pytest.raises(InputError, match="the output schema: "):
        OutputChecker({"type": "nothing"})
