"""The Forge apps below a folder, and which files belong to which."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from pathlib import Path

from piiguard.app.files import Unreadable, read_text
from piiguard.app.frontends import Frontend, below, frontend
from piiguard.app.manifest import is_forge, looks_like_forge, parse_manifest
from piiguard.app.tree import parse_yaml
from piiguard.app.walk import MANIFEST_NAMES
from piiguard.errors import UsageError
from piiguard.model import Gap, Manifest

MAX_MANIFEST_BYTES = 400 * 1024
PLATFORM_MANIFEST_BYTES = 200 * 1024
"""Forge refuses larger manifests (documentation, "Platform quotas and limits")."""


@dataclass(frozen=True)
class Found:
    """A Forge app: its manifest, its own name if it has one, and its front ends."""

    id: str
    manifest: Manifest
    name: str | None = None
    frontends: list[Frontend] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The app's folder, "" for the scanned folder."""
        return "" if self.id == "." else self.id


def find_apps(root: Path, files: list[str]) -> list[Found]:
    """The apps whose manifests are among `files`. UsageError when there is none.

    A broken manifest is an error when it is the only one, otherwise a gap of every app.
    """
    packages = frozenset(posixpath.dirname(path) for path in files if posixpath.basename(path) == "package.json")
    apps: dict[str, Found] = {}
    broken: list[UsageError] = []
    for path in files:
        folder = posixpath.dirname(path) or "."
        if posixpath.basename(path) not in MANIFEST_NAMES:
            continue
        try:
            found = _read(root, path, folder, packages)
        except UsageError as error:
            broken.append(error)
        else:
            if found:
                apps[folder] = found
    if not apps and broken:
        raise broken[0]
    if not apps:
        raise UsageError(
            "no Forge app found: there is no manifest.yml with `app.id` or `modules` in this folder or below",
            todo="Give the folder of the app; `--include ignored` looks at what .gitignore leaves out as well",
        )
    for app in apps.values():
        app.gaps.extend(Gap(*_place(error), needed_for=()) for error in broken)
    return [apps[folder] for folder in sorted(apps)]


def _place(error: UsageError) -> tuple[str, str]:
    path = error.where.rpartition(":")[0] if error.where.rpartition(":")[2].isdigit() else error.where
    return path, f"this manifest was not read: {error.what}"


def _read(root: Path, path: str, folder: str, packages: frozenset[str]) -> Found | None:
    """The app of one manifest, None when the manifest is not Forge's. UsageError when it is but cannot be read."""
    try:
        text = read_text(root, path, MAX_MANIFEST_BYTES)
    except Unreadable as problem:
        raise UsageError(f"the manifest {problem}", where=path) from None
    try:
        top = parse_yaml(text, path)
    except UsageError:
        if looks_like_forge(text):
            raise
        return None
    if not is_forge(top):
        return None
    manifest = parse_manifest(top)
    app = Found(folder, manifest, top.text_at("app", "name"))
    if len(text.encode()) > PLATFORM_MANIFEST_BYTES:
        app.gaps.append(Gap(path, "the manifest is larger than Forge accepts (200 KB)", folder))
    for entry in manifest.egress:
        if entry.unresolved:
            why = f"the value of the variable in {entry.address} is not in the repository"
            app.gaps.append(Gap(path, why, folder, entry.line, ("egress-host", "undeclared-egress", "unused-host")))
    for resource in manifest.resources:
        located = frontend(resource, app.root, packages)
        if located:
            app.frontends.append(located)
        else:
            why = f"resource {resource.key} lies outside of the scanned folder"
            app.gaps.append(Gap(path, why, folder, resource.line))
    return app


def owners(path: str, apps: list[Found]) -> list[Found]:
    """The apps that a file belongs to: the innermost whose folder holds it, else those with a front end there.

    None: it lies outside of every app.
    """
    around = [app for app in apps if below(path, app.root)]
    if around:
        return [max(around, key=lambda app: len(app.root))]
    return [app for app in apps if any(part.owns(path) for part in app.frontends)]
