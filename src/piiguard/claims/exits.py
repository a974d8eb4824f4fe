"""The exit code that a judgement calls for, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from piiguard.model import Attestation, Judgement


def exit_code(judgement: Judgement) -> int:
    """2: a waiver matches nothing; 1: a claim is contradicted; 3: a claim could not be shown; else 0.

    A missing attestation alone does not fail a run.
    """
    if any(waiver.state == "unmatched" for waiver in judgement.waivers):
        return 2
    answers = {verdict.answer for verdict in judgement.verdicts}
    if "contradicted" in answers:
        return 1
    return 3 if "not-shown" in answers else 0


def expiring(judgement: Judgement, today: date, days: int) -> tuple[str, ...]:
    """A line for each attestation and waiver that has ended, or ends within so many days of `today`.

    One that a later one for the same claim and app outlives is left out: it has been renewed.
    """
    last = (today + timedelta(days=days)).isoformat()
    return tuple(f"{what} {_ends(until, today)}" for what, until in _dated(judgement) if until <= last)


def _dated(judgement: Judgement) -> Iterator[tuple[str, str]]:
    latest: dict[tuple[str, str], Attestation] = {}
    for given in judgement.attestations:
        key = (given.app, given.claim)
        if key not in latest or latest[key].until < given.until:
            latest[key] = given
    for given in latest.values():
        yield f"the attestation of {given.claim} by {given.by}", given.until
    for waiver in judgement.waivers:
        if waiver.until:
            place = f"{waiver.location.path}:{waiver.location.start_line}"
            yield f"the waiver of {waiver.rule} at {place}", waiver.until


def _ends(until: str, today: date) -> str:
    left = (date.fromisoformat(until) - today).days
    if left < 0:
        return f"ended on {until}"
    return f"ends on {until}, {'today' if left == 0 else 'tomorrow' if left == 1 else f'in {left} days'}"
