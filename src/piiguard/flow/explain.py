"""Why data reaches a line, or does not: the whole of what the graph knows of one place, for `explain-flow`."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator

from piiguard.flow import python
from piiguard.flow.backward import Backward
from piiguard.flow.graph import Contexts, Fact, Op, Origin, Solution
from piiguard.flow.marked import Marked, callee_of, inner_value
from piiguard.flow.marked import Value as JavaScriptValue
from piiguard.flow.observe import PERSONAL, data_classes
from piiguard.flow.place import MarkedPlace, SlotValue
from piiguard.flow.positions import Positions
from piiguard.flow.program import Ref, span, text
from piiguard.flow.python.marked import Value as PythonValue
from piiguard.flow.syntax import JavaScript, Python, Span, Syntax
from piiguard.flow.trace import Tracer
from piiguard.model import (
    DATA_CLASSES,
    App,
    Confidence,
    Explained,
    Gap,
    Hop,
    LineFlow,
    Location,
    Looked,
    Mark,
    Observation,
    Rule,
    Source,
    Step,
    Subject,
    Way,
)

CODE = 72
"""Characters of code that are shown of one place."""
MOST_WAYS = 4
MOST_VALUES = 6
PROBE = "email"
"""Data class that is put into a value that holds nothing, to see what it would reach."""
MASK = "•"
_OPS = {
    "read": "`{name}` of it",
    "write": "put under `{name}`",
    "drop": "without `{name}`",
    "call": "enters `{function}`",
    "return": "returned",
    "leak": "through a variable that outlives the call",
    "become": "becomes {name}",
    "mask": "a part of it",
    "pass": "through a function of a package, which may give back a form of it",
}
"""What is said of an edge, by its kind."""
_NAMED_OPS = {
    ("read", "*"): "some property of it",
    ("read", "[]"): "an element of it",
    ("read", "[entry]"): "an entry of it",
    ("read", "[key]"): "a computed name in it",
    ("read", "json()"): "the body of the answer",
    ("write", "*"): "put under some property",
    ("write", "[]"): "put into a list",
    ("write", "[entry]"): "put under a key",
    ("write", "[key]"): "used as a computed name",
}
"""The same where the property has no name of its own."""


def explain(subject: Subject, marks: Iterable[Mark], rules: dict[str, Rule], path: str, line: int) -> list[LineFlow]:
    """What is known of a line, for each app that the file belongs to. Empty: no app has the file."""
    marks = list(marks)
    found = []
    for app in subject.apps:
        source = next((source for source in app.sources if source.path == path), None)
        mine = [mark for mark in marks if mark.app == app.id]
        if source is not None or any(mark.location.path == path for mark in mine):
            found.append(_Line(app, mine, rules, path, line, source).explained())
    return found


class _Line:
    """One line of one app."""

    def __init__(
        self, app: App, marks: list[Mark], rules: dict[str, Rule], path: str, line: int, source: Source | None
    ) -> None:
        self._app = app
        self._marks = marks
        self._rules = rules
        self._path = path
        self._line = line
        self._source = source
        self._tracer = Tracer(app, marks, rules)
        files: dict[int, Syntax] = {file.index: JavaScript(file) for file in self._tracer.program.files.values()}
        files |= {file.index: Python(file) for file in self._tracer.helpers.files.values()}
        self._files = files
        self._index = next((index for index, file in files.items() if file.source.path == path), 0)
        self._positions = {index: Positions(file.source) for index, file in files.items()}
        self._secret = {(mark.location.path, mark.start, mark.end) for mark in marks if _is_secret(rules[mark.rule])}
        results = [function.result for function in self._tracer.program.functions]
        self._results = frozenset([*results, *(function.result for function in self._tracer.helpers.functions)])
        self._backward = Backward(self._tracer.graph, self._tracer.solution, files, self._results, self._hop)

    def explained(self) -> LineFlow:
        observations = tuple(each for each in self._tracer.observations() if self._here(each.location))
        places = list(self._places())
        marks = tuple(self._mark(place, observations) for place in places)
        sinks = any(place.rule.role == "sink" for place in places)
        spans = [] if sinks else list(self._spans())
        start, end = self._bounds()
        return LineFlow(
            app=self._app.id,
            path=self._path,
            line=self._line,
            code=self._code(self._source, start, end) if self._source is not None else "",
            function=self._files[self._index].function((end - 1, end)) if self._index and end > start else "",
            marks=(*marks, *self._plain()),
            values=tuple(self._expression(at) for at in spans),
            reaches=tuple(self._reaches(spans)) if spans else (),
            observations=observations,
            gaps=tuple(self._gaps()),
        )

    # ------------------------------------------------------------ the line

    def _bounds(self) -> Span:
        """Byte span of the line, without the layout around it."""
        if self._source is None:
            return 0, 0
        lines = self._source.text.split(b"\n")
        start = sum(len(line) + 1 for line in lines[: self._line - 1])
        line = lines[self._line - 1] if self._line <= len(lines) else b""
        return start + len(line) - len(line.lstrip()), start + len(line.rstrip())

    def _here(self, location: Location) -> bool:
        return (location.path, location.start_line) == (self._path, self._line)

    def _places(self) -> Iterator[MarkedPlace]:
        """The marks of the line in code, those whose condition does not hold as well."""
        known: list[MarkedPlace] = [*self._tracer.marked, *self._tracer.in_python]
        kept = {(place.mark.rule, place.span) for place in known}
        file = self._tracer.program.files.get(self._path)
        dropped = [
            Marked(mark, self._rules[mark.rule], file, self._tracer.program)
            for mark in self._marks
            if file is not None and mark.location.path == self._path and self._rules[mark.rule].engine == "semgrep"
        ]
        every: list[MarkedPlace] = [*known, *(place for place in dropped if (place.rule.id, place.span) not in kept)]
        mine = [place for place in every if place.source.path == self._path]
        starting = [place for place in mine if self._line in self._lines_of(place)]
        around = [place for place in mine if self._spans_line(place)]
        shortest = min((place.span[1] - place.span[0] for place in around), default=0)
        yield from starting or (place for place in around if place.span[1] - place.span[0] == shortest)

    def _lines_of(self, place: MarkedPlace) -> set[int]:
        """The lines at which a mark begins, as the rule and as the report have it."""
        return {self._hop(self._index, at, "", 0).location.start_line for at in (place.span, place.shown)}

    def _spans_line(self, place: MarkedPlace) -> bool:
        location = self._hop(self._index, place.span, "", 0).location
        return location.start_line <= self._line <= location.end_line

    def _plain(self) -> Iterator[Explained]:
        """The marks that need no tracing."""
        for mark in self._tracer.plain:
            if self._here(mark.location):
                yield Explained(self._rules[mark.rule], mark.location, "", notes=("a plain fact: no data is traced",))

    def _gaps(self) -> Iterator[Gap]:
        yield from (gap for gap in (*self._app.gaps, *self._tracer.gaps) if gap.path == self._path)

    # ------------------------------------------------------------ marks

    def _mark(self, place: MarkedPlace, observations: tuple[Observation, ...]) -> Explained:
        rule = place.rule
        made = place in self._tracer.marked
        holds = made or not isinstance(place, Marked) or place.holds()
        root, means = self._root(place) if isinstance(place, Marked) and place.holds() is holds else ("", "")
        values: list[Looked] = []
        if rule.role == "sink":
            values = [self._slot(slot, place, value) for slot in rule.slots for value in place.values((slot,))]
        return Explained(
            rule,
            self._hop(self._index, place.span, "", 0).location,
            self._code(place.source, *place.span),
            holds,
            root,
            means,
            tuple(values) if holds else (),
            tuple(self._notes(place, values, observations)) if holds else (),
        )

    def _root(self, place: Marked) -> tuple[str, str]:
        if not place.rule.callee.imports and not place.rule.callee.globals:
            return "", ""
        callee = callee_of(place.syntax)
        if callee is None:
            return place.text[:CODE], "no call and no name"
        ref = self._tracer.program.resolve(callee, place.scope, place.file)
        return self._code(place.source, *span(callee)), _meaning(ref)

    def _slot(self, slot: str, place: MarkedPlace, value: SlotValue) -> Looked:
        at = _span_of(place, value)
        inner = inner_value(value) if isinstance(value, JavaScriptValue) and value.path else None
        start: Span = span(inner) if inner is not None else at
        ways = tuple(self._ways(value.node, value.path))
        hop = self._hop(self._index, start, "", 0)
        if ways:
            back: tuple[Hop, ...] = ()
        elif value.path and inner is None and self._backward.held(value.node):
            said = f"picked field: only `{'.'.join(value.path)}` is looked at; the whole holds data"
            back = (self._hop(self._index, at, said, 0),)
        else:
            back = self._backward.search(self._index, start)
        return Looked(slot, hop.location, hop.code, ways, back)

    def _notes(self, place: MarkedPlace, values: list[Looked], observations: tuple[Observation, ...]) -> Iterator[str]:
        """What else there is to know of a mark, and why data that reaches its slots makes no observation."""
        if isinstance(place, Marked) and not place.holds():
            yield "no such call itself: a function of the app that leads to one, so that data enters it here"
        if place.rule.host or place.mark.host:
            hosts = ", ".join(sorted({host.name for host in place.hosts()}))
            yield (
                f"goes to {hosts}" if hosts else "no host is known: nothing is observed where a call stays on its page"
            )
        data = {name for value in values for way in value.ways for name in way.data}
        if not data or any(each.data and each.rule == place.rule.id for each in observations):
            return
        if place.rule.category == "pii-log" and self._tracer.in_log_wrapper(place):
            yield "inside the app's own log function: what its callers hand over is reported at their calls"
        elif place.failed:
            yield "reached only after a request has failed: the answer is an error message"
        elif not any(DATA_CLASSES[name] in PERSONAL for name in data):
            yield "this data alone makes no observation here: it is neither personal nor content"
        else:
            yield "no observation: the data does not count here (text told by its name only, or Atlassian's host)"

    # ------------------------------------------------------------ values

    def _spans(self) -> Iterator[Span]:
        """The outermost expressions that begin on the line, and what calls among them hand over."""
        if not self._index:
            return
        syntax = self._files[self._index]
        start, end = self._bounds()
        mine = sorted((at for at in syntax.values if start <= at[0] < end), key=lambda at: (at[0], -at[1]))
        last, shown = -1, 0
        for at in mine:
            if at[1] > last and at[0] < at[1]:
                last = at[1]
                for each in (at, *(given for given in syntax.arguments(at) if given[0] < end)):
                    shown += 1
                    if shown <= MOST_VALUES:
                        yield each

    def _expression(self, at: Span) -> Looked:
        hop = self._hop(self._index, at, "", 0)
        node = self._files[self._index].values.get(at, 0)
        ways = tuple(self._ways(node, ()))
        return Looked("", hop.location, hop.code, ways, () if ways else self._backward.search(self._index, at))

    def _reaches(self, spans: list[Span]) -> Iterator[Step]:
        """The sinks that these values reach; a value that holds nothing is followed as if it held something."""
        graph = copy.copy(self._tracer.graph)
        graph.contexts = Contexts()
        nodes = [self._files[self._index].values.get(at, 0) for at in spans]
        origins = [
            Origin(node, fact._replace(site=0), "")
            for node in nodes
            for fact in [*self._tracer.solution.facts(node), Fact(PROBE, (), "likely")]
            if node
        ]
        solution = Solution(graph, origins)
        places: list[MarkedPlace] = [*self._tracer.marked, *self._tracer.in_python]
        for place in places:
            if place.rule.role == "sink" and any(
                data_classes(fact, value.path)
                for value in place.values(place.rule.slots)
                for fact in solution.facts(value.node)
            ):
                index = next(key for key, file in self._files.items() if file.source.path == place.source.path)
                yield Step(self._hop(index, place.shown, "", 0).location, f"{place.rule.id}: {place.rule.title}")

    def _ways(self, node: int, path: tuple[str, ...]) -> Iterator[Way]:
        """How data comes to a node: the shortest way for each set of data classes, what is certain first."""
        best: dict[tuple[tuple[str, ...], Confidence], tuple[int, Fact]] = {}
        for fact in self._tracer.solution.facts(node):
            classes = tuple(sorted(data_classes(fact, path)))
            length = len(self._tracer.solution.trail(node, fact).steps)
            key = (classes, fact.confidence)
            if classes and (key not in best or length < best[key][0]):
                best[key] = (length, fact)
        certain = {name for classes, confidence in best if confidence == "sure" for name in classes}
        best = {key: kept for key, kept in best.items() if key[1] == "sure" or not certain.issuperset(key[0])}
        order = sorted(best.items(), key=lambda item: (item[0][1] == "likely", -len(item[0][0]), item[0][0]))
        for (classes, confidence), (_, fact) in order[:MOST_WAYS]:
            yield Way(classes, confidence, tuple(self._hops(node, fact)))

    def _hops(self, node: int, fact: Fact) -> list[Hop]:
        """The way of a fact, the origin first: a hop for each place in the code, with all that happens there."""
        hops: list[Hop] = []
        for here, now, op in self._history(node, fact):
            place = self._tracer.graph.places[here]
            note = op.note if isinstance(op, Origin) else self._note(op, here)
            if isinstance(op, Origin):
                note += f": {now.shape}" if now.shape not in DATA_CLASSES else ""
            hop = self._hop(place.file, (place.start, place.end), note, 0)
            last = hops[-1] if hops else None
            if last is not None and (last.location, last.code) == (hop.location, hop.code):
                hops[-1] = Hop(last.location, last.code, "; ".join(filter(None, (last.note, hop.note))))
            else:
                hops.append(hop)
        return hops

    def _history(self, node: int, fact: Fact) -> list[tuple[int, Fact, Op | Origin]]:
        found: list[tuple[int, Fact, Op | Origin]] = []
        before = self._tracer.solution.before(node, fact)
        while not isinstance(before, Origin):
            earlier, was, op = before
            found.append((node, fact, op))
            node, fact = earlier, was
            before = self._tracer.solution.before(node, fact)
        return [(node, fact, before), *reversed(found)]

    def _note(self, op: Op, node: int) -> str:
        place = self._tracer.graph.places[node]
        function = self._files[place.file].function((place.start, place.end)) or "the module"
        said = _NAMED_OPS.get((op.kind, op.name)) or _OPS.get(op.kind, "").format(name=op.name, function=function)
        return f"result of `{function}`" if node in self._results else said

    # ------------------------------------------------------------ showing code

    def _hop(self, index: int, at: Span, note: str, depth: int) -> Hop:
        return Hop(self._positions[index].location(*at), self._code(self._files[index].source, *at), note, depth)

    def _code(self, source: Source, start: int, end: int) -> str:
        """Code on one line, not too long, with secrets masked."""
        parts, at = [], start
        for path, begin, stop in sorted(self._secret):
            if path == source.path and start < stop and begin < end and begin >= at:
                parts += [source.text[at:begin].decode("utf-8", "replace"), MASK]
                at = stop
        parts.append(source.text[at : max(at, end)].decode("utf-8", "replace"))
        code = re.sub(r"\s+", " ", "".join(parts)).strip()
        return code if len(code) <= CODE else code[: CODE - 1] + "…"


def _span_of(place: MarkedPlace, value: SlotValue) -> Span:
    """Where the whole value of a slot stands."""
    if isinstance(value, JavaScriptValue):
        return span(value.syntax)
    if isinstance(place, python.Marked) and isinstance(value, PythonValue):
        return place.file.span(value.syntax)
    return place.span


def _is_secret(rule: Rule) -> bool:
    return rule.category == "hardcoded-secret"


def _meaning(ref: Ref | None) -> str:
    """What the root of a call turned out to be."""
    if ref is None:
        return "unknown: only running the program would tell"
    if ref.kind == "import":
        return ref.name
    if ref.kind == "global":
        return f"the global `{ref.name}`"
    where = ref.file or (ref.function.file if ref.function else ref.owner.file if ref.owner else None)
    node = ref.node or (ref.function.node if ref.function else None)
    line = f":{node.start_point[0] + 1}" if node is not None else ""
    named = f" `{text(node)[:30].splitlines()[0]}`" if node is not None and node.type == "identifier" else ""
    return f"{ref.kind} of the app{named}" + (f", {where.source.path}{line}" if where is not None else "")
