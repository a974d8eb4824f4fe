"""A document of any known format to blocks and tables. Nothing that it points to is opened; its size is bounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from piiguard.claims.document.html import read_html
from piiguard.claims.document.markdown import read_markdown
from piiguard.claims.document.office import read_docx, read_pdf
from piiguard.claims.document.pieces import Arranged, Piece, arrange
from piiguard.claims.document.plain import read_plain
from piiguard.errors import UsageError

MAX_BYTES = 4 * 1024 * 1024
MAX_CHARACTERS = 400_000
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_STRAY = 20
"""Control characters that any text may have."""
_NOISE = 0.02
"""Share of control characters, above which a file is no text."""
_TEXTS: dict[str, Callable[[str], Iterator[Piece]]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".mdx": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".txt": read_plain,
    ".text": read_plain,
    ".csv": read_plain,
    "": read_plain,
}
_BINARIES: dict[str, Callable[[str, bytes], Iterator[Piece]]] = {".docx": read_docx, ".pdf": read_pdf}
FORMATS = (*(suffix for suffix in _TEXTS if suffix), *_BINARIES)


def load(path: Path) -> bytes:
    """The bytes of a document. Raises UsageError when it cannot be read; what is too large, `read` refuses."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=path.name) from None


def read(name: str, data: bytes) -> Arranged:
    """The blocks, tables and headings of a document, by the end of its name.

    Raises UsageError for a format that is not known, for text that is not UTF-8 or full of control characters,
    and for documents beyond measure.
    """
    suffix = PurePath(name).suffix.lower()
    if len(data) > MAX_BYTES:
        raise UsageError(f"the document is larger than {MAX_BYTES >> 20} MB", where=name)
    if suffix in _BINARIES:
        return arrange(_BINARIES[suffix](name, data))
    if suffix not in _TEXTS:
        raise UsageError("documents of this kind cannot be read", where=name, todo=f"Give one of {', '.join(FORMATS)}")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the document is not UTF-8 text", where=name, todo="Save it as UTF-8") from None
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"the document has more than {MAX_CHARACTERS:,} characters", where=name)
    if len(_CONTROL.findall(text)) > max(_STRAY, _NOISE * len(text)):
        raise UsageError("the document holds no text, but control characters", where=name, todo="Save it as UTF-8 text")
    return arrange(_TEXTS[suffix](text.replace("\r\n", "\n").replace("\r", "\n")))
