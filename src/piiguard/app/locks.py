"""Lock files of npm, yarn and pnpm: which version of which package was resolved.

Each reader takes the text of a lock file and gives a `Lock`. ValueError for a file that it cannot make sense of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Locked:
    """One resolved package."""

    name: str
    version: str
    line: int
    dev: bool = False


@dataclass
class Lock:
    """What a lock file says; folders are relative to it, ranges as package.json writes them."""

    packages: list[Locked] = field(default_factory=list)
    by_folder: dict[tuple[str, str], str] = field(default_factory=dict)
    by_range: dict[tuple[str, str], str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)

    def version(self, folder: str, name: str, wanted: str) -> str | None:
        """The version that a package.json in `folder` gets."""
        return self.by_folder.get((folder, name)) or self.by_range.get((name, wanted)) or self.by_name.get(name)


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def key_lines(text: str) -> dict[str, int]:
    """The first line on which each key of a JSON object that holds an object stands."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*"([^"\\]+)"\s*:\s*\{', line)
        if found:
            lines.setdefault(found[1], number)
    return lines


def read_npm(text: str) -> Lock:
    """package-lock.json and npm-shrinkwrap.json, lockfileVersion 1 to 3."""
    root = json.loads(text)
    if not isinstance(root, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for all broken lock files
    lines = key_lines(text)
    lock = Lock()
    if isinstance(root.get("packages"), dict):
        _npm_packages(root["packages"], lines, lock)
    else:
        _npm_dependencies(_object(root.get("dependencies")), lines, lock, top=True)
    return lock


def _npm_packages(packages: dict[str, object], lines: dict[str, int], lock: Lock) -> None:
    for path, entry in packages.items():
        folder, found, name = path.rpartition("node_modules/")
        version = _text(_object(entry).get("version"))
        if not found or not version:
            continue
        name = _text(_object(entry).get("name")) or name
        lock.packages.append(Locked(name, version, lines.get(path, 1), bool(_object(entry).get("dev"))))
        if "node_modules/" not in folder:
            lock.by_folder[folder.rstrip("/"), name] = version
        if not folder:
            lock.by_name[name] = version


def _npm_dependencies(dependencies: dict[str, object], lines: dict[str, int], lock: Lock, *, top: bool) -> None:
    for name, entry in dependencies.items():
        version = _text(_object(entry).get("version"))
        if version:
            lock.packages.append(Locked(name, version, lines.get(name, 1), bool(_object(entry).get("dev"))))
            if top:
                lock.by_name[name] = version
        _npm_dependencies(_object(_object(entry).get("dependencies")), lines, lock, top=False)


_YARN_SELECTOR = re.compile(r'"?((?:@[^@/\s"]+/)?[^@/\s"]+)@([^",]+)"?')
_MAX_LINE = 5000
"""Longer lines do not come from package managers, and would take long to match."""
_YARN_VERSION = re.compile(r'\s+version:?\s+"?([^"\s]+)"?')


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.splitlines(), 1) if len(line) <= _MAX_LINE)


def read_yarn(text: str) -> Lock:
    """yarn.lock of yarn 1 and of later versions ("berry")."""
    if "yarn lockfile v1" not in text and "__metadata" not in text:
        raise ValueError("neither the header of yarn 1 nor that of later versions")
    lock = Lock()
    selectors: list[tuple[str, str]] = []
    start = 0
    for number, line in _numbered(text):
        if line and not line[0].isspace() and not line.startswith("#"):
            selectors, start = _YARN_SELECTOR.findall(line), number
        elif selectors and (found := _YARN_VERSION.fullmatch(line)):
            _yarn_entry(selectors, found[1], start, lock)
            selectors = []
    return lock


def _yarn_entry(selectors: list[tuple[str, str]], version: str, line: int, lock: Lock) -> None:
    if version.startswith("0.0.0-use.local"):
        return
    name = selectors[0][0]
    lock.packages.append(Locked(name, version, line))
    lock.by_name.setdefault(name, version)
    for each, wanted in selectors:
        lock.by_range[each, wanted.removeprefix("npm:")] = version


_PNPM_PACKAGE = re.compile(r"""  ['"]?/?((?:@[^@/\s'"]+/)?[^@/\s'"]+)[@/]([^('"\s:_]+)[^:\s]*['"]?:(?:\s*\{\})?\s*""")
_PNPM_KEY = re.compile(r"""( *)['"]?([^'":\s][^'":]*)['"]?:\s*(.*)""")
_PNPM_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")


def read_pnpm(text: str) -> Lock:
    """pnpm-lock.yaml, lockfileVersion 5 to 9, read line by line: pnpm writes one fixed layout."""
    if not text.lstrip("\ufeff").startswith("lockfileVersion:"):
        raise ValueError("it does not start with lockfileVersion")
    lock = Lock()
    for section, lines in _pnpm_sections(text):
        if section == "packages":
            _pnpm_packages(lines, lock)
        elif section == "importers":
            _pnpm_importers(lines, lock)
        elif section in _PNPM_SECTIONS:
            _pnpm_direct(".", [(number, f"    {line}") for number, line in lines], lock)
    return lock


def _pnpm_sections(text: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """The top-level keys, each with its numbered lines."""
    section, lines = "", list[tuple[int, str]]()
    for number, line in _numbered(text):
        if line[:1].strip():
            yield section, lines
            section, lines = line.partition(":")[0], []
        elif line:
            lines.append((number, line))
    yield section, lines


def _pnpm_packages(lines: list[tuple[int, str]], lock: Lock) -> None:
    for number, line in lines:
        found = _PNPM_PACKAGE.fullmatch(line)
        if found:
            lock.packages.append(Locked(found[1], found[2], number))
            lock.by_name.setdefault(found[1], found[2])
        elif line.strip() == "dev: true" and lock.packages:
            last = lock.packages[-1]
            lock.packages[-1] = Locked(last.name, last.version, last.line, dev=True)


def _pnpm_importers(lines: list[tuple[int, str]], lock: Lock) -> None:
    folder, below = "", list[tuple[int, str]]()
    for number, line in lines:
        found = _PNPM_KEY.fullmatch(line)
        if found and len(found[1]) == 2:
            _pnpm_direct(folder, below, lock)
            folder, below = found[2], []
        else:
            below.append((number, line))
    _pnpm_direct(folder, below, lock)


def _pnpm_direct(folder: str, lines: list[tuple[int, str]], lock: Lock) -> None:
    """Direct dependencies: `name: version` (5) or `name:` over `version: ...` (6 and later), six columns in."""
    name = ""
    for _, line in lines:
        found = _PNPM_KEY.fullmatch(line)
        if not found:
            continue
        depth, key, value = len(found[1]), found[2], found[3].strip("'\" ")
        if depth == 6:
            name = key
        version = value if depth == 6 else value if key == "version" and depth == 8 else ""
        if name and version and not version.startswith("link:"):
            lock.by_folder["" if folder == "." else folder, name] = re.split(r"[(_]", version)[0]


LOCK_READERS: dict[str, Callable[[str], Lock]] = {
    "package-lock.json": read_npm,
    "npm-shrinkwrap.json": read_npm,
    "yarn.lock": read_yarn,
    "pnpm-lock.yaml": read_pnpm,
}
"""File name -> reader. Where several lie in one folder, the first in this order that names a package answers for it."""
