"""The tags of an HTML page, in linear time whatever the text.

`html.parser` takes minutes for a few hundred kilobytes of unclosed tags, and a page of a scanned repository may be made
that way on purpose. Comments, declarations and end tags are skipped; what a `<script>` or `<style>` holds comes as
one text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_TAG = re.compile(r"<(?P<name>[a-zA-Z][^\s/><]*)")
_ATTRIBUTE = re.compile(
    r"[\s/]*(?P<name>[^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s>]*)))?"
)
_RAW_END = {
    name: re.compile(f"</{name}(?=[\\s/>]|$)", re.IGNORECASE) for name in ("script", "style", "textarea", "title")
}
"""Elements whose content is text -> where it ends."""


class Tag(NamedTuple):
    """A start tag: where its `<` stands, its name in lower case, its attributes (the first of each name)."""

    offset: int
    name: str
    attributes: dict[str, str]


class Content(NamedTuple):
    """The text inside an element that holds text only."""

    offset: int
    element: str
    text: str


def tags(page: str) -> Iterator[Tag | Content]:
    """The start tags and raw texts of a page, in order. What is not closed goes to the end of the page."""
    position = page.find("<")
    while position >= 0:
        found = _TAG.match(page, position)
        if found is None:
            position = page.find("<", _behind_markup(page, position))
            continue
        name = found["name"].lower()
        attributes, end = _attributes(page, found.end())
        yield Tag(position, name, attributes)
        if name in _RAW_END:
            closing = _RAW_END[name].search(page, end)
            stop = closing.start() if closing else len(page)
            yield Content(end, name, page[end:stop])
            end = stop
        position = page.find("<", end)


def _behind_markup(page: str, position: int) -> int:
    """Where a comment, an end tag or a lone `<` ends."""
    if not page.startswith("<!--", position):
        return position + 1
    end = page.find("-->", position + 2)
    return len(page) if end < 0 else end


def _attributes(page: str, position: int) -> tuple[dict[str, str], int]:
    attributes: dict[str, str] = {}
    while found := _ATTRIBUTE.match(page, position):
        value = found["double"] or found["single"] or found["bare"] or ""
        attributes.setdefault(found["name"].lower(), html.unescape(value))
        position = found.end()
    end = page.find(">", position)
    return attributes, len(page) if end < 0 else end + 1
