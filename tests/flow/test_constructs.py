"""Every construct of JavaScript that data is followed through, against its case in fixtures/flow/.

A case is one file, or a folder whose files form one app. Comments say what the next line of code gets: `reached: email,
account-id` (all data classes of persons, by a certain trace), `likely: email` (by one that is not certain), or `not
reached` (no observation of personal data, not even a likely one).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from piiguard.app.languages import language_of
from piiguard.engines import semgrep
from piiguard.flow import trace
from piiguard.model import App, Manifest, Observation, Source, Subject
from piiguard.scan import catalogue

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "flow"
CASES = sorted(path for topic in FOLDER.iterdir() if topic.is_dir() for path in topic.iterdir())
_MARK = re.compile(r"(?://|/\*) (?:(?P<how>reached|likely): (?P<data>[\w, -]+?)|(?P<none>not reached)) *(?:\*/\}?)?$")


class Place(NamedTuple):
    """A marked line, and what is expected there."""

    path: str
    line: int
    data: tuple[str, ...]
    confidence: str


def files_of(case: Path) -> list[Path]:
    return sorted(path for path in case.rglob("*") if path.is_file()) if case.is_dir() else [case]


def sources(case: Path) -> Iterator[Source]:
    for path in files_of(case):
        language = language_of(path.name)
        if language is not None:
            yield Source(name_of(path), name_of(case), language, path.read_bytes())


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def places(case: Path) -> Iterator[Place]:
    for path in files_of(case):
        lines = path.read_text(encoding="utf-8").splitlines()
        for index, line in enumerate(lines):
            found = _MARK.search(line)
            if found:
                data = tuple(sorted((found["data"] or "").replace(" ", "").split(","))) if found["data"] else ()
                yield Place(name_of(path), index + 2, data, "likely" if found["how"] == "likely" else "sure")


@functools.cache
def traced() -> tuple[Observation, ...]:
    """All observations. One run of Semgrep; each case is an app."""
    rules = catalogue()
    apps = tuple(
        App(name_of(case), name_of(case), name_of(case), Manifest("manifest.yml"), sources=tuple(sources(case)))
        for case in CASES
    )
    subject = Subject(".", apps)
    return trace(subject, semgrep.run(subject, rules).marks, rules.rules).observations


@functools.cache
def observations() -> dict[tuple[str, int], Observation]:
    """(path, line) -> what is observed there of persons."""
    return {(each.location.path, each.location.start_line): each for each in traced() if each.data}


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_construct(case: Path) -> None:
    marked = list(places(case))
    wrong = [complaint for place in marked if (complaint := _complaint(place))]
    assert marked, "a case without marks"
    assert not wrong, "\n" + "\n".join(wrong)


def _complaint(place: Place) -> str:
    """What is wrong at a place: a miss, a false path, or other data. Empty: nothing."""
    seen = observations().get((place.path, place.line))
    data = seen.data if seen is not None else ()
    if data == place.data and (seen is None or seen.confidence == place.confidence):
        return ""
    code = (FOLDER / place.path).read_text(encoding="utf-8").splitlines()[place.line - 1].strip()
    return f"{place.path}:{place.line}: `{code}`: expected {place.data}, got {seen.confidence if seen else ''} {data}"


@pytest.mark.parametrize("topic", sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
def test_topic_has_both_sorts_of_marks(topic: str) -> None:
    marks = [bool(place.data) for case in CASES if case.parent.name == topic for place in places(case)]
    assert True in marks
    assert False in marks
