"""Which files of an app are its developers' own tools: the app does not run them, whatever they do."""

from __future__ import annotations

import re
from functools import cache

from piiguard.app.languages import SCRIPTS
from piiguard.model import App

FOLDERS = frozenset({"script", "scripts", "tool", "tools", "devtools"})
"""Folders right under the app's that hold such files."""


def developers(app: App) -> frozenset[str]:
    """The scripts in such a folder that nothing of the app reaches: no handler, no page, no helper in Python."""
    root = "" if app.root == "." else f"{app.root}/"
    held = {
        source.path: folder
        for source in app.sources
        if source.language == "python" or (source.language in SCRIPTS and source.side == "either")
        for folder in [source.path.removeprefix(root).partition("/")[0]]
        if folder in FOLDERS
    }
    imported = {
        folder
        for folder in set(held.values())
        if any(
            source.language == "python" and source.path not in held and _imports(folder).search(source.text)
            for source in app.sources
        )
    }
    return frozenset(path for path, folder in held.items() if folder not in imported)


@cache
def _imports(folder: str) -> re.Pattern[bytes]:
    return re.compile(rf"^\s*(?:from|import)\s+\.*{folder}\b".encode(), re.MULTILINE)
