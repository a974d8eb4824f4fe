"""The data flow of one app, before it is drawn: boxes, and the ways between them."""

from __future__ import annotations

from typing import Literal

import msgspec

from piiguard.formats.diagram.places import LaneId, places


class Node(msgspec.Struct, frozen=True):
    """A box of the picture. Its texts come from the scanned repository: escape them."""

    id: str
    """`s1`, `a1` (a part of the app), `d1` ..., in the order of the picture."""
    kind: Literal["source", "part", "destination"]
    label: str
    notes: tuple[str, ...] = ()
    lane: LaneId | Literal[""] = ""
    """Of a destination: who runs it."""
    seen: bool = True
    """False: only the manifest names it."""
    untold: str = ""
    """What is said of the way to a destination on which no data was seen."""
    about: str = ""
    """Of a host: its name and purpose."""
    service: str = ""
    """Of what the app calls outside itself: whose service it is, or the host where that is not known."""
    purpose: str = ""
    """Of a service: what it is for, if piiguard.yaml says so, else what its provider does."""
    is_host: bool = False
    elsewhere: bool = False
    """Of a part of the app: it does not run on Forge."""


class Edge(msgspec.Struct, frozen=True):
    """Data on its way between two boxes."""

    start: str
    end: str
    data: tuple[str, ...] = ()
    """Data classes; empty: none was seen on this way."""
    likely: tuple[str, ...] = ()
    """Data classes for which there is only a likely observation."""
    origins: tuple[str, ...] = ()
    """Of a way out of the app: labels of the sources that the data comes from."""


class DataFlow(msgspec.Struct, frozen=True):
    """The picture of one app, before it is drawn."""

    app: str
    """Id of the app."""
    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    unused: tuple[str, ...] = ()
    """Services whose package is installed, and that no code was seen to use: no boxes."""
    gaps: int = 0
    """Number of things that could not be looked at, so that the picture may lack something."""

    def of_kind(self, kind: str) -> tuple[Node, ...]:
        """The boxes of a kind, in order."""
        return tuple(node for node in self.nodes if node.kind == kind)

    def lanes(self) -> dict[LaneId, tuple[Node, ...]]:
        """The destinations by who runs them, in the order of the picture; no lane is empty."""
        found = {lane: tuple(node for node in self.nodes if node.lane == lane) for lane in places().lanes}
        return {lane: nodes for lane, nodes in found.items() if nodes}

    def into(self, node: Node) -> tuple[Edge, ...]:
        """The ways that end in a box."""
        return tuple(edge for edge in self.edges if edge.end == node.id)

    def out_of(self, node: Node) -> tuple[Edge, ...]:
        """The ways that start in a box."""
        return tuple(edge for edge in self.edges if edge.start == node.id)
