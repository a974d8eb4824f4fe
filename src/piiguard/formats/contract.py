"""The shape of `piiguard-report/1`, apart from the inner types: those may change, this only with a new number.

Lines and columns are 1-based, columns count Unicode code points and `end_column` is the one after the last.
Paths are relative to the scanned folder, with `/`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from piiguard.model import Answer, Confidence, Distance

SCHEMA = "piiguard-report/1"


class Tool(msgspec.Struct, frozen=True):
    """Who made the report."""

    name: str
    version: str
    rules_digest: str
    engines: dict[str, str]


class Git(msgspec.Struct, frozen=True):
    """The state of the scanned folder's repository."""

    commit: str
    dirty: bool | None


class Subject(msgspec.Struct, frozen=True):
    """What was scanned. `files` counts the files whose status is `scanned`; `digest` covers their names and bytes."""

    root: Literal["."]
    git: Git | None
    files: int
    digest: str


class App(msgspec.Struct, frozen=True):
    """A Forge app. `hosts` and `scopes` are what its manifest declares."""

    id: str
    name: str
    root: str
    hosts: list[str]
    scopes: list[str]


class Location(msgspec.Struct, frozen=True):
    """A span of a file. `end_line` 0: unknown."""

    path: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int


class Step(msgspec.Struct, frozen=True):
    """One step of the way that data took."""

    location: Location
    note: str


class Observation(msgspec.Struct, frozen=True):
    """What the code does at a place. Good or bad is said by the verdicts that name its id."""

    id: str
    app: str
    rule: str
    category: str
    confidence: Confidence
    location: Location
    data: list[str]
    host: str | None
    distance: Distance
    message: str
    flow: list[Step]
    attributes: dict[str, str]
    code: str = ""
    """Fingerprint of what stays when the file is renamed or reformatted; empty: not known (older reports)."""


class Gap(msgspec.Struct, frozen=True):
    """What could not be looked at or decided. `needed_for`: categories it makes unsure; empty = all. `line` 0: none."""

    path: str
    why: str
    app: str
    line: int
    needed_for: list[str]


class Fact(msgspec.Struct, frozen=True):
    """What the manifest by itself says against a claim. `id` holds its place."""

    id: str
    message: str


class Verdict(msgspec.Struct, frozen=True):
    """The answer to one claim of one section of the Trust Center document, for one app.

    `statement`: what the claim promises. `observations` and `facts`: what contradicts it.
    """

    section: int
    section_title: str
    claim: str
    title: str
    statement: str
    app: str
    answer: Answer
    reason: str
    observations: list[str]
    gaps: list[Gap]
    facts: list[Fact] = []


class File(msgspec.Struct, frozen=True):
    """What happened to one file of the scanned folder."""

    path: str
    status: Literal["scanned", "skipped", "gap"]
    why: str


class Coverage(msgspec.Struct, frozen=True):
    """What was looked at, and what was not."""

    files: list[File]
    gaps: list[Gap]


class Waiver(msgspec.Struct, frozen=True):
    """A finding that a person accepts. `path`: glob or path that it covers; `location`: where it is written."""

    rule: str
    reason: str
    origin: Literal["file", "inline"]
    location: Location
    path: str
    until: str | None
    state: Literal["used", "expired", "unmatched"]
    observations: list[str]


class Attestation(msgspec.Struct, frozen=True):
    """A named person's word for a claim that code cannot show. Dates are `YYYY-MM-DD`."""

    claim: str
    by: str
    on: str
    until: str
    statement: str
    state: Literal["valid", "expired"]
    app: str


class Document(msgspec.Struct, frozen=True):
    """A report. `findings`: ids of observations that contradict a claim; `waived`: of those that a person accepts.

    `known`: those of the findings, and of the facts of the manifest, that stand in the baseline of the run.
    """

    schema: Literal["piiguard-report/1"]
    tool: Tool
    subject: Subject
    apps: list[App]
    observations: list[Observation]
    verdicts: list[Verdict]
    findings: list[str]
    waived: list[str]
    coverage: Coverage
    waivers: list[Waiver]
    attestations: list[Attestation]
    known: list[str] = []
