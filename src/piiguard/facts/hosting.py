"""Who is behind a host name: anybody's tenant, a developer's tunnel, Atlassian (hosting.yaml)."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Literal

import tldextract
from ruamel.yaml import YAML

Width = Literal["any", "public-suffix", "shared-hosting", "one-domain", "single"]

_ADDRESS = re.compile(r"^(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?://)?(?:[^/@]*@)?(?P<host>[^/:?#]*)", re.IGNORECASE)
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_*-]+)*", re.IGNORECASE)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
"""A cloud region as a label of a host: `us-east-1`."""


@functools.cache
def _table() -> dict[str, frozenset[str]]:
    text = resources.files("piiguard.facts").joinpath("hosting.yaml").read_text(encoding="utf-8")
    return {kind: frozenset(hosts) for kind, hosts in YAML(typ="safe", pure=True).load(text).items()}


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    return tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def host_of(address: str) -> str | None:
    """The lower-case host (or host glob) of a URL or a manifest address; None for `${VAR}` and for custom schemes.

    >>> host_of("https://*.example.com:8443/path"), host_of("api.example.com/v1"), host_of("*")
    ('*.example.com', 'api.example.com', '*')
    """
    found = _ADDRESS.match(address.strip())
    if found is None:
        return None
    scheme, host = found["scheme"], found["host"].lower()
    if scheme and "//" not in address:
        # `example.com:8443` has a port where a URL has its scheme; `myapp:` has no host at all.
        host = scheme.lower() if "." in scheme else ""
    return host if _HOST.fullmatch(host) else None


def scheme_of(address: str) -> str:
    """The lower-case scheme of a URL, or an empty string."""
    return address.split("://", 1)[0].strip().lower() if "://" in address else ""


def _under(host: str, kind: str) -> bool:
    labels = host.removeprefix("*.").split(".")
    return any(".".join(labels[start:]) in _table()[kind] for start in range(len(labels)))


def is_tunnel(host: str) -> bool:
    """Whether the host leads to a developer's machine or a request catcher."""
    return _under(host, "tunnels")


def is_atlassian(host: str) -> bool:
    """Whether the host is Atlassian's own."""
    return _under(host, "atlassian")


def width(host: str) -> Width:
    """How many parties a host glob lets in.

    `*.example.com` is one domain; `*.herokuapp.com` is anybody's application; `*.com` and `*` need no comment.
    """
    if host == "*":
        return "any"
    if "*" not in host:
        return "single"
    base = host.rsplit("*", 1)[1].removeprefix(".")
    if not base:
        return "any"
    regionless = ".".join(label for label in base.split(".") if not _REGION.fullmatch(label))
    if regionless in _table()["shared"]:
        return "shared-hosting"
    found = _suffixes()(f"x.{base}")
    if found.suffix != base:
        return "one-domain"
    return "shared-hosting" if found.is_private else "public-suffix"
