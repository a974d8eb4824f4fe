"""TRACE: from marks to observations, with the path that the data took."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from tree_sitter import Node

from piiguard.facts import egress as hosts_facts
from piiguard.facts import names, shapes
from piiguard.facts import trackers as tracker_facts
from piiguard.flow import bridges, egress, forge, javascript, wrappers
from piiguard.flow.graph import Fact, Graph, Op, Solution, Trail, read
from piiguard.flow.hosts import Host, Texts, host_of, template_of
from piiguard.flow.marked import Marked, Value, arguments_of, inner_value, location_of, normalised
from piiguard.flow.program import File, Function, Program, text
from piiguard.model import DATA_CLASSES, App, Confidence, Distance, Gap, Location, Mark, Observation, Rule, Step, Subject, Traced

CREDENTIAL = frozenset({"credential"})
PERSONAL = frozenset({"direct", "pseudonymous", "content"})
"""Groups of data classes that make a storage, log or egress observation. What is only indirect (locale, site) does not, alone."""
_RESPONSE = "json()"
"""Under this pseudo property sits the body of a response: the response object itself tells nothing."""
_PASSIVE = frozenset({"images", "styles", "fonts", "media", "frames"})
"""Channels where an unknown address is a picture that the product or the app itself gave, not a call of a service."""
_SIGN_IN = frozenset({"authorization", "auth"})
"""What signs a request in goes to the service that it belongs to: the user name in it is no disclosure."""
_NAMES = frozenset({"identifier", "member_expression", "shorthand_property_identifier", "shorthand_property_identifier_pattern", "property_identifier"})
_LONGEST_NAME = 60
_TRACED = ("pii-storage", "pii-log", "pii-egress", "pii-queue")


TRACKER_HOST = Rule(
    id="tracker-host",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Calls a host of an analytics or tracking service",
    category="tracking",
    claims=("no-tracking",),
    why="Whoever runs the host learns who uses the app, when, and what the request carries.",
    fix="Remove the call, or say in the Trust Center that usage is measured, by whom and with which data.",
)
TRACKING_WRAPPER = Rule(
    id="tracking-wrapper",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Calls the app's own analytics function, which leads to a tracking service",
    category="tracking",
    confidence="likely",
    claims=("no-tracking",),
    why="Each such call is an event about what a person does, on its way to whoever runs the service.",
    fix="Remove the call together with the function behind it, or say in the Trust Center that usage is measured.",
)
CONSOLE_LOG = "console-log"
"""Rule of the log places that only the graph sees."""
RULES: tuple[Rule, ...] = (TRACKER_HOST, TRACKING_WRAPPER)
"""Rules of observations that only the flow graph can make."""


class Reached(NamedTuple):
    """Data classes that reach a sink, with the shortest way of one of them."""

    classes: tuple[str, ...]
    confidence: Confidence
    node: int
    fact: Fact


def trace(subject: Subject, marks: Iterable[Mark], rules: dict[str, Rule]) -> Traced:
    """What the code does at the marked places."""
    by_app: dict[str, list[Mark]] = {}
    for mark in marks:
        by_app.setdefault(mark.app, []).append(mark)
    observations: list[Observation] = []
    gaps: list[Gap] = []
    for app in subject.apps:
        tracer = Tracer(app, by_app.get(app.id, []), rules)
        observations += tracer.observations()
        gaps += tracer.gaps
    return Traced(tuple(_numbered(observations)), tuple(gaps))


def resolve_marks(subject: Subject, marks: Iterable[Mark], rules: dict[str, Rule]) -> list[Mark]:
    """The marks whose callee condition holds."""
    kept: list[Mark] = []
    for app in subject.apps:
        tracer = Tracer(app, [mark for mark in marks if mark.app == app.id], rules)
        kept += [marked.mark for marked in tracer.marked] + tracer.plain
    return kept


class Tracer:
    """The graph of one app, solved."""

    def __init__(self, app: App, marks: list[Mark], rules: dict[str, Rule]) -> None:
        self.app = app
        self.rules = rules
        self.graph = Graph()
        self.program, self.gaps = javascript.build(app.sources, self.graph)
        self.files = {file.index: file for file in self.program.files.values()}
        self.texts = Texts(self.program)
        self.marked: list[Marked] = []
        self.plain: list[Mark] = []
        self.tracking: list[Mark] = []
        """Marks that turned out to be tracking."""
        for mark in sorted(marks, key=lambda mark: (mark.location, mark.rule)):
            self._take(mark)
        forge.entries(app, self.program, self.graph)
        bridges.link(app, self.program, self.graph, self.texts)
        for marked in self.marked:
            if marked.rule.role == "source":
                self._source(marked)
        self.log_wrappers = self._find_log_wrappers()
        self.solution = Solution(self.graph)

    def _find_log_wrappers(self) -> dict[int, Function]:
        """The app's own log functions; their calls become log places, as does `console.log` handed over as a parameter."""
        logs = [marked for marked in self.marked if marked.rule.category == "pii-log" and marked.rule.role == "sink"]
        rule = next((marked.rule for marked in logs), self.rules.get(CONSOLE_LOG))
        if rule is None:
            return {}
        passed = [(call.node, call.file.source.path) for call in wrappers.passed_globals(self.program, "console")]
        places = [(marked.node, marked.file.source.path) for marked in logs] + passed
        found = wrappers.wrappers(self.program, places, wrappers.LOG_WORDS)
        calls = [(call.node, call.file.source.path) for call in wrappers.calls_of(self.program, found)]
        for node, path in passed + calls:
            around = wrappers.enclosing(self.program, node, path)
            if around is None or around.number not in found:
                self.marked.append(Marked(_mark_of(node, path, rule.id, self.app.id), rule, self.program.files[path]))
        return found

    def _tracking_wrappers(self) -> Iterator[Observation]:
        """Calls of the app's own analytics functions."""
        places = [(marked.node, marked.file.source.path) for marked in self.marked if marked.mark in self.tracking]
        found = wrappers.wrappers(self.program, places, wrappers.TRACKING_WORDS)
        for call in wrappers.calls_of(self.program, found):
            mark = _mark_of(call.node, call.file.source.path, TRACKING_WRAPPER.id, self.app.id)
            yield self._made(Marked(mark, TRACKING_WRAPPER, call.file), "tracking", "likely")

    def _take(self, mark: Mark) -> None:
        rule, file = self.rules[mark.rule], self.program.files.get(mark.location.path)
        if file is None or rule.engine != "semgrep":
            self.plain.append(mark)
            return
        marked = Marked(mark, rule, file)
        if marked.holds(self.program):
            self.marked.append(marked)

    # ------------------------------------------------------------ sources

    def _source(self, marked: Marked) -> None:
        shape, note = marked.rule.shape, marked.rule.title[:1].lower() + marked.rule.title[1:]
        function = marked.function()
        if function is not None:
            for node in function.params[:1]:
                self.graph.origin(node, shape, marked.rule.confidence, note)
            return
        node = marked.graph_node(marked.node)
        if shape == "rest-response":
            found = self._response_shape(marked)
            if found:
                self.graph.origin(node, found, "sure", note, (_RESPONSE,))
        elif shape == "env-value":
            if names.data_class(text(marked.node).rpartition(".")[2]) == "credential":
                self.graph.origin(node, "secret", "sure", note)
        else:
            self.graph.origin(node, shape, marked.rule.confidence, note)

    def _response_shape(self, marked: Marked) -> str | None:
        call = marked.call
        if call is None or not call.args:
            return None
        product = _product(text(call.callee))
        for value in self.texts.of(call.args[0][0], call.scope, call.file):
            found = shapes.of_response(product, template_of(value))
            if found:
                return found
        return None

    # ------------------------------------------------------------ observations

    def observations(self) -> Iterator[Observation]:
        for mark in self.plain:
            yield _of_plain_mark(mark, self.rules[mark.rule])
        seen: set[tuple[object, ...]] = set()
        for marked in self.marked:
            for observation in self._observe(marked):
                key = (observation.category, observation.location, observation.host)
                if key not in seen:
                    seen.add(key)
                    yield observation
        yield from self._tracking_wrappers()

    def _observe(self, marked: Marked) -> Iterator[Observation]:
        rule = marked.rule
        if rule.role == "observation":
            if rule.category == "tracking" and marked.call is not None:
                self.tracking.append(marked.mark)
            yield self._made(marked, rule.category, rule.confidence, data=rule.data, attributes=self._vendor(marked))
        elif rule.role == "sink" and rule.host:
            yield from self._egress(marked)
        elif rule.role == "sink":
            yield from self._storage_or_log(marked)

    def _storage_or_log(self, marked: Marked) -> Iterator[Observation]:
        rule = marked.rule
        attributes = {"store": rule.store} if rule.store else {}
        values = marked.values(rule.slots)
        if rule.category == "pii-log":
            around = wrappers.enclosing(self.program, marked.node, marked.file.source.path)
            inside = around is not None and around.number in self.log_wrappers
            reached = self.reaching(values, PERSONAL | CREDENTIAL, born_here=inside)
            if reached is not None:
                yield self._made(marked, "pii-log", reached.confidence, reached=reached)
            return
        personal = self.reaching(values, PERSONAL)
        if rule.store == "secret":
            yield self._made(marked, "credential-storage-secret", "sure", data=("credential",), attributes=attributes)
        if rule.category not in _TRACED:
            yield self._made(marked, rule.category, rule.confidence, reached=personal, attributes=attributes)
            return
        if personal is not None:
            yield self._made(marked, rule.category, personal.confidence, reached=personal, attributes=attributes)
        secret = self.reaching(values, CREDENTIAL) if rule.category == "pii-storage" and rule.store != "secret" else None
        if secret is not None:
            yield self._made(marked, "credential-storage-plain", secret.confidence, reached=secret, attributes=attributes)

    def _egress(self, marked: Marked) -> Iterator[Observation]:
        rule, side = marked.rule, marked.file.source.side
        personal = self.reaching(marked.values(rule.slots), PERSONAL)
        for host in self.hosts(marked):
            if host.kind != "constant" and rule.channel in _PASSIVE:
                continue
            if host.kind == "constant" and (hosts_facts.is_atlassian(host.name) or host.name in ("localhost", "127.0.0.1")):
                continue
            allowed = egress.declared(self.app, host, rule.channel, side)
            attributes = {"channel": rule.channel, "host_kind": host.kind, "declared": allowed, "side": side}
            category = rule.category if rule.category != "pii-egress" else "undeclared-egress" if allowed == "no" else "egress-host"
            yield self._made(marked, category, "sure", host=host.name, attributes=attributes)
            tracker = tracker_facts.by_host(host.name) if host.kind == "constant" else None
            if tracker is not None:
                vendor = {"vendor": tracker.vendor, "kind": tracker.kind}
                self.tracking.append(marked.mark)
                yield self._made(marked, "tracking", "sure", host=host.name, attributes=vendor, rule=TRACKER_HOST)
            if personal is not None:
                yield self._made(marked, "pii-egress", personal.confidence, reached=personal, host=host.name, attributes=attributes)

    def hosts(self, marked: Marked) -> list[Host]:
        """The hosts that an egress call goes to, without those that stay on the page's own host."""
        kind, _, name = marked.rule.host.partition(":")
        if kind == "literal":
            return [Host(name, "constant", f"https://{name}/")]
        found: dict[str, Host] = {}
        for value in marked.values((marked.rule.host,)):
            syntax = inner_value(value) if value.path else value.syntax
            if syntax is None:
                continue
            for known in self.texts.of(syntax, marked.scope, marked.file):
                host = host_of(known)
                if host is not None:
                    found.setdefault(host.name, host)
        return list(found.values())

    # ------------------------------------------------------------ what reaches a place

    def reaching(self, values: list[Value], groups: frozenset[str], *, born_here: bool = False) -> Reached | None:
        """The data classes of some groups in some values. The witness is the most certain and most direct of them.

        `born_here`: without what callers hand over (inside a log wrapper, it is reported at their calls).
        """
        found: list[tuple[tuple[bool, bool, int, Fact], int, frozenset[str]]] = []
        for value in values:
            for fact in self.solution.facts(value.node):
                if born_here and fact.site:
                    continue
                classes = frozenset(name for name in self._classes(fact, value.path) if DATA_CLASSES[name] in groups)
                if classes:
                    rank = fact.confidence == "likely", classes == {"user-content"}, len(self.solution.trail(value.node, fact).steps), fact
                    found.append((rank, value.node, classes))
        if not found:
            return None
        (likely, only_text, _, fact), node, _ = min(found, key=lambda entry: entry[0])
        classes = frozenset(name for _, _, some in found for name in some)
        return Reached(tuple(sorted(classes)), "likely" if likely or only_text else "sure", node, fact)

    @staticmethod
    def _classes(fact: Fact, path: tuple[str, ...]) -> frozenset[str]:
        here: Fact | None = fact
        for name in path:
            here = read(here, name) if here is not None else None
        if here is None or _RESPONSE in here.path or any(name.lower() in _SIGN_IN for name in here.path):
            return frozenset()
        return shapes.classes(here.shape)

    # ------------------------------------------------------------ making an observation

    def _made(
        self, marked: Marked, category: str, confidence: Confidence, *, data: tuple[str, ...] = (), reached: Reached | None = None, host: str | None = None, attributes: dict[str, str] | None = None, rule: Rule | None = None
    ) -> Observation:
        rule = rule or marked.rule
        location = location_of(marked.node, marked.mark.location.path)
        trail = self.solution.trail(reached.node, reached.fact) if reached else None
        flow = self._steps(trail, location, rule) if trail else ()
        return Observation(
            id=_fingerprint(rule.id, category, location.path, normalised(marked.node), host or ""),
            app=self.app.id,
            rule=rule.id,
            category=category,
            confidence=confidence,
            location=location,
            data=data or (reached.classes if reached else ()),
            host=host,
            distance=self._distance(trail, marked) if trail else "direct",
            message=_message(rule, category, data or (reached.classes if reached else ()), host),
            flow=flow,
            attributes={**marked.mark.attributes, **(attributes or {})},
        )

    def _vendor(self, marked: Marked) -> dict[str, str]:
        """The tracker that an import or global names."""
        for module in _modules(marked, self.program):
            tracker = tracker_facts.by_package(module, "npm") or tracker_facts.by_global(module)
            if tracker is not None:
                return {"vendor": tracker.vendor, "kind": tracker.kind}
        return {}

    def _steps(self, trail: Trail, sink: Location, rule: Rule) -> tuple[Step, ...]:
        steps: list[Step] = [Step(self._location(trail.origin.node), trail.origin.note)]
        for node, op in trail.steps:
            here = self._location(node)
            if (here.path, here.start_line) != (steps[-1].location.path, steps[-1].location.start_line):
                steps.append(Step(here, self._note(node, op)))
        if (steps[-1].location.path, steps[-1].location.start_line) == (sink.path, sink.start_line) and len(steps) > 1:
            steps.pop()
        steps.append(Step(sink, rule.title[:1].lower() + rule.title[1:]))
        return tuple(steps)

    def _note(self, node: int, op: Op) -> str:
        """What happens at a step, by the names in the code (never by its literals: one may be a secret)."""
        syntax, _ = self._syntax(node)
        name = f" `{text(syntax)}`" if syntax.type in _NAMES and len(text(syntax)) <= _LONGEST_NAME else ""
        if op.kind == "call":
            return f"handed to a function, as{name}" if name else "handed to a function"
        if op.kind == "return":
            return "returned to the caller"
        return f"becomes{name}" if name else "passed on"

    def _syntax(self, node: int) -> tuple[Node, File]:
        place = self.graph.places[node]
        file = self.files[place.file]
        return file.root.descendant_for_byte_range(place.start, place.end) or file.root, file

    def _location(self, node: int) -> Location:
        syntax, file = self._syntax(node)
        return location_of(syntax, file.source.path)

    def _distance(self, trail: Trail, marked: Marked) -> Distance:
        begin = self.graph.places[trail.origin.node]
        nodes = [begin, *(self.graph.places[node] for node, _ in trail.steps)]
        if any(place.file != marked.file.index for place in nodes):
            return "inter-file"
        if any(op.kind in ("call", "return") for _, op in trail.steps):
            return "inter-function"
        return "direct" if marked.node.start_byte <= begin.start and begin.end <= marked.node.end_byte else "intra-function"


def _mark_of(node: Node, path: str, rule: str, app: str) -> Mark:
    """A mark that the graph makes itself."""
    return Mark(location_of(node, path), rule, app, node.start_byte, node.end_byte)


def _product(callee: str) -> str:
    for product in ("Jira", "Confluence", "Bitbucket"):
        if callee.endswith(f"request{product}"):
            return product.lower()
    return ""


def _modules(marked: Marked, program: Program) -> Iterator[str]:
    """Names by which a marked import or global call may be known."""
    for module, node in marked.file.imports:
        if node.start_byte <= marked.node.start_byte and marked.node.end_byte <= node.end_byte:
            yield module
    for node in arguments_of(marked.node)[:1]:
        yield text(node).strip("'\"`")
    root = marked.node.child_by_field_name("function") or marked.node.child_by_field_name("left") or marked.node
    resolved, _ = program.roots(root, marked.scope, marked.file)
    for name in sorted(resolved):
        yield name.rpartition("#")[0] or name


def _of_plain_mark(mark: Mark, rule: Rule) -> Observation:
    """The observation of a mark that needs no tracing (manifest, dependencies, text, markup)."""
    return Observation(
        id=_fingerprint(rule.id, rule.category, mark.location.path, mark.message or rule.title, "|".join((mark.host or "", *(f"{k}={v}" for k, v in sorted(mark.attributes.items()))))),
        app=mark.app,
        rule=rule.id,
        category=rule.category,
        confidence=rule.confidence,
        location=mark.location,
        data=mark.data or rule.data,
        host=mark.host,
        message=mark.message or rule.title,
        attributes=mark.attributes,
    )


def _message(rule: Rule, category: str, data: tuple[str, ...], host: str | None) -> str:
    what = ", ".join(name.replace("-", " ") for name in data)
    where = f" ({host})" if host else ""
    if category in ("egress-host", "undeclared-egress"):
        return f"{rule.title}{where}" + (": the manifest does not allow this host" if category == "undeclared-egress" else "")
    return f"{rule.title}{where}: {what}" if what else f"{rule.title}{where}"


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _numbered(observations: list[Observation]) -> Iterator[Observation]:
    """In report order; equal fingerprints (the same line twice in a file) are told apart by their rank."""
    counts: dict[str, int] = {}
    for observation in sorted(observations, key=lambda o: (o.app, o.location, o.category, o.rule, o.host or "")):
        rank = counts[observation.id] = counts.get(observation.id, 0) + 1
        if rank > 1:
            yield msgspec.structs.replace(observation, id=_fingerprint(observation.id, str(rank)))
        else:
            yield observation
