"""SDKs with a fixed host, and their calls that send (sdk_hosts.csv): base of the generated `egress-sdk-*` rules.

The hosts are the defaults of the vendors' own documentation (column `source`).
"""

from __future__ import annotations

import csv
import functools
from importlib import resources
from typing import Literal

import msgspec


class Service(msgspec.Struct, frozen=True):
    """An npm package and the service that it talks to."""

    id: str
    package: str
    host: str
    """`*.` at its start: a part of the name depends on region or account."""
    purpose: Literal["ai", "mail", "logs", "api"]
    calls: tuple[str, ...]
    """Paths of the calls that send, from the client on: `chat.completions.create`."""
    source: str


@functools.cache
def services() -> tuple[Service, ...]:
    """All rows, ordered by id."""
    text = resources.files("piiguard.facts").joinpath("sdk_hosts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(msgspec.convert(row | {"calls": row["calls"].split()}, Service) for row in rows)


def ai_host(host: str) -> str:
    """The package whose language model a host serves, or an empty string. Only hosts without a variable part count."""
    fixed = (each for each in services() if each.purpose == "ai" and not each.host.startswith("*"))
    return next((each.package for each in fixed if each.host == host), "")
