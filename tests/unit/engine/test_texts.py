from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.documents.tree import WorkingTree
from promptops.engine.plan import ArmPlan, Provenance
from promptops.engine.texts import LONGEST_TEXT, MOST_BYTES, case_text, prompt_text, shortened
from promptops.models.redaction import HIDDEN, Redactor
from promptops.prompts.loading import load_prompt
from promptops.values.case import Case
from promptops.values.details import PromptText
from promptops.values.request import Message

SECRET = "invented-0123456789-lantern"
REDACT = Redactor({"VAULT_TOKEN": SECRET}).exactly

PROMPT = """\
# A comment.
version: 3
description: Say something.
change: Say it better.
model: openai/loop
params: {temperature: 0.5, extra_body: {note: hidden}}
inputs: {word: {type: string, maximum: 100000000000000000}}
messages:
  - {role: system, content: "{% include 'tone.txt' %}"}
  - role: user
    content: [{type: text, text: "Say {{ word }}"}]
output: {schema: {type: object}}
tools: [{type: function, function: {name: find}}]
"""


def arm(root, text: str = PROMPT) -> ArmPlan:
    (root / "prompts").mkdir()
    (root / "prompts" / "say.yaml").write_text(text, encoding="utf-8")
    (root / "prompts" / "tone.txt").write_text(f"Softly: {SECRET}", encoding="utf-8")
    loaded = load_prompt(WorkingTree(root), "say")
    return ArmPlan("candidate", loaded, Provenance(None, dirty=True), "openai/other")


def size(columns: dict[str, Any]) -> int:
    return len(msgspec.msgpack.encode(columns))


def test_a_version_is_kept_as_it_was_written(tmp_path):
    made = arm(tmp_path)
    found = prompt_text(made, lambda value: value)
    assert found == PromptText(
        name="say",
        path="prompts/say.yaml",
        digest=made.loaded.digest,
        version=3,
        source=PROMPT,
        messages=[
            Message("system", "{% include 'tone.txt' %}"),
            Message("user", [{"type": "text", "text": "Say {{ word }}"}]),
        ],
        includes={"tone.txt": f"Softly: {SECRET}"},
        model="openai/loop",
        params={"temperature": 0.5, "extra_body": {"note": "hidden"}},
        inputs={"word": {"type": "string", "maximum": 10**17}},
        output={"type": "object"},
        tools=[{"type": "function", "function": {"name": "find"}}],
        change="Say it better.",
    )


def test_no_secret_is_kept_of_a_version(tmp_path):
    text = PROMPT.replace("A comment", SECRET).replace("hidden", SECRET).replace("find", SECRET)
    made = arm(tmp_path, text)
    found = prompt_text(made, REDACT)
    assert SECRET.encode() not in msgspec.json.encode(found)
    assert found.source.startswith(f"# {HIDDEN}.\nversion: 3")
    assert found.includes == {"tone.txt": f"Softly: {HIDDEN}"}
    assert found.params["extra_body"] == {"note": HIDDEN}
    assert (found.digest, found.version) == (made.loaded.digest, 3)


def test_no_secret_is_kept_of_a_case():
    columns = {"a": f"x {SECRET} y", SECRET: [{"deep": SECRET}], "long": "-" * 3990 + SECRET}
    found = case_text(Case("c", columns, (f"tag {SECRET}",), SECRET, critical=True), REDACT)
    assert "lantern" not in str(found)
    assert found.columns["a"] == f"x {HIDDEN} y"
    assert found.columns[HIDDEN] == [{"deep": HIDDEN}]
    assert found.columns["long"] == "-" * 3990 + HIDDEN
    assert (found.tags, found.group, found.critical) == ((f"tag {HIDDEN}",), HIDDEN, True)


def test_a_secret_across_the_cut_leaves_no_part_of_itself():
    for before in range(LONGEST_TEXT - len(SECRET) - 2, LONGEST_TEXT + 2):
        columns = {"long": "-" * before + SECRET + "-" * 50}
        (text,) = case_text(Case("c", columns), REDACT).columns.values()
        assert len(text) <= LONGEST_TEXT + 1
        assert "inv" not in text


def test_what_is_short_stays_as_it_is():
    columns = {"a": "x" * LONGEST_TEXT, "b": [1, 2.5, None, True, {"c": "y"}], "d": {}}
    assert shortened(columns) == columns


def test_long_texts_are_cut_wherever_they_stand():
    long = "é" * (LONGEST_TEXT + 1)
    cut = "é" * LONGEST_TEXT + "…"
    assert shortened({"a": long, "b": [{"c": long}, 1], "d": "short"}) == {
        "a": cut,
        "b": [{"c": cut}, 1],
        "d": "short",
    }


def test_a_large_case_keeps_something_of_each_of_its_columns():
    columns = {f"c{at}": "word " * 800 for at in range(100)} | {"list": list(range(9000)), "n": 7}
    found = shortened(columns)
    assert list(found) == list(columns)
    assert size(found) <= MOST_BYTES
    assert found["c0"] == found["c99"] == "word " * 50 + "…"
    assert found["list"].startswith("[0,1,2,")
    assert found["list"].endswith("…")
    assert found["n"] == 7


def test_of_very_many_columns_the_first_are_kept():
    columns = {f"column {at} " + "x" * 1000: at for at in range(5000)}
    found = shortened(columns)
    assert size(found) <= MOST_BYTES
    assert len(found) > 200
    assert list(found.values()) == list(range(len(found)))
    assert all(len(name) == 201 for name in found)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(lambda each: each * 200),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=40,
)


@pytest.mark.parametrize("many", [1, 40])
@settings(max_examples=60, deadline=None)
@given(value=VALUES)
def test_no_case_is_larger_than_it_may_be(many, value):
    columns = {f"c{at}": value for at in range(many)}
    found = shortened(columns)
    assert size(found) <= MOST_BYTES
    assert set(found) <= set(columns)
    assert shortened(found).keys() == found.keys()
