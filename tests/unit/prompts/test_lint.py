# ruff: noqa: E501 -- one case a line
import pytest

from promptops.prompts.lint import lint

HEAD = "version: 1\nmodel: maker/model\n"
BODY = 'messages:\n  - {role: user, content: "%s"}\n'


def found(loaded):
    return [
        (each.level, each.message, each.location.line if each.location else 0)
        for each in lint(loaded)
    ]


def test_nothing_is_wrong(load):
    assert lint(load(HEAD + "inputs: {x: {type: string}}\n" + BODY % "{{ x }}")) == []


@pytest.mark.parametrize(
    ("text", "level", "message", "line"),
    [
        (HEAD + BODY % "{{ x }}", "error", "'x' is not declared", 4),
        (HEAD + BODY % "{% if %}", "error", "template: expected an expression", 4),
        (HEAD + "inputs: {x: {type: strng}}\n" + BODY % "{{ x }}", "error", "schema of input 'x'", 3),
        (HEAD + "inputs: {x: {type: string, default: 3}}\n" + BODY % "{{ x }}", "error", "the default of input 'x'", 3),
        (HEAD + "output: {schema: {type: strng}}\n" + BODY % "a", "error", "the output schema", 3),
        (HEAD + "tools: [{type: function}]\n" + BODY % "a", "error", "needs `function", 3),
        (HEAD + "tools: [{type: function, function: {name: a, parameters: {type: no}}}]\n" + BODY % "a", "error", "the parameters of tool 'a'", 3),
        (HEAD + "tools: [{type: function, function: {name: a}}, {type: function, function: {name: a}}]\n" + BODY % "a", "error", "two tools are named 'a'", 3),
        (HEAD + "inputs: {x: {}}\n" + BODY % "a", "warning", "no template uses the input 'x'", 3),
        ("version: 2\nmodel: maker/model\n" + BODY % "a", "warning", "version 2 does not say why", 1),
        ("version: 1\nmodel: model\n" + BODY % "a", "warning", "does not name its provider", 2),
    ],
)  # fmt: skip
def test_one_thing_is_wrong(load, text, level, message, line):
    ((found_level, found_message, found_line),) = found(load(text))
    assert found_level == level
    assert message in found_message
    assert found_line == line


def test_all_findings_are_shown_in_the_order_of_the_file(load):
    text = "version: 2\nmodel: model\ninputs: {x: {type: strng}}\n" + BODY % "{{ y }}{{ z }}"
    assert [line for _, _, line in found(load(text))] == [1, 2, 3, 5, 5]


def test_an_input_that_only_a_file_reads_is_used(load):
    text = HEAD + "inputs: {x: {}}\n" + BODY % "{% include 'a.txt' %}"
    assert lint(load(text, {"a.txt": "{{ x }}"})) == []


def test_a_finding_reads_well(load):
    (finding,) = lint(load(HEAD + "inputs: {x: {}}\n" + BODY % "a"))
    assert str(finding) == (
        "prompts/t.yaml:3:10: warning: no template uses the input 'x'\n  hint: remove it, or use it"
    )
