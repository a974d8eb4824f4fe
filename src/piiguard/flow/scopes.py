"""Least privilege: are the declared scopes those that the code needs, and the declared hosts those that it calls?

What the code shows is compared with the table of endpoints. What cannot be decided is a gap, never a finding: a scope
counts as unused only if every product call is understood and nothing else of the app could need it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from piiguard.facts import egress, endpoints, events, hosting
from piiguard.model import App, EngineReport, Gap, Location, Manifest, Mark, Rule, Scope, Source

_DOCS = ("https://developer.atlassian.com/platform/forge/manifest-reference/permissions/",)


def _rule(rule_id: str, category: str, title: str, why: str, fix: str, *, sure: bool = True) -> Rule:
    return Rule(
        id=rule_id,
        role="observation",
        engine="flow",
        topic="scopes",
        title=title,
        category=category,
        confidence="sure" if sure else "likely",
        why=why,
        fix=fix,
        references=_DOCS,
    )


_MISSING = ("The call fails for every customer.", "Declare the scopes, or remove the call.")
_TOO_MUCH = (
    "Administrators are asked to trust the app with more than it needs.",
    "Remove the scope from the manifest.",
)
MISSING = _rule("scope-missing", "missing-scope", "Calls an endpoint without the scopes that it asks for", *_MISSING)
LIKELY_MISSING = _rule(
    "scope-likely-missing",
    "missing-scope",
    "May call an endpoint without the scopes that it asks for",
    *_MISSING,
    sure=False,
)
UNUSED = _rule("scope-unused", "unused-scope", "Declares a scope that nothing in the app needs", *_TOO_MUCH)
REDUNDANT = _rule(
    "scope-redundant",
    "overbroad-scope",
    "Declares a scope that the other scopes make unnecessary",
    *_TOO_MUCH,
    sure=False,
)
UNUSED_HOST = _rule(
    "host-unused",
    "unused-host",
    "Declares a host that the code does not call",
    "Every declared host is one more place where data could go, and customers are asked to allow it.",
    "Remove the entry from the manifest.",
    sure=False,
)
RULES: tuple[Rule, ...] = (MISSING, LIKELY_MISSING, UNUSED, REDUNDANT, UNUSED_HOST)


class ProductCall(msgspec.Struct, frozen=True):
    """A call of a product's REST API: `requestJira(route`/rest/api/3/issue/${key}`)`."""

    product: str
    """`jira`, `confluence`, `bitbucket` ..."""
    method: str
    """`GET` when the call names none; empty: not known."""
    path: str | None
    """The path with `{}` for each interpolation; None: not known."""
    location: Location


def check(app: App, calls: Sequence[ProductCall]) -> EngineReport:
    """Marks for missing, unused and redundant scopes, and gaps for what cannot be decided."""
    understood = [(call, found) for call in calls if call.path and (found := _match(call)).endpoints]
    doubts = list(_doubts(app, calls, understood))
    marks = [*_missing(app, understood), *_unused(app, understood, doubts)]
    if not doubts:
        marks += _redundant(app, understood)
    return EngineReport(marks=tuple(marks), gaps=tuple(_gaps(app, calls, understood, doubts)))


_Understood = Sequence[tuple[ProductCall, endpoints.Match]]


def _match(call: ProductCall) -> endpoints.Match:
    return endpoints.match(call.method, call.path or "")


# ---------------------------------------------------------------- missing


def _missing(app: App, understood: _Understood) -> Iterator[Mark]:
    """Calls for which no sufficient set of scopes is declared, whatever endpoint they mean."""
    declared = {scope.name for scope in app.manifest.scopes}
    for call, found in understood:
        sets = [scopes for endpoint in found.endpoints for scopes in endpoint.alternatives]
        decidable = all(endpoint.complete and endpoint.alternatives for endpoint in found.endpoints)
        if decidable and not any(scopes <= declared for scopes in sets):
            smallest = min(sets, key=lambda scopes: (len(scopes - declared), sorted(scopes)))
            lacking = " ".join(sorted(smallest - declared))
            certain = found.literal and bool(call.method)
            yield Mark(
                location=call.location,
                rule=(MISSING if certain else LIKELY_MISSING).id,
                app=app.id,
                message=f"{call.method or 'a call of'} {call.path} needs {lacking}",
                attributes={"scope": lacking, "product": call.product},
            )


# ---------------------------------------------------------------- unused


def _needed(understood: _Understood) -> set[str]:
    """Every scope that some call may need."""
    return {
        scope
        for _, found in understood
        for endpoint in found.endpoints
        for scopes in endpoint.alternatives
        for scope in scopes
    }


def _events(manifest: Manifest) -> Iterator[str]:
    for module in manifest.modules:
        named = module.data.get("events") if module.kind == "trigger" else None
        yield from (event for event in named if isinstance(event, str)) if isinstance(named, list) else ()


def _needed_by_events(manifest: Manifest) -> set[str]:
    families = (events.family(event) for event in _events(manifest))
    return {scope for family in families if family for scope in family.scopes}


def _code(app: App) -> Iterator[Source]:
    """Sources without data files: a package.json names packages that the code may never import."""
    return (source for source in app.sources if source.language not in ("json", "text", "css"))


def _mentions(pattern: str) -> Callable[[App], bool]:
    compiled = re.compile(pattern.encode())
    return lambda app: any(compiled.search(source.text) for source in _code(app))


def _has_token(attribute: str, key: str) -> Callable[[App], bool]:
    def declared(app: App) -> bool:
        switches = (module.data.get("auth") for module in app.manifest.modules if module.kind == "endpoint")
        return any(getattr(remote, attribute) for remote in app.manifest.remotes) or any(
            isinstance(switch, dict) and key in switch for switch in switches
        )

    return declared


_STORAGE = "|".join(
    (
        r"@forge/(?:kvs|storage)\b",
        r"forge/storage/",
        r"\bimport\b[^;\"']*\bstorage\b[^;\"']*\bfrom\s*[\"']@forge/api",
        r"\bstorage\b[^;\n]{0,80}require\([\"']@forge/api",
        r"\b\w+\.storage\.\w+\(",
    )
)
_OTHER_NEEDS: dict[str, Callable[[App], bool]] = {
    "storage:app": _mentions(_STORAGE),
    "read:app-user-token": _has_token("app_user_token", "appUserToken"),
    "read:app-system-token": _has_token("app_system_token", "appSystemToken"),
    "report:personal-data": _mentions(r"reportPersonalData|report-accounts"),
    "read:me": _mentions(r"/me\b|requestGraph|graphql"),
    "read:account": _mentions(r"/me\b|requestGraph|graphql"),
}
"""Scopes that no product endpoint asks for -> what in the app needs them."""


def _unused(app: App, understood: _Understood, doubts: Sequence[str]) -> Iterator[Mark]:
    needed = _needed(understood) | _needed_by_events(app.manifest)
    for scope in app.manifest.scopes:
        special = _OTHER_NEEDS.get(scope.name)
        decidable = not _beyond_code(app) if special else scope.name in endpoints.known_scopes() and not doubts
        if decidable and scope.name not in needed and not (special and special(app)):
            yield _scope_mark(app, scope, UNUSED, f"nothing needs {scope.name}")


def _scope_mark(app: App, scope: Scope, rule: Rule, message: str) -> Mark:
    location = Location(app.manifest.path, scope.line)
    return Mark(location=location, rule=rule.id, app=app.id, message=message, attributes={"scope": scope.name})


def _redundant(app: App, understood: _Understood) -> Iterator[Mark]:
    """Scopes that are needed by some call, yet without which every call is still allowed."""
    declared = {scope.name for scope in app.manifest.scopes}
    needed, by_events = _needed(understood), _needed_by_events(app.manifest)
    for scope in app.manifest.scopes:
        rest = declared - {scope.name}
        asked_for = scope.name in needed and scope.name not in by_events and scope.name not in _OTHER_NEEDS
        if asked_for and all(_allowed(found, rest) for _, found in understood if _allowed(found, declared)):
            yield _scope_mark(app, scope, REDUNDANT, f"every call is allowed without {scope.name}")


def _allowed(found: endpoints.Match, declared: set[str]) -> bool:
    return all(
        any(scopes <= declared for scopes in endpoint.alternatives)
        for endpoint in found.endpoints
        if endpoint.alternatives
    )


# ---------------------------------------------------------------- what cannot be decided


def _beyond_code(app: App) -> list[str]:
    """Parts of the app that may use scopes without a call in the code that was read.

    Python files alone are none: only a remote, a Connect part or a container holds a token with the app's scopes.
    """
    manifest = app.manifest
    reasons = {
        "a remote may use them": bool(manifest.remotes),
        "a Connect part may use them": bool(manifest.connect_line),
        "a container may use them": bool(manifest.services_line),
        "part of the app could not be read": any(status.status == "gap" for status in app.files),
        "no code was read": not app.sources,
    }
    return [reason for reason, holds in reasons.items() if holds]


_USER_COMPONENT = re.compile(rb"<(?:User|UserGroup|UserPicker|Comment|CommentEditor)\b")
_GRAPH = re.compile(rb"requestGraph|/graphql|__requestAtlassian")


def _doubts(app: App, calls: Sequence[ProductCall], understood: _Understood) -> Iterator[str]:
    """Why a product scope that no call seems to need may be needed after all."""
    yield from _beyond_code(app)
    known = {id(call) for call, _ in understood}
    if any(call.path is None or call.path.startswith("{}") for call in calls):
        yield "the path of a product call is not known"
    if any(id(call) not in known and call.path and not call.path.startswith("{}") for call in calls):
        yield "an endpoint is not in the table"
    if not all(_complete(found) for _, found in understood):
        yield "the scopes of an endpoint are not fully known"
    if any(events.family(event) is None for event in _events(app.manifest)):
        yield "an event is not in the table"
    if any(_GRAPH.search(source.text) for source in _code(app)):
        yield "GraphQL is called"
    if any(_USER_COMPONENT.search(source.text) for source in _code(app)):
        yield "a component of the platform shows users"


def _complete(found: endpoints.Match) -> bool:
    return all(endpoint.complete and endpoint.alternatives for endpoint in found.endpoints)


def _gaps(app: App, calls: Sequence[ProductCall], understood: _Understood, doubts: Sequence[str]) -> Iterator[Gap]:
    known = {id(call) for call, _ in understood}
    for call in calls:
        if id(call) not in known:
            what = (
                f"the scopes of {call.method} {call.path}".replace("  ", " ")
                if call.path
                else "which endpoint is called"
            )
            why = f"{what} cannot be told"
            yield Gap(call.location.path, why, app.id, call.location.start_line, ("missing-scope",))
    open_scopes = [scope for scope in app.manifest.scopes if _open(app, scope, understood, doubts)]
    if open_scopes:
        reasons = "; ".join(doubts) or "they are not in the table of endpoints"
        names = " ".join(scope.name for scope in open_scopes)
        why = f"whether these scopes are needed cannot be decided ({reasons}): {names}"
        yield Gap(app.manifest.path, why, app.id, open_scopes[0].line, ("unused-scope",))


def _open(app: App, scope: Scope, understood: _Understood, doubts: Sequence[str]) -> bool:
    if scope.name in _needed(understood) | _needed_by_events(app.manifest):
        return False
    special = _OTHER_NEEDS.get(scope.name)
    if special:
        return bool(_beyond_code(app)) and not special(app)
    return bool(doubts) or scope.name not in endpoints.known_scopes()


# ---------------------------------------------------------------- hosts


def unused_hosts(app: App, observed: Iterable[str | None]) -> EngineReport:
    """Declared hosts that are none of those that the code calls or loads from; None in `observed`: a host not known.

    With an unknown host, or code that was not read, nothing is unused: a gap says so.
    """
    seen = set(observed)
    hosts = [host for host in seen if host]
    idle = [
        (entry.line, address)
        for entry in app.manifest.egress
        if (address := hosting.host_of(entry.address or "")) and not any(_covers(address, host) for host in hosts)
    ]
    reasons = (["the host of a call is not known"] if None in seen else []) + _beyond_code(app)
    if idle and reasons:
        names = " ".join(dict.fromkeys(address for _, address in idle))
        why = f"whether these declared hosts are called cannot be decided ({'; '.join(reasons)}): {names}"
        return EngineReport(gaps=(Gap(app.manifest.path, why, app.id, idle[0][0], ("unused-host",)),))
    marks = (
        Mark(
            Location(app.manifest.path, line), UNUSED_HOST.id, app.id, message=f"nothing calls {address}", host=address
        )
        for line, address in idle
    )
    return EngineReport(marks=tuple(marks))


def _covers(address: str, host: str) -> bool:
    return egress.matches(address, host.lower(), side="backend") or host.lower() == address
