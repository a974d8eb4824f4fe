"""Is a host that the code calls declared in the manifest, for the channel that it is called through?"""

from __future__ import annotations

import re
from typing import Literal

from piiguard.facts import egress, names
from piiguard.flow.hosts import Host
from piiguard.model import App, Egress, Side

Declared = Literal["yes", "no", "unknown"]

UNGOVERNED = frozenset({"navigation", "webhook", "public-url", "postmessage", "cross-app", "webrtc", "process"})
"""Channels that no entry of the manifest governs."""
SERVICES = {
    "slack": "slack.com",
    "discord": "discord.com",
    "sendgrid": "sendgrid.com",
    "openai": "openai.com",
    "anthropic": "anthropic.com",
    "telegram": "telegram.org",
}
"""Word in the name of a URL -> the one domain of that service (none that customers run themselves)."""
_AS_FETCH = frozenset({"socket", "email", "sdk", "http", "beacon", "remote", "database"})
"""Channels that the `fetch` entries govern."""
_AUTHORITY = re.compile(r"^[^/]*//[^/?#]*")
"""Protocol and host of a URL: the case of their letters means nothing."""


def kinds(channel: str, side: Side) -> tuple[str, ...]:
    """The kinds of egress entries that govern a channel."""
    if channel == "fetch" or channel in _AS_FETCH:
        return {"backend": ("fetch.backend",), "frontend": ("fetch.client",)}.get(
            side, ("fetch.backend", "fetch.client")
        )
    return ("frames",) if channel == "message" else (channel,)


def declared(app: App, host: Host, channel: str, side: Side) -> Declared:
    """Whether the manifest allows the host. A dynamic one can be allowed only if there is any entry of the kind."""
    if channel in UNGOVERNED:
        return "unknown"
    wanted = kinds(channel, side)
    entries = [entry for entry in app.manifest.egress if entry.kind in wanted]
    if app.manifest.egress_configurable_line:
        return "unknown"
    if channel == "message" and host.kind != "constant":
        return "unknown"  # the page in the frame may be one of the app's own
    if channel == "remote" and side == "backend" and _is_remote(app, host):
        return "yes"
    if host.kind != "constant":
        service = next((domain for word, domain in SERVICES.items() if word in names.words(host.name).split()), None)
        return "unknown" if any(_may_name(entry, service) for entry in entries) else "no"
    if host.name.startswith("*") and any(_below(entry, host.name[1:]) for entry in entries):
        return "unknown"
    if any(_allows(app, entry, host) for entry in entries) or any(
        egress.always_allowed(_url(host), kind) for kind in wanted
    ):
        return "yes"
    return "unknown" if any(entry.unresolved for entry in entries) else "no"


def _is_remote(app: App, host: Host) -> bool:
    """Forge itself calls a remote for a function: its entry in `remotes` is all that this needs.

    https://developer.atlassian.com/platform/forge/remote/calling-from-function
    """
    return any(
        egress.matches(url, _url(host), side="backend") for remote in app.manifest.remotes for url in remote.base_urls
    )


def _may_name(entry: Egress, service: str | None) -> bool:
    """May a host that is chosen at run time be one that this entry allows?"""
    if service is None or entry.unresolved or entry.remote is not None or entry.address is None:
        return True
    return entry.address == "*" or service in entry.address


def _below(entry: Egress, suffix: str) -> bool:
    """Does the entry name one host of a domain, where the code calls some host of it (`email.<region>.…`)?"""
    name = re.sub(r"^[^/]*//", "", entry.address or "").partition("/")[0]
    return name.endswith(suffix) and not name.startswith("*")


def understated(app: App, host: Host, channel: str, side: Side) -> bool:
    """Whether the entry that allows the host says that no in-scope end-user data goes there."""
    wanted = kinds(channel, side)
    entries = [entry for entry in app.manifest.egress if entry.kind in wanted and _allows(app, entry, host)]
    return bool(entries) and all(entry.in_scope_eud is False for entry in entries)


def _allows(app: App, entry: Egress, host: Host) -> bool:
    # Without the path, which counts for the front end, only the host is compared.
    side: Literal["backend", "frontend"] = "backend" if entry.kind == "fetch.backend" or not host.url else "frontend"
    if entry.remote is not None:
        return any(
            egress.matches(url, _url(host), side="backend")
            for remote in app.manifest.remotes
            if remote.key == entry.remote
            for url in remote.base_urls
        )
    if entry.address is None or entry.unresolved:
        return False
    if host.name.startswith("*"):
        # A host with a dynamic part: allowed where the entry covers any name at that place.
        return egress.matches(entry.address, _url(host).replace("*", "any-name", 1), side=side)
    return egress.matches(entry.address, _url(host), side=side)


def _url(host: Host) -> str:
    if host.name.startswith("*"):
        return f"https://{host.name}/"
    url = host.url.replace("{}", "x")
    return _AUTHORITY.sub(lambda found: found[0].lower(), url) if "//" in url else f"https://{host.name}/"
