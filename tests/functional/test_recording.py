"""Answers recorded at the desk are replayed by somebody with no key, no network and no store."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.shouting import answer, prompt, said, shouting
from tests.functional.cli_project import Done, Project, git
from tests.loopback import Answer, Asked, Loopback, error

CASES, SAMPLES = 10, 2
WHOLE = 2 * CASES * SAMPLES
FOLDER = "evals/shout.recording"
SAME = (
    *("verdict", "exit_code", "reasons", "metrics", "cases", "slices", "tokens"),
    *("baseline", "candidate", "economy", "budget"),
)
SLIGHTLY = prompt(3, "new").replace("max_tokens: 20", "max_tokens: 19")
"""Another version, whose answers are the same."""
OFFLINE = """\
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        sys.stderr.write(f"NETWORK {event} {arguments}\\n")
        raise OSError("there is no network")

sys.addaudithook(refuse)
from promptops.cli.main import main
code = main(sys.argv[1:])
clients = [each for each in ("litellm", "xllamacpp", "aiohttp") if each in sys.modules]
print(clients, file=sys.stderr)
sys.exit(code)
"""
"""The command line where nothing can be reached; at its end, what of the clients was imported."""

JUDGE = """\
version: {version}
model: openai/judge
inputs: {{answer: {{type: string}}}}
messages: [{{role: user, content: "Is it {how}? {{{{ answer }}}}"}}]
output:
  schema:
    type: object
    required: [explanation, verdict]
    additionalProperties: false
    properties: {{explanation: {{type: string}}, verdict: {{enum: [good, bad]}}}}
"""
JUDGED = """\
prompt: shout
dataset: shout.jsonl
samples: 2
scorers:
  exact: {type: equals, expected: "{{ expected }}"}
  loud: {type: judge, prompt: judges/loud, role: observe, labels: {good: 1, bad: 0}}
  near: {type: embedding, model: openai/vectors, expected: "{{ expected }}", role: observe}
"""


def script(asked: Asked) -> Answer:
    """The words in capitals, by the system message; a judge is content with what is loud."""
    if asked.last_user.startswith("Is it"):
        verdict = "good" if asked.last_user.rpartition(" ")[2].isupper() else "bad"
        return json.dumps({"explanation": "so it sounds", "verdict": verdict})
    return answer(asked) if asked.wire else ""


class Desk:
    """Where the author sits, with a key and a server of their own."""

    def __init__(self, project: Project, server: Loopback) -> None:
        self.project = project
        self.server = server
        self.root = project.root

    def eval(self, *arguments: str) -> Done:
        return self.project.run("eval", *arguments)

    def report(self, *arguments: str) -> dict[str, Any]:
        done = self.eval("-q", "-f", "json", *arguments)
        (report,) = done.value
        assert isinstance(report, dict)
        return report

    @property
    def manifest(self) -> dict[str, Any]:
        found = json.loads((self.root / FOLDER / "manifest.json").read_text())
        assert isinstance(found, dict)
        return found

    @property
    def files(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in sorted((self.root / FOLDER).iterdir())}

    def commit(self, message: str = "Recorded") -> None:
        self.project.commit(message)


class Elsewhere:
    """A fresh clone, on a machine that knows no key and reaches nothing."""

    def __init__(self, root: Path, temporary: Path) -> None:
        self.root = root
        self.temporary = temporary

    def eval(self, *arguments: str, **variables: str) -> Done:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
        environ = {**ours, "TMPDIR": str(self.temporary), **variables}
        done = subprocess.run(
            [sys.executable, "-c", OFFLINE, "eval", *arguments],
            cwd=self.root,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "NETWORK" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def replay(self, *arguments: str, **variables: str) -> dict[str, Any]:
        done = self.eval("--replay", "-f", "json", *arguments, **variables)
        assert done.out, done.err
        (report,) = done.value
        assert isinstance(report, dict)
        assert done.code == report["exit_code"]
        assert "[]" in done.err  # no client was imported
        assert not (self.root / ".promptops").exists()
        assert list(self.temporary.iterdir()) == []
        return report


@pytest.fixture
def desk(tmp_path, capfd, monkeypatch) -> Iterator[Desk]:
    for name in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    root = shouting(tmp_path / "desk", cases=CASES, samples=SAMPLES)
    (root / ".gitignore").write_text(".promptops/\n")
    monkeypatch.chdir(root)
    with Loopback(script) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield Desk(Project(root, capfd), server)


@pytest.fixture
def clone(desk, tmp_path):
    """Makes a clone of what the author has committed, and puts an end to their server."""

    def make(name: str = "clone") -> Elsewhere:
        git(tmp_path, "clone", "--quiet", str(desk.root), name)
        temporary = tmp_path / f"{name}-tmp"
        temporary.mkdir()
        return Elsewhere(tmp_path / name, temporary)

    return make


def judged(desk: Desk, *, how: str = "loud", version: int = 1) -> None:
    desk.project.write("prompts/judges/loud.yaml", JUDGE.format(version=version, how=how))
    desk.project.write("evals/shout.yaml", JUDGED)


def test_the_same_verdict_from_a_fresh_clone(desk, clone):
    recorded = desk.report("--record")
    desk.commit()
    asked = len(desk.server.requests)
    replayed = clone().replay()
    assert {name: replayed[name] for name in SAME} == {name: recorded[name] for name in SAME}
    assert replayed["calls"] | {"cached": 0} == recorded["calls"] | {"made": 0, "cached": 0}
    assert (replayed["calls"]["made"], replayed["calls"]["cached"]) == (0, asked)
    assert replayed["cost"]["incurred_usd"] == 0
    supplied = replayed["meta"]["supplied"]
    day = desk.manifest["recorded"][:10]
    assert supplied == (
        f"the answers were supplied with the change (recorded {day}), not drawn here"
    )
    assert replayed["warnings"] == [supplied]
    assert replayed["meta"]["supplied_missing"] == 0
    assert recorded["warnings"] == []
    assert len(desk.server.requests) == asked


def test_judges_and_embeddings_are_replayed(desk, clone):
    judged(desk)
    recorded = desk.report("--record")
    desk.commit()
    kinds = {each["purpose"] for each in desk.manifest["objects"]}
    assert kinds == {"sample", "judge", "embedding"}
    replayed = clone().replay()
    metrics = {each["name"]: each["candidate"] for each in replayed["metrics"]}
    assert set(metrics) == {"exact", "loud", "near"}
    assert replayed["metrics"] == recorded["metrics"]
    assert replayed["warnings"] == [replayed["meta"]["supplied"]]
    assert replayed["calls"]["judge"] == 0
    assert replayed["meta"]["supplied"].startswith("the answers, and those that score them, were")


def test_it_says_what_it_wrote(desk):
    done = desk.eval("--record")
    size = sum(map(len, desk.files.values()))
    assert (
        f"shout: recorded {WHOLE} answers in {FOLDER}/ (3 files, 3 new; {size / 1000:.1f} kB)"
        in done.err
    )
    assert "recorded" not in done.out
    # A run all of whose answers are kept records as well, and changes nothing.
    before, asked = desk.files, len(desk.server.requests)
    done = desk.eval("--record")
    assert f"recorded {WHOLE} answers in {FOLDER}/ (3 files, nothing new;" in done.err
    assert (desk.files, len(desk.server.requests)) == (before, asked)
    assert desk.eval("--record", "-q").err == ""


def test_a_verdict_of_before_is_recorded_without_a_call(desk, clone):
    desk.eval()
    asked = len(desk.server.requests)
    desk.eval("--record")
    desk.commit()
    assert len(desk.server.requests) == asked
    assert clone().replay()["calls"]["cached"] == asked


def test_whatever_the_environment_says_of_addresses(desk, clone):
    recorded = desk.report("--record")
    desk.commit()
    there = clone()
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        replayed = there.replay(**{name: "http://192.0.2.1:9/v1"})
        assert replayed["metrics"] == recorded["metrics"]
        assert replayed["meta"]["supplied_missing"] == 0


def test_the_order_of_the_first_run_is_replayed(desk, clone):
    """A run that ended early has the answers of its own order alone."""
    desk.project.write(
        "evals/shout.yaml",
        (desk.root / "evals/shout.yaml").read_text().replace("0.0001", "0.2"),
    )
    words = [f"word{10 * n + n % 3}" for n in range(60)]  # right before, wrong now: it ends early
    rows = [{"id": f"c-{word}", "word": word, "expected": word.upper()} for word in words]
    desk.project.write("evals/shout.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    first = desk.report("--seed", "5")
    recorded = desk.report("--record")
    assert (first["verdict"], recorded["verdict"]) == ("regressed", "regressed")
    assert len(desk.server.requests) < 2 * 60 * SAMPLES
    desk.commit()
    replayed = clone().replay()
    assert replayed["meta"]["seed"] == recorded["meta"]["seed"] == 5
    assert {name: replayed[name] for name in SAME} == {name: recorded[name] for name in SAME}


def test_an_extended_run_is_replayed_as_far_as_it_went(desk, clone):
    recorded = desk.report("--record", "--extend")
    assert recorded["meta"]["samples"] > SAMPLES
    desk.commit()
    replayed = clone().replay()
    assert replayed["meta"]["samples"] == recorded["meta"]["samples"]
    assert replayed["metrics"][0]["pairs"] == recorded["metrics"][0]["pairs"]
    assert replayed["meta"]["supplied_missing"] == 0


def test_versions_compared_with_themselves(desk, clone):
    recorded = desk.report("--record", "--aa")
    desk.commit()
    there = clone()
    assert there.replay("--aa")["metrics"] == recorded["metrics"]
    assert there.replay()["verdict"] == "invalid"  # those are other draws


def test_a_pull_request_is_replayed_against_its_target(desk, clone):
    """The author's change was not committed yet; now a merge base says what it is compared with."""
    desk.project.git("reset", "--quiet", "--hard", "HEAD~1")
    desk.project.write("prompts/shout.yaml", prompt(2, "new"))
    recorded = desk.report("--record")
    assert recorded["candidate"]["dirty"]
    desk.project.git("checkout", "--quiet", "-b", "louder")
    desk.commit("Shout louder")
    replayed = clone().replay(GITHUB_BASE_REF="main")
    assert "main" in replayed["meta"]["baseline_chosen"]
    assert replayed["metrics"] == recorded["metrics"]


def lacking(desk: Desk, number: int, purpose: str = "sample") -> list[str]:
    """Take answers out of the recording, as a careless merge may; the keys of what is gone."""
    told, folder = desk.manifest, desk.root / FOLDER
    there = next(each for each in told["objects"] if each["purpose"] == purpose)
    place = folder / f"{there['sha256']}.jsonl.gz"
    found = gzip.decompress(place.read_bytes()).splitlines(keepends=True)
    data = b"".join(found[number:])
    place.unlink()
    there |= {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "answers": len(found) - number,
    }
    (folder / f"{there['sha256']}.jsonl.gz").write_bytes(gzip.compress(data))
    (folder / "manifest.json").write_text(json.dumps(told))
    return [json.loads(line)["key"] for line in found[:number]]


def test_samples_that_are_missing_are_named(desk, clone):
    desk.eval("--record", "-q")
    lacking(desk, 7)
    desk.commit()
    there = clone()
    replayed = there.replay()
    assert (replayed["verdict"], replayed["exit_code"]) == ("invalid", 3)
    missing = replayed["meta"]["supplied_missing"]
    assert 0 < missing <= 7  # it stops once so much is missing that there can be no verdict
    (told,) = [each for each in replayed["warnings"] if "lacks" in each]
    assert told.startswith(f"the recording lacks {missing} of ")
    assert "case-0000" in told
    assert "(v2, sample " in told
    assert told.endswith(", …; `promptops eval --record shout` records them")
    assert sum(replayed[arm]["failures"] for arm in ("baseline", "candidate")) == missing
    assert replayed["calls"]["made"] == replayed["calls"]["judge"] == 0
    shown = there.eval("--replay")
    assert shown.code == 3
    assert "promptops eval --record shout" in " ".join(shown.out.split())


def test_one_that_is_missing_among_many_is_told_and_no_more(desk, clone):
    desk.project.write(
        "evals/shout.yaml",
        (desk.root / "evals/shout.yaml").read_text().replace("samples: 2", "samples: 6"),
    )
    recorded = desk.report("--record")
    lacking(desk, 1)
    desk.commit()
    replayed = clone().replay()
    assert replayed["verdict"] == recorded["verdict"] == "inconclusive"
    assert replayed["meta"]["supplied_missing"] == 1
    assert any("lacks 1 of 120 samples: case-0000" in each for each in replayed["warnings"])


def test_a_judge_that_changed_is_told(desk, clone):
    judged(desk)
    desk.eval("--record", "-q")
    judged(desk, how="too loud", version=2)
    desk.commit()
    replayed = clone().replay()
    assert replayed["verdict"] == "inconclusive"  # the judge only observes
    told = " ".join(replayed["warnings"])
    assert "since the answers were recorded: scorer loud changed" in told
    assert "lacks 16 answers of judges or embeddings" in told  # as many as there are words
    assert replayed["calls"]["judge"] == 0


def test_a_prompt_and_a_dataset_that_changed_are_told(desk, clone):
    desk.eval("--record", "-q")
    desk.project.write("prompts/shout.yaml", SLIGHTLY)
    rows = (desk.root / "evals/shout.jsonl").read_text().splitlines()
    desk.project.write("evals/shout.jsonl", "\n".join(rows[1:]) + "\n")
    desk.commit()
    replayed = clone().replay()
    (told,) = [each for each in replayed["warnings"] if "since" in each]
    assert "the candidate was v2 (" in told
    assert "and is v3 (" in told
    assert "the baseline was v1 (" in told
    assert "the dataset changed" in told
    assert replayed["verdict"] == "invalid"


def test_several_models_side_by_side(desk, clone):
    both = ("--model", "openai/loop", "--model", "openai/b")
    done = desk.eval("--record", "-q", "-f", "json", *both)
    desk.commit()
    assert [each["model"] for each in desk.manifest["runs"]] == ["openai/loop", "openai/b"]
    there = clone()
    assert there.replay()["metrics"] == done.value[0]["metrics"]
    assert there.replay("--model", "openai/b")["metrics"] == done.value[1]["metrics"]
    refused = there.eval("--replay", "--model", "openai/c")
    assert (refused.code, refused.out) == (2, "")
    assert "the recording has no answers of it" in refused.err
    assert "openai/b" in refused.err


def test_several_suites(desk, clone):
    text = (desk.root / "evals/shout.yaml").read_text()
    desk.project.write("evals/again.yaml", text.replace("equals", "contains"))
    desk.eval("--record", "-q")
    desk.commit()
    there = clone()
    done = there.eval("--replay", "-f", "json")
    assert [each["suite"] for each in done.value] == ["again", "shout"]
    assert all(each["meta"]["supplied_missing"] == 0 for each in done.value)
    desk.project.write("evals/third.yaml", text)
    (there.root / "evals/third.yaml").write_text(text)
    refused = there.eval("--replay")
    assert (refused.code, refused.out) == (2, "")
    assert "evals/third.recording/manifest.json: error: suite 'third' has no" in refused.err
    assert there.replay("shout")["suite"] == "shout"


@pytest.mark.parametrize(
    "options",
    [
        ["--record"],
        ["--resume"],
        ["--extend"],
        ["--max-cost", "1"],
        ["--timeout", "1"],
        ["--patience", "1"],
    ],
)
def test_what_does_not_go_with_a_replay(desk, options):
    desk.eval("--record", "-q")
    done = desk.eval("--replay", *options)
    assert (done.code, done.out) == (2, "")
    assert f"leave out {options[0]}" in done.err


def test_a_replay_leaves_the_store_alone(desk):
    desk.eval("--record", "-q")
    before = desk.project.run("runs", "-f", "json").value
    desk.server.script = lambda asked: error(500)
    asked = len(desk.server.requests)
    done = desk.eval("--replay", "-f", "json")
    (report,) = done.value
    assert report["meta"]["supplied_missing"] == 0
    assert desk.project.run("runs", "-f", "json").value == before
    assert len(desk.server.requests) == asked
    assert "calls at most" not in done.err  # nothing is said ahead of calls that nobody makes


def test_a_small_change_leaves_most_objects_as_they_are(desk):
    judged(desk)
    desk.eval("--record", "-q")
    before = desk.files
    older = {each["digest"]: each["sha256"] for each in desk.manifest["objects"]}
    desk.project.write("prompts/shout.yaml", SLIGHTLY)
    desk.eval("--record", "-q", "--against", "v1")
    newer = {each["digest"]: each["sha256"] for each in desk.manifest["objects"]}
    same = {digest for digest in older.keys() & newer.keys() if older[digest] == newer[digest]}
    # The new answers are those of before: only the candidate's own object is another.
    assert len(same) == len(older) - 1
    assert len(before.keys() & desk.files.keys()) == len(same) + 1
    named = {f"{each['sha256']}.jsonl.gz" for each in desk.manifest["objects"]}
    assert desk.files.keys() == named | {"manifest.json"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_an_interrupted_run_records_nothing_and_goes_on(desk):
    desk.eval("--record", "-q")
    before = desk.files
    desk.project.write("prompts/shout.yaml", SLIGHTLY)
    asked = len(desk.server.requests)

    def interrupting(one: Asked) -> Answer:
        if one.index == asked + 12:
            os.kill(os.getpid(), signal.SIGINT)
        return script(one)

    desk.server.script = interrupting
    done = desk.eval("--record", "--against", "v1")
    assert done.code == 130
    assert "nothing was recorded; the same command goes on, and records" in done.err
    assert desk.files == before
    desk.server.script = script
    done = desk.eval("--record", "--against", "v1")
    assert done.code == 0
    assert f"recorded {WHOLE} answers" in done.err
    assert desk.files != before


def test_a_run_that_was_stopped_records_nothing(desk):
    desk.eval("--record", "-q")
    before = desk.files
    text = (desk.root / "evals/shout.yaml").read_text()
    desk.project.write("evals/shout.yaml", text + "budget: {calls: 5}\n")
    desk.project.write("prompts/shout.yaml", SLIGHTLY)
    done = desk.eval("--record", "--against", "v1")
    assert done.code == 3
    assert "nothing was recorded, because its run did not come to its end" in done.err
    assert desk.files == before


def test_a_place_that_cannot_be_written_is_told_before_anything_is_spent(desk):
    (desk.root / FOLDER).write_text("mine")
    done = desk.eval("--record")
    assert (done.code, done.out) == (2, "")
    assert "a file stands where the recording goes" in done.err
    assert desk.server.requests == []


def test_planted_keys_are_not_recorded(desk, monkeypatch):
    secret = "marzipan/lighthouse+42"
    desk.server.script = lambda asked: f"{said('old', asked.last_user)} {secret}"
    desk.eval("-q")  # kept while nobody knew that it was a secret
    monkeypatch.setenv("VAULT_TOKEN", secret)
    desk.eval("--record", "-q")
    texts = [
        gzip.decompress(data) if name.endswith(".gz") else data for name, data in desk.files.items()
    ]
    assert any(b"[redacted]" in text for text in texts)
    assert not any(b"lighthouse" in text for text in texts)


def test_budgets_do_not_stop_what_costs_nothing(desk, clone):
    """The baseline's answers are lacking: they are no calls, so no limit of calls is met."""
    desk.eval("--record", "-q")
    text = (desk.root / "evals/shout.yaml").read_text()
    desk.project.write("evals/shout.yaml", text + "budget: {calls: 1}\n")
    lacking(desk, 4)
    desk.commit()
    replayed = clone().replay()
    assert replayed["verdict"] == "invalid"
    assert not any("budget" in each for each in replayed["reasons"])
    assert replayed["calls"]["made"] == 0


def test_no_git_and_no_earlier_version(desk, tmp_path):
    desk.report("--record", "--alone")
    there = Elsewhere(tmp_path / "bare", tmp_path / "bare-tmp")
    there.temporary.mkdir()
    for folder in ("prompts", "evals"):
        shutil.copytree(desk.root / folder, there.root / folder)
    replayed = there.replay()
    assert replayed["baseline"] is None
    assert replayed["meta"]["supplied_missing"] == 0
