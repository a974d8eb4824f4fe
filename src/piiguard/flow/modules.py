"""Which file an import means: relative paths, index files, missing extensions, tsconfig paths, workspaces."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from piiguard.model import Source

EXTENSIONS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")


class ModuleFinder:
    """Finds the scanned file behind an import. Paths are relative to the scanned folder."""

    def __init__(self, paths: Iterable[str], aliases: Iterable[tuple[str, str]] = ()) -> None:
        """`aliases`: (prefix of the import, folder or file it stands for), as in tsconfig `paths` and workspace
        packages."""
        self._paths = frozenset(paths)
        self._aliases = tuple(aliases)

    def find(self, importer: str, module: str) -> str | None:
        """The path of the file that `module` means in `importer`; None for a package or a file that is not scanned."""
        if module.startswith("."):
            return self.file(posixpath.normpath(posixpath.join(posixpath.dirname(importer), module)))
        for prefix, target in self._aliases:
            if module == prefix.rstrip("/") or (prefix.endswith("/") and module.startswith(prefix)) or not prefix:
                found = self.file(posixpath.normpath(target + module[len(prefix) :]))
                if found:
                    return found
        return None

    def file(self, base: str) -> str | None:
        """The scanned file that a path without extension, or a folder, stands for."""
        if base in self._paths:
            return base
        stem = posixpath.splitext(base)[0] if base.endswith((".js", ".mjs", ".cjs", ".jsx")) else base
        for candidate in (base, stem, f"{base}/index"):
            for extension in EXTENSIONS:
                if candidate + extension in self._paths:
                    return candidate + extension
        return None


_CONFIG = re.compile(r"(?:tsconfig|jsconfig)(?:\.[\w-]+)?\.json")
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])')
"""What a tsconfig may have and JSON may not, beside strings, which stay."""


def aliases(sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """What imports may mean besides paths: packages of the same repository (package.json), and tsconfig `paths` and
    `baseUrl`."""
    for source in sources:
        name, folder = posixpath.basename(source.path), posixpath.dirname(source.path)
        if name == "package.json":
            yield from _package(_object(source), folder)
        elif _CONFIG.fullmatch(name):
            yield from _config(_object(source).get("compilerOptions"), folder)


def _object(source: Source) -> dict[str, Any]:
    """The JSON object of a file; empty if it is none."""
    try:
        text = source.text.decode("utf-8", "replace")
        for noise in (_COMMENT, _COMMA):
            text = noise.sub(lambda found: found[1] or "", text)
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _package(package: dict[str, Any], folder: str) -> Iterator[tuple[str, str]]:
    name = package.get("name")
    if not isinstance(name, str) or not name:
        return
    mains = [package.get(field) for field in ("source", "module", "main", "types")]
    for main in (*mains, "index", "src/index", "src/main"):
        if isinstance(main, str):
            yield name, posixpath.join(folder, main)
    yield f"{name}/", f"{folder}/" if folder else ""


def _config(options: object, folder: str) -> Iterator[tuple[str, str]]:
    if not isinstance(options, dict):
        return
    base_url, paths = options.get("baseUrl"), options.get("paths")
    base = posixpath.normpath(posixpath.join(folder, base_url if isinstance(base_url, str) else "."))
    for pattern, targets in paths.items() if isinstance(paths, dict) else ():
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, str):
                yield pattern.removesuffix("*"), posixpath.join(base, target.removesuffix("*"))
    if isinstance(base_url, str):
        yield "", f"{base}/"
