"""Faulty and hostile datasets: each ends right, or as wrong input with its line, and soon."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from promptops.datasets.loading import open_dataset
from promptops.documents.tree import WorkingTree
from promptops.errors import ExitCode, InputError, MissingExtraError, StoreError

IN_A_PROCESS = """
import sys, time
from pathlib import Path
from promptops.errors import PromptopsError
from promptops.datasets.loading import open_dataset
place = Path(sys.argv[1])
start = time.process_time()
try:
    with open_dataset(place, display=place.name) as dataset:
        assert dataset.case(len(dataset) - 1).id
        print(len(dataset))
except PromptopsError as error:
    print(str(error).encode("ascii", "backslashreplace").decode())
seconds = time.process_time() - start
peak = 0
if sys.platform == "linux":
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0])
print(f"{seconds:.3f} {peak}")
"""


def in_a_process(place):
    """What reading a file says and takes: (text, processor seconds, peak memory in KiB)."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(place)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    *said, numbers = done.stdout.splitlines()
    seconds, peak = numbers.split()
    return "\n".join(said), float(seconds), int(peak)


def written(folder, name, text):
    place = folder / name
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return place


def error_of(place):
    with pytest.raises(InputError) as caught:
        open_dataset(place, display=place.name)
    assert caught.value.exit_code == ExitCode.INPUT
    return str(caught.value)


# Row 29


@pytest.mark.parametrize(
    ("name", "text", "second", "first"),
    [
        ("d.jsonl", '{"id": "a", "n": 1}\n{"id": "b"}\n{"id": "a", "n": 2}\n', 3, 1),
        ("d.json", '[\n{"id": "a", "n": 1},\n{"id": "b"}, {"id": "a", "n": 2}]', 3, 2),
        ("d.csv", 'id,n\na,"1\n"\nb,2\na,3\n', 5, 2),
        ("d.yaml", "- id: a\n  n: 1\n- id: b\n- {id: a, n: 2}\n", 4, 1),
    ],
)
def test_a_duplicate_case_id_names_both_lines(tmp_path, name, text, second, first):
    said = error_of(written(tmp_path, name, text))
    assert said.startswith(f"{name}:{second}:1: duplicate id 'a' (first on line {first})")


def test_a_duplicate_key_names_line_and_column(tmp_path):
    said = error_of(written(tmp_path, "d.yaml", "- id: a\n- id: b\n  n: 1\n  n: 2\n"))
    assert said.startswith("d.yaml:4:3: duplicate key 'n'")
    said = error_of(written(tmp_path, "d.jsonl", '{"id": "a"}\n{"id": "b", "n": 1, "n": 2}\n'))
    assert said.startswith("d.jsonl:2:21: duplicate key 'n'")


# Row 30


BOMB = "- &a {x: 1}\n" + "".join(
    f"- &{name} {{x: [{', '.join(['*' + before] * 10)}]}}\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
HOSTILE = {
    "aliases.yaml": (BOMB, "aliases that stand for more than 500,000 values"),
    "brackets.yaml": ("- m: " + "[" * 100_000, "d.yaml:1:"),
    "braces.yaml": ("- m: " + "{a: " * 100_000, "d.yaml:1:"),
    "brackets.json": ("[" * 100_000, "nested too deep"),
    "brackets.jsonl": (
        '{"id": 1}\n{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "d.jsonl:2:1: nested",
    ),
    "objects.jsonl": ('{"a":' * 100_000, "nested too deep"),
    "digits.jsonl": ('{"a": ' + "9" * 1_000_000 + "}", "an integer of 1000000 digits"),
    "digits.yaml": ("- a: " + "9" * 1_000_000, "an integer of 1000000 digits"),
    "exponent.jsonl": ('{"a": 1' + "0" * 1_000_000 + ".0}", "is too large"),
    "escapes.jsonl": ('{"a": "' + "\\u00e9" * 100_000, "escape"),
    "quotes.csv": ("a,b\n" + '"' * 999_999 + "\n", "d.csv:2:1: a quoted cell in this row is never"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_quickly(tmp_path, name):
    text, message = HOSTILE[name]
    said, seconds, _ = in_a_process(written(tmp_path, "d." + name.split(".")[1], text))
    assert message in said
    assert len(said) < 500
    assert seconds < 3


def test_aliases_within_measure_are_right(tmp_path):
    text = "- &first {id: a, m: &m [x, y]}\n- {id: b, m: *m}\n- {id: c, m: *first}\n"
    with open_dataset(written(tmp_path, "d.yaml", text), display="d.yaml") as dataset:
        assert dataset.case(1).columns == {"m": ["x", "y"]}
        assert dataset.case(2).columns == {"m": {"id": "a", "m": ["x", "y"]}}


# Row 33


def test_a_dataset_outside_the_project_is_never_found(tmp_path):
    root = tmp_path / "project"
    (root / "evals").mkdir(parents=True)
    secret = written(tmp_path, "secret.jsonl", '{"id": 1}\n')
    (root / "evals" / "linked.jsonl").symlink_to(secret)
    (root / "linked").symlink_to(tmp_path)
    (root / "inside.jsonl").symlink_to(written(root / "evals", "d.jsonl", '{"id": 1}\n'))
    tree = WorkingTree(root)
    assert tree.locate("evals/d.jsonl") == root / "evals" / "d.jsonl"
    assert tree.locate("evals/none.jsonl") is None
    for path in (
        "../secret.jsonl",
        "evals/../../secret.jsonl",
        str(secret),
        "evals/linked.jsonl",
        "linked/secret.jsonl",
        "inside.jsonl",
        "evals",
        "evals\\d.jsonl",
        "C:secret.jsonl",
        "evals/d.jsonl\0",
        "",
    ):
        with pytest.raises(InputError):
            tree.locate(path)


# Row 36


def test_bad_json_on_line_731(tmp_path):
    lines = [json.dumps({"id": index, "m": "x"}) for index in range(1, 1001)]
    lines[730] = '{"id": 731, "m": "x" "n": 1}'
    said = error_of(written(tmp_path, "d.jsonl", "\r\n".join(lines)))
    assert said == "d.jsonl:731:22: not valid JSON: expecting ',' delimiter"
    said = error_of(written(tmp_path, "d.json", "[" + ",\n".join(lines) + "]"))
    assert said == "d.json:731:22: not valid JSON: expecting ',' delimiter"


def test_a_cell_of_5_mb_is_right(tmp_path):
    cell = "zwölf, " * 750_000
    for name, text in (
        ("d.jsonl", json.dumps({"id": "a", "m": cell}) + "\n"),
        ("d.json", json.dumps([{"id": "a", "m": cell}])),
        ("d.csv", f'id,m\na,"{cell}"\n'),
        ("d.yaml", f'- {{id: a, m: "{cell}"}}\n'),
    ):
        with open_dataset(written(tmp_path, name, text), display=name) as dataset:
            assert dataset.case(0).columns == {"m": cell}


@pytest.mark.parametrize("name", ["d.jsonl", "d.json", "d.csv"])
def test_a_row_past_64_mb_is_refused(tmp_path, name):
    start, end = {
        "d.jsonl": ('{"id": "a"}\n{"m": "', '"}\n'),
        "d.json": ('[{"id": "a"},\n{"m": "', '"}]'),
        "d.csv": ('id,m\na,"', '"\n'),
    }[name]
    place = tmp_path / name
    with place.open("w") as file:
        file.write(start)
        for _ in range(70):
            file.write(("x" * 1023 + ("\n" if name == "d.csv" else "x")) * 1024)
        file.write(end)
    said, seconds, peak = in_a_process(place)
    assert "a row of more than 64 MB" in said
    if name != "d.csv":  # whose cell has 70,000 lines; any of them may be the one
        assert said.startswith(f"{name}:2:1")
    assert seconds < 20
    assert peak < 700 * 1024


def test_mixed_types_in_one_column_are_right(tmp_path):
    values = ["1", 1, 1.0, True, None, [1], {"a": 1}]
    text = "".join(
        json.dumps({"id": index, "m": value}) + "\n" for index, value in enumerate(values)
    )
    with open_dataset(written(tmp_path, "d.jsonl", text), display="d.jsonl") as dataset:
        got = [case.columns["m"] for case in dataset]
    assert got == values
    assert [type(value) for value in got] == [type(value) for value in values]


def rows_of(folder, count):
    place = folder / f"{count}.jsonl"
    with place.open("w") as file:
        for index in range(count):
            row = {
                "id": f"case-{index:06}",
                "message": f"Number {index}: " + "the quick brown fox " * 10,
                "expected": "Lisbon",
                "tags": ["hard"] if index % 3 else ["easy", "slow"],
            }
            file.write(json.dumps(row) + "\n")
    return place


def test_100_000_rows_are_read_quickly_in_flat_memory(tmp_path):
    said, _, small = in_a_process(rows_of(tmp_path, 1000))
    assert said == "1000"
    said, seconds, large = in_a_process(rows_of(tmp_path, 100_000))
    assert said == "100000"
    assert seconds < 10  # 0.9 on an idle machine
    assert large - small < 30 * 1024


def test_looking_at_100_000_cases_takes_no_more_memory_than_one(tmp_path):
    with open_dataset(rows_of(tmp_path, 20_000), display="d.jsonl") as dataset:
        start = time.process_time()
        assert sum(len(case.tags) for case in dataset) == 26_667
        assert time.process_time() - start < 5
        assert dataset.index_of("case-019999") == 19_999


# Row 37


def test_what_yaml_reads_as_something_else_stays_text(tmp_path):
    words = [
        "NO",
        "on",
        "Yes",
        "012",
        "0x1F",
        "12:30:45",
        "1e3",
        "2024-05-01",
        ".inf",
        ".5",
        "1_000",
    ]
    text = "".join(f"- {{id: c{index}, m: {word}}}\n" for index, word in enumerate(words))
    with open_dataset(written(tmp_path, "d.yaml", text), display="d.yaml") as dataset:
        assert [case.columns["m"] for case in dataset] == words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {id: a, 1: x}\n", "d.yaml:1:11: a key must be text, not '1'"),
        ("- {id: a, true: x}\n", "d.yaml:1:11: a key must be text, not 'true'"),
        ("- {id: a, [x]: x}\n", "d.yaml:1:11: a key must be text"),
        ("- {id: a, ? {x: 1} : x}\n", "d.yaml:1:13: a key must be text"),
        ("- {id: a, m: " + "1" * 5000 + "}\n", "d.yaml:1:14: an integer of 5000 digits"),
        ("- {id: a, m: !!python/name:os.system x}\n", "d.yaml:1:14: tag"),
    ],
)
def test_what_has_no_plain_meaning_is_refused(tmp_path, text, message):
    assert error_of(written(tmp_path, "d.yaml", text)).startswith(message)


# Beyond the rows


def test_parquet_without_its_dependency_says_what_to_install(tmp_path):
    """In a process whose pyarrow cannot be imported, as where it is not installed."""
    place = written(tmp_path, "d.parquet", b"PAR1")
    code = "import sys; sys.modules['pyarrow'] = None\n" + IN_A_PROCESS
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True
    )
    assert "reading .parquet datasets needs an optional dependency" in done.stdout
    assert "pip install 'promptops[parquet]'" in done.stdout
    assert issubclass(MissingExtraError, InputError)


@pytest.mark.skipif(sys.platform == "win32", reason="sets a limit on file sizes, as Unix has")
def test_a_full_temporary_folder_is_no_verdict(tmp_path):
    place = rows_of(tmp_path, 2000)
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n" + IN_A_PROCESS
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("cannot keep the dataset in a temporary file: File too large")
    assert StoreError("x").exit_code == ExitCode.NO_VERDICT


def test_reading_datasets_imports_nothing_heavy(tmp_path):
    place = written(tmp_path, "d.yaml", "- id: a\n")
    code = (
        IN_A_PROCESS
        + "\nprint(sorted({'numpy', 'pyarrow', 'litellm', 'git', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
