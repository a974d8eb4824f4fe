"""Functions as values: which function a call reaches where the name alone does not tell.

A function is a fact as data is: it is handed over, put into objects, returned. Where such a fact reaches the place that
is called, the call is linked; that makes new ways for other functions, until nothing new is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tree_sitter import Node

from piiguard.flow.graph import Fact, Graph, Op, Origin, Solution
from piiguard.flow.program import Call, Class, Function, Program, span

_PREFIX = "function "
_LITERALS = frozenset({"arrow_function", "function_expression", "generator_function"})


class Application(NamedTuple):
    """Something is called: where the function's value sits, what it gets, where its result goes."""

    call: Call
    callee: int
    args: tuple[int, ...]
    result: int
    rest: int = 0
    """An array that holds all further arguments (a spread)."""
    held: tuple[int, ...] = ()
    """The variables that the arguments are: what the function puts into them, they have afterwards."""


class Links:
    """Links calls with functions, by name or by the values that reach them."""

    def __init__(self, program: Program, graph: Graph) -> None:
        self.program = program
        self.graph = graph
        self._waiting: list[tuple[int, Callable[[Function, int], None]]] = []
        self._made: dict[int, Function] = {}
        self._origins: list[Origin] = []
        for function in program.functions:
            self.give(function.value, function)
        for owner in program.classes:
            self._class(owner)

    # ------------------------------------------------------------ function values

    def give(self, node: int, function: Function, *path: str) -> None:
        """The value at `node` holds (under `path`) a function."""
        if node:
            self._made[function.number] = function
            self._origins.append(Origin(node, Fact(f"{_PREFIX}{function.number}", path, "sure"), "function"))

    def made(self, like: Function, params: list[int], result: int = 0, rest: int = 0) -> Function:
        """A function that the platform makes (a state's setter, a bound method)."""
        function = Function(
            len(self.program.functions) + len(self._made) + 1, like.file, like.node, like.name, params, rest, result
        )
        while function.number in self._made:
            function.number += 1
        self._made[function.number] = function
        return function

    def is_function(self, call: Call, node: Node) -> bool:
        """May an argument be a function of the app? (Written in place, named, or held by a variable.)"""
        if node.type in _LITERALS:
            return True
        ref = self.program.resolve(node, call.scope, call.file)
        return (
            ref.kind in ("function", "import")
            if ref is not None
            else node.type in ("identifier", "member_expression", "call_expression")
        )

    def base_of(self, owner: Class) -> Class | None:
        ref = self.program.resolve(owner.base, owner.scope, owner.file) if owner.base is not None else None
        return ref.owner if ref is not None and ref.kind == "class" and ref.owner is not owner else None

    def _class(self, owner: Class) -> None:
        """An instance has the methods of its class and its bases; what a base calls on `this` may be a method of the
        class."""
        here: Class | None = owner
        for _ in range(8):
            if here is None:
                return
            for name, method in owner.methods.items():
                self.give(here.this, method, name)
            base = self.base_of(here)
            if base is not None and here is owner:
                self.graph.edge(base.this, owner.this)
            here = base

    # ------------------------------------------------------------ linking

    def wait(self, application: Application) -> None:
        """Link `application` with every function whose value reaches its callee."""
        self.on_function(application.callee, lambda function, context: self.function(function, application, context))

    def on_function(self, node: int, do: Callable[[Function, int], None]) -> None:
        """Call `do` with every function that reaches `node`, and the entry through which its value came."""
        if node:
            self._waiting.append((node, do))

    def function(self, function: Function, application: Application, context: int = 0) -> None:
        """Connect arguments with parameters, and the result with the call."""
        graph, number = self.graph, application.call.number
        enter, back = Op("call", site=number), Op("return", site=number, context=context)
        for position, value in enumerate(application.args):
            self._hand_over(function, position, value, enter)
        if application.rest:
            for position in range(len(application.args), len(function.params)):
                chain(
                    graph,
                    application.rest,
                    function.params[position],
                    Op("read", str(position - len(application.args))),
                    enter,
                )
            chain(graph, application.rest, function.rest, enter)
        graph.edge(function.result, application.result, back)
        for position, after in function.changed.items():
            if position < len(application.held):
                graph.edge(after, application.held[position], back)

    def _hand_over(self, function: Function, position: int, value: int, enter: Op) -> None:
        if not value:
            return
        if position < len(function.params):
            self.graph.edge(value, function.params[position], enter)
        if function.arguments:
            chain(self.graph, value, function.arguments, Op("write", str(position)), enter)
        elif position >= len(function.params) and function.rest:
            chain(self.graph, value, function.rest, Op("write", str(position - len(function.params))), enter)

    def follow(self) -> None:
        """Follow function values until no new call is linked."""
        self.graph.touched.clear()
        solution = Solution(self.graph, self._origins)
        done: set[tuple[int, str, int]] = set()
        while True:
            self._origins.clear()
            waiting = tuple(enumerate(self._waiting))
            for index, (node, do) in waiting:
                for fact in solution.facts(node):
                    key = (index, fact.shape, fact.site)
                    if not fact.path and fact.shape.startswith(_PREFIX) and key not in done:
                        done.add(key)
                        do(self._made[int(fact.shape[len(_PREFIX) :])], fact.site)
            if self.graph.given_up or (not self.graph.touched and not self._origins):
                return
            touched, self.graph.touched = self.graph.touched, set()
            solution.grown(touched, self._origins)


def arguments(graph: Graph, call: Call) -> tuple[int, ...]:
    """Graph nodes of what a call hands over; a spread array literal counts with its elements."""
    found: list[int] = []
    for node, value in call.args:
        if node.type == "spread_element" and node.named_children:
            whole = call.file.values.get(span(node.named_children[0]), 0)
            for position in range(SPREAD):
                part = graph.node(graph.places[call.result])
                graph.edge(whole, part, Op("read", str(position)))
                found.append(part)
        else:
            found.append(value)
    return tuple(found)


SPREAD = 4
"""Elements of a spread argument that are told apart."""


def chain(graph: Graph, source: int, target: int, *ops: Op) -> None:
    """Several things happen to a value on its way."""
    if not source or not target:
        return
    for op in ops[:-1]:
        inner = graph.node(graph.places[source])
        graph.edge(source, inner, op)
        source = inner
    graph.edge(source, target, ops[-1])
