"""Which destinations share a box, so that a picture with many hosts stays readable. Nothing is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node

FEW = 4
"""A lane with so many destinations has a box for each."""
SAME = 3
"""Destinations of which the same is to be said before they share a box."""
MANY = 10
"""Boxes of a lane before those that no data reaches share one."""


class Box(msgspec.Struct, frozen=True):
    """Destinations that are drawn as one: by themselves, or since the same is to be said of them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    alike: bool = True
    """False: their notes differ, and stand with each name."""

    @property
    def label(self) -> str:
        """The name; of several, how many there are."""
        word = "hosts" if all(node.is_host for node in self.nodes) else "places"
        return self.nodes[0].label if len(self.nodes) == 1 else f"{len(self.nodes)} {word}"

    @property
    def seen(self) -> bool:
        return any(node.seen for node in self.nodes)

    @property
    def untold(self) -> str:
        """What is said of the way where no data was seen."""
        return ", or ".join(dict.fromkeys(node.untold for node in self.nodes if node.untold))

    def names(self, hoisted: Iterable[str] = ()) -> tuple[str, ...]:
        """Of several: their names in one paragraph, with what each is."""
        if len(self.nodes) == 1:
            return ()
        return (", ".join(_named(node, () if self.alike else _without(node, hoisted)) for node in self.nodes),)

    def notes(self, hoisted: Iterable[str] = ()) -> tuple[str, ...]:
        """What is said of all of them, without what is said of the whole lane."""
        about = self.nodes[0].about if len(self.nodes) == 1 else ""
        return (*([about] if about else []), *(_without(self.nodes[0], hoisted) if self.alike else ()))


def boxes(flow: DataFlow, nodes: Iterable[Node]) -> tuple[Box, ...]:
    """The boxes of the destinations of a lane, in the order of their first ones."""
    nodes = tuple(nodes)
    if len(nodes) <= FEW:
        return tuple(Box((node,), flow.into(node)) for node in nodes)
    groups: dict[object, list[Node]] = defaultdict(list)
    for node in nodes:
        ways = tuple(msgspec.structs.replace(edge, end="") for edge in flow.into(node))
        groups[ways, node.untold, node.notes, node.is_host].append(node)
    found = [
        Box(tuple(some), flow.into(some[0]))
        for group in groups.values()
        for some in ([group] if len(group) >= SAME else ([node] for node in group))
    ]
    return tuple(found) if len(found) <= MANY else _rest_together(tuple(found))


def hoisted(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """Notes that hold for every destination of a lane, and so are said once."""
    if len(nodes) < 2:
        return ()
    return tuple(note for note in nodes[0].notes if all(note in node.notes for node in nodes))


def _rest_together(found: tuple[Box, ...]) -> tuple[Box, ...]:
    kept = tuple(box for box in found if any(edge.data or edge.likely for edge in box.edges))
    rest = tuple(box for box in found if box not in kept)
    if len(rest) < 2:
        return found
    starts = {edge.start: edge for box in rest for edge in box.edges}
    return (*kept, Box(tuple(node for box in rest for node in box.nodes), tuple(starts.values()), alike=False))


def _named(node: Node, notes: Iterable[str]) -> str:
    said = "; ".join(filter(None, (node.about, *notes)))
    return f"{node.label} ({said})" if said else node.label


def _without(node: Node, hoisted: Iterable[str]) -> tuple[str, ...]:
    return tuple(note for note in node.notes if note not in hoisted)
