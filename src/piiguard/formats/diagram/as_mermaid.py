"""The data flow as Mermaid text, for pages and repositories that draw it themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node
from piiguard.formats.diagram.places import LaneId, places
from piiguard.formats.diagram.text_width import wrap
from piiguard.formats.diagram.words import data_words, incomplete, legend, legend_lanes
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
    yield from _group("sources", "Where data comes from", flow.of_kind("source"), "neutral")
    yield from _group("app", f"{flow.name} on Atlassian Forge", flow.of_kind("part"), "atlassian")
    for lane, nodes in flow.lanes().items():
        yield from _group(f"lane_{lane}", places().lanes[lane].title, nodes, lane)
    for edge in flow.edges:
        yield _arrow(edge, seen=next(node for node in flow.nodes if node.id == edge.end).seen)
    yield "  classDef group fill:none,stroke:#8590a2"
    yield f"  class {','.join(_groups(flow))} group"
    yield "  classDef neutral fill:#ffffff,stroke:#626f86,color:#172b4d"
    for lane in legend_lanes(flow):
        yield f"  classDef {lane} {STYLES[lane]}"
    if flow.gaps:
        yield f"  note[{_quoted(incomplete(flow))}]"
        yield "  class note neutral"


def _described(flow: DataFlow) -> str:
    boxes = ((flow.of_kind("source"), "source"), (flow.of_kind("destination"), "destination"))
    counts = " and ".join(plural(len(nodes), word) for nodes, word in boxes)
    return f"{counts} of data. {legend(flow)}"


def _group(id_: str, title: str, nodes: tuple[Node, ...], style: str) -> Iterator[str]:
    if nodes:
        named = "<br/>".join(map(_escaped, wrap(title, TITLE_ROOM, 1)))
        yield f'  subgraph {id_}["{named}"]'
        for node in nodes:
            said = "<br/>".join(map(_escaped, (node.label, *node.notes)))
            yield f'    {node.id}["{said}"]:::{style}'
        yield "  end"


def _groups(flow: DataFlow) -> Iterator[str]:
    yield from (("sources", "app") if flow.of_kind("source") else ("app",))
    yield from (f"lane_{lane}" for lane in flow.lanes())


def _arrow(edge: Edge, *, seen: bool) -> str:
    line = "-->" if seen else "-.->"
    said = data_words(edge)
    return f"  {edge.start} {line}|{_quoted(said)}| {edge.end}" if said else f"  {edge.start} {line} {edge.end}"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Every character that could end a text, or be markup in it, as Mermaid's `#code;`."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", printable(text))
