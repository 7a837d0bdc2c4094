"""What stands beside the lines of a prompt file in a pull request."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.reports.annotations import Annotation, annotations, workflow_commands
from promptops.values.details import PromptText
from promptops.values.results import Results
from tests import examples
from tests.example_details import ExampleDetails, results_of
from tests.examples import CANARIES
from tests.gate_examples import hostile_results, regression

COMMAND = re.compile(
    r"::(?P<level>error|warning|notice) (?P<properties>[^:\n\r]*)::(?P<message>[^\n\r]*)"
)


def read(line: str) -> tuple[str, dict[str, str], str]:
    """One command, as the runner reads it."""
    found = COMMAND.fullmatch(line)
    assert found, line
    pairs = (pair.split("=", 1) for pair in found["properties"].split(","))
    return (
        found["level"],
        {name: unescaped(value, ":,") for name, value in pairs},
        unescaped(found["message"], ""),
    )


def unescaped(text: str, more: str) -> str:
    for char in more + "\r\n%":
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def test_a_regression_is_an_error_at_the_first_line_that_changed():
    (told,) = annotations(regression())
    assert told == Annotation(
        path="prompts/extract-city.yaml",
        line=7,
        end_line=7,
        level="error",
        title="extract-city regressed",
        message="v2 → v3: exact is worse by 11 points (16 to 6), sure at 95%\n"
        "• critical case city-001 broke\n"
        "example/small-1, run 20261002-0915-7f3a",
    )
    assert workflow_commands([told]).startswith(
        "::error file=prompts/extract-city.yaml,line=7,endLine=7,title=extract-city regressed::"
        "v2 → v3: exact is worse by 11 points (16 to 6), sure at 95%25%0A• critical case"
    )


@pytest.mark.parametrize(
    ("example", "levels"),
    [
        ("regressed", ["error"]),
        ("early", ["error"]),
        ("invalid", ["warning"]),
        ("inconclusive", ["warning"]),
        ("small_drop", ["notice"]),
        ("passed", []),
        ("improved", []),
        ("first_version", []),
        ("alone", []),
        ("noise", []),
        ("false_alarm", []),
        ("several_suites", ["warning"]),
        ("none", []),
    ],
)
def test_levels(example, levels):
    told = annotations(results_of(examples.every_example()[example]))
    assert [each.level for each in told] == levels


class Versions(ExampleDetails):
    """Details of which the files are given."""

    sources: tuple[str, str] = ("", "")

    @property
    def baseline(self) -> PromptText | None:
        return text_of(self.sources[0])

    @property
    def candidate(self) -> PromptText | None:
        return text_of(self.sources[1])


def text_of(source: str, path: str = "prompts/a.yaml") -> PromptText:
    return PromptText(name="a", path=path, digest="0" * 64, version=1, source=source)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\nc\n", "a\nx\nc\n", (2, 2)),
        ("a\nb\nc\n", "a\nb\nx\ny\nc\n", (3, 4)),
        ("a\nb\nc\n", "a\nc\n", (2, 2)),
        ("a\nb\nc\n", "a\nb\n", (2, 2)),
        ("a\nb\nc\n", "a\nx\nc\nd\n", (2, 2)),
        ("a\n", "", (1, 1)),
        ("", "a\nb\n", (1, 2)),
        ("a", "a", (1, 1)),
    ],
)
def test_lines(before, after, lines):
    behind = Versions(examples.regressed())
    object.__setattr__(behind, "sources", (before, after))
    (told,) = annotations(Results([examples.regressed()], details=lambda _: behind))
    assert (told.line, told.end_line) == lines


def test_without_its_texts_a_finding_stands_at_no_file():
    (told,) = annotations(Results([examples.regressed()]))
    assert told.path == ""
    assert workflow_commands([told]).startswith("::error title=extract-city regressed::")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a.yaml", "a/../../b", "C:/a", "~/a", "\\\\a\\b"]
)
def test_a_path_that_leaves_the_project_is_not_named(path):
    behind = Versions(examples.regressed())
    report = examples.regressed()

    class Outside(Versions):
        @property
        def candidate(self) -> PromptText | None:
            return text_of("b", path)

    behind = Outside(report)
    (told,) = annotations(Results([report], details=lambda _: behind))
    assert told.path == ""


def test_at_most_ten_of_a_level_and_the_gravest_first():
    reports = [
        msgspec.structs.replace(made, suite=f"suite-{at}")
        for at in range(15)
        for made in (examples.small_drop(), examples.invalid(), examples.regressed())
    ]
    told = annotations(Results(reports))
    assert [each.level for each in told] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10


def test_escaping_is_exact():
    told = Annotation("a,b:c%.yaml", 3, 4, "warning", "t: 100%, x", "50%: a,b\nc")
    line = workflow_commands([told])
    assert line == (
        "::warning file=a%2Cb%3Ac%25.yaml,line=3,endLine=4,title=t%3A 100%25%2C x::50%25: a,b%0Ac\n"
    )
    level, properties, message = read(line.removesuffix("\n"))
    assert (level, message) == ("warning", "50%: a,b\nc")
    assert properties == {
        "file": "a,b:c%.yaml",
        "line": "3",
        "endLine": "4",
        "title": "t: 100%, x",
    }


def check_one_command(text: str) -> None:
    shown = workflow_commands(annotations(hostile_results(text)))
    assert shown.endswith("\n")
    (line,) = shown.removesuffix("\n").split("\n")
    assert len(line.splitlines()) == 1
    level, properties, _ = read(line)
    assert level == "error"
    assert set(properties) in ({"title"}, {"file", "line", "endLine", "title"})
    assert properties.get("file", text) == text, "a path is exact or left out"
    assert line.isprintable() or not line.isascii()


@pytest.mark.parametrize("canary", CANARIES)
def test_no_canary_is_a_command_of_its_own(canary):
    check_one_command(CANARIES[canary])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["::error::x", "%0A", "%", "\n", "\r", ":", ",", "::", "=", "a", "\u2028", "/"]
        )
        | st.text(max_size=3),
        max_size=9,
    ).map("".join)
)
def test_no_text_is_a_command_of_its_own(text):
    check_one_command(text)


def test_supplied_answers_are_said():
    report = msgspec.structs.replace(examples.regressed(), meta={"supplied": "by the author"})
    (told,) = annotations(Results([report]))
    assert "\n• by the author\n" in told.message


def test_a_mark_stands_at_the_words_and_not_at_the_number_of_the_version():
    old = "version: 1\nchange: The first.\nmessages:\n  - {role: user, content: Say it.}\n"
    new = "version: 2\nchange: Louder.\nmessages:\n  - {role: user, content: Shout it.}\n"
    assert place_of(old, new) == ("prompts/extract-city.yaml", 4, 4)
    assert place_of(old, old.replace("1", "2")) == ("prompts/extract-city.yaml", 1, 1)


def place_of(old, new):
    report = examples.regressed()
    behind = ExampleDetails(report)
    texts = {
        side: msgspec.structs.replace(getattr(behind, side), source=source)
        for side, source in (("baseline", old), ("candidate", new))
    }

    class Told(ExampleDetails):
        baseline = property(lambda _: texts["baseline"])
        candidate = property(lambda _: texts["candidate"])

    (told,) = annotations(Results([report], None, {report.run: Told(report)}.get))
    return told.path, told.line, told.end_line
