import pytest

FILE = """\
# a comment
version: 1
model: maker/model
inputs: {x: {}}
messages:
  - role: system
    content: |
      one
        two
      three
  - {role: user, content: "say: hello"}
  - {role: user, content: 'quo''ted'}
  - role: user
    content: >
      folded
      text
  - role: user
    content:
      - {type: text, text: plain words}
      - type: text
        text: |2-
            indented
  - role: user
    content: &shared anchored
  - {role: user, content: *shared}
"""


@pytest.mark.parametrize(
    ("path", "line", "column", "place"),
    [
        (("messages", 0, "content"), 1, 1, "8:7"),
        (("messages", 0, "content"), 2, 3, "9:9"),
        (("messages", 0, "content"), 3, 0, "10:7"),
        (("messages", 1, "content"), 1, 6, "11:33"),
        (("messages", 2, "content"), 1, 5, "12:27"),
        (("messages", 3, "content"), 1, 2, "14:14"),
        (("messages", 4, "content", 0, "text"), 1, 7, "19:34"),
        (("messages", 4, "content", 1, "text"), 1, 3, "22:13"),
        (("messages", 5, "content"), 1, 1, "24:14"),
        (("messages", 6, "content"), 1, 1, "25:18"),
    ],
)
def test_the_place_of_a_line_of_a_text(load, path, line, column, place):
    assert str(load(FILE).locate(path, line, column)) == f"prompts/t.yaml:{place}"
