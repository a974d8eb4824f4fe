"""Vendors of analytics, session recording, error monitoring, pixels, chats, feature flags, tag managers (trackers.csv).

How each row was sourced stands in SOURCES.md. The second table, analytics_allow_list.txt, holds the domains that the
Forge platform accepts for egress of the category `analytics`.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from typing import Literal

import msgspec

Kind = Literal["analytics", "session-recording", "error-monitoring", "pixel", "chat", "feature-flag", "tag-manager"]
Ecosystem = Literal["npm", "pypi"]
_LISTS = ("npm", "pypi", "globals", "hosts")
"""Columns that hold several words."""


class Tracker(msgspec.Struct, frozen=True):
    """A vendor, by what its product shows in an app: packages, global names of its snippet, hosts that it talks to."""

    vendor: str
    kind: Kind
    npm: tuple[str, ...]
    pypi: tuple[str, ...]
    globals: tuple[str, ...]
    hosts: tuple[str, ...]
    """Lower case; a host stands for itself and for everything below it."""
    source: str
    """The vendor's own documentation."""
    verified: Literal["docs", "registry", "known"]
    """How the row was checked, see SOURCES.md."""


@functools.cache
def trackers() -> tuple[Tracker, ...]:
    """All vendors, ordered by name."""
    rows = csv.DictReader(_read("trackers.csv").splitlines())
    return tuple(msgspec.convert(row | {name: row[name].split() for name in _LISTS}, Tracker) for row in rows)


def by_host(host: str) -> Tracker | None:
    """The vendor that a host belongs to: the longest listed host that is the host itself or a domain above it."""
    labels = host.lower().rstrip(".").split(".")
    known = _hosts()
    return next((known[name] for start in range(len(labels)) if (name := ".".join(labels[start:])) in known), None)


def by_package(name: str, ecosystem: str) -> Tracker | None:
    """The vendor of a package, or of the package that an import path (`posthog-js/react`) is part of.

    PyPI names in any spelling; `ecosystem` is `npm` or `pypi`.
    """
    if ecosystem == "pypi":
        return _packages("pypi").get(_pypi_name(name))
    parts = name.split("/")
    known = _packages("npm")
    return next((known[path] for end in range(len(parts), 0, -1) if (path := "/".join(parts[:end])) in known), None)


def by_global(name: str) -> Tracker | None:
    """The vendor whose install snippet makes this global name."""
    return _globals().get(name)


@functools.cache
def analytics_allow_list() -> tuple[str, ...]:
    """Patterns of domains that the platform accepts under `category: analytics`; `*.x` does not cover `x` itself."""
    return tuple(line for line in _read("analytics_allow_list.txt").splitlines() if line and not line.startswith("#"))


def on_allow_list(host: str) -> bool:
    """Whether the platform accepts a host, or a pattern of an egress entry (`*.posthog.com`), as an analytics tool."""
    wanted = host.lower()
    return any(
        wanted == entry or (entry.startswith("*.") and wanted.endswith(entry[1:])) for entry in analytics_allow_list()
    )


def _read(name: str) -> str:
    return resources.files("piiguard.facts").joinpath(name).read_text(encoding="utf-8")


def _pypi_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.cache
def _hosts() -> dict[str, Tracker]:
    return {host: tracker for tracker in trackers() for host in tracker.hosts}


@functools.cache
def _globals() -> dict[str, Tracker]:
    return {name: tracker for tracker in trackers() for name in tracker.globals}


@functools.cache
def _packages(ecosystem: Ecosystem) -> dict[str, Tracker]:
    if ecosystem == "pypi":
        return {_pypi_name(name): tracker for tracker in trackers() for name in tracker.pypi}
    return {name: tracker for tracker in trackers() for name in tracker.npm}
