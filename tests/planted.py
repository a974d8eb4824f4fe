"""The fixture apps, and what was planted in them.

A planted violation is marked by a comment `planted: <category> <why>` on the line above it. Files that cannot hold
comments have theirs in `expected.json`, whose keys are all optional:

    exit      the exit code
    sections  section number, or `*` for all -> the answer of each of its claims that code can decide
    answers   claim id -> answer; these win over `sections`
    findings  the only findings that there may be, each {path, category}; looked at where nothing is planted
    planted   [{path, line: a part of the line, category, why}]
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APPS = Path(__file__).parents[1] / "fixtures" / "apps"
NAMES = sorted(folder.name for folder in APPS.iterdir() if folder.is_dir())
CLEAN = [name for name in NAMES if not name.endswith("-planted")]
PLANTED = [name for name in NAMES if name.endswith("-planted")]

_MARK = re.compile(r"^\s*(?://|#|<!--|/\*|\{/\*)\s*planted: (?P<category>\S+) (?P<why>.+)")
_COMMENT = re.compile(r"^\s*(?://|#|<!--|/\*|\{/\*)")


@dataclass(frozen=True, order=True)
class Plant:
    """A violation that was put in on purpose. `line` is 1-based: the first line of the code itself."""

    path: str
    line: int
    category: str
    why: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.category} ({self.why})"


def expected(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((APPS / name / "expected.json").read_text(encoding="utf-8"))
    return told


def plants(name: str) -> list[Plant]:
    root = APPS / name
    found = [
        plant
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".md"
        for plant in marked(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8").splitlines())
    ]
    return found + [listed(root, entry) for entry in expected(name).get("planted", ())]


def marked(path: str, lines: list[str]) -> list[Plant]:
    """The plants that comments mark: each belongs to the next line that holds code."""
    found = []
    for index, line in enumerate(lines):
        if mark := _MARK.match(line):
            code = next(i for i in range(index + 1, len(lines)) if lines[i].strip() and not _COMMENT.match(lines[i]))
            why = mark["why"].removesuffix("*/}").removesuffix("-->").strip()
            found.append(Plant(path, code + 1, mark["category"], why, lines[code]))
    return found


def listed(root: Path, entry: dict[str, str]) -> Plant:
    """A plant of `expected.json`."""
    lines = (root / entry["path"]).read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines, 1) if entry["line"] in line)
    return Plant(entry["path"], number, entry["category"], entry["why"], lines[number - 1])
