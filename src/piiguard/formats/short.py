"""The report for a hook or an editor: a line for each finding, what to do about it, and one sentence at the end."""

from __future__ import annotations

from collections.abc import Iterator

from piiguard.formats import overview
from piiguard.formats.plain import plural, printable
from piiguard.model import Gap, Observation, Report

LISTED = 5
"""Gaps of one reason that are named, and claims."""


def render(report: Report) -> str:
    """The report as plain text. Nothing is wrapped, so that `path:line:column` is found by whatever reads it."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    against = overview.contradicted_by(report)
    by_rule: dict[str, list[Observation]] = {}
    for finding in (each for each in overview.findings(report) if overview.accepted(report, each) is None):
        by_rule.setdefault(finding.rule, []).append(finding)
    for rule, findings in by_rule.items():
        for finding in findings:
            claims = dict.fromkeys(verdict.claim for verdict in against.get(finding.id, ()))
            yield f"{_place(finding)}: {printable(finding.message)} [{rule}]; against {_some(list(claims))}"
            if finding.flow:
                yield f"    data: {_way(finding)}"
        known = report.rules.get(rule)
        if known is not None and known.fix:
            yield f"    fix: {printable(' '.join(known.fix.split()))}"
    yield from _without_findings(report)
    yield from _undecided(report)
    for note in (gap for gap in overview.gaps(report) if not gap.path):
        yield f"note: {printable(note.why)}"
    yield f"piiguard: {overview.conclusion(report).sentence}"


def _without_findings(report: Report) -> Iterator[str]:
    """Claims that no place in the code stands against, but the manifest or the promises as a whole."""
    for app in report.subject.apps:
        for claim in overview.broken(report, app.id):
            if not claim.findings:
                reason = printable(claim.verdict.reason)
                yield f"{printable(app.manifest.path)}: {reason}; against {claim.verdict.claim}"


def _undecided(report: Report) -> Iterator[str]:
    """What could not be looked at, where a claim needs it."""
    open_ = [verdict for verdict in report.judgement.verdicts if verdict.answer == "not-shown"]
    reasons: dict[str, list[Gap]] = {}
    for gap in sorted({gap for verdict in open_ for gap in verdict.gaps if gap.path}):
        reasons.setdefault(gap.why, []).append(gap)
    for why, gaps in reasons.items():
        yield f"{_some([_spot(gap) for gap in gaps])}: not looked at: {printable(why)}"
    if open_:
        listed = {id for verdict in open_ for id in verdict.observations}
        spots = [_place(each) for each in report.observations if each.id in listed]
        look = f"; look at {_some(spots)}" if spots else ""
        yield f"not shown: {_some([*dict.fromkeys(verdict.claim for verdict in open_)])}{look}"


def _place(finding: Observation) -> str:
    location = finding.location
    return f"{printable(location.path)}:{location.start_line}:{location.start_column}"


def _way(finding: Observation) -> str:
    """The way of the data: `src/a.js:3, 9 > src/b.js:12`."""
    files: list[tuple[str, list[str]]] = []
    for path, line, _ in overview.steps(finding):
        if not files or files[-1][0] != path:
            files.append((path, []))
        files[-1][1].append(str(line))
    return " > ".join(f"{printable(path)}:{', '.join(lines)}" for path, lines in files)


def _spot(gap: Gap) -> str:
    return f"{printable(gap.path)}:{gap.line}" if gap.line else printable(gap.path)


def _some(names: list[str]) -> str:
    more = [f"{plural(len(names) - LISTED, 'more', 'more')}"] if len(names) > LISTED else []
    return ", ".join([*names[:LISTED], *more])
