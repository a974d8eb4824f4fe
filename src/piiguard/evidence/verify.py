"""Whether a bundle is what it says: unchanged, signed, about this source tree, and a report that follows from it.

A bundle may come from anybody. What its files say of each other is compared with what they must say: digests are
computed anew, and statements are made anew from the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from piiguard.app import INCLUDABLE
from piiguard.errors import UsageError
from piiguard.evidence import names, statements
from piiguard.evidence.build import sums
from piiguard.evidence.check import Check, exit_code
from piiguard.evidence.container import Contents
from piiguard.evidence.coverage import CoverageList
from piiguard.evidence.envelope import Envelope, NotAnEnvelope, unseal
from piiguard.evidence.source import compare_rescan, compare_source
from piiguard.evidence.statements import Predicate, Statement, sha256
from piiguard.formats import contract

if TYPE_CHECKING:
    from securesystemslib.signer import Key

_SUM = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.MULTILINE)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not the JSON that they should be."""


class Asked(msgspec.Struct, frozen=True):
    """What a bundle is compared with."""

    key: Key | None = None
    source: Path | None = None
    rescan: bool = False
    rules: tuple[Path, ...] = ()
    """Rule folders for the new scan: only the caller names them."""


class Said(msgspec.Struct, frozen=True):
    """What the files of a sound bundle say."""

    report: contract.Document
    coverage: CoverageList
    predicate: Predicate


def verify(contents: Contents, asked: Asked) -> tuple[Check, ...]:
    """Check a bundle. Raises UsageError for what is no bundle at all."""
    damaged = contents.faults and not contents.files
    if not damaged and contents.files.keys().isdisjoint({*names.ENVELOPES, names.SUMS}):
        raise UsageError("this is no evidence bundle: none of its files is there", todo="piiguard evidence build")
    return tuple(_checks(contents, asked))


def _checks(contents: Contents, asked: Asked) -> Iterator[Check]:
    """All checks. The later ones are left out where the earlier ones leave nothing to rely on."""
    files = contents.files
    envelopes = {name: _envelope(files[name]) for name in names.ENVELOPES if name in files}
    sealed = {name: envelope for name, envelope in envelopes.items() if isinstance(envelope, Envelope)}
    checks = [
        *(_mismatch(fault) for fault in contents.faults),
        *(_mismatch(f"{name}: {problem}") for name, problem in envelopes.items() if isinstance(problem, str)),
        *_signatures(sealed, asked.key),
        *_digests(files, sealed, asked.key),
    ]
    yield from checks
    if exit_code(checks):
        yield Check("skipped", "everything else, as the bundle is not as it was made")
        return
    said = _said(files, sealed)
    if isinstance(said, Check):
        yield said
        return
    checks = list(_contradictions(files, sealed, said))
    yield from checks
    if not checks:
        yield Check("ok", "the statements say what the report says")
        yield from _source(files, said, asked)


def _mismatch(said: str) -> Check:
    return Check("mismatch", said)


# ---------------------------------------------------------------- signed, and unchanged


def _envelope(text: bytes) -> Envelope | str:
    try:
        return unseal(text)
    except NotAnEnvelope as problem:
        return str(problem)


def _signatures(sealed: Mapping[str, Envelope], key: Key | None) -> Iterator[Check]:
    if key is None:
        signed = all(envelope.signatures for envelope in sealed.values())
        why = "no --key is given" if signed else "there is none"
        yield Check("skipped", f"the signature, as {why}: anybody can have made this bundle")
        return
    strange = [name for name, envelope in sealed.items() if not envelope.signed_by(key)]
    yield from (_mismatch(f"{name}: is not signed with this key") for name in strange)
    if not strange and len(sealed) == len(names.ENVELOPES):
        yield Check("ok", f"{len(sealed)} statements are signed with the key {key.keyid}")


def _digests(files: Mapping[str, bytes], sealed: Mapping[str, Envelope], key: Key | None) -> Iterator[Check]:
    """Every file against the evidence statement; or against SHA256SUMS, where that says that the statement changed."""
    lines = {name: digest for digest, name in _SUM.findall(files.get(names.SUMS, b"").decode("ascii", "replace"))}
    here = {name: sha256(data) for name, data in files.items() if name != names.SUMS}
    listed = lines
    if _relied_on(sealed, lines, here, key):
        try:
            listed = {file.name: file.digest.sha256 for file in _predicate(sealed).files}
        except _UNREADABLE as error:
            yield _mismatch(f"{names.EVIDENCE}: holds no evidence statement of piiguard ({error})")
            return
        listed[names.EVIDENCE] = here[names.EVIDENCE]
    checks = [*_against(here, listed, names.SUMS if listed is lines else names.EVIDENCE)]
    if names.SUMS not in files:
        checks.append(_mismatch(f"{names.SUMS}: missing"))
    elif files[names.SUMS] != sums(listed):
        checks.append(_mismatch(f"{names.SUMS}: changed: it does not list the digests of the files"))
    yield from checks or [Check("ok", f"{len(files)} files, and no other, have the digests that are listed")]


def _relied_on(
    sealed: Mapping[str, Envelope], lines: Mapping[str, str], here: Mapping[str, str], key: Key | None
) -> bool:
    """Whether the evidence statement is as it was made: by its signature, or else as far as SHA256SUMS tells."""
    if names.EVIDENCE not in sealed:
        return False
    if key is not None and sealed[names.EVIDENCE].signed_by(key):
        return True
    return lines.get(names.EVIDENCE, here[names.EVIDENCE]) == here[names.EVIDENCE]


def _against(here: Mapping[str, str], listed: Mapping[str, str], by: str) -> Iterator[Check]:
    for name in sorted({*here, *listed, names.EVIDENCE}):
        if name not in names.LISTED and name != names.EVIDENCE:
            yield _mismatch(f"{name}: is no file of a bundle")
        elif name not in here:
            yield _mismatch(f"{name}: missing")
        elif name not in listed:
            yield _mismatch(f"{name}: is not listed in {by}")
        elif here[name] != listed[name]:
            alone = by == names.SUMS and name == names.EVIDENCE
            yield _mismatch(f"{name}: changed{f', or else its line in {names.SUMS}' if alone else ''}")


# ---------------------------------------------------------------- true to the report


def _predicate(sealed: Mapping[str, Envelope]) -> Predicate:
    return msgspec.json.decode(sealed[names.EVIDENCE].statement, type=Statement).predicate


def _said(files: Mapping[str, bytes], sealed: Mapping[str, Envelope]) -> Said | Check:
    """What the files say, or the first that cannot be read."""
    try:
        report = msgspec.json.decode(files[names.REPORT], type=contract.Document)
    except (KeyError, *_UNREADABLE) as error:
        return _mismatch(f"{names.REPORT}: is no report of piiguard ({error})")
    try:
        coverage = msgspec.json.decode(files[names.COVERAGE], type=CoverageList)
    except (KeyError, *_UNREADABLE) as error:
        return _mismatch(f"{names.COVERAGE}: is no coverage list of piiguard ({error})")
    return Said(report, coverage, _predicate(sealed))


def _contradictions(files: Mapping[str, bytes], sealed: Mapping[str, Envelope], said: Said) -> Iterator[Check]:
    """Where the statements say something else than the report and the files that they are about."""
    covered = [(file.path, file.status, file.why) for file in said.coverage.files]
    if covered != [(file.path, file.status, file.why) for file in said.report.coverage.files]:
        yield _mismatch(f"{names.COVERAGE}: lists other files than {names.REPORT}")
    if any(file.status == "scanned" and file.sha256 is None for file in said.coverage.files):
        yield _mismatch(f"{names.COVERAGE}: has a scanned file without a digest")
    settings = said.predicate.settings
    if unknown := set(settings.include) - INCLUDABLE.keys():
        yield _mismatch(f"{names.EVIDENCE}: names unknown kinds of files: {', '.join(sorted(unknown))}")
    if (settings.policy is not None) != (names.POLICY in files):
        yield _mismatch(f"{names.POLICY}: is not there, or is not what was judged by")
    documents = {names.document_name(settings.document)} if settings.document else set()
    yield from (
        _mismatch(f"{name}: is not there, or is not the document of {names.POLICY}")
        for name in sorted(documents ^ (names.DOCUMENTS & files.keys()))
    )
    listed = {name: data for name, data in files.items() if name not in (names.EVIDENCE, names.SUMS)}
    expected = {
        **statements.about_claims(said.report, said.coverage, files),
        names.EVIDENCE: statements.about_bundle(said.report, said.coverage, listed, settings),
    }
    for name, statement in expected.items():
        if sealed[name].statement != statement:
            yield _mismatch(f"{name}: says something else than {names.REPORT}")


# ---------------------------------------------------------------- true to the source


def _source(files: Mapping[str, bytes], said: Said, asked: Asked) -> Iterator[Check]:
    settings = said.predicate.settings
    if asked.source is None:
        yield Check("skipped", "the source, as no --source is given: that these files exist, nobody has looked")
        return
    checks = list(compare_source(asked.source, files, said.coverage, said.report, settings))
    yield from checks
    if exit_code(checks):
        yield Check("skipped", "that the report follows from the source, as this is not the source")
    elif not asked.rescan:
        yield Check("skipped", "that the report follows from the source, as --rescan is not given")
    else:
        yield from compare_rescan(asked.source, files, said.report, settings, asked.rules)
