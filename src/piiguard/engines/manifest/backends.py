"""`remotes`, `providers`, Connect and events delivered by the manifest alone: servers outside the platform."""

from __future__ import annotations

from collections.abc import Iterator

from piiguard.engines.manifest.declaring import Check, Place, check, yes_no
from piiguard.facts import egress, events, hosting
from piiguard.model import Gap, Manifest, Module, Remote

_REMOTES = "manifest-reference/remotes"
_PROVIDERS = "manifest-reference/providers"


def _hosts(remote: Remote) -> tuple[str | None, ...]:
    """The distinct hosts of a remote, None for one that depends on a variable."""
    return tuple(dict.fromkeys(hosting.host_of(url) for url in remote.base_urls)) or (None,)


def _only_for_sign_in(manifest: Manifest, remote: Remote) -> bool:
    """Whether nothing but an OAuth provider uses the remote."""
    providers = any(remote.key in provider.remotes for provider in manifest.providers)
    endpoints = any(module.data.get("remote") == remote.key for module in manifest.modules)
    egress = any(entry.remote == remote.key for entry in manifest.egress)
    return providers and not (endpoints or egress or remote.operations)


def _doubtful(manifest: Manifest, remote: Remote) -> bool:
    hosts = _hosts(remote)
    atlassian = all(host is not None and egress.is_atlassian(host) for host in hosts)
    return atlassian or _only_for_sign_in(manifest, remote)


def _backend(remote: Remote, kind: str) -> Iterator[Place]:
    operations = "undeclared" if remote.operations is None else " ".join(remote.operations)
    for host in _hosts(remote):
        yield Place(
            remote.base_url_line or remote.line,
            f"remote {remote.key}",
            host,
            attributes={"fact": "remote", "remote": remote.key, "operations": operations, "kind": kind},
        )


@check(
    "manifest-remote",
    "remote-backend",
    "Has a server of its own outside the platform",
    page=_REMOTES,
    why="What reaches a remote is processed outside Atlassian; the app cannot be Runs on Atlassian.",
    fix="Move the work into Forge functions, or name the server, its operator and what it keeps.",
)
def remote_backend(manifest: Manifest) -> Iterator[Place]:
    """Each base URL of a remote."""
    for remote in manifest.remotes:
        if not _doubtful(manifest, remote):
            yield from _backend(remote, "server")


@check(
    "manifest-narrow-remote",
    "remote-backend",
    "Names a remote that only serves sign-in or belongs to Atlassian",
    page=_REMOTES,
    confidence="likely",
    why="The remote may be no back end at all, yet the platform treats it as one.",
    fix="Keep it if a provider needs it, and say so in the published list of hosts.",
)
def narrow_remote(manifest: Manifest) -> Iterator[Place]:
    """Remotes that only an OAuth provider uses, and remotes on hosts of Atlassian."""
    for remote in manifest.remotes:
        if _doubtful(manifest, remote):
            yield from _backend(remote, "sign-in" if _only_for_sign_in(manifest, remote) else "atlassian")


@check(
    "manifest-remote-storage",
    "remote-backend",
    "Remote counts as storing in-scope end-user data",
    page=_REMOTES,
    why="Without `operations` the platform assumes that the remote stores end-user data.",
    fix="Declare what the remote does, and `storage.inScopeEUD: false` if it keeps nothing in scope.",
)
def remote_storage(manifest: Manifest) -> Iterator[Place]:
    """Remotes with undeclared operations, or with `storage` and in-scope data."""
    for remote in manifest.remotes:
        stores = remote.operations is None or "storage" in remote.operations
        if stores and remote.storage_in_scope_eud is not False:
            declared = "undeclared" if remote.operations is None else "storage"
            scope = yes_no(remote.storage_in_scope_eud)
            attributes = {"fact": "remote-storage", "remote": remote.key, "operations": declared, "in_scope_eud": scope}
            yield Place(
                remote.base_url_line or remote.line,
                f"remote {remote.key} may store end-user data",
                _hosts(remote)[0],
                attributes=attributes,
            )


@check(
    "manifest-remote-token",
    "remote-backend",
    "Hands Atlassian OAuth tokens to a server outside the platform",
    page=_REMOTES,
    why="With the token the server can act as the app or as the user.",
    fix="Switch the token off where the server does not call Atlassian.",
)
def remote_token(manifest: Manifest) -> Iterator[Place]:
    """`appUserToken` and `appSystemToken` of remotes and endpoints."""
    for remote in manifest.remotes:
        for kind, enabled in (("user", remote.app_user_token), ("system", remote.app_system_token)):
            if enabled:
                yield _token(remote, kind)
    for module in _endpoints(manifest).values():
        served = _remote(manifest, module)
        tokens = module.data.get("auth")
        for kind, name in (("user", "appUserToken"), ("system", "appSystemToken")):
            setting = tokens.get(name) if isinstance(tokens, dict) else None
            if served and isinstance(setting, dict) and setting.get("enabled") is True:
                yield _token(served, kind)


def _token(remote: Remote, kind: str) -> Place:
    return Place(
        remote.base_url_line or remote.line,
        f"remote {remote.key} receives the {kind} token",
        _hosts(remote)[0],
        attributes={"fact": f"remote-{kind}-token", "remote": remote.key},
    )


@check(
    "manifest-provider",
    "external-auth",
    "Signs users in at another service",
    page=_PROVIDERS,
    why="The platform keeps the tokens, so the app stores none; the profile that comes back is personal data.",
    fix="Name the service in the published list of providers.",
)
def provider(manifest: Manifest) -> Iterator[Place]:
    """Each entry of `providers.auth`."""
    for entry in manifest.providers:
        attributes = {"fact": "provider", "provider": entry.key, "kind": entry.kind, "scope": " ".join(entry.scopes)}
        yield Place(entry.line, f"provider {entry.key}", attributes=attributes)


@check(
    "manifest-token-in-url",
    "credential-egress",
    "Sends the access token in the URL",
    page=_PROVIDERS,
    why="URLs end up in logs, histories and referrers.",
    fix="Use `bearerMethod: authorization-header`.",
)
def token_in_url(manifest: Manifest) -> Iterator[Place]:
    """`bearerMethod: uri-query`."""
    for entry in manifest.providers:
        if entry.bearer_method == "uri-query":
            yield Place(entry.line, f"provider {entry.key}", data=("credential",), attributes={"fact": "token-in-url"})


@check(
    "manifest-provider-literal",
    "manifest-declaration",
    "Types a literal into the token exchange",
    page=_PROVIDERS,
    confidence="likely",
    why="A client secret written here is readable by everybody who can read the repository.",
    fix="Set client secrets with `forge providers configure`.",
)
def provider_literal(manifest: Manifest) -> Iterator[Place]:
    """Literal values of `overrides.headers` and `overrides.body`."""
    for entry in manifest.providers:
        for line in entry.literal_overrides:
            yield Place(line, f"provider {entry.key}", attributes={"fact": "provider-literal"})


@check(
    "manifest-connect",
    "connect-module",
    "Contains a Connect app",
    page="adopting-forge-from-connect",
    why="The Connect part runs on the vendor's own server with a shared secret.",
    fix="Move the modules to Forge; Connect support ends.",
)
def connect(manifest: Manifest) -> Iterator[Place]:
    """`app.connect` or Connect modules."""
    if manifest.connect_line:
        yield Place(manifest.connect_line, attributes={"fact": "connect"})


@check(
    "manifest-event-to-remote",
    "pii-egress",
    "Product events with personal data go straight to a server outside the platform",
    page="manifest-reference/modules/trigger",
    channel="remote",
    why="The manifest alone delivers account ids, and often user content, without a line of code.",
    fix="Handle the event in a function and send on only what the server needs.",
)
def event_to_remote(manifest: Manifest) -> Iterator[Place]:
    """Triggers whose endpoint has a remote, for events that are known to hold personal data."""
    yield from _deliveries(manifest, certain=True)


@check(
    "manifest-other-event-to-remote",
    "pii-egress",
    "Product events that may hold personal data go straight to a server outside the platform",
    page="manifest-reference/modules/trigger",
    confidence="likely",
    channel="remote",
    why="Most product events name the account that caused them.",
    fix="Handle the event in a function and send on only what the server needs.",
)
def other_event_to_remote(manifest: Manifest) -> Iterator[Place]:
    """The same, for events of which the payload is less well known."""
    yield from _deliveries(manifest, certain=False)


def _deliveries(manifest: Manifest, *, certain: bool) -> Iterator[Place]:
    for module, remote in _remote_triggers(manifest):
        known = [family for event in _events(module) if (family := events.family(event))]
        if not known or any(family.certain for family in known) is not certain:
            continue
        data = tuple(dict.fromkeys(data for family in known for data in family.data))
        names = " ".join(_events(module))
        for host in _hosts(remote):
            attributes = {"events": names, "remote": remote.key, "channel": "remote"}
            yield Place(module.line, f"{names} to remote {remote.key}", host, data, attributes)


def _endpoints(manifest: Manifest) -> dict[str, Module]:
    return {module.key: module for module in manifest.modules if module.kind == "endpoint"}


def _remote(manifest: Manifest, endpoint: Module) -> Remote | None:
    return next((remote for remote in manifest.remotes if remote.key == endpoint.data.get("remote")), None)


def _remote_triggers(manifest: Manifest) -> Iterator[tuple[Module, Remote]]:
    endpoints = _endpoints(manifest)
    for module in manifest.modules:
        endpoint = endpoints.get(module.endpoint or "")
        remote = _remote(manifest, endpoint) if endpoint else None
        if module.kind == "trigger" and remote:
            yield module, remote


def _events(module: Module) -> list[str]:
    named = module.data.get("events")
    return [event for event in named if isinstance(event, str)] if isinstance(named, list) else []


CHECKS: tuple[Check, ...] = (
    remote_backend,
    narrow_remote,
    remote_storage,
    remote_token,
    provider,
    token_in_url,
    provider_literal,
    connect,
    event_to_remote,
    other_event_to_remote,
)


def gaps(manifest: Manifest, app: str) -> Iterator[Gap]:
    """Events that go to a remote and whose payload is not known."""
    for module, _ in _remote_triggers(manifest):
        for event in _events(module):
            if events.family(event) is None:
                why = f"what the event {event} holds is not known, and it goes to a remote"
                yield Gap(path=manifest.path, line=module.line, app=app, why=why, needed_for=("pii-egress",))
