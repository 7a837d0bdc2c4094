"""`promptops eval` from end to end: real git, a real server behind the real litellm."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from tests.functional.cli_project import Project
from tests.loopback import Asked, Loopback, completion, error

PROMPT = """\
version: {version}
change: {change}
model: openai/loop
params: {{temperature: 1, max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "{{{{ word }}}}"}}
"""
SUITE = """\
prompt: shout
dataset: shout.jsonl
samples: 2
scorers:
  exact: {type: equals, expected: "{{ expected }}"}
"""
WORDS = [f"word{number}" for number in range(40)]


def shouting(share: dict[str, int]):
    """The word in capitals for the first `share[system]` of forty words, else as it came."""

    def script(asked: Asked) -> str:
        system = asked.messages[0]["content"]
        word = asked.last_user
        right = int(word.removeprefix("word")) < share[system]
        return word.upper() if right else word

    return script


@pytest.fixture
def shout(empty: Project) -> Project:
    rows = [
        {
            "id": word,
            "word": word,
            "expected": word.upper(),
            "tags": ["even" if n % 2 == 0 else "odd"],
        }
        for n, word in enumerate(WORDS)
    ]
    empty.write("evals/shout.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    empty.write("evals/shout.yaml", SUITE)
    empty.write("prompts/shout.yaml", PROMPT.format(version=1, change="First.", system="old"))
    empty.commit("Shout")
    empty.write("prompts/shout.yaml", PROMPT.format(version=2, change="Louder.", system="new"))
    return empty


@pytest.fixture
def serve(monkeypatch):
    opened = []

    def start(script, **options) -> Loopback:
        server = Loopback(script, **options)
        server.__enter__()
        opened.append(server)
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        return server

    yield start
    for server in opened:
        server.__exit__(None, None, None)


def evaluate(project: Project, *arguments: str):
    done = project.run("eval", "--format", "json", *arguments)
    assert done.out, done.err
    return done.code, done.value


@pytest.mark.parametrize(
    ("old", "new", "verdict", "code"),
    [
        (10, 38, "improved", 0),
        (38, 10, "regressed", 1),
        (40, 40, "passed", 0),
        (20, 22, "passed", 0),
        (22, 20, "inconclusive", 0),
    ],
)
def test_a_change_gets_the_verdict_it_deserves(shout, serve, old, new, verdict, code):  # noqa: PLR0917
    serving = serve(shouting({"old": old, "new": new}))
    done, (report,) = evaluate(shout)
    assert (done, report["verdict"], report["exit_code"]) == (code, verdict, code)
    metric = report["metrics"][0]
    low, high = metric["interval"]
    assert low <= metric["delta"] <= high
    assert metric["delta"] == pytest.approx(metric["candidate"] - metric["baseline"])
    seen = [case for case in report["cases"] if case["baseline"] is not None]
    changes = [case["change"] for case in seen]
    assert (metric["pairs"] < 80) is (verdict in {"improved", "regressed"} or old == 20)
    assert report["budget"]["pairs"] == metric["pairs"]
    assert report["budget"]["saved_calls"] == 160 - 2 * metric["pairs"]
    assert len(serving.requests) == 2 * metric["pairs"]
    right = [case["id"] for case in seen if int(case["id"].removeprefix("word")) < new]
    assert [case["id"] for case in seen if case["candidate"] == 1] == right
    assert changes.count("fixed" if new < old else "broken") == 0


def test_the_report_keeps_its_contract(shout, serve):
    serve(shouting({"old": 40, "new": 40}))
    _, (report,) = evaluate(shout)
    assert report["schema"] == "promptops.report/1"
    assert (report["suite"], report["prompt"], report["model"]) == ("shout", "shout", "openai/loop")
    baseline, candidate = report["baseline"], report["candidate"]
    assert (baseline["version"], baseline["dirty"], baseline["samples"]) == (1, False, 80)
    assert baseline["commit"] == shout.git("rev-parse", "HEAD").strip()
    assert (candidate["version"], candidate["dirty"], candidate["commit"]) == (2, True, None)
    assert candidate["failures"] == 0
    assert report["calls"] == {
        "planned": 160, "made": 160, "cached": 0, "shared": 0, "retried": 0, "judge": 0,
        "unscored": 0,
    }  # fmt: skip
    assert report["tokens"]["input"] > 0
    assert set(report["cost"]) >= {"incurred_usd", "evaluated_usd", "unpriced_calls"}
    assert report["cost"]["unpriced_calls"] == 160  # nobody knows what this model costs
    assert {case["id"] for case in report["cases"]} == set(WORDS)


def test_a_second_run_pays_for_nothing_and_says_the_same(shout, serve):
    server = serve(shouting({"old": 10, "new": 38}))
    _, (first,) = evaluate(shout)
    asked = len(server.requests)
    assert 0 < asked < 160  # it ended when the answer was clear
    _, (second,) = evaluate(shout)
    assert len(server.requests) == asked
    assert second["calls"]["made"] == 0
    assert second["calls"]["cached"] == asked
    assert second["cost"]["incurred_usd"] == 0
    for field in ("verdict", "metrics", "cases", "baseline", "candidate", "tokens"):
        assert second[field] == first[field]


def test_a_kept_run_never_imports_litellm(shout, serve):
    serve(shouting({"old": 10, "new": 38}))
    evaluate(shout)
    probe = (
        "import sys; from promptops.cli.main import main; code = main(['eval', '-q']);"
        "print([m for m in ('litellm', 'xllamacpp') if m in sys.modules], file=sys.stderr);"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=shout.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "[]" in done.stderr
    assert "improved" in done.stdout.lower()


def test_samples_are_drawn_breadth_first_with_the_arms_interleaved(shout, serve):
    server = serve(shouting({"old": 22, "new": 20}))
    evaluate(shout, "--concurrency", "1")
    asked = [(each.last_user, each.messages[0]["content"]) for each in server.requests]
    first, second = asked[:80], asked[80:]
    assert sorted(word for word, _ in first) == sorted(WORDS * 2)
    assert [word for word, _ in first] != [word for word, _ in second]
    for at in range(0, 160, 2):
        assert asked[at][0] == asked[at + 1][0]
        assert {asked[at][1], asked[at + 1][1]} == {"old", "new"}
    assert {arm for _, arm in asked[::2]} == {"old", "new"}


def test_a_case_that_renders_the_same_is_drawn_once_and_shared(shout, serve):
    text = PROMPT.format(version=3, change="Only for even words.", system="old").replace(
        '"{{ word }}"', "\"{{ word }}{{ '!' if word.endswith('7') }}\""
    )
    shout.write("prompts/shout.yaml", text)
    server = serve(lambda asked: asked.last_user.strip("!").upper())
    _, (report,) = evaluate(shout)
    assert report["verdict"] == "passed"
    calls, pairs = report["calls"], report["metrics"][0]["pairs"]
    assert 0 < calls["shared"] <= 36 * 2
    assert len(server.requests) == calls["made"] == 2 * pairs - calls["shared"]
    assert calls["planned"] == 2 * (36 + 4 + 4)


def test_cases_that_send_the_same_request_have_answers_of_their_own(shout, serve):
    """Shared answers would pass for more evidence than they are."""
    server = serve(shouting({"old": 22, "new": 20}))
    rows = [
        {"id": f"{word}-{time}", "word": word, "expected": word.upper()}
        for word in WORDS[:15]
        for time in ("early", "late", "later")
    ]
    shout.write("evals/shout.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    code, (report,) = evaluate(shout, "--alone")
    assert (code, len(report["cases"])) == (0, 45)
    assert len(server.requests) == report["calls"]["made"] == 45 * 2
    _, (again,) = evaluate(shout, "--alone")
    assert again["calls"]["made"] == 0
    assert again["candidate"]["samples"] == 90
    _, (noise,) = evaluate(shout, "--aa")
    assert noise["calls"]["cached"] == 0
    assert noise["calls"]["made"] == 2 * noise["baseline"]["samples"]


def test_a_comment_is_no_change_and_costs_nothing_more(shout, serve):
    server = serve(shouting({"old": 40, "new": 40}))
    shout.commit("Louder")
    evaluate(shout)
    place = shout.root / "prompts/shout.yaml"
    place.write_text("# a word for the reader\n" + place.read_text())
    _, (report,) = evaluate(shout)
    assert len(server.requests) == 160
    assert (report["baseline"]["version"], report["candidate"]["version"]) == (1, 2)
    assert report["candidate"]["dirty"] is False


def test_against_names_the_version_to_compare_with(shout, serve):
    serve(shouting({"old": 40, "new": 40, "newest": 40}))
    shout.commit("Louder")
    shout.write("prompts/shout.yaml", PROMPT.format(version=3, change="x", system="newest"))
    _, (report,) = evaluate(shout)
    assert report["baseline"]["version"] == 2
    _, (report,) = evaluate(shout, "--against", "v1")
    assert report["baseline"]["version"] == 1
    done = shout.run("eval", "--against", "v9")
    assert done.code == 2
    assert "v9" in done.err


def test_a_first_version_is_scored_and_not_judged(empty, serve, shout):
    serve(shouting({"new": 30}))
    shout.git("update-ref", "-d", "HEAD")
    code, (report,) = evaluate(shout)
    assert (code, report["baseline"], report["verdict"]) == (0, None, "inconclusive")
    assert report["metrics"][0]["candidate"] == 0.75
    assert "first version" in report["reasons"][0]


def test_a_project_without_git_is_scored_as_it_is(shout, serve):
    serve(shouting({"new": 30}))
    (shout.root / ".git").rename(shout.root / "elsewhere")
    done = shout.run("eval", "--format", "json")
    assert done.code == 0
    assert "not a git repository" in done.err
    assert done.value[0]["baseline"] is None


def test_several_models_stand_side_by_side(shout, serve):
    serve(shouting({"old": 10, "new": 38}))
    code, reports = evaluate(shout, "--model", "openai/loop", "--model", "openai/loop-large")
    assert code == 0
    assert [report["model"] for report in reports] == ["openai/loop", "openai/loop-large"]
    shown = shout.run("eval", "--model", "openai/loop", "--model", "openai/loop-large")
    assert "loop-large" in shown.out


def test_tags_and_samples_choose_what_is_drawn(shout, serve):
    server = serve(shouting({"old": 40, "new": 40}))
    _, (report,) = evaluate(shout, "--tag", "even", "--samples", "3")
    assert len(report["cases"]) == 20
    assert len(server.requests) == 20 * 3 * 2
    done = shout.run("eval", "--tag", "evn")
    assert done.code == 2
    assert "did you mean 'even'" in done.err


def test_a_busy_provider_is_asked_again_and_the_retry_is_counted(shout, serve):
    answers = shouting({"old": 40, "new": 40})

    def script(asked: Asked):
        return (
            error(429, "slow down", headers={"retry-after": "0"})
            if asked.index == 5
            else answers(asked)
        )

    server = serve(script)
    _, (report,) = evaluate(shout)
    assert report["calls"]["retried"] == 1
    assert len(server.requests) == 161
    assert report["candidate"]["failures"] == report["baseline"]["failures"] == 0


def test_a_wrong_key_stops_the_run_at_once(shout, serve):
    server = serve(lambda _: error(401, "no such key", type_="invalid_request_error"))
    done = shout.run("eval", "--concurrency", "1")
    assert done.code == 3
    assert len(server.requests) == 1
    assert "INVALID" in done.out
    assert "stopped before its end" in done.out
    assert server.environ["OPENAI_API_KEY"] not in done.err + done.out
    assert "Traceback" not in done.err


def test_a_spent_budget_keeps_what_was_paid_for(shout, serve):
    server = serve(shouting({"old": 40, "new": 40}))
    shout.write("evals/shout.yaml", SUITE + "budget: {calls: 30}\n")
    done = shout.run("eval")
    assert done.code == 3
    assert "budget of 30 calls" in done.out
    assert len(server.requests) == 30
    shout.write("evals/shout.yaml", SUITE)
    _, (report,) = evaluate(shout)
    assert report["calls"]["cached"] == 30
    assert len(server.requests) == 160


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        (lambda asked: completion("wo", asked=asked, finish_reason="length"), "truncated"),
        (lambda asked: completion("", asked=asked, finish_reason="content_filter"), "refused"),
    ],
)
def test_a_versions_own_failures_are_zeros_with_a_label(shout, serve, reply, label):
    def script(asked: Asked):
        old = asked.messages[0]["content"] == "old"
        return asked.last_user.upper() if old else reply(asked)

    serve(script)
    code, (report,) = evaluate(shout)
    assert (code, report["verdict"]) == (1, "regressed")
    drawn = report["candidate"]["samples"]
    assert 0 < drawn < 80
    assert report["candidate"]["own_failures"] == {label: drawn}
    assert report["candidate"]["failures"] == 0
    assert report["metrics"][0]["candidate"] == 0


def test_a_cut_answer_may_be_scored_where_the_suite_says_so(shout, serve):
    serve(lambda asked: completion(asked.last_user.upper(), asked=asked, finish_reason="length"))
    shout.write("evals/shout.yaml", SUITE + "truncated: score\n")
    _, (report,) = evaluate(shout)
    assert report["metrics"][0]["candidate"] == 1


def test_an_answer_off_its_schema_is_the_versions_own_failure(shout, serve):
    text = PROMPT.format(version=2, change="JSON.", system="new")
    schema = (
        "output: {schema: {type: object, required: [word], properties: {word: {type: string}}}}\n"
    )
    shout.write("prompts/shout.yaml", text + schema)
    server = serve(lambda asked: asked.last_user.upper())
    _, (report,) = evaluate(shout)
    assert report["candidate"]["own_failures"] == {"bad_schema": report["candidate"]["samples"]}
    assert report["verdict"] == "regressed"
    assert any("output" in change for change in report["changes"])
    assert server.requests


def test_an_outage_is_never_a_verdict(shout, serve):
    def script(asked: Asked):
        new = asked.messages[0]["content"] == "new"
        return error(500, "down") if new and asked.last_user < "word12" else asked.last_user.upper()

    serve(script)
    code, (report,) = evaluate(shout, "--samples", "1")
    assert (code, report["verdict"]) == (3, "invalid")
    assert 0 < report["candidate"]["failures"] <= 4  # no end of this run can be a verdict any more
    assert "pairs are missing" in report["reasons"][0]
    assert report["baseline"]["failures"] == 0
    assert report["metrics"][0]["candidate"] == 1  # what is missing is not zero


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{{ word }}", "{{ wrd }}", "'wrd' is not declared under inputs"),
        ('"word"', '"wird"', "no 'word'"),
        ("equals", "equal", "did you mean 'equals'"),
        ("{{ expected }}", "{{ expcted }}", "expcted"),
        ("dataset: shout", "dataset: shuot", "shuot.jsonl"),
        ("prompt: shout", "prompt: shuot", "did you mean 'shout'"),
        ("samples: 2", "samples: 0", "samples"),
        ("scorers:", "scorer:", "scorer"),
    ],
)
def test_whatever_is_wrong_is_said_before_anything_is_spent(shout, serve, old, new, message):
    server = serve(shouting({"old": 1, "new": 1}))
    for path in ("prompts/shout.yaml", "evals/shout.yaml", "evals/shout.jsonl"):
        place = shout.root / path
        place.write_text(place.read_text().replace(old, new))
    done = shout.run("eval")
    assert done.code == 2, done.err
    assert message in done.err
    assert server.requests == []
    assert done.out == ""


def test_a_missing_key_is_said_before_anything_else(shout, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    done = shout.run("eval")
    assert done.code == 2
    assert "OPENAI_API_KEY" in done.err
    assert "embedded/smollm2-135m" in done.err


JUDGE = """\
version: 1
model: openai/judge
inputs: {answer: {type: string}, question: {type: string}, fence: {type: string}}
messages:
  - {role: user, content: "{{ fence }} {{ question }} {{ answer }} {{ fence }}"}
output:
  schema:
    type: object
    additionalProperties: false
    required: [explanation, verdict]
    properties: {explanation: {type: string}, verdict: {enum: [good, bad]}}
"""


def test_a_judge_is_a_versioned_prompt_whose_digest_stands_beside_its_scores(shout, serve):
    shout.write("prompts/judges/kind.yaml", JUDGE)
    shout.write(
        "evals/shout.yaml",
        SUITE
        + "  kind: {type: judge, prompt: judges/kind, role: observe, labels: {good: 1, bad: 0}}\n",
    )
    answers = shouting({"old": 40, "new": 40})

    def script(asked: Asked):
        if asked.model != "judge":
            return answers(asked)
        word = asked.last_user.split()[1]
        return json.dumps(
            {"explanation": f"of {word}", "verdict": "bad" if word == "word3" else "good"}
        )

    server = serve(script)
    _, (report,) = evaluate(shout)
    kind = report["metrics"][1]
    shown = shout.run("show", "judges/kind", "--format", "json").value
    assert kind["judge"] == shown["digest"]
    assert kind["candidate"] == pytest.approx(39 / 40)
    assert kind["verdict"] is None
    assert report["calls"]["judge"] == 40
    calls = len(server.requests)
    assert calls == 160 + 40  # a word's four answers are the same: they are judged once
    evaluate(shout)
    assert len(server.requests) == calls


def test_a_suite_that_stops_does_not_take_another_with_it(shout, serve):
    serve(shouting({"old": 10, "new": 38}))
    shout.write("evals/stops.yaml", SUITE + "budget: {calls: 20}\n")
    shout.write("evals/shout.yaml", SUITE.replace("samples: 2", "samples: 3"))
    code, reports = evaluate(shout, "stops", "shout", "--concurrency", "1")
    assert code == 3
    assert [(each["suite"], each["verdict"]) for each in reports] == [
        ("stops", "invalid"),
        ("shout", "improved"),
    ]
    assert reports[0]["meta"]["stopped"] is True
    assert "budget of 20 calls" in reports[0]["reasons"][0]
    assert reports[1]["calls"]["cached"] == 20


def test_a_new_judge_needs_its_key_even_where_all_samples_are_kept(shout, serve, monkeypatch):
    serve(shouting({"old": 40, "new": 40}))
    evaluate(shout)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    shout.write("prompts/judges/kind.yaml", JUDGE.replace("openai/judge", "anthropic/judge"))
    judge = "  kind: {type: judge, prompt: judges/kind, role: observe, labels: {good: 1, bad: 0}}\n"
    shout.write("evals/shout.yaml", SUITE + judge)
    done = shout.run("eval")
    assert done.code == 2
    assert "ANTHROPIC_API_KEY" in done.err


@pytest.mark.parametrize("name", ["gpt-5-nanoo", "nobody/model"])
def test_a_model_of_no_known_provider_is_wrong_input(shout, serve, name):
    server = serve(shouting({"old": 1, "new": 1}))
    done = shout.run("eval", "--model", "openai/loop", "--model", name)
    assert done.code == 2
    assert f"no provider is known for the model '{name}'" in done.err
    assert server.requests == []


def test_a_slice_is_no_change_of_the_dataset(shout, serve):
    serve(shouting({"old": 40, "new": 40}))
    evaluate(shout)
    _, (report,) = evaluate(shout, "--tag", "even")
    assert report["changes"] == []
    assert report["meta"]["tags"] == ["even"]
    rows = (shout.root / "evals/shout.jsonl").read_text()
    shout.write("evals/shout.jsonl", rows.replace("WORD7", "Word7"))
    _, (report,) = evaluate(shout)
    assert report["changes"] == ["the dataset changed since the last run"]


def test_a_version_alone_is_compared_with_nothing(shout, serve):
    server = serve(shouting({"new": 30}))
    code, (report,) = evaluate(shout, "--alone")
    assert (code, report["baseline"], report["meta"]["alone"]) == (0, None, True)
    assert report["reasons"] == ["scored alone: compared with nothing"]
    assert len(server.requests) == 80


def test_embeddings_are_priced_kept_and_within_the_budget(shout, serve):
    near = "  near: {type: embedding, model: openai/text-embedding-3-small, expected: 'x y'}\n"
    priced = PROMPT.replace("openai/loop", "openai/gpt-4.1-nano")
    shout.write("prompts/shout.yaml", priced.format(version=2, change="Louder.", system="new"))
    shout.write("evals/shout.yaml", SUITE + near + "budget: {usd: 5}\n")
    server = serve(lambda asked: asked.last_user.upper())
    _, (report,) = evaluate(shout, "--alone", "--samples", "1")
    asked = len(server.requests)
    assert asked == 40 + 40 + 1  # answers, their vectors, and the one of what is expected
    assert report["cost"]["unpriced_calls"] == 0
    assert report["cost"]["incurred_usd"] == pytest.approx(report["cost"]["evaluated_usd"])
    assert report["calls"]["judge"] == 41
    evaluate(shout, "--alone", "--samples", "1")
    assert len(server.requests) == asked


def test_a_judge_that_cannot_be_asked_is_said_before_anything_is_spent(shout, serve, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    server = serve(shouting({"old": 40, "new": 40}))
    shout.write("prompts/judges/kind.yaml", JUDGE.replace("openai/judge", "anthropic/judge"))
    judge = "  kind: {type: judge, prompt: judges/kind, role: observe, labels: {good: 1, bad: 0}}\n"
    shout.write("evals/shout.yaml", SUITE + judge)
    done = shout.run("eval")
    assert done.code == 2
    assert "ANTHROPIC_API_KEY" in done.err
    assert server.requests == []


def test_a_judge_that_is_down_is_neither_a_zero_nor_a_pass(shout, serve):
    answers = shouting({"old": 40, "new": 40})
    shout.write("prompts/judges/kind.yaml", JUDGE)
    judge = "  kind: {type: judge, prompt: judges/kind, labels: {good: 1, bad: 0}}\n"
    shout.write("evals/shout.yaml", SUITE.replace("samples: 2", "samples: 1") + judge)
    serve(lambda asked: error(503, "down") if asked.model == "judge" else answers(asked))
    code, (report,) = evaluate(shout, "--patience", "2")
    assert (code, report["verdict"]) == (3, "invalid")
    kind = report["metrics"][1]
    assert (kind["baseline"], kind["candidate"]) == (None, None)
    assert "openai/judge: down since" in report["reasons"][0]


def test_runs_are_listed_and_shown_again(shout, serve):
    serve(shouting({"old": 10, "new": 38}))
    _, (report,) = evaluate(shout)
    listed = shout.run("runs")
    assert report["run"] in listed.out
    again = shout.run("report", report["run"], "--format", "json")
    assert again.value == [report]
    assert "improved" in shout.run("report").out.lower()
    refused = shout.run("report", "nothing")
    assert (refused.code, refused.out) == (2, "")
    assert "promptops runs  lists them" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_ends_with_130_and_keeps_what_was_paid_for(shout, serve):
    server = serve(shouting({"old": 40, "new": 40}), delay_seconds=0.2)
    process = _started(shout)
    while len(server.requests) < 8 and process.poll() is None:
        time.sleep(0.02)
    _interrupt(process)
    before = len(server.requests)
    _, (report,) = evaluate(shout)
    assert report["calls"]["made"] == len(server.requests) > before  # not one was asked for twice
    assert report["calls"]["cached"] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("seconds", [0, 1, 2])
def test_ctrl_c_before_the_first_answer_is_as_quiet(shout, serve, seconds):
    serve(shouting({"old": 40, "new": 40}), delay_seconds=6)
    process = _started(shout)
    while not (shout.root / ".promptops").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(seconds)  # among other things, while litellm makes its calls on threads
    _interrupt(process)


def _started(project: Project) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "promptops", "eval", "--concurrency", "2"],
        cwd=project.root,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    *told, last = err.splitlines()
    assert last == "interrupted; what was paid for is kept"
    assert all(line.startswith("shout: ") for line in told)  # what it would have spent


def test_what_a_command_may_spend_is_shared_by_its_suites(shout, serve):
    """Answers that say nothing of their tokens count at their worst: 20 tokens, 20 cents."""
    priced = "prices: {openai/loop: {input: 0, output: 10000}}\n"
    shout.write("evals/shout.yaml", SUITE.replace("samples: 2", "samples: 1") + priced)
    shout.write("evals/twin.yaml", SUITE.replace("samples: 2", "samples: 1") + priced)
    shout.write("prompts/shout.yaml", PROMPT.format(version=2, change="Louder.", system="new"))
    answers = shouting({"old": 40, "new": 10})
    server = serve(lambda asked: completion(answers(asked), asked=asked, usage=None))
    done = shout.run("eval", "--max-cost", "3", "--format", "json", "--tag", "even")
    assert done.code in {1, 3}, done.err
    first, second = done.value
    assert first["cost"]["unpriced_calls"] == first["calls"]["made"] > 0
    assert len(server.requests) <= 15
    assert any("the rest of --max-cost, $" in each for each in second["reasons"]) or (
        any("--max-cost $3.00 could be passed" in each for each in first["reasons"])
    )
