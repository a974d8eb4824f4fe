"""The flow graph and its solver: what reaches what.

A *node* is a value at a place: an expression, a definition of a variable, a parameter, a result. An *edge* says that the value
goes from one node to another, and what happens to it on the way (`Op`). Both front ends (JavaScript, Python) build this one type.

A *fact* travels along edges: "at this node, under these properties, sits a value of this shape". `{user: u}` puts the facts of
`u` under `user`; reading `.user` takes them out again; reading `.accountId` of a `jira-user` makes it an `account-id`.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, NamedTuple

from piiguard.facts import shapes
from piiguard.model import Confidence

OpKind = Literal["copy", "read", "write", "drop", "blur", "call", "return", "leak", "become"]
ANY = "*"
ELEMENT = "[]"
"""The property under which the elements of an array, a Map or a Set sit; where the position is known, it is a number instead."""
DEPTH = 5
"""Properties that a fact remembers; what sits deeper is known to be inside, not where."""


class Op(NamedTuple):
    """What happens to a value on an edge."""

    kind: OpKind
    name: str = ""
    site: int = 0
    """`call`, `return`: the call site, so that what enters a helper at one call does not leave it at another."""


COPY = Op("copy")
BLUR = Op("blur")
"""Positions in an array are no longer known (`slice`, `filter`, `sort`)."""
LEAK = Op("leak")
"""Through a variable of the module: the call site is forgotten."""


class Fact(NamedTuple):
    """A value of `shape` (or of a data class) sits under `path`."""

    shape: str
    path: tuple[str, ...]
    confidence: Confidence
    site: int = 0
    """The call site through which it entered the function; 0: born here."""


class Place(NamedTuple):
    """Where a node stands: index of the file, byte span, and the function around it (0: the module)."""

    file: int
    start: int
    end: int
    function: int


class Origin(NamedTuple):
    """A fact that starts at a node."""

    node: int
    fact: Fact
    note: str


class Trail(NamedTuple):
    """How a fact came to a node: the facts before it, the origin first."""

    origin: Origin
    steps: tuple[tuple[int, Op], ...]
    """Nodes passed, in order, each with the edge that led to it."""


class Graph:
    """Nodes, edges and origins. Numbers are indexes; node 0 does not exist, so that 0 can mean "no value"."""

    def __init__(self) -> None:
        self.places: list[Place] = [Place(0, 0, 0, 0)]
        self.edges: list[list[tuple[int, Op]]] = [[]]
        self.origins: list[Origin] = []

    def node(self, place: Place) -> int:
        self.places.append(place)
        self.edges.append([])
        return len(self.places) - 1

    def edge(self, source: int, target: int, op: Op = COPY) -> None:
        if source and target and source != target:
            self.edges[source].append((target, op))

    def origin(self, node: int, shape: str, confidence: Confidence, note: str, path: tuple[str, ...] = ()) -> None:
        if node:
            self.origins.append(Origin(node, Fact(shape, path[:DEPTH], confidence), note))

    def widen_evidence(self) -> None:
        """What is read from a part is in the whole: `body = event.body; body.email` tells of `event` as well.

        Follows copies and reads backwards, inside one function, from every origin that a property read gave.
        """
        before: list[list[tuple[int, Op]]] = [[] for _ in self.places]
        for source, targets in enumerate(self.edges):
            for target, op in targets:
                if op.kind in ("copy", "blur", "read"):
                    before[target].append((source, op))
        known = {(origin.node, origin.fact) for origin in self.origins}
        todo = deque(origin for origin in self.origins if origin.fact.path)
        while todo:
            node, fact, note = todo.popleft()
            for source, op in before[node]:
                path = (op.name, *fact.path) if op.kind == "read" else fact.path
                wider = Origin(source, fact._replace(path=path), note)
                if len(path) <= DEPTH and self.places[source].function == self.places[node].function and (source, wider.fact) not in known:
                    known.add((source, wider.fact))
                    self.origins.append(wider)
                    todo.append(wider)


def apply(op: Op, fact: Fact) -> Fact | None:
    """The fact after the edge; None where it ends."""
    kind, name = op.kind, op.name
    if kind == "copy":
        return fact
    if kind == "write":
        return fact._replace(path=(name, *fact.path)[:DEPTH])
    if kind == "read":
        return read(fact, name)
    if kind == "drop":
        return None if fact.path and fact.path[0] == name else fact
    if kind == "blur":
        return fact._replace(path=(ELEMENT, *fact.path[1:])) if fact.path and fact.path[0].isdigit() else fact
    if kind == "call":
        return fact._replace(site=op.site)
    if kind == "return":
        return fact._replace(site=0) if fact.site in (0, op.site) else None
    if kind == "leak":
        return fact._replace(site=0)
    return fact._replace(shape=name, path=())


def read(fact: Fact, name: str) -> Fact | None:
    """The fact after reading property `name` (ANY: one that is not known)."""
    if fact.path:
        return fact._replace(path=fact.path[1:]) if _same(fact.path[0], name) else None
    shape = shapes.property_of(fact.shape, ELEMENT if name.isdigit() else name)
    return fact._replace(shape=shape) if shape else None


def _same(written: str, asked: str) -> bool:
    """May a property that was written be the one that is read?"""
    if written == asked or ANY in (written, asked):
        return True
    return (written == ELEMENT and asked.isdigit()) or (asked == ELEMENT and written.isdigit())


class Solution:
    """The facts at each node, and how each came there."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._before: list[dict[Fact, tuple[int, Fact, Op] | Origin]] = [{} for _ in graph.places]
        self._solve()

    def _solve(self) -> None:
        """Breadth first, so that the first way found to a fact is a shortest one."""
        queue: deque[tuple[int, Fact]] = deque()
        # Certain evidence first: where both reach a node, the trace that is shown is the certain one.
        for origin in sorted(self._graph.origins, key=lambda o: o.fact.confidence == "likely"):
            if origin.fact not in self._before[origin.node]:
                self._before[origin.node][origin.fact] = origin
                queue.append((origin.node, origin.fact))
        edges, before = self._graph.edges, self._before
        while queue:
            node, fact = queue.popleft()
            for target, op in edges[node]:
                after = apply(op, fact)
                if after is not None and after not in before[target]:
                    before[target][after] = (node, fact, op)
                    queue.append((target, after))

    def facts(self, node: int) -> tuple[Fact, ...]:
        return tuple(self._before[node]) if node else ()

    def trail(self, node: int, fact: Fact) -> Trail:
        """How `fact` came to `node`."""
        steps: list[tuple[int, Op]] = []
        here = self._before[node][fact]
        while not isinstance(here, Origin):
            previous, earlier, op = here
            steps.append((node, op))
            node = previous
            here = self._before[node][earlier]
        steps.reverse()
        return Trail(here, tuple(steps))
