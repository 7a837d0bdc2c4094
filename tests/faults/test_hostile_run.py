"""Row 42 through a real run: what a model, a dataset and a repository say never acts, whatever
command shows it, for people and as JSON.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from promptops.cli.main import main
from tests.examples import CANARIES
from tests.faults.desk import PROMPT_FILE, ROWS_FILE, SUITE_FILE
from tests.faults.test_hostile_output import COLOURS, acts, commands
from tests.functional.cli_project import git
from tests.loopback import Asked, Loopback

HOSTILE_IDS = {
    "markup": "[bold red]x[/bold red] [/] :smile: [@click=quit]",
    "command": "::add-mask::secret",
    "build": "##[add-mask]x ##vso[task.set]y",
    "html": "</script><img src=x onerror=alert(1)><!-- -->",
    "formula": "=cmd()|'/C calc'!A0",
    "mention": "@team fixes #1",
    "fence": "```` | a | b | </details>",
    "wide": CANARIES["wide"],
    "option": "--format=json",
}
"""What an id may be; those with controls in them are refused, which another test holds."""

SAID = {name: text for name, text in CANARIES.items() if name != "unbroken"}
SAID["NUL"] = "a\0b"
MOST = 120_000
"""Characters of any page for people: an answer of 70,000 is never shown whole."""


def quoted(text: str) -> str:
    """A text as YAML takes it in double quotes; half a surrogate pair it takes nowhere."""
    return json.dumps(text.replace("\ud800", "").replace("\udfff", ""))


WORDS = "\n".join(SAID[name] for name in ("escape", "bidi", "markup", "command", "html", "mention"))
AUTHOR = "\x1b[31mMal\u202elory ::error::x ##[group] </script> [bold]"
SUBJECT = "::error::subject \x1b[2J \u202e @team fixes #1 [red]x"


def prompt(version: int, extra: str) -> str:
    return (
        f"version: {version}\ndescription: {quoted(WORDS)}\nchange: {quoted(WORDS)}\n"
        f"model: openai/loop\nparams: {{stop: [{quoted(WORDS)}]}}\n"
        f"inputs: {{word: {{type: string, description: {quoted(WORDS)}}}}}\nmessages:\n"
        f"  - {{role: system, content: {quoted(WORDS + extra)}}}\n"
        '  - {role: user, content: "{{ word }}"}\n'
        f"tools: [{{type: function, function: {{name: f, description: {quoted(WORDS)}}}}}]\n"
    )


def answer(asked: Asked) -> str:
    """The canary that the case names: as it is for the old version, twice for the new one."""
    said = (SAID | {"unbroken": "x" * 70_000})[asked.last_user.split("\n")[0]]
    return said if "older" in str(asked.messages[0]["content"]) else f"right {said} {said}"


@dataclass
class Run:
    root: Path
    report: dict


def written(root: Path) -> None:
    names = [*SAID, "unbroken"]
    ids = [*HOSTILE_IDS.values(), *names][: len(names)]
    rows = [
        {"id": id_, "word": f"{name}\n{WORDS}", "tags": ["[bold]x[/] ::error::y </script>"]}
        for id_, name in zip(ids, names, strict=True)
    ]
    (root / "evals").mkdir()
    (root / "prompts").mkdir()
    text = "".join(json.dumps(row) + "\n" for row in [*rows, {"id": "tame", "word": "formula"}])
    (root / ROWS_FILE).write_text(text)
    (root / SUITE_FILE).write_text(
        f"description: {quoted(WORDS)}\nprompt: say\ndataset: cases.jsonl\nsamples: 1\nscorers:\n"
        f"  said: {{type: contains, expected: right}}\n"
        f"  {quoted('[bold]m[/] ::error::z ' + SAID['escape'])}:\n"
        "    {type: length, max: 10, role: observe}\n"
    )
    for version, extra in ((1, "older"), (2, "newer")):
        (root / PROMPT_FILE).write_text(prompt(version, extra))
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--author", f"{AUTHOR} <m@a.example>", "--message", SUBJECT)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Two hostile versions, evaluated once on hostile cases by a model that says anything."""
    root = tmp_path_factory.mktemp("hostile")
    git(root, "init", "--quiet", "--initial-branch", "main")
    written(root)
    with pytest.MonkeyPatch.context() as patch, Loopback(answer) as server:
        patch.chdir(root)
        patch.delenv("GITHUB_BASE_REF", raising=False)
        for name, value in server.environ.items():
            patch.setenv(name, value)
        place = root.parent / f"{root.name}.json"
        assert main(["eval", "--quiet", "--format", "json", "--output", str(place)]) == 0
        (report,) = json.loads(place.read_text(encoding="utf-8"))
        yield Run(root, report)


SHOWN = [
    ("eval", "--quiet"),
    ("report",),
    ("report", "last", "--cases", "all"),
    ("runs",),
    ("list",),
    ("lint",),
    ("log", "say"),
    ("show", "say"),
    ("show", "say", "--at", "v1"),
    ("diff", "say"),
    ("diff", "say", "--case", "tame", "--no-tokens"),
    *(("render", "say", f"--case={id_}", "--no-tokens") for id_ in HOSTILE_IDS.values()),
]


@pytest.fixture
def shown(run, monkeypatch, capfd):
    """What a command puts on stdout and stderr."""
    monkeypatch.chdir(run.root)

    def show(*arguments: str) -> tuple[str, str]:
        capfd.readouterr()
        code = main(list(arguments))
        out, err = capfd.readouterr()
        assert code == 0, err
        return out, err

    return show


def test_the_run_is_what_it_should_be(run):
    assert run.report["candidate"]["failures"] == run.report["baseline"]["failures"] == 0
    assert run.report["metrics"][0]["baseline"] == 0
    assert run.report["metrics"][0]["candidate"] == 1
    ids = {case["id"] for case in run.report["cases"]}
    assert set(HOSTILE_IDS.values()) <= ids


@pytest.mark.parametrize("arguments", SHOWN, ids=" ".join)
@pytest.mark.parametrize("width", ["60", "120"])
def test_42_no_page_acts(shown, monkeypatch, arguments, width):
    monkeypatch.setenv("COLUMNS", width)
    for text in shown(*arguments):
        assert acts(text) == []
        assert commands(text) == []
        assert len(text) < MOST
        text.encode("utf-8")


@pytest.mark.parametrize("arguments", SHOWN, ids=" ".join)
def test_42_colours_are_the_only_escapes(shown, monkeypatch, arguments):
    monkeypatch.setenv("FORCE_COLOR", "1")
    out, _ = shown(*arguments)
    if arguments[0] != "lint":  # which has nothing to tell here
        assert COLOURS.search(out)
    assert acts(COLOURS.sub("", out)) == []
    assert commands(COLOURS.sub("", out)) == []


@pytest.mark.parametrize("arguments", SHOWN, ids=" ".join)
def test_42_json_is_valid_exact_and_inert(shown, arguments):
    out, err = shown(*arguments, "--format", "json")
    assert acts(out) == acts(err) == []
    assert commands(out) == []
    assert "<" not in out
    assert msgspec.json.decode(out.encode()) == json.loads(out)


def test_42_json_keeps_what_was_said(run, shown):
    (report,) = json.loads(shown("report", run.report["run"], "--format", "json")[0])
    assert report == run.report
    outputs = {case["id"]: case["candidate_output"] for case in report["cases"]}
    ids = [*HOSTILE_IDS.values(), *SAID, "unbroken"]
    for id_, (name, said) in zip(ids, SAID.items(), strict=False):
        if name in {"surrogate", "long", "fold"}:
            continue
        assert outputs[id_].startswith(f"right {said}")
    assert max(len(output) for output in outputs.values()) < 70_000
    log = json.loads(shown("log", "say", "--format", "json")[0])
    assert log["versions"][0]["change"] == WORDS
    prompt_ = json.loads(shown("show", "say", "--format", "json")[0])
    assert prompt_["description"] == WORDS


def test_42_what_could_act_is_shown_instead(shown, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text, _ = shown("report", "--cases", "all")
    assert "␛[2J" in text
    assert "[bold red]x[/bold red]" in text
    text, _ = shown("log", "say")
    assert "\\u202e" in text


def test_42_a_case_that_is_not_there_is_told_of_inertly(run, monkeypatch, capfd):
    monkeypatch.chdir(run.root)
    for canary in CANARIES.values():
        wanted = canary.replace("\0", "").replace("\ud800", "\udc80").replace("\udfff", "")[:2000]
        for arguments in (
            ("render", "say", f"--case= {wanted}"),
            ("render", "say", f"--var={wanted}"),
            ("render", f" {wanted}"),
            ("show", "say", f"--at={wanted}"),
            ("eval", f" {wanted}"),
            ("eval", f"--tag={wanted}"),
            ("eval", f"--against={wanted}"),
            ("report", f" {wanted}"),
            ("diff", "say", f" {wanted}"),
            ("lint", f" {wanted}"),
            (f" {wanted}",),
        ):
            assert main(list(arguments)) == 2, arguments
            out, err = capfd.readouterr()
            assert out == ""
            assert acts(err) == []
            assert commands(err) == []
            assert "this is a bug" not in err


@pytest.mark.skipif(os.name == "nt", reason="names that this system does not allow")
def test_42_names_of_files(tmp_path, monkeypatch, capfd):
    name = "a\x1b[31m\u202e ::error::x [bold]"
    root = tmp_path / "project"
    for folder in ("prompts", "evals"):
        (root / folder).mkdir(parents=True)
    (root / "prompts" / f"{name}.yaml").write_text("version: 1\nmodel: [\n")
    (root / "evals" / f"{name}.yaml").write_text("prompt: x\nmodle: [\n")
    monkeypatch.chdir(root)
    for arguments in (("list",), ("lint",), ("show", name), ("eval", name), ("list", "-fjson")):
        assert main(list(arguments)) in {0, 2}
        for text in capfd.readouterr():
            assert acts(text) == []
            assert commands(text) == []
            assert "this is a bug" not in text


@pytest.mark.parametrize("id_", ["\x1b[2J", "a\nb", "\u202e", "a\x00", "\u2028", "x" * 201])
def test_42_ids_that_act_are_refused_at_their_line(desk, id_):
    rows = [{"id": "fine", "word": "x"}, {"id": id_, "word": "x"}]
    desk.write(ROWS_FILE, "".join(json.dumps(row) + "\n" for row in rows))
    for command in ("lint", "eval", "render"):
        told = desk.refused(command, f"{ROWS_FILE}:2:1: 'id' ")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e\u2028]", told)
