"""Packages, their clients and `fetch`, where only the values tell: in a variable that changes, in a field, handed on.

`let pool; const get = () => (pool ??= new Pool()); get().query(…)`: what `pool` is cannot be read from its
declaration. What comes from a package is therefore followed through the graph, and `Program.resolve` asks what reaches
an expression where its syntax says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from piiguard.flow.calls import callee_name
from piiguard.flow.graph import Fact, Graph, Origin, Solution
from piiguard.flow.program import FETCH, Call, Program, Ref

_MAKES = re.compile(r"^(create|init|connect|make|build|open|as(App|User)$|getInstance$|getClient$)")
"""Functions of a package that give back a client, as `new` does."""
_PREFIX = "from "
_DEEP = 2
"""Properties before a name stops to mean a maker: `mysql.createPool()` is one, `octokit.issues.create()` is not."""
_ROUNDS = 4
"""A client that makes a client (`mongo.db()`): how often."""


class _Comer(NamedTuple):
    """Something that comes from a package, at a graph node; made by a call, if not the package or export itself."""

    node: int
    ref: Ref
    call: Call | None = None


def follow(program: Program, graph: Graph, wanted: Callable[[str], bool]) -> None:
    """Tell the program which values come from a package. `wanted`: is a module of interest?"""
    comers: list[_Comer] = []
    known: set[int] = set()
    solution = Solution(graph, [])
    found = [*_imported(program, wanted), *(_Comer(node, Ref("global", FETCH)) for node in program.fetches)]
    for _ in range(_ROUNDS):
        found += (comer for comer in _made(program, wanted) if comer.node not in known)
        if not found:
            return
        known.update(comer.node for comer in found)
        origins = [
            Origin(comer.node, Fact(f"{_PREFIX}{number}", (), "sure"), "made")
            for number, comer in enumerate(found, len(comers))
            if comer.node
        ]
        comers += found
        found = []
        solution.grown((), origins)
        _tell(program, solution, len(graph.places), comers)


def _imported(program: Program, wanted: Callable[[str], bool]) -> Iterator[_Comer]:
    """What packages are and export, where it is read as a value."""
    for file in program.files.values():
        for binding in file.scope.names.values():
            if binding.kind == "import" and binding.cell and wanted(binding.module):
                yield _Comer(binding.cell, Ref("import", f"{binding.module}#{binding.export}"))


def _made(program: Program, wanted: Callable[[str], bool]) -> Iterator[_Comer]:
    for call in program.calls:
        imported = call.callee.type == "import"
        if not imported and not makes_client(call):
            continue
        ref = program.resolve(call.node if imported else call.callee, call.scope, call.file)
        known = ref is not None and ref.kind == "import" and len(ref.chain) < _DEEP
        if ref is not None and known and wanted(ref.name.rpartition("#")[0]):
            yield _Comer(call.result, ref, call)


def makes_client(call: Call) -> bool:
    """Is what a call of a package gives back an object to call further?"""
    return call.node.type == "new_expression" or _MAKES.match(callee_name(call)) is not None


def _tell(program: Program, solution: Solution, nodes: int, comers: list[_Comer]) -> None:
    """What is at each graph node, where all that reaches it comes from one package."""
    for node in range(1, nodes):
        facts = (fact for fact in solution.facts(node) if not fact.path and fact.shape.startswith(_PREFIX))
        here = [comers[number] for number in sorted({int(fact.shape.removeprefix(_PREFIX)) for fact in facts})]
        if len({comer.ref.name.rpartition("#")[0] or comer.ref.name for comer in here}) == 1:
            program.made[node] = here[0].ref
            program.makers[node] = tuple(comer.call for comer in here if comer.call is not None)
        else:
            program.made.pop(node, None)
            program.makers.pop(node, None)
