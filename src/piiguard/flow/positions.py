"""From byte offsets to lines and columns."""

from __future__ import annotations

from bisect import bisect_right

from piiguard.model import Location, Source


class Positions:
    """The lines of one file."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._text = source.text
        self._starts = [0]
        at = source.text.find(b"\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = source.text.find(b"\n", at + 1)

    def location(self, start: int, end: int) -> Location:
        """The span of some bytes; columns count code points, the end column is the one after the last."""
        return Location(self._path, *self._point(start), *self._point(end))

    def _point(self, offset: int) -> tuple[int, int]:
        row = bisect_right(self._starts, offset) - 1
        return row + 1, len(self._text[self._starts[row] : offset].decode("utf-8", "replace")) + 1

    def text(self, start: int, end: int) -> str:
        return self._text[start:end].decode("utf-8", "replace")
