"""The files of a bundle. It has no folders, and holds no file of another name."""

from __future__ import annotations

from pathlib import PurePosixPath

EVIDENCE = "evidence.dsse.json"
"""The statement that lists all others by digest."""
SCAI = "scai.dsse.json"
TEST_RESULT = "test-result.dsse.json"
ENVELOPES = (EVIDENCE, SCAI, TEST_RESULT)

SUMS = "SHA256SUMS"
COVERAGE = "coverage.json"
REPORT = "report.json"
POLICY = "piiguard.yaml"
"""The policy as judged, under this name whatever it was called; the settings have its own name."""
DOCUMENT = "trust-center"
DOCUMENTS = frozenset(DOCUMENT + suffix for suffix in ("", ".md", ".html", ".htm", ".txt", ".docx", ".pdf"))
"""The published Trust Center document, with the suffix of its own name where that is one of these."""

REPORTS: dict[str, str] = {
    REPORT: "json",
    "report.sarif": "sarif-evidence",
    "report.md": "markdown",
    "report.cdx.json": "cyclonedx",
    "report.html": "html",
}
"""File -> format. No PDF: its bytes depend on the fonts of the machine, and a rescan compares bytes."""


def document_name(path: str) -> str:
    """How the Trust Center document at `path` is called in a bundle."""
    name = DOCUMENT + PurePosixPath(path).suffix.lower()
    return name if name in DOCUMENTS else DOCUMENT


LISTED = frozenset({*REPORTS, COVERAGE, POLICY, *DOCUMENTS, SCAI, TEST_RESULT})
"""What the evidence statement lists; beside them stand the statement itself and SHA256SUMS."""
