import pytest

from promptops.errors import InputError, InputErrors
from promptops.prompts.rendering import Renderer
from promptops.values.request import Message, Request

CITY = """\
version: 2
model: embedded/smollm2-135m
params: {temperature: 0.2, max_tokens: 12}
inputs: {message: {type: string}, places: {type: array, default: []}}
messages:
  - {role: system, content: Name the city.}
  - {role: user, content: "{{ message }}"}
output: {schema: {type: object}}
tools: [{type: function, function: {name: look_up}}]
"""


def test_a_request_is_what_would_be_sent(load):
    request = Renderer(load(CITY)).render({"message": "Greetings from Aldermoor", "expected": "?"})
    assert request == Request(
        model="embedded/smollm2-135m",
        messages=(
            Message(role="system", content="Name the city."),
            Message(role="user", content="Greetings from Aldermoor"),
        ),
        params={"temperature": 0.2, "max_tokens": 12},
        tools=({"type": "function", "function": {"name": "look_up"}},),
        output_schema={"type": "object"},
    )


def test_another_model_may_stand_in(load):
    assert Renderer(load(CITY)).render({"message": ""}, model="a/b").model == "a/b"


def test_data_is_never_rendered(load):
    data = "{{ 7 * 7 }}{% for x in y %}{# #}"
    content = Renderer(load(CITY)).render({"message": data}).messages[1].content
    assert content == data


def test_an_empty_message_is_kept(load):
    request = Renderer(load(CITY)).render({"message": ""})
    assert [message.content for message in request.messages] == ["Name the city.", ""]


def test_a_missing_input_is_named(load):
    with pytest.raises(InputError, match="no 'message'") as caught:
        Renderer(load(CITY)).render({"mesage": "x"})
    assert caught.value.hint == "did you mean 'mesage'?"


def test_a_default_stands_in_for_a_missing_input(load):
    text = CITY.replace("{{ message }}", "{{ message }}{{ places | length }}")
    renderer = Renderer(load(text))
    assert renderer.render({"message": "x"}).messages[1].content == "x0"
    assert renderer.render({"message": "x", "places": [1]}).messages[1].content == "x1"


def test_a_name_that_is_not_declared_is_refused_before_anything_runs(load):
    with pytest.raises(InputError, match="'mesage' is not declared under inputs") as caught:
        Renderer(load(CITY.replace("{{ message", "To {{ mesage")))
    assert str(caught.value.location) == "prompts/t.yaml:7:34"
    assert caught.value.hint == "did you mean 'message'?"


def test_the_expected_answer_cannot_leak(load):
    with pytest.raises(InputError, match="'expected' is not declared"):
        Renderer(load(CITY.replace("{{ message", "{{ expected")))


def test_all_names_that_are_not_declared_are_shown_at_once(load):
    with pytest.raises(InputErrors) as caught:
        Renderer(load(CITY.replace("{{ message", "{{ one }}{{ two")))
    assert [error.message.split()[0] for error in caught.value.errors] == ["'one'", "'two'"]


def test_names_that_a_template_sets_are_its_own(say):
    template = (
        "{% set a = 1 %}{% for b, c in rows %}{{ a }}{{ b }}{{ c }}{% endfor %}"
        "{% macro m(d, e=2) %}{{ d }}{{ e }}{{ caller() if caller is defined else '' }}"
        "{% endmacro %}{{ m(3) }}"
    )
    assert say(template, rows=[["x", "y"]]) == "1xy32"


def test_a_name_that_only_a_file_sets_does_not_count_for_the_message(load):
    below = {"a.txt": "{% set hidden = 1 %}"}
    text = CITY.replace("{{ message", "{% include 'a.txt' %}{{ hidden")
    with pytest.raises(InputError, match="'hidden' is not declared"):
        Renderer(load(text, below))


def test_a_name_in_a_file_that_nobody_sets_is_refused(load):
    text = CITY.replace("{{ message", "{% include 'a.txt' %}{{ message")
    with pytest.raises(InputError, match="'nobody' is not declared") as caught:
        Renderer(load(text, {"a.txt": "one\ntwo {{ nobody }}"}))
    assert str(caught.value.location) == "prompts/a.txt:2:8"


def test_parts_and_tool_calls_are_templates_too(load):
    loaded = load("""\
        version: 1
        model: maker/model
        inputs: {city: {type: string}}
        messages:
          - role: user
            content:
              - {type: text, text: "About {{ city }}", cache_control: {type: ephemeral}}
              - {type: document, title: "{{ city }}", source: {type: x, parts: ["{{ city }}"]}}
          - role: assistant
            tool_calls:
              - id: c1
                type: function
                function: {name: find, arguments: '{"city": {{ city | tojson }}}'}
          - {role: tool, tool_call_id: c1, content: "{{ city }} found"}
        """)
    renderer = Renderer(loaded)
    request = renderer.render({"city": "Alder"})
    assert request.messages[0].content == [
        {"type": "text", "text": "About Alder", "cache_control": {"type": "ephemeral"}},
        {"type": "document", "title": "Alder", "source": {"type": "x", "parts": ["Alder"]}},
    ]
    calls = request.messages[1].tool_calls
    assert calls is not None
    (call,) = calls
    assert call["function"]["arguments"] == '{"city": "Alder"}'
    assert request.messages[1].content is None
    assert request.messages[2].tool_call_id == "c1"


def test_tags_on_lines_of_their_own_leave_no_blank_lines(say):
    template = "Rows:\n{% for row in rows %}\n  {% if row %}\n- {{ row }}\n"
    template += "  {% endif %}\n{% endfor %}\nEnd"
    assert say(template, rows=["a", "", "b"]) == "Rows:\n- a\n- b\nEnd"


def test_the_newline_at_the_end_is_kept(load):
    text = "version: 1\nmodel: m/x\ninputs: {x: {}}\nmessages:\n"
    text += "  - role: user\n    content: |\n      {{ x }}\n"
    assert Renderer(load(text)).render({"x": 1}).messages[0].content == "1\n"


@pytest.mark.parametrize(
    ("template", "message", "column"),
    [
        ("a {{ x + 1 }}", "can only concatenate", 7),
        ("a {{ x.foo.bar }}", "has no attribute 'foo'", 14),
        ("a {{ x | nope }}", "no filter named 'nope'", 16),
        ("a {% if %}", "expected an expression", 7),
        ("a {{ x", "unexpected end of template", 7),
        ("a {{ 1 / 0 }}", "division by zero", 7),
        ("a {{ x() }}", "cannot be called", 7),
        ("a {{ x is odd }}", "not all arguments converted", 7),
        ("a {{ {'k': 1}['z'] }}", "has no attribute 'z'", 7),
        ("a {% autoescape true %}{% endautoescape %}", "'autoescape' is not supported", 7),
    ],
)
def test_what_fails_names_its_line(say, template, message, column):
    with pytest.raises(InputError) as caught:
        say("first\n" + template, x="text")
    assert message in caught.value.message
    assert str(caught.value.location).startswith("prompts/t.yaml:")
    assert ":8:" in str(caught.value.location)
    assert caught.value.location is not None
    assert caught.value.location.column >= column


def test_a_failure_inside_a_macro_of_a_file_names_that_file(say):
    below = {"m.txt": "\n\n{% macro m(a) %}\n{{ a + 1 }}{% endmacro %}"}
    with pytest.raises(InputError) as caught:
        say("{% from 'm.txt' import m %}{{ m('x') }}", below)
    assert str(caught.value.location) == "prompts/m.txt:4:1"


def test_rendering_a_case_twice_gives_the_same_request(load):
    renderer = Renderer(load(CITY))
    assert renderer.render({"message": "x"}) == renderer.render({"message": "x"})
