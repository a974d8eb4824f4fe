"""What the vendor says in piiguard.yaml, resolved per app: which claims are made, whose hosts are whose, what may be.

Nothing here is trusted in silence: every relaxation keeps the line that it comes from, and the verdict names it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from piiguard.model import Attestation, Waiver

HostKind = Literal["customer-configured", "subprocessor", "vendor", "atlassian"]


class Host(msgspec.Struct, frozen=True):
    """A host, or `*.domain` for all names below a domain, and who runs it."""

    pattern: str
    kind: HostKind
    line: int
    name: str = ""
    purpose: str = ""
    path: str = ""
    """The file that says so, when it is not piiguard.yaml."""


class AppPolicy(msgspec.Struct, frozen=True):
    """The policy as it stands for one app. Lines are those of piiguard.yaml."""

    unclaimed: dict[str, int] = {}
    """Claims that the vendor says it does not make -> line."""
    hosts: tuple[Host, ...] = ()
    lists_hosts: bool = False
    """Whether `hosts` is given at all: with a list, a host that is not on it stands against the list."""
    relaxed: dict[str, int] = {}
    """Switches that are set away from the strict default -> line."""
    told_by: dict[str, str] = {}
    """Those of the switches that another file than piiguard.yaml sets -> that file."""


class Policy(msgspec.Struct, frozen=True):
    """The whole file; without one, the strict default: every claim is made and nothing is relaxed."""

    path: str = ""
    sha256: str = ""
    everyone: AppPolicy = AppPolicy()
    apps: dict[str, AppPolicy] = {}
    """App id -> its policy, with what holds for everyone merged in."""
    app_lines: dict[str, int] = {}
    document: str = ""
    """Path of the Trust Center document, relative to the scanned folder; empty: none is given."""
    document_line: int = 0
    document_apps: dict[str, str] = {}
    """Names of apps as the document has them -> app ids."""
    attestations: tuple[Attestation, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts of everyone and of each app."""
        return tuple(host for each in (self.everyone, *self.apps.values()) for host in each.hosts)

    def for_app(self, app: str) -> AppPolicy:
        """The policy of the app with this id."""
        return self.apps.get(app, self.everyone)

    def place(self, line: int, path: str = "") -> str:
        """A line of the file, or of another, as verdicts name it."""
        return f"{path or self.path}:{line}"
