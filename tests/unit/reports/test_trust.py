"""What is known of a judge, in every format: complete, alike, and inert."""

import html.parser
import json

import msgspec
import pytest

from promptops.errors import InputError
from promptops.reports.surface import Surface
from promptops.reports.trust_discovery import find_trust, trust_formats
from promptops.values.trust import Measure, TrustReport
from tests.examples import CANARIES
from tests.trust_examples import report

PLAIN = Surface(100)
STANDINGS = ("may gate", "observes", "not known yet")


def shown(format_, *reports, surface=PLAIN):
    return find_trust(format_)(reports, surface)


def test_formats_are_found_by_file():
    assert trust_formats() == ["terminal", "html", "json", "markdown"]
    with pytest.raises(InputError, match="no format 'pdf'"):
        find_trust("pdf")


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("format_", ["terminal", "html", "markdown"])
def test_the_standing_and_its_reason_are_told(format_, standing):
    text = shown(format_, report(standing))
    assert standing in text
    assert "judges/right" in text
    assert f"it is so: {standing}" in text.replace("`", "")
    for told in ("accuracy", "sensitivity", "not defined", "an order", "Bo Example", "flips"):
        assert told == "flips" or told in text, told
    assert "the order decides in" in text


@pytest.mark.parametrize("format_", ["terminal", "html", "markdown"])
def test_a_sign_is_written_one_way_and_nothing_has_none(format_):
    odd = [Measure("kappa", -0.0001, (-0.0002, 0.0), "BCa", 9), Measure("alpha", -0.2, None)]
    people = msgspec.structs.replace(
        report().people, alpha=Measure("alpha", -0.5, (-0.9, -0.1), "BCa", 9)
    )
    text = shown(format_, msgspec.structs.replace(report(), agreement=odd, people=people))
    assert "−0.200" in text
    assert "−0.500 (−0.900 to −0.100)" in text
    assert "0.000 to 0.000" in text
    for wrong in ("-0.200", "−0.000", "-0.000", "-0.500"):
        assert wrong not in text, wrong


@pytest.mark.parametrize("format_", ["terminal", "html", "markdown"])
@pytest.mark.parametrize(
    ("value", "interval", "told"),
    [
        (1e-17, (1e-17, 2e-17), "length moves nothing"),
        (0.02, (0.0001, 0.04), "that may be chance"),
        (0.04, (0.01, 0.07), "that is no chance"),
    ],
)
def test_length_is_told_as_it_is_read(format_, value, interval, told):
    length = Measure("length", value, interval, "least squares", 100)
    text = shown(format_, msgspec.structs.replace(report(), length=length))
    assert told in " ".join(text.split())
    assert text.count("chance.") == ("chance" in told)


@pytest.mark.parametrize("format_", ["terminal", "html", "markdown"])
def test_readers_see_who_passes_what_and_what_each_measure_is(format_):
    text = shown(format_, report())
    assert [word in text for word in ("judge passes", "people fail", "judge fails")] == [True] * 3
    assert "how often it says what people say" in text
    unknown = msgspec.structs.replace(report(), confusion=None, consistency=None)
    text = shown(format_, unknown)
    assert "judge passes" not in text
    again = "promptops judge check judges/right --repeat 3"
    assert again in (text if format_ != "terminal" else " ".join(text.split()))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_command_that_settles_it_is_not_broken(width):
    command = "promptops review write --metric right -n 16"
    told = f"about 16 more labels would settle it, if it goes on as it is: {command}"
    lacking = msgspec.structs.replace(report("not known yet"), settle=told)
    lines = shown("terminal", lacking, surface=Surface(width)).splitlines()
    assert f"  {command}" in lines
    assert "if it goes on as it is:" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("format_", ["terminal", "html", "markdown"])
def test_each_tag_has_its_interval(format_):
    text = shown(format_, report())
    assert "hard" in text
    assert "0.50 to 0.85" in text


@pytest.mark.parametrize("format_", ["terminal", "html", "json", "markdown"])
def test_nothing_known_is_told_as_well(format_):
    bare = msgspec.structs.replace(
        report("not known yet"), agreement=[], answers=0, confusion=None, canaries=[],
        position=[], length=None, consistency=None, slices=[], disagreements=[],
        people=msgspec.structs.replace(report().people, labels=0, reviewers={}, alpha=None),
    )  # fmt: skip
    assert "not known yet" in shown(format_, bare)
    shown(format_)


def test_json_comes_back_as_it_was():
    text = shown("json", report())
    assert msgspec.json.decode(text, type=list[TrustReport]) == [report()]
    assert json.loads(text)[0]["schema"] == "promptops.trust/1"


@pytest.mark.parametrize("name", CANARIES)
@pytest.mark.parametrize("format_", ["terminal", "html", "json", "markdown"])
def test_words_of_others_are_inert(format_, name):
    text = shown(format_, report("observes", CANARIES[name]))
    assert text.encode("utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<script" not in text.lower().replace("\\u003c", "")
    assert not any(line.startswith("::") for line in text.splitlines())
    if format_ == "html":
        assert set(tags(text)) <= ALLOWED


ALLOWED = {
    *("html", "head", "meta", "link", "title", "style", "body", "header", "nav", "main", "article"),
    *("section", "footer", "div", "span", "p", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "th", "td", "wbr"),
}


def tags(text):
    parser = Tags()
    parser.feed(text)
    return parser.found


class Tags(html.parser.HTMLParser):
    """The names of all elements, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.found.append(tag)


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_lines_fit_the_terminal(columns):
    surface = Surface(columns, unicode=False)
    text = shown("terminal", report("observes", "x" * 300), surface=surface)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= columns
