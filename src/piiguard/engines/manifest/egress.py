"""`permissions.external`, `permissions.content`, `permissions.sandbox`: where the app may send to and load from."""

from __future__ import annotations

from collections.abc import Iterator

from piiguard.engines.manifest.declaring import Check, Place, check, yes_no
from piiguard.facts import egress, hosting, trackers
from piiguard.model import Egress, Gap, Manifest

_PERMISSIONS = "manifest-reference/permissions"


def _addresses(manifest: Manifest) -> Iterator[tuple[Egress, str, str]]:
    """Each egress entry that names a host: the entry, its address, and the host in it."""
    for entry in manifest.egress:
        host = hosting.host_of(entry.address) if entry.address else None
        if entry.address and host:
            yield entry, entry.address, host


def _declared(entry: Egress, fact: str) -> dict[str, str]:
    return {
        "fact": fact,
        "host_kind": "manifest",
        "declared": "yes",
        "channel": entry.kind,
        "address": entry.address or "",
        "remote": entry.remote or "",
        "egress_category": entry.category or "",
        "in_scope_eud": yes_no(entry.in_scope_eud),
    }


@check(
    "manifest-unsafe-script",
    "unsafe-csp",
    "Content security policy lets unsafe scripts run",
    page=_PERMISSIONS,
    why="Inline or evaluated scripts turn any injected text into code that can read what the user sees.",
    fix="Move inline scripts into files of the resource, drop code that needs eval, and remove the entry.",
)
def unsafe_script(manifest: Manifest) -> Iterator[Place]:
    """Each `unsafe-*` line of `content.scripts`."""
    yield from _unsafe(manifest, "scripts")


@check(
    "manifest-unsafe-style",
    "unsafe-csp",
    "Content security policy lets inline styles in",
    page=_PERMISSIONS,
    why="Injected styles can read attribute values and load images from hosts that are allowed.",
    fix="Use a library that writes style sheets into files or sets CSS properties from scripts, and remove the entry.",
)
def unsafe_style(manifest: Manifest) -> Iterator[Place]:
    """Each `unsafe-*` line of `content.styles`."""
    yield from _unsafe(manifest, "styles")


def _unsafe(manifest: Manifest, kind: str) -> Iterator[Place]:
    for entry in manifest.content:
        value = entry.value.strip("'\"")
        if entry.kind == kind and value.startswith("unsafe-"):
            yield Place(entry.line, f"content.{kind} allows {value}", attributes={"directive": value, "channel": kind})


@check(
    "manifest-blob-script",
    "manifest-declaration",
    "Content security policy lets scripts run that are made at run time",
    page=_PERMISSIONS,
    why="A blob: script is code that no scan of the packaged files has seen.",
    fix="Ship the worker or script as a file of the resource.",
)
def blob_script(manifest: Manifest) -> Iterator[Place]:
    """`blob:` in `content.scripts`."""
    for entry in manifest.content:
        if entry.kind == "scripts" and entry.value.strip("'\"") == "blob:":
            yield Place(entry.line, attributes={"fact": "blob-script"})


@check(
    "manifest-declared-egress",
    "manifest-declaration",
    "Declares a host that the app may send to or load from",
    page=_PERMISSIONS,
    why="Any entry but an approved analytics tool with `inScopeEUD: false` takes the app out of Runs on Atlassian.",
    fix="Remove the entry if nothing uses it.",
)
def declared_egress(manifest: Manifest) -> Iterator[Place]:
    """Every entry of `permissions.external`, as a fact."""
    for entry in manifest.egress:
        fact = "analytics-egress" if entry.category == "analytics" else "egress"
        host = hosting.host_of(entry.address) if entry.address else None
        yield Place(entry.line, host=host, attributes=_declared(entry, fact))


@check(
    "manifest-any-host",
    "egress-host",
    "Allows calls to any host",
    page=_PERMISSIONS,
    why="With a bare star the platform stops nothing, not even plain http.",
    fix="Name the hosts that the app calls; where customers bring their own, use customer-managed egress.",
)
def any_host(manifest: Manifest) -> Iterator[Place]:
    """A bare star."""
    for entry, address, host in _addresses(manifest):
        if egress.shared_hosting(address) == "everything":
            yield Place(entry.line, f"{entry.kind} allows {address}", host, attributes=_declared(entry, "any-host"))


@check(
    "manifest-shared-hosting",
    "egress-host",
    "Allows every tenant of a shared hosting domain",
    page=_PERMISSIONS,
    why="Anybody can get a name under this domain, so the entry does not restrict who receives the data.",
    fix="Name the one host that the app uses, or put it behind a domain of your own.",
)
def shared_hosting(manifest: Manifest) -> Iterator[Place]:
    """A wildcard over a domain where anybody can get a name, public suffixes such as `*.com` included."""
    for entry, address, host in _addresses(manifest):
        if egress.shared_hosting(address) == "shared-suffix":
            yield Place(
                entry.line, f"{entry.kind} allows {address}", host, attributes=_declared(entry, "wildcard-host")
            )


@check(
    "manifest-tunnel",
    "egress-host",
    "Allows calls to a developer's tunnel or a request catcher",
    page=_PERMISSIONS,
    why="The host ends at somebody's machine, or belongs to whoever takes the name next.",
    fix="Remove the host before the app is deployed to production.",
)
def tunnel(manifest: Manifest) -> Iterator[Place]:
    """A tunnel host among the egress entries and remotes."""
    for entry, address, host in _addresses(manifest):
        if egress.shared_hosting(address) == "tunnel":
            yield Place(entry.line, f"{entry.kind} allows {address}", host, attributes=_declared(entry, "tunnel"))
    for remote in manifest.remotes:
        for url in remote.base_urls:
            if egress.shared_hosting(url) == "tunnel":
                attributes = {"fact": "tunnel", "channel": "remote", "remote": remote.key}
                message = f"remote {remote.key} is {url}"
                yield Place(remote.base_url_line or remote.line, message, hosting.host_of(url), attributes=attributes)


@check(
    "manifest-external-script",
    "egress-host",
    "Lets the app run scripts that another host delivers",
    page=_PERMISSIONS,
    channel="scripts",
    why="The host can change the code at any time, and the code can read what the user sees.",
    fix="Bundle the script with the app.",
)
def external_script(manifest: Manifest) -> Iterator[Place]:
    """Each host in `external.scripts` that no wider rule already names."""
    for entry, address, host in _addresses(manifest):
        if entry.kind == "scripts" and egress.shared_hosting(address) is None:
            yield Place(entry.line, f"scripts from {address}", host, attributes=_declared(entry, "external-script"))


@check(
    "manifest-overbroad-egress",
    "overbroad-egress",
    "Egress entry lets in parties that nobody can list",
    page=_PERMISSIONS,
    why="A promise of declared hosts means nothing where the declaration covers everybody.",
    fix="Name each host.",
)
def overbroad_egress(manifest: Manifest) -> Iterator[Place]:
    """A star over everything, over a public suffix, or over a shared hosting domain."""
    for entry, address, host in _addresses(manifest):
        breadth = egress.shared_hosting(address)
        if breadth in ("everything", "shared-suffix"):
            attributes = _declared(entry, "overbroad") | {"width": breadth}
            yield Place(entry.line, f"{address} covers more than anybody can list", host, attributes=attributes)


@check(
    "manifest-wildcard-egress",
    "manifest-declaration",
    "Egress entry holds a wildcard",
    page=_PERMISSIONS,
    why="Wider than the hosts in use; government and strict profiles refuse wildcards.",
    fix="Name the hosts that the app calls.",
)
def wildcard_egress(manifest: Manifest) -> Iterator[Place]:
    """Any star in the host of an entry."""
    for entry, address, host in _addresses(manifest):
        if "*" in host:
            fact = "any-host" if host == "*" else "wildcard-host"
            yield Place(entry.line, f"{entry.kind} allows {address}", host, attributes=_declared(entry, fact))


@check(
    "manifest-insecure-egress",
    "insecure-transport",
    "Declares a host without transport encryption",
    page=_PERMISSIONS,
    why="What is sent can be read and changed on the way.",
    fix="Use https:// or wss://.",
)
def insecure_egress(manifest: Manifest) -> Iterator[Place]:
    """`http://` or `ws://` in an egress entry or a remote's base URL."""
    for entry in manifest.egress:
        if entry.address and hosting.scheme_of(entry.address) in ("http", "ws"):
            yield Place(
                entry.line, entry.address, hosting.host_of(entry.address), attributes=_declared(entry, "insecure")
            )
    for remote in manifest.remotes:
        for url in remote.base_urls:
            if hosting.scheme_of(url) in ("http", "ws"):
                line = remote.base_url_line or remote.line
                yield Place(line, url, hosting.host_of(url), attributes={"fact": "insecure", "channel": "remote"})


@check(
    "manifest-analytics",
    "manifest-declaration",
    "Declares an analytics tool",
    page="analytics-tool-policy",
    why="The manifest itself says that use of the app is measured by a third party.",
    fix="Remove the tool, or name it and what it receives in the published promises.",
)
def analytics(manifest: Manifest) -> Iterator[Place]:
    """An egress entry with `category: analytics`, whatever its host."""
    for entry in manifest.egress:
        if entry.category == "analytics":
            host = hosting.host_of(entry.address) if entry.address else None
            yield Place(
                entry.line,
                entry.address or "",
                host,
                attributes=_declared(entry, "analytics-egress") | {"kind": "analytics"} | _vendor(host),
            )


@check(
    "manifest-tracker-host",
    "tracking",
    "Declares the host of a tracker",
    page="analytics-tool-policy",
    why="The host belongs to an analytics, session-recording, advertising or error-monitoring vendor.",
    fix="Remove the host, or name the vendor and what it receives in the published promises.",
)
def tracker_host(manifest: Manifest) -> Iterator[Place]:
    """A host of the tracker table, without `category: analytics`."""
    for entry, address, host in _addresses(manifest):
        vendor = _vendor(host)
        if vendor and entry.category != "analytics":
            yield Place(
                entry.line,
                f"{address} is {vendor['vendor']}",
                host,
                attributes=_declared(entry, "tracker-host") | vendor,
            )


def _vendor(host: str | None) -> dict[str, str]:
    tracker = trackers.by_host(host.removeprefix("*.")) if host else None
    return {"vendor": tracker.vendor, "kind": tracker.kind} if tracker else {}


@check(
    "manifest-analytics-in-scope",
    "manifest-declaration",
    "Analytics entry does not exclude in-scope end-user data",
    page="in-scope-end-user-data",
    why="A missing `inScopeEUD` counts as true: the entry alone ends Runs on Atlassian and data residency.",
    fix="Send no end-user data to the tool and declare `inScopeEUD: false`.",
)
def analytics_in_scope(manifest: Manifest) -> Iterator[Place]:
    """`category: analytics` without `inScopeEUD: false`."""
    for entry in manifest.egress:
        if entry.category == "analytics" and entry.in_scope_eud is not False:
            host = hosting.host_of(entry.address) if entry.address else None
            yield Place(entry.line, entry.address or "", host, attributes=_declared(entry, "analytics-eud"))


@check(
    "manifest-analytics-unlisted",
    "manifest-declaration",
    "Declares as analytics what the platform does not accept as such",
    page="analytics-tool-policy",
    why="The platform refuses to deploy analytics entries for hosts that are not on its list.",
    fix="Declare the host as ordinary egress, or use a listed tool.",
)
def analytics_unlisted(manifest: Manifest) -> Iterator[Place]:
    """`category: analytics` with a host that is not on the platform's list of analytics tools."""
    for entry, address, host in _addresses(manifest):
        if entry.category == "analytics" and not trackers.on_allow_list(host):
            yield Place(entry.line, address, host, attributes=_declared(entry, "analytics-unlisted"))


@check(
    "manifest-out-of-scope-egress",
    "manifest-declaration",
    "Says that no in-scope end-user data goes to this host",
    page="in-scope-end-user-data",
    why="A promise in the manifest: any flow of personal data to this host contradicts it.",
    fix="Keep account ids, site URLs and user content out of what is sent there, or drop the promise.",
)
def out_of_scope_egress(manifest: Manifest) -> Iterator[Place]:
    """`inScopeEUD: false`."""
    for entry in manifest.egress:
        if entry.in_scope_eud is False:
            host = hosting.host_of(entry.address) if entry.address else None
            yield Place(entry.line, entry.address or "", host, attributes=_declared(entry, "out-of-scope"))


@check(
    "manifest-unresolved-host",
    "manifest-declaration",
    "Declares a host that depends on a variable",
    page=_PERMISSIONS,
    why="What the entry allows is decided when the app is deployed, and cannot be read from the repository.",
    fix="Give the variable a default, or write the host out.",
)
def unresolved_host(manifest: Manifest) -> Iterator[Place]:
    """`${VAR}` without a default in an egress entry."""
    for entry in manifest.egress:
        if entry.unresolved:
            yield Place(entry.line, entry.address or "", attributes=_declared(entry, "unresolved-host"))


@check(
    "manifest-configurable-egress",
    "manifest-declaration",
    "Administrators can add hosts at run time",
    page=_PERMISSIONS,
    why="No list of hosts can be complete, and the app cannot be Runs on Atlassian.",
    fix="Publish that hosts depend on the customer, or remove `configurable`.",
)
def configurable_egress(manifest: Manifest) -> Iterator[Place]:
    """`configurable.enabled` of the egress block, or `configurable` of a remote."""
    if manifest.egress_configurable_line:
        yield Place(manifest.egress_configurable_line, attributes={"fact": "configurable-egress"})
    for remote in manifest.remotes:
        if remote.configurable:
            yield Place(remote.line, f"remote {remote.key}", attributes={"fact": "configurable-remote"})


@check(
    "manifest-storage-access",
    "manifest-declaration",
    "Asks the browser for unpartitioned cookies and storage",
    page=_PERMISSIONS,
    why="The sandbox token exists so that the app's frame can use cookies across sites.",
    fix="Remove the sandbox entry if the app keeps no cookies.",
)
def storage_access(manifest: Manifest) -> Iterator[Place]:
    """`allow-storage-access-by-user-activation` in `permissions.sandbox`."""
    for token, line in manifest.sandbox:
        if token == "allow-storage-access-by-user-activation":  # noqa: S105 - a sandbox token, not a secret
            yield Place(line, attributes={"fact": "storage-access", "token": token})


CHECKS: tuple[Check, ...] = (
    unsafe_script,
    unsafe_style,
    blob_script,
    declared_egress,
    any_host,
    shared_hosting,
    tunnel,
    external_script,
    overbroad_egress,
    wildcard_egress,
    insecure_egress,
    analytics,
    tracker_host,
    analytics_in_scope,
    analytics_unlisted,
    out_of_scope_egress,
    unresolved_host,
    configurable_egress,
    storage_access,
)


def gaps(manifest: Manifest, app: str) -> Iterator[Gap]:
    """Hosts that depend on a variable without a default."""
    for entry in manifest.egress:
        if entry.unresolved:
            yield Gap(
                path=manifest.path,
                line=entry.line,
                app=app,
                why=f"the declared host {entry.address} depends on a variable without a default",
                needed_for=("undeclared-egress", "unused-host", "overbroad-egress", "tracking"),
            )
