"""Programs composed at random: a source, a chain of constructs that carry its value, perhaps a cut, and a sink.

The limits that the generator keeps away from stand in docs/flow-limits.md.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piiguard.flow import javascript
from piiguard.flow.graph import Graph, Solution
from piiguard.model import Source

PROGRAMS = 2500


class Piece(NamedTuple):
    """Code that makes `{out}` of `{a}`; `{n}` is a number of its own. `outer` stands at module level."""

    code: str
    outer: str = ""


CARRY = [
    Piece("const {out} = {a};"),
    Piece("let {out}; {out} = {a};"),
    Piece("var {out}; if (flag) {{ {out} = {a}; }} else {{ {out} = 'x'; }}"),
    Piece("const {{ p: {{ q: {out} }} }} = {{ p: {{ q: {a}, r: 'x' }} }};"),
    Piece("const [, {out} = 'x'] = ['x', {a}];"),
    Piece("const {{ r, ...r{n} }} = {{ p: {a}, r: 'x' }}; const {out} = r{n}.p;"),
    Piece("const o{n} = {{}}; o{n}.p = {a}; const {out} = o{n}.p;"),
    Piece("const o{n} = {{ ...{{ p: {a} }}, r: 'x' }}; const {out} = o{n}['p'];"),
    Piece("const {out} = flag ? {a} : 'x';"),
    Piece("const {out} = flag && {a};"),
    Piece("const {out} = {a} ?? 'x';"),
    Piece("const {out} = {{ p: {a} }}?.p;"),
    Piece("const {out} = `x ${{{a}}}`;"),
    Piece("let {out} = 'x'; {out} += {a};"),
    Piece("const l{n} = []; l{n}.push('x', {a}); const {out} = l{n}[1];"),
    Piece("const {out} = ['x'].concat([{a}]).slice(1)[0];"),
    Piece("const {out} = Object.values({{ p: {a} }})[0];"),
    Piece("const {out} = Object.fromEntries(Object.entries({{ p: {a} }})).p;"),
    Piece("const m{n} = new Map(); m{n}.set('k', {a}); const {out} = m{n}.get('k');"),
    Piece("const {out} = JSON.parse(JSON.stringify({{ p: {a} }})).p;"),
    Piece("let {out}; for (const e of ['x', {a}]) {{ {out} = e; if (flag) break; }}"),
    Piece("let {out} = 'x'; while (flag()) {{ {out} = {a}; }}"),
    Piece("let {out}; switch (flag) {{ case 1: {out} = {a}; break; default: {out} = 'x'; }}"),
    Piece("let {out}; try {{ throw {a}; }} catch (e) {{ {out} = e; }}"),
    Piece("const {out} = f{n}('x', {a});", "function f{n}(one, two) {{ return two; }}"),
    Piece("const {out} = f{n}({{ p: {a} }});", "const f{n} = ({{ p, r = 'x' }}) => p;"),
    Piece("const {out} = f{n}('x', {a});", "const f{n} = (one, ...more) => more[0];"),
    Piece("const {out} = f{n}({a}, 3);", "function f{n}(v, n) {{ return n ? f{n}(v, n - 1) : v; }}"),
    Piece("const {out} = await f{n}({a});", "const f{n} = async (v) => v;"),
    Piece("const {out} = f{n}((v) => v, {a});", "const f{n} = (g, v) => g(v);"),
    Piece("const {out} = t{n}.m({a});", "const t{n} = {{ m(v) {{ return v; }} }};"),
    Piece(
        "const {out} = new C{n}({a}).get();",
        "class C{n} {{ constructor(v) {{ this.v = v; }} get() {{ return this.v; }} }}",
    ),
    Piece("const [{out}] = [...g{n}({a})];", "function* g{n}(v) {{ yield v; }}"),
    Piece("const {out} = [{a}].map((e) => ({{ e }}))[0].e;"),
    Piece("const {out} = ['x', {a}].filter(Boolean).find((e) => e);"),
    Piece("const {out} = [{a}].reduce((s, e) => s + e, '');"),
    Piece("const [, {out}] = await Promise.all(['x', {a}]);"),
    Piece("const {out} = await Promise.resolve({a}).then((v) => v);"),
    Piece("const {out} = await new Promise((done) => done({a}));"),
    Piece("let {out}; const f{n} = () => {{ {out} = {a}; }}; f{n}();"),
    Piece("s{n} = {a}; const {out} = s{n};", "let s{n};"),
]
CUT = [
    Piece("const {out} = typeof {a};"),
    Piece("const {out} = !{a};"),
    Piece("const {out} = {a} === 'x';"),
    Piece("const {out} = {a}.length;"),
    Piece("const {out} = {a} ? 'y' : 'n';"),
    Piece("const {{ p, ...{out} }} = {{ p: {a}, r: 'x' }};"),
    Piece("const o{n} = {{ p: {a} }}; delete o{n}.p; const {out} = o{n};"),
    Piece("let w{n} = {a}; w{n} = 'x'; const {out} = w{n};"),
    Piece("const {out} = {{ p: {a}, r: 'x' }}.r;"),
    Piece("const {out} = [{a}, 'x'][1];"),
    Piece("const {out} = {{ ...{{ p: {a} }}, p: 'x' }};"),
    Piece("const {out} = Object.keys({{ p: {a} }});"),
    Piece("const {out} = [{a}].map(() => 'x');"),
    Piece("const {out} = f{n}({a}, 'x');", "const f{n} = (one, two) => two;"),
    Piece("f{n}({a}); const {out} = f{n}('x');", "const f{n} = (v) => v;"),
    Piece("const {out} = [{a}].some((e) => e);"),
    Piece("let w{n} = {a}; if (flag) {{ w{n} = 'x'; }} else {{ w{n} = 'y'; }} const {out} = w{n};"),
    Piece("{{ const {out} = {a}; }} const {out} = 'x';"),
]


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, bool]:
    """(program, does the source reach the sink?)"""
    pieces = draw(st.lists(st.sampled_from(CARRY), min_size=1, max_size=5))
    cut = draw(st.none() | st.sampled_from(CUT))
    if cut is not None:
        pieces.insert(draw(st.integers(0, len(pieces))), cut)
    names = [f"v{index}" for index in range(len(pieces) + 1)]
    body = [each.code.format(a=names[n], out=names[n + 1], n=n) for n, each in enumerate(pieces)]
    outer = [each.outer.format(n=n) for n, each in enumerate(pieces) if each.outer]
    lines = [*outer, "async function run(flag) {", "const v0 = source();", *body, f"sink({names[-1]});", "}"]
    return "\n".join(lines), cut is None


def reached(code: str) -> bool:
    graph = Graph()
    program, gaps = javascript.build([Source("a.js", ".", "javascript", code.encode())], graph)[:2]
    assert not gaps
    calls = {(call.callee.text or b"").decode(): call for call in program.calls}
    graph.origin(calls["source"].result, "email", "sure", "source")
    return bool(Solution(graph).facts(calls["sink"].args[0][1]))


@settings(
    max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
@given(programs())
def test_no_miss_and_no_false_path(program: tuple[str, bool]) -> None:
    code, expected = program
    assert reached(code) is expected, code
