"""Files outside of every app's folder, by the npm package that they belong to.

Such a file ships with an app that imports it: by its path, or as a package of the same repository by its name. The rest
lies beside the apps: one app tells of it for all.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from piiguard.app.files import MB, Unreadable, read_text
from piiguard.app.frontends import below


@dataclass(frozen=True)
class Project:
    """The files whose nearest package.json is the same. `name` is what it says; empty: nothing."""

    name: str
    files: tuple[str, ...]


def projects(root: Path, files: Iterable[str]) -> list[Project]:
    """Sort files into the packages that they belong to; what lies in none is one project more."""
    paths = sorted(files)
    folders = {posixpath.dirname(path) for path in paths if posixpath.basename(path) == "package.json"}
    found: dict[str, list[str]] = {}
    for path in paths:
        nearest = next((folder for folder in _upwards(path) if folder in folders), "")
        found.setdefault(nearest, []).append(path)
    return [Project(package_name(root, folder) or "", tuple(held)) for folder, held in found.items()]


def above(path: str, folder: str) -> bool:
    """Whether a file lies in a folder around another, where Node.js looks for packages."""
    return below(f"{folder}/", posixpath.dirname(path))


def package_name(root: Path, folder: str) -> str | None:
    """The name that the package.json of a folder gives."""
    try:
        name = json.loads(read_text(root, posixpath.join(folder, "package.json"), MB)).get("name")
    except (Unreadable, ValueError, RecursionError, AttributeError):
        return None
    return name if isinstance(name, str) else None


def _upwards(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path
