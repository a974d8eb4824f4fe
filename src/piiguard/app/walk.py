"""The files below a folder, without those that the skip rules and .gitignore files leave out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from piiguard.app.files import Unreadable, inside, read_text
from piiguard.app.skips import PROJECT_FOLDERS, skipped_file, skipped_folder
from piiguard.model import FileStatus, Gap

MANIFEST_NAMES = ("manifest.yml", "manifest.yaml")
MAX_FILES = 50_000
MAX_DEPTH = 60
MAX_IGNORE_BYTES = 200 * 1024
MAX_STARS = 3
"""Stars in one part of a .gitignore pattern. Patterns with more can take for ever and are not applied."""


@dataclass
class Listing:
    """What a walk found: files to look at, and what was left out. Paths are relative to the scanned folder."""

    files: list[str] = field(default_factory=list)
    skipped: list[FileStatus] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def paths(self) -> Iterator[str]:
        """Every path that was found, whatever became of it."""
        yield from self.files
        yield from (status.path for status in self.skipped)
        yield from (gap.path for gap in self.gaps)

    def skip(self, path: str, kind: str) -> None:
        self.skipped.append(FileStatus(path, "skipped", kind))

    def miss(self, path: str, why: str) -> None:
        self.gaps.append(Gap(path, why))


@dataclass(frozen=True)
class _Ignore:
    """A .gitignore file: the folder it lies in, and its patterns."""

    folder: str
    spec: GitIgnoreSpec

    def decision(self, path: str) -> bool | None:
        below = path[len(self.folder) + 1 :] if self.folder else path
        return self.spec.check_file(below).include


def walk(root: Path, start: str, include: frozenset[str]) -> Listing:
    """List the files below `start` (relative to the resolved `root`, "" for itself), without skipped folders."""
    listing = Listing()
    for folders, folder in enumerate(_enter(root, start, include, (), listing)):
        if len(listing.files) + folders > MAX_FILES:
            listing.miss(folder or ".", f"more than {MAX_FILES} files and folders; the rest was not looked at")
            break
    listing.files.sort()
    return listing


def _enter(
    root: Path, folder: str, include: frozenset[str], ignores: tuple[_Ignore, ...], listing: Listing
) -> Iterator[str]:
    """Walk one folder and those below it; yields each folder after its files were listed."""
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except OSError as error:
        listing.miss(folder or ".", f"the folder cannot be read ({error.strerror})")
        return
    names = {entry.name for entry in entries}
    if ".gitignore" in names:
        ignores = (*ignores, *_read_ignore(root, folder))
    below = []
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not _printable(path):
            listing.miss(path.encode("utf-8", "replace").decode(), "the name is not UTF-8")
        elif entry.is_symlink():
            _link(root, path, listing)
        elif entry.is_dir(follow_symlinks=False):
            if _want_folder(path, entry.name, names, include, ignores, listing):
                below.append(path)
        else:
            _file(path, entry.name, include, ignores, listing)
    yield folder
    for path in below:
        if path.count("/") >= MAX_DEPTH:
            listing.miss(path, f"more than {MAX_DEPTH} folders deep")
        else:
            yield from _enter(root, path, include, ignores, listing)


def _printable(path: str) -> bool:
    """Whether a name can stand in a report: bytes that are not UTF-8 come as lone surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _link(root: Path, path: str, listing: Listing) -> None:
    target = root / path
    if not target.exists():
        listing.miss(path, "symbolic link to nothing")
    elif inside(root, target):
        listing.skip(path, "link")
    else:
        listing.miss(path, "symbolic link that leaves the scanned folder")


def _want_folder(
    path: str, name: str, siblings: set[str], include: frozenset[str], ignores: tuple[_Ignore, ...], listing: Listing
) -> bool:
    if name == ".git":
        return False
    kind = skipped_folder(name, include)
    if kind is None and siblings.intersection({"package.json", *MANIFEST_NAMES}):
        kind = PROJECT_FOLDERS.get(name)
        kind = None if kind in include else kind
    if kind is None and "ignored" not in include and _ignored(f"{path}/", ignores):
        kind = "ignored"
    if kind:
        listing.skip(f"{path}/", kind)
    return kind is None


def _file(path: str, name: str, include: frozenset[str], ignores: tuple[_Ignore, ...], listing: Listing) -> None:
    requirements = name.startswith("requirements") and name.endswith(".txt")
    kind = None if requirements else skipped_file(name, include)
    if kind is None and "ignored" not in include and _ignored(path, ignores):
        kind = "ignored"
    if kind:
        listing.skip(path, kind)
    else:
        listing.files.append(path)


def _ignored(path: str, ignores: tuple[_Ignore, ...]) -> bool:
    """The innermost .gitignore file that says anything about the path decides, as git has it."""
    decisions = (ignore.decision(path) for ignore in reversed(ignores))
    return next((decision for decision in decisions if decision is not None), False)


def _read_ignore(root: Path, folder: str) -> Iterator[_Ignore]:
    try:
        text = read_text(root, f"{folder}/.gitignore" if folder else ".gitignore", MAX_IGNORE_BYTES)
        lines = [line for line in text.splitlines() if _harmless(line)]
        yield _Ignore(folder, GitIgnoreSpec.from_lines(lines))
    except (Unreadable, ValueError):
        return  # Nothing is ignored then: more is scanned, not less.


def _harmless(pattern: str) -> bool:
    parts = pattern.split("/")
    return len(parts) <= MAX_DEPTH and all(part == "**" or part.count("*") <= MAX_STARS for part in parts)
