"""The data flow as a picture as wide as a page of A4 paper between its margins.

Sources stand above the app, and what data goes to below it, grouped by who runs it. An arrow leads from each source to
the app, and from the app to each destination; the data that travels stands on it. All texts are measured and wrapped,
so that none is cut or runs into another.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable
from importlib import resources

import msgspec

from piiguard.formats.diagram.dataflow import DataFlow, Node
from piiguard.formats.diagram.fold import Box, boxes, hoisted
from piiguard.formats.diagram.places import LaneId, places
from piiguard.formats.diagram.text_width import wrap
from piiguard.formats.diagram.words import READING, described, footnotes, given, legend_lanes, taken
from piiguard.formats.plain import printable

WIDTH = 680
MARGIN = 16
INNER = WIDTH - 2 * MARGIN
PAD = 8
TRUNK = 12
"""From the margin to the line that arrows branch off, or join."""
ARROWS = 270
"""Width of the arrows with what stands on them."""
BOXES = INNER - ARROWS
"""Width of sources and groups."""
TITLE, LABEL, SMALL = 16, 13, 12
LEADING = 1.3
HEAD = 7
"""Length of the head of an arrow."""
SWATCH = 26


class Text(msgspec.Struct, frozen=True):
    """A paragraph, as lines that fit."""

    lines: tuple[str, ...]
    style: str
    size: int

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * LEADING


class Label(msgspec.Struct, frozen=True):
    """What stands over and under an arrow."""

    over: tuple[Text, ...]
    under: tuple[Text, ...]

    @property
    def line(self) -> float:
        """From its top to the arrow."""
        return max(_height(self.over), LABEL * LEADING / 2) + 3

    @property
    def height(self) -> float:
        return self.line + 3 + _height(self.under)


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
        self._paragraph(_text(f"Data flow of {flow.name}", "title", TITLE, INNER), MARGIN)
        self.bottom += PAD
        self._sources(flow)
        self._app(flow)
        self._lanes(flow)
        self._legend(flow)

    # ------------------------------------------------------------ the three bands

    def _sources(self, flow: DataFlow) -> None:
        """On the left; what is taken from them goes down on the right."""
        trunk = WIDTH - MARGIN - TRUNK
        first: float = 0
        for node in flow.of_kind("source"):
            texts = _texts(node.label, node.notes, BOXES - 4 * PAD)
            label = _label(taken(flow, node), "", ARROWS - TRUNK - 2 * PAD, told=bool(_data(flow, node)))
            height = max(_height(texts) + 2 * PAD, label.height + PAD)
            way = self.bottom + max(height / 2, label.line)
            self._box(MARGIN, self.bottom, BOXES, height, "neutral", rounded=14)
            self._texts(texts, MARGIN + 2 * PAD, self.bottom + (height - _height(texts)) / 2)
            self._texts(label.over, MARGIN + BOXES + PAD, way - 3 - _height(label.over))
            self._line(MARGIN + BOXES, way, trunk, way)
            first = first or way
            self.bottom += height + PAD
        if first:
            self._line(trunk, first, trunk, self.bottom + PAD)
            self._head(trunk, self.bottom + PAD, down=True)
            self.bottom += PAD

    def _app(self, flow: DataFlow) -> None:
        """Its parts side by side; those that do not run on Forge stand out."""
        parts = flow.of_kind("part")
        heading = _text("The app", "head", LABEL, INNER - 2 * PAD)
        room = (INNER - PAD * (len(parts) + 1)) / len(parts)
        columns = [_texts(node.label, node.notes, room - 2 * PAD) for node in parts]
        height = max(map(_height, columns)) + 2 * PAD
        self._box(MARGIN, self.bottom, INNER, heading.height + height + 3 * PAD, "neutral")
        self.bottom += PAD
        self._paragraph(heading, MARGIN + PAD)
        self.bottom += PAD
        for column, (node, texts) in enumerate(zip(parts, columns, strict=True)):
            left = MARGIN + PAD + column * (room + PAD)
            self._box(left, self.bottom, room, height, "machine" if node.elsewhere else "atlassian")
            self._texts(texts, left + PAD, self.bottom + PAD)
        self.bottom += height + PAD

    def _lanes(self, flow: DataFlow) -> None:
        """A group for each that runs something, on the right; an arrow leads to each of its boxes."""
        trunk, start = MARGIN + TRUNK, self.bottom
        last = start
        for lane, nodes in flow.lanes().items():
            self.bottom += 1.5 * PAD
            last = self._lane(flow, lane, nodes, trunk)
        if last > start:
            self._line(trunk, start, trunk, last)

    def _lane(self, flow: DataFlow, lane: LaneId, nodes: tuple[Node, ...], trunk: float) -> float:
        """Returns the height of the last arrow."""
        left, room, shared = MARGIN + ARROWS, BOXES - 2 * PAD, hoisted(nodes)
        rows = [_row(flow, box, shared, room) for box in boxes(flow, nodes)]
        each = f"each: {'; '.join(shared)}" if shared else ""
        heading = _texts(places().lanes[lane].title, (each,), room, style="head")
        height = _height(heading) + 1.5 * PAD + sum(row_height for *_, row_height in rows)
        self._box(left, self.bottom, BOXES, height, lane)
        self._texts(heading, left + PAD, self.bottom + PAD)
        self.bottom += _height(heading) + 1.5 * PAD
        way: float = 0
        for box, texts, label, height in rows:
            self._line(left + PAD, self.bottom, left + BOXES - PAD, self.bottom, "rule")
            self._texts(texts, left + PAD, self.bottom + PAD, faint=not box.seen)
            way = self.bottom + PAD / 2 + label.line
            self._texts(label.over, trunk + PAD, way - 3 - _height(label.over))
            self._texts(label.under, trunk + PAD, way + 3)
            self._line(trunk, way, left - HEAD, way, "way" if box.seen else "way allowed")
            self._head(left, way)
            self.bottom += height
        return way

    def _legend(self, flow: DataFlow) -> None:
        """Who runs what, by colour and line, in two columns; how to read the rest, and what the picture may lack."""
        self.bottom += 2 * PAD
        lanes, room = legend_lanes(flow), INNER / 2
        words = {lane: f"{places().lanes[lane].title}: {places().lanes[lane].look}" for lane in lanes}
        texts = {lane: _text(words[lane], "small", SMALL, room - SWATCH - 2 * PAD) for lane in lanes}
        for pair in (lanes[start : start + 2] for start in range(0, len(lanes), 2)):
            for column, lane in enumerate(pair):
                left = MARGIN + column * room
                self._box(left, self.bottom + 2, SWATCH, SMALL, lane, rounded=3)
                self._texts([texts[lane]], left + SWATCH + PAD, self.bottom)
            self.bottom += max(texts[lane].height for lane in pair) + PAD / 2
        for said in (READING, *footnotes(flow)):
            self._paragraph(_text(said, "small", SMALL, INNER), MARGIN)

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

    def _head(self, x: float, y: float, *, down: bool = False) -> None:
        """The head of an arrow that ends here, going down or to the right."""
        half = HEAD / 2
        sides = ((x - half, y - HEAD), (x + half, y - HEAD)) if down else ((x - HEAD, y - half), (x - HEAD, y + half))
        points = " ".join(f"{left:g},{top:.1f}" for left, top in ((x, y), *sides))
        self.shapes.append(f'<polygon class="head-of-way" points="{points}"/>')


def _row(flow: DataFlow, box: Box, shared: Iterable[str], room: float) -> tuple[Box, list[Text], Label, float]:
    """A box of a group: its texts, what stands on its arrow, its height."""
    texts = _texts(box.label, (*box.names(shared), "; ".join(box.notes(shared))), room)
    told = any(edge.data or edge.likely for edge in box.edges)
    label = _label(*given(flow, box), ARROWS - TRUNK - 2 * PAD - HEAD, told=told)
    return box, texts, label, max(_height(texts) + 2 * PAD, label.height + PAD)


def _data(flow: DataFlow, node: Node) -> bool:
    return any(edge.data or edge.likely for edge in flow.out_of(node))


def _label(over: str, under: str, room: float, *, told: bool) -> Label:
    return Label(
        (_text(over, "data" if told else "small", SMALL, room),) if over else (),
        (_text(under, "small", SMALL, room),) if under else (),
    )


def _texts(label: str, notes: Iterable[str], room: float, style: str = "label") -> list[Text]:
    """The name and the notes of a box."""
    return [_text(label, style, LABEL, room), *(_text(note, "small", SMALL, room) for note in notes if note)]


def _text(said: str, style: str, size: int, room: float) -> Text:
    bold = style in ("title", "head", "label", "data")
    return Text(tuple(wrap(printable(said), room, size, bold=bold)), style, size)


def _height(texts: Iterable[Text]) -> float:
    return sum(text.height for text in texts)


def _escaped(text: str) -> str:
    return html.escape(printable(text))
