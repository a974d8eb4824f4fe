"""Which files scripts import, told from the text: enough to know what ships and where it runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from piiguard.model import Side

_RELATIVE = re.compile(
    rb"""(?:\bfrom|\bimport|\brequire|\bnew\s+URL)\s*\(?\s*["'`](\.{1,2}(?:/[^"'`\n?#]{0,300})?)(?:[?#][^"'`\n]{0,100})?["'`]"""
)
_SUFFIXES = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json")
_COMPILED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
"""TypeScript names the compiled file in imports: suffix written -> suffixes of the source."""

_MODULE = rb"""(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'`](?:%s)(?:/[^"'`\n]{0,100})?["'`]"""
IMPORTS_FRONTEND = re.compile(_MODULE % rb"@forge/bridge|@forge/react|@forge/jira-bridge|@forge/confluence-bridge|react-dom")
IMPORTS_BACKEND = re.compile(
    _MODULE % rb"@forge/(?:api|resolver|kvs|storage|events|sql|object-store|llm|realtime|ui|ui-jira|ui-confluence)"
)


def relative_imports(text: bytes) -> Iterator[str]:
    """The relative paths that a script imports, as written."""
    for found in _RELATIVE.finditer(text):
        yield found[1].decode("utf-8", "replace")


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


def spread(sides: dict[str, Side], imports: dict[str, list[str]]) -> dict[str, Side]:
    """The side of the files that have none of their own, by who imports them; those that both sides import are `either`."""
    reached = {side: _reachable([p for p, s in sides.items() if s == side], sides, imports) for side in _SIDES}
    both = reached["frontend"] & reached["backend"]
    inherited: dict[str, Side] = {path: side for side in _SIDES for path in reached[side] - both}
    return {**inherited, **dict.fromkeys(both, "either"), **sides}


_SIDES: tuple[Side, ...] = ("frontend", "backend")


def _reachable(start: Iterable[str], fixed: dict[str, Side], imports: dict[str, list[str]]) -> set[str]:
    reached: set[str] = set()
    todo = list(start)
    while todo:
        for path in imports.get(todo.pop(), ()):
            if path not in fixed and path not in reached:
                reached.add(path)
                todo.append(path)
    return reached
