"""The data flow as Mermaid text, for pages and repositories that draw it themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node
from piiguard.formats.diagram.fold import Box, boxes
from piiguard.formats.diagram.places import LaneId, places
from piiguard.formats.diagram.text_width import wrap
from piiguard.formats.diagram.words import data_words, footnotes, legend, legend_lanes
from piiguard.formats.plain import plural, printable

STYLES: dict[LaneId, str] = {
    "atlassian": "fill:#e9f2ff,stroke:#0c66e4,color:#09326c",
    "browser": "fill:#f1f2f4,stroke:#626f86,color:#172b4d,stroke-dasharray:1 4",
    "machine": "fill:#f1f2f4,stroke:#626f86,color:#172b4d,stroke-dasharray:1 4",
    "customer": "fill:#fff3e0,stroke:#b65c02,color:#5f3811,stroke-dasharray:8 4",
    "subprocessor": "fill:#f1f2f4,stroke:#626f86,color:#172b4d,stroke-dasharray:4 4",
    "vendor": "fill:#ffeceb,stroke:#c9372c,color:#5d1f1a,stroke-width:3px",
    "other": "fill:#f1f2f4,stroke:#626f86,color:#172b4d,stroke-dasharray:2 3",
}
"""Look of the boxes of a lane: colour, and a line that tells them apart without it."""
TITLE_ROOM = 24
"""Width of a group's title in its own font size: Mermaid breaks long names of boxes, but not of groups."""
_PLAIN = re.compile(r"[^A-Za-z0-9 ,()/.:'-]|^[-.]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
"""Everything but what is a letter to Mermaid; a text that begins like an entry of a list would be read as one."""


def mermaid(flow: DataFlow) -> str:
    """A flow chart, which ends in a newline. Names of the scanned repository are quoted and escaped."""
    return "\n".join(_lines(flow)) + "\n"


def _lines(flow: DataFlow) -> Iterator[str]:
    yield "flowchart LR"
    yield "  accTitle: Data flow of the app"
    yield f"  accDescr: {_described(flow)}"
    lanes = {lane: boxes(flow, nodes) for lane, nodes in flow.lanes().items()}
    yield from _group("sources", "Where data comes from", map(_node, flow.of_kind("source")), "neutral")
    parts = [node for node in flow.of_kind("part") if not node.elsewhere]
    yield from _group("app", f"{flow.name} on Atlassian Forge", map(_node, parts), "atlassian")
    elsewhere = [node for node in flow.of_kind("part") if node.elsewhere]
    yield from _group("beside", "Not on Forge", map(_node, elsewhere), "machine")
    for lane, found in lanes.items():
        yield from _group(f"lane_{lane}", places().lanes[lane].title, map(_box, found), lane)
    drawn = {box.nodes[0].id: box for found in lanes.values() for box in found}
    for source in flow.of_kind("source"):
        for edge in flow.out_of(source):
            yield _arrow(edge, data_words(edge), edge.end, seen=True)
    for id_, box in drawn.items():
        for edge in box.edges:
            yield _arrow(edge, data_words(edge) or box.untold, id_, seen=box.seen)
    yield "  classDef group fill:none,stroke:#8590a2"
    yield f"  class {','.join(_groups(flow))} group"
    yield "  classDef neutral fill:#ffffff,stroke:#626f86,color:#172b4d"
    beside: list[LaneId] = ["machine"] if elsewhere else []
    for lane in dict.fromkeys((*legend_lanes(flow), *beside)):
        yield f"  classDef {lane} {STYLES[lane]}"
    for number, said in enumerate(footnotes(flow), 1):
        yield f"  note{number}[{_quoted(said)}]:::neutral"


def _described(flow: DataFlow) -> str:
    boxes = ((flow.of_kind("source"), "source"), (flow.of_kind("destination"), "destination"))
    counts = " and ".join(plural(len(nodes), word) for nodes, word in boxes)
    return f"{counts} of data. {legend(flow)}"


def _group(id_: str, title: str, nodes: Iterable[tuple[str, Iterable[str]]], style: str) -> Iterator[str]:
    """A group of boxes, each an id and its lines; nothing where there is no box."""
    nodes = list(nodes)
    if nodes:
        named = "<br/>".join(map(_escaped, wrap(title, TITLE_ROOM, 1)))
        yield f'  subgraph {id_}["{named}"]'
        for name, lines in nodes:
            yield f'    {name}["{"<br/>".join(map(_escaped, lines))}"]:::{style}'
        yield "  end"


def _node(node: Node) -> tuple[str, Iterable[str]]:
    return node.id, (node.label, *node.notes)


def _box(box: Box) -> tuple[str, Iterable[str]]:
    return box.nodes[0].id, (box.label, *box.names(), *box.notes())


def _groups(flow: DataFlow) -> Iterator[str]:
    parts = flow.of_kind("part")
    there = {"sources": bool(flow.of_kind("source")), "app": not all(node.elsewhere for node in parts)}
    there |= {"beside": any(node.elsewhere for node in parts)}
    yield from (name for name, filled in there.items() if filled)
    yield from (f"lane_{lane}" for lane in flow.lanes())


def _arrow(edge: Edge, said: str, end: str, *, seen: bool) -> str:
    line = "-->" if seen else "-.->"
    return f"  {edge.start} {line}|{_quoted(said)}| {end}" if said else f"  {edge.start} {line} {end}"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Every character that could end a text, or be markup in it, as Mermaid's `#code;`."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", printable(text))
