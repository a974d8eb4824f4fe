"""The data flow as a picture: one column, so that it can be read on a phone and printed on a page.

Sources stand above the app, and what data goes to below it, grouped by who runs it. A line leads from the app to each
group. All texts are measured and wrapped, so that none is cut or runs into another.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable
from importlib import resources

import msgspec

from piiguard.formats.diagram.dataflow import DataFlow, Node
from piiguard.formats.diagram.places import LaneId, places
from piiguard.formats.diagram.text_width import wrap
from piiguard.formats.diagram.words import described, given, incomplete, legend_lanes, taken
from piiguard.formats.plain import printable

WIDTH = 460
MARGIN = 14
PAD = 10
GUTTER = 24
"""Between the two columns of sources; the line to the app runs in it."""
INDENT = 22
"""Left of the groups; the line from the app runs in it."""
TITLE, LABEL, SMALL = 16, 13, 12
LEADING = 1.35
ARROW = 7
SWATCH = 26


class Text(msgspec.Struct, frozen=True):
    """A paragraph of a box, as lines that fit."""

    lines: tuple[str, ...]
    style: str
    size: int

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * LEADING


def svg(flow: DataFlow) -> str:
    """A self-contained `<svg>` element that ends in a newline. It may be embedded in HTML, more than one in a page."""
    picture = _Picture()
    picture.draw(flow)
    id_ = "piiguard-" + hashlib.sha256(f"{flow.app}\0{flow.name}".encode("utf-8", "replace")).hexdigest()[:8]
    height = round(picture.bottom + MARGIN)
    style = resources.files(__package__).joinpath("picture.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="piiguard-flow" viewBox="0 0 {WIDTH} {height}"'
            f' width="{WIDTH}" height="{height}" role="img" aria-labelledby="{id_}-title {id_}-desc">',
            f'<title id="{id_}-title">{_escaped(f"Data flow of {flow.name}")}</title>',
            f'<desc id="{id_}-desc">{_escaped(described(flow))}</desc>',
            f"<style>\n{style}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>',
            *picture.shapes,
            "</svg>\n",
        ]
    )


class _Picture:
    """Shapes so far, and the line below them."""

    def __init__(self) -> None:
        self.shapes: list[str] = []
        self.bottom: float = MARGIN

    def draw(self, flow: DataFlow) -> None:
        self._paragraph(_text(flow.name, "title", TITLE, WIDTH - 2 * MARGIN), MARGIN)
        self.bottom += 6
        self._sources(flow)
        self._app(flow)
        self._lanes(flow)
        self._legend(flow)

    # ------------------------------------------------------------ the three bands

    def _sources(self, flow: DataFlow) -> None:
        """Two columns; the line between them leads to the app."""
        sources = flow.of_kind("source")
        if not sources:
            return
        room = (WIDTH - 2 * MARGIN - GUTTER) / 2
        first: float = 0
        for pair in (sources[start : start + 2] for start in range(0, len(sources), 2)):
            boxes = [_texts(node, taken(flow, node), room - 2 * PAD) for node in pair]
            height = max(map(_height, boxes)) + 2 * PAD
            for column, texts in enumerate(boxes):
                left = MARGIN + column * (room + GUTTER)
                self._box(left, self.bottom, room, height, "neutral", rounded=height / 2 if height < 40 else 14)
                self._texts(texts, left + PAD, self.bottom + PAD)
                edge = MARGIN + room if column == 0 else left
                self._line(edge, self.bottom + height / 2, WIDTH / 2, self.bottom + height / 2)
            first = first or self.bottom + height / 2
            self.bottom += height + PAD
        self._arrow(WIDTH / 2, first, WIDTH / 2, self.bottom + 12)
        self.bottom += 12

    def _app(self, flow: DataFlow) -> None:
        """The parts of the app side by side."""
        parts = flow.of_kind("part")
        top, room = self.bottom, (WIDTH - 2 * MARGIN - PAD * (len(parts) + 1)) / len(parts)
        heading = _text("The app, on Atlassian Forge", "head", LABEL, WIDTH - 2 * MARGIN - 2 * PAD)
        boxes = [_texts(node, "", room - 2 * PAD) for node in parts]
        height = max(map(_height, boxes)) + 2 * PAD
        self._box(MARGIN, top, WIDTH - 2 * MARGIN, heading.height + height + 2.5 * PAD, "atlassian")
        self.bottom += PAD
        self._paragraph(heading, MARGIN + PAD)
        self.bottom += PAD / 2
        for column, texts in enumerate(boxes):
            left = MARGIN + PAD + column * (room + PAD)
            self._box(left, self.bottom, room, height, "neutral")
            self._texts(texts, left + PAD, self.bottom + PAD)
        self.bottom = top + heading.height + height + 2.5 * PAD

    def _lanes(self, flow: DataFlow) -> None:
        """A group for each that runs something; the line from the app passes on their left."""
        trunk, start = MARGIN + INDENT / 2, self.bottom
        middle = start
        for lane, nodes in flow.lanes().items():
            self.bottom += 14
            middle = self.bottom + PAD + LABEL * LEADING / 2
            self._arrow(trunk, middle, MARGIN + INDENT, middle)
            self._lane(flow, lane, nodes)
        if middle > start:
            self._line(trunk, start, trunk, middle)

    def _lane(self, flow: DataFlow, lane: LaneId, nodes: tuple[Node, ...]) -> None:
        left, room = MARGIN + INDENT, WIDTH - 2 * MARGIN - INDENT
        heading = _text(places().lanes[lane].title, "head", LABEL, room - 2 * PAD)
        rows = [_texts(node, given(flow, node), room - 3 * PAD) for node in nodes]
        height = PAD + heading.height + sum(_height(row) + 2 * PAD for row in rows)
        self._box(left, self.bottom, room, height, lane)
        self.bottom += PAD
        self._paragraph(heading, left + PAD)
        for number, (node, row) in enumerate(zip(nodes, rows, strict=True)):
            if number:
                self._line(left + PAD, self.bottom, left + room - PAD, self.bottom, "rule")
            self._texts(row, left + 2 * PAD, self.bottom + PAD, faint=not node.seen)
            self.bottom += _height(row) + 2 * PAD

    def _legend(self, flow: DataFlow) -> None:
        """Who runs what, by colour and line, in two columns; and what the picture may lack."""
        self.bottom += 14
        lanes, room = legend_lanes(flow), (WIDTH - 2 * MARGIN) / 2
        for pair in (lanes[start : start + 2] for start in range(0, len(lanes), 2)):
            for column, lane in enumerate(pair):
                left = MARGIN + column * room
                self._box(left, self.bottom, SWATCH, SMALL, lane, rounded=3)
                self._texts(
                    [_text(places().lanes[lane].title, "small", SMALL, room)], left + SWATCH + 6, self.bottom - 1
                )
            self.bottom += SMALL + PAD
        if said := incomplete(flow):
            self._paragraph(_text(said, "small", SMALL, WIDTH - 2 * MARGIN), MARGIN)

    # ------------------------------------------------------------ shapes

    def _paragraph(self, text: Text, left: float) -> None:
        self._texts([text], left, self.bottom)
        self.bottom += text.height

    def _texts(self, texts: Iterable[Text], left: float, top: float, *, faint: bool = False) -> None:
        for text in texts:
            for line in text.lines:
                baseline = top + text.size * 1.05
                look = f"{text.style} faint" if faint else text.style
                self.shapes.append(f'<text class="{look}" x="{left:g}" y="{baseline:.1f}">{_escaped(line)}</text>')
                top += text.size * LEADING

    def _box(self, left: float, top: float, width: float, height: float, style: str, rounded: float = 6) -> None:
        size = f'width="{width:g}" height="{height:.1f}" rx="{rounded:g}"'
        self.shapes.append(f'<rect class="box {style}" x="{left:g}" y="{top:.1f}" {size}/>')

    def _line(self, x1: float, y1: float, x2: float, y2: float, style: str = "way") -> None:
        self.shapes.append(f'<path class="{style}" d="M{x1:g} {y1:.1f}L{x2:g} {y2:.1f}"/>')

    def _arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Straight down, or straight to the right."""
        self._line(x1, y1, x2, y2)
        down = x1 == x2
        sides = (
            ((x2 - ARROW / 2, y2 - ARROW), (x2 + ARROW / 2, y2 - ARROW))
            if down
            else ((x2 - ARROW, y2 - ARROW / 2), (x2 - ARROW, y2 + ARROW / 2))
        )
        points = " ".join(f"{x:g},{y:.1f}" for x, y in ((x2, y2), *sides))
        self.shapes.append(f'<polygon class="head-of-way" points="{points}"/>')


def _texts(node: Node, data: str, room: float) -> list[Text]:
    """Name, data and notes of a box."""
    parts = [(node.label, "label", LABEL)]
    if data:
        parts.append((data, "data", SMALL))
    if node.notes:
        parts.append(("; ".join(node.notes), "small", SMALL))
    return [_text(said, style, size, room) for said, style, size in parts]


def _text(said: str, style: str, size: int, room: float) -> Text:
    bold = style in ("title", "head", "label")
    return Text(tuple(wrap(printable(said), room, size, bold=bold)), style, size)


def _height(texts: Iterable[Text]) -> float:
    return sum(text.height for text in texts)


def _escaped(text: str) -> str:
    return html.escape(printable(text))
