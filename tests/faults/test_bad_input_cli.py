"""Rows 29 to 33, 36 and 37 at the command line: `lint`, `eval` and `render` end with 2, say where,
within limits of time and memory, and the model's server is never asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.faults.desk import (
    COMMANDS,
    PROMPT,
    PROMPT_FILE,
    ROWS,
    ROWS_FILE,
    SUITE,
    SUITE_FILE,
    Desk,
    told_by,
)
from tests.functional.cli_project import Done

every_command = pytest.mark.parametrize("command", COMMANDS)
posix = pytest.mark.skipif(os.name == "nt", reason="links, and limits of memory")


def test_the_project_is_all_right_before_anything_is_wrong_with_it(desk):
    assert desk.project.run("lint").code == 0
    assert desk.content("a") == "Say one"
    done = desk.project.run("eval", "--format", "json")
    assert done.code == 0, done.err
    assert len(desk.server.requests) == 2


# 29: said twice


TWICE = {
    "prompt": (PROMPT_FILE, PROMPT + "model: openai/other\n", f"{PROMPT_FILE}:6:1", "'model'"),
    "prompt, inside": (
        PROMPT_FILE,
        PROMPT.replace("role: user,", "role: user, role: system,"),
        f"{PROMPT_FILE}:5:18",
        "'role'",
    ),
    "suite": (SUITE_FILE, SUITE + "samples: 2\n", f"{SUITE_FILE}:6:1", "'samples'"),
    "suite, scorer": (
        SUITE_FILE,
        SUITE + "  said: {type: refusal}\n",
        f"{SUITE_FILE}:6:3",
        "'said'",
    ),
    "dataset": (
        ROWS_FILE,
        ROWS + '{"id": "c", "word": "x", "word": "y"}\n',
        f"{ROWS_FILE}:3:26",
        "'word'",
    ),
}


@every_command
@pytest.mark.parametrize("where", TWICE)
def test_29_a_key_that_stands_twice(desk, command, where):
    path, text, place, key = TWICE[where]
    desk.write(path, text)
    desk.refused(command, f"{place}: duplicate key {key}")


SAME = {
    "cases.jsonl": ('{"id": "a", "word": "x"}\n{"id": "a", "word": "y"}\n', "2:1"),
    "cases.json": ('[{"id": "a", "word": "x"},\n\n{"id": "a", "word": "y"}]', "3:1"),
    "cases.csv": ("id,word\na,x\na,y\n", "3:1"),
    "cases.yaml": ("- {id: a, word: x}\n- {id: a, word: y}\n", "2:1"),
}


@every_command
@pytest.mark.parametrize("name", SAME)
def test_29_an_id_that_stands_twice(desk, command, name):
    text, place = SAME[name]
    desk.dataset(name, text)
    desk.refused(command, f"evals/{name}:{place}: duplicate id 'a' (first on line")


@every_command
def test_29_a_key_that_stands_twice_in_a_yaml_dataset(desk, command):
    desk.dataset("cases.yaml", "- id: a\n  word: x\n  word: y\n")
    desk.refused(command, "evals/cases.yaml:3:3: duplicate key 'word'")


# 30 and 31: bombs, measured


CHILD = """
import json, os, sys, time
from pathlib import Path
from promptops.cli import discovery
from promptops.cli.main import main

folder, commands = Path(sys.argv[1]), json.loads(sys.argv[2])
for name in commands:
    discovery.load(name)
for name, arguments in commands.items():
    for stream, kind in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / f"{name}.{kind}", os.O_WRONLY | os.O_CREAT), stream)
    wall, processor = time.monotonic(), time.process_time()
    took = {"code": main(arguments)}
    took |= {"wall": time.monotonic() - wall, "processor": time.process_time() - processor}
    status = Path("/proc/self/status")
    if status.exists():
        took["megabytes"] = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    sys.stderr.flush()
    (folder / f"{name}.json").write_text(json.dumps(took))
"""


def within(desk: Desk, *commands: str, seconds: float, megabytes: float, said: str) -> None:
    """Run commands in a process of their own; each must refuse within these limits."""
    folder = desk.project.root.parent
    chosen = json.dumps({command: COMMANDS[command] for command in commands})
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), chosen],
        cwd=desk.project.root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for command in commands:
        out, err = ((folder / f"{command}.{kind}").read_text() for kind in ("out", "err"))
        used = json.loads((folder / f"{command}.json").read_text())
        assert used["code"] == 2, err
        told = told_by(command, Done(2, out, err))
        assert said in told
        assert "this is a bug" not in told
        assert len(told) < 20_000
        assert used["processor"] < seconds
        # Where other work takes the processors, the clock on the wall says nothing of the command.
        assert used["wall"] < seconds or used["processor"] < used["wall"] / 2
        assert used.get("megabytes", 0) < megabytes
    assert desk.server.requests == []


LEVELS = "".join(
    f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n"
    if level
    else "  a0: &a0 [x, x, x]\n"
    for level in range(30)
)
DEEP = {
    "prompt, aliases": (PROMPT_FILE, f"tools:\n{LEVELS}{PROMPT}", "aliases that stand for"),
    "prompt, lists": (PROMPT_FILE, PROMPT + "tools: " + "[" * 100_000, "nested more than"),
    "prompt, mappings": (PROMPT_FILE, PROMPT + "tools: " + "{a: " * 100_000, "nested more than"),
    "prompt, dashes": (PROMPT_FILE, "- " * 100_000, "nested more than"),
    "suite, aliases": (SUITE_FILE, f"gate:\n{LEVELS}{SUITE}", "aliases that stand for"),
    "suite, lists": (SUITE_FILE, SUITE + "gate: " + "[" * 100_000, "nested more than"),
    "suite, mappings": (SUITE_FILE, SUITE + "gate: " + "{a: " * 100_000, "nested more than"),
    "rows, lists": (ROWS_FILE, ROWS + '{"a": ' + "[" * 100_000, "nested too deep"),
    "rows, objects": (ROWS_FILE, ROWS + '{"a": ' * 100_000, "nested too deep"),
    "rows, closed": (
        ROWS_FILE,
        ROWS + '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "nested too deep",
    ),
    "yaml rows, aliases": (
        "evals/cases.yaml",
        "- id: a\n  m:\n" + textwrap.indent(LEVELS, "  "),
        "aliases that stand for",
    ),
    "yaml rows, lists": ("evals/cases.yaml", "- m: " + "[" * 100_000, "nested more than"),
    "yaml rows, mappings": ("evals/cases.yaml", "- m: " + "{a: " * 100_000, "nested more than"),
}


@posix
@pytest.mark.parametrize("bomb", DEEP)
def test_30_bombs_of_nesting(desk, bomb):
    path, text, said = DEEP[bomb]
    if path.endswith("cases.yaml"):
        desk.dataset("cases.yaml", text)
    else:
        desk.write(path, text)
    within(desk, *COMMANDS, seconds=1, megabytes=256, said=said)


BOMBS = {
    "repeat": "{{ 'a' * 10**9 }}",
    "power": "{{ 10**(10**8) }}",
    "ranges": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "width": "{{ '%0999999999d' % 1 }}",
    "doubling": "{% set ns = namespace(x='a') %}{% for i in range(90) %}"
    "{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "macros": "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}"
    "{{ m(50) }}",
}


@posix
@pytest.mark.parametrize("bomb", BOMBS)
def test_31_bombs_in_a_template_whatever_the_number_of_cases(desk, bomb):
    text = PROMPT.replace('"Say {{ word }}"', "|-\n      {{ word }}\n      " + BOMBS[bomb])
    desk.write(PROMPT_FILE, text.replace("{role: user, content:", "role: user\n    content:")[:-2])
    rows = "".join(json.dumps({"id": f"c{n}", "word": "x"}) + "\n" for n in range(500))
    desk.write(ROWS_FILE, '{"id": "a", "word": "one"}\n' + rows)
    within(desk, *COMMANDS, seconds=5, megabytes=512, said=f"{PROMPT_FILE}:8:7")


def test_31_a_bomb_in_the_data_is_only_data(desk):
    desk.write(ROWS_FILE, json.dumps({"id": "a", "word": BOMBS["repeat"]}) + "\n")
    assert desk.project.run("lint").code == 0
    assert desk.content("a") == "Say " + BOMBS["repeat"]


@posix
@pytest.mark.parametrize("bomb", BOMBS)
def test_31_bombs_in_what_a_scorer_expects(desk, bomb):
    desk.write(SUITE_FILE, SUITE.replace("{{ word }}", BOMBS[bomb]))
    rows = "".join(json.dumps({"id": f"c{n}", "word": "x"}) + "\n" for n in range(500))
    desk.write(ROWS_FILE, rows)
    said = f"{ROWS_FILE}:1:1: case 'c0'"
    within(desk, "lint", "eval", seconds=5, megabytes=512, said=said)


# 32: what is not there


@every_command
def test_32_a_variable_that_is_not_declared(desk, command):
    desk.write(PROMPT_FILE, PROMPT.replace("{{ word }}", "{{ wrod }}"))
    told = desk.refused(command, f"{PROMPT_FILE}:5:35: 'wrod' is not declared under inputs")
    assert "did you mean 'word'?" in told


@every_command
def test_32_a_case_without_a_declared_input(desk, command):
    desk.write(ROWS_FILE, '{"id": "a", "wrod": "one"}\n')
    told = desk.refused(command, "'word'", "did you mean 'wrod'?")
    if command != "render":  # which was asked for one case, and names the inputs' place
        assert f"{ROWS_FILE}:1:1: case 'a': " in told


@every_command
def test_32_a_value_that_is_not_what_the_input_declares(desk, command):
    desk.write(ROWS_FILE, '{"id": "b", "word": "fine"}\n{"id": "a", "word": 7}\n')
    told = desk.refused(command, "word", "string")
    if command != "render":
        assert f"{ROWS_FILE}:2:1: case 'a': " in told


@pytest.mark.parametrize("command", ["lint", "eval"])
def test_32_an_expected_value_that_a_case_does_not_have(desk, command):
    desk.write(SUITE_FILE, SUITE.replace("{{ word }}", "{{ answer }}"))
    desk.refused(command, f"{ROWS_FILE}:1:1: case 'a'", "scorer 'said': ", "answer")


@every_command
def test_32_a_template_that_fails_on_one_case_only(desk, command):
    text = PROMPT.replace("inputs: {word: {type: string}}", "inputs: {word: {}}")
    desk.write(PROMPT_FILE, text.replace("{{ word }}", "{{ word.there }}"))
    desk.write(ROWS_FILE, '{"id": "a", "word": {}}\n{"id": "b", "word": {"there": "x"}}\n')
    told = desk.refused(command, f"{PROMPT_FILE}:5:", "there")
    if command in {"lint", "eval"}:
        assert "(case 'a')" in told


# 33: outside


SECRET = "the words of a secret file"


@pytest.fixture
def outside(desk):
    """A secret beside the project, and links to it from inside."""
    beside = desk.project.root.parent
    (beside / "secret.txt").write_text(SECRET)
    (beside / "secret.jsonl").write_text(json.dumps({"id": "a", "word": SECRET}) + "\n")
    (beside / "secret.yaml").write_text(PROMPT.replace("Say", SECRET))
    for name, target in {
        "prompts/link.txt": "secret.txt",
        "prompts/linked.yaml": "secret.yaml",
        "evals/link.jsonl": "secret.jsonl",
        "evals/linked.yaml": "secret.yaml",
    }.items():
        (desk.project.root / name).symlink_to(beside / target)
    (desk.project.root / "prompts" / "up").symlink_to(beside, target_is_directory=True)
    return beside


INCLUDES = ["../secret.txt", "../../secret.txt", "ABSOLUTE/secret.txt", "link.txt", "up/secret.txt"]


@posix
@every_command
@pytest.mark.parametrize("name", INCLUDES)
def test_33_an_include_from_outside(desk, outside, command, name):
    name = name.replace("ABSOLUTE", str(outside))
    desk.write(PROMPT_FILE, PROMPT.replace("Say", f"{{% include '{name}' %}}"))
    told = desk.refused(command, f"{PROMPT_FILE}:5:")
    assert SECRET not in told


@posix
@every_command
@pytest.mark.parametrize(
    "name", ["../secret.jsonl", "../../secret.jsonl", "ABSOLUTE/secret.jsonl", "link.jsonl"]
)
def test_33_a_dataset_from_outside(desk, outside, command, name):
    desk.write(SUITE_FILE, SUITE.replace("cases.jsonl", name.replace("ABSOLUTE", str(outside))))
    told = desk.refused(command, f"{SUITE_FILE}:2:1: ")
    assert SECRET not in told


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ("eval", "linked"),
        ("eval", "../../secret"),
        ("lint", "linked"),
        ("lint", "../../secret"),
        ("show", "linked"),
        ("show", "../../secret"),
        ("show", "up/secret"),
        ("render", "../../secret", "--var", "word=x"),
        ("log", "../../secret"),
        ("diff", "up/secret"),
    ],
)
def test_33_prompts_and_suites_outside(desk, outside, arguments):
    done = desk.project.run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert SECRET not in done.err
    assert "this is a bug" not in done.err
    assert desk.server.requests == []


@posix
def test_33_a_suite_whose_prompt_is_a_link(desk, outside):
    desk.write(SUITE_FILE, SUITE.replace("prompt: say", "prompt: linked"))
    told = desk.refused("eval", "prompts/linked.yaml: ", "symbolic link")
    assert SECRET not in told
    desk.refused("lint", f"{SUITE_FILE}:1:1")


# 36: datasets


WRONG = {
    "empty": ("cases.jsonl", "", "evals/cases.jsonl", "no cases"),
    "blank": ("cases.jsonl", "\n \n", "evals/cases.jsonl", "no cases"),
    "empty csv": ("cases.csv", "id,word\n", "evals/cases.csv", "no cases"),
    "not utf-8": (
        "cases.jsonl",
        b'{"id": "a", "word": "\xe9"}\n',
        "evals/cases.jsonl:1:22",
        "0xe9",
    ),
    "utf-16": ("cases.jsonl", ROWS.encode("utf-16"), "evals/cases.jsonl", "UTF-16"),
    "NUL": ("cases.jsonl", ROWS.encode() + b"\0", "evals/cases.jsonl", "NUL"),
    "mixed": ("cases.jsonl", ROWS + '{"id": "c", "word": [1]}\n', "evals/cases.jsonl:3:1", "word"),
    "no rows": ("cases.json", '{"a": 1}', "evals/cases.json:1:2", "unknown key"),
    "a row of text": ("cases.jsonl", ROWS + '"c"\n', "evals/cases.jsonl:3:1", "mapping"),
    "half a pair": (
        "cases.jsonl",
        '{"id": "a", "word": "\\ud800"}',
        "evals/cases.jsonl:1:1",
        "half",
    ),
    "an id that acts": ("cases.jsonl", '{"id": "\\u001b[2J"}', "evals/cases.jsonl:1:1", "U+001B"),
    "a ragged row": ("cases.csv", "id,word\na,x\nb,y,z\n", "evals/cases.csv:3:1", ""),
    "unknown format": ("cases.xlsx", b"PK\x03\x04", "evals/", ""),
}


@pytest.mark.parametrize("command", ["lint", "eval"])
@pytest.mark.parametrize("fault", WRONG)
def test_36_datasets_that_are_wrong(desk, command, fault):
    name, text, place, said = WRONG[fault]
    desk.dataset(name, text)
    desk.refused(command, place, said)


@every_command
def test_36_bad_json_on_line_731(desk, command):
    lines = [json.dumps({"id": f"c{n}", "word": "x"}) for n in range(1, 1001)]
    lines[730] = '{"id": "c731", "word": "x" "n": 1}'
    desk.write(ROWS_FILE, "\r\n".join(lines))
    desk.refused(command, f"{ROWS_FILE}:731:28: not valid JSON: expecting ',' delimiter")


RIGHT = {
    "BOM": ("cases.jsonl", b"\xef\xbb\xbf" + ROWS.encode()),
    "CRLF": ("cases.jsonl", ROWS.replace("\n", "\r\n")),
    "BOM and CRLF": ("cases.csv", b"\xef\xbb\xbfid,word\r\na,one\r\n"),
    "YAML with both": ("cases.yaml", b"\xef\xbb\xbf- id: a\r\n  word: one\r\n"),
    "no last line end": ("cases.jsonl", ROWS.rstrip()),
}


@pytest.mark.parametrize("name", RIGHT)
def test_36_datasets_that_are_only_unusual(desk, name):
    desk.dataset(*RIGHT[name])
    assert desk.project.run("lint").code == 0
    assert desk.content("a") == "Say one"


def test_36_a_cell_of_5_mb(desk):
    cell = "zwölf, " * 750_000
    desk.write(ROWS_FILE, json.dumps({"id": "a", "word": cell}) + "\n")
    assert desk.project.run("lint").code == 0
    assert desk.content("a") == f"Say {cell}"


@posix
def test_36_100_000_rows_are_checked_to_the_last(desk):
    rows = [json.dumps({"id": f"c{n}", "word": f"word {n}"}) + "\n" for n in range(100_000)]
    desk.write(ROWS_FILE, "".join([*rows, '{"id": "last", "wrod": "x"}\n']))
    within(desk, "lint", seconds=30, megabytes=256, said=f"{ROWS_FILE}:100001:1: case 'last'")


# 37: what YAML would make of a word


WORDS = ["NO", "on", "off", "Yes", "012", "0x1F", "1_000", "12:30:45", "1e3", "2026-05-01", ".inf"]


def test_37_words_of_a_dataset_stay_text(desk):
    rows = [f"- {{id: {word}, word: {word}}}\n" for word in WORDS]
    desk.dataset("cases.yaml", "".join(rows))
    assert desk.project.run("lint").code == 0
    assert [desk.content(word) for word in WORDS] == [f"Say {word}" for word in WORDS]


@pytest.mark.parametrize("word", WORDS)
def test_37_words_of_a_prompt_stay_text(desk, word):
    text = PROMPT.replace('"Say {{ word }}"', word) + f"description: {word}\nchange: {word}\n"
    desk.write(PROMPT_FILE, text.replace("{word: {type: string}}", "{}"))
    assert desk.content("a") == word
    shown = desk.project.run("show", "say", "--format", "json").value
    assert (shown["description"], shown["change"]) == (word, word)


def test_37_words_of_a_suite_stay_text(desk):
    """The server echoes the word, and the suite expects it as it is written."""
    desk.write(PROMPT_FILE, PROMPT.replace("Say {{", "{{"))
    rows = [f"- {{id: {word}, word: {word}}}\n" for word in WORDS]
    desk.write("evals/cases.yaml", "".join(rows))
    scorers = "".join(
        f"  {word.strip('.')}: {{type: equals, expected: {word}}}\n" for word in WORDS
    )
    desk.write(
        SUITE_FILE,
        f"description: NO\nprompt: say\ndataset: cases.yaml\nsamples: 1\nscorers:\n{scorers}",
    )
    done = desk.project.run("eval", "--alone", "--format", "json")
    assert done.code == 0, done.err
    means = [metric["candidate"] for metric in done.value[0]["metrics"]]
    assert means == [pytest.approx(1 / len(WORDS))] * len(WORDS)


NOT_TEXT = {
    "prompt": (
        PROMPT_FILE,
        PROMPT + "params: {logit_bias: {50256: -100}}\n",
        "6:23",
        "must be text",
    ),
    "suite": (SUITE_FILE, SUITE + "  true: {type: refusal}\n", "6:3", "must be text"),
    "rows": ("evals/cases.yaml", "- {id: a, 1: x}\n", "1:11", "must be text"),
    "prompt, digits": (
        PROMPT_FILE,
        PROMPT + f"params: {{seed: {'9' * 5000}}}\n",
        "6:16",
        "an integer of 5000 digits",
    ),
    "suite, digits": (SUITE_FILE, SUITE.replace("1", "9" * 5000), "3:10", "of 5000 digits"),
    "yaml rows, digits": (
        "evals/cases.yaml",
        f"- {{id: a, word: {'9' * 5000}}}\n",
        "1:17",
        "of 5000 digits",
    ),
    "rows, digits": (
        ROWS_FILE,
        f'{{"id": "a", "word": {"9" * 5000}}}\n',
        "1:21",
        "of 5000 digits",
    ),
    "version": (PROMPT_FILE, PROMPT.replace("version: 1", "version: 012"), "1:1", "'version'"),
    "model": (PROMPT_FILE, PROMPT.replace("openai/loop", "12"), "2:1", "'model'"),
}


@every_command
@pytest.mark.parametrize("where", NOT_TEXT)
def test_37_what_has_no_plain_meaning(desk, command, where):
    path, text, place, said = NOT_TEXT[where]
    if path == "evals/cases.yaml":
        desk.dataset("cases.yaml", text)
    else:
        desk.write(path, text)
    desk.refused(command, f"{path}:{place}: ", said)


# What else a file may try


@every_command
def test_a_case_cannot_make_a_client_fetch_an_address(desk, command):
    part = "{role: user, content: [{type: image_url, image_url: {url: '{{ word }}'}}]}"
    text = PROMPT.replace('{role: user, content: "Say {{ word }}"}', part)
    desk.write(PROMPT_FILE, text)
    desk.write(ROWS_FILE, json.dumps({"id": "a", "word": f"{desk.server.url}/secret"}) + "\n")
    desk.refused(command, f"{PROMPT_FILE}:5:", "a case cannot name what to fetch", "data: URL")


@every_command
def test_a_prompt_cannot_send_the_key_elsewhere(desk, command):
    desk.write(PROMPT_FILE, PROMPT + "params: {api_base: https://attacker.example}\n")
    desk.refused(command, f"{PROMPT_FILE}:6:10: 'api_base' is a connection setting")


def test_a_key_beside_the_project_is_not_read(desk):
    Path(".env").write_text("OPENAI_API_BASE=http://127.0.0.1:9/v1\n")
    done = desk.project.run("eval", "--quiet")
    assert done.code == 0, done.err
    assert len(desk.server.requests) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "\udcff"),
        ("eval", "--model", "openai/\udcff"),
        ("render", "say", "--var", "word=\udcff"),
        ("show", "say", "--at", "\udcff"),
        ("\udcff",),
    ],
)
def test_an_argument_that_is_no_text(desk, arguments):
    """Bytes that are not UTF-8 come in as half surrogate pairs."""
    done = desk.project.run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "is not UTF-8 text" in done.err
    assert desk.server.requests == []
