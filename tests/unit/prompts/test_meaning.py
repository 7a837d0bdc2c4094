import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.prompts.loading import parse_prompt

FULL: dict[str, Any] = {
    "version": 2,
    "description": "Name the city.",
    "change": "Show an example.",
    "model": "maker/model",
    "params": {"temperature": 0.2, "max_tokens": 12},
    "inputs": {"message": {"type": "string", "minLength": 1}},
    "messages": [
        {"role": "system", "content": "Be brief.\n{% include 'tone.txt' %}"},
        {"role": "user", "content": [{"type": "text", "text": "{{ message }}"}]},
    ],
    "output": {"schema": {"type": "object", "properties": {"city": {"type": "string"}}}},
    "tools": [{"type": "function", "function": {"name": "look_up"}}],
}


class Files:
    def __init__(self, tone="Be kind."):
        self.tone = tone

    def read(self, path):
        return self.tone if path == "prompts/tone.txt" else None

    def list(self, folder):
        return ["prompts/tone.txt"]


def digest(value, tone="Be kind."):
    text = value if isinstance(value, str) else json.dumps(value)
    return parse_prompt(text, "t", Files(tone)).digest


def test_golden_digests():
    """These hold for ever: a history is told apart by them."""
    minimal = "version: 1\nmodel: m/x\nmessages:\n  - {role: user, content: Hi}\n"
    assert digest(minimal) == ("11324bb1989f9b601859d87bd4dba6ebecfc52ec588ed69212f8219d22c993e3")
    assert digest(FULL) == ("3c53046632c843cd64f33e291b28b32c51bdc58bc832bdb8485fddef37a00230")


def test_a_rubric_enters_with_its_order_and_only_where_there_is_one():
    plain = "version: 1\nmodel: m/x\nmessages: [{role: user, content: hi}]\n"
    one = plain + "judge: {labels: {good: 1, bad: 0}}\n"
    assert digest(plain + "judge: {}\n") == digest(plain)
    assert len({digest(plain), digest(one), digest(one.replace("bad: 0", "bad: null"))}) == 3
    other = plain + "judge: {labels: {bad: 0, good: 1}}\n"
    assert digest(other) != digest(one)  # the judge is shown its verdicts in this order


def test_the_digest_is_the_hash_of_plain_json():
    meaning = (
        '{"includes":{},"inputs":{},"messages":[{"content":"Hé","role":"user"}],"model":"m/x",'
        '"output":null,"params":{"temperature":0.0},"tools":[]}'
    )
    text = (
        "version: 1\nmodel: m/x\nparams: {temperature: 0}\nmessages: [{role: user, content: Hé}]\n"
    )
    assert digest(text) == hashlib.sha256(meaning.encode()).hexdigest()


def test_the_digest_does_not_depend_on_the_process():
    code = (
        "import sys; from promptops.prompts.loading import parse_prompt\n"
        "class F:\n  def read(self, p): return 'Be kind.'\n  def list(self, f): return []\n"
        "print(parse_prompt(sys.stdin.read(), 't', F()).digest)"
    )
    for seed in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(FULL),
            check=True,
            capture_output=True,
            text=True,
            env={
                "PYTHONPATH": str(Path(__file__).parents[3] / "src"),
                "PYTHONHASHSEED": seed,
                "SYSTEMROOT": "C:\\Windows",
            },
        )
        assert done.stdout.strip() == digest(FULL)


def shuffled(value, random):
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


@given(
    random=st.randoms(use_true_random=False),
    words=st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=30),
    version=st.integers(1, 10**6),
    flow=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_what_is_not_meaning_does_not_matter(random, words, version, flow):
    """Key order, comments, layout, description, change and version."""
    other = shuffled(FULL, random) | {"description": words, "change": words, "version": version}
    text = yaml.safe_dump(other, sort_keys=False, default_flow_style=flow, allow_unicode=True)
    assert digest("# " + words.strip() + "\n" + text + "# the end\n") == digest(FULL)


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


MEANT = [
    path
    for path in places(FULL)
    if path and path[0] not in ("version", "description", "change") and path != ("params",)
]


def changed(value, path, new):
    if not path:
        return new(value)
    if isinstance(value, dict):
        return {k: changed(v, path[1:], new) if k == path[0] else v for k, v in value.items()}
    return [changed(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value)]


def other(value):
    if isinstance(value, dict):
        return value | {"x-more": {"title": "more"}}
    if isinstance(value, list):
        return value + value[-1:]
    return value + 1 if isinstance(value, (int, float)) else "e" + value


NOT_FREE = (("messages", 0), ("messages", 1), ("output",), ("inputs",))
LEAVES = [path for path in MEANT if path[-1] != "role" and path not in NOT_FREE]


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_any_change_of_meaning_matters(path):
    assert digest(changed(FULL, path, other)) != digest(FULL)


@pytest.mark.parametrize("gone", ["params", "inputs", "output", "tools"])
def test_leaving_a_part_out_matters(gone):
    assert digest({key: value for key, value in FULL.items() if key != gone}) != digest(FULL)


def test_the_order_of_messages_and_their_roles_matter():
    assert digest(FULL | {"messages": FULL["messages"][::-1]}) != digest(FULL)
    assert digest(changed(FULL, ("messages", 0, "role"), lambda _: "developer")) != digest(FULL)


def test_the_text_of_an_include_matters():
    assert digest(FULL, tone="Be terse.") != digest(FULL)


PRINTABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{\ufeff\ufffe\uffff")
)


@given(PRINTABLE, PRINTABLE)
@settings(max_examples=100, deadline=None)
def test_two_texts_have_one_digest_only_if_they_are_the_same(one, two):
    head = "version: 1\nmodel: m\nmessages:\n  - role: user\n    content: "
    first, second = (digest(head + json.dumps(text, ensure_ascii=False)) for text in (one, two))
    assert (first == second) == (one == two)
