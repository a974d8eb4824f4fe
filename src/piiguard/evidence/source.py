"""Whether a folder holds the files that were looked at, and whether the report follows from them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

import msgspec

from piiguard import scan as scanning
from piiguard.app import INCLUDABLE, read
from piiguard.app.contents import MAX_BYTES
from piiguard.app.files import Unreadable, inside, read_bytes
from piiguard.app.git import head_commit
from piiguard.errors import PiiguardError
from piiguard.evidence import names
from piiguard.evidence.build import reports
from piiguard.evidence.check import Check
from piiguard.evidence.coverage import CoverageList, coverage_list
from piiguard.evidence.statements import Settings, sha256
from piiguard.formats import contract
from piiguard.model import Report

SHOWN = 100
"""Characters of a line that differs."""


def compare_source(
    source: Path,
    files: Mapping[str, bytes],
    coverage: CoverageList,
    report: contract.Document,
    settings: Settings,
) -> Iterator[Check]:
    """Each file that was changed, is missing or was added. What the scan leaves out is not compared."""
    root = source.resolve()
    there = coverage.looked_at
    if settings.document:
        there = {**there, settings.document: sha256(files[names.document_name(settings.document)])}
    alike = True
    for path, digest in there.items():
        here = _digest(root, path)
        if here != digest:
            alike = False
            yield Check("mismatch", f"{path}: {'missing from the source' if here is None else 'changed in the source'}")
    try:
        subject = read(source, include=frozenset(settings.include) & INCLUDABLE.keys())
        added = sorted(coverage_list(root, subject).looked_at.keys() - there.keys())
    except PiiguardError as error:
        yield Check("mismatch", f"the source cannot be read as it was: {error}")
        return
    yield from (Check("mismatch", f"{path}: added to the source") for path in added)
    if alike and not added:
        yield Check("ok", f"the source holds the {len(there)} files that were looked at, and no other to look at")
    yield from _commit(root, report)


def _digest(root: Path, path: str) -> str | None:
    if not inside(root, root / path):
        return None
    try:
        return sha256(read_bytes(root, path, MAX_BYTES))
    except Unreadable:
        return None


def _commit(root: Path, report: contract.Document) -> Iterator[Check]:
    """The commit that HEAD names says where the files come from; that they are its files, nobody has looked."""
    if report.subject.git is None:
        return
    here, there = head_commit(root), report.subject.git.commit
    if here is None:
        yield Check("skipped", f"the commit {there}: the source is no git repository")
    elif here != there:
        yield Check("mismatch", f"HEAD: the source is at commit {here}, the bundle is about {there}")
    else:
        yield Check("ok", f"HEAD of the source is commit {there}")


def compare_rescan(
    source: Path,
    files: Mapping[str, bytes],
    report: contract.Document,
    settings: Settings,
    rules: tuple[Path, ...],
) -> Iterator[Check]:
    """Scan the source as the bundle says it was scanned, and compare every report in it byte for byte."""
    try:
        fresh = _scan(source, files, settings, rules)
    except PiiguardError as error:
        yield Check("unable", f"the source could not be scanned anew: {error}")
        return
    if other := _other_tool(report.tool, fresh):
        yield Check("unable", f"the report could not be compared: {other}")
        return
    made = reports(_at_commit(fresh, report))
    for name in names.REPORTS:
        if name in files and name not in made:
            yield Check("unable", f"{name}: could not be compared, as this installation does not write it")
        elif name in files and files[name] != made[name]:
            yield Check("mismatch", f"{name}: does not follow from the source: {_difference(files[name], made[name])}")
        elif name in files:
            yield Check("ok", f"{name} is what a new scan of the source gives")


def _scan(source: Path, files: Mapping[str, bytes], settings: Settings, rules: tuple[Path, ...]) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, settings.policy) if settings.policy else None
        if config:
            config.write_bytes(files[names.POLICY])
        options = scanning.Options(
            config=config,
            use_config=config is not None,
            include=frozenset(settings.include),
            rules=rules,
            today=settings.today,
        )
        return scanning.scan(source, options)


def _at_commit(fresh: Report, report: contract.Document) -> Report:
    """The new report with the commit of the old one: a copy of the source without .git gives the same report."""
    git = report.subject.git
    subject = msgspec.structs.replace(
        fresh.subject, commit=git.commit if git else None, dirty=git.dirty if git else None
    )
    return msgspec.structs.replace(fresh, subject=subject)


def _other_tool(there: contract.Tool, report: Report) -> str:
    """How the tool that made the bundle differs from the one that is running; empty if it does not."""
    here = report.tool
    if here.version != there.version:
        return f"it was made by piiguard {there.version}, and this is {here.version}"
    if here.rules_digest != there.rules_digest:
        return f"it was made with the rules {there.rules_digest}, and these are {here.rules_digest} (--rules)"
    if here.engines != there.engines:
        return f"it was made with {_versions(there.engines)}, and here are {_versions(here.engines)}"
    return ""


def _versions(engines: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(engines.items()))


def _difference(there: bytes, here: bytes) -> str:
    """The first line that differs."""
    pairs = zip_longest(there.splitlines(keepends=True), here.splitlines(keepends=True), fillvalue=b"")
    number, (left, right) = next(pair for pair in enumerate(pairs, 1) if pair[1][0] != pair[1][1])
    return f"line {number} is {_shown(left)}, a new scan gives {_shown(right)}"


def _shown(line: bytes) -> str:
    return repr(line.strip()[:SHOWN].decode("utf-8", "replace"))
