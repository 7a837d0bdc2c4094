"""What the documentation says is so: what exists is in it, and what is in it exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from promptops.cli import discovery as commands
from promptops.cli.group import LazyGroup
from promptops.cli.main import app, main
from promptops.datasets.discovery import format_names
from promptops.datasets.reserved import RESERVED
from promptops.documents.tree import WorkingTree
from promptops.documents.yaml_reader import read_yaml
from promptops.engine.suite import Budget, CallLimits, Gate, SuiteFile, parse_suite
from promptops.errors import ExitCode
from promptops.prompts.loading import parse_prompt
from promptops.prompts.prompt import Output, Params, Prompt, PromptMessage
from promptops.prompts.rendering import Renderer
from promptops.reports.discovery import formats
from promptops.scorers.discovery import build, options_type, scorer_module, scorer_types
from promptops.scorers.scorer import ScorerOptions
from promptops.values.price import StatedPrice
from promptops.values.report import Verdict

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")
SHARED = {"--format", "-f", "--output", "-o", "--help", "-h"}


def sections(text: str) -> dict[str, str]:
    """Heading of the second level to what stands below it."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall(text) if language in languages]


def cells(text: str) -> set[str]:
    """What stands as code in the first column of its tables."""
    rows = re.findall(r"^\| (`[^|]*`) ", text.replace(r"\|", "¦"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", FENCE.sub("", text)))


# -- scorers

SCORERS = sections(TEXTS["docs/scorers.md"])
COMMON = set(ScorerOptions.__struct_fields__)


def test_every_scorer_has_a_section_and_every_section_a_scorer():
    assert set(SCORERS) - {"Options of every scorer"} == set(scorer_types())


def test_the_options_of_every_scorer_are_in_their_table():
    assert cells(SCORERS["Options of every scorer"]) == COMMON


@pytest.mark.parametrize("type_", scorer_types())
def test_the_options_of_a_scorer_are_in_its_table(type_):
    own = set(options_type(type_).__struct_fields__) - COMMON
    table = SCORERS[type_].split("Its inputs are filled")[0]
    assert cells(table) == own
    for name in own:
        row = next(line for line in table.splitlines() if line.startswith(f"| `{name}`"))
        assert ("*Template*" in row) == (name in options_type(type_).TEMPLATES), row


@pytest.mark.parametrize("type_", ["", *scorer_types()])
def test_the_examples_of_a_scorer_are_read(type_):
    text = SCORERS[type_] if type_ else TEXTS["docs/scorers.md"].split("\n## ")[0]
    examples = blocks(text, "yaml")
    assert examples
    for example in examples:
        document = read_yaml(example, "evals/example.yaml")
        for name in document.value:
            scorer = build(name, document, (name,))
            assert not type_ or scorer.type == type_


def test_the_scorers_that_look_at_failed_answers_are_named():
    said = SCORERS["Options of every scorer"].split("An answer that failed")[1]
    for type_ in scorer_types():
        itself = bool(getattr(scorer_module(type_), "SCORES_OWN_FAILURES", False))
        assert (f"`{type_}`" in said) == itself, type_


# -- commands

COMMANDS = sections(TEXTS["docs/commands.md"])
PROGRAM: Any = typer.main.get_command(app)


def options_of(name: str) -> set[str]:
    assert isinstance(PROGRAM, LazyGroup)
    command = PROGRAM if not name else PROGRAM.get_command(None, name)
    parameters = command.get_params(typer.Context(command))
    flags = {flag for each in parameters for flag in [*each.opts, *each.secondary_opts]}
    return {flag for flag in flags if flag.startswith("-")}


def test_every_command_has_a_section_and_every_section_a_command():
    assert set(COMMANDS) - {"Exit codes", "JSON"} == set(commands.command_names())


@pytest.mark.parametrize("name", commands.command_names())
def test_the_options_of_a_command_are_in_its_section(name):
    written = set(OPTION.findall(" ".join(code(COMMANDS[name]))))
    actual = options_of(name)
    assert actual - written <= SHARED
    assert written <= actual


def test_shared_options_are_on_the_commands_that_are_named():
    head = TEXTS["docs/commands.md"].split("\n## ")[0]
    table = set(OPTION.findall(" ".join(cells(head))))
    assert table == SHARED | options_of("")
    without = {name: SHARED - options_of(name) for name in commands.command_names()}
    assert {name for name, flags in without.items() if "--format" in flags} == {
        "init",
        "schema",
        "view",
    }
    assert {name for name, flags in without.items() if "--output" in flags} == {"init", "view"}


def test_every_format_is_named():
    head = TEXTS["docs/commands.md"].split("\n## ")[0]
    row = next(line for line in head.splitlines() if "`--format`" in line)
    assert set(formats()) == set(re.findall(r"`(\w+)`", row.split("|")[3])) - {"init", "schema"}


@pytest.mark.parametrize("page", ["README.md", "docs/commands.md"])
def test_every_exit_code_is_in_the_table(page):
    rows = re.findall(r"^\| (\d+) \|", TEXTS[page], re.MULTILINE)
    assert {int(row) for row in rows} == {int(each) for each in ExitCode}


def test_every_verdict_is_explained():
    said = cells(sections(TEXTS["README.md"])["What the verdicts mean"])
    assert said == set(get_args(Verdict))


def test_what_is_not_there_yet_is_not_there():
    said = sections(TEXTS["README.md"])["Not there yet"]
    assert "agents" in said.lower()
    assert "agreement" not in said  # it is measured
    assert not {"bisect", "release", "rollback", "agent"} & set(commands.command_names())


def lines(text: str) -> Iterator[str]:
    """Command lines in blocks of shell or console."""
    for block in blocks(text, "sh", "console"):
        for line in block.splitlines():
            command = line.removeprefix("$ ").split(" #")[0].strip()
            if command.startswith("promptops "):
                yield command


ALL_LINES = [(page, line) for page, text in TEXTS.items() for line in lines(text)]
ALL_MENTIONS = [
    (page, mention)
    for page, text in TEXTS.items()
    for mention in sorted(code(" ".join(FENCE.sub("", text).split())))
    if mention.startswith("promptops ")
]


def test_there_are_command_lines_to_check():
    assert len(ALL_LINES) > 8
    assert len(ALL_MENTIONS) > 15


@pytest.mark.parametrize(("page", "line"), ALL_LINES)
def test_a_command_line_is_understood(page, line):
    name, *arguments = shlex.split(line)[1:]
    command = PROGRAM.get_command(None, name)
    assert command is not None
    command.make_context(name, arguments, resilient_parsing=False)


@pytest.mark.parametrize(("page", "mention"), ALL_MENTIONS)
def test_a_command_that_is_mentioned_exists_with_its_options(page, mention):
    name = mention.split()[1]
    assert name in {*commands.command_names(), *options_of("")}
    known = options_of("" if name.startswith("-") else name)
    assert set(OPTION.findall(mention)) <= known


def test_what_make_is_asked_for_can_be_made():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = set(re.findall(r"(?:`|^)make (\w+)", "\n".join(TEXTS.values()), re.MULTILINE))
    assert {"eval", "test", "lint"} <= asked <= targets


# -- files

FILES = sections(TEXTS["docs/files.md"])


def rows_of(text: str, start: str, end: str = "\n\n\n") -> set[str]:
    return cells(text.split(start, 1)[1].split(end, 1)[0])


def test_every_key_of_a_prompt_is_told():
    text = TEXTS["docs/files.md"]
    prompts = FILES["Prompts"]
    assert rows_of(prompts, "| key |", "### Messages") == set(Prompt.__struct_fields__)
    messages = rows_of(prompts, "### Messages", "### Templates")
    assert messages == set(PromptMessage.__struct_fields__)
    params = text.split("### Params", 1)[1].split("Nothing about", 1)[0]
    assert code(params) == set(Params.__struct_fields__)
    assert [*Output.__struct_fields__] == ["schema"]
    assert "`{schema: …}`" in prompts


def test_every_key_of_a_suite_is_told():
    suites = FILES["Suites"]
    assert rows_of(suites, "| key |", "`gate` turns") == set(SuiteFile.__struct_fields__)
    assert rows_of(suites, "`gate` turns", "`budget` stops") == set(Gate.__struct_fields__)
    assert rows_of(suites, "`budget` stops", "`limits` says") == set(Budget.__struct_fields__)
    assert rows_of(suites, "`limits` says", "`prices` states") == set(CallLimits.__struct_fields__)
    assert rows_of(suites, "`prices` states") == set(StatedPrice.__struct_fields__)


def test_the_defaults_of_the_limits_are_those_that_are_told():
    told = FILES["Suites"].split("`limits` says")[1].split("`prices` states")[0]
    for name in ("timeout_seconds", "patience_seconds"):
        (row,) = [line for line in told.splitlines() if f"`{name}`" in line]
        assert row.endswith(f"| {getattr(CallLimits(), name):g} |")


def test_every_reserved_column_and_every_format_of_a_dataset_is_told():
    datasets = FILES["Datasets"]
    assert cells(datasets) == RESERVED
    assert set(re.findall(r"`\.(\w+)`", datasets.split("\n\n")[1])) == set(format_names())


def written_files(text: str) -> dict[str, str]:
    """The examples that begin with their own path."""
    found = {}
    for block in blocks(text, "yaml"):
        if match := re.match(r"# ((?:prompts|evals)/\S+\.yaml)\n", block):
            found[match[1]] = block
    return found


@pytest.mark.parametrize("page", ["README.md", "docs/files.md"])
def test_examples_of_files_are_right(page, tmp_path, monkeypatch, capfd):
    files = written_files(TEXTS[page])
    assert files
    (cases,) = blocks(TEXTS[page], "json")
    (suite,) = [name for name in files if name.startswith("evals/")]
    files |= {suite.replace(".yaml", ".jsonl"): cases, "prompts/shared/tone.txt": "Be plain.\n"}
    for name, text in files.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    tree = WorkingTree(tmp_path)
    for name, text in files.items():
        if name.startswith("prompts/") and name.endswith(".yaml"):
            bare = name.removeprefix("prompts/").removesuffix(".yaml")
            Renderer(parse_prompt(text, bare, tree))
    assert parse_suite(files[suite], "example", suite).file.scorers
    monkeypatch.chdir(tmp_path)
    code_ = main(["lint"])
    shown = capfd.readouterr()
    assert (code_, shown.err) == (0, ""), shown
    if page == "README.md":
        assert shown.out in TEXTS[page]


# -- links


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_to_files(page):
    for link in LINK.findall(FENCE.sub("", TEXTS[page])):
        if not link.startswith(("https://", "#")):
            assert (ROOT / page).parent.joinpath(link.split("#")[0]).exists(), link


def test_every_page_can_be_reached_from_the_readme():
    linked = set(LINK.findall(TEXTS["README.md"]))
    assert {page for page in TEXTS if page != "README.md"} <= linked
