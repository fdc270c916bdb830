"""Small templates, one per feature or pitfall; make_renderings.py records what jinja2 makes of them."""

VARIABLES = {
    "word": "Hello",
    "words": ["one", "two", "three"],
    "numbers": [3, 1, 2],
    "empty": [],
    "blank": "",
    "nothing": None,
    "yes": True,
    "count": 7,
    "half": 0.5,
    "text": "  padded\t\n",
    "umlauts": "Grüße aus Zürich 🌍!",
    "quoted": "it's \"so\" \\ \n\t\u00a0\x07é",
    "entry": {"b": 2, "a": 1, "items": "mine", "nested": {"deep": [1, {"x": "y"}]}},
    "people": [
        {"name": "Ann", "age": 3, "tags": ["x"]},
        {"name": "bob", "age": 1},
        {"name": "Cyd", "age": 2, "tags": []},
    ],
    "code": "{{ word }}{% raw %}",
}

SOURCES = r"""
{{ word }} {{ nothing }} {{ yes }} {{ count }} {{ half }} {{ missing }}
{{ words }} {{ entry }} {{ quoted }} {{ [quoted] }} {{ (1,) }} {{ (1, 2) }} {{ () }} {{ {} }} {{ [none, true] }}
{{ 1e100 }} {{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 123456789.125 }} {{ 1.0 }} {{ -0.0 }} {{ 0.1 + 0.2 }} {{ 1.5e300 * 1e10 }}
{{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 6 / 3 }}
{{ 1 + true }} {{ true + true }} {{ -true }} {{ +true }} {{ 1_000 + 1 }}
{{ 1 / 0 }}
{{ 1 % 0 }}
{{ word + 1 }}
{{ word + nothing }}
{{ word + missing }}
{{ word ~ 1 ~ nothing ~ missing ~ [1] }}
{{ word * 3 }} {{ 2 * words }} {{ word * 0 }} {{ word * -1 }}
{{ word - 1 }}
{{ words + ['four'] }} {{ words + (1,) }}
{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ 'a' == 1 }} {{ [1] == [1.0] }} {{ {'a': 1} == {'a': true} }} {{ none == missing }} {{ missing == missing2 }} {{ (1,) == [1] }}
{{ 1 < 'a' }}
{{ missing < 1 }}
{{ not yes }} {{ not missing }} {{ not blank and yes }} {{ blank or 'x' }} {{ word and 'y' }} {{ 0 or none }} {{ not 1 == 2 }}
{{ 'a' in 'abc' }} {{ 1 in [1.0] }} {{ 'a' in entry }} {{ 'z' not in entry }} {{ 'x' in missing }} {{ true in [1] }} {{ 2 in entry.values() }}
{{ 1 in 'abc' }}
{{ 'a' in 5 }}
{{ 'yes' if yes else 'no' }} {{ 'yes' if blank }}|{{ 1 if false else 2 if false else 3 }}
{{ (1 if blank) is undefined }} {{ (1 if blank) + 1 }}
{{ word[0] }} {{ word[-1] }} {{ word[9] }} {{ word[1:3] }} {{ word[::-1] }} {{ word[::2] }} {{ word[-3:] }} {{ word[:-1] }} {{ word[10:] }} {{ word[4:1:-1] }} {{ umlauts[-2] }} {{ umlauts[16:18] }}
{{ words[::-1] }} {{ words[-1] }} {{ words[5] is defined }} {{ words[1:] }} {{ words[-100:2] }} {{ words[5:0:-2] }} {{ words.0 }} {{ words[true] }} {{ (1,2,3)[1:] }}
{{ words[::0] }}
{{ entry['a'] }} {{ entry.a }} {{ entry.nested.deep[1].x }} {{ entry['nested']['deep'][0] }} {{ entry.zzz }} {{ entry['zzz'] is defined }}
{{ entry.zzz.y }}
{{ missing.y }}
{{ missing['y'] }}
{{ missing[0] }}
{{ nothing.y }} {{ nothing['y'] is undefined }} {{ count.y is defined }} {{ word.y is defined }} {{ word['y'] is defined }}
{{ entry['items'] }} {{ entry.items() | list }} {{ entry.keys() | list }} {{ entry.values() | list | length }} {{ entry.get('a') }} {{ entry.get('q') }} {{ entry.get('q', 5) }}
{% for k, v in entry.items() %}{{ k }}={{ v }};{% endfor %}
{% for k in entry %}{{ k }},{% endfor %}{% for c in 'añ🌍' %}<{{ c }}>{% endfor %}
{{ missing() }}
{{ word() }}
{{ entry.zzz() }}
{{ words.append('x') }}
{{ entry.update({'q': 1}) }}
{{ entry.pop('a') }}
{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip() }}|{{ 'xxyxx'.strip('x') }}|{{ 'xyz'.lstrip('yx') }}|{{ 'abc'.rstrip('cb') }}|{{ '\u00a0x\u2003'.strip() }}|{{ 'x\x00'.strip()|length }}
{{ word.startswith('He') }} {{ word.endswith('lo') }} {{ word.startswith(('x', 'H')) }} {{ word.endswith('') }} {{ word.startswith('hello') }}
{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'abc'.split('x') }} {{ ''.split() }} {{ ''.split(',') }} {{ ' a  b  c '.split(none, 1) }} {{ ' a  b  c '.rsplit(none, 1) }} {{ 'a.b|c'.split('.') }} {{ 'aaa'.split('aa') }} {{ 'aaa'.rsplit('aa') }} {{ 'a,b'.split(',', maxsplit=0) }} {{ ',a,'.rsplit(',') }}
{{ 'abc'.split('') }}
{{ 'a\nb\r\nc\x0bd\u2028e\n'.splitlines() }} {{ 'a\nb'.splitlines(true) }} {{ '\n\n'.splitlines() }}
{{ 'a-b-c'.replace('-', '+') }} {{ 'a-b-c'.replace('-', '+', 1) }} {{ 'abc'.replace('', '.') }} {{ 'abc'.replace('', '.', 2) }} {{ 'aaa'.replace('aa', 'b') }} {{ ''.replace('', 'x') }}
{{ word.upper() }} {{ word.lower() }} {{ 'hello wORLD-foo it\'s'.title() }} {{ 'hELLO wORLD'.capitalize() }} {{ 'aBc'.swapcase() }} {{ 'straße'.upper() }} {{ 'ǆ'.capitalize() }} {{ 'ßa'.capitalize() }}
{{ word.find('l') }} {{ word.rfind('l') }} {{ word.find('z') }} {{ word.index('e') }} {{ word.count('l') }} {{ 'aaaa'.count('aa') }} {{ umlauts.find('!') }} {{ 'abc'.count('') }}
{{ word.index('z') }}
{{ ', '.join(words) }} {{ ''.join([]) }}
{{ ', '.join(numbers) }}
{{ 'key: value: x'.partition(': ') }} {{ 'abc'.partition('z') }} {{ 'a.b.c'.rpartition('.') }} {{ 'abc'.rpartition('z') }}
{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.py'.removesuffix('.py') }} {{ 'x'.removesuffix('y') }}
{{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' \t'.isspace() }} {{ ''.isdigit() }} {{ 'AB1'.isupper() }} {{ 'ab1'.islower() }} {{ '1'.isupper() }}
{{ text | trim }}|{{ 'xax' | trim('x') }}|{{ 5 | trim }}|{{ nothing | trim }}|{{ missing | trim }}|
{{ word | upper }} {{ word | lower }} {{ 'hello wORLD-foo (bar) it\'s' | title }} {{ 'hELLO' | capitalize }} {{ 5 | upper }}
{{ words | length }} {{ word | count }} {{ entry | length }} {{ missing | length }} {{ umlauts | length }}
{{ 5 | length }}
{{ words | map('upper') | length }}
{{ missing | default('d') }} {{ blank | default('d') }} {{ blank | default('d', true) }} {{ blank | d('e', boolean=true) }} {{ nothing | default('d') }} {{ missing | default }}|{{ entry.q | default(5) }}
{{ words | join }} {{ words | join(', ') }} {{ numbers | join('-') }} {{ people | join(', ', attribute='name') }} {{ [none, 1.5, 'x', missing] | join('|') }} {{ 'abc' | join('.') }}
{{ words | first }} {{ words | last }} {{ empty | first is defined }} {{ word | first }} {{ word | last }} {{ empty | last is undefined }}
{{ word | list }} {{ entry | list }} {{ missing | list }} {{ words | reverse | list }} {{ word | reverse }} {{ entry.nested | items | list }}
{{ numbers | sort }} {{ words | sort(reverse=true) }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A', 'c'] | sort(case_sensitive=true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }}
{{ [1, 2, 1, 'a', 'A'] | unique | list }} {{ entry | dictsort | map('first') | list }} {{ numbers | sum }} {{ people | sum(attribute='age') }} {{ numbers | min }} {{ numbers | max }} {{ empty | max is defined }} {{ ['b', 'A'] | min }}
{{ people | selectattr('tags') | map(attribute='name') | list }} {{ people | rejectattr('tags') | map(attribute='name') | join }} {{ people | selectattr('tags', 'defined') | list | length }} {{ people | selectattr('name', 'equalto', 'bob') | first }} {{ people | selectattr('age', '>', 1) | map(attribute='name') | list }} {{ people | selectattr('age', 'in', [1, 2]) | list | length }}
{{ people | map(attribute='tags', default='none') | list }} {{ [[1], [2]] | map(attribute='0') | list }} {{ [entry] | map(attribute='nested.deep.1.x') | list }} {{ words | map('length') | list }} {{ words | map('replace', 'e', 'E') | join(' ') }} {{ numbers | select('odd') | list }} {{ numbers | reject('odd') | list }} {{ [0, 1, '', 'a'] | select | list }} {{ words | select('equalto', 'two') | list }}
{% if empty | selectattr('x') %}generators are true{% endif %}{% if empty | map('upper') | list %}never{% else %}lists are not{% endif %}
{% set g = words | map('upper') %}{{ g | first }}{{ g | list }}{{ g | list }}
{{ '5' | int }} {{ 'x' | int }} {{ 'x' | int(3) }} {{ '4.7' | int }} {{ 4.7 | int }} {{ -4.7 | int }} {{ '0x1f' | int(base=16) }} {{ 'ff' | int(base=16) }} {{ yes | int }} {{ nothing | int }} {{ ' 5 ' | int }} {{ '1_0' | int }}
{{ '5' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ 5 | float }} {{ ' 1e3 ' | float }} {{ '.5' | float }}
{{ 42.55 | round }} {{ 42.55 | round(1, 'floor') }} {{ 42.55 | round(1) }} {{ 2.5 | round }} {{ 3.5 | round | int }} {{ 42 | round }} {{ 42.1 | round(method='ceil') }} {{ -5 | abs }} {{ -2.5 | abs }} {{ 1234.5 | round(-2) }}
{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, first=true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ') }}|{{ 'a\n' | indent }}|
{{ 'a-b' | replace('-', '+') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 5 | string + 'x' }} {{ word | safe }} {{ 112 | replace(1, 2) }}
{{ entry | tojson }}
{{ umlauts | tojson }} {{ quoted | tojson }} {{ umlauts | tojson(ensure_ascii=true) }} {{ '<a href="x">&\'' | tojson }} {{ '\x7f\u2028' | tojson }}
{{ [1, 1.0, true, none, 1e20, 'x', [], {}, (1, 2)] | tojson }}
{{ entry | tojson(indent=2) }}
{{ [[], {}, [1]] | tojson(indent=4) }} {{ entry | tojson(sort_keys=true) }} {{ entry | tojson(separators=(',', ':')) }} {{ [1] | tojson(indent='  ') }}
{{ missing | tojson }}
{{ word | nosuchfilter }}
{{ word is nosuchtest }}
{{ word is defined }} {{ missing is defined }} {{ missing is undefined }} {{ nothing is none }} {{ nothing is not none }} {{ blank is none }} {{ not word is none }}
{{ word is string }} {{ 5 is string }} {{ entry is mapping }} {{ words is mapping }} {{ words is iterable }} {{ word is iterable }} {{ 5 is iterable }} {{ words is sequence }} {{ entry is sequence }} {{ missing is iterable }} {{ missing is sequence }} {{ nothing is iterable }}
{{ 5 is number }} {{ yes is number }} {{ 5 is integer }} {{ yes is integer }} {{ half is float }} {{ yes is boolean }} {{ yes is true }} {{ 1 is true }} {{ blank is false }} {{ false is false }} {{ raise_exception is callable }}
{{ 3 is odd }} {{ 3 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 3 is eq 3 }} {{ 3 is gt 2 }} {{ 'a' is in 'abc' }} {{ 'a' is not in ['b'] }} {{ 'ABC' is upper }} {{ 'abc' is lower }} {{ 3 is ge(3) and 2 is lt 3 }} {{ '' is upper }} {{ word is ne 'else' }}
{{ word is sameas word }} {{ 1 is sameas true }}
{% set x = 1 %}{{ x }}{% set x = x + 1 %}{{ x }}{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, d) = [3, 4] %}{{ c }}{{ d }}{% set t = 1, 2 %}{{ t }}
{% set a, b = 1, 2, 3 %}
{% set x %}<b>{{ word }}</b>{% set inner = 1 %}{% endset %}{{ x }}{{ inner is defined }}
{% set x | upper | replace('L', 'l') %}{{ word }}{% endset %}{{ x }}
{% for i in numbers %}{{ i }}{% set found = i %}{% endfor %}{{ found is defined }}
{% set found = 0 %}{% for i in numbers %}{{ found }}{% set found = i %}{{ found }}{% endfor %}{{ found }}
{% set ns = namespace(found=0, list=[]) %}{% for i in numbers %}{% set ns.found = i %}{% set ns.list = ns.list + [i] %}{% endfor %}{{ ns.found }}{{ ns.list }}{{ ns.zzz is defined }}
{% set x = 5 %}{% set x.y = 6 %}
{% set missing.y = 6 %}
{% if yes %}{% set inside = 1 %}{% endif %}{{ inside }}
{% for i in words %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }};{% endfor %}
{% for i in numbers %}{% for j in numbers %}{{ loop.depth }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}{{ loop is defined }}
{% for i in numbers if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %}
{% for i in numbers if i > 5 %}{{ i }}{% else %}none{% endfor %}
{% for i in numbers %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% else %}never{% endfor %}{% for i in numbers %}{% if i == 1 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{% endfor %}
{% set ns = namespace(seen=false) %}{% for i in numbers if not ns.seen %}{{ i }}{% set ns.seen = true %}{% endfor %}
{% set ns = namespace(seen=false) %}{% for i in numbers if not ns.seen %}{{ i }}{{ loop.last }}{% set ns.seen = true %}{% endfor %}
{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}{% for (a, b) in [(1, 2)] %}{{ a + b }}{% endfor %}
{% for a, b in [1, 2] %}{% endfor %}
{% for i in missing %}x{% endfor %}{% for i in range(3) %}{{ i }}{% endfor %}{{ range(1, 10, 3) | list }}{{ range(3, 0, -1) | list }}
{% for i in 5 %}{% endfor %}
{% for i in nothing %}{% endfor %}
{{ range(1000000) }}
{% for i in 1, 2 %}{{ i }}{% endfor %}
{% break %}
{% if missing %}a{% elif blank %}b{% elif yes %}c{% else %}d{% endif %}{% if 0 %}{% else %}e{% endif %}
{% macro m(a, b=2, c=b) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, c=5) }}{{ m() }}{{ m(b=1, a=0) }}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(z=2) }}
{% macro fact(n) %}{% if n < 2 %}1{% else %}{{ n * (fact(n - 1) | int) }}{% endif %}{% endmacro %}{{ fact(10) }}
{% macro deep(n) %}{{ deep(n + 1) }}{% endmacro %}{{ deep(0) }}
{% set later = 1 %}{% macro m() %}{{ later }}{% set own = 3 %}{% endmacro %}{% set later = 2 %}{{ m() }}{{ own is defined }}
{{ m2() }}{% macro m2() %}x{% endmacro %}
{% macro m() %} a {% endmacro %}{{ m() | trim }}|{{ m() ~ 'b' }}|{{ (m() + 'x') | length }}
{% generation %}{{ word }}{% set own = 1 %}{% endgeneration %}{{ own is defined }}
{% raw %}{{ untouched }}{% for %}{# kept #}{% endraw %}{{ word }}
{%- raw -%}  {{ x }}  {%- endraw -%}  z
a {#- gone -#} b {# also<NL>gone #} c
{{ 'it''s' }} {{ "a" 'b' }} {{ '\x41\u00e9\U0001F30D\101\q\'' }} {{ "a\<NL>b" }}
{{ {'a': {'b': [1, {'c': 2}]}}['a']['b'][1].c }} {{ {'a': 1,} }} {{ [1, 2,] }} {{ {1: 'x', true: 'y'} }} {{ {1.0: 'z'}[1] }}
{{ dict(a=1, b='x') }} {{ dict({'q': 1}, r=2) }} {{ namespace(a=1).a }}
{{ strftime_now('%d %b %Y %H:%M:%S %A %a %B %j %y %I %p %% %e|%-d') }}
{{ raise_exception('refused ' ~ word) }}
{{ word.__class__ }} {{ word['__class__'] is defined }}
{{ entry.nested.__class__.__mro__ }}
{{ namespace(_x=1) }}
{{ code }} {{ code | upper }} {{ [code] | join }}
{{ word | upper ~ '!' }} {{ -1 | abs }} {{ (1 + 2) | string | length }} {{ not missing is defined }} {{ 'x' if missing is defined else 'y' }} {{ words | length > 2 and yes }} {{ 2 * 3 ~ 4 }} {{ 'a' ~ 1 + 2 }}
{{ words | length == 3 }} {{ (words | length) - 1 }} {{ words|length - 1 }} {{ 10 - 2 - 3 }} {{ 2 - -2 }} {{ - 3 + 5 }} {{ 100 // 7 // 2 }}
{{ 9223372036854775807 }}
{{ word.encode() }}
{{ words.index('two') }} {{ words.count('two') }} {{ words[words | length - 1] }}
{{ caller() }}
{{ 1 if }}
{{ 1 + }}
{{ [1, 2 }}
{{ 'open }}
{% for %}{% endfor %}
{% if yes %}open
{% endif %}
{% include 'x' %}
{% unknown %}
{{ word
{% for x in words recursive %}{% endfor %}
{{ a b }}
{{ 5 5 }}
{# open
{% raw %} open
{{ word | }}
{{ word | upper( }}
{% set true = 1 %}
{{ @ }}
{{ entry.nested.deep }} {{ entry.nested.deep.0 }} {{ entry.nested.deep.1.x }} {{ 1.5.y is defined }}
{{ half == 0.5 }} {{ 1.0 | string }} {{ 3.0 | int }} {{ 10 / 4 }} {{ 1e3 }} {{ 2.0 * 3 }} {{ 5 // 2.0 }}
{{ words == ['one', 'two', 'three'] }} {{ people[0] == {'name': 'Ann', 'age': 3, 'tags': ['x']} }} {{ people.index(people[1]) }}
{{ (words, 1) }} {{ ("a") }} {{ ("a",) }} {{ words[0], 1 }}
{{ '%s' % word }}
{{ word.title().lower()[1:].strip('o') }} {{ 'a b'.split()[0] }} {{ (word ~ 'x').endswith('ox') }} {{ 'A'.lower() == 'a' }}
""".strip("\n").split("\n")

WHITESPACE = [
    "a\n{% if yes %}\nb\n{% endif %}\nc\n",
    "a\n  {% if yes %}\n  b\n  {% endif %}\nc\n\n",
    "a\n  {%+ if yes %}\n  b\n  {%+ endif %}\nc",
    "a\n  {%- if yes -%}\n  b\n  {%- endif -%}\nc",
    "a\n  {% if yes +%}\n  b\n  {% endif +%}\nc",
    "  {{ word }}  \n  {{- word -}}  \n x",
    "  {# c #}\nx {# d #}\ny\n  {#- e -#}\n z",
    "{% set x = 1 %}\n\n{% set y = 2 %}\n{{ x }}\n{{ y }}\n",
    "x {% if yes %} y {% endif %} z",
    "x\t{% if yes %}\n\ty\t{% endif %}\tz",
    "a\r\n{% if yes %}\r\nb\r{% endif %}\r\nc\r\n",
    "{% for i in numbers %}\n  {{ i }}\n{% endfor %}\nend",
    "{%- for i in numbers %}\n  {{ i }}\n{%- endfor %}\nend",
    "{% for i in numbers -%}\n  {{ i }}\n{% endfor -%}\n\n end",
    "\n\n{% if yes %}\n\na{% endif %}\n\n",
    "{% raw %}\n x\n  {% endraw %}\ny",
    "  {% raw %}  {{ x }}\n  {%- endraw %}\ny",
    "a{{ '\\n' }}\n{{- 'b' }}\n\n{{- 'c' -}}\n\nd",
    "{{ {'a': {}} }}{{ {'a': {'b': 1}}}}",
    "{% if yes %}a{% else %}\nb{% endif %}\n{%- if blank %}\n{% endif %}x\n",
    "\u00a0{% if yes %}x{% endif %}\u2028{%- if yes %}y{% endif %}",
    "a{#\n\n#}b{{ word.x.y }}",
    "{{ 'multi\nline' }}\n{% set x = 'a\n' %}\n[{{ x }}]",
    "{%if yes%}a{%endif%}{%-if yes-%} b {%-endif-%}{{word}}{{-word-}}",
    "",
    "\n",
    "}} %} #} { % {",
    "{{ '}}' }}{{ '%}' }}{% set x = '%}' %}{{ x }}{# {{ #}",
]

FEATURES = {
    "variables": VARIABLES,
    "sources": [source.replace("<NL>", "\n") for source in SOURCES] + WHITESPACE,
}
