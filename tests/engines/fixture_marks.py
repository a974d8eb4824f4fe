"""Fixtures with marks: a comment `ruleid: <id>` or `ok: <id>` says what must, or must not, be on the next line."""

from __future__ import annotations

import hashlib
import random
import re
import string
from collections.abc import Iterator
from pathlib import Path

from piiguard.model import EngineReport, Language

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
LANGUAGES: dict[str, Language] = {
    ".js": "javascript",
    ".ts": "typescript",
    ".py": "python",
    ".html": "html",
    ".css": "css",
    ".json": "json",
    ".env": "text",
    ".yml": "text",
}
_MARK = re.compile(r"\b(ruleid|ok): ([\w-]+)")
_PLACEHOLDER = re.compile(r"\{\{(alnum|hex|upper|digits|base64) (\d+)\}\}")
_ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
    "upper": string.ascii_uppercase + "234567",
    "digits": string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
}


def expected(text: str, word: str) -> set[tuple[int, str]]:
    """(line, rule id) of each mark `ruleid` or `ok`; a mark stands for the next line that holds no mark itself."""
    lines = text.splitlines()
    found: set[tuple[int, str]] = set()
    for index, line in enumerate(lines):
        for kind, rule in _MARK.findall(line):
            following = (n for n in range(index + 1, len(lines)) if not _MARK.search(lines[n]))
            if kind == word:
                found.add((next(following) + 1, rule))
    return found


def actual(report: EngineReport, path: str, rule: str) -> set[tuple[int, str]]:
    """(line, rule id) of each mark of one rule in one file."""
    return {
        (mark.location.start_line, mark.rule)
        for mark in report.marks
        if mark.location.path == path and mark.rule == rule
    }


def filled(template: str) -> str:
    """A fixture with its placeholders (`{{alnum 36}}`) filled, so that no key-like text is kept in the repository."""

    def value(found: re.Match[str]) -> str:
        seed = hashlib.sha256(f"{template[:60]}{found.start()}".encode()).hexdigest()
        return "".join(random.Random(seed).choices(_ALPHABETS[found[1]], k=int(found[2])))

    return _PLACEHOLDER.sub(value, template)


def rule_of(path: Path, topic: str) -> str:
    """`fixtures/rules/<topic>/<rule id>.js`, `<rule id>/…` or `<rule id>.<anything>.js` -> the rule id."""
    return path.relative_to(FIXTURES / topic).parts[0].split(".")[0]


def files(topic: str) -> Iterator[Path]:
    """Every fixture file of a topic, in order."""
    return (path for path in sorted((FIXTURES / topic).rglob("*")) if path.is_file())
