"""A baseline: the findings that are known, written to a file that is reviewed like code.

It changes no answer. A contradicted claim stays contradicted, and its reason says how much of that is known; only the
exit code is about what is new. The file holds fingerprints, and no text of the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from piiguard.app.files import MB, Unreadable, read_bytes
from piiguard.claims.exits import against
from piiguard.errors import UsageError
from piiguard.formats.plain import plural
from piiguard.formats.serialise import dump
from piiguard.matching import Fingerprints, fingerprints, match
from piiguard.model import Baseline, Known, Observation, Report, Verdict

FILE_NAME = "piiguard-baseline.json"
SCHEMA = "piiguard-baseline/1"
MAX_BYTES = 32 * MB
_TODO = "Write it anew with `piiguard baseline`"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    schema: Literal["piiguard-baseline/1"]
    findings: tuple[Known, ...]


class Word(msgspec.Struct, frozen=True):
    """Who accepts findings, why, and until when."""

    by: str
    reason: str
    until: date


def read(file: Path) -> tuple[Known, ...]:
    """The entries of a baseline file. Raises UsageError when it cannot be read."""
    try:
        entries = msgspec.json.decode(read_bytes(file.parent, file.name, MAX_BYTES), type=File).findings
        for entry in entries:
            date.fromisoformat(entry.until)
    except Unreadable as problem:
        raise UsageError(f"the baseline {problem}", where=str(file)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        raise UsageError(f"this is no baseline: {problem}", where=str(file), todo=_TODO) from None
    return entries


def render(entries: Iterable[Known]) -> str:
    """The text of a file: sorted, so that a change of the code changes few lines."""
    plain = [msgspec.to_builtins(entry) for entry in sorted(entries, key=_order)]
    return dump({"schema": SCHEMA, "findings": plain})


def _order(entry: Known) -> tuple[str, ...]:
    return (entry.path, entry.rule, entry.category, entry.id, *entry.data)


def hold(report: Report, entries: tuple[Known, ...], today: date) -> Report:
    """The report with the baseline held against it; the reasons of contradicted claims say how much is known."""
    found = _contradicting(report)
    pairs = match([_listed(entry) for entry in entries], [_seen(each) for each in found])
    matched = {found[new].id: entries[old] for new, old in pairs.items()}
    known = {name: entry for name, entry in matched.items() if date.fromisoformat(entry.until) >= today}
    expired = {name: entry for name, entry in matched.items() if name not in known}
    gone = tuple(entry for index, entry in enumerate(entries) if index not in set(pairs.values()))
    verdicts = tuple(_told(verdict, known) for verdict in report.judgement.verdicts)
    return msgspec.structs.replace(
        report,
        judgement=msgspec.structs.replace(report.judgement, verdicts=verdicts),
        baseline=Baseline(known, expired, gone),
    )


def updated(report: Report, word: Word | None, *, prune: bool) -> tuple[Known, ...]:
    """The entries that a file should have, from a report that the present ones were held against.

    What is known keeps its word, and what has ended gets the new one. Without `word` nothing is added. Entries that
    match nothing stay, unless `prune`.
    """
    held = report.baseline or Baseline()
    kept = [_entry(each, held.known[each.id]) for each in _contradicting(report) if each.id in held.known]
    rest = [each for each in _contradicting(report) if each.id not in held.known]
    if word is None:
        added = [held.expired[each.id] for each in rest if each.id in held.expired]
    else:
        added = [_entry(each, word) for each in rest]
    return (*kept, *added, *(() if prune else held.gone))


def notes(held: Baseline) -> tuple[str, ...]:
    """A line for each entry that has ended, and one for all that match nothing."""
    ended = [
        f"accepted until {entry.until}, and counts again: {entry.rule} in {entry.path}"
        for entry in held.expired.values()
    ]
    if not held.gone:
        return tuple(ended)
    some = ", ".join(sorted({f"{entry.rule} in {entry.path}" for entry in held.gone})[:5])
    one = len(held.gone) == 1
    return (
        *ended,
        f"{plural(len(held.gone), 'entry', 'entries')} {'matches' if one else 'match'} nothing any more ({some}"
        f"{', …' if len(held.gone) > 5 else ''}): `piiguard baseline --prune` takes {'it' if one else 'them'} out",
    )


def _contradicting(report: Report) -> tuple[Observation, ...]:
    """All that stands against a claim: findings, then facts of the manifest, each once."""
    ids = set(report.judgement.findings)
    facts = {fact.id: fact for verdict in report.judgement.verdicts for fact in verdict.facts}
    return (*(each for each in report.observations if each.id in ids), *facts.values())


def _seen(observation: Observation) -> Fingerprints:
    """The id of a fact of the manifest is its line, which is no likeness."""
    prints = fingerprints(observation)
    return prints if "@" not in prints.id else prints._replace(id=prints.code)


def _listed(entry: Known) -> Fingerprints:
    return Fingerprints(entry.id, entry.code, entry.path, entry.data)


def _entry(observation: Observation, word: Word | Known) -> Known:
    prints = _seen(observation)
    return Known(
        id=prints.id,
        code=prints.code,
        rule=observation.rule,
        category=observation.category,
        path=prints.path,
        data=prints.data,
        by=word.by,
        reason=word.reason,
        until=str(word.until),
    )


def _told(verdict: Verdict, known: dict[str, Known]) -> Verdict:
    listed = against(verdict) & known.keys() if verdict.answer == "contradicted" else ()
    if not listed:
        return verdict
    said = f"{plural(len(listed), 'finding')} of {len(against(verdict))} known since the baseline"
    return msgspec.structs.replace(verdict, reason=f"{verdict.reason}; {said}")
