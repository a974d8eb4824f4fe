"""`piiguard explain-flow`: a line explained, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from piiguard.formats.plain import printable
from piiguard.model import Explained, Hop, LineFlow, Location, Looked, Way


def render(lines: Iterable[LineFlow]) -> str:
    """All apps' answers, each in a block."""
    return "\n".join("\n".join(map(printable, _block(line))) + "\n" for line in lines)


def _block(line: LineFlow) -> Iterator[str]:
    where = f"in {line.function}" if line.function else "at module level"
    yield f"{line.path}:{line.line}, {where}" + (f", app {line.app}" if line.app != "." else "")
    yield f"  {line.code}" if line.code else "  (no code on this line)"
    for gap in line.gaps:
        yield f"  gap: {gap.why}" + (f" (line {gap.line})" if gap.line else "")
    for mark in line.marks:
        yield ""
        yield from _mark(mark)
    for value in line.values:
        yield ""
        yield from _value(value)
    yield ""
    yield from _end(line)


def _mark(mark: Explained) -> Iterator[str]:
    rule = mark.rule
    yield f"{rule.id} ({rule.role}): {rule.title}"
    if mark.root:
        wanted = ", ".join((*rule.callee.imports, *(f"global {name}" for name in rule.callee.globals)))
        yield f"  `{mark.root}` is {mark.means}"
        yield f"  the condition {'holds' if mark.holds else 'does not hold: the mark is dropped'} (wanted: {wanted})"
    if rule.role == "source" and mark.holds:
        yield f"  its value is a {rule.shape}"
    for value in mark.values:
        yield from (f"  {each}" for each in _value(value))
    if mark.holds and rule.role == "sink" and not mark.values:
        yield f"  no value stands in its slots ({', '.join(rule.slots)})"
    yield from (f"  {note}" for note in mark.notes)


def _value(value: Looked) -> Iterator[str]:
    head = f"{value.slot}  " if value.slot else ""
    if value.ways:
        yield f"{head}`{value.code}` holds:"
        for way in value.ways:
            yield from (f"  {each}" for each in _way(way))
    else:
        yield f"{head}`{value.code}` holds nothing that is known. Where it comes from:"
        yield from (f"  {each}" for each in _hops(value.back))


def _way(way: Way) -> Iterator[str]:
    yield f"{', '.join(way.data)} ({way.confidence})"
    yield from (f"  {each}" for each in _hops(way.hops))


def _hops(hops: tuple[Hop, ...]) -> Iterator[str]:
    places = [f"{'  ' * hop.depth}{_place(hop.location)}" for hop in hops]
    width = max(map(len, places), default=0)
    for place, hop in zip(places, hops, strict=True):
        yield f"{place:<{width}}  {hop.code}" + (f"    <- {hop.note}" if hop.note else "")


def _end(line: LineFlow) -> Iterator[str]:
    """What is reported of the line, or what it leads to."""
    if line.observations:
        yield "reported:"
        for each in line.observations:
            data = f": {', '.join(each.data)}" if each.data else ""
            host = f" -> {each.host}" if each.host else ""
            yield f"  {each.category} ({each.confidence}){data}{host}"
    else:
        yield "nothing is reported of this line"
    if line.values and line.reaches:
        yield "what stands here reaches:"
        yield from (f"  {_place(step.location)}  {step.note}" for step in line.reaches)
    elif line.values:
        yield "what stands here reaches no sink"


def _place(location: Location) -> str:
    return f"{location.path}:{location.start_line}"
