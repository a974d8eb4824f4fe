"""Python source text, read the way Python reads it: declared encodings, byte order marks, and a limit on nesting."""

from __future__ import annotations

import ast
import bisect
import io
import tokenize
import warnings
from collections import deque

from piiguard.errors import PiiguardError
from piiguard.model import Location, Source

MAX_DEPTH = 400
"""Nesting of the syntax tree beyond which a file is a gap: later steps recurse, and stay far from their limit."""
_BOM = b"\xef\xbb\xbf"


class UnreadableError(PiiguardError):
    """A file that is not Python, as far as this interpreter can tell. Becomes a `Gap`."""


class PythonText:
    """A source file as text, with the way back from UTF-8 offsets to lines, columns and bytes of the file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = _decode(source.text)
        self.tree = _parse(self.text)
        self._bom = len(_BOM) if source.text.startswith(_BOM) else 0
        self._encoded = self.text.encode("utf-8")
        self._lines = [0]
        for line in self.text.splitlines(keepends=True) if "\r" in self.text else self.text.split("\n"):
            size = len(line.encode("utf-8")) + ("\r" not in self.text)
            self._lines.append(self._lines[-1] + size)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Byte offsets in the file of a span of the UTF-8 text (for other encodings: those of the UTF-8 text)."""
        return start + self._bom, end + self._bom

    def offset(self, line: int, column: int) -> int:
        """Byte offset in the file of a 1-based line and a 0-based UTF-8 column, as `ast` counts them."""
        return self._lines[min(line, len(self._lines)) - 1] + column + self._bom

    def location(self, start: int, end: int) -> Location:
        """The place of a span of byte offsets as `span` and `offset` give them."""
        start_line, start_column = self._position(start - self._bom)
        end_line, end_column = self._position(end - self._bom)
        return Location(self.source.path, start_line, start_column, end_line, end_column)

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._lines, offset)
        before = self._encoded[self._lines[line - 1] : offset]
        return line, len(before.decode("utf-8", "replace")) + 1


def _decode(raw: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UnreadableError(f"cannot be decoded: {type(error).__name__}") from error
    return text.removeprefix("\ufeff")


def _parse(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        raise UnreadableError(f"syntax error in line {error.lineno or 1}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"cannot be parsed: {type(error).__name__}") from error
    _refuse_deep_nesting(tree)
    return tree


def _refuse_deep_nesting(tree: ast.Module) -> None:
    todo: deque[tuple[ast.AST, int]] = deque([(tree, 0)])
    while todo:
        node, depth = todo.popleft()
        if depth > MAX_DEPTH:
            raise UnreadableError(f"is nested more than {MAX_DEPTH} levels deep")
        todo.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
