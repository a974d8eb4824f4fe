"""Workflow commands of GitHub Actions: each finding becomes an annotation of its line.

A value must not end its command or begin another: GitHub's toolkit escapes `%`, CR and LF in messages, and `:` and `,`
in properties as well. GitHub shows ten annotations of a level for each step; all stand in the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from piiguard.formats import overview
from piiguard.formats.plain import printable
from piiguard.model import Gap, Location, Observation, Report, Verdict


def render(report: Report) -> str:
    """A line for each finding that no baseline knows, the certain ones first, and for each gap that a claim needs."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    against = overview.contradicted_by(report)
    known = report.baseline.known if report.baseline else {}
    findings = [finding for finding in overview.findings(report) if overview.accepted(report, finding) is None]
    for finding in sorted(findings, key=lambda finding: finding.confidence == "likely"):
        yield _command("error", finding.location, finding.rule, _message(finding, against.get(finding.id, ()), report))
    for verdict in report.judgement.verdicts:
        for fact in verdict.facts:
            if fact.id not in known:
                yield _command("error", fact.location, fact.rule, f"{fact.message}. Against: {verdict.title}")
    for gap in _needed(report):
        yield _command("warning", Location(gap.path, gap.line), "Not looked at", gap.why)


def _message(finding: Observation, claims: tuple[Verdict, ...], report: Report) -> str:
    rule = report.rules.get(finding.rule)
    promises = "; ".join(dict.fromkeys(verdict.title or verdict.claim for verdict in claims))
    fix = f"\n{' '.join(rule.fix.split())}" if rule and rule.fix else ""
    return f"{printable(finding.message)}\nAgainst: {promises}{fix}"


def _needed(report: Report) -> list[Gap]:
    """The gaps for which a claim could not be shown."""
    verdicts = (verdict for verdict in report.judgement.verdicts if verdict.answer == "not-shown")
    return sorted({gap for verdict in verdicts for gap in verdict.gaps if gap.path})


def _command(level: str, place: Location, title: str, message: str) -> str:
    properties = {"file": place.path, "line": place.start_line, "title": f"piiguard: {title}"}
    if place.end_line > place.start_line:
        properties["endLine"] = place.end_line
    elif place.end_line == place.start_line and place.end_column:
        properties |= {"col": place.start_column, "endColumn": place.end_column}
    listed = ",".join(f"{name}={_property(printable(str(value)))}" for name, value in properties.items() if value)
    return f"::{level} {listed}::{_data(message)}"


def _data(text: str) -> str:
    """The lines are ours; what comes from the repository in them was made printable."""
    lines = (printable(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def problem(said: str) -> str:
    """The annotation of a run that could not be made."""
    return "".join(f"::error title=piiguard::{_data(line)}\n" for line in said.splitlines())
