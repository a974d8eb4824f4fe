"""Words with the lines that they stand on."""

from __future__ import annotations

import unicodedata

from piiguard.trustcenter import Text


class Gathered:
    """A text that grows piece by piece; runs of white space become one space."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._lines: list[tuple[int, int]] = []
        self._length = 0
        self._space = False

    def add(self, text: str, line: int) -> None:
        """Append what stands on `line` and, after each newline, on the lines that follow."""
        for index, part in enumerate(text.split("\n")):
            if index:
                self._space = True
            self._add_line(part, line + index)

    def _add_line(self, part: str, line: int) -> None:
        words = plain(part).split()
        if not words:
            self._space = self._space or bool(part)
            return
        spaced = part[:1].isspace() or self._space
        piece = (" " if spaced and self._length else "") + " ".join(words)
        start = self._length + (1 if piece[0] == " " else 0)
        if not self._lines or self._lines[-1][1] != line:
            self._lines.append((start if self._lines else 0, line))
        self._text.append(piece)
        self._length += len(piece)
        self._space = part[-1:].isspace()

    def done(self) -> Text | None:
        """The text, or None when there was none. A next text can begin."""
        text = Text("".join(self._text), tuple(self._lines)) if self._text else None
        self._text, self._lines, self._length, self._space = [], [], 0, False
        return text


def plain(text: str) -> str:
    """Without control characters and with typewriter quotes and dashes that compare."""
    kept = "".join(each for each in text if each in "\t " or unicodedata.category(each)[0] != "C")
    return kept.translate(_TYPE)


_TYPE = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u202f": " "})
