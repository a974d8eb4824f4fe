"""Documents of the fixtures, and small ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.language import language
from piiguard.claims.document.understand import understand
from piiguard.trustcenter import Document, Statement

FOLDER = Path(__file__).parents[3] / "fixtures" / "documents"
EXPECTED = sorted(FOLDER.glob("*.yaml"))
PHRASES: dict[str, list[str]] = YAML(typ="safe").load((FOLDER / "words" / "phrases.yaml").read_text(encoding="utf-8"))
CODE = {claim.id: claim for claim in catalogue().claims.values() if claim.proof == "code"}
SENTENCES = {
    pattern.kind: PHRASES[pattern.id][0]
    for pattern in reversed(language().patterns)
    if pattern.polarity == "promise" and pattern.kind in CODE and not pattern.exceptions
}
"""Kind -> a sentence that promises it."""


def document_of(expected: Path) -> Path:
    """The document that lies beside its expected claims."""
    (found,) = (file for file in FOLDER.glob(f"{expected.stem}.*") if file.suffix != ".yaml")
    return found


@cache
def read_fixture(expected: Path) -> Document:
    """A fixture, understood."""
    file = document_of(expected)
    return understand(file.name, file.read_bytes())


def expectations(expected: Path) -> dict[str, Any]:
    """What the YAML beside a document expects."""
    told: dict[str, Any] = YAML(typ="safe").load(expected.read_text(encoding="utf-8"))
    return told


def read_text(text: str, name: str = "page.md") -> Document:
    """A small document."""
    return understand(name, text.encode())


def said(text: str, name: str = "page.md") -> set[tuple[str, str]]:
    """Kind and polarity of every claim of a text."""
    return {(each.kind, each.polarity) for each in read_text(text, name).statements}


def bare(text: str) -> str:
    """Without the marks of Markdown, as a quote has it."""
    return text.replace("*", "").replace("|", "").strip().rstrip(":").lower()


def matching(document: Document, claim: dict[str, Any]) -> list[Statement]:
    """The statements that an expected claim means."""
    words = bare(claim["says"])
    return [
        each
        for each in document.statements
        if words in each.quote.lower() and (each.kind, each.polarity) == (claim["kind"], claim["polarity"])
    ]
