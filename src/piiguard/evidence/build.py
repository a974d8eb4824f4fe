"""From a folder to the files of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from piiguard import scan as scanning
from piiguard.app.contents import MAX_BYTES
from piiguard.app.files import Unreadable, inside, read_bytes
from piiguard.claims.config import parse_policy, policy_file, read_policy
from piiguard.claims.policy import Policy
from piiguard.errors import EngineError, UsageError
from piiguard.evidence import names, statements
from piiguard.evidence.coverage import coverage_list
from piiguard.evidence.envelope import seal
from piiguard.evidence.statements import Settings
from piiguard.formats import FORMATS
from piiguard.formats.json import document as as_document
from piiguard.formats.serialise import dump
from piiguard.model import Report

if TYPE_CHECKING:
    from securesystemslib.signer import Signer


class Built(msgspec.Struct, frozen=True):
    """A bundle, and the report in it."""

    files: dict[str, bytes]
    report: Report


def build(path: Path, options: scanning.Options, signer: Signer | None = None) -> Built:
    """Scan `path` and put the report together with what it rests on. The same tree and options give the same bytes.

    `options.today` None: the real day, which is then part of the bundle. Raises PiiguardError as a scan does, and when
    the folder or piiguard.yaml changes meanwhile.
    """
    today = options.today or date.today()
    found = policy_file(path, options.config) if options.use_config else None
    policy = read_policy(found) if found else None
    report = scanning.scan(path, msgspec.structs.replace(options, today=today))
    if found and read_policy(found) != policy:
        raise EngineError("the file changed while it was judged by", where=found.name, todo="Run it again")
    coverage = coverage_list(path.resolve(), report.subject)
    files = reports(report)
    files[names.COVERAGE] = dump(msgspec.to_builtins(coverage)).encode("ascii")
    document = None
    if found and policy is not None:
        files[names.POLICY] = policy
        document = document_path(parse_policy(policy, found.name))
        if document:
            files[names.document_name(document)] = _document(path.resolve(), document)
    said = as_document(report)
    for name, statement in statements.about_claims(said, coverage, files).items():
        files[name] = seal(statement, signer)
    settings = Settings(today, sorted(options.include), found.name if found else None, document)
    files[names.EVIDENCE] = seal(statements.about_bundle(said, coverage, files, settings), signer)
    files[names.SUMS] = sums({name: statements.sha256(data) for name, data in files.items()})
    return Built(files, report)


def document_path(policy: Policy) -> str | None:
    """Path of the published Trust Center document, as far as the policy can name one."""
    return policy.document or None


def _document(root: Path, path: str) -> bytes:
    if not inside(root, root / path):
        raise UsageError("the Trust Center document lies outside of the scanned folder", where=path)
    try:
        return read_bytes(root, path, MAX_BYTES)
    except Unreadable as problem:
        raise UsageError(f"the Trust Center document {problem}", where=path) from None


def reports(report: Report) -> dict[str, bytes]:
    """File of the bundle -> the report in a format that this installation can write."""
    return {
        name: FORMATS[format_](report).encode("utf-8", "backslashreplace")
        for name, format_ in names.REPORTS.items()
        if format_ in FORMATS
    }


def sums(digests: Mapping[str, str]) -> bytes:
    """SHA256SUMS: what `sha256sum -c` reads. It tells which file changed also where nobody has signed.

    `digests`: all files of the bundle but this one.
    """
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode("ascii", "replace")
