"""For whoever writes rules, or doubts an answer: why data reaches a line, and the rules for plain Semgrep."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path, PurePosixPath
from typing import Any

from piiguard import app, flow
from piiguard.app.skips import INCLUDABLE
from piiguard.engines import catalogue as rule_catalogue
from piiguard.errors import UsageError
from piiguard.formats import taint
from piiguard.formats.plain import plural
from piiguard.model import LineFlow, Subject
from piiguard.scan import Options, catalogue, observe


def taint_rules(rules: tuple[Path, ...] = ()) -> list[dict[str, Any]]:
    """The sources and sinks as taint rules for plain Semgrep."""
    known = rule_catalogue.load(rules)
    return taint.compose(known.rules.values(), known.patterns)


def explain_flow(path: Path, file: str, line: int, options: Options) -> list[LineFlow]:
    """Why data reaches a line of a file (relative to `path`), or does not; one answer for each app that has the file.

    Raises UsageError where there is no such line, or the file is not scanned.
    """
    known = catalogue(options.rules)
    name = posixpath.normpath(file.replace(os.sep, "/"))
    subject = app.read(path, include=options.include)
    _check_line(path, subject, name, line)
    return flow.explain(subject, observe(subject, known, options.cache).marks, known.rules, name, line)


def _check_line(path: Path, subject: Subject, name: str, line: int) -> None:
    """Is there such a line, in a file that is scanned?"""
    scanned = {source.path: source for each in subject.apps for source in each.sources}
    manifests = {each.manifest.path for each in subject.apps}
    if name not in scanned and name not in manifests:
        if name.startswith(("../", "/")):
            raise UsageError("the file is not scanned: it is outside of the folder", where=name)
        if not (path / name).is_file():
            raise UsageError(
                "no such file", where=str(path / name), todo="Give the file relative to the scanned folder"
            )
        raise UsageError(f"the file is not scanned: {_why_not(subject, name)}", where=name)
    text = scanned[name].text if name in scanned else (path / name).read_bytes()
    count = len(text.splitlines())
    if line > count:
        raise UsageError(f"the file has {plural(count, 'line')}", where=f"{name}:{line}", todo="Give one of them")


def _why_not(subject: Subject, name: str) -> str:
    """Why a file is left out: a status of its own, or of a folder around it."""
    statuses = {status.path.rstrip("/"): status for each in subject.apps for status in each.files}
    for parent in (name, *map(str, PurePosixPath(name).parents)):
        status = statuses.get(parent)
        if status is not None and status.status != "scanned":
            hint = f" (--include {status.why} brings it back)" if status.why in INCLUDABLE else ""
            return f"{status.why}{hint}"
    return "it holds no code that rules look at"
