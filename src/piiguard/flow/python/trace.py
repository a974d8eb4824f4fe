"""TRACE for Python: the marks of the libcst checks become observations, with the path that the data took."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from piiguard.facts import egress, names, shapes, trackers
from piiguard.flow import python
from piiguard.flow.graph import Fact, Graph, Op, Solution, Trail, read
from piiguard.flow.hosts import Host
from piiguard.flow.python.calls import RESPONSE
from piiguard.flow.python.marked import Marked, Value
from piiguard.model import (
    DATA_CLASSES,
    App,
    Confidence,
    Distance,
    Gap,
    Location,
    Mark,
    Observation,
    Rule,
    Step,
    Traced,
)

_PERSONAL = frozenset({"direct", "pseudonymous", "content"})
_CREDENTIAL = frozenset({"credential"})
_PASSIVE = frozenset({"images", "styles", "fonts", "media", "frames"})
"""Channels where an unknown address is no call of a service."""
_SIGN_IN = frozenset({"authorization", "auth"})
"""What signs a request in goes to the service that it belongs to."""
_LOCAL = ("localhost", "127.0.0.1", "0.0.0.0")  # noqa: S104 - compared with, not bound to
_HOST = re.compile(r"^https?://(?P<host>[^/?#]*)(?P<path>.*)$", re.IGNORECASE | re.DOTALL)


class Reached(NamedTuple):
    """Data classes that reach a sink, with the most certain and most direct way of one of them."""

    classes: tuple[str, ...]
    confidence: Confidence
    node: int
    fact: Fact


def trace(app: App, marks: Iterable[Mark], rules: dict[str, Rule]) -> Traced:
    """What the Python code of an app does at the places that the libcst checks marked."""
    tracer = _Tracer(app, marks, rules)
    return Traced(tuple(tracer.observations()), tuple(tracer.gaps))


class _Tracer:
    """The Python graph of one app, solved."""

    def __init__(self, app: App, marks: Iterable[Mark], rules: dict[str, Rule]) -> None:
        self.app = app
        self.graph = Graph()
        self.program, self.gaps = python.build(app.sources, self.graph)
        self.files = {file.index: file for file in self.program.files.values()}
        self.marked: list[Marked] = []
        for mark in sorted(marks, key=lambda mark: (mark.location, mark.rule)):
            self._take(mark, rules[mark.rule])
        for marked in self.marked:
            if marked.rule.role == "source":
                self._source(marked)
        self.solution = Solution(self.graph)

    def _take(self, mark: Mark, rule: Rule) -> None:
        file = self.program.files.get(mark.location.path)
        if file is None:
            why = "a place that a check marked is in a file that could not be followed"
            self.gaps.append(Gap(mark.location.path, why, self.app.id, mark.location.start_line))
        else:
            self.marked.append(Marked(mark, rule, file, self.program))

    # ------------------------------------------------------------ sources

    def _source(self, marked: Marked) -> None:
        rule = marked.rule
        note = rule.title[:1].lower() + rule.title[1:]
        if rule.shape == "rest-response":
            found = _response_shape(marked.url())
            if found:
                self.graph.origin(marked.node, found, "sure", note, (RESPONSE,))
        elif rule.shape == "env-value":
            if names.data_class(_variable(marked)) == "credential":
                self.graph.origin(marked.node, "secret", "sure", note)
        else:
            self.graph.origin(marked.node, rule.shape, rule.confidence, note)

    # ------------------------------------------------------------ observations

    def observations(self) -> Iterator[Observation]:
        """One observation per category, place and host."""
        seen: set[tuple[str, Location, str | None]] = set()
        for marked in self.marked:
            for observation in self._observe(marked):
                key = (observation.category, observation.location, observation.host)
                if key not in seen:
                    seen.add(key)
                    yield observation

    def _observe(self, marked: Marked) -> Iterator[Observation]:
        rule = marked.rule
        if rule.role == "observation":
            yield self._made(marked, rule.category, rule.confidence, data=marked.mark.data or rule.data)
        elif rule.role == "sink" and rule.category == "pii-egress":
            yield from self._egress(marked)
        elif rule.role == "sink" and rule.category == "pii-log":
            reached = self._reaching(marked.values(rule.slots), _PERSONAL | _CREDENTIAL)
            if reached is not None:
                yield self._made(marked, "pii-log", reached.confidence, reached=reached)
        elif rule.role == "sink":
            yield from self._storage(marked)

    def _storage(self, marked: Marked) -> Iterator[Observation]:
        rule, values = marked.rule, marked.values(marked.rule.slots)
        store = {"store": rule.store}
        if rule.store == "secret":
            yield self._made(marked, "credential-storage-secret", "sure", data=("credential",), attributes=store)
        personal = self._reaching(values, _PERSONAL)
        if personal is not None:
            certain = "likely" if rule.confidence == "likely" else personal.confidence
            yield self._made(marked, "pii-storage", certain, reached=personal, attributes=store)
        secret = self._reaching(values, _CREDENTIAL) if rule.store != "secret" else None
        if secret is not None:
            certain = "likely" if rule.confidence == "likely" else secret.confidence
            yield self._made(marked, "credential-storage-plain", certain, reached=secret, attributes=store)

    def _egress(self, marked: Marked) -> Iterator[Observation]:
        """The manifest does not govern what a helper calls: every host is an `egress-host`, never an undeclared one."""
        personal = self._reaching(marked.values(marked.rule.slots), _PERSONAL)
        hosts = marked.hosts()
        for host in hosts:
            if not self._leaves(marked, host):
                continue
            about = {"channel": marked.rule.channel, "host_kind": host.kind, "declared": "unknown", "side": "backend"}
            yield self._made(marked, "egress-host", "sure", host=host.name, attributes=about)
            tracker = trackers.by_host(host.name) if host.kind == "constant" else None
            if tracker is not None:
                vendor = {"vendor": tracker.vendor, "kind": tracker.kind}
                yield self._made(marked, "tracking", "sure", host=host.name, attributes=vendor)
            if personal is not None:
                yield self._made(
                    marked, "pii-egress", personal.confidence, reached=personal, host=host.name, attributes=about
                )
        if not hosts and not marked.rule.host and personal is not None:
            yield self._made(marked, "pii-egress", personal.confidence, reached=personal)

    @staticmethod
    def _leaves(marked: Marked, host: Host) -> bool:
        if host.kind != "constant":
            return marked.rule.channel not in _PASSIVE
        return not egress.is_atlassian(host.name) and host.name not in _LOCAL

    # ------------------------------------------------------------ what reaches a place

    def _reaching(self, values: list[Value], groups: frozenset[str]) -> Reached | None:
        """The data classes of some groups in some values."""
        found: list[tuple[tuple[bool, bool, int, Fact], int, frozenset[str]]] = []
        for value in values:
            for fact in self.solution.facts(value.node):
                classes = frozenset(name for name in _classes(fact, value.path) if DATA_CLASSES[name] in groups)
                if classes:
                    length = len(self.solution.trail(value.node, fact).steps)
                    rank = fact.confidence == "likely", classes == {"user-content"}, length, fact
                    found.append((rank, value.node, classes))
        if not found:
            return None
        (likely, only_text, _, fact), node, _ = min(found, key=lambda entry: entry[0])
        classes = frozenset(name for _, _, some in found for name in some)
        return Reached(tuple(sorted(classes)), "likely" if likely or only_text else "sure", node, fact)

    # ------------------------------------------------------------ making an observation

    def _made(
        self,
        marked: Marked,
        category: str,
        confidence: Confidence,
        *,
        data: tuple[str, ...] = (),
        reached: Reached | None = None,
        host: str | None = None,
        attributes: dict[str, str] | None = None,
    ) -> Observation:
        rule, mark = marked.rule, marked.mark
        trail = self.solution.trail(reached.node, reached.fact) if reached else None
        classes = data or (reached.classes if reached else ())
        host = host or mark.host
        return Observation(
            id=_fingerprint(rule.id, category, mark.location.path, marked.text, host or ""),
            app=self.app.id,
            rule=rule.id,
            category=category,
            confidence=confidence,
            location=marked.location,
            data=classes,
            host=host,
            distance=self._distance(trail, marked) if trail else "direct",
            message=mark.message or _message(rule, classes, host),
            flow=self._steps(trail, marked) if trail else (),
            attributes={**mark.attributes, **(attributes or {})},
        )

    def _steps(self, trail: Trail, marked: Marked) -> tuple[Step, ...]:
        steps = [Step(self._location(trail.origin.node), trail.origin.note)]
        for node, op in trail.steps:
            here = self._location(node)
            if (here.path, here.start_line) != (steps[-1].location.path, steps[-1].location.start_line):
                steps.append(Step(here, _note(op)))
        sink = marked.location
        if len(steps) > 1 and (steps[-1].location.path, steps[-1].location.start_line) == (sink.path, sink.start_line):
            steps.pop()
        return (*steps, Step(sink, marked.rule.title[:1].lower() + marked.rule.title[1:]))

    def _location(self, node: int) -> Location:
        place = self.graph.places[node]
        return self.files[place.file].text.location(place.start, place.end)

    def _distance(self, trail: Trail, marked: Marked) -> Distance:
        begin = self.graph.places[trail.origin.node]
        places = [begin, *(self.graph.places[node] for node, _ in trail.steps)]
        if any(place.file != marked.file.index for place in places):
            return "inter-file"
        if any(op.kind in ("call", "return") for _, op in trail.steps):
            return "inter-function"
        start, end = marked.span
        return "direct" if start <= begin.start and begin.end <= end else "intra-function"


def _classes(fact: Fact, path: tuple[str, ...]) -> frozenset[str]:
    here: Fact | None = fact
    for name in path:
        here = read(here, name) if here is not None else None
    if here is None or RESPONSE in here.path or any(name.lower() in _SIGN_IN for name in here.path):
        return frozenset()
    return shapes.classes(here.shape)


def _response_shape(url: str | None) -> str | None:
    """The shape of what a product's REST URL answers with."""
    match = _HOST.match(url) if url else None
    host, path = (match["host"], match["path"]) if match else ("", url or "")
    product = "bitbucket" if "bitbucket" in host else "confluence" if "/wiki/" in path else "jira"
    return shapes.of_response(product, path)


def _variable(marked: Marked) -> str:
    """The name of the environment variable that a place reads."""
    syntax = marked.syntax
    key = syntax.slice if isinstance(syntax, ast.Subscript) else None
    key = syntax.args[0] if isinstance(syntax, ast.Call) and syntax.args else key
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _note(op: Op) -> str:
    return {"call": "handed to a function", "return": "returned to the caller"}.get(op.kind, "passed on")


def _message(rule: Rule, data: tuple[str, ...], host: str | None) -> str:
    where = f" ({host})" if host else ""
    what = ", ".join(name.replace("-", " ") for name in data)
    return f"{rule.title}{where}: {what}" if what else f"{rule.title}{where}"


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
