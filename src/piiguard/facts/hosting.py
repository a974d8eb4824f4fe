"""The host in an address, as a manifest or a page writes it."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"^(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?://)?(?:[^/@]*@)?(?P<host>[^/:?#]*)", re.IGNORECASE)
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_*-]+)*", re.IGNORECASE)


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
