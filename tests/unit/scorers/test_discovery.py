"""Scorers found by file name and built from a suite; places in errors; what digests mean."""

from __future__ import annotations

import subprocess
import sys

import pytest

from promptops.errors import InputError
from promptops.scorers.discovery import scorer_types
from promptops.values.case import Case
from promptops.values.score import Score
from tests.scoring import score, scorer, subject, written

ALL = [
    "contains", "cost", "embedding", "equals", "json_equals", "json_schema", "judge", "latency",
    "length", "numeric", "pairwise", "python", "refusal", "regex", "similarity",
]  # fmt: skip


def test_every_scorer_is_found():
    assert scorer_types() == ALL


SUITE = """\
prompt: towns
scorers:
  metric:
    type: {type}
    {line}
"""


@pytest.mark.parametrize(
    ("type_", "line", "message"),
    [
        ("equals", "expcted: x", "evals/towns.yaml:5:5: unknown key 'expcted'"),
        ("equals", "expcted: x", "hint: did you mean 'expected'?"),
        ("equals", "role: gate", "evals/towns.yaml:3:3: missing key 'expected'"),
        ("equls", "expected: x", "evals/towns.yaml:4:5: there is no scorer of type 'equls'"),
        ("equls", "expected: x", "hint: did you mean 'equals'?"),
        ("scorer", "expected: x", "evals/towns.yaml:4:5: there is no scorer of type 'scorer'"),
        ("7", "expected: x", "evals/towns.yaml:4:5: there is no scorer of type 7"),
        ("cost", "max_usd: cheap", "evals/towns.yaml:5:5: 'max_usd': expected a number, got text"),
        ("refusal", "weight: 0", "evals/towns.yaml:5:5: 'weight'"),
        ("refusal", "normalize: [lowercase]", "evals/towns.yaml:5:"),
        ("refusal", "role: decide", "evals/towns.yaml:5:5: 'role'"),
        ("regex", "pattern: '('", "evals/towns.yaml:5:5: '(' is not a usable regular expression"),
        ("equals", "expected: '{{ town'", "evals/towns.yaml:5:"),
    ],
)  # fmt: skip
def test_errors_name_the_place_and_the_nearest_word(type_, line, message):
    with pytest.raises(InputError) as caught:
        written(SUITE.format(type=type_, line=line))
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["scorers: {metric: exact}", "scorers: {metric: {role: gate}}"])
def test_a_scorer_without_a_type_is_refused_with_an_example(text):
    with pytest.raises(InputError, match="with a type") as caught:
        written(text)
    assert "json_equals" in str(caught.value)


def test_name_role_and_weight_do_not_enter_the_digest_and_all_else_does():
    plain = scorer("a", type="equals", expected="{{ town }}").digest
    same = scorer("b", type="equals", expected="{{ town }}", role="observe", weight=3, normalize=[])
    assert same.digest == plain
    assert len(plain) == 64
    for other in (
        {"expected": "{{ city }}"},
        {"expected": "{{ town }}", "negate": True},
        {"expected": "{{ town }}", "normalize": ["lower"]},
        {"type": "contains", "expected": "{{ town }}"},
    ):
        assert scorer("a", **{"type": "equals", **other}).digest != plain


def test_only_the_file_that_a_suite_names_is_imported():
    code = (
        "import sys; from promptops.scorers.discovery import scorer_types, scorer_module\n"
        "scorer_types(); scorer_module('latency')\n"
        "print(sorted(m for m in sys.modules if m.startswith('promptops.scorers.')), "
        "{'litellm', 'numpy', 'git', 'rapidfuzz', 'sacrebleu'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'promptops.scorers.latency'" in out.stdout
    assert "promptops.scorers.equals" not in out.stdout
    assert out.stdout.strip().endswith("set()")


def test_templates_may_compute_and_give_values_of_any_kind():
    made = scorer(type="equals", expected="{{ town | upper }}!")
    assert score(made, subject("OSLO!", town="Oslo")) == Score(1.0, "equal")
    made = scorer(
        type="json_equals", expected={"town": "{{ town }}", "tags": ["{{ tag }}", 5, None]}
    )
    given = subject('{"town": "Oslo", "tags": [[1, 2], 5, null]}', town="Oslo", tag=[1, 2])
    assert score(made, given) == Score(1.0, "equal")


def test_a_column_that_only_another_scorer_uses_is_not_asked_for():
    made = scorer(type="equals", expected="Oslo")
    assert made.check_case(Case("c1", {})) is None
