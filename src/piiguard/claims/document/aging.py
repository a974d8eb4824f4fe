"""A document held against time: what in the code is younger than the day on which the document was reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from piiguard.model import App, Observation, Subject
from piiguard.trustcenter import Checked, Judged, Reply, Statement

_LISTED = 3
_UNCOMMITTED = "today, not committed yet"


class Place(msgspec.Struct, frozen=True, order=True):
    """A line that a sentence of the document rests on."""

    path: str
    line: int
    what: str
    app: str


def places(checked: Checked, subject: Subject, observations: Iterable[Observation]) -> tuple[Place, ...]:
    """The hosts and scopes of the manifests, and the places that the answers rest on."""
    told = {each for judged in checked.judged for reply in judged.replies for each in reply.observations}
    told |= {each for finding in checked.cells for each in finding.observations}
    code = [
        Place(each.location.path, each.location.start_line, each.message or each.rule, each.app)
        for each in observations
        if each.id in told
    ]
    return tuple(sorted({*code, *(place for app in subject.apps for place in _manifest(app))}))


def _manifest(app: App) -> Iterator[Place]:
    path = app.manifest.path
    for entry in app.manifest.egress:
        yield Place(path, entry.line, f"host {entry.address or entry.remote}", app.id)
    for scope in app.manifest.scopes:
        yield Place(path, scope.line, f"scope {scope.name}", app.id)
    for remote in app.manifest.remotes:
        yield Place(path, remote.line, f"remote {remote.key}", app.id)


def aged(
    checked: Checked,
    found: tuple[Place, ...],
    dates: Mapping[str, Mapping[str, str]],
    texts: Mapping[str, tuple[str, ...]],
) -> Checked:
    """The document with an answer to its review date.

    `dates`: path -> text of a line -> ISO day. `texts`: path -> its lines as they are now.
    """
    review = checked.document.reviewed or checked.document.updated
    if review is None:
        return checked
    line = next((number for number, day in reversed(checked.document.dates) if day == review), 1)
    kind = "reviewed" if checked.document.reviewed else "updated"
    younger = [
        (place, day) for place in found if (day := _day(place, dates, texts)) and (day == _UNCOMMITTED or day > review)
    ]
    statement = Statement(line, "", (), f"Last {kind}: {review}", "document-maintained", "promise", pattern="date")
    if younger:
        told = ", ".join(f"{place.what} ({place.path}:{place.line}) of {day}" for place, day in younger[:_LISTED])
        more = f" and {len(younger) - _LISTED} more" if len(younger) > _LISTED else ""
        reply = Reply("", "contradicted", f"younger than the document, which was last {kind} on {review}: {told}{more}")
    else:
        reply = Reply("", "supported", f"no host, scope or finding is younger than {review}, by the git history")
    return msgspec.structs.replace(checked, judged=(*checked.judged, Judged(statement, (reply,), reply.answer)))


def _day(place: Place, dates: Mapping[str, Mapping[str, str]], texts: Mapping[str, tuple[str, ...]]) -> str | None:
    """The day on which the line was committed; a line that is not committed is younger than any date."""
    lines = texts.get(place.path, ())
    if place.path not in dates or not 0 < place.line <= len(lines):
        return None
    return dates[place.path].get(lines[place.line - 1].strip(), _UNCOMMITTED)
