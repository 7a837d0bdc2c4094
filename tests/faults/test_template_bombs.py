# ruff: noqa: E501 -- one bomb a line
"""Row 31: templates that would eat time or memory end as an input error, at compile and at render."""

import json
import subprocess
import sys
import textwrap

import pytest

MAX_SECONDS = 5.0
MAX_MEGABYTES = 512

CHILD = """
import json, pathlib, sys, time
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
except (ImportError, ValueError, OSError):
    resource = None
from promptops.errors import InputError
from promptops.prompts.expressions import Expression
from promptops.prompts.lint import lint
from promptops.prompts.loading import parse_prompt
from promptops.prompts.rendering import Renderer

job = json.load(sys.stdin)

class Files:
    def read(self, path):
        return job["files"].get(path)
    def list(self, folder):
        return sorted(job["files"])

def attempt(work):
    try:
        work()
    except InputError as error:
        return str(error)
    return None

found = {}
def render():
    loaded = parse_prompt(job["prompt"], "bomb", Files())
    found["lint"] = [str(finding) for finding in lint(loaded) if finding.level == "error"]
    Renderer(loaded).render(job["columns"])

wall, cpu = time.monotonic(), time.process_time()
found["error"] = attempt(render)
found["seconds"], found["cpu_seconds"] = time.monotonic() - wall, time.process_time() - cpu
if job["expression"]:
    found["expression"] = attempt(lambda: Expression(job["expression"]).evaluate(job["columns"]))
status = pathlib.Path("/proc/self/status")
if status.exists():  # rusage would count the memory of the process that this one was forked from
    found["megabytes"] = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if resource else 0
    found["megabytes"] = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
json.dump(found, sys.stdout)
"""


def explode(template, *, files=None, columns=None, more=""):
    """Lint and render a template in a process of its own; answers what it found."""
    prompt = (
        "version: 1\nmodel: maker/model\ninputs: {text: {}, items: {}}\nmessages:\n"
        "  - role: user\n    content: |-\n      first line\n" + textwrap.indent(template, " " * 6)
    ) + more
    files = {f"prompts/{name}": text for name, text in (files or {}).items()}
    job = {
        "prompt": prompt,
        "files": files,
        "columns": {"text": "abc", "items": [1, 2, 3], **(columns or {})},
        "expression": None if files else template,
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def assert_bounded(found):
    assert found["cpu_seconds"] < MAX_SECONDS
    # Where other work takes the processors, the clock on the wall says nothing about the template.
    busy = found["cpu_seconds"] < found["seconds"] / 2
    assert found["seconds"] < MAX_SECONDS or busy
    assert found["megabytes"] < MAX_MEGABYTES


DOUBLED = (
    "{% set ns = namespace(x=START) %}{% for i in range(90) %}{% set ns.x = GROW %}{% endfor %}"
)


def doubling(start, grow, end="{{ ns.x }}"):
    return DOUBLED.replace("START", start).replace("GROW", grow) + end


BOMBS = {
    "repeat": "{{ 'a' * 10**9 }}",
    "repeat from the left": "{{ 10**9 * 'a' }}",
    "repeat of a list": "{{ ([0] * 10**9) | length }}",
    "repeat of a wide list": "{{ ([['aaaaaaaa', 'bbbbbbbb']] * 10**6) | length }}",
    "power": "{{ 10**(10**8) }}",
    "power of a power": "{{ 9**9**9**9**9**9 }}",
    "negative power": "{{ (-7)**(10**9) }}",
    "square again and again": doubling("7", "ns.x * ns.x"),
    "nested ranges": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "filtered loop": "{% for a in range(99999) if range(99999) | list | length < 0 %}{% endfor %}",
    "width": "{{ '%0999999999d' % 1 }}",
    "width by filter": "{{ '%0999999999d' | format(1) }}",
    "width by value": "{{ '%*d' % (999999999, 1) }}",
    "precision": "{{ '%.999999999f' % 1.0 }}",
    "width by name": "{{ '%(a)999999999s' % {'a': 1} }}",
    "many specs": "{{ ('%s' * 100000) % (('a' * 100000,) * 100000) }}",
    "one name, many times": "{{ ('%(a)s' * 100000) % {'a': 'a' * 100000} }}",
    "doubling with tilde": doubling("'a'", "ns.x ~ ns.x"),
    "doubling with plus": doubling("'a'", "ns.x + ns.x"),
    "doubling with join": doubling("'a'", "[ns.x, ns.x] | join"),
    "doubling with replace": doubling("'ab'", "ns.x | replace('a', ns.x)"),
    "doubling with method": doubling("'ab'", "ns.x.replace('a', ns.x)"),
    "doubling with format": doubling("'a'", "'%s%s' % (ns.x, ns.x)"),
    "doubling a list": doubling("[1]", "ns.x + ns.x"),
    "doubling nested lists": doubling("[1]", "[ns.x, ns.x]"),
    "doubling nested tuples": doubling("(1,)", "(ns.x, ns.x)"),
    "doubling nested mappings": doubling("{}", "{'a': ns.x, 'b': ns.x}"),
    "doubling with dict()": doubling("{}", "dict(a=ns.x, b=ns.x)"),
    "doubling through items": doubling("{}", "{'a': [ns.x.items(), ns.x.items()]}"),
    "doubling by representation": doubling("'\\\\'", "[ns.x] | string"),
    "comparing doubled lists": doubling("[1]", "[ns.x, ns.x]", "{{ ns.x == ns.x + [] }}"),
    "doubling nested namespaces": doubling("0", "namespace(a=ns.x, b=ns.x)", "{{ ns.x is upper }}"),
    "naming an item by a namespace": doubling("0", "namespace(a=ns.x, b=ns.x)", "{{ text[ns.x] }}"),
    "doubling by slices": "{% set x = ('a' * 9999999)[::1] %}{{ x }}",
    "a long-lived crowd": "".join(f"{{% set x{i} = 'a' * 7000000 %}}" for i in range(200)),
    "nested too deep": doubling("[]", "[ns.x]", "") + "{% set ns.x = [ns.x] %}{{ ns.x }}",
    "range": "{{ range(10**9) | list }}",
    "maps of maps": "{% for a in range(99999) %}{{ range(99999) | map('string') | map('length')"
    " | list | length }}{% endfor %}",
    "sum of lists": "{{ (range(99999) | map('string') | map('list') | list) | sum(start=[]) }}",
    "center": "{{ 'a'.center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "zfill": "{{ 'a'.zfill(10**9) }}",
    "center filter": "{{ 'a' | center(10**9) }}",
    "expandtabs": "{{ ('\\t' * 1000).expandtabs(10**9) }}",
    "indent": "{{ ('a\\n' * 1000000) | indent(90000) }}",
    "indent by text": "{{ ('a\\n' * 1000000) | indent('a' * 90000) }}",
    "replace of nothing": "{{ ('a' * 1000000).replace('', 'a' * 1000000) }}",
    "replace filter": "{{ ('a' * 1000000) | replace('a', 'a' * 1000000) }}",
    "join of many": "{{ ('a' * 100000).join(range(99999) | map('string')) }}",
    "batch": "{{ [0] | batch(10**9, 'x') | list }}",
    "slice": "{{ [0] | slice(10**9, 'x') | list }}",
    "split": "{{ ('aa,' * 2600000).split(',') | length }}{{ ('aa,' * 2600000).split(',') | length }}",
    "list of characters": "{{ ('é' * 7000000) | list | length }}",
    "backward search": "{{ ('a' * 4000000).rfind('b' ~ 'a' * 2000000) }}",
    "strip": "{{ ('a' * 4000000).strip(('b' * 3000000) ~ 'a') }}",
    "wordwrap": "{{ ('a ' * 3900000) | wordwrap(10) }}",
    "tojson": "{{ ([[[[[[[[0]]]]]]]] * 100000) | tojson(indent=999999) }}",
    "tojson, deep": "{{ [[[[[[[[[0] * 300000]]]]]]]] | tojson(indent=16) }}",
    "escape": "{{ ('&' * 7000000) | e }}",
    "round": "{{ 1.5 | round(10**9) }}",
    "recursive macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "exponential macro": "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(50) }}",
    "recursive caller": "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
    "varargs": "{% macro m(n) %}{% if n %}{{ m(n-1, varargs, varargs) }}{% else %}{{ varargs }}"
    "{% endif %}{% endmacro %}{{ m(50, 1) }}",
    "recursive loop": "{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
    "loop over a loop": "{% for a in [1] recursive %}{{ loop(range(99999)) }}{% endfor %}",
    "recursive block": "{% block b %}{{ self.b() }}{{ self.b() }}{% endblock %}",
    "block set": "{% set x %}aaaaaaaaaa{% endset %}"
    + "{% set x %}{{ x }}{{ x }}{% endset %}" * 60
    + "{{ x }}",
    "filter block": "{% filter replace('a', 'a' * 1000000) %}" + "a" * 100 + "{% endfilter %}",
    "printing": "{% for a in range(99999) %}{{ 'a' * 1000000 }}{% endfor %}",
    "unpacking": "{{ dict(**dict(a=1)) | length }}{% for a in range(99999) %}{% for b in range(99999) %}"
    "{{ cycler(*range(99999)).next() }}{% endfor %}{% endfor %}",
    "comparisons": "{% set x = 'a' * 7000000 %}{% set y = x[1:] ~ 'a' %}"
    + "{% if x == y and x <= y and x in y %}{% endif %}" * 3000
    + "{% for a in range(99999) %}{% if x == y ~ '' %}{% endif %}{% endfor %}",
    "deep brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "deep lists": "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "deep nots": "{{ " + "not " * 20000 + "1 }}",
    "long sum": "{{ 1" + " + 1" * 10000 + " }}",
    "long path": "{{ text" + ".a" * 12000 + " }}",
    "deep ifs": "{% if text %}" * 3000 + "{% endif %}" * 3000,
    "deep loops": "{% for a in items %}" * 30 + "{% endfor %}" * 30,
    "many branches": "{% if text == 1 %}" + "{% elif text == 2 %}" * 3000 + "{% endif %}",
    "many tokens": "{{ text }}" * 100000,
    "a huge number": "{{ " + "9" * 100000 + " }}",
    "int of text": "{{ ('9' * 4000) | int ** 9 }}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_an_input_error(name):
    found = explode(BOMBS[name])
    assert found["error"], "the template was rendered"
    assert found["error"].startswith("prompts/bomb.yaml:8:")
    assert found["expression"]
    assert_bounded(found)


SPREAD = {
    "fan of files": (
        "{% include 'f0.txt' %}",
        {f"f{i}.txt": f"{{% include 'f{i + 1}.txt' %}}" * 2 for i in range(40)} | {"f40.txt": "x"},
    ),
    "fan of empty files": (
        "{% include 'f0.txt' %}",
        {f"f{i}.txt": f"{{% include 'f{i + 1}.txt' %}}" * 2 for i in range(25)} | {"f25.txt": ""},
    ),
    "macro in a file": (
        "{% from 'm.txt' import m %}{{ m() }}",
        {"m.txt": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}"},
    ),
    "work in an imported file": (
        "{% import 'm.txt' as m %}{{ m.x }}",
        {"m.txt": "{% set x = 'a' * 10**9 %}"},
    ),
}


@pytest.mark.parametrize("name", SPREAD)
def test_a_bomb_spread_over_files_is_an_input_error(name):
    template, files = SPREAD[name]
    found = explode(template, files=files)
    assert found["error"]
    assert found["error"].startswith("prompts/")
    assert_bounded(found)


@pytest.mark.parametrize(
    "name", ["repeat", "power", "nested ranges", "width", "doubling with tilde", "recursive macro"]
)
def test_compiling_evaluates_nothing(name):
    """Lint compiles: what is only wrong when it runs must not run there."""
    found = explode(BOMBS[name])
    assert found["lint"] == []


def test_many_messages_are_no_way_around_the_limits():
    one = "\n  - {role: user, content: '" + "{{ text }}" * 2000 + "'}"
    found = explode("{{ text }}", more=one * 180)
    assert "tokens of template code" in found["error"]
    assert_bounded(found)
    large = "\n  - {role: user, content: '{{ text * 100000 }}'}"
    found = explode("{{ text }}", more=large * 1500)
    assert "MB of values" in found["error"]
    assert_bounded(found)


def test_a_bomb_in_the_data_is_only_data():
    found = explode("{{ text }}", columns={"text": "{{ 'a' * 10**9 }}"})
    assert found["error"] is None


def test_a_large_document_is_no_bomb():
    found = explode("{{ text | trim }}", columns={"text": "word " * 1_000_000})
    assert found["error"] is None
    assert found["megabytes"] < MAX_MEGABYTES
