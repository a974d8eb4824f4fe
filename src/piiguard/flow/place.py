"""What both front ends know of a marked place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from piiguard.flow.hosts import Host
from piiguard.model import Mark, Rule, Source


class SlotValue(Protocol):
    """A value in a slot of a rule: its graph node, and the properties of it that are meant."""

    @property
    def node(self) -> int: ...

    @property
    def path(self) -> tuple[str, ...]: ...


class MarkedPlace(Protocol):
    """A mark in the syntax tree of its file."""

    mark: Mark
    rule: Rule

    @property
    def source(self) -> Source:
        """The file."""

    @property
    def span(self) -> tuple[int, int]:
        """Byte span of the marked syntax."""

    @property
    def shown(self) -> tuple[int, int]:
        """Byte span at which the observation stands."""

    @property
    def text(self) -> str:
        """The marked source text without layout, for the fingerprint."""

    @property
    def node(self) -> int:
        """Graph node of the marked value; 0 = none."""

    def values(self, slots: tuple[str, ...]) -> Sequence[SlotValue]:
        """The values in the slots."""

    def hosts(self) -> list[Host]:
        """The hosts that an egress call goes to, without those that stay on the page's own host."""

    def made_with(self) -> Sequence[SlotValue] | None:
        """What the client was made with on which the marked call is made; None where that is not seen."""

    def url(self) -> str | None:
        """The path or URL that a request asks for, `{}` for what is filled in."""

    def fields(self, slot: str) -> frozenset[str] | None:
        """The names of all properties that the value in a slot has, and of those in them; None: not all are seen."""

    @property
    def failed(self) -> bool:
        """Whether the place is reached only after a request has failed (`if (!response.ok) …`)."""

    @property
    def product(self) -> str:
        """The product whose REST API is called (`jira`, `confluence`, `bitbucket`), or an empty string."""

    @property
    def variable(self) -> str:
        """The name of the environment variable that is read."""
