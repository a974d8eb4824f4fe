"""Clients of packages, where only the values tell: kept in a variable that changes, in a field, handed to a callback.

`let pool; const get = () => (pool ??= new Pool()); get().query(…)`: what `pool` is cannot be read from its
declaration. What a package makes is therefore followed through the graph, and `Program.resolve` asks what reaches an
expression where its syntax says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from piiguard.flow.graph import Fact, Graph, Origin, Solution
from piiguard.flow.program import Call, Program, Ref, text

_MAKES = re.compile(r"^(create|init|connect|make|build|open|as(App|User)$|getInstance$|getClient$)")
"""Functions of a package that give back a client, as `new` does."""
_PREFIX = "made by "
_DEEP = 2
"""Properties before a name stops to mean a maker: `mysql.createPool()` is one, `octokit.issues.create()` is not."""
_ROUNDS = 4
"""A client that makes a client (`mongo.db()`): how often."""


def follow(program: Program, graph: Graph, wanted: Callable[[str], bool]) -> None:
    """Tell the program which values were made by a package. `wanted`: is a module of interest?"""
    refs: dict[str, Ref] = {}
    known: set[int] = set()
    solution: Solution | None = None
    for _ in range(_ROUNDS):
        origins = []
        for call, ref in _made(program, wanted):
            if call.result and call.result not in known:
                known.add(call.result)
                shape = f"{_PREFIX}{ref.name} {'.'.join(ref.chain)}"
                refs.setdefault(shape, ref)
                origins.append(Origin(call.result, Fact(shape, (), "sure"), "made"))
        if not origins:
            return
        if solution is None:
            solution = Solution(graph, origins)
        else:
            solution.grown((), origins)
        program.made = _single(solution, len(graph.places), refs)


def _made(program: Program, wanted: Callable[[str], bool]) -> Iterator[tuple[Call, Ref]]:
    for call in program.calls:
        imported = call.callee.type == "import"
        if not imported and not makes_client(call):
            continue
        ref = program.resolve(call.node if imported else call.callee, call.scope, call.file)
        known = ref is not None and ref.kind == "import" and len(ref.chain) < _DEEP
        if ref is not None and known and wanted(ref.name.rpartition("#")[0]):
            yield call, ref


def makes_client(call: Call) -> bool:
    """Is what a call of a package gives back an object to call further?"""
    prop = call.callee.child_by_field_name("property")
    name = text(prop if prop is not None else call.callee)
    return call.node.type == "new_expression" or _MAKES.match(name) is not None


def _single(solution: Solution, nodes: int, refs: dict[str, Ref]) -> dict[int, Ref]:
    """Graph node -> what it is, where all that reaches it was made by one package."""
    found: dict[int, Ref] = {}
    for node in range(1, nodes):
        shapes = {fact.shape for fact in solution.facts(node) if not fact.path} & refs.keys()
        if len({refs[shape].name.rpartition("#")[0] for shape in shapes}) == 1:
            found[node] = refs[min(shapes)]
    return found
