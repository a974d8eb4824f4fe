"""From marked places and the solved graph to observations: what reaches a place, which way, and what it does there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from piiguard.facts import egress as egress_facts
from piiguard.facts import names, sdk_hosts, shapes, trackers
from piiguard.flow import analytics, egress, rules
from piiguard.flow.graph import Fact, Graph, Op, Origin, Solution, Trail, read
from piiguard.flow.hosts import Host, host_of
from piiguard.flow.place import MarkedPlace, SlotValue
from piiguard.flow.positions import Positions
from piiguard.flow.printed import Printed
from piiguard.matching import fingerprint
from piiguard.model import DATA_CLASSES, App, Confidence, Distance, Location, Mark, Observation, Rule, Source, Step

CREDENTIAL = frozenset({"credential"})
PERSONAL = frozenset({"direct", "pseudonymous", "content"})
"""Groups of data classes that make an observation. What is only indirect (locale, site) does not, alone."""
RESPONSE = "json()"
"""Under this pseudo property sits the body of a response: the response object itself tells nothing."""
_TRACED = frozenset({"pii-storage", "pii-log", "pii-egress", "pii-queue", "pii-error"})
_PASSIVE = frozenset({"images", "styles", "fonts", "media", "frames"})
"""Channels where an unknown address is a picture that the product or the app itself gave, not a call of a service."""
_SIGN_IN = frozenset({"authorization", "auth"})
"""What signs a request in goes to the service that it belongs to: the user name in it is no disclosure."""
_VARIABLE = re.compile(r"(?:https://)?\$\{?(\w+)\}?")
_ANY_FRAME = Host("<dynamic:frame>", "dynamic", "https://{}")
"""Where a message goes that names no origin."""
_SIGNING = re.compile(r"auth|key|token|secret|password|\*", re.IGNORECASE)
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]"})  # noqa: S104 (a name to compare with)
SECRET_STORE_VALUE = "secret-store-value"  # noqa: S105 (a shape)
_KEY_ORIGINS = (
    ("secret", "environment"),
    (SECRET_STORE_VALUE, "secret-store"),
    ("stored-value", "settings"),
    ("payload", "user-input"),
    ("form-input", "user-input"),
    ("credential", "unknown"),
)
"""Shape of a value -> where a key comes from, the vendor's own first: `stored ?? process.env.KEY` may be either."""
_KEPT_AS_KEY = frozenset({SECRET_STORE_VALUE, "secret", "credential"})
_HEADERS = (".headers", ".auth", ":headers", ":auth")
_BODIES = (".body", ".data", ".json", "arg:1")
_TOKEN_EXCHANGE = re.compile(r"oauth|token|login|signin|sign-in", re.IGNORECASE)
"""URLs where a stored secret in the body is the way to sign in."""
_LAYOUT = re.compile(r"[\s'\";\\]+")
_TRAILING_COMMA = re.compile(r",(?=[)\]}])")
_PARENTHESES = re.compile(r"[()]")
_NAME = re.compile(r"[A-Za-z_$][\w$.]{0,59}")
_PLACELESS = re.compile(r"$|(?:for|while|do|if|switch|case|default|try|with)\b")
"""What is no place of the data: a module as a whole, a statement after which a variable has one of several values."""


class Reached(NamedTuple):
    """Data classes that reach a place, and the fact that shows it best."""

    classes: tuple[str, ...]
    confidence: Confidence
    node: int
    fact: Fact


class Observer:
    """Makes the observations of one app."""

    def __init__(self, app: App, graph: Graph, solution: Solution, files: dict[int, Source]) -> None:
        """`files`: number of each file in the graph -> its source."""
        self._app = app
        self._graph = graph
        self._solution = solution
        self._positions = {source.path: Positions(source) for source in files.values()}
        self._files = files

    # ------------------------------------------------------------ storage, logs, egress

    def storage(self, place: MarkedPlace) -> Iterator[Observation]:
        rule = place.rule
        attributes = {"store": rule.store} if rule.store else {}
        values = place.values(rule.slots)
        # Text by its name alone is more often what people typed into the app than what was copied from a product.
        personal = self.reaching(values, PERSONAL, without=names.NAMED_TEXT)
        if rule.store == "secret" and not self._told_harmless(place):
            yield self.made(place, "credential-storage-secret", "sure", data=("credential",), attributes=attributes)
        if rule.category not in _TRACED:
            yield self.made(place, rule.category, rule.confidence, reached=personal, attributes=attributes)
            return
        if personal is not None:
            yield self.made(place, rule.category, personal.confidence, reached=personal, attributes=attributes)
        if rule.category == "pii-storage" and rule.store != "secret":
            # The key under which a value is kept is a name: it makes no stored credential.
            secret = self.reaching(place.values(tuple(filter(_holds_value, rule.slots))), CREDENTIAL)
            if secret is not None:
                yield self.made(
                    place, "credential-storage-plain", secret.confidence, reached=secret, attributes=attributes
                )

    def _told_harmless(self, place: MarkedPlace) -> bool:
        """Do the names of all fields of a value for the secret store say that none is a credential?

        The key under which it is kept (`oauth`) may still say that one is.
        """
        value = next(filter(_holds_value, place.rule.slots), "")
        fields = place.fields(value)
        return (
            bool(fields)
            and not any(map(names.vague, fields or ()))
            and not any(map(names.may_be_secret, (*(fields or ()), place.url() or "")))
            and self.reaching(place.values((value,)), CREDENTIAL) is None
        )

    def log(self, place: MarkedPlace, *, born_here: bool, printed: Printed, site: int) -> Iterator[Observation]:
        """`born_here`: without what callers hand over; inside a log wrapper, that is reported at their calls.

        `site`: the call, if it is one, whose wrapper may print only a part of what it is given.
        """
        values = place.values(place.rule.slots)
        parts = {value.node: known for value in values if (known := printed.of(site, value.node)) is not None}
        reached = self.reaching(values, PERSONAL | CREDENTIAL, born_here=born_here, failed=place.failed, parts=parts)
        if reached is not None:
            yield self.made(place, "pii-log", reached.confidence, reached=reached)

    def egress(self, place: MarkedPlace) -> Iterator[Observation]:
        rule = place.rule
        values = place.values(rule.slots)
        personal = self.reaching(values, PERSONAL)
        key = self._key_of(place)
        for host in self._hosts(place):
            if (
                place.source.language != "python"
                and _by_password(host)
                and self.reaching(values, CREDENTIAL, signing=True) is not None
            ):
                sign_in = rules.ATLASSIAN_SIGN_IN
                yield self.made(place, sign_in.category, "likely", data=sign_in.data, host=host.name, rule=sign_in)
            if _own(host) if host.kind == "constant" else rule.channel in _PASSIVE:
                continue
            attributes = self._about(place, host, key)
            undeclared = attributes["declared"] == "no"
            category = (
                rule.category if rule.category != "pii-egress" else "undeclared-egress" if undeclared else "egress-host"
            )
            if rule.channel != "message":  # a message calls nobody: whoever shows the frame did
                yield self.made(place, category, "sure", host=host.name, attributes=attributes)
            if personal is not None:
                yield self.made(
                    place, "pii-egress", personal.confidence, reached=personal, host=host.name, attributes=attributes
                )
                if host.kind == "constant" and egress.understated(self._app, host, rule.channel, place.source.side):
                    said = rules.UNDERSTATED
                    yield self.made(
                        place, said.category, personal.confidence, reached=personal, host=host.name, rule=said
                    )
            if host.kind == "constant":
                yield from self._of_known_host(place, host, attributes)
            if trackers.by_host(host.name) is None and analytics.meant(host):
                said = rules.OWN_ANALYTICS
                yield self.made(place, said.category, said.confidence, host=host.name, rule=said)

    def _hosts(self, place: MarkedPlace) -> list[Host]:
        """Where an egress call goes; a remote's key means the hosts that the manifest gives it."""
        if place.rule.channel == "message":
            return place.hosts() or [_ANY_FRAME]
        if place.rule.channel != "remote":
            return place.hosts()
        key = place.url()
        remotes = [remote for remote in self._app.manifest.remotes if key in (remote.key, None) or not place.rule.host]
        return [host for remote in remotes for url in remote.base_urls if (host := _of_remote(url)) is not None]

    def _about(self, place: MarkedPlace, host: Host, key: str) -> dict[str, str]:
        channel, side = place.rule.channel, place.source.side
        governed = place.source.language != "python"
        allowed = egress.declared(self._app, host, channel, side) if governed else "unknown"
        attributes = {"channel": channel, "host_kind": self._host_kind(place, host), "declared": allowed, "side": side}
        if host.kind != "constant" and not host.url.lower().startswith(("https:", "wss:")):
            attributes["scheme"] = "unknown"
        if not governed:
            attributes["path_kind"] = "helper"
        return {**attributes, "key_from": key} if key else attributes

    def _host_kind(self, place: MarkedPlace, host: Host) -> str:
        """`constant`, `environment`, or where a host that is chosen at run time comes from, if that is seen."""
        if host.kind != "dynamic":
            return host.kind
        origin = self._origin(fact.shape for fact in self._facts(place.values((place.rule.host,))))
        return {"secret-store": "settings", "settings": "settings", "user-input": "user-input"}.get(origin, "dynamic")

    def _of_known_host(self, place: MarkedPlace, host: Host, attributes: dict[str, str]) -> Iterator[Observation]:
        """What the host tells: a tracker, an AI provider, a picture that counts, somebody who gets a stored key."""
        tracker, provider = trackers.by_host(host.name), sdk_hosts.ai_host(host.name)
        if tracker is not None:
            vendor = {"vendor": tracker.vendor, "kind": tracker.kind}
            yield self.made(place, "tracking", "sure", host=host.name, attributes=vendor, rule=rules.TRACKER_HOST)
        if provider:
            yield self.made(
                place,
                "ai-processing",
                "sure",
                host=host.name,
                attributes={**attributes, "vendor": provider},
                rule=rules.AI_HOST,
            )
        if host.url.startswith("http://"):
            yield self.made(place, "insecure-transport", "sure", host=host.name, rule=rules.PLAIN_HTTP)
        if place.rule.channel == "images" and place.rule.slots == ("right",) and "{}" in host.url.partition("?")[2]:
            yield self.made(place, "tracking", "likely", host=host.name, rule=rules.COUNTING_IMAGE)
        stored = self.reaching(
            place.values(tuple(slot for slot in place.rule.slots if slot.endswith(_BODIES))), CREDENTIAL
        )
        if stored is not None and stored.fact.shape == SECRET_STORE_VALUE and not _TOKEN_EXCHANGE.search(host.url):
            yield self.made(
                place, "credential-egress", "likely", reached=stored, host=host.name, rule=rules.SECRET_IN_BODY
            )

    def _key_of(self, place: MarkedPlace) -> str:
        """Where the key that a request carries comes from; empty: none is seen.

        A package signs in with what its client was made with, and with a variable of the environment where that is
        nothing. Any other request signs in with a header: what else it carries is a key only if it was kept as one.
        """
        if place.rule.channel == "sdk":
            given = place.made_with()
            if given is None:
                return "unknown"
            return self._origin(fact.shape for fact in self._facts(given)) or ("unknown" if given else "environment")
        headers = tuple(slot for slot in place.rule.slots if slot.endswith(_HEADERS))
        signing = [fact.shape for fact in self._facts(place.values(headers)) if _signs(fact.path)]
        kept = [fact.shape for fact in self._facts(place.values(place.rule.slots)) if fact.shape in _KEPT_AS_KEY]
        return self._origin((*signing, *kept))

    def _facts(self, values: Iterable[SlotValue]) -> Iterator[Fact]:
        """The facts of the parts that slots mean."""
        for value in values:
            for fact in self._solution.facts(value.node):
                part = _part(fact, value.path)
                if part is not None:
                    yield part

    @staticmethod
    def _origin(seen: Iterable[str]) -> str:
        """Where a value of these shapes comes from: the answer that says least for the vendor."""
        shapes_seen = set(seen)
        return next((origin for shape, origin in _KEY_ORIGINS if shape in shapes_seen), "")

    def answer(self, place: MarkedPlace) -> Iterator[Observation]:
        """What a public web trigger answers with."""
        reached = self.reaching(place.values(("self",)), PERSONAL | CREDENTIAL)
        if reached is not None:
            yield self.made(place, "public-exit", reached.confidence, reached=reached)

    def plain(self, mark: Mark, rule: Rule) -> Observation:
        """The observation of a mark that needs no tracing; a host in markup is held against the manifest."""
        seen = of_plain_mark(mark, rule)
        channel = mark.attributes.get("channel", "")
        if seen.category != "egress-host" or rule.topic != "markup" or not mark.host or not channel:
            return seen
        allowed = egress.declared(self._app, Host(mark.host, "constant", ""), channel, "frontend")
        category = "undeclared-egress" if allowed == "no" else "egress-host"
        return msgspec.structs.replace(seen, category=category, attributes={**seen.attributes, "declared": allowed})

    # ------------------------------------------------------------ what reaches a place

    def reaching(
        self,
        values: Iterable[SlotValue],
        groups: frozenset[str],
        *,
        born_here: bool = False,
        signing: bool = False,
        without: str = "",
        failed: bool = False,
        parts: Mapping[int, Mapping[Fact, frozenset[str]]] = MappingProxyType({}),
    ) -> Reached | None:
        """The data classes of some groups in some values. The witness is the most certain and most direct of them.

        `signing`: with what signs a request in, which is otherwise left out. `without`: a shape that does not count.
        `parts`: values of which only these classes count.
        `failed`: without the answers of requests, which are error messages where the request has failed.
        """
        found: list[tuple[tuple[bool, bool, int, Fact], int, frozenset[str]]] = []
        for value in values:
            for fact in self._solution.facts(value.node):
                if (born_here and fact.site) or fact.shape == without:
                    continue
                all_classes = data_classes(fact, value.path, signing=signing)
                if value.node in parts:
                    all_classes &= parts[value.node][fact]
                classes = frozenset(name for name in all_classes if DATA_CLASSES[name] in groups)
                if classes:
                    trail = self._solution.trail(value.node, fact)
                    if failed and RESPONSE in trail.origin.fact.path:
                        continue
                    steps = len(trail.steps)
                    found.append(
                        ((fact.confidence == "likely", classes == {"user-content"}, steps, fact), value.node, classes)
                    )
        if not found:
            return None
        (likely, only_text, _, fact), node, _ = min(found, key=lambda entry: entry[0])
        classes = frozenset(name for _, _, some in found for name in some)
        return Reached(tuple(sorted(classes)), "likely" if likely or only_text else "sure", node, fact)

    # ------------------------------------------------------------ making an observation

    def made(
        self,
        place: MarkedPlace,
        category: str,
        confidence: Confidence,
        *,
        data: tuple[str, ...] = (),
        reached: Reached | None = None,
        host: str | None = None,
        attributes: dict[str, str] | None = None,
        rule: Rule | None = None,
    ) -> Observation:
        """An observation at a place. `rule`: the one that it is reported under, if not the place's own."""
        rule = rule or place.rule
        location = self._positions[place.source.path].location(*place.shown)
        data = data or (reached.classes if reached else ())
        trail = self._solution.trail(reached.node, reached.fact) if reached else None
        return Observation(
            id=fingerprint(rule.id, category, location.path, place.text, host or ""),
            app=self._app.id,
            rule=rule.id,
            category=category,
            confidence="likely" if "likely" in (confidence, rule.confidence) else "sure",
            location=location,
            data=data,
            host=host,
            distance=self._distance(trail, place) if trail else "direct",
            message=place.mark.message or _message(rule, category, data, host),
            flow=self._steps(trail, location, rule) if trail else (),
            attributes={
                **dict(rule.attributes),
                **place.mark.attributes,
                **(attributes or {}),
                **({"source": trail.origin.fact.shape} if trail else {}),
            },
            code=fingerprint(rule.id, category, unformatted(place.text), _stable(host)),
        )

    def _steps(self, trail: Trail, sink: Location, rule: Rule) -> tuple[Step, ...]:
        """The way of the data: a step for each line that it passes, with the name under which it leaves the line."""
        first, *others = self._lines(trail)
        steps = [Step(self._location(trail.origin.node), self._source_note(trail.origin, first))]
        for passed in others:
            steps.append(self._step(passed, steps[-1].location.path))
        said, last = rule.title[:1].lower() + rule.title[1:], steps[-1].location
        if len(steps) > 1 and (last.path, last.start_line) == (sink.path, sink.start_line):
            steps.pop()
            crossed = self._crossed(others[-1], steps[-1].location.path)
            said = f"{crossed}, {said}" if crossed else said
        return (*steps, Step(sink, said))

    def _lines(self, trail: Trail) -> list[list[tuple[int, Op]]]:
        """The nodes that the data passes, line by line; the first ones are those on the origin's line."""
        lines: list[list[tuple[int, Op]]] = [[]]
        before = self._location(trail.origin.node)
        for node, op in trail.steps:
            if _PLACELESS.match(self._written(node)):
                continue
            here = self._location(node)
            if (here.path, here.start_line) != (before.path, before.start_line):
                lines.append([])
            lines[-1].append((node, op))
            before = here
        return lines

    def _source_note(self, origin: Origin, passed: list[tuple[int, Op]]) -> str:
        name = self._name([(origin.node, Op("copy")), *passed])
        if not name or f"`{name}`" in origin.note:
            return origin.note
        return f"{origin.note}, {'of' if origin.note.startswith('named') else 'as'} `{name}`"

    def _step(self, passed: list[tuple[int, Op]], path: str) -> Step:
        """What happens on a line, told at the last place there that has a name. `path`: the file before."""
        name = self._name(passed)
        node = next((node for node, _ in reversed(passed) if self._written(node) == name), passed[-1][0])
        said = self._crossed(passed, path)
        if name:
            return Step(self._location(node), f"{said}, as `{name}`" if said else f"becomes `{name}`")
        return Step(self._location(node), said or "passed on")

    def _name(self, passed: list[tuple[int, Op]]) -> str:
        """The last name in the code of some places (never a literal: one may be a secret)."""
        return next((name for node, _ in reversed(passed) if _NAME.fullmatch(name := self._written(node))), "")

    def _crossed(self, passed: list[tuple[int, Op]], path: str) -> str:
        """Does the data enter or leave a function or a file on the way through some places?"""
        kinds = {op.kind for _, op in passed}
        if "call" in kinds:
            return "handed to a function"
        if "return" in kinds:
            return "returned to the caller"
        return "taken up in another file" if self._location(passed[-1][0]).path != path else ""

    def _written(self, node: int) -> str:
        place = self._graph.places[node]
        return self._positions[self._files[place.file].path].text(place.start, place.end)

    def _location(self, node: int) -> Location:
        place = self._graph.places[node]
        return self._positions[self._files[place.file].path].location(place.start, place.end)

    def _distance(self, trail: Trail, place: MarkedPlace) -> Distance:
        begin = self._graph.places[trail.origin.node]
        passed = [begin, *(self._graph.places[node] for node, _ in trail.steps)]
        if any(self._files[each.file].path != place.source.path for each in passed):
            return "inter-file"
        if any(op.kind in ("call", "return") for _, op in trail.steps):
            return "inter-function"
        start, end = place.span
        return "direct" if start <= begin.start and begin.end <= end else "intra-function"


def _signs(path: tuple[str, ...]) -> bool:
    """Is a header, as far as its name is known, one that signs a request in?"""
    return not path or names.data_class(path[0]) == "credential" or _SIGNING.search(path[0]) is not None


def _holds_value(slot: str) -> bool:
    return slot != "arg:0" and not slot.endswith(".key")


def _of_remote(url: str) -> Host | None:
    """The host of a remote's URL, which may be a variable of the manifest: `${BACK_URL}`."""
    variable = _VARIABLE.match(url)
    return Host(f"<env:{variable[1]}>", "environment", "https://{}") if variable else host_of((url,))


def _own(host: Host) -> bool:
    return egress_facts.is_atlassian(host.name) or host.name in _OWN_MACHINE


def _by_password(host: Host) -> bool:
    """Atlassian hosts: a Forge app signs in there by the platform, never with a person's token."""
    return host.kind == "constant" and (egress_facts.is_atlassian(host.name) or host.name.endswith("bitbucket.org"))


def _part(fact: Fact, path: tuple[str, ...]) -> Fact | None:
    """The fact as a part of its value has it."""
    here: Fact | None = fact
    for name in path:
        here = read(here, name) if here is not None else None
    return here


def data_classes(fact: Fact, path: tuple[str, ...], *, signing: bool = False) -> frozenset[str]:
    """The data classes in the part of a value that `path` means."""
    here = _part(fact, path)
    if here is None or RESPONSE in here.path or (not signing and any(name.lower() in _SIGN_IN for name in here.path)):
        return frozenset()
    return shapes.classes(here.shape)


def of_plain_mark(mark: Mark, rule: Rule) -> Observation:
    """The observation of a mark that needs no tracing (manifest, dependencies, text, markup)."""
    known = "|".join((mark.host or "", *(f"{key}={value}" for key, value in sorted(mark.attributes.items()))))
    return Observation(
        id=fingerprint(rule.id, rule.category, mark.location.path, mark.message or rule.title, known),
        app=mark.app,
        rule=rule.id,
        category=rule.category,
        confidence=rule.confidence,
        location=mark.location,
        data=mark.data or rule.data,
        host=mark.host,
        message=mark.message or rule.title,
        attributes={**dict(rule.attributes), **mark.attributes},
        code=fingerprint(rule.id, rule.category, mark.message or rule.title, known),
    )


def _message(rule: Rule, category: str, data: tuple[str, ...], host: str | None) -> str:
    what = ", ".join(name.replace("-", " ") for name in data)
    title = f"{rule.title} ({host})" if host else rule.title
    if category == "undeclared-egress":
        return f"{title}: the manifest does not allow this host"
    return f"{title}: {what}" if what else title


def _stable(host: str | None) -> str:
    """A host, but not the code that a host chosen at run time is known by: it is part of the place, or far away."""
    return "" if host is None or host.startswith("<dynamic:") else host


def unformatted(code: str) -> str:
    """Code without what a formatter chooses: layout, quotes, parentheses, semicolons, trailing commas."""
    return _PARENTHESES.sub("", _TRAILING_COMMA.sub("", _LAYOUT.sub("", code)))


def numbered(observations: Iterable[Observation]) -> Iterator[Observation]:
    """In report order; equal fingerprints (the same code twice in a file) are told apart by their rank."""
    counts: dict[str, int] = {}
    for observation in sorted(observations, key=lambda o: (o.app, o.location, o.category, o.rule, o.host or "")):
        rank = counts[observation.id] = counts.get(observation.id, 0) + 1
        if rank > 1:
            yield msgspec.structs.replace(observation, id=fingerprint(observation.id, str(rank)))
        else:
            yield observation
