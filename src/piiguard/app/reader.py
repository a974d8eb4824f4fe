"""READ: a folder -> Subject."""

from __future__ import annotations

import posixpath
from pathlib import Path

import msgspec

from piiguard.app.beside import above, package_name, projects
from piiguard.app.contents import contents, digest
from piiguard.app.discover import Found, find_apps, owners
from piiguard.app.git import head_commit
from piiguard.app.packages import is_lock_file, is_package_file, read_packages
from piiguard.app.skips import INCLUDABLE
from piiguard.app.sources import SourceReader
from piiguard.app.walk import Listing, walk
from piiguard.errors import UsageError
from piiguard.model import App, FileStatus, Gap, Subject


def read(path: Path, *, include: frozenset[str] = frozenset()) -> Subject:
    """Read every Forge app below a folder. Nothing is executed and no link is followed out of it.

    `include` names kinds of INCLUDABLE files that are scanned although they are left out by default. UsageError for an
    unknown kind, a path that is no folder, a folder without a Forge app, and a manifest that cannot be read when it is
    the only one.
    """
    unknown = include - set(INCLUDABLE)
    if unknown:
        raise UsageError(f"unknown kind of files: {min(unknown)}", todo=f"Known are {', '.join(sorted(INCLUDABLE))}")
    if not path.is_dir():
        raise UsageError("this is not a folder", where=str(path), todo="Give the folder of a Forge app")
    root = path.resolve()
    listing = walk(root, "", include)
    apps = find_apps(root, listing.files)
    owned = {path: owners(path, apps) for path in listing.paths()}
    outside = projects(root, (path for path in listing.files if not owned[path] and not is_lock_file(path)))
    readers = [SourceReader(root, app.id, app.manifest, app.frontends, include, outside) for app in apps]
    for app, reader in zip(apps, readers, strict=True):
        reader.read([path for path in listing.files if app in owned[path] and not is_lock_file(path)])
    beside = {path for path, found in owned.items() if not found and not any(reader.has(path) for reader in readers)}
    read_apps = []
    for app, reader in zip(apps, readers, strict=True):
        told = beside if app is apps[0] else set()
        reader.finish(path for path in listing.files if path in told and not is_lock_file(path))
        around = {path for path in beside if is_package_file(path) and app.root and above(path, app.root)}
        belonging = {path for path, found in owned.items() if app in found} | told | around
        read_apps.append(_read_app(root, app, reader, listing, belonging, told - around))
    return Subject(root=".", apps=tuple(read_apps), commit=head_commit(root), digest=digest(contents(root, read_apps)))


def _read_app(
    root: Path, app: Found, reader: SourceReader, listing: Listing, belonging: set[str], beside: set[str]
) -> App:
    """The app with all that was read of it.

    `belonging`: paths of the listing that it has, or tells of. `beside`: those of them that lie outside of every app
    and that none imports.
    """
    named = [path for path in listing.files if is_package_file(path) and (path in belonging or reader.has(path))]
    packages, package_gaps = read_packages(root, app.id, named)
    statuses = {status.path: status for status in listing.skipped if status.path in belonging}
    gaps = [Gap(gap.path, gap.why, app.id) for gap in listing.gaps if gap.path in belonging]
    statuses.update({gap.path: FileStatus(gap.path, "gap", gap.why) for gap in gaps})
    statuses.update({path: FileStatus(path, "scanned") for path in named if is_lock_file(path)})
    statuses.update(reader.statuses)
    statuses.update({gap.path: FileStatus(gap.path, "gap", gap.why) for gap in package_gaps})
    found = {*app.gaps, *gaps, *reader.gaps, *package_gaps}
    return App(
        id=app.id,
        name=app.name or package_name(root, app.root) or posixpath.basename(app.root) or "app",
        root=app.id,
        manifest=app.manifest,
        packages=packages,
        sources=tuple(reader.sources[path] for path in sorted(reader.sources)),
        files=tuple(sorted(statuses.values())),
        gaps=tuple(sorted(msgspec.structs.replace(gap, app="") if gap.path in beside else gap for gap in found)),
        beside=tuple(sorted(beside.intersection(statuses))),
    )
