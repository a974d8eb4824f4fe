"""The claims of a Trust Center, as data: `catalogue.yaml`, which explains its own format."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import msgspec
from ruamel.yaml import YAML

from piiguard.model import Owner

Effect = Literal["contradicts", "weakens", "asks", "allowed", "nothing"]
Proof = Literal["code", "word"]


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of observation means for a claim. Every condition that is given must hold."""

    category: tuple[str, ...]
    data: tuple[str, ...] = ()
    """Data classes or groups of `model.DATA_CLASSES`."""
    host: tuple[Owner, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    confidence: tuple[Literal["sure", "likely"], ...] = ()
    rule: tuple[str, ...] = ()
    effect: Effect = "contradicts"
    unless: tuple[str, ...] = ()
    because: str = ""
    label: str = ""

    @property
    def conditional(self) -> bool:
        """Whether an observation of its category may not fit."""
        return bool(self.data or self.host or self.where or self.confidence or self.rule)


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One promise. `proof: word` claims are never supported by code, only attested."""

    id: str
    title: str
    statement: str
    against: tuple[Clause, ...] = ()
    proof: Proof = "code"
    prediction: bool = False
    """The decision is someone else's; the verdict is worded as a prediction."""
    beyond: str = ""
    """What code cannot show even when nothing stands against the claim."""

    @property
    def needs(self) -> frozenset[str]:
        """Categories that must have been looked for: a gap in any of them leaves the claim open."""
        return frozenset(category for clause in self.against for category in clause.category)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section of the Trust Center document."""

    number: int
    title: str
    claims: tuple[Claim, ...]


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Observations that a switch takes out of every claim."""

    switch: str
    category: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The strongest effect that some observations have on any claim, and why."""

    where: dict[str, tuple[str, ...]]
    effect: Effect
    because: str
    spares: tuple[str, ...] = ()
    """Categories that keep their effect."""


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole of `catalogue.yaml`."""

    switches: dict[str, str]
    """Switch of piiguard.yaml -> what it says when given."""
    exemptions: tuple[Exemption, ...]
    limits: tuple[Limit, ...]
    atlassian_hosts: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def claims(self) -> dict[str, Claim]:
        """Claim id -> claim, in the document's order."""
        return {claim.id: claim for section in self.sections for claim in section.claims}


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), Catalogue)
