"""Values into types: errors name the place and the nearest known word."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from promptops.documents.decoding import decode
from promptops.documents.yaml_reader import read_yaml
from promptops.errors import InputError


class Scorer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    role: Literal["gate", "observe"] = "gate"
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1
    normalize: list[Literal["lower", "strip"]] = []
    extra: dict[str, dict[str, int]] = {}


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"schema_": "schema"}):
    prompt: str
    schema_: int = 1
    scorers: dict[str, Scorer] = {}
    steps: list[Scorer] = []
    gate: Scorer | None = None
    label: Annotated[str, msgspec.Meta(min_length=2)] | None = None
    told: Annotated[
        dict[str, Annotated[Scorer, msgspec.Meta(description="One.", extra={"a": 1})]],
        msgspec.Meta(description="All.", extra_json_schema={"examples": []}),
    ] = {}


def error_of(text, at=()):
    with pytest.raises(InputError) as caught:
        decode(read_yaml(text, "f.yaml"), Suite if not at else Scorer, at)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_values_become_types():
    text = "prompt: p\nschema: 2\nscorers:\n  x: {type: t, weight: 2, normalize: [lower]}\n"
    suite = decode(read_yaml(text, "f.yaml"), Suite)
    assert suite == Suite("p", 2, {"x": Scorer("t", weight=2.0, normalize=["lower"])})
    assert decode(read_yaml(text, "f.yaml"), Scorer, ("scorers", "x")) == suite.scorers["x"]


P = "prompt: p\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (P + "shema: 1\n", "f.yaml:2:1: unknown key 'shema'\n  hint: did you mean 'schema'?"),
        (P + "xyzzy: 1\n", "f.yaml:2:1: unknown key 'xyzzy'\n  hint: known: gate, label, prompt"),
        (
            P + "scorers:\n  a: {type: t}\n  b: {type: t, weigth: 1}\n",
            "f.yaml:4:16: unknown key 'weigth'\n  hint: did you mean 'weight'?",
        ),
        (
            P + "steps:\n- type: t\n- {type: t, rol: gate}\n",
            "f.yaml:4:13: unknown key 'rol'\n  hint: did you mean 'role'?",
        ),
        (P + "gate:\n  typ: t\n", "f.yaml:3:3: unknown key 'typ'\n  hint: did you mean 'type'?"),
        ("schema: 1\n", "f.yaml:1:1: missing key 'prompt'"),
        (P + "scorers:\n  a: {type: t}\n  b: {}\n", "f.yaml:4:3: missing key 'type'"),
        (
            P + "scorers:\n  a: {type: t, role: gat}\n",
            "f.yaml:3:16: 'role': expected one of gate, observe, got 'gat'\n  hint: did you",
        ),
        (
            P + "steps:\n- {type: t, normalize: [lower, x]}\n",
            "f.yaml:3:32: 'normalize': expected one of lower, strip, got 'x'",
        ),
        (
            P + "scorers:\n  a: {type: t}\n  b.c: {type: t, extra: {u: {v: 1}, w: {x: y}}}\n",
            "f.yaml:4:41: 'x': expected a whole number, got text",
        ),
        (P + "steps: [{type: 1}]\n", "f.yaml:2:10: 'type': expected text, got a whole number"),
        (P + "gate: {type: t, weight: 0}\n", "f.yaml:2:17: 'weight': expected a number > 0"),
        (
            P + "gate: {type: t, weight: true}\n",
            "f.yaml:2:17: 'weight': expected a number, got true",
        ),
        (P + "label: x\n", "f.yaml:2:1: 'label': expected text of length >= 2"),
        (P + "gate: []\n", "f.yaml:2:1: 'gate': expected a mapping or nothing, got a list"),
        ("- prompt\n", "f.yaml:1:1: expected a mapping, got a list"),
        ("", "f.yaml: expected a mapping, got nothing"),
    ],
)
def test_what_does_not_fit_is_named_at_its_place(text, error):
    assert error_of(text).startswith(error)


def test_places_below_a_starting_point_are_of_the_whole_file():
    text = P + "scorers:\n  a:\n    type: t\n    role: observer\n"
    assert error_of(text, ("scorers", "a")) == (
        "f.yaml:5:5: 'role': expected one of gate, observe, got 'observer'"
        "\n  hint: did you mean 'observe'?"
    )
    assert error_of(text.replace("role", "rle"), ("scorers", "a")).startswith(
        "f.yaml:5:5: unknown key 'rle'\n  hint: did you mean 'role'?"
    )


def test_what_is_said_about_a_type_does_not_hide_it():
    said = error_of("prompt: p\ntold:\n  x: {type: t, wieght: 2}\n")
    assert said == "f.yaml:3:16: unknown key 'wieght'\n  hint: did you mean 'weight'?"
    said = error_of("prompt: p\ntold:\n  x: {type: t, role: gat}\n")
    assert "expected one of gate, observe" in said
    assert "did you mean 'gate'?" in said
