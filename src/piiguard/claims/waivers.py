"""Waivers: findings that a person accepts, from piiguard.yaml and from comments in the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from fnmatch import fnmatchcase

import msgspec

from piiguard.claims.comments import Comment, comments
from piiguard.errors import UsageError
from piiguard.model import Location, Observation, Source, Subject, Waiver

_MARK = re.compile(r"^\W*piiguard:\s*allow\b(?P<rest>.*)", re.DOTALL)
_FORM = re.compile(r"(?P<rule>[\w.\-/]{1,200}) -- ?(?P<reason>\S.*?)(?:,? ?\buntil (?P<until>\d{4}-\d{2}-\d{2}))?")
_TODO = "Write `piiguard: allow <rule-id> -- <reason>, until <yyyy-mm-dd>` (the date may be left out)"


def inline_waivers(subject: Subject) -> tuple[Waiver, ...]:
    """The waivers in the comments of the scanned sources. Raises UsageError for one that is not complete."""
    return tuple(
        waiver
        for app in subject.apps
        for source in app.sources
        if b"piiguard:" in source.text
        for waiver in _of_source(source)
    )


def _of_source(source: Source) -> Iterator[Waiver]:
    found = tuple(comments(source))
    alone = {line for comment in found if comment.alone for line in range(comment.line, comment.end_line + 1)}
    for comment in found:
        mark = _MARK.match(comment.text)
        if mark:
            yield _inline(source.path, comment, mark["rest"], _target(comment, alone))


def _target(comment: Comment, alone: set[int]) -> int:
    """The line a comment speaks of: its own, or the next one that is more than comment."""
    line = comment.end_line
    while line in alone:
        line += 1
    return line


def _inline(path: str, comment: Comment, rest: str, target: int) -> Waiver:
    where = f"{path}:{comment.line}"
    form = _FORM.fullmatch(" ".join(rest.split()))
    if not form:
        raise UsageError("this waiver is not complete", where=where, todo=_TODO)
    if form["until"] and not _is_date(form["until"]):
        raise UsageError("this waiver ends on a day that does not exist", where=where, todo=_TODO)
    return Waiver(form["rule"], form["reason"], "inline", Location(path, comment.line, 1, target), path, form["until"])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def settle(waivers: Iterable[Waiver], observations: Iterable[Observation], today: date | None) -> tuple[Waiver, ...]:
    """Each waiver with its state and the observations that it covers. Without `today`, none is expired."""
    seen = tuple(observations)
    return tuple(_settled(waiver, seen, today) for waiver in waivers)


def _settled(waiver: Waiver, seen: tuple[Observation, ...], today: date | None) -> Waiver:
    covered = tuple(dict.fromkeys(each.id for each in seen if each.rule == waiver.rule and _covers(waiver, each)))
    if not covered:
        return msgspec.structs.replace(waiver, state="unmatched", observations=())
    expired = today is not None and waiver.until is not None and date.fromisoformat(waiver.until) < today
    return msgspec.structs.replace(waiver, state="expired" if expired else "used", observations=covered)


def _covers(waiver: Waiver, observation: Observation) -> bool:
    place = observation.location
    if waiver.origin == "file":
        return fnmatchcase(place.path, waiver.path)
    last = max(place.start_line, place.end_line)
    return place.path == waiver.path and place.start_line <= waiver.location.end_line <= last


def complaints(waivers: Iterable[Waiver]) -> tuple[str, ...]:
    """One line for each waiver that matches nothing: the run must end with exit code 2."""
    return tuple(
        f"{waiver.location.path}:{waiver.location.start_line}: this waiver of {waiver.rule} matches nothing. Remove it"
        for waiver in waivers
        if waiver.state == "unmatched"
    )
