"""TRACE: from marks to observations, with the path that the data took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from piiguard.facts import names, sdk_clients, shapes, trackers
from piiguard.flow import (
    analytics,
    bridges,
    clients,
    forge,
    forms,
    javascript,
    packages,
    python,
    scopes,
    transforms,
    wrappers,
)
from piiguard.flow.declarations import returns
from piiguard.flow.graph import Graph, Solution
from piiguard.flow.hosts import Texts
from piiguard.flow.marked import Marked, arguments_of
from piiguard.flow.observe import RESPONSE, Observer, numbered
from piiguard.flow.place import MarkedPlace
from piiguard.flow.printed import Printed
from piiguard.flow.program import Call, File, Function, Span, span, text
from piiguard.flow.rules import (
    ANALYTICS_CALL,
    ANALYTICS_PACKAGE,
    CONSOLE_LOG,
    EGRESS_FETCH,
    RULES,
    SDK_CLIENT,
    TRACKING_WRAPPER,
    WEBTRIGGER_ANSWER,
)
from piiguard.model import App, Gap, Location, Mark, Observation, Rule, Subject, Traced

_CALLED = frozenset({"egress-host", "undeclared-egress"})


def trace(subject: Subject, marks: Iterable[Mark], rules: dict[str, Rule]) -> Traced:
    """What the code does at the marked places."""
    by_app: dict[str, list[Mark]] = {}
    for mark in marks:
        by_app.setdefault(mark.app, []).append(mark)
    observations: list[Observation] = []
    gaps: list[Gap] = []
    stumbles: set[tuple[str, int]] = set()
    for app in subject.apps:
        tracer = Tracer(app, by_app.get(app.id, []), rules)
        observations += tracer.observations()
        gaps += tracer.gaps
        stumbles |= {(path, line) for path, lines in tracer.program.stumbles.items() for line in lines}
    return Traced(tuple(numbered(observations)), tuple(gaps), frozenset(stumbles))


def resolve_marks(subject: Subject, marks: Iterable[Mark], rules: dict[str, Rule]) -> list[Mark]:
    """The marks whose callee condition holds."""
    kept: list[Mark] = []
    for app in subject.apps:
        tracer = Tracer(app, [mark for mark in marks if mark.app == app.id], rules)
        kept += [marked.mark for marked in tracer.marked] + tracer.plain
    return kept


class Tracer:
    """The graph of one app, with its marks in it, solved."""

    def __init__(self, app: App, marks: list[Mark], rules: dict[str, Rule]) -> None:
        self.app = app
        self.rules = rules
        self.graph = Graph()
        self.program, self.gaps = javascript.build(app.sources, self.graph)
        self.helpers, missed = python.build(app.sources, self.graph, len(self.program.files) + 1)
        self.gaps += missed
        self.marked: list[Marked] = []
        self.in_python: list[python.Marked] = []
        self.plain: list[Mark] = []
        self._known_modules = {name.rpartition("#")[0] for rule in rules.values() for name in rule.callee.imports}
        packages.follow(self.program, self.graph, self._has_rules)
        for mark in sorted(marks, key=lambda mark: (mark.location, mark.rule)):
            self._take(mark)
        self._mark_clients()
        forge.entries(app, self.program, self.graph)
        bridges.link(app, self.program, self.graph, Texts(self.program))
        transforms.link(self.program, self.graph, {(place.source.path, Span(*place.span)) for place in self.marked})
        for place in self._places():
            if place.rule.role == "source":
                self._source(place)
        self.log_wrappers = self._find_log_wrappers()
        sources = {file.index: file.source for file in self.program.files.values()}
        sources |= {file.index: file.source for file in self.helpers.files.values()}
        self.solution = Solution(self.graph)
        inside = (place for place in self.marked if place.rule.category == "pii-log" and self.in_log_wrapper(place))
        self._printed = Printed(self.graph.contexts, self.solution, inside)
        self._observer = Observer(app, self.graph, self.solution, sources)
        if self.graph.given_up:
            self.gaps.append(Gap(app.manifest.path, "its data flow is too intricate to be followed to the end", app.id))

    def _has_rules(self, module: str) -> bool:
        """Is a module one whose calls some rule or table knows?"""
        return (
            module in self._known_modules
            or bool(sdk_clients.host_of(module) or trackers.by_package(module, "npm"))
            or analytics.named(module)
        )

    def _take(self, mark: Mark) -> None:
        rule, path = self.rules[mark.rule], mark.location.path
        if rule.engine == "semgrep" and path in self.program.files:
            marked = Marked(mark, rule, self.program.files[path], self.program)
            if marked.holds():
                self.marked.append(marked)
        elif rule.engine == "libcst" and path in self.helpers.files:
            self.in_python.append(python.Marked(mark, rule, self.helpers.files[path], self.helpers))
        else:
            self.plain.append(mark)

    def _places(self) -> Iterator[Marked | python.Marked]:
        yield from self.marked
        yield from self.in_python

    def _mark_clients(self) -> None:
        """The requests that clients of a service make, and a renamed `fetch`, beside those that a rule knows."""
        known = {(place.source.path, place.span) for place in self.marked if place.rule.category == "pii-egress"}
        for call, host in clients.requests(self.program):
            if (call.file.source.path, span(call.node)) not in known:
                self.marked.append(self._marked_call(call, SDK_CLIENT, host))
        if EGRESS_FETCH in self.rules:
            for call in clients.aliases(self.program):
                if (call.file.source.path, span(call.node)) not in known:
                    self.marked.append(self._marked_call(call, self.rules[EGRESS_FETCH]))

    # ------------------------------------------------------------ sources

    def _source(self, place: MarkedPlace) -> None:
        """Give the marked value its shape. A marked function: its first parameter has it."""
        rule = place.rule
        note = rule.title[:1].lower() + rule.title[1:]
        function = place.function if isinstance(place, Marked) else None
        if function is not None:
            param = next(iter(function.params), 0)
            self.graph.origin(param, rule.shape, rule.confidence, note)
            for name in forms.picked_people(place.syntax) if isinstance(place, Marked) else ():
                self.graph.origin(param, "account-id", "sure", "picked by the user", (name,))
        elif rule.shape == "rest-response":
            method = _method(place) if isinstance(place, Marked) else "GET"
            asked = place.asked_fields() if isinstance(place, Marked) else None
            found = shapes.of_response(place.product, place.url() or "", method, asked)
            if found:
                self.graph.origin(place.node, found, rule.confidence, note, (RESPONSE,))
        elif rule.shape == "env-value":
            if names.data_class(place.variable) == "credential":
                self.graph.origin(place.node, "secret", rule.confidence, note)
        else:
            self.graph.origin(place.node, rule.shape, rule.confidence, note)

    # ------------------------------------------------------------ wrappers of the app

    def _find_log_wrappers(self) -> dict[int, Function]:
        """The app's own log functions. Their calls become log places, as does a `console.log` handed over."""
        logs = [place for place in self.marked if place.rule.category == "pii-log" and place.rule.role == "sink"]
        rule = next((place.rule for place in logs), self.rules.get(CONSOLE_LOG))
        if rule is None:
            return {}
        passed = list(wrappers.passed_globals(self.program, "console"))
        places = [(place.syntax, place.source.path) for place in logs] + [
            (call.node, call.file.source.path) for call in passed
        ]
        found = wrappers.wrappers(self.program, places, wrappers.LOG_WORDS)
        for call in (*passed, *wrappers.calls_of(self.program, found)):
            around = wrappers.enclosing(self.program, call.node, call.file.source.path)
            if around is None or around.number not in found:
                self.marked.append(self._marked_call(call, rule))
        return found

    def _tracking_wrappers(self, tracking: list[Marked]) -> Iterator[Observation]:
        """Calls of the app's own analytics functions."""
        places = [(place.syntax, place.source.path) for place in tracking]
        found = wrappers.wrappers(self.program, places, wrappers.TRACKING_WORDS)
        own = {file.index: file for file in analytics.files(self.program)}
        found |= wrappers.wrappers_in(own.values(), wrappers.TRACKING_WORDS)

        def is_inside(file: File) -> bool:
            return file.index in own or wrappers.file_meant_for(file, wrappers.TRACKING_WORDS)

        for call in wrappers.calls_of(self.program, found, but_in=is_inside):
            yield self._observer.made(self._marked_call(call, TRACKING_WRAPPER), "tracking", "likely")

    def _marked_call(self, call: Call, rule: Rule, host: str | None = None) -> Marked:
        """A mark that the graph makes itself."""
        return self._marked_node(call.node, call.file, rule, host)

    def _marked_node(self, node: Node, file: File, rule: Rule, host: str | None = None) -> Marked:
        location = Location(file.source.path, node.start_point[0] + 1)
        mark = Mark(location, rule.id, self.app.id, node.start_byte, node.end_byte, host=host)
        return Marked(mark, rule, file, self.program)

    # ------------------------------------------------------------ observations

    def observations(self) -> Iterator[Observation]:
        seen: set[tuple[object, ...]] = set()
        tracking: list[Marked] = []
        called: set[str | None] = set()
        for place in self._places():
            for observation in self._observe(place):
                if observation.category == "tracking" and isinstance(place, Marked):
                    tracking.append(place)
                if observation.category in _CALLED:
                    called.add(observation.host if observation.attributes.get("host_kind") == "constant" else None)
                if self._is_new(observation, seen):
                    yield observation
        for file, node in analytics.imports(self.program):
            yield self._observer.made(self._marked_node(node, file, ANALYTICS_PACKAGE), "tracking", "likely")
        for call in analytics.calls(self.program):
            yield self._observer.made(self._marked_call(call, ANALYTICS_CALL), "tracking", "likely")
        yield from self._tracking_wrappers(tracking)
        for place in self._answers():
            yield from self._observer.answer(place)
        yield from (each for each in map(self._plain, self.plain) if self._is_new(each, seen))
        called |= {mark.host for mark in self.plain if mark.host and self.rules[mark.rule].engine == "text"}
        for report in (scopes.check(self.app, list(self._product_calls())), scopes.unused_hosts(self.app, called)):
            self.gaps += report.gaps
            yield from map(self._plain, report.marks)

    @staticmethod
    def _is_new(observation: Observation, seen: set[tuple[object, ...]]) -> bool:
        """Several rules may say the same of one place; of a secret, one line says it."""
        location = observation.location
        place = (location.path, location.start_line) if observation.category == "hardcoded-secret" else location
        key = (
            observation.category,
            place,
            observation.host,
            observation.attributes.get("scope"),
            observation.attributes.get("fact"),
        )
        if key in seen:
            return False
        seen.add(key)
        return True

    def _plain(self, mark: Mark) -> Observation:
        return self._observer.plain(mark, self.rules[mark.rule])

    def _answers(self) -> Iterator[Marked]:
        """What the handlers of public web triggers return."""
        for function in forge.webtriggers(self.app, self.program):
            for node in returns(function):
                yield self._marked_node(node, function.file, WEBTRIGGER_ANSWER)

    def _observe(self, place: Marked | python.Marked) -> Iterator[Observation]:
        rule = place.rule
        if rule.role == "observation":
            attributes: dict[str, str] = _vendor(place) if isinstance(place, Marked) else {}
            # Whoever records sessions tracks as well.
            both = ("session-recording", "tracking") if rule.category == "session-recording" else (rule.category,)
            for category in both:
                data = place.mark.data or rule.data
                yield self._observer.made(place, category, rule.confidence, data=data, attributes=attributes)
        elif rule.role == "sink" and (rule.host or place.mark.host):
            yield from self._observer.egress(place)
        elif rule.role == "sink" and rule.category == "pii-log":
            call = place.call if isinstance(place, Marked) else None
            yield from self._observer.log(
                place,
                born_here=self.in_log_wrapper(place),
                printed=self._printed,
                site=call.number if call is not None else 0,
            )
        elif rule.role == "sink":
            yield from self._observer.storage(place)

    def in_log_wrapper(self, place: MarkedPlace) -> bool:
        around = (
            wrappers.enclosing(self.program, place.syntax, place.source.path) if isinstance(place, Marked) else None
        )
        return around is not None and around.number in self.log_wrappers

    def _product_calls(self) -> Iterator[scopes.ProductCall]:
        """The calls of product APIs, for the check of scopes."""
        for place in self.marked:
            if place.rule.shape == "rest-response" and place.call is not None and place.product:
                for path in place.urls() or [""]:
                    known = path if path.startswith("/") else None
                    yield scopes.ProductCall(place.product, _method(place), known, place.mark.location)


def _method(place: Marked) -> str:
    """The HTTP method of a product call: GET without options, "" where only running the program would tell."""
    if not place.values(("arg:1",)):
        return "GET"
    return (place.method() or "").upper()


def _vendor(place: Marked) -> dict[str, str]:
    """The tracker that a marked import or call names."""
    for name in _names_at(place):
        tracker = trackers.by_package(name, "npm") or trackers.by_global(name)
        if tracker is not None:
            return {"vendor": tracker.vendor, "kind": tracker.kind}
    return {}


def _names_at(place: Marked) -> Iterator[str]:
    """Modules and globals that the marked place names."""
    start, end = place.span
    for module, node in place.file.imports:
        if node.start_byte <= start and end <= node.end_byte:
            yield module
    for node in arguments_of(place.syntax)[:1]:
        yield text(node).strip("'\"`")
    for name in sorted(place.roots()[0]):
        yield name.rpartition("#")[0] or name


__all__ = ["RULES", "resolve_marks", "trace"]
