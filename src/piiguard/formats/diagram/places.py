"""The words of the picture: places.yaml."""

from __future__ import annotations

import functools
import re
from fnmatch import fnmatchcase
from importlib import resources
from typing import Literal

import msgspec
from ruamel.yaml import YAML

from piiguard.model import Observation, Owner

PartId = Literal["frontend", "backend", "helper"]
LaneId = Literal["atlassian", "browser", "machine", "customer", "subprocessor", "vendor", "other"]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where data comes from."""

    id: str
    label: str
    shapes: tuple[str, ...]
    detail: str = ""
    reads: str = "(?!)"
    """Expression for the scopes that read from it, and below for those that write to it."""
    writes: str = "(?!)"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the app."""

    label: str
    detail: str


class Lane(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the same somebody runs."""

    title: str
    look: str
    """Colour and line, in words."""
    owners: tuple[Owner, ...] = ()


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that data goes to and that is no host."""

    lane: LaneId
    label: str
    detail: str = ""
    service: str = ""
    """How a table of services calls it; empty: it is none."""


class Modules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a module of the manifest, by its kind, gives data to."""

    place: str
    said: str


class Places(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of places.yaml."""

    sources: tuple[Source, ...]
    parts: dict[PartId, Part]
    lanes: dict[LaneId, Lane]
    owners: dict[Owner, str]
    places: dict[str, Place]
    categories: dict[str, str]
    rules: dict[str, str]
    vendors: dict[str, str]
    modules: dict[str, Modules]
    services: dict[str, str]
    hosts: dict[str, str]
    keys: dict[str, str]

    def source_of(self, shape: str) -> Source:
        """The source of data of a shape."""
        return next(each for each in self.sources if any(fnmatchcase(shape, known) for known in each.shapes))

    def read_by(self, scope: str) -> Source | None:
        """What a scope lets the app read."""
        return next((each for each in self.sources if re.search(each.reads, scope)), None)

    def written_by(self, scope: str) -> Source | None:
        """What a scope lets the app write."""
        return next((each for each in self.sources if re.search(each.writes, scope)), None)

    def own_ai(self, observation: Observation) -> str:
        """The place, at Atlassian, of AI that an observation is about; empty where it is about none."""
        return self.rules.get(observation.rule) or self.vendors.get(observation.attributes.get("vendor", ""), "")

    def lane_of(self, owner: Owner) -> LaneId:
        """The lane of what somebody runs."""
        return next(name for name, lane in self.lanes.items() if owner in lane.owners)


def of_atlassian_ai(observation: Observation) -> bool:
    """Whether the observation is about AI models that Atlassian runs: Forge LLM, Rovo."""
    return bool(places().own_ai(observation))


@functools.cache
def places() -> Places:
    """The shipped words."""
    text = resources.files(__package__).joinpath("places.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), Places)
