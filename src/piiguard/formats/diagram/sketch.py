"""From a report to the data flow of one app: what each observation adds to the picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, get_args

from piiguard.errors import UsageError
from piiguard.facts import providers, trackers
from piiguard.formats import overview
from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node
from piiguard.formats.diagram.places import LaneId, PartId, Source, places
from piiguard.model import App, Observation, Owner, Report, RunBy
from piiguard.model import Source as SourceFile

ANYWHERE = "*"
STORE = "store"
"""Place of what is stored where no rule says."""
TRACKING = "tracking"
NOT_FOLLOWED = "not followed"
"""In the note of a way whose data no observation tells, so that nothing is said of it."""
WRITTEN = f"the app's scopes let it write there; what it writes is {NOT_FOLLOWED}"
NO_USE = "no use seen"
NO_DATA = "no personal data seen"
_TRACKERS = frozenset({*get_args(trackers.Kind), "beacon"})
_NAMING = frozenset({"manifest-declaration", "egress-host", "tracking", "session-recording", "ai-processing"})
"""Categories that only name something where a manifest or a dependency list is all that was seen."""
_TOLD_ELSEWHERE = frozenset({"manifest-declaration", "tracking", "credential-egress", "insecure-transport"})
"""Categories that without a host add nothing to what other observations of the same code say."""
_DOUBTFUL: tuple[Owner, ...] = (
    *("vendor", "unlisted", "unknown", "none", "unnamed"),
    *("subprocessor", "typed-in", "customer-configured", "atlassian"),
)
"""Where a host may be run by two, the one that a reader must know of."""


def graph(report: Report, app_id: str) -> DataFlow:
    """The data flow of an app of the report. Raises UsageError for another id."""
    app = next((each for each in report.subject.apps if each.id == app_id), None)
    if app is None:
        known = ", ".join(repr(each.id) for each in report.subject.apps) or "none"
        raise UsageError(f"there is no app {app_id!r} here", todo=f"The apps are: {known}")
    return _Sketch(report, app).flow()


def part_of(observation: Observation, app: App, sources: Mapping[str, SourceFile]) -> PartId:
    """The part of the app that an observation is about. `sources`: path -> file."""
    source = sources.get(observation.location.path)
    if (source and source.language == "python") or observation.attributes.get("path_kind") in ("helper", "script"):
        return "helper"
    if observation.location.path == app.manifest.path:
        channel = observation.attributes.get("channel", "")
        return "backend" if channel in ("", "fetch.backend", "remote") else "frontend"
    in_browser = source is not None and (source.side == "frontend" or source.language in ("html", "css"))
    return "frontend" if in_browser or observation.attributes.get("side") == "frontend" else "backend"


class Target(NamedTuple):
    """What an observation says data goes to. Observations with the same lane and label share a box."""

    lane: LaneId
    label: str
    about: str = ""
    detail: str = ""
    service: str = ""
    purpose: str = ""
    is_host: bool = False


class Way(NamedTuple):
    """What one observation adds to the picture."""

    part: PartId
    target: Target
    source: str
    """Label of the source; empty: no data was seen."""
    data: tuple[str, ...]
    sure: bool
    notes: tuple[str, ...]
    seen: bool


class _Sketch:
    """One app's observations, with what is known around them."""

    def __init__(self, report: Report, app: App) -> None:
        self._report = report
        self._app = app
        self._observations = overview.of_app(report, app)
        self._sources = {source.path: source for source in app.sources}
        self._owners: dict[str, list[RunBy]] = defaultdict(list)
        for entry in report.judgement.hosts:
            self._owners[entry.observation].append(entry)
        self._beside: dict[tuple[str, int], list[Observation]] = defaultdict(list)
        for each in self._observations:
            if each.host or "vendor" in each.attributes:
                self._beside[each.location.path, each.location.start_line].append(each)

    def flow(self) -> DataFlow:
        ways = sorted((*self._ways(), *self._by_scopes(), *self._by_modules()), key=lambda way: (way.target, way))
        parts = [part for part in places().parts if part in self._parts(ways)]
        labels = {way.source for way in ways if way.source} | set(self._readable())
        if "frontend" in parts:
            labels.add(_user().label)
        sources = [each for each in places().sources if each.label in labels]
        targets = sorted({way.target[:2] for way in ways}, key=lambda target: _rank(target, ways))
        ids = {each.label: f"s{number}" for number, each in enumerate(sources, 1)}
        ids |= {part: f"a{number}" for number, part in enumerate(parts, 1)}
        places_of = {target: f"d{number}" for number, target in enumerate(targets, 1)}
        return DataFlow(
            app=self._app.id,
            name=self._app.name or self._app.id,
            nodes=(
                *(Node(ids[each.label], "source", each.label, notes=_only(each.detail)) for each in sources),
                *(
                    Node(
                        ids[part],
                        "part",
                        places().parts[part].label,
                        notes=(places().parts[part].detail,),
                        elsewhere=part == "helper",
                    )
                    for part in parts
                ),
                *(_destination(places_of[target], target, ways) for target in targets),
            ),
            edges=(*self._edges_in(ways, ids, parts), *_edges_out(ways, ids, places_of)),
            unused=self._unused(targets),
            gaps=len(overview.gaps_of(self._report, self._app)),
        )

    # ------------------------------------------------------------ what an observation adds

    def _ways(self) -> Iterator[Way]:
        words = places()
        for each in self._observations:
            if self._engine(each) == "dependency":
                continue
            part = part_of(each, self._app, self._sources)
            if each.category in words.categories:
                name = words.categories[each.category]
                target: Target | None = _place(each.attributes.get("store", name) if name == STORE else name, part)
                notes: tuple[str, ...] = ()
            elif each.category in words.hosts:
                target = self._host(each)
                notes = tuple(note for note in self._notes(each) if target and note not in target.label)
            else:
                continue
            if target is not None:
                source = words.source_of(each.attributes.get("source", "")).label if each.data and each.flow else ""
                yield Way(part, target, source, each.data, each.confidence == "sure", notes, self._is_seen(each))

    def _is_seen(self, observation: Observation) -> bool:
        """Whether code does it, or the platform on the manifest's word; other words of the manifest only allow it."""
        only_named = self._engine(observation) == "manifest" and observation.rule not in places().rules
        return observation.category != "unused-host" and not (only_named and observation.category in _NAMING)

    def _engine(self, observation: Observation) -> str:
        rule = self._report.rules.get(observation.rule)
        return rule.engine if rule is not None else ""

    def _host(self, observation: Observation) -> Target | None:
        """The host, or the service of a package, that an observation is about."""
        words = places()
        about = self._about(observation)
        vendor = about.attributes.get("vendor") or words.services.get(about.rule, "")
        host = about.host or ""
        owners = self._owners[about.id] or self._owners[observation.id]
        owner: Owner = min((entry.owner for entry in owners), key=_DOUBTFUL.index, default="none")
        if host and not host.startswith("<"):
            return _called(host, owners, owner, only_shown=observation.category == "navigation-egress")
        if place := words.own_ai(about):
            return _place(place, "backend")
        if vendor:
            provider = providers.by_name(vendor)
            purpose = provider.purpose if provider else ""
            return self._service(vendor) or Target("other", vendor, "", words.owners["unnamed"], vendor, purpose)
        if observation.category in ("remote-code", "external-auth"):
            return _place(observation.category, "frontend")
        if not observation.host and observation.category in _TOLD_ELSEWHERE:
            return None
        if owner == "typed-in":
            return Target("customer", label := "Hosts that the customer enters", "", "", label)
        if observation.attributes.get("host_kind") == "environment":
            return Target("other", label := "A host that a variable names", "", "set when the app is deployed", label)
        if observation.category == "ai-processing":
            return _place("ai", "backend")
        label = "Hosts that the code does not show"
        service = "" if observation.category == "navigation-egress" else label
        return Target("other", label, "", "chosen when the app runs", service)

    def _about(self, observation: Observation) -> Observation:
        """The observation, or the one beside it that knows the host or the service."""
        if observation.host or "vendor" in observation.attributes or observation.rule in places().services:
            return observation
        beside = self._beside[observation.location.path, observation.location.start_line]
        return next((each for each in beside if each.category in places().hosts), observation)

    def _service(self, vendor: str) -> Target | None:
        """The host of the app that belongs to the same service as a package."""
        for each in self._observations:
            if each.host and each.category in places().hosts and _is_of(each.host, vendor):
                return self._host(each)
        return None

    def _notes(self, observation: Observation) -> tuple[str, ...]:
        said = places().hosts[observation.category]
        kind = observation.attributes.get("kind", "")
        if said == TRACKING and kind in _TRACKERS:
            said = f"{TRACKING} ({kind.replace('-', ' ')})"
        return (*_only(said), *_only(places().keys.get(observation.attributes.get("key_from", ""), "")))

    # ------------------------------------------------------------ what the manifest adds

    def _by_scopes(self) -> Iterator[Way]:
        """Forge storage and the products, as far as the scopes let the app write there."""
        scopes = [scope.name for scope in self._app.manifest.scopes]
        if "storage:app" in scopes:
            target = _place("kvs", "backend")
            if not any(way.target.label == target.label for way in self._ways()):
                yield Way("backend", target, "", (), True, (), True)
        for label in sorted({found.label for scope in scopes if (found := places().written_by(scope))}):
            yield Way("backend", Target("atlassian", label, "", WRITTEN), "", (), True, (), True)

    def _by_modules(self) -> Iterator[Way]:
        """What the platform itself does with the app's modules: it lets its AI models call them."""
        for kind, known in places().modules.items():
            if any(module.kind == kind for module in self._app.manifest.modules):
                yield Way("backend", _place(known.place, "backend"), "", (), True, _only(known.said), True)

    def _unused(self, targets: Iterable[tuple[LaneId, str]]) -> tuple[str, ...]:
        """Services of packages that are installed, as far as no box is theirs."""
        named = {each.attributes.get("vendor", "") for each in self._observations if self._engine(each) == "dependency"}
        drawn = {name for name in named for _, label in targets if label == name or _is_of(label, name)}
        return tuple(sorted(named - drawn - places().vendors.keys() - {""}))

    def _readable(self) -> dict[str, None]:
        """Labels of the products that the scopes let the app read."""
        found = (places().read_by(scope.name) for scope in self._app.manifest.scopes)
        return {source.label: None for source in found if source}

    def _parts(self, ways: Iterable[Way]) -> set[PartId]:
        sides = {source.side for source in self._app.sources if source.language != "python"}
        there: set[PartId] = {"backend", *(way.part for way in ways)}
        if "frontend" in sides:
            there.add("frontend")
        return there

    def _edges_in(self, ways: Iterable[Way], ids: dict[str, str], parts: list[PartId]) -> Iterator[Edge]:
        merged: dict[tuple[str, PartId], list[Way]] = defaultdict(list)
        for way in ways:
            if way.source:
                merged[way.source, way.part].append(way)
        reached = {source for source, _ in merged}
        for label in self._readable():
            if label not in reached:
                merged[label, "backend"] = []
        if "frontend" in parts and _user().label not in reached:
            merged[_user().label, "frontend"] = []
        for (label, part), some in merged.items():
            yield _edge(ids[label], ids[part], some)


def _edges_out(ways: Iterable[Way], ids: dict[str, str], places_of: dict[tuple[LaneId, str], str]) -> Iterator[Edge]:
    merged: dict[tuple[str, str], list[Way]] = defaultdict(list)
    for way in ways:
        merged[ids[way.part], places_of[way.target[:2]]].append(way)
    for (part, target), some in sorted(merged.items()):
        yield _edge(part, target, some)


def _edge(start: str, end: str, ways: Iterable[Way]) -> Edge:
    sure = {name for way in ways if way.sure for name in way.data}
    likely = {name for way in ways for name in way.data} - sure
    origins = [each.label for each in places().sources if any(way.source == each.label for way in ways)]
    return Edge(start, end, tuple(sorted(sure)), tuple(sorted(likely)), tuple(origins))


def _destination(id_: str, target: tuple[LaneId, str], ways: Iterable[Way]) -> Node:
    mine = [way for way in ways if way.target[:2] == target]
    seen = any(way.seen for way in mine)
    notes = dict.fromkeys(note for way in mine for note in way.notes)
    if any(note.startswith(f"{TRACKING} (") for note in notes):
        notes.pop(TRACKING, None)
    notes |= dict.fromkeys(way.target.detail for way in mine if way.target.detail)
    untold = NO_DATA if seen else NO_USE
    if any(way.data for way in mine):
        untold = ""
    elif seen and any(NOT_FOLLOWED in note for note in notes):
        untold = NOT_FOLLOWED
    told = next((way.target for way in mine if way.target.service), mine[0].target)
    return Node(
        id=id_,
        kind="destination",
        label=target[1],
        about=told.about,
        notes=tuple(notes),
        lane=target[0],
        seen=seen,
        untold=untold,
        service=told.service,
        purpose=told.purpose,
        is_host=told.is_host,
    )


def _rank(target: tuple[LaneId, str], ways: Iterable[Way]) -> tuple[object, ...]:
    """By lane; what gets data first, what is only declared last."""
    mine = [way for way in ways if way.target[:2] == target]
    lanes = list(places().lanes)
    return lanes.index(target[0]), not any(way.data for way in mine), not any(way.seen for way in mine), target[1]


def _place(name: str, part: PartId) -> Target:
    known = places().places
    found = known.get(f"{name}/{part}") or known.get(name) or known[STORE]
    return Target(found.lane, found.label, "", found.detail, found.service)


def _called(host: str, entries: Iterable[RunBy], owner: Owner, *, only_shown: bool) -> Target:
    """A host, with piiguard.yaml's own words of it, or what is known of the provider.

    `only_shown`: the app calls nothing there, it sends the browser.
    """
    entry = next((each for each in entries if each.name), RunBy("", owner))
    provider = providers.by_host(host) if owner != "vendor" else None
    name = entry.name or (provider.name if provider else "")
    said = ": ".join(filter(None, (name, entry.purpose)))
    return Target(
        lane=places().lane_of(owner),
        label="any host" if host == ANYWHERE else host,
        about=said,
        detail=places().owners.get(owner, ""),
        service="" if only_shown else name or host,
        purpose=entry.purpose or (provider.purpose if provider else ""),
        is_host=True,
    )


def _is_of(host: str, vendor: str) -> bool:
    provider = providers.by_host(host)
    return provider is not None and provider == providers.by_name(vendor)


def _user() -> Source:
    return next(each for each in places().sources if each.id == "user")


def _only(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
