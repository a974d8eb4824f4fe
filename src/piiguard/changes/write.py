"""Changes as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from piiguard.changes.compare import Changes, Finding, Named, Shift, Side
from piiguard.formats.markdown import code, escape
from piiguard.formats.overview import MARKERS
from piiguard.formats.plain import plural, printable
from piiguard.formats.serialise import dump
from piiguard.model import CATEGORIES

LISTED = 50
"""Entries of one list."""
_KINDS = (("hosts", "host", "hosts"), ("scopes", "scope", "scopes"), ("data", "class of data", "classes of data"))


class Style(msgspec.Struct, frozen=True):
    """How text from the repository, names, and headings are written."""

    text: Callable[[str], str]
    name: Callable[[str], str]
    heading: Callable[[str], str]


PLAIN = Style(printable, printable, lambda said: said)
MARKDOWN = Style(escape, code, lambda said: f"### {said}\n")


def text(changes: Changes) -> str:
    """For a terminal: a line for each change."""
    return "\n".join((summary(changes), *_blocks(changes, PLAIN))) + "\n"


def markdown(changes: Changes) -> str:
    """For a job summary or a comment (GitHub flavoured)."""
    return "\n".join((f"## {escape(summary(changes))}", *_blocks(changes, MARKDOWN))) + "\n"


def as_json(changes: Changes) -> str:
    """`piiguard-diff/1`: the types of compare.py."""
    return dump(msgspec.to_builtins(changes))


FORMATS: dict[str, Callable[[Changes], str]] = {"text": text, "markdown": markdown, "json": as_json}


def summary(changes: Changes) -> str:
    """One sentence. `New: 1 finding, 1 host`."""
    if told := ", ".join(_counts(changes.added)):
        return f"New: {told}"
    shifts = plural(len(changes.verdicts), "claim")
    return f"Nothing new, but {shifts} answered otherwise" if changes.verdicts else "Nothing new"


def _counts(side: Side) -> Iterator[str]:
    if found := len(side.findings) + len(side.facts):
        known = sum(finding.known for finding in side.findings)
        yield plural(found, "finding") + (f" ({known} known since the baseline)" if known else "")
    for name, one, many in _KINDS:
        if entries := getattr(side, name):
            yield plural(len(entries), one, many)


def _blocks(changes: Changes, style: Style) -> Iterator[str]:
    for heading, lines in _lists(changes, style):
        said = list(lines)
        if said:
            more = [f"- … {len(said) - LISTED} more"] if len(said) > LISTED else []
            yield "\n".join(("", style.heading(heading), *said[:LISTED], *more))
    if changes.sections:
        numbers = [str(each.section) for each in changes.sections]
        listed = " and ".join(filter(None, (", ".join(numbers[:-1]), numbers[-1])))
        word = "sections" if len(numbers) > 1 else "section"
        lines = (f"- {each.section}. {each.title}: {', '.join(map(style.text, each.why))}" for each in changes.sections)
        yield "\n".join(("", style.heading(f"This changes {word} {listed} of your Trust Center"), *lines))


def _lists(changes: Changes, style: Style) -> Iterator[tuple[str, Iterable[str]]]:
    several = len({each.app for each in _everything(changes)}) > 1

    def named(each: Named) -> str:
        done = f": {CATEGORIES.get(each.category, each.category).partition(':')[0]}" if each.category else ""
        return f"- {style.name(each.name)}{done}{f' ({style.name(each.app)})' if several else ''}"

    for what, side in (("New", changes.added), ("Gone", changes.gone)):
        for name, one, many in _KINDS:
            entries = getattr(side, name)
            yield f"{what} {one if len(entries) == 1 else many}", map(named, entries)
        yield (
            f"{what} findings",
            (
                *(_finding(each, style) for each in side.findings),
                *(f"- manifest: {style.text(each.message)}; against {each.claim}" for each in side.facts),
            ),
        )
    yield "Claims with another answer", (_shift(each, style) for each in changes.verdicts)


def _everything(changes: Changes) -> Iterator[Finding | Named]:
    for side in (changes.added, changes.gone):
        yield from side.findings
        yield from (*side.hosts, *side.scopes, *side.data)


def _finding(each: Finding, style: Style) -> str:
    known = "known since the baseline; " if each.known else ""
    against = f"; against {', '.join(each.claims)}" if each.claims else ""
    return f"- {style.name(f'{each.path}:{each.line}')} {known}{style.text(each.message)} [{each.rule}]{against}"


def _shift(each: Shift, style: Style) -> str:
    before, after = (MARKERS[answer].word if answer else "not asked" for answer in (each.before, each.after))
    return f"- {each.section}. {style.text(each.title or each.claim)}: {before} → {after}"
