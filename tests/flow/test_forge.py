"""What Forge itself does with data, case by case: each folder of fixtures/forge/<topic>/ is an app, scanned whole.

A comment `expect: <category> [likely] [data classes] [name=value ...]` tells what is observed on the next line that is
no such comment; `;` parts several observations. `host`, `distance`, `rule` and the observation's attributes may be
named. `expect: nothing` is for readers: a line of source without `expect` must be without observations as well.
Manifests are looked at only where they have marks.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from piiguard.model import CATEGORIES, DATA_CLASSES, Observation
from piiguard.scan import Options, scan

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "forge"
CASES = sorted(manifest.parent.relative_to(FOLDER).as_posix() for manifest in FOLDER.glob("*/*/manifest.yml"))
_OTHERS = frozenset({"missing-scope", "unused-scope", "overbroad-scope", "unused-host"})
"""What tests/flow/test_scopes.py looks at: cases declare scopes only where they matter."""
_MARK = re.compile(r"^\s*(?://|#|\{?/\*|<!--) expect: (?P<what>.+?) *(?:\*/\}?|-->)?$")


class Expected(NamedTuple):
    """One observation that a comment tells of."""

    category: str
    confidence: str
    data: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]

    def is_met_by(self, seen: Observation) -> bool:
        known = {"host": seen.host or "", "distance": seen.distance, "rule": seen.rule, **seen.attributes}
        return (
            (self.category, self.confidence, self.data) == (seen.category, seen.confidence, seen.data)
            and all(known.get(name) == value for name, value in self.facts)
        )  # fmt: skip


def parsed(what: str) -> Expected:
    category, *words = re.split(r"[,\s]+", what.strip())
    facts = tuple((name, value) for name, equals, value in (word.partition("=") for word in words) if equals)
    data = tuple(sorted(word for word in words if "=" not in word and word != "likely"))
    assert category in CATEGORIES, category
    assert DATA_CLASSES.keys() >= set(data), data
    return Expected(category, "likely" if "likely" in words else "sure", data, facts)


def expectations(path: Path) -> dict[int, list[Expected]]:
    """Line -> what is expected there."""
    found: dict[int, list[Expected]] = {}
    waiting: list[Expected] = []
    marked = False
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        mark = _MARK.match(line)
        if mark:
            marked = True
            waiting += [parsed(what) for what in mark["what"].split(";") if what.strip() != "nothing"]
        elif marked:
            found[number], waiting, marked = waiting, [], False
    assert not marked, f"{path}: a mark without a line"
    return found


@functools.cache
def scanned() -> tuple[Observation, ...]:
    """All observations. One scan; every case is an app."""
    return scan(FOLDER, Options(use_config=False)).observations


@functools.cache
def observations() -> dict[str, list[Observation]]:
    """Path -> what is observed there."""
    found: dict[str, list[Observation]] = {}
    for each in scanned():
        if each.category not in _OTHERS:
            found.setdefault(each.location.path, []).append(each)
    return found


def files_of(case: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((FOLDER / case).rglob("*")):
        if path.is_file():
            yield path.relative_to(FOLDER).as_posix(), path


@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    wrong: list[str] = []
    marks = 0
    for name, path in files_of(case):
        told = expectations(path)
        marks += len(told)
        seen: dict[int, list[Observation]] = {}
        for each in observations().get(name, ()):
            if path.name != "manifest.yml" or each.location.start_line in told:
                seen.setdefault(each.location.start_line, []).append(each)
        for line in sorted(told.keys() | seen.keys()):
            wrong += complaints(name, line, told.get(line, []), seen.get(line, []))
    assert marks, "a case without marks"
    assert not wrong, "\n" + "\n".join(wrong)


def complaints(name: str, line: int, told: list[Expected], seen: list[Observation]) -> Iterator[str]:
    """What was missed at a line, and what was seen beside what is told."""
    left = list(seen)
    for each in told:
        met = next((one for one in left if each.is_met_by(one)), None)
        if met is None:
            yield f"{name}:{line}: missing: {shown(each)}"
        else:
            left.remove(met)
    yield from (
        f"{name}:{line}: not expected: {one.category} {one.confidence} {', '.join(one.data)} host={one.host} "
        f"distance={one.distance} rule={one.rule} {one.attributes}"
        for one in left
    )


def shown(expected: Expected) -> str:
    facts = " ".join(f"{name}={value}" for name, value in expected.facts)
    return f"{expected.category} {expected.confidence} {', '.join(expected.data)} {facts}"
