"""The in-toto statements of a bundle: what is said about which files, each made from the report and nothing else.

`verify` makes them anew from the report in the bundle, so that none can say what the report does not.
Specifications: github.com/in-toto/attestation, spec/v1 and spec/predicates (scai.md, test-result.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from piiguard.evidence import names
from piiguard.evidence.coverage import CoverageList
from piiguard.formats import contract
from piiguard.formats.serialise import dump

Json = dict[str, Any]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[^/\x00]{1,255}$")]

STATEMENT = "https://in-toto.io/Statement/v1"
SCAI = "https://in-toto.io/attestation/scai/v0.3"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
EVIDENCE = "pkg:generic/piiguard#evidence/v1"
"""Our own predicate type. A package URL: it names the program, and claims no domain or registry that is not ours."""


class Sha256(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A digest set of one digest, in lower case hexadecimal."""

    sha256: str


class ListedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the bundle."""

    name: str
    digest: Sha256


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the scan was told, as far as it decides what stands in the report."""

    today: date
    """Day for which waivers and attestations were judged."""
    include: list[str]
    """Kinds of files that were scanned although they are left out by default."""
    policy: FileName | None
    """Name of the policy file; null: the strict default."""
    document: str | None
    """Path of the Trust Center document in the scanned folder; null: piiguard.yaml names none."""


class Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Our predicate: the bundle's files, and how the report was made."""

    files: list[ListedFile]
    settings: Settings
    tool: contract.Tool
    subject: contract.Subject


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The evidence statement, as far as it is read."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    predicate_type: Literal["pkg:generic/piiguard#evidence/v1"] = msgspec.field(name="predicateType")
    predicate: Predicate
    subject: msgspec.Raw


def about_claims(report: contract.Document, coverage: CoverageList, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """File of the bundle -> the statement in it, for the two standard predicates."""
    subjects = _subjects(report, coverage)
    return {
        names.SCAI: _statement(subjects, SCAI, _attributes(report, files)),
        names.TEST_RESULT: _statement(subjects, TEST_RESULT, _test_result(report, files)),
    }


def about_bundle(
    report: contract.Document, coverage: CoverageList, files: Mapping[str, bytes], settings: Settings
) -> bytes:
    """The evidence statement. `files`: all files of the bundle but itself and SHA256SUMS."""
    listed = [ListedFile(name, Sha256(sha256(files[name]))) for name in sorted(files)]
    predicate = Predicate(listed, settings, report.tool, report.subject)
    return _statement(_subjects(report, coverage), EVIDENCE, msgspec.to_builtins(predicate))


def sha256(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _statement(subjects: list[Json], predicate_type: str, predicate: Json) -> bytes:
    said = {"_type": STATEMENT, "subject": subjects, "predicateType": predicate_type, "predicate": predicate}
    return dump(said).encode("ascii")


def _subjects(report: contract.Document, coverage: CoverageList) -> list[Json]:
    """The scanned files, and the commit that HEAD named."""
    found = {file.path: file.sha256 for file in coverage.files if file.status == "scanned"}
    subjects: list[Json] = [{"name": path, "digest": {"sha256": digest}} for path, digest in sorted(found.items())]
    if report.subject.git:
        subjects.append({"name": "HEAD", "digest": {"gitCommit": report.subject.git.commit}})
    return subjects


def _attributes(report: contract.Document, files: Mapping[str, bytes]) -> Json:
    """SCAI: one attribute for each verdict. The answer is part of its name, so that none is taken for another."""
    return {
        "attributes": [
            {
                "attribute": f"{verdict.answer}:{verdict.claim}",
                "target": {"name": verdict.app},
                "conditions": {"section": str(verdict.section), "reason": verdict.reason},
                "evidence": {"mediaType": "application/json", **_file(names.REPORT, files)},
            }
            for verdict in report.verdicts
        ],
        "producer": {
            "name": f"{report.tool.name} {report.tool.version}",
            "annotations": {"rules": report.tool.rules_digest},
        },
    }


def _test_result(report: contract.Document, files: Mapping[str, bytes]) -> Json:
    """What checks answered. A person's word is no test, and a claim that is not made was not tested."""
    failed = list(_tests(report, "contradicted"))
    warned = [*_tests(report, "not-shown"), *_tests(report, "missing")]
    policy = [_file(names.POLICY, files)] if names.POLICY in files else []
    rules = {"name": "rules", "digest": {"sha256": report.tool.rules_digest.removeprefix("sha256:")}}
    return {
        "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
        "configuration": [rules, *policy],
        "passedTests": list(_tests(report, "supported")),
        "warnedTests": warned,
        "failedTests": failed,
    }


def _tests(report: contract.Document, answer: str) -> Iterator[str]:
    return (f"{verdict.app}: {verdict.claim}" for verdict in report.verdicts if verdict.answer == answer)


def _file(name: str, files: Mapping[str, bytes]) -> Json:
    return {"name": name, "digest": {"sha256": sha256(files[name])}}
