"""The folders and files that `resources` of a manifest put into the browser."""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from dataclasses import dataclass

from piiguard.app.skips import BUILD_FOLDERS
from piiguard.model import Resource

_SCRIPT_SUFFIXES = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs")


@dataclass(frozen=True)
class Frontend:
    """A resource, with paths relative to the scanned folder."""

    resource: Resource
    path: str
    """What `resources[].path` names: a script (UI Kit) or a folder (Custom UI)."""
    base: str
    """The folder that sources of a Custom UI resource lie in: up to its own package.json. Empty for a script."""
    project: bool
    """Whether `base` has a package.json of its own."""

    @property
    def is_script(self) -> bool:
        return not self.base

    def owns(self, path: str) -> bool:
        """Whether a file is part of this resource or of its sources."""
        return path == self.path if self.is_script else below(path, self.base)


def below(path: str, folder: str) -> bool:
    """Whether a relative path lies in a relative folder; "" and "." are the scanned folder itself."""
    return folder in ("", ".") or path.startswith(f"{folder}/")


def frontend(resource: Resource, app_root: str, packages: Collection[str]) -> Frontend | None:
    """Locate a resource; None when it lies outside of the scanned folder.

    `packages` are the folders with a package.json.
    """
    path = posixpath.normpath(posixpath.join(app_root, resource.path))
    if path.startswith(("../", "/")) or path == "..":
        return None
    if path.endswith(_SCRIPT_SUFFIXES):
        return Frontend(resource, path, "", False)
    folder = path
    while folder not in ("", ".", app_root):
        if folder in packages:
            return Frontend(resource, path, folder, True)
        folder = posixpath.dirname(folder)
    parent = posixpath.dirname(path)
    nested = posixpath.basename(path) in BUILD_FOLDERS and parent not in ("", ".", app_root)
    return Frontend(resource, path, parent if nested else path, False)
