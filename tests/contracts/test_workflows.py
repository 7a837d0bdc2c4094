"""What runs on GitHub: zizmor finds nothing, actions are pinned, and rights are least.

The scripts of our action do what they say, in a real shell on a real repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from promptops.cli.scaffolding import scaffold
from promptops.documents.tree import WorkingTree
from promptops.engine.suite import load_suite, suite_names
from promptops.github.artifact import NAME
from promptops.github.comments import AUTHOR
from promptops.prompts.loading import load_prompt
from tests.functional.cli_project import CASES, PROMPT, SUITE, git

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
ACTIONS = sorted(GITHUB.glob("actions/*/action.yml"))
SCRIPTS = sorted(GITHUB.glob("actions/*/*.sh"))
DOCS = ROOT / "docs" / "github.md"
USES = re.compile(r"^\s*-?\s*uses: (\S+)(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="the shell there finds other paths")


def scaffolded(folder: Path) -> Path:
    (folder / ".git").mkdir(parents=True)
    scaffold(folder)
    return folder / ".github" / "workflows" / "promptops.yml"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workflow that `promptops init` writes."""
    return scaffolded(tmp_path_factory.mktemp("project"))


def documented() -> list[str]:
    """The workflows that the documentation shows."""
    blocks = re.findall(
        r"^```yaml\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [block for block in blocks if "runs-on:" in block]


def read(text: str) -> Any:
    return yaml.safe_load(text)


def steps(value: Any) -> Iterator[dict[str, Any]]:
    """The steps of a workflow or of a composite action."""
    if "runs" in value:
        yield from value["runs"]["steps"]
    for job in value.get("jobs", {}).values():
        yield from job["steps"]


def audited(*places: Path) -> subprocess.CompletedProcess[str]:
    zizmor = shutil.which("zizmor", path=sysconfig.get_path("scripts")) or shutil.which("zizmor")
    if zizmor is None:
        pytest.skip("zizmor is not installed")
    return subprocess.run(
        [zizmor, "--offline", "--no-progress", "--color=never", *map(str, places)],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if "TOKEN" not in name},
    )


def test_there_is_something_to_look_at():
    assert {each.name for each in WORKFLOWS} >= {"ci.yml", "prompts.yml", "prompts-comment.yml"}
    assert {each.parent.name for each in ACTIONS} == {"promptops", "promptops-comment"}
    assert {each.name for each in SCRIPTS} == {"install.sh", "gate.sh"}
    assert len(documented()) == 3


def test_zizmor_finds_nothing_in_ours():
    done = audited(GITHUB)
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout


def test_zizmor_finds_nothing_in_what_others_are_given(written, tmp_path):
    places = [written]
    for number, text in enumerate(documented()):
        place = tmp_path / ".github" / "workflows" / f"{number}.yml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.replace("@COMMIT", "@" + "0" * 40), encoding="utf-8")
        places.append(place)
    done = audited(*places)
    assert done.returncode == 0, done.stdout


def test_zizmor_would_find_something(tmp_path):
    place = tmp_path / ".github" / "workflows" / "bad.yml"
    place.parent.mkdir(parents=True)
    place.write_text(
        "name: x\non: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - uses: actions/checkout@v4\n"
        '      - run: echo "${{ github.event.pull_request.title }}"\n'
    )
    done = audited(place)
    assert done.returncode != 0
    for audit in ("dangerous-triggers", "template-injection", "unpinned-uses"):
        assert audit in done.stdout


def test_every_action_is_pinned_with_its_version_beside_it(written):
    versions: dict[str, set[str]] = {}
    for place in [*WORKFLOWS, *ACTIONS, written]:
        for used, rest in USES.findall(place.read_text(encoding="utf-8")):
            if used.startswith("./"):
                assert (ROOT / used / "action.yml").exists(), used
                continue
            assert PINNED.fullmatch(used), f"{place.name}: {used}"
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", rest), f"{place.name}: {used}{rest}"
            versions.setdefault(used.split("@")[0], set()).add(used.split("@")[1] + rest)
    assert {name: len(found) for name, found in versions.items()} == dict.fromkeys(versions, 1)


def test_rights_are_those_that_are_needed(written):
    rights = {
        place.name: [job.get("permissions", read_.get("permissions")) for job in jobs]
        for place in [*WORKFLOWS, written]
        for read_ in [read(place.read_text(encoding="utf-8"))]
        for jobs in [read_["jobs"].values()]
    }
    assert rights.pop("prompts-comment.yml") == [
        {"contents": "read", "actions": "read", "pull-requests": "write"}
    ]
    for name, found in rights.items():
        assert all(each == {"contents": "read"} for each in found), name
    for place in WORKFLOWS:
        assert read(place.read_text(encoding="utf-8"))["permissions"] == {}, place.name


def test_no_secret_is_where_a_stranger_may_run_code(written):
    for place in [*WORKFLOWS, *ACTIONS, written]:
        lines = place.read_text(encoding="utf-8").splitlines()
        said = [line for line in lines if "secrets." in line and not line.strip().startswith("#")]
        assert said == [], place


def test_nothing_is_put_into_a_script():
    """Values reach the shell by its environment, where they are values and no code."""
    for place in [*WORKFLOWS, *ACTIONS]:
        for step in steps(read(place.read_text(encoding="utf-8"))):
            assert "${{" not in step.get("run", ""), f"{place.name}: {step['run']}"
    for place in SCRIPTS:
        text = place.read_text(encoding="utf-8")
        assert "${{" not in text
        assert "eval " not in text


def test_checkouts_leave_no_token_behind(written):
    for place in [*WORKFLOWS, written]:
        for step in steps(read(place.read_text(encoding="utf-8"))):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, place.name


def test_the_second_stage_runs_nothing_of_the_pull_request():
    value = read((GITHUB / "workflows" / "prompts-comment.yml").read_text(encoding="utf-8"))
    first = read((GITHUB / "workflows" / "prompts.yml").read_text(encoding="utf-8"))
    (trigger,) = value[True].items()
    assert trigger == ("workflow_run", {"workflows": [first["name"]], "types": ["completed"]})
    for step in steps(value):
        assert not {"ref", "repository"} & set(step.get("with", {}))
        assert "download-artifact" not in step.get("uses", "")
    (job,) = value["jobs"].values()
    assert "workflow_run.event == 'pull_request'" in job["if"]


def test_our_own_gate_asks_nobody_who_wants_a_key():
    """The suites that it names are all that the embedded model answers alone, as in `make eval`."""
    value = read((GITHUB / "workflows" / "prompts.yml").read_text(encoding="utf-8"))
    (gate,) = (each for each in steps(value) if each.get("uses", "").endswith("actions/promptops"))
    assert "env" not in gate
    tree = WorkingTree(ROOT)
    embedded = {
        suite.name
        for suite in (load_suite(tree, name) for name in suite_names(tree))
        if load_prompt(tree, suite.file.prompt).prompt.model.startswith("embedded/")
        and not any(each["type"] in {"judge", "pairwise"} for each in suite.file.scorers.values())
    }
    assert set(gate["with"]["suites"].split()) == embedded
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"SUITES ?= {gate['with']['suites']}\n" in made


def test_what_one_action_uploads_the_other_takes():
    gate, comment = (read(place.read_text(encoding="utf-8")) for place in ACTIONS)
    assert gate["inputs"]["artifact"]["default"] == NAME
    assert comment["inputs"]["artifact"]["default"] == NAME
    assert comment["inputs"]["author"]["default"] == AUTHOR


def test_reports_are_uploaded_and_answers_kept_before_the_step_fails():
    value = read((GITHUB / "actions" / "promptops" / "action.yml").read_text(encoding="utf-8"))
    *_, gate, save, upload, last = value["runs"]["steps"]
    assert gate["id"] == "gate"
    for step, what in ((save, "actions/cache/save@"), (upload, "actions/upload-artifact@")):
        assert step["uses"].startswith(what)
        assert "always()" in step["if"]
    assert last["run"] == 'exit "$CODE"'


def test_a_fork_finds_no_answers_that_an_earlier_commit_of_it_left():
    value = read((GITHUB / "actions" / "promptops" / "action.yml").read_text(encoding="utf-8"))
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    cached = [each for each in steps(value) if each.get("uses", "").startswith("actions/cache/")]
    assert len(cached) == 2
    for step in cached:
        assert f"!github.event.pull_request || {own}" in step["if"], step["name"]


def test_every_input_is_used_and_every_input_and_output_documented():
    text = DOCS.read_text(encoding="utf-8")
    for place in ACTIONS:
        source = place.read_text(encoding="utf-8")
        value = read(source)
        for name in value["inputs"]:
            assert f"inputs.{name}" in source, name
            assert f"| `{name}` |" in text, name
        for name in value.get("outputs", {}):
            assert f"| `{name}` |" in text, name


# -- the scripts, in a real shell


@ON_UNIX
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.name)
def test_a_script_is_one(script):
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", str(script)], check=True)


class Step:
    """The step `gate` of our action, as the runner runs it, with the promptops that is tested."""

    def __init__(self, root: Path) -> None:
        self.root = root / "workspace"
        self.root.mkdir()
        self.temp = root / "temp"
        self.temp.mkdir()
        self.bin = root / "bin"
        self.bin.mkdir()
        for path, text in {
            "prompts/greet.yaml": PROMPT.format(version=1, system="Be brief.", change="First."),
            "evals/greet.yaml": SUITE,
            "evals/greet.jsonl": CASES,
        }.items():
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_text(text)
        git(self.root, "init", "--quiet", "--initial-branch", "main")
        self.commit()
        self.program(f'exec "{sys.executable}" -m promptops "$@"')

    def commit(self) -> None:
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", "Greet")

    def program(self, body: str) -> None:
        place = self.bin / "promptops"
        place.write_text(f"#!/usr/bin/env bash\n{body}\n")
        place.chmod(0o755)

    def run(self, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        """Run it; answers the process and the step's outputs."""
        outputs = self.temp / "outputs"
        outputs.write_text("")
        own = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        runner = {
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.root),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_ACTIONS": "true",
            "BIN": str(self.bin),
            "EVENT": "pull_request",
            "HERE": ".",
        }
        done = subprocess.run(
            ["bash", str(GITHUB / "actions/promptops/gate.sh")],
            cwd=self.root,
            env=own | runner | inputs,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = outputs.read_text().splitlines()
        return done, dict(line.split("=", 1) for line in lines if "=" in line)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


@ON_UNIX
def test_the_gate_itself_runs_in_the_step(step):
    done, outputs = step.run(BASE="main")
    assert done.returncode == 0, done.stderr
    assert (outputs["code"], outputs["may-merge"], outputs["store"]) == ("0", "true", "same")
    assert outputs["report-dir"] == str(step.temp / "promptops-report")
    assert (step.temp / "promptops-report" / "gate.json").exists()
    assert outputs["verdict"]


@ON_UNIX
def test_a_wrong_input_is_kept_as_the_code(step):
    done, outputs = step.run(BASE="no-such-branch")
    assert done.returncode == 0, done.stderr
    assert (outputs["code"], outputs["may-merge"]) == ("2", "false")
    assert outputs["report-dir"]


TOLD = 'printf "%s\\n" "$@" > "$RUNNER_TEMP/told"; exit "${CODE:-0}"'


@ON_UNIX
def test_inputs_are_values_and_no_code(step):
    step.program(TOLD)
    evil = '$(touch owned) `touch owned`; touch owned "*'
    done, _ = step.run(BASE=evil, MAX_COST=evil, CONCURRENCY=evil, SUITES="one  two\n--three")
    assert done.returncode == 0, done.stderr
    assert not list(step.root.rglob("owned"))
    assert (step.temp / "told").read_text().splitlines() == [
        "-C",
        ".",
        "gate",
        f"--report-dir={step.temp}/promptops-report",
        f"--base={evil}",
        f"--max-cost={evil}",
        f"--concurrency={evil}",
        "--suite=one",
        "--suite=two",
        "--suite=--three",
    ]


@ON_UNIX
@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, []),
        ({"REPLAY": "auto"}, []),
        ({"REPLAY": "always"}, ["--replay"]),
        ({"REPLAY": "never"}, ["--no-replay"]),
    ],
)
def test_recorded_answers_are_asked_for(step, inputs, told):
    step.program(TOLD)
    assert step.run(**inputs)[0].returncode == 0
    assert (step.temp / "told").read_text().splitlines()[4:] == told


@ON_UNIX
def test_a_regression_is_kept_as_the_code_and_reports_go_where_they_are_asked_for(step):
    step.program(TOLD)
    done, outputs = step.run(CODE="1", REPORT_DIR="out/reports")
    assert done.returncode == 0
    assert (outputs["code"], outputs["may-merge"]) == ("1", "false")
    assert outputs["report-dir"] == str(step.root / "out/reports")
    assert (step.root / "out/reports").is_dir()
    assert step.run(REPORT_DIR=str(step.temp / "x"))[1]["report-dir"] == str(step.temp / "x")


@ON_UNIX
def test_it_is_seen_whether_there_is_more_to_keep(step):
    step.program('mkdir -p .promptops; date +%s%N > ".promptops/store.db$WAL"')
    assert step.run()[1]["store"] == "changed"
    assert step.run(WAL="-wal")[1]["store"] == "changed"
    step.program("cat .promptops/store.db > /dev/null")
    assert step.run()[1]["store"] == "same"


@ON_UNIX
@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"EVENT": "pull_request_target"}, "your keys"),
        ({"EVENT": "workflow_run"}, "your keys"),
        ({"HERE": "nowhere"}, "no such folder"),
        ({"REPLAY": "perhaps"}, "auto, always or never"),
    ],
)
def test_what_is_not_safe_or_not_right_is_refused(step, inputs, said):
    step.program(TOLD)
    done, outputs = step.run(**inputs)
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=promptops::")
    assert said in done.stdout
    assert outputs == {}
    assert not (step.temp / "told").exists()


@ON_UNIX
def test_a_change_does_not_bring_its_own_answers(step):
    (step.root / ".promptops").mkdir()
    (step.root / ".promptops" / "store.db").write_text("forged")
    assert step.run(BASE="main")[0].returncode == 0  # out of the cache: not committed
    step.commit()
    done, _ = step.run()
    assert done.returncode == 2
    assert ".promptops is committed" in done.stdout


@ON_UNIX
def test_a_repository_within_the_repository_hides_no_answers(step):
    """Files that look like a bare repository: git would ask it, and run what it names."""
    folder = step.root / "app"
    for path, text in {
        "HEAD": "ref: refs/heads/main\n",
        "config": "[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = touch owned\n",
        "objects/x": "",
        "refs/x": "",
        ".promptops/store.db": "forged",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    step.commit()
    step.program(TOLD)
    done, outputs = step.run(HERE="app")
    assert done.returncode == 2
    assert "in no git repository that can be read" in done.stdout
    assert (outputs, list(step.root.rglob("owned"))) == ({}, [])
    assert not (step.temp / "told").exists()


@ON_UNIX
def test_answers_are_committed_by_any_spelling_of_their_folder(step):
    (step.root / ".Promptops").mkdir()
    (step.root / ".Promptops" / "store.db").write_text("forged")
    step.commit()
    assert ".promptops is committed" in step.run()[0].stdout


@ON_UNIX
def test_a_name_over_several_lines_is_no_further_output(step):
    step.program(TOLD)
    done, outputs = step.run(REPORT_DIR="reports\nmay-merge=true")
    assert (done.returncode, outputs) == (2, {})
    assert "on one line" in done.stdout


@ON_UNIX
@pytest.mark.parametrize(
    ("name", "value"),
    [("EXTRAS", "local]; touch owned"), ("EXTRAS", "--index-url=x"), ("VERSION", "1.0 --pre")],
)
def test_what_is_no_extra_and_no_version_is_not_installed(tmp_path, name, value):
    done = subprocess.run(
        ["bash", str(GITHUB / "actions/promptops/install.sh")],
        cwd=tmp_path,
        env={**os.environ, "RUNNER_TEMP": str(tmp_path), "PYTHON": "false", name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=promptops::")
    assert list(tmp_path.iterdir()) == []
