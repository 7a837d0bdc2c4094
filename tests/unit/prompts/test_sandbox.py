# ruff: noqa: E501 -- one case a line
import threading

import pytest

from promptops.errors import InputError
from promptops.prompts.templates.filters import bounded_filters, bounded_tests

ROWS = [{"name": "b", "n": 2}, {"name": "a", "n": 1}, {"name": "c", "n": 2}]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ word | upper }} {{ word | capitalize }} {{ word | title }}", "ABC Abc Abc"),
        ("{{ ' x ' | trim }}|{{ 'xxaxx' | trim('x') }}", "x|a"),
        ("{{ word | replace('b', '-') }} {{ 'aaa' | replace('a', 'b', 2) }}", "a-c bba"),
        ("{{ [1, 2, 3] | join(', ') }} {{ rows | map(attribute='name') | join }}", "1, 2, 3 bac"),
        ("{{ word | length }} {{ rows | count }} {{ rows | first | length }}", "3 3 2"),
        ("{{ rows | sort(attribute='name') | map(attribute='name') | list }}", "['a', 'b', 'c']"),
        ("{{ rows | selectattr('n', 'eq', 2) | map(attribute='name') | join }}", "bc"),
        ("{{ rows | rejectattr('n', 'eq', 2) | map(attribute='name') | join }}", "a"),
        ("{{ [1, 2, 3, 4] | select('even') | list }} {{ [1, 2] | reject('odd') | list }}", "[2, 4] [2]"),
        ("{{ rows | map(attribute='n') | sum }} {{ [1.5, 2] | sum(start=1) }}", "5 4.5"),
        ("{% for n, items in rows | groupby('n') %}{{ n }}:{{ items | length }} {% endfor %}", "1:1 2:2 "),
        ("{% for g in rows | groupby('n') %}{{ g.grouper }}{{ g.list | length }}{% endfor %}", "1122"),
        ("{{ [3, 1, 3] | unique | list }} {{ [3, 1] | max }} {{ [3, 1] | min }}", "[3, 1] 3 1"),
        ("{{ [1, 2, 3] | batch(2) | list }}", "[[1, 2], [3]]"),
        ("{{ [1, 2, 3] | slice(2) | list }}", "[[1, 2], [3]]"),
        ("{{ word | reverse }} {{ [1, 2] | reverse }} {{ [1, 2] | last }}", "cba [2, 1] 2"),
        ("{{ {'b': 1, 'a': 2} | dictsort }} {{ {'b': 1} | items | list }}", "[('a', 2), ('b', 1)] [('b', 1)]"),
        ("{{ '3' | int + 1 }} {{ '2.5' | float }} {{ -3 | abs }} {{ 2.567 | round(1) }}", "4 2.5 3 2.6"),
        ("{{ none | default('x', true) }} {{ word | d('y') }} {{ rows[9] | d('z') }}", "x abc z"),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ 'one two three' | truncate(6) }} {{ 'one two' | wordcount }}", "one... 2"),
        ("{{ 'one two three' | wordwrap(7) }}", "one two\nthree"),
        ("{{ '<a & b>' | e }} {{ 'a b' | urlencode }} {{ 1234567 | filesizeformat }}", "&lt;a &amp; b&gt; a%20b 1.2 MB"),
        ("{{ 'x' | center(5) }}|{{ 5 | string ~ 'a' }}", "  x  |5a"),
        ("{{ '%s is %d' | format('x', 3) }} {{ '%(a)s' | format(a=1) }}", "x is 3 1"),
        ("{{ {'k': 'é<&>', 'l': [1, none, true]} | tojson }}", '{"k": "é<&>", "l": [1, null, true]}'),
        ("{{ {'k': [1]} | tojson(indent=2) }}", '{\n  "k": [\n    1\n  ]\n}'),
        ("{{ word.upper() }} {{ 'a,b'.split(',') }} {{ '-'.join(['a', 'b']) }}", "ABC ['a', 'b'] a-b"),
        ("{{ word.startswith('a') }} {{ word.find('c') }} {{ 'a\nb'.splitlines() }}", "True 2 ['a', 'b']"),
        ("{{ 'a'.ljust(3) }}|{{ '7'.zfill(3) }} {{ ' a '.strip() }}", "a  |007 a"),
        ("{{ rows[0].get('name') }} {{ rows[0].keys() }} {{ [1, 1].count(1) }}", "b ['name', 'n'] 2"),
        ("{% for k, v in rows[0].items() %}{{ k }}={{ v }} {% endfor %}", "name=b n=2 "),
        ("{{ word[1:] }} {{ word[-1] }} {{ [1, 2, 3][::2] }} {{ (1, 2)[0] }}", "bc c [1, 3] 1"),
        ("{{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 8 }} {{ 7 / 2 }} {{ -(-3) }} {{ 'ab' * 2 }}", "3 3 256 3.5 3 abab"),
        ("{{ 1 < 2 < 3 }} {{ 'b' in word }} {{ 1 not in [2] }} {{ not 1 == 2 }}", "True True True True"),
        ("{{ 'yes' if word else 'no' }} {{ word is string }} {{ rows is sequence }}", "yes True True"),
        ("{{ 6 is divisibleby(3) }} {{ nothing is none }} {{ word is in ['abc'] }}", "True True True"),
        ("{{ range(3) | list }} {{ dict(a=1) }} {{ range(1, 7, 3) | join('-') }}", "[0, 1, 2] {'a': 1} 1-4"),
        ("{% for x in rows %}{{ loop.index }}{{ loop.last }}{{ loop.cycle('o', 'e') }} {% endfor %}", "1Falseo 2Falsee 3Trueo "),
        ("{% for x in rows %}{{ loop.changed(x.n) }} {% endfor %}", "True True True "),
        ("{% for x in rows %}{{ loop.length }}{{ loop.revindex }}{{ loop.nextitem.name if not loop.last }}{% endfor %}", "33a32c31"),
        ("{% for x in [] %}{% else %}none{% endfor %}", "none"),
        ("{% for x in rows if x.n == 2 %}{{ x.name }}{% endfor %}", "bc"),
        ("{% for x in [[1, [2]], 3] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}", "123"),
        ("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}", "aba"),
        ("{% set j = joiner('|') %}{% for x in [1, 2] %}{{ j() }}{{ x }}{% endfor %}", "1|2"),
        ("{% set ns = namespace(n=0) %}{% for x in rows %}{% set ns.n = ns.n + x.n %}{% endfor %}{{ ns.n }}", "5"),
        ("{% macro m(a, b='-') %}{{ a }}{{ b }}{{ varargs }}{% endmacro %}{{ m(1) }} {{ m(1, 2, 3) }}", "1-() 12(3,)"),
        ("{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}x{% endcall %}", "<x>"),
        ("{% set x %}a{{ word }}{% endset %}{{ x }}{% filter upper %}b{{ x }}{% endfilter %}", "aabcBAABC"),
        ("{% with a = 1 %}{{ a }}{% endwith %}{% raw %}{{ x }}{% endraw %}{# no #}", "1{{ x }}"),
        ("{{ none }} {{ true }} {{ 1.0 }} {{ [1, 'a', none] }} {{ {'a': 1} }}", "None True 1.0 [1, 'a', None] {'a': 1}"),
        ("{{ 'a' ~ 1 ~ none ~ [1] }}", "a1None[1]"),
    ],
)  # fmt: skip
def test_what_templates_can_do(say, template, text):
    assert say(template, word="abc", rows=ROWS, nothing=None) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ [] | map(attribute='__class__') | list }}{{ [''] | map(attribute='__class__') | list }}",
        "{{ '{0.__class__}'.format(rows) }}",
        "{{ '{0}'['format'](rows) }}",
        "{{ '{a.__class__}'.format_map({'a': 1}) }}",
        "{{ (1).__class__.__mro__ }}",
        "{{ range.__init__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ joiner.__init__.__globals__.os }}",
        "{{ self.__init__ }}",
        "{{ self._TemplateReference__context }}",
        "{% macro m() %}{% endmacro %}{{ m.__call__ }}{{ m._func }}",
        "{% macro m() %}{% endmacro %}{{ m._environment }}",
        "{% for x in rows %}{{ loop._recurse }}{% endfor %}",
        "{% for x in rows %}{{ loop._iterator }}{% endfor %}",
        "{{ rows.append(1) }}",
        "{{ rows.clear() }}",
        "{{ rows[0].update(a=1) }}",
        "{{ rows[0].pop('name') }}",
        "{{ rows[0].setdefault('x', 1) }}",
        "{{ word.encode() }}",
        "{{ word.translate({}) }}",
        "{{ (1).to_bytes(10**9) }}",
        "{{ (1).real }}",
        "{{ rows | random }}",
        "{{ word | safe }}",
        "{{ word | pprint }}",
        "{{ lipsum() }}",
        "{{ word is callable }}",
        "{{ joiner }}",
        "{{ range(3) }}",
        "{{ rows[0].items }}",
        "{{ [range] }}",
        "{{ namespace(a=1) | string }}",
        "{{ [namespace(a=1)] | tojson }}",
        "{{ (-8) ** 0.5 }}",
        "{{ word.upper.__self__ }}",
        "{{ rows | map('attr', '__class__') | list }}",
        "{{ rows | sum }}",
        "{{ word.nope }}",
        "{% from 'm.txt' import _hidden %}",
        "{% from 'm.txt' import __class__ %}",
        "{% import 'm.txt' as m %}{{ m._body_stream }}",
        "{% import 'm.txt' as m %}{{ m.__dict__ }}",
        "{% import 'm.txt' as m %}{{ m }}",
        "{% set ns = namespace() %}{% set ns.__class__ = 1 %}{{ ns.__class__ }}",
    ],
)
def test_what_templates_cannot_do(say, template):
    with pytest.raises(InputError) as caught:
        say(template, {"m.txt": "{% set _hidden = 1 %}"}, word="abc", rows=[{"name": "b"}])
    assert ":7:" in str(caught.value.location)


def test_data_is_left_as_it_was(say):
    rows = [{"name": "b"}, {"name": "a"}]
    assert say(
        "{{ rows | sort(attribute='name') | length }}{{ rows | reverse | list | length }}",
        rows=rows,
    )
    assert rows == [{"name": "b"}, {"name": "a"}]


def test_every_filter_and_test_is_bounded():
    """Each pays a meter, so that none runs outside of a rendering."""
    for name, function in (bounded_filters() | bounded_tests()).items():
        with pytest.raises(Exception, match="outside of its meter"):
            function("a", "b", "c")
        assert name


def test_a_long_template_of_text_is_no_problem(say):
    text = "word " * 100_000
    assert say(text + "{{ x }}", x="end") == text + "end"


def test_templates_render_in_several_threads_at_once(say):
    found = {}

    def work(number):
        template = "{% for i in range(2000) %}{{ x }}{% endfor %}"
        found[number] = say(template, x=number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number) * 2000 for number in range(4)}
