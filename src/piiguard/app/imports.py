"""Which files scripts import, told from the text: enough to know what ships and where it runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from piiguard.model import Side

_GAP = rb"""\s{0,20}(?:/\*(?:[^*]|\*(?!/)){0,500}\*/\s{0,20}){0,4}"""
"""Blanks and comments; bounded, as all patterns here are: the text is not trusted."""
_IMPORT = rb"""(?:\bfrom|\bimport|\brequire|\bnew\s{1,5}URL)\s{0,20}\(?""" + _GAP + rb"""["'`]"""
_RELATIVE = re.compile(_IMPORT + rb"""(\.{1,2}(?:/[^"'`\n?#]{0,300})?)(?:[?#][^"'`\n]{0,100})?["'`]""")
_TYPE_ONLY = re.compile(
    rb"""\b(?:import|export)\s{1,5}type\s(?:(?!\*/|\bimport\b)[^;"'`]){0,500}?\bfrom\s{0,20}["'][^"'\n]{0,300}["']"""
)
_SUFFIXES = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json")
_COMPILED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
"""TypeScript names the compiled file in imports: suffix written -> suffixes of the source."""

_FRONTEND = rb"@forge/bridge|@forge/react|@forge/jira-bridge|@forge/confluence-bridge|react-dom"
_BACKEND = rb"@forge/(?:api|resolver|kvs|storage|events|sql|object-store|llm|realtime|ui|ui-jira|ui-confluence)"
IMPORTS_FRONTEND = re.compile(_IMPORT + rb"(?:" + _FRONTEND + rb""")(?:/[^"'`\n]{0,100})?["'`]""")
IMPORTS_BACKEND = re.compile(_IMPORT + rb"(?:" + _BACKEND + rb""")(?:/[^"'`\n]{0,100})?["'`]""")


def relative_imports(text: bytes) -> Iterator[str]:
    """The relative paths that a script imports, as written. What is imported as a type only does not count."""
    for found in _RELATIVE.finditer(_TYPE_ONLY.sub(b"", text)):
        yield found[1].decode("utf-8", "replace")


def imports_package(text: bytes, name: str) -> bool:
    """Whether a script imports a package, or a part of it, by its name."""
    written = name.encode()
    return written in text and bool(re.search(_IMPORT + re.escape(written) + rb"""(?:/[^"'`\n]{0,300})?["'`]""", text))


def resolve(stem: str, exists: Callable[[str], bool]) -> str | None:
    """The file that a path without suffix, or with the suffix of the compiled file, stands for."""
    base, suffix = posixpath.splitext(stem)
    candidates = (
        stem,
        *(base + source for source in _COMPILED.get(suffix, ())),
        *(stem + each for each in _SUFFIXES),
        *(f"{stem}/index{each}" for each in _SUFFIXES),
    )
    return next((path for path in candidates if exists(path)), None)


def handler_stems(app_root: str, handler: str) -> tuple[str, str]:
    """Where the file of `file.exportedName` may lie, without suffix: below src/, where Forge looks, or as written."""
    file = handler.rpartition(".")[0]
    return posixpath.normpath(posixpath.join(app_root, "src", file)), posixpath.normpath(posixpath.join(app_root, file))


def spread(entries: dict[str, Side], imports: dict[str, list[str]]) -> dict[str, Side]:
    """The side of every file that the entry points reach by imports; `either` for what both sides reach."""
    sides = dict(entries)
    reached = {side: _reachable(entries, side, imports) for side in _SIDES}
    for side, paths in reached.items():
        sides.update(dict.fromkeys(paths, side))
    both = reached["frontend"] & reached["backend"]
    return {**sides, **dict.fromkeys(both, "either")}


_SIDES: tuple[Side, ...] = ("frontend", "backend")


def _reachable(entries: dict[str, Side], side: Side, imports: dict[str, list[str]]) -> set[str]:
    """What the entry points of one side import, entry points apart."""
    reached: set[str] = set()
    todo = [path for path, own in entries.items() if own == side]
    while todo:
        found = [path for path in imports.get(todo.pop(), ()) if path not in entries and path not in reached]
        reached.update(found)
        todo.extend(found)
    return reached
