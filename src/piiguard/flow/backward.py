"""The search backward from a value that carries nothing: where it comes from, and what cut it off from the data.

The graph is followed against its edges, and where it has no value (a literal, a test) the syntax is. A branch ends at a
*cut*, where data is on one side and not on the other, or at an origin that holds none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from piiguard.flow.graph import Graph, Op, Solution
from piiguard.flow.observe import RESPONSE, data_classes
from piiguard.flow.syntax import Definition, Span, Syntax
from piiguard.model import Hop

MOST = 16
"""Places that a search shows."""
_CUTS = {
    "read": "picked field: only `{name}` is taken, which holds nothing of a person; the whole holds {data}",
    "drop": "strong update: `{name}` is removed or replaced; until then it held {data}",
    "mask": "masked: only some characters of it are left; the whole holds {data}",
    "pass": "through a function of a package, of which nothing is known; what goes in holds {data}",
    "return": "other call: what enters the function at another call ({data}) does not come back here",
}
"""Kind of an edge that data does not pass -> what is said of it."""
_ENDS = {
    "literal": "a literal: holds no data",
    "function": "a {name}: holds no data",
    "result": "returns nothing",
    "parameter": "a parameter of `{name}`: no call that the graph sees hands over data",
    "name": "{name}, of which the graph knows nothing",
    "call": "a call of `{name}`: no source, and not known to hand data on",
    "test": "test only: the result does not hold what is tested",
    "parts": "empty",
    "meeting": "where ways meet: none of them brings data",
    "other": "limit: the graph does not follow this ({name})",
}
"""Kind of an expression that nothing leads to -> what is said of it."""


class Backward:
    """Searches in the graph of one app."""

    def __init__(
        self,
        graph: Graph,
        solution: Solution,
        files: dict[int, Syntax],
        results: frozenset[int],
        hop: Callable[[int, Span, str, int], Hop],
    ) -> None:
        """`results`: the nodes of what functions return. `hop`: makes the place shown for (file, span, note, depth)."""
        self._graph = graph
        self._solution = solution
        self._files = files
        self._results = results
        self._hop = hop
        self._sources: list[list[tuple[int, Op]]] = [[] for _ in graph.places]
        self._at: dict[tuple[int, int, int], list[int]] = {}
        for node, place in enumerate(graph.places):
            self._at.setdefault((place.file, place.start, place.end), []).append(node)
            for target, op in graph.edges[node]:
                self._sources[target].append((node, op))

    def search(self, file: int, at: Span) -> tuple[Hop, ...]:
        """Where the value of the expression at a span comes from."""
        hops = _Search(self, file).expression(file, at)
        if hops and not any(hop.note for hop in hops):
            hops[-1] = msgspec.structs.replace(hops[-1], note="nothing that holds data comes in here")
        return tuple(hops)

    def held(self, node: int) -> tuple[str, ...]:
        """The data classes at a node, sorted."""
        found: set[str] = set()
        for fact in self._solution.facts(node):
            found |= data_classes(fact, ())
        return tuple(sorted(found))

    def held_at(self, file: int, at: Span) -> tuple[str, ...]:
        """The data classes in the values of the expression, or the definition, at a span."""
        found: set[str] = set()
        for node in self._at.get((file, *at), ()):
            found |= set(self.held(node))
        return tuple(sorted(found))


class _Search:
    """One search: each node and expression is visited once."""

    def __init__(self, whole: Backward, file: int) -> None:
        self._whole = whole
        self._graph = whole._graph
        self._seen: set[object] = set()
        self.hops: list[Hop] = []

    def expression(self, file: int, at: Span, depth: int = 0) -> list[Hop]:
        """Search from an expression."""
        node = self._whole._files[file].values.get(at, 0)
        if node and self._whole._sources[node]:
            self._node(node, depth)
        else:
            self._end(file, at, depth)
        return self.hops

    def _say(self, file: int, at: Span, note: str, depth: int) -> None:
        hop = self._whole._hop(file, at, note, depth)
        last = self.hops[-1] if self.hops else None
        if last is not None and not last.note and (last.location, last.code) == (hop.location, hop.code):
            self.hops.pop()
        if len(self.hops) < MOST:
            self.hops.append(hop)

    def _node(self, node: int, depth: int) -> None:
        if node in self._seen or len(self.hops) >= MOST:
            return
        self._seen.add(node)
        place = self._graph.places[node]
        at = (place.start, place.end)
        held = self._whole.held(node)
        told = f"holds {', '.join(held)}, which does not pass on from here" if held else self._neutral(node)
        if told:
            self._say(place.file, at, told, depth)
            return
        if self._cut(node, depth):
            return
        self._step(place.file, at, depth)
        sources = self._whole._sources[node]
        if not sources and node in self._whole._results:
            self._returned(place.file, at, depth)
        elif not sources:
            self._end(place.file, at, depth)
        deeper = depth + (len(sources) > 1)
        for source, _ in sources:
            self._node(source, deeper)

    def _step(self, file: int, at: Span, depth: int) -> None:
        """A place on the way, if it is another one than the last."""
        hop = self._whole._hop(file, at, "", depth)
        if hop.code and not any((hop.location, hop.code) == (one.location, one.code) for one in self.hops[-1:]):
            self._say(file, at, "", depth)
        self._replaced(file, at, depth)

    def _cut(self, node: int, depth: int) -> bool:
        """Data that comes up to the node and does not pass."""
        place = self._graph.places[node]
        cuts: dict[str, tuple[str, ...]] = {}
        for source, op in self._whole._sources[node]:
            data = self._whole.held(source)
            said = _CUTS.get(op.kind)
            if data and said:
                cuts[said.format(name=op.name, data=", ".join(data))] = data
        for note in cuts:
            self._say(place.file, (place.start, place.end), note, depth)
        return bool(cuts)

    def _replaced(self, file: int, at: Span, depth: int) -> None:
        """A definition before this one held data: it is gone."""
        before = self._whole._files[file].definitions(at)
        if not before or before[-1].name != at:
            return
        for earlier in before[:-1]:
            data = self._whole.held_at(file, earlier.name)
            if data:
                self._say(file, earlier.name, f"strong update: held {', '.join(data)} until it was set anew", depth + 1)

    def _end(self, file: int, at: Span, depth: int) -> None:
        """Nothing leads here in the graph: the syntax says why."""
        if (file, at) in self._seen or len(self.hops) >= MOST:
            return
        self._seen.add((file, at))
        syntax = self._whole._files[file]
        what = syntax.expression(at)
        definitions = syntax.definitions(at) if what.kind == "name" else []
        if definitions:
            self._variable(file, at, definitions[-1], depth)
            return
        if what.kind == "parts" and what.parts:
            self._say(file, at, "", depth)
            for part in what.parts:
                self.expression(file, part, depth + (len(what.parts) > 1))
            return
        inside = self._inside(file, what.parts)
        note = _ENDS[what.kind].format(name=what.name)
        self._say(file, at, f"{note} (what goes in holds {', '.join(inside)})" if inside else note, depth)

    def _inside(self, file: int, parts: Iterable[Span], nesting: int = 8) -> list[str]:
        """The data classes in some expressions, or in what they are made of or test."""
        found: set[str] = set()
        for part in parts:
            found |= set(self._whole.held_at(file, part))
            if not found and nesting:
                found |= set(self._inside(file, self._whole._files[file].expression(part).parts, nesting - 1))
        return sorted(found)

    def _returned(self, file: int, at: Span, depth: int) -> None:
        """A function whose results carry nothing."""
        parts = self._whole._files[file].returned(at)
        self._say(file, at, "" if parts else _ENDS["result"], depth)
        for part in parts:
            self.expression(file, part, depth + (len(parts) > 1))

    def _variable(self, file: int, at: Span, last: Definition, depth: int) -> None:
        """A variable that carries nothing: what it was last set to."""
        if last.name != at:
            self._say(file, at, "", depth)
        self._say(file, last.name, "set here", depth)
        self._replaced(file, last.name, depth)
        if last.value is not None:
            self.expression(file, last.value, depth)

    def _neutral(self, node: int) -> str:
        """What a node holds that is known, but tells of no person."""
        for fact in self._whole._solution.facts(node):
            if not data_classes(fact, ()):
                origin = self._whole._solution.trail(node, fact).origin
                whose = f"{origin.note}, {_line(self._whole, origin.node)}"
                if RESPONSE in fact.path:
                    return f"an answer whose body is not read here ({whose})"
                return f"a {fact.shape}, which alone tells of no person ({whose})"
        return ""


def _line(whole: Backward, node: int) -> str:
    place = whole._graph.places[node]
    location = whole._hop(place.file, (place.start, place.end), "", 0).location
    return f"{location.path}:{location.start_line}"
