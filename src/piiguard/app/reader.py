"""READ: a folder -> Subject."""

from __future__ import annotations

import json
import posixpath
from pathlib import Path

from piiguard.app.contents import contents, digest
from piiguard.app.discover import Found, find_apps, owners
from piiguard.app.files import MB, Unreadable, read_text
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
    read_apps = tuple(_read_app(root, app, apps, listing, include) for app in apps)
    return Subject(root=".", apps=read_apps, commit=head_commit(root), digest=digest(contents(root, read_apps)))


def _read_app(root: Path, app: Found, apps: list[Found], listing: Listing, include: frozenset[str]) -> App:
    files = [path for path in listing.files if app in owners(path, apps)]
    code = [path for path in files if not is_lock_file(path)]
    reader = SourceReader(root, app.id, app.manifest, app.frontends, include)
    reader.read(code)
    packages, package_gaps = read_packages(root, app.id, [path for path in files if is_package_file(path)])
    statuses = {status.path: status for status in listing.skipped if app in owners(status.path, apps)}
    gaps = [Gap(gap.path, gap.why, app.id) for gap in listing.gaps if app in owners(gap.path, apps)]
    statuses.update({gap.path: FileStatus(gap.path, "gap", gap.why) for gap in gaps})
    statuses.update({path: FileStatus(path, "scanned") for path in files if is_lock_file(path)})
    statuses.update(reader.statuses)
    statuses.update({gap.path: FileStatus(gap.path, "gap", gap.why) for gap in package_gaps})
    return App(
        id=app.id,
        name=app.name or _package_name(root, app.root) or posixpath.basename(app.root) or "app",
        root=app.id,
        manifest=app.manifest,
        packages=packages,
        sources=tuple(reader.sources[path] for path in sorted(reader.sources)),
        files=tuple(sorted(statuses.values())),
        gaps=tuple(sorted({*app.gaps, *gaps, *reader.gaps, *package_gaps})),
    )


def _package_name(root: Path, folder: str) -> str | None:
    try:
        name = json.loads(read_text(root, posixpath.join(folder, "package.json"), MB)).get("name")
    except (Unreadable, ValueError, RecursionError, AttributeError):
        return None
    return name if isinstance(name, str) else None
