"""A document held against time: what in the code is younger than the day on which the document was reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from piiguard.model import App, Came, Observation, Subject
from piiguard.trustcenter import Checked, Judged, Reply, Statement

_LISTED = 3
_SHORT = 10
"""Letters of a commit's id that are told."""


class Place(msgspec.Struct, frozen=True, order=True):
    """A line of code or manifest that the document rests on."""

    path: str
    line: int
    what: str
    app: str
    sentences: tuple[int, ...] = ()
    """Lines of the document whose answers name this place."""


def places(checked: Checked, subject: Subject, observations: Iterable[Observation]) -> tuple[Place, ...]:
    """The hosts and scopes of the manifests, and the places that the answers rest on."""
    told: dict[str, set[int]] = {}
    for judged in checked.judged:
        for name in (name for reply in judged.replies for name in reply.observations):
            told.setdefault(name, set()).add(judged.statement.line)
    for finding in checked.cells:
        for name in finding.observations:
            told.setdefault(name, set()).add(finding.line)
    code = [
        Place(each.location.path, each.location.start_line, each.message or each.rule, each.app, _sorted(told[each.id]))
        for each in observations
        if each.id in told
    ]
    return tuple(sorted({*code, *(place for app in subject.apps for place in _manifest(app))}))


def _sorted(lines: set[int]) -> tuple[int, ...]:
    return tuple(sorted(lines))


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
    came: Mapping[str, tuple[Came, ...]],
    texts: Mapping[str, tuple[str, ...]],
) -> Checked:
    """The document with an answer to its review date.

    `came`: path -> the committed lines. `texts`: path -> its lines as they are now.
    """
    document = checked.document
    review = document.reviewed or document.updated
    if review is None:
        return checked
    line = next((number for number, day in reversed(document.dates) if day == review), 1)
    kind = "reviewed" if document.reviewed else "updated"
    statement = Statement(line, "", (), f"Last {kind}: {review}", "document-maintained", "promise", pattern="date")
    dated = [(place, _origin(place, came, texts)) for place in found]
    younger = [told for place, origin in dated if (told := _younger(place, origin, review))]
    if younger:
        told = ", ".join(younger[:_LISTED])
        more = f" and {len(younger) - _LISTED} more" if len(younger) > _LISTED else ""
        reply = Reply("", "contradicted", f"younger than the document, which was last {kind} on {review}: {told}{more}")
    else:
        reply = Reply("", "supported", f"no host, scope or finding is younger than {review}, by the git history")
    return msgspec.structs.replace(checked, judged=(*checked.judged, Judged(statement, (reply,), reply.answer)))


def _younger(place: Place, origin: Came | None, review: str) -> str:
    """What came after the review, with its commit, and the sentences that rest on it; empty for what did not."""
    if origin is None or (origin.commit and origin.day <= review):
        return ""
    when = f"of {origin.day}, commit {origin.commit[:_SHORT]}" if origin.commit else "not committed yet"
    rests = f"; line {', '.join(map(str, place.sentences))} rests on it" if place.sentences else ""
    return f"{place.what} ({place.path}:{place.line}, {when}{rests})"


def _origin(place: Place, came: Mapping[str, tuple[Came, ...]], texts: Mapping[str, tuple[str, ...]]) -> Came | None:
    """Where the line came from; None for what is no line of a file that has a history.

    In a file that was changed since, the oldest committed line with the same words counts.
    """
    now, committed = [text.strip() for text in texts.get(place.path, ())], came.get(place.path, ())
    if place.path not in came or not 0 < place.line <= len(now):
        return None
    if [each.text for each in committed] == now:
        return committed[place.line - 1]
    same = [each for each in committed if each.text == now[place.line - 1]]
    return min(same, key=lambda each: each.day, default=Came(now[place.line - 1], "", ""))
