"""The lines around an observation, for people to read. Secrets are masked."""

from __future__ import annotations

from collections.abc import Iterable

from piiguard.model import Mark, Observation, Subject

CONTEXT = 1
LONGEST = 7
"""Lines of a frame."""
WIDEST = 300
"""Characters of a line: minified code is cut."""
MASK = "•"


def frames(
    subject: Subject, observations: Iterable[Observation], secrets: Iterable[Mark]
) -> dict[str, tuple[str, ...]]:
    """Observation id -> its lines, from one line before it to one after it. The marked `secrets` are masked."""
    secret: dict[str, list[tuple[int, int]]] = {}
    for mark in secrets:
        secret.setdefault(mark.location.path, []).append((mark.start, mark.end))
    sources = {source.path: source.text for app in subject.apps for source in app.sources}
    lines: dict[str, list[str]] = {}
    found: dict[str, tuple[str, ...]] = {}
    for observation in observations:
        path = observation.location.path
        if path not in sources:
            continue
        if path not in lines:
            lines[path] = (
                _masked(sources[path], secret.get(path, []))
                .decode("utf-8", "replace")
                .replace("\r\n", "\n")
                .split("\n")
            )
        first = max(observation.location.start_line - 1 - CONTEXT, 0)
        last = max(observation.location.end_line, observation.location.start_line) + CONTEXT
        found[observation.id] = tuple(line[:WIDEST] for line in lines[path][first : min(last, first + LONGEST)])
    return found


def _masked(text: bytes, spans: list[tuple[int, int]]) -> bytes:
    """The text with the marked spans replaced, line breaks kept."""
    for start, end in sorted(spans, reverse=True):
        hidden = "".join("\n" if char == "\n" else MASK for char in text[start:end].decode("utf-8", "replace"))
        text = text[:start] + hidden.encode() + text[end:]
    return text
