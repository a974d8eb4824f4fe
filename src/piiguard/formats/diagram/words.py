"""What is written in the picture, whatever draws it."""

from __future__ import annotations

from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node
from piiguard.formats.diagram.fold import Box
from piiguard.formats.diagram.places import LaneId, places
from piiguard.formats.plain import plural

NOT_TRACED = "source not traced"
NOT_USED = "nothing of it was traced further"
READING = (
    "On an arrow stands the data that was seen on its way; probably: it is likely, not certain. "
    "A dotted arrow: the manifest allows it, and no use was seen."
)
"""How to read the arrows."""
LEGEND = "Colours and lines say who runs what: "


def data_words(edge: Edge) -> str:
    """`account id, email; probably user content`; empty where no data was seen."""
    likely = f"probably {', '.join(map(_spaced, edge.likely))}" if edge.likely else ""
    return "; ".join(filter(None, (", ".join(map(_spaced, edge.data)), likely)))


def legend(flow: DataFlow) -> str:
    """What the colours and lines of this picture mean, in one sentence."""
    said = ", ".join(f"{places().lanes[lane].title} ({places().lanes[lane].look})" for lane in legend_lanes(flow))
    return f"{LEGEND}{said}."


def legend_lanes(flow: DataFlow) -> list[LaneId]:
    """The lanes that the picture shows: the app itself runs at Atlassian."""
    return [lane for lane in places().lanes if lane == "atlassian" or lane in flow.lanes()]


def taken(flow: DataFlow, node: Node) -> str:
    """What is taken from a source."""
    return reaching(flow.out_of(node)) or NOT_USED


def given(flow: DataFlow, box: Box) -> tuple[str, str]:
    """What reaches a destination, and from where; or, without the latter, why nothing is said of it."""
    parts = {node.id: node.label for node in flow.of_kind("part")}
    said = [", ".join(parts[edge.start].lower() for edge in box.edges if edge.start in parts)] if len(parts) > 1 else []
    if box.untold:
        return "; ".join([box.untold, *said]), ""
    origins = list(dict.fromkeys(origin for edge in box.edges for origin in edge.origins))
    untraced = places().source_of("").label
    said += [f"from {', '.join(traced)}"] if (traced := [each for each in origins if each != untraced]) else []
    said += [NOT_TRACED] if untraced in origins else []
    return reaching(box.edges), "; ".join(said)


def reaching(edges: tuple[Edge, ...]) -> str:
    """The data of several ways; what is sure on one of them is."""
    sure = sorted({name for edge in edges for name in edge.data})
    likely = sorted({name for edge in edges for name in edge.likely} - set(sure))
    return data_words(Edge("", "", tuple(sure), tuple(likely)))


def described(flow: DataFlow) -> str:
    """The whole picture in words, for those who do not see it."""
    sources = ", ".join(node.label for node in flow.of_kind("source")) or "nothing that was seen"
    said = [f"The app takes data from: {sources}."]
    for lane, nodes in flow.lanes().items():
        said.append(f"{places().lanes[lane].title}: {', '.join(_with_data(flow, node) for node in nodes)}.")
    return " ".join(filter(None, (*said, legend(flow), *footnotes(flow))))


def footnotes(flow: DataFlow) -> list[str]:
    """What the picture may lack, and what it leaves out on purpose."""
    return [said for said in (incomplete(flow), _unused(flow)) if said]


def incomplete(flow: DataFlow) -> str:
    """That the picture may lack something; empty where everything was looked at."""
    return f"{plural(flow.gaps, 'thing')} could not be looked at: something may be missing here" if flow.gaps else ""


def _unused(flow: DataFlow) -> str:
    """Packages that are there and make no box."""
    named = ", ".join(flow.unused)
    return f"Installed, directly or by other packages, without a use that was seen: {named}" if named else ""


def _with_data(flow: DataFlow, node: Node) -> str:
    data = reaching(flow.into(node))
    return f"{node.label} ({data})" if data else node.label


def _spaced(data: str) -> str:
    return data.replace("-", " ")
