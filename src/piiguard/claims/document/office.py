"""DOCX and PDF, with the libraries of the extra `piiguard[documents]`. Lines are paragraphs, or lines of the text."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from piiguard.claims.document.pieces import Piece, table
from piiguard.claims.document.plain import read_plain
from piiguard.claims.document.text import Gathered
from piiguard.errors import UsageError
from piiguard.trustcenter import Text

_MAX_PART = 16 * 1024 * 1024
_MAX_PAGES = 200
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"^heading\s?([1-6])$|^(title)$", re.IGNORECASE)
_BROKEN = (ValueError, KeyError, TypeError, RecursionError, AttributeError, IndexError)
"""What the library trips over in a file that is not what it says."""
_TODO = "Install `piiguard[documents]`, or save the document as Markdown, HTML or text"


def read_docx(name: str, data: bytes) -> Iterator[Piece]:
    """The pieces of a Word document: paragraphs in order, numbered from 1, a table's row counting as one."""
    try:
        from defusedxml.common import DefusedXmlException
        from defusedxml.ElementTree import ParseError, fromstring
    except ImportError:
        raise UsageError("DOCX needs a library that is not installed", where=name, todo=_TODO) from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            part = package.getinfo("word/document.xml")
            if part.file_size > _MAX_PART:
                raise UsageError("the text of the document is too large", where=name)
            with package.open(part) as stream:
                root = fromstring(stream.read(_MAX_PART + 1), forbid_dtd=True)
    except (zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException, NotImplementedError, RuntimeError, OSError):
        raise UsageError("this is no DOCX document that can be read", where=name) from None
    line = 0
    for element in root.iter(f"{_WORD}body"):
        for child in element:
            if child.tag == f"{_WORD}p":
                line += 1
                yield from _paragraph(child, line)
            elif child.tag == f"{_WORD}tbl":
                rows = []
                for row in child.iter(f"{_WORD}tr"):
                    line += 1
                    rows.append((line, [_words(cell) for cell in row.iter(f"{_WORD}tc")]))
                if rows:
                    yield table(rows)


def _paragraph(element: Any, line: int) -> Iterator[Piece]:
    gathered = Gathered()
    gathered.add(_words(element), line)
    body: Text | None = gathered.done()
    if body is None:
        return
    style = element.find(f"{_WORD}pPr/{_WORD}pStyle")
    heading = _HEADING.match(style.get(f"{_WORD}val", "") if style is not None else "")
    runs = [run for run in element.iter(f"{_WORD}r") if _words(run).strip()]
    bold = bool(runs) and all(run.find(f"{_WORD}rPr/{_WORD}b") is not None for run in runs)
    if heading:
        yield Piece("heading", body, int(heading[1] or 1))
    elif element.find(f"{_WORD}pPr/{_WORD}numPr") is not None:
        yield Piece("item", body)
    else:
        yield Piece("paragraph", body, bold=bold)


def _words(element: Any) -> str:
    spaces = (f"{_WORD}tab", f"{_WORD}br")
    parts = [each.text or "" if each.tag == f"{_WORD}t" else " " * (each.tag in spaces) for each in element.iter()]
    return "".join(parts)


def read_pdf(name: str, data: bytes) -> Iterator[Piece]:
    """The pieces of a PDF's text; lines are numbered through all pages."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import DependencyError, PyPdfError
    except ImportError:
        raise UsageError("PDF needs a library that is not installed", where=name, todo=_TODO) from None
    try:
        with _unheard("pypdf"):
            pages = PdfReader(io.BytesIO(data)).pages
            if len(pages) > _MAX_PAGES:
                raise UsageError(f"the document has more than {_MAX_PAGES} pages", where=name)
            text = "\n".join(page.extract_text() for page in pages)
    except (PyPdfError, DependencyError, OSError, *_BROKEN):
        raise UsageError("this is no PDF document that can be read", where=name) from None
    if not text.strip():
        raise UsageError("the PDF holds no text, only pictures", where=name, todo=_TODO)
    yield from read_plain(text)


@contextmanager
def _unheard(library: str) -> Iterator[None]:
    """What a library logs about a broken file is for its developers, not for the reader of the report."""
    logger = logging.getLogger(library)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
