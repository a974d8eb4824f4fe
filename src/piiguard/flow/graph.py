"""The flow graph and its solver: what reaches what.

A *node* is a value at a place: an expression, a definition of a variable, a parameter, a result. An *edge* says that
the value goes from one node to another, and what happens to it on the way (`Op`). Both front ends (JavaScript, Python)
build this one type.

A *fact* travels along edges: "at this node, under these properties, sits a value of this shape". `{user: u}` puts the
facts of `u` under `user`; reading `.user` takes them out again; reading `.accountId` of a `jira-user` makes it an
`account-id`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from piiguard.facts import shapes
from piiguard.model import DATA_CLASSES, Confidence

OpKind = Literal["copy", "read", "write", "drop", "blur", "mask", "pass", "text", "call", "return", "leak", "become"]
ANY = "*"
ELEMENT = "[]"
"""The property under which the elements of an array, a Map or a Set sit; where the position is known, it is a number
instead."""
ENTRY = "[entry]"
"""The property under which the key (`0`) and value (`1`) of a Map's entries sit: read as an element, an entry is a
pair."""
KEY = "[key]"
"""The property under which computed names of properties sit: `counts[user.accountId] = 1`."""
FACTS = 500_000
"""Facts at all nodes before the solver gives up. An app of 2,000 files has a tenth of it; a bundle has no end."""
DEPTH = 5
"""Properties that a fact remembers; what sits deeper is known to be inside, not where."""


class Op(NamedTuple):
    """What happens to a value on an edge."""

    kind: OpKind
    name: str = ""
    site: int = 0
    """`call`, `return`: the call site, so that what enters a helper at one call does not leave it at another."""
    context: int = 0
    """`return` of a function that was itself handed over: the entry of that function (see Contexts)."""


COPY = Op("copy")
BLUR = Op("blur")
"""Positions in an array are no longer known (`slice`, `filter`, `sort`)."""
MASK = Op("mask")
"""A few characters of a text are left (`slice(-4)`); of a list, some elements."""
PASS = Op("pass")
"""Through a function of a package: of a text, it may give back a form of it."""
TEXT = Op("text")
"""A parameter is made a text as a whole: what a name tells of a property of it is not in that text (`String(v)` beside
`v.displayName`)."""
LEAK = Op("leak")
"""Through a variable of the module: the call site is forgotten."""


class Fact(NamedTuple):
    """A value of `shape` (or of a data class) sits under `path`."""

    shape: str
    path: tuple[str, ...]
    confidence: Confidence
    site: int = 0
    """Through which entry (see Contexts) it came into the function; 0: born here, or from a variable of the module."""


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


class Contexts:
    """Entries: a fact that came in through a parameter, with the calls that brought it.

    What such a fact becomes inside the function leaves only at those calls, and continues there as what it was before
    (summaries by access path: Reps, Horwitz, Sagiv, "Precise interprocedural dataflow analysis via graph
    reachability").
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, Fact], int] = {}
        self.nodes: list[int] = [0]
        """Entry -> the parameter's node."""
        self.callers: list[dict[tuple[int, int], None]] = [{}]
        """Entry -> (call site, entry of the caller's fact), in the order they were found."""

    def enter(self, node: int, fact: Fact, site: int) -> tuple[int, bool]:
        """The entry of `fact` at the parameter `node` through a call `site`, and whether this caller is new."""
        key = (node, fact._replace(site=0))
        number = self._numbers.setdefault(key, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
            self.callers.append({})
        caller = (site, fact.site)
        known = caller in self.callers[number]
        self.callers[number][caller] = None
        return number, not known

    def facts(self) -> Iterator[tuple[int, Fact]]:
        """Each entry, with the fact that came in through it."""
        for (_, fact), number in self._numbers.items():
            yield number, fact


class Graph:
    """Nodes, edges and origins. Numbers are indexes; node 0 does not exist, so that 0 can mean "no value"."""

    def __init__(self) -> None:
        self.places: list[Place] = [Place(0, 0, 0, 0)]
        self.edges: list[list[tuple[int, Op]]] = [[]]
        self.origins: list[Origin] = []
        self.contexts = Contexts()
        self.touched: set[int] = set()
        """Nodes that got edges since somebody last looked."""
        self.outer: dict[tuple[int, int], int] = {}
        """(file, function) -> the function around it; the module's own is in none."""
        self.given_up = False
        """Whether a solution has more than FACTS, and so not all that there is."""

    def node(self, place: Place) -> int:
        self.places.append(place)
        self.edges.append([])
        return len(self.places) - 1

    def edge(self, source: int, target: int, op: Op = COPY) -> None:
        if source and target and source != target:
            self.edges[source].append((target, op))
            self.touched.add(source)

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
                if (
                    len(path) <= DEPTH
                    and self.places[source].function == self.places[node].function
                    and (source, wider.fact) not in known
                ):
                    known.add((source, wider.fact))
                    self.origins.append(wider)
                    todo.append(wider)


def apply(op: Op, fact: Fact) -> Fact | None:
    """The fact after an edge that makes at most one of it (all but `call`, `return`, `drop`); None where it ends."""
    kind, name = op.kind, op.name
    if kind == "copy":
        return fact
    if kind == "write":
        return fact._replace(path=(name, *fact.path)[:DEPTH])
    if kind == "read":
        return read(fact, name)
    if kind == "blur":
        return fact._replace(path=(ELEMENT, *fact.path[1:])) if fact.path and fact.path[0].isdigit() else fact
    if kind == "leak":
        return fact._replace(site=0)
    if kind == "mask":
        return apply(BLUR, fact) if fact.path or fact.shape not in DATA_CLASSES else None
    if kind == "pass":
        text = not fact.path and DATA_CLASSES.get(fact.shape) in _PERSONAL
        return fact._replace(confidence="likely") if text else None
    if kind == "text":
        return None if _likely_inside(fact) else fact
    return fact._replace(shape=name, path=())


def _likely_inside(fact: Fact) -> bool:
    return fact.confidence == "likely" and bool(fact.path) and fact.path[0] != ELEMENT and not fact.path[0].isdigit()


_PERSONAL = frozenset({"direct", "pseudonymous", "content"})


def read(fact: Fact, name: str) -> Fact | None:
    """The fact after reading property `name` (ANY: one that is not known)."""
    if fact.path:
        return fact._replace(path=fact.path[1:]) if _same(fact.path[0], name) else None
    shape = shapes.property_of(fact.shape, ELEMENT if name.isdigit() else name)
    return fact._replace(shape=shape) if shape else None


def drop(fact: Fact, name: str) -> Iterator[Fact]:
    """What is left when property `name` is deleted or taken out: of a shape, its other properties."""
    if fact.path:
        if fact.path[0] != name:
            yield fact
        return
    fields = shapes.fields(fact.shape)
    if name not in fields:
        yield fact
        return
    for field, shape in fields.items():
        if field != name:
            yield fact._replace(shape=shape, path=(field,))


def _same(written: str, asked: str) -> bool:
    """May a property that was written be the one that is read?"""
    if KEY in (written, asked):
        return written == asked
    if written == asked or ANY in (written, asked):
        return True
    if asked == ELEMENT or asked.isdigit():
        return written in (ELEMENT, ENTRY) or (asked == ELEMENT and written.isdigit())
    return False


class Solution:
    """The facts at each node, and how each came there."""

    def __init__(self, graph: Graph, origins: Iterable[Origin] | None = None) -> None:
        """`origins`: what to follow, if not the graph's own."""
        self._graph = graph
        self._before: list[dict[Fact, tuple[int, Fact, Op] | Origin]] = [{} for _ in graph.places]
        self._queue: deque[tuple[int, Fact]] = deque()
        self._known = 0
        self._leaving: dict[int, list[tuple[int, Fact, int, Op]]] = {}
        """Entry -> where its facts leave the function: node, fact, target and op of each return edge."""
        self.start(graph.origins if origins is None else origins)
        self._solve()

    def start(self, origins: Iterable[Origin]) -> None:
        # Certain evidence first: where both reach a node, the trace that is shown is the certain one.
        for origin in sorted(origins, key=lambda o: o.fact.confidence == "likely"):
            self._reach(origin.node, origin.fact, origin)

    def grown(self, sources: Iterable[int], origins: Iterable[Origin]) -> None:
        """Go on after the graph has got new edges from `sources`, and nodes."""
        self._before += [{} for _ in range(len(self._graph.places) - len(self._before))]
        self._queue += [(node, fact) for node in sources for fact in self._before[node]]
        self.start(origins)
        self._solve()

    def _solve(self) -> None:
        """Breadth first, so that the first way found to a fact is a shortest one."""
        edges = self._graph.edges
        while self._queue and self._known <= FACTS:
            node, fact = self._queue.popleft()
            for target, op in edges[node]:
                follow = _FOLLOW.get(op.kind)
                if follow is not None:
                    follow(self, node, fact, target, op)
                else:
                    after = apply(op, fact)
                    if after is not None:
                        self._reach(target, after, (node, fact, op))
        self._graph.given_up |= self._known > FACTS

    def _reach(self, node: int, fact: Fact, before: tuple[int, Fact, Op] | Origin) -> None:
        if fact not in self._before[node]:
            self._before[node][fact] = before
            self._known += 1
            self._queue.append((node, fact))

    def _drop(self, node: int, fact: Fact, target: int, op: Op) -> None:
        for after in drop(fact, op.name):
            self._reach(target, after, (node, fact, op))

    def _call(self, node: int, fact: Fact, target: int, op: Op) -> None:
        entry, new = self._graph.contexts.enter(target, fact, op.site)
        self._reach(target, fact._replace(site=entry), (node, fact, op))
        for inside, left, result, back in self._leaving.get(entry, ()) if new else ():
            if back.site == op.site:
                self._reach(result, left._replace(site=fact.site), (inside, left, back))

    def _return(self, node: int, fact: Fact, target: int, op: Op) -> None:
        """A fact of an entry of this very function goes back to who brought it; one of a function around it just goes
        on."""
        places, contexts = self._graph.places, self._graph.contexts
        if not fact.site:
            self._reach(target, fact._replace(site=op.context), (node, fact, op))
        elif self._at_home(places[contexts.nodes[fact.site]], places[node]):
            self._leaving.setdefault(fact.site, []).append((node, fact, target, op))
            for site, outer in tuple(contexts.callers[fact.site]):
                if site == op.site:
                    self._reach(target, fact._replace(site=outer), (node, fact, op))
        else:
            kept = fact.site if self._around(places[contexts.nodes[fact.site]], places[target]) else op.context
            self._reach(target, fact._replace(site=kept), (node, fact, op))

    @staticmethod
    def _at_home(entry: Place, here: Place) -> bool:
        return (entry.file, entry.function) == (here.file, here.function)

    def _around(self, entry: Place, here: Place) -> bool:
        """Does the function of `entry` hold `here`, itself or in a function inside it?"""
        function = here.function
        while function != entry.function and function:
            function = self._graph.outer.get((here.file, function), 0)
        return entry.file == here.file and function == entry.function

    def facts(self, node: int) -> tuple[Fact, ...]:
        return tuple(self._before[node]) if node else ()

    def before(self, node: int, fact: Fact) -> tuple[int, Fact, Op] | Origin:
        """What `fact` at `node` was before, on the way that `trail` follows; its origin, where it starts."""
        return self._before[node][fact]

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


_FOLLOW = {"drop": Solution._drop, "call": Solution._call, "return": Solution._return}
"""Edges that need more than the fact itself."""
