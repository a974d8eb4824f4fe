"""HTML: what a reader of the page sees, with the lines of its source."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from piiguard.claims.document.pieces import Kind, Piece, comma_table, pipe_cells, table
from piiguard.claims.document.text import Gathered
from piiguard.trustcenter import Text

_UNSEEN = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "nav", "iframe", "object", "select"}
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "blockquote",
        "pre",
        "table",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "caption",
        "figure",
        "figcaption",
        "details",
        "summary",
        "form",
        "fieldset",
        "address",
        "hr",
        "br",
        "body",
        "html",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)} | {"summary": 6, "caption": 6}
_DEEPEST = 200
"""Elements nested deeper are text without structure."""
_NEVER_INSIDE_ITSELF = frozenset({"p", "li", "dt", "dd", "td", "th", "tr"})
_VOID = frozenset(
    ["br", "hr", "img", "input", "meta", "link", "wbr", "source", "area", "base", "col", "embed", "param", "track"]
)


def read_html(text: str, first_line: int = 1) -> Iterator[Piece]:
    """The pieces of a page or of a part of one."""
    reader = _Reader(first_line - 1)
    reader.feed(text)
    reader.close()
    reader.flush()
    yield from reader.pieces


class _Reader(HTMLParser):
    def __init__(self, before: int) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[Piece] = []
        self._before = before
        self._text = Gathered()
        self._open: list[str] = []
        self._unseen = 0
        self._bold = self._plain = 0
        self._rows: list[list[tuple[int, list[str]]]] = []
        self._raw: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self._open) > _DEEPEST:
            return
        if self._open and self._open[-1] == tag and tag in _NEVER_INSIDE_ITSELF:
            self.handle_endtag(tag)
        hidden = tag in _UNSEEN or any(
            name in ("hidden",) or (name, value) == ("aria-hidden", "true") for name, value in attrs
        )
        if tag in _VOID:
            hidden = False
        if self._unseen or hidden:
            self._unseen += tag not in _VOID
            if tag not in _VOID:
                self._open.append(tag)
            return
        if tag in _BLOCKS and not (self._rows and tag in ("p", "div", "br", "ul", "ol", "li")):
            self.flush()
        elif tag in _BLOCKS:
            self._text.add(" ", self._line())
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "table":
            self._rows.append([])
        elif tag == "tr" and self._rows:
            self._rows[-1].append((self._line(), []))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        if tag in ("td", "th") and self._rows and self._rows[-1] and not self._unseen:
            cell = self._text.done()
            self._rows[-1][-1][1].append(cell.text if cell else "")
        elif tag in _BLOCKS and not self._unseen and not (self._rows and tag in ("p", "div", "ul", "ol", "li")):
            self.flush()
        if tag == "table" and self._rows and not self._unseen:
            rows = [row for row in self._rows.pop() if row[1]]
            if rows:
                self.pieces.append(table(rows))
        while self._open:
            closed = self._open.pop()
            self._unseen = max(self._unseen - 1, 0)
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        self._text.add(data, self._line())
        if data.strip():
            bold = any(each in ("b", "strong") for each in self._open)
            self._bold, self._plain = self._bold + bold, self._plain + (not bold)
            self._raw += [(self._line() + index, part) for index, part in enumerate(data.split("\n")) if part.strip()]

    def _line(self) -> int:
        return self.getpos()[0] + self._before

    def flush(self) -> None:
        """End the block of text."""
        raw, bold = self._raw, self._bold and not self._plain
        self._raw, self._bold, self._plain = [], 0, 0
        body = self._text.done()
        if not body or self._rows:
            return
        drawn = self._drawn_table(raw)
        self.pieces.append(drawn or self._piece(body, bold=bool(bold)))

    def _drawn_table(self, raw: list[tuple[int, str]]) -> Piece | None:
        """A table in pipes or commas, as in `<pre>`."""
        rows = [(line, pipe_cells(text)) for line, text in raw]
        if len(rows) > 1 and all(cells is not None for _, cells in rows):
            return table([(line, cells) for line, cells in rows if cells])
        return comma_table(raw)

    def _piece(self, body: Text, *, bold: bool) -> Piece:
        for tag in reversed(self._open):
            if tag in _HEADINGS:
                return Piece("heading", body, _HEADINGS[tag])
            kind: Kind | None = {"li": "item", "dt": "term", "dd": "definition"}.get(tag)  # type: ignore[assignment]
            if kind:
                return Piece(kind, body, self._open.count("li") if kind == "item" else 0)
        return Piece("paragraph", body, bold=bold)
