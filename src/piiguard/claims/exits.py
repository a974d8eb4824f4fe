"""The exit code that a judgement calls for, the same in every format."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from piiguard.model import Attestation, Judgement, Known, Verdict


def exit_code(judgement: Judgement, known: Collection[str] = ()) -> int:
    """2: a waiver matches nothing; 1: a claim is contradicted; 3: a claim could not be shown; else 0.

    A missing attestation alone does not fail a run. `known`: ids of findings, and of facts of the manifest, that stand
    in a baseline. A claim that nothing else contradicts does not fail the run either, unless something could not be
    looked at for it.
    """
    if any(waiver.state == "unmatched" for waiver in judgement.waivers):
        return 2
    contradicted = [verdict for verdict in judgement.verdicts if verdict.answer == "contradicted"]
    if any(not against(verdict) or against(verdict) - set(known) for verdict in contradicted):
        return 1
    unseen = any(verdict.gaps for verdict in contradicted)
    return 3 if unseen or any(verdict.answer == "not-shown" for verdict in judgement.verdicts) else 0


def against(verdict: Verdict) -> set[str]:
    """Ids of all that stands against a contradicted claim: observations, and facts of the manifest."""
    return {*verdict.observations, *(fact.id for fact in verdict.facts)}


def expiring(judgement: Judgement, today: date, days: int, known: Iterable[Known] = ()) -> tuple[str, ...]:
    """A line for each attestation, waiver and entry of a baseline that has ended, or ends within so many days.

    One that a later one for the same claim and app outlives is left out: it has been renewed.
    """
    last = (today + timedelta(days=days)).isoformat()
    return tuple(f"{what} {_ends(until, today)}" for what, until in _dated(judgement, known) if until <= last)


def _dated(judgement: Judgement, known: Iterable[Known]) -> Iterator[tuple[str, str]]:
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
    for entry in known:
        yield f"the baseline's entry for {entry.rule} in {entry.path}", entry.until


def _ends(until: str, today: date) -> str:
    left = (date.fromisoformat(until) - today).days
    if left < 0:
        return f"ended on {until}"
    return f"ends on {until}, {'today' if left == 0 else 'tomorrow' if left == 1 else f'in {left} days'}"
