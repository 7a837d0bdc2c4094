"""What a person is told before money is spent: `promptops plan`, and the first line of `eval`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.functional.cli_project import Project
from tests.loopback import Asked, Loopback

PROMPT = """\
version: {version}
model: openai/loop
params: {{max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: user, content: "{text}: {{{{ word }}}}"}}
"""
SUITE = """\
prompt: shout
dataset: shout.jsonl
samples: 4
scorers:
  exact: {type: equals, expected: "{{ word }}"}
"""
PYTHON = "  loud: {type: python, file: loud.py}\n"
PROBE = (
    "import json, sys\n"
    "from promptops.cli.main import main\n"
    "code = main(sys.argv[1:])\n"
    "sys.stderr.write(json.dumps([int(code), sorted(sys.modules)]))\n"
)


def cases(count: int) -> str:
    return "".join(
        json.dumps({"id": f"c{n}", "word": f"w{n}", "tags": ["even"] if n % 2 == 0 else []}) + "\n"
        for n in range(count)
    )


@pytest.fixture
def shout(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two versions of a prompt on a model without a price, and no key for it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    empty.write("evals/shout.jsonl", cases(40))
    empty.write("evals/shout.yaml", SUITE)
    empty.write("prompts/shout.yaml", PROMPT.format(version=1, text="Repeat"))
    empty.commit("Shout")
    empty.write("prompts/shout.yaml", PROMPT.format(version=2, text="Say again"))
    return empty


@pytest.fixture
def serve(monkeypatch):
    def echo(asked: Asked) -> str:
        return asked.last_user.rpartition(" ")[2]

    with Loopback(echo) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


def test_the_page_says_all_that_is_known(shout):
    done = shout.run("plan")
    assert (done.code, done.err) == (0, "")
    rows = {line.split()[0]: line for line in done.out.splitlines() if line.startswith("  ")}
    assert done.out.startswith("shout  v1 → v2 (uncommitted)  openai/loop\n")
    assert "40" in rows["cases"] or "1 sample" in rows["cases"]
    assert "4 a case of each version" in rows["samples"]
    assert "160, looked at 20 times" in rows["pairs"]
    assert "320 at most" in rows["calls"]
    assert "unknown" in rows["price"]
    assert "a drop of 10 points or more, 8 times in 10" in rows["sees"]
    assert "variance 0.176" in rows["noise"]
    assert "assumed" in done.out
    assert "a margin of 5 points needs about 540 pairs" in rows["to"]
    table = [line.split() for line in done.out.splitlines()[-4:]]
    assert [row[0] for row in table] == ["20", "40", "80", "160"]
    grid = [[float(cell) for cell in row[1:]] for row in table]
    assert all(row == sorted(row, reverse=True) for row in grid)
    assert all(
        column == sorted(column, reverse=True) for column in map(list, zip(*grid, strict=True))
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(shout, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    done = shout.run("plan")
    assert max(len(line) for line in done.out.splitlines()) <= width
    assert "…" not in done.out


def test_the_json_has_the_same(shout):
    done = shout.run("plan", "--format", "json")
    assert done.code == 0
    assert done.value["schema"] == "promptops.plan/1"
    (plan,) = done.value["plans"]
    assert (plan["suite"], plan["prompt"], plan["model"]) == ("shout", "shout", "openai/loop")
    assert (plan["baseline"]["version"], plan["candidate"]["version"]) == (1, 2)
    assert (plan["baseline"]["dirty"], plan["candidate"]["dirty"]) == (False, True)
    sizes = [plan[name] for name in ("cases", "samples", "limit", "pairs", "looks", "calls")]
    assert sizes == [40, 4, 4, 160, 20, 320]
    assert plan["usd"] is None
    assert plan["noise"]["total"] == 0.176
    here = [e for e in plan["table"] if (e["cases"], e["samples"]) == (40, 4)]
    assert [each["detectable"] for each in here] == [plan["detectable"]]
    assert len(plan["table"]) == 4 * 6


def test_options_mean_what_they_mean_to_eval(shout):
    done = shout.run(
        "plan", "shout", "--format", "json", "--model", "openai/gpt-4.1-mini",
        "--model", "embedded/smollm2-135m", "--tag", "even", "--samples", "8", "--against", "v1",
    )  # fmt: skip
    priced, free = done.value["plans"]
    assert (priced["model"], free["model"]) == ("openai/gpt-4.1-mini", "embedded/smollm2-135m")
    assert (priced["cases"], priced["samples"], priced["calls"]) == (20, 8, 320)
    assert 0 < priced["usd"] < 1
    assert free["usd"] == 0


def test_a_first_version_has_nothing_to_see(shout):
    shout.git("checkout", "--quiet", "--orphan", "fresh")
    shout.git("rm", "--quiet", "--cached", "-rf", ".")
    done = shout.run("plan")
    assert done.code == 0
    assert "nothing to compare with" in done.out
    assert "in points" not in done.out
    (plan,) = shout.run("plan", "--format", "json").value["plans"]
    assert (plan["baseline"], plan["detectable"], plan["table"]) == (None, None, [])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shuot"], "there is no suite 'shuot'"),
        (["--against", "v9"], "v9"),
        (["--tag", "odd"], "no case has the tag 'odd'"),
        (["--samples", "0"], "--samples"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(shout, arguments, told):
    done = shout.run("plan", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_a_case_that_does_not_fit_is_told_with_its_line(shout):
    shout.write("evals/shout.jsonl", '{"id": "a", "word": "x"}\n{"id": "b"}\n')
    done = shout.run("plan")
    assert done.code == 2
    assert "evals/shout.jsonl:2" in done.err


def test_the_projects_code_is_loaded_only_where_that_is_allowed(shout):
    shout.write("evals/shout.yaml", SUITE + PYTHON)
    shout.write("loud.py", "def score(answer, case):\n    return 1.0\n")
    refused = shout.run("plan")
    assert refused.code == 2
    assert "--allow-code" in refused.err
    assert shout.run("plan", "--allow-code").code == 0


def test_nothing_slow_is_imported_and_nobody_is_asked(shout):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "plan", "--model", "openai/gpt-4.1-mini"],
        cwd=shout.root,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    assert "about $" in done.stdout
    found = {name.partition(".")[0] for name in modules}
    assert not found & {"litellm", "numpy", "pydantic", "xllamacpp", "aiohttp", "httpx"}


# -- before `eval` spends anything


def test_eval_says_first_what_it_may_cost_and_could_see(shout, serve):
    done = shout.run("eval")
    first, second, *_ = done.err.splitlines()
    assert first == (
        "shout: 320 calls at most, price unknown; these samples can see a drop of 10 points or more"
    )
    assert second == (
        "shout: a pass is unlikely with this plan: to pass at a margin of 5 points needs about"
        " 540 pairs, and it has 160"
    )
    assert "shout:" not in done.out


def test_eval_is_quiet_where_that_is_asked_for(shout, serve):
    assert shout.run("eval", "--quiet", "--samples", "1").err == ""


def test_eval_says_nothing_where_nothing_will_be_drawn(shout, serve):
    shout.write("evals/shout.yaml", SUITE.replace("samples: 4", "samples: 20"))
    first = shout.run("eval", "--format", "json")
    assert first.value[0]["verdict"] == "passed"
    asked = len(serve.requests)
    assert asked < 1600  # it stopped early, and what is left need never be drawn
    again = shout.run("eval")
    assert (again.err, len(serve.requests)) == ("", asked)


def test_the_plan_of_what_was_settled_says_so(shout, serve):
    shout.write("evals/shout.yaml", SUITE.replace("samples: 4", "samples: 20"))
    shout.run("eval")
    (plan,) = shout.run("plan", "--format", "json").value["plans"]
    assert plan["settled"]
    assert plan["noise"]["source"].startswith(f"measured in run {plan['settled']}")
    assert f"by run {plan['settled']}" in " ".join(shout.run("plan").out.split())


def test_several_models_are_told_apart(shout, serve):
    done = shout.run("eval", "--samples", "1", "--model", "openai/loop", "--model", "openai/loop2")
    told = [line.split(":")[0] for line in done.err.splitlines() if "at most" in line]
    assert told == ["shout (openai/loop)", "shout (openai/loop2)"]
    assert "a first impression, and the whole plan of 4 samples a case can see" in done.err


def test_few_cases_want_more_samples(shout, serve):
    shout.write("evals/shout.jsonl", cases(12))
    done = shout.run("eval")
    assert "12 cases want 20 samples each or more" in done.err
    assert "so few cases want 20 samples or more each" in shout.run("plan").out


def test_a_run_alone_and_one_against_itself(shout, serve):
    alone = shout.run("eval", "--alone", "--samples", "1")
    assert alone.err == "shout: 40 calls at most, price unknown; nothing to compare with\n"
    itself = shout.run("eval", "--aa", "--samples", "1")
    assert itself.err == (
        "shout: 80 calls at most, price unknown; the same version twice, so what differs is noise\n"
    )


def test_a_budget_that_ends_it_first_is_told(shout, serve):
    shout.write("evals/shout.yaml", SUITE + "budget: {calls: 100}\n")
    done = shout.run("eval")
    first, *_ = done.err.splitlines()
    assert first == (
        "shout: 320 calls at most, price unknown, but no more than its budget of 100 calls"
    )
    assert "budget ends it first" in " ".join(shout.run("plan").out.split())


def test_a_plan_says_how_long_it_takes_where_that_is_bounded(shout, serve):
    shout.write("evals/shout.yaml", SUITE + "limits: {requests_per_minute: 60}\n")
    assert "5 min 19 s or more for all calls, at 60 requests a minute" in shout.run("plan").out
    (found,) = shout.run("plan", "--format", "json").value["plans"]
    assert found["least_seconds"] == 319
    shout.write("evals/shout.yaml", SUITE)
    assert "or more for all calls" not in shout.run("plan").out


def test_an_extension_says_how_far_it_may_go(shout, serve):
    shout.run("eval", "--quiet", "--samples", "1")
    done = shout.run("eval", "--extend")
    assert done.err.startswith(
        "shout: 240 calls at most, then up to 1,280 more until it is settled, price unknown; "
    )
