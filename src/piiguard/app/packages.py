"""The dependencies that package.json, lock files, requirements files and pyproject.toml name."""

from __future__ import annotations

import json
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from piiguard.app.files import MB, Unreadable, read_text
from piiguard.app.locks import LOCK_READERS, Lock
from piiguard.model import Gap, Package

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_PACKAGE_BYTES = MB
MAX_LOCK_BYTES = 32 * MB

NPM_SECTIONS: dict[str, bool] = {
    "dependencies": False,
    "optionalDependencies": False,
    "peerDependencies": False,
    "devDependencies": True,
}
"""Section of package.json -> whether it is for development only."""

_NEEDED_FOR = ("tracking", "session-recording", "ai-processing")
"""What an unread list of dependencies leaves unsure."""

_ALIAS = re.compile(r"npm:(@?[^@\s]+)(?:@(.*))?")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)")
_PINNED = re.compile(r"===?\s*([^\s,*]+)$")


def is_lock_file(path: str) -> bool:
    """Whether the name is that of a lock file."""
    return posixpath.basename(path) in LOCK_READERS


def is_package_file(path: str) -> bool:
    """Whether the name is that of a file that names dependencies."""
    name = posixpath.basename(path)
    return name in ("package.json", "pyproject.toml") or is_lock_file(path) or _is_requirements(name)


def read_packages(root: Path, app: str, files: list[str]) -> tuple[tuple[Package, ...], list[Gap]]:
    """The dependencies that the package files name, direct ones first; broken files become gaps."""
    gaps: list[Gap] = []
    texts: dict[str, str] = {}
    for path in files:
        try:
            texts[path] = read_text(root, path, MAX_LOCK_BYTES if is_lock_file(path) else MAX_PACKAGE_BYTES)
        except Unreadable as problem:
            gaps.append(Gap(path, str(problem), app, needed_for=_NEEDED_FOR))
    locks: dict[str, Lock] = {}
    direct: list[Package] = []
    for path, text in texts.items():
        try:
            if is_lock_file(path):
                locks[path] = LOCK_READERS[posixpath.basename(path)](text)
            else:
                direct.extend(_direct(path, text))
        except (ValueError, RecursionError):
            gaps.append(Gap(path, "cannot be understood", app, needed_for=_NEEDED_FOR))
    resolved = [_resolved(package, locks) for package in direct]
    return (*sorted(resolved, key=_order), *sorted(_transitive(resolved, locks), key=_order)), gaps


def _order(package: Package) -> tuple[str, int, str, str]:
    return package.path, package.line, package.name, package.version or ""


def _direct(path: str, text: str) -> Iterator[Package]:
    name = posixpath.basename(path)
    if name == "package.json":
        return _package_json(path, text)
    return _pyproject(path, text) if name == "pyproject.toml" else _requirements(path, text)


# ---------------------------------------------------------------- npm


def _package_json(path: str, text: str) -> Iterator[Package]:
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for all broken files
    for section, dev in NPM_SECTIONS.items():
        entries = content.get(section)
        if not isinstance(entries, dict):
            continue
        here = _find_key(text, section, 0)
        line = text.count("\n", 0, here) + 1
        for name, wanted in entries.items():
            there = _find_key(text, name, here)
            line += text.count("\n", here, there)
            here = there
            yield from _npm_packages(name, wanted if isinstance(wanted, str) else "", path, line, dev)


def _npm_packages(name: str, wanted: str, path: str, line: int, dev: bool) -> Iterator[Package]:
    """The package, and for an alias (`"short": "npm:real@^1"`) the real one as well."""
    yield Package(name, path, line, wanted, dev=dev)
    alias = _ALIAS.fullmatch(wanted)
    if alias and alias[1] != name:
        yield Package(alias[1], path, line, alias[2] or "", dev=dev)


def _find_key(text: str, key: str, start: int) -> int:
    """The offset of a JSON key after `start`; `start` itself where it is written with escapes."""
    found = text.find(json.dumps(key, ensure_ascii=False), start)
    return found if found >= 0 else start


def _resolved(package: Package, locks: dict[str, Lock]) -> Package:
    """The package with the version that the nearest lock file, in its folder or above, gives it."""
    if package.ecosystem != "npm":
        return package
    folder = posixpath.dirname(package.path)
    here: str | None = folder
    while here is not None:
        for name in LOCK_READERS:
            lock = locks.get(posixpath.join(here, name))
            relative = posixpath.relpath(folder or ".", here or ".")
            version = lock.version("" if relative == "." else relative, package.name, package.wanted) if lock else None
            if version:
                return _with_version(package, version)
        here = posixpath.dirname(here) if here else None
    return package


def _with_version(package: Package, version: str) -> Package:
    return Package(package.name, package.path, package.line, package.wanted, version, package.dev)


def _transitive(direct: list[Package], locks: dict[str, Lock]) -> Iterator[Package]:
    """What only lock files name: each name and version of a lock file once."""
    known = {(package.name, package.version) for package in direct}
    for path, lock in locks.items():
        seen = set(known)
        for package in lock.packages:
            if (package.name, package.version) not in seen:
                seen.add((package.name, package.version))
                yield Package(package.name, path, package.line, version=package.version, dev=package.dev, direct=False)


# ---------------------------------------------------------------- Python


def _is_requirements(name: str) -> bool:
    return name.startswith("requirements") and name.endswith(".txt")


def _requirements(path: str, text: str) -> Iterator[Package]:
    dev = any(word in posixpath.basename(path) for word in ("dev", "test"))
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith(("#", "-")):
            yield from _requirement(path, number, line, dev)


def _requirement(path: str, line: int, written: str, dev: bool) -> Iterator[Package]:
    found = _REQUIREMENT.match(written)
    if found:
        wanted = found[2].strip()
        pinned = _PINNED.fullmatch(wanted)
        yield Package(found[1], path, line, wanted, pinned[1] if pinned else None, dev, ecosystem="pypi")


def _pyproject(path: str, text: str) -> Iterator[Package]:
    """PEP 621 dependencies and extras, PEP 735 groups, and Poetry's tables."""
    content = tomllib.loads(text)
    project, poetry = _table(content, "project"), _table(_table(content, "tool"), "poetry")
    lists = [(project.get("dependencies"), False)]
    lists += [(extra, False) for extra in _table(project, "optional-dependencies").values()]
    lists += [(group, True) for group in _table(content, "dependency-groups").values()]
    for entries, dev in lists:
        for written in entries if isinstance(entries, list) else ():
            if isinstance(written, str):
                yield from _requirement(path, _line_of(text, written), written, dev)
    tables = [(_table(poetry, "dependencies"), False), (_table(poetry, "dev-dependencies"), True)]
    tables += [(_table(group, "dependencies"), True) for group in _table(poetry, "group").values()]
    for table, dev in tables:
        for name in table:
            if name != "python":
                yield Package(name, path, _line_of(text, name), dev=dev, ecosystem="pypi")


def _table(content: Any, key: str) -> dict[str, Any]:
    found = content.get(key) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}


def _line_of(text: str, written: str) -> int:
    return text.count("\n", 0, max(text.find(written), 0)) + 1
