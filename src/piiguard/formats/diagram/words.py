"""What is written in the picture, whatever draws it."""

from __future__ import annotations

from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node
from piiguard.formats.diagram.places import LaneId, places
from piiguard.formats.plain import plural

LOOKS: dict[LaneId, str] = {
    "atlassian": "blue, solid line",
    "browser": "grey, dotted line",
    "machine": "grey, dotted line",
    "customer": "orange, long dashes",
    "subprocessor": "grey, short dashes",
    "vendor": "red, thick line",
    "other": "grey, close dots",
}


def data_words(edge: Edge) -> str:
    """`account id, email, probably user content`; empty where no data was seen."""
    return ", ".join((*map(_spaced, edge.data), *(f"probably {_spaced(name)}" for name in edge.likely)))


def legend(flow: DataFlow) -> str:
    """What the colours and lines of this picture mean, in one sentence."""
    lanes = ("atlassian", *(lane for lane in flow.lanes() if lane != "atlassian"))
    said = ", ".join(f"{places().lanes[lane].title} ({LOOKS[lane]})" for lane in lanes)
    return f"Colours and lines say who runs what: {said}."


def described(flow: DataFlow) -> str:
    """The whole picture in words, for those who do not see it."""
    sources = ", ".join(node.label for node in flow.of_kind("source")) or "nothing that was seen"
    said = [f"The app takes data from: {sources}."]
    for lane, nodes in flow.lanes().items():
        said.append(f"{places().lanes[lane].title}: {', '.join(_with_data(flow, node) for node in nodes)}.")
    return " ".join(filter(None, (*said, legend(flow), incomplete(flow))))


def incomplete(flow: DataFlow) -> str:
    """That the picture may lack something; empty where everything was looked at."""
    return f"{plural(flow.gaps, 'thing')} could not be looked at: something may be missing here" if flow.gaps else ""


def _with_data(flow: DataFlow, node: Node) -> str:
    data = ", ".join(filter(None, map(data_words, flow.into(node))))
    return f"{node.label} ({data})" if data else node.label


def _spaced(data: str) -> str:
    return data.replace("-", " ")
