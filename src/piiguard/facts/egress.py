"""Which hosts an egress entry of the manifest covers, matched as the Forge platform matches them.

`matches` follows `EgressFilteringService` of the npm package `@forge/egress` 3.0.0: `isValidUrl` guards what
functions call (`backend`), `isValidUrlCSP` what the browser loads (`frontend`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import unquote

import tldextract

_SECURER = {"http:": "https:", "ws:": "wss:"}
"""A Content-Security-Policy entry for the first protocol covers the second as well."""

_PRODUCT_HOSTS = ("https://*.atlassian.net", "https://*.jira.com")

ALWAYS_ALLOWED: dict[str, tuple[str, ...]] = {
    "fetch.backend": ("https://api.media.atlassian.com",),
    "fetch.client": ("https://api.media.atlassian.com", "https://api.atlassian.com/gateway/api/emoji/"),
    "images": (
        *_PRODUCT_HOSTS,
        "https://*.atl-paas.net",
        "https://*.wp.com/avatar-management--avatars.us-west-2.prod.public.atl-paas.net/",
        "https://api.atlassian.com",
        "https://api.media.atlassian.com",
        "https://assets-media.atlassian.com",
        "https://images.unsplash.com",
        "https://secure.gravatar.com",
    ),
    "media": (*_PRODUCT_HOSTS, "https://api.media.atlassian.com"),
    "frames": _PRODUCT_HOSTS,
}
"""Egress kind -> entries that the platform adds itself.

Sources: Forge documentation, "Permissions" and "Runs on Atlassian"; hosts of the npm package `@forge/csp` 6.3.2.
The site's own host is written as the product domains.
"""

ATLASSIAN_DOMAINS = ("atlassian.com", "atlassian.net", "atl-paas.net", "jira.com", "jira-dev.com")
"""Domains whose hosts are Atlassian's own: data sent there has not left Atlassian.

bitbucket.org is left out on purpose: a plain `fetch` to it needs an egress entry like any other host.
"""

SHARED_DOMAINS = (
    "amazonaws.com",
    "appspot.com",
    "azure-api.net",
    "cloudfunctions.net",
    "firebaseio.com",
    "googleapis.com",
    "run.app",
)
"""Domains below which many owners share one suffix, and which the public suffix list does not name as such."""

TUNNEL_DOMAINS = (
    "loca.lt",
    "localtunnel.me",
    "ngrok.app",
    "ngrok.dev",
    "ngrok-free.app",
    "ngrok-free.dev",
    "ngrok.io",
    "serveo.net",
    "trycloudflare.com",
)
"""Domains of tunnels to a developer's machine: whoever asks next may get the same name."""

_suffixes = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


class _Address(NamedTuple):
    protocol: str
    host: str
    path: str


@lru_cache(maxsize=4096)
def _parse(address: str) -> _Address:
    """Split as `@forge/egress` does: everything up to the first colon is the protocol, `https:` if there is none."""
    found = re.match(r"[^\n\r\u2028\u2029]*?:", address)
    protocol = found[0] if found else "https:"
    rest = address.replace(protocol, "", 1).lstrip("/").lstrip("\\").split("?")[0].split("#")[0]
    host = rest.split("/")[0]
    return _Address(protocol, host, rest[len(host) :] or "/")


def _glob(pattern: str, host: str) -> bool:
    """Whether a host fits a pattern with stars. Not a regular expression: a hostile one would take for ever."""
    first, *middle, last = pattern.split("*")
    if len(host) < len(first) + len(last) or not host.startswith(first) or not host.endswith(last):
        return False
    here = len(first)
    for part in middle:
        here = host.find(part, here, len(host) - len(last))
        if here < 0:
            return False
        here += len(part)
    return True


def _host_covered(entry: _Address, entry_written: str, host: str) -> bool:
    if not entry_written.startswith("*") and entry.host == host:
        return True
    pattern = unquote(entry.host)
    return pattern.startswith("*") and _glob(pattern, host)


def _path_covered(entry_path: str, path: str) -> bool:
    if entry_path.endswith("/"):
        return path.startswith(entry_path)
    return path == entry_path


def matches(address: str, url_or_host: str, *, side: Literal["backend", "frontend"]) -> bool:
    """Whether the egress entry `address` lets the platform pass `url_or_host` (a bare host means `https:`).

    Protocol and host are compared on both sides, letter case included: bring hosts to lower case first. The path counts
    for the front end only. `*.x` covers every depth below `x` but not `x`; a bare `*` covers everything, whatever the
    protocol.
    """
    if address == "*":
        return True
    entry, target = _parse(address), _parse(url_or_host)
    if not _host_covered(entry, address, target.host):
        return False
    if side == "backend":
        return entry.protocol == target.protocol
    protocols = (entry.protocol, _SECURER.get(entry.protocol))
    return target.protocol in protocols and _path_covered(entry.path, target.path)


def always_allowed(url_or_host: str, kind: str) -> bool:
    """Whether the platform allows the target without any entry, for a kind such as `images` or `fetch.backend`."""
    side: Literal["backend", "frontend"] = "backend" if kind == "fetch.backend" else "frontend"
    return any(matches(entry, url_or_host, side=side) for entry in ALWAYS_ALLOWED.get(kind, ()))


def is_atlassian(host: str) -> bool:
    """Whether a host is Atlassian's own (see ATLASSIAN_DOMAINS)."""
    return _below(host.lower().rstrip("."), ATLASSIAN_DOMAINS)


def shared_hosting(pattern: str) -> Literal["everything", "shared-suffix", "tunnel"] | None:
    """Why an egress entry lets strangers in, if it does.

    `*`; a wildcard right below a suffix where anybody can get a name (public suffixes, cloud hosts); a tunnel's host.
    """
    host = _parse(pattern.strip()).host.lower().split(":")[0].rstrip(".")
    if host and not host.strip("*."):
        return "everything"
    domain = host.lstrip("*").lstrip(".")
    if _below(domain, TUNNEL_DOMAINS):
        return "tunnel"
    if host.startswith("*") and (domain in SHARED_DOMAINS or _suffixes(f"name.{domain}").suffix == domain):
        return "shared-suffix"
    return None


def _below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
