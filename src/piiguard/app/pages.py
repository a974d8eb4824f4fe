"""Pages and style sheets that no resource's folder holds: which of them the app may hand out all the same.

What a front end imports or links to ships with it (sources.py). A page that only a function reads goes into a mail, or
answers a web trigger. The rest is documentation, reports of test tools and the like.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from piiguard.app.languages import SCRIPTS
from piiguard.model import Language, Source

PAGES: frozenset[Language] = frozenset({"html", "css"})

_LINK = re.compile(
    rb"""(?:\b(?:href|src|data)\s{0,5}=\s{0,5}["']?|@(?:import|use|forward)\s{1,5}["']|\burl\(\s{0,5}["']?)"""
    rb"""([^"'\s<>()?#;]{1,300})""",
    re.IGNORECASE,
)
_STYLE_SUFFIXES = (".scss", ".sass", ".less", ".css")
_NAME = re.compile(rb"(?<![\w.-])[\w.-]{1,200}\.(?:x?html?|css|scss|sass|less)\b", re.IGNORECASE)
_BY_PATTERN = re.compile(
    rb"""\brequire\.context\b|\bimport\.meta\.glob|\breaddir|["'`}]\.x?html?\b"""
    rb"""|\b(?:express\.|serve-|koa-|@fastify/)static\b|\b(?:res|reply)\.(?:render|view)\b"""
    rb"""|\brender_template\b|\bStaticFiles\b|\bFlask\("""
)
"""Imports, readers and servers of every file that fits or lies in a folder: no name need stand in the code."""


def links(source: Source, exists: Callable[[str], bool]) -> Iterator[str]:
    """The files that a page or style sheet links to, without suffix in Sass. `/a` means a from the page's folder on."""
    folder = posixpath.dirname(source.path)
    for found in _LINK.finditer(source.text):
        stem = posixpath.normpath(posixpath.join(folder, found[1].decode("utf-8", "replace").lstrip("/")))
        partial = posixpath.join(posixpath.dirname(stem), "_" + posixpath.basename(stem))
        candidates = (stem, *(base + suffix for base in (stem, partial) for suffix in _STYLE_SUFFIXES))
        yield from [path for path in candidates if exists(path)][:1]


def is_entry(source: Source, linked: Collection[Source]) -> bool:
    """Whether a build of the app may start from a page: by its name, its folder, or a script that it links to."""
    folder, name = posixpath.split(source.path)
    started = any(other.language in SCRIPTS for other in linked)
    return source.language == "html" and (name.startswith("index.") or "public" in folder.split("/") or started)


def named(pages: Collection[str], sources: Mapping[str, Source]) -> set[str]:
    """Those of `pages` whose file name stands in any other source, or in one of the pages that do.

    All of them, where another source takes files without naming them.
    """
    others = [source.text for path, source in sources.items() if path not in pages]
    if any(map(_BY_PATTERN.search, others)):
        return set(pages)
    wanted = {path: _names(posixpath.basename(path).encode()) for path in pages}
    said = {name for text in others for name in _names(text)}
    found: set[str] = set()
    while more := {path for path, names in wanted.items() if path not in found and names <= said}:
        found |= more
        said |= {name for path in more for name in _names(sources[path].text)}
    return found


def _names(text: bytes) -> set[bytes]:
    return {name.lower() for name in _NAME.findall(text)}
