"""Files of people with entries changed: the rest stays as it was written."""

import pytest

from promptops.documents.yaml_reader import read_yaml
from promptops.documents.yaml_rewriting import rewritten

TEXT = """\
# About the file.
version: 1  # of the author
change: First words.

# About the model.
model: openai/judge
messages:
  - role: user
    content: |
      One.
      # no comment
# At the end.
"""


def changed(text, **changes):
    document = read_yaml(text, "a.yaml")
    value = {**document.value, **changes}
    value = {key: each for key, each in value.items() if each is not ...}
    made = rewritten(document, text, value)
    assert read_yaml(made, "a.yaml").value == value
    return made


def test_what_does_not_change_stays_as_it_is():
    assert changed(TEXT) == TEXT
    made = changed(TEXT, version=2, change="yes")
    assert made == TEXT.replace("version: 1  # of the author", "version: 2").replace(
        "change: First words.", "change: 'yes'"
    )


def test_texts_of_several_lines_are_written_as_by_hand():
    made = changed(TEXT, messages=[{"role": "user", "content": "One.\nTwo: {{ x }}\n"}])
    assert "  content: |\n    One.\n    Two: {{ x }}\n# At the end.\n" in made
    assert made.startswith("# About the file.\nversion: 1  # of the author\n")


def test_entries_come_and_go():
    assert "model" not in changed(TEXT, model=...).replace("About the model", "")
    assert changed(TEXT, judge={"labels": {"a": 1, "b": 0}}).endswith("    a: 1\n    b: 0\n")
    assert changed("a: 1", b=2) == "a: 1\nb: 2\n"


def test_the_order_of_keys_is_a_part_of_a_value():
    made = changed("a:\n  x: 1\n  y: 2\nb: 1\n", a={"y": 2, "x": 1})
    assert made == "a:\n  y: 2\n  x: 1\nb: 1\n"


@pytest.mark.parametrize(
    "text",
    [
        "{a: 1, b: 2}",
        "a: 1\nb: &x {c: 1}\nd: *x\n",
        "---\na: 1\nb: 2\n",
        "a: 1\n...\n",
        '"a": 1\n? b\n: 2\n',
    ],
)
def test_whatever_the_style_the_value_is_right(text):
    changed(text, a="NO", b=[{"t": "1e3\n\ttab ", "u": "012", "v": None, "w": "\u2028 é"}])


def test_nothing_is_said_by_reference():
    shared = {"enum": ["a", "b"]}
    assert "&" not in changed("a: 1\n", a=[shared, shared])
