"""Where in the document something stands: the vendor's own section number, or the catalogue's where it gives none."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from piiguard.claims.document.sections import section_of
from piiguard.trustcenter import Heading


class Place(msgspec.Struct, frozen=True):
    """A section and the headings down to it."""

    section: str
    path: tuple[str, ...]


class Places:
    """The document's headings, each with the section of the catalogue that its words are about."""

    def __init__(self, headings: Iterable[Heading]) -> None:
        self.headings = tuple(dict.fromkeys(headings))
        self._mapped = {heading: section_of(heading.title) for heading in self.headings}

    def mapped(self) -> tuple[tuple[Heading, int | None], ...]:
        """Every heading, with the number of the catalogue's section."""
        return tuple(self._mapped.items())

    def of(self, path: tuple[Heading, ...]) -> Place:
        """The nearest heading with a number of its own, else the nearest that is about a section."""
        titles = tuple(heading.title for heading in path)
        numbered = next((heading.number for heading in reversed(path) if heading.number), "")
        if numbered:
            return Place(numbered, titles)
        about = next(
            (self._mapped.get(heading) for heading in reversed(path[1:] or path) if self._mapped.get(heading)), None
        )
        return Place(str(about) if about else "", titles)
