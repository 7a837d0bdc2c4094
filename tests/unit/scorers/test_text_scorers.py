"""equals, contains, regex, similarity, length."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from promptops.errors import InputError
from promptops.scorers.comparing.patterns import Pattern, TooExpensiveError
from promptops.scorers.comparing.text import as_text, normalize
from promptops.values.case import Case
from promptops.values.response import Response, Usage
from promptops.values.score import Score, Unscorable
from tests.scoring import score, scorer, subject, value


@pytest.mark.parametrize(
    ("answer", "expected", "steps", "wanted"),
    [
        ("Oslo", "Oslo", [], 1.0),
        ("Oslo\n", "Oslo", [], 0.0),
        ("Oslo\n", "Oslo", ["strip"], 1.0),
        ("oslo", "OSLO", ["lower"], 1.0),
        ("STRASSE", "straße", ["lower"], 1.0),
        ("New   York", "New York", ["collapse"], 1.0),
        ("№ 5", "No 5", ["nfkc"], 1.0),
        ("Oslo.", "Oslo", ["punctuation"], 1.0),
        ("«Oslo»", "Oslo", ["punctuation"], 1.0),
        (" Oslo. ", "oslo", ["strip", "punctuation", "lower"], 1.0),
        ("5", 5, [], 1.0),
        ("5", 5.0, [], 0.0),
        ("true", True, [], 1.0),
        ("True", True, [], 0.0),
        ("", "Oslo", [], 0.0),
    ],
)
def test_equals(answer, expected, steps, wanted):
    made = scorer(type="equals", expected="{{ town }}", normalize=steps)
    assert value(made, subject(answer, town=expected)) == wanted


def test_equals_takes_any_of_a_list():
    made = scorer(type="equals", expected="{{ towns }}")
    assert value(made, subject("Bergen", towns=["Oslo", "Bergen"])) == 1
    assert value(made, subject("Turku", towns=["Oslo", "Bergen"])) == 0


def test_equals_explains_a_difference_without_showing_raw_control_characters():
    scored = score(scorer(type="equals", expected="Oslo"), subject("\x1b[31mBergen\ud800"))
    assert isinstance(scored, Score)
    assert "'Oslo'" in scored.explanation
    assert "\x1b" not in scored.explanation
    scored.explanation.encode()


def test_dataset_values_are_never_rendered_again():
    made = scorer(type="equals", expected="{{ town }}")
    assert value(made, subject("{{ other }}", town="{{ other }}", other="Oslo")) == 1
    assert value(made, subject("Oslo", town="{{ other }}", other="Oslo")) == 0


def test_a_case_without_the_expected_value_is_found_before_anything_is_spent():
    made = scorer(type="equals", expected="{{ town }}")
    assert "town" in (made.check_case(Case("c1", {"city": "Oslo"})) or "")
    assert "null" in (made.check_case(Case("c1", {"town": None})) or "")
    assert made.check_case(Case("c1", {"town": "Oslo"})) is None


def test_an_expected_value_that_is_missing_all_the_same_is_unscorable():
    scored = score(scorer(type="equals", expected="{{ town }}"), subject("Oslo"))
    assert isinstance(scored, Unscorable)
    assert "town" in scored.reason


@pytest.mark.parametrize(
    ("options", "answer", "wanted"),
    [
        ({"expected": "Oslo"}, "It is Oslo.", 1),
        ({"expected": ["Oslo", "fjord"]}, "It is Oslo.", 0),
        ({"any": ["Oslo", "Bergen"]}, "It is Bergen.", 1),
        ({"any": ["Oslo", "Bergen"]}, "It is Turku.", 0),
        ({"all": ["Oslo", "Bergen"]}, "Oslo and Bergen", 1),
        ({"all": ["Oslo", "Bergen"]}, "Oslo and Turku", 0),
        ({"any": "{{ towns }}"}, "Turku, then", 1),
        ({"all": ["{{ towns }}", "then"]}, "Turku, Oslo, then", 1),
        ({"all": ["{{ towns }}", "then"]}, "Turku, then", 0),
        ({"expected": "OSLO", "normalize": ["lower"]}, "it is oslo", 1),
        ({"expected": "Oslo", "negate": True}, "it is oslo", 1),
    ],
)
def test_contains(options, answer, wanted):
    made = scorer(type="contains", **options)
    assert value(made, subject(answer, towns=["Turku", "Oslo"])) == wanted


@pytest.mark.parametrize("options", [{}, {"any": ["a"], "all": ["b"]}])
def test_contains_wants_exactly_one_of_its_three(options):
    with pytest.raises(InputError, match="exactly one of") as caught:
        scorer(type="contains", **options)
    assert caught.value.location is not None
    assert caught.value.location.line == 1


def test_contains_refuses_the_empty_text_which_is_everywhere():
    made = scorer(type="contains", expected="{{ town }}", normalize=["strip"])
    assert "empty" in (made.check_case(Case("c1", {"town": "  "})) or "")
    made = scorer(type="contains", any="{{ towns }}")
    assert "empty" in (made.check_case(Case("c1", {"towns": []})) or "")


@pytest.mark.parametrize(
    ("pattern", "answer", "wanted"),
    [
        (r"^Oslo$", "Oslo", 1),
        (r"^Oslo$", "Oslo\n", 0),
        (r"(?m)^Oslo$", "so:\nOslo\n", 1),
        (r"(?i)oslo", "OSLO", 1),
        (r"(?s)a.b", "a\nb", 1),
        (r"\bOslo\b", "Oslonian", 0),
        (r"^\d{4}-\d{2}-\d{2}$", "2031-04-05", 1),
        (r"^(?!.*sorry).*$", "Oslo", 1),
        (r"^(?!.*sorry).*$", "sorry", 0),
        (r"(o)s\1", "oso", 1),
        (r"\p{Lu}", "é", 0),
        (r"a", "\ud800a", 1),
    ],
)
def test_regex(pattern, answer, wanted):
    assert value(scorer(type="regex", pattern=pattern), subject(answer)) == wanted


@pytest.mark.parametrize("pattern", ["(", "[a", "((a{1000}){1000}){1000}", r"(?P<x"])
def test_a_regex_that_does_not_compile_is_an_input_error_with_its_place(pattern):
    with pytest.raises(InputError, match="not a usable regular expression") as caught:
        scorer(type="regex", pattern=pattern)
    assert str(caught.value).startswith("evals/towns.yaml:1:")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 1_000_000 + "!"),
        ("^(a|a)*$", "a" * 1_000_000 + "!"),
        (r"^(\w+\s?)*$", "word " * 100_000 + "!"),
        (r"(?=(a+)+$)(a|aa)+\2$", "a" * 15_000 + "!"),
        (r"^(?:(a|aa)(?!z))+$", "a" * 15_000 + "!"),
        (r"(?=.*.*.*z)a", "a" * 19_000),
    ],
)
def test_no_pattern_hangs(pattern, text):
    start = time.process_time()
    scored = score(scorer(type="regex", pattern=pattern), subject(text))
    assert time.process_time() - start < 5
    assert isinstance(scored, Unscorable) or scored.value == 0


def test_a_pattern_that_backtracks_too_much_is_unscorable_and_not_a_miss():
    with pytest.raises(TooExpensiveError):
        Pattern(r"^(?:(a|aa)(?!z))+$").found_in("a" * 60 + "!")
    scored = score(scorer(type="regex", pattern=r"^(?:(a|aa)(?!z))+$"), subject("a" * 60 + "!"))
    assert isinstance(scored, Unscorable)


@pytest.mark.parametrize("metric", ["edit", "chrf", "bleu", "rouge"])
def test_similarity_is_1_for_the_same_and_falls_with_distance(metric):
    made = scorer(type="similarity", expected="{{ text }}", metric=metric)
    text = "the ferry to the northern islands leaves at nine in the morning"
    near = "the ferry to the southern islands leaves at nine in the morning"
    far = "please water all of my plants while I am away"
    values = [value(made, subject(each, text=text)) for each in (text, near, far, "")]
    assert values[0] == pytest.approx(1)
    assert values[0] > values[1] > values[2] >= values[3]
    assert values[3] == pytest.approx(0, abs=0.01)


def test_edit_similarity_is_one_minus_the_share_of_edits():
    made = scorer(type="similarity", expected="kitten")
    assert value(made, subject("sitting")) == pytest.approx(1 - 3 / 7)


def test_similarity_takes_the_nearest_of_a_list_and_a_threshold():
    made = scorer(type="similarity", expected=["Oslo", "Bergen"], threshold=0.8)
    assert value(made, subject("Berge")) == 1
    assert value(made, subject("Turku")) == 0


@pytest.mark.parametrize("metric", ["edit", "chrf", "bleu", "rouge"])
def test_similarity_of_a_very_long_answer_takes_bounded_time(metric):
    made = scorer(type="similarity", expected="word " * 20_000, metric=metric)
    start = time.process_time()
    value(made, subject("other word " * 100_000))
    assert time.process_time() - start < 10


def test_similarity_imports_only_the_metric_that_is_named():
    code = (
        "import sys; from tests.scoring import scorer; scorer(type='similarity', expected='x');"
        "print(sorted({'sacrebleu', 'rouge_score', 'litellm', 'numpy'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() in ("[]", "['numpy']")  # rapidfuzz may bring numpy itself


def test_a_missing_extra_is_said_with_its_remedy():
    code = (
        "import sys; sys.modules['sacrebleu'] = sys.modules['sacrebleu.metrics.chrf'] = None\n"
        "from tests.scoring import scorer\n"
        "from promptops.errors import MissingExtraError\n"
        "try: scorer(type='similarity', expected='x', metric='chrf')\n"
        "except MissingExtraError as error: print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'promptops[similarity]'" in out.stdout
    assert "metric: chrf" in out.stdout


@pytest.mark.parametrize(
    ("options", "answer", "wanted"),
    [
        ({"max": 4}, "Oslo", 1),
        ({"max": 3}, "Oslo", 0),
        ({"min": 5}, "Oslo", 0),
        ({"min": 1}, "", 0),
        ({"unit": "words", "min": 2, "max": 2}, "New\n York", 1),
        ({"unit": "words", "max": 1}, "New York", 0),
        ({"unit": "tokens", "max": 3}, "whatever", 1),
        ({"unit": "tokens", "max": 2}, "whatever", 0),
        ({"max": 4, "normalize": ["strip"]}, "  Oslo  ", 1),
    ],
)
def test_length(options, answer, wanted):
    assert value(scorer(type="length", **options), subject(answer)) == wanted


def test_length_in_tokens_needs_the_providers_count():
    scored = score(scorer(type="length", unit="tokens", max=9), subject(Response("Oslo")))
    assert isinstance(scored, Unscorable)
    counted = subject(Response("Oslo", usage=Usage(1, 0)))
    assert value(scorer(type="length", unit="tokens", max=9), counted) == 1


@pytest.mark.parametrize("options", [{}, {"min": 3, "max": 2}])
def test_length_refuses_bounds_that_say_nothing(options):
    with pytest.raises(InputError, match="m"):
        scorer(type="length", **options)


def test_normalisations_apply_in_the_order_written():
    assert normalize(" Á! ", ["punctuation", "strip"]) == "Á"
    assert normalize("a ! b", ["collapse", "punctuation"]) == "a  b"
    assert normalize("a ! b", ["punctuation", "collapse"]) == "a b"


def test_text_of_values_is_json_and_null_has_none():
    assert as_text({"b": 1, "a": [True, 1.5]}) == '{"a":[true,1.5],"b":1}'
    with pytest.raises(ValueError, match="null"):
        as_text(None)
    with pytest.raises(ValueError, match="finite"):
        as_text(float("nan"))
