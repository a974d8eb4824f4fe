"""The shape of piiguard.yaml: what validation reads and the JSON Schema is made from."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from piiguard.claims.policy import HostKind

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
HostPattern = Annotated[
    str,
    Meta(
        pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        max_length=253,
        description="A host in lower case, or *.domain for every name below a domain.",
    ),
]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A mapping of the file: keys in kebab-case, none but these."""


class HostEntry(_Part, frozen=True):
    """A host that the app may call, and who runs it."""

    host: HostPattern
    kind: HostKind
    name: Text | None = None
    purpose: Text | None = None


class AttestationEntry(_Part, frozen=True):
    """A named person's word for a claim that code cannot show, with its dates."""

    claim: Text
    by: Text
    on: date
    until: date
    statement: Text


class WaiverEntry(_Part, frozen=True):
    """A finding that a person accepts. In `path`, `*` also covers `/`."""

    rule: Text
    path: Text
    reason: Text
    until: date | None = None


class AppEntry(_Part, frozen=True):
    """What holds for one app beside what holds for all."""

    claims: dict[str, bool] = {}
    hosts: tuple[HostEntry, ...] | None = None
    vendor_hosts: tuple[HostPattern, ...] = ()
    allow: dict[str, bool] = {}
    count: dict[str, bool] = {}
    attestations: tuple[AttestationEntry, ...] = ()


class TrustCenterEntry(_Part, frozen=True):
    """The published page."""

    document: Text | None = None
    apps: dict[str, str] = {}


class File(AppEntry, frozen=True):
    """The vendor's own claims, the hosts that the apps may call, attestations and waivers."""

    version: Annotated[int, Meta(ge=1, le=1)] = 1
    trust_center: TrustCenterEntry | None = None
    waivers: tuple[WaiverEntry, ...] = ()
    apps: dict[str, AppEntry] = {}


DESCRIPTIONS = {
    "claims": "Claim id -> whether the vendor makes it. All are made unless set to false.",
    "hosts": "Services that the app may call. Once given, a host that is not listed stands against the list.",
    "vendor-hosts": "Servers that the vendor runs.",
    "allow": "What the published text lets the app do. Everything is false unless set.",
    "count": "What counts. Everything is true unless set.",
    "attestations": "Statements for claims that code cannot show.",
    "waivers": "Findings that are accepted, with the reason.",
    "apps": "App id (the folder of its manifest, or .) -> what holds for that app beside the rest.",
    "trust-center": "The published page: `document`, its path in the scanned folder; `apps`, its names of apps -> ids.",
    "version": "Version of this format.",
}
"""Key -> what an editor shows for it."""
