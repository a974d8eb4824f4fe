"""Which file an import means: relative paths, index files, missing extensions, tsconfig paths, workspaces."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

EXTENSIONS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")


class ModuleFinder:
    """Finds the scanned file behind an import. Paths are relative to the scanned folder."""

    def __init__(self, paths: Iterable[str], aliases: Iterable[tuple[str, str]] = ()) -> None:
        """`aliases`: (prefix of the import, folder or file it stands for), as in tsconfig `paths` and workspace packages."""
        self._paths = frozenset(paths)
        self._aliases = tuple(aliases)

    def find(self, importer: str, module: str) -> str | None:
        """The path of the file that `module` means in `importer`; None for a package or a file that is not scanned."""
        if module.startswith("."):
            return self.file(posixpath.normpath(posixpath.join(posixpath.dirname(importer), module)))
        for prefix, target in self._aliases:
            if module == prefix.rstrip("/") or (prefix.endswith("/") and module.startswith(prefix)):
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
