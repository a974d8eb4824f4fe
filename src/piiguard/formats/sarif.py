"""SARIF 2.1.0 (OASIS standard, errata 01).

`render` is for code scanning and holds what stands: GitHub shows suppressed results as open alerts, so waived findings
are left out. `render_evidence` is for the record: every observation, waived ones with `suppressions`. Its
`baselineState` compares with what the vendor has accepted in writing: `unchanged` for a waived finding, `new` for any
other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from piiguard.formats import overview
from piiguard.formats.plain import plural, printable
from piiguard.formats.serialise import dump
from piiguard.model import Gap, Location, Observation, Report, Rule, Verdict, Waiver

Json = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
LEVELS = {"sure": "error", "likely": "warning"}
PRECISION = {"sure": "high", "likely": "medium"}
TAXONOMY = "Trust Center claims"

# GitHub code scanning: docs.github.com, "SARIF results exceed one or more limits".
MAX_RESULTS = 25_000
MAX_FLOW = 1_000
MAX_TAGS = 10

NOTIFICATIONS = {
    "gap": "Something could not be looked at, or could not be decided",
    "results-left-out": f"More than {MAX_RESULTS:,} results: code scanning takes no more in one run",
    "flow-shortened": f"A path of more than {MAX_FLOW:,} steps: code scanning takes no more in one result",
}
"""Descriptor id -> what such a notification says."""


def render(report: Report) -> str:
    """Findings only: observations that contradict a claim and are not waived."""
    return dump(_log(report, overview.findings(report), evidence=False))


def render_evidence(report: Report) -> str:
    """All observations: findings, waived ones (with `suppressions`), and those that no claim forbids."""
    standing = overview.findings(report)
    ids = {finding.id for finding in standing}
    others = (observation for observation in report.observations if observation.id not in ids)
    return dump(_log(report, (*standing, *others), evidence=True))


def _log(report: Report, observations: tuple[Observation, ...], *, evidence: bool) -> Json:
    shown = sorted(observations, key=lambda observation: observation.confidence == "likely")[:MAX_RESULTS]
    against = overview.contradicted_by(report)
    rules = {name: index for index, name in enumerate(sorted({observation.rule for observation in shown}))}
    taxa = _taxa(report)
    waivers = {name: waiver for waiver in report.judgement.waivers for name in waiver.observations}
    results = []
    for observation in shown:
        claims = against.get(observation.id, ())
        result = _result(observation, rules[observation.rule], claims, taxa, report)
        results.append({**result, **_standing(observation, claims, waivers, report)} if evidence else result)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(report, rules)},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {"description": {"text": "The scanned folder"}}},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            *(_gap(gap) for gap in overview.gaps(report)),
                            *_left_out(len(observations), shown),
                        ],
                    }
                ],
                "taxonomies": [_taxonomy(taxa, report)],
                "results": results,
                "properties": _properties(report),
            }
        ],
    }


def _properties(report: Report) -> Json:
    end = overview.conclusion(report)
    return {
        "answer": end.answer,
        "conclusion": end.sentence,
        "subjectDigest": report.subject.digest,
        "rulesDigest": report.tool.rules_digest,
        "engines": dict(report.tool.engines),
        **({"commit": report.subject.commit} if report.subject.commit else {}),
    }


# ---------------------------------------------------------------- tool, rules, claims


def _driver(report: Report, rules: Iterable[str]) -> Json:
    return {
        "name": report.tool.name,
        "version": report.tool.version,
        "semanticVersion": report.tool.version,
        "rules": [_rule(name, report.rules.get(name)) for name in rules],
        "notifications": [
            {"id": name, "shortDescription": {"text": said + "."}} for name, said in NOTIFICATIONS.items()
        ],
        "supportedTaxonomies": [{"name": TAXONOMY, "index": 0}],
    }


def _rule(name: str, rule: Rule | None) -> Json:
    """The rule as code scanning shows it. A rule that the report does not describe has its id alone."""
    descriptor: Json = {"id": name, "name": "".join(part.capitalize() for part in name.split("-"))}
    if rule is None:
        return descriptor
    title = rule.title.rstrip(".") + "."
    told = [("Why it matters", rule.why), ("What to do", rule.fix)]
    parts = [(heading, " ".join(said.split())) for heading, said in told if said]
    links = [url for url in rule.references if url.startswith("https://")]
    markdown = [title, *(f"**{heading}.** {said}" for heading, said in parts), *(f"- <{url}>" for url in links)]
    descriptor |= {
        "shortDescription": {"text": title},
        "fullDescription": {"text": parts[0][1] if parts else title},
        "help": {
            "text": "\n\n".join([title, *(f"{heading}: {said}" for heading, said in parts), *links]),
            "markdown": "\n\n".join(markdown),
        },
        "defaultConfiguration": {"level": LEVELS[rule.confidence]},
        "properties": {
            "tags": ["privacy", "security", rule.category, *rule.data][:MAX_TAGS],
            "precision": PRECISION[rule.confidence],
            "problem.severity": LEVELS[rule.confidence],
        },
    }
    if links:
        descriptor["helpUri"] = links[0]
    return descriptor


def _taxa(report: Report) -> dict[str, int]:
    """Claim id -> its place in the taxonomy."""
    return {claim: index for index, claim in enumerate(sorted({v.claim for v in report.judgement.verdicts}))}


def _taxonomy(taxa: dict[str, int], report: Report) -> Json:
    known = {verdict.claim: verdict for verdict in report.judgement.verdicts}
    return {
        "name": TAXONOMY,
        "shortDescription": {"text": "What the vendor's Trust Center document promises."},
        "taxa": [
            {
                "id": claim,
                "shortDescription": {"text": printable(known[claim].title or claim)},
                "properties": {"section": known[claim].section, "sectionTitle": known[claim].section_title},
            }
            for claim in taxa
        ],
    }


# ---------------------------------------------------------------- results


def _result(
    observation: Observation, rule: int, claims: tuple[Verdict, ...], taxa: dict[str, int], report: Report
) -> Json:
    result: Json = {
        "ruleId": observation.rule,
        "ruleIndex": rule,
        "level": LEVELS[observation.confidence],
        "message": {"text": _message(observation, claims)},
        "locations": [_location(observation.location, report.snippets.get(observation.id))],
        "partialFingerprints": {"piiguard/v1": observation.id},
        "taxa": [
            {"id": name, "index": taxa[name], "toolComponent": {"name": TAXONOMY, "index": 0}}
            for name in dict.fromkeys(verdict.claim for verdict in claims)
        ],
        "properties": {
            "app": observation.app,
            "category": observation.category,
            "confidence": observation.confidence,
            "data": list(observation.data),
            "distance": observation.distance,
            **({"host": observation.host} if observation.host else {}),
        },
    }
    if observation.flow:
        result["codeFlows"] = [{"threadFlows": [{"locations": _flow(observation)}]}]
    return result


def _message(observation: Observation, claims: tuple[Verdict, ...]) -> str:
    """What happens there, which data, and which promises it breaks; `[` is escaped, as SARIF reads it as a link."""
    said = printable(observation.message).rstrip(".") + "."
    if observation.data:
        said += f" Data: {', '.join(observation.data)}."
    broken = dict.fromkeys(f"section {v.section}, “{printable(v.title or v.claim)}”" for v in claims)
    if broken:
        said += f" Contradicts {'; '.join(broken)}."
    return said.replace("\\", "\\\\").replace("[", "\\[").replace("{", "{{").replace("}", "}}")


def _flow(observation: Observation) -> list[Json]:
    steps = list(overview.steps(observation))
    if len(steps) > MAX_FLOW:
        steps = [*steps[: MAX_FLOW - 1], steps[-1]]
    return [
        {"location": {**_location(Location(path, line)), "message": {"text": printable(note) or "next step"}}}
        for path, line, note in steps
    ]


def _standing(
    observation: Observation, claims: tuple[Verdict, ...], waivers: dict[str, Waiver], report: Report
) -> Json:
    """What the evidence form adds: does it contradict anything, was it accepted, by which words."""
    if observation.id in report.judgement.waived:
        waiver = waivers.get(observation.id)
        return {"kind": "fail", "baselineState": "unchanged", "suppressions": [_suppression(waiver)]}
    if not claims:
        return {"kind": "informational", "level": "none", "baselineState": "new"}
    return {"kind": "fail", "baselineState": "new"}


def _suppression(waiver: Waiver | None) -> Json:
    if waiver is None:
        return {"kind": "external", "status": "accepted"}
    until = f" (until {waiver.until})" if waiver.until else ""
    return {
        "kind": "inSource" if waiver.origin == "inline" else "external",
        "status": "accepted",
        "justification": printable(waiver.reason) + until,
        "location": _location(waiver.location),
    }


def _location(location: Location, frame: Iterable[str] | None = None) -> Json:
    physical: Json = {"artifactLocation": {"uri": quote(location.path, errors="backslashreplace"), "uriBaseId": ROOT}}
    if location.start_line:
        physical["region"] = _region(location)
        if frame and (context := _context(location, list(frame))):
            physical["contextRegion"] = context
    return {"physicalLocation": physical}


def _context(location: Location, lines: list[str]) -> Json | None:
    """The lines around the place; None where they do not hold all of it and more, as SARIF asks."""
    first = max(1, location.start_line - 1)
    last = first + len(lines) - 1
    end = max(location.start_line, location.end_line)
    if last < end or (first, last) == (location.start_line, end):
        return None
    return {"startLine": first, "endLine": last, "snippet": {"text": "\n".join(printable(line) for line in lines)}}


def _region(location: Location) -> Json:
    """SARIF's `endColumn`, too, is the one after the last; an end before the start is left out."""
    region = {"startLine": location.start_line, "startColumn": max(1, location.start_column)}
    if (location.end_line, location.end_column) > (location.start_line, location.start_column):
        region |= {"endLine": location.end_line, "endColumn": max(1, location.end_column)}
    return region


# ---------------------------------------------------------------- notifications


def _gap(gap: Gap) -> Json:
    note: Json = {"descriptor": {"id": "gap", "index": 0}, "level": "warning", "message": {"text": printable(gap.why)}}
    if gap.path:
        note["locations"] = [_location(Location(gap.path, gap.line))]
    return note


def _left_out(total: int, shown: list[Observation]) -> list[Json]:
    notes = []
    if missing := total - len(shown):
        said = f"{plural(missing, 'result')} of {total:,} left out. The JSON report has all of them."
        notes.append(_notification("results-left-out", said))
    if cut := sum(1 for observation in shown if len(list(overview.steps(observation))) > MAX_FLOW):
        notes.append(_notification("flow-shortened", f"{plural(cut, 'path')} shortened to {MAX_FLOW:,} steps."))
    return notes


def _notification(name: str, said: str) -> Json:
    return {
        "descriptor": {"id": name, "index": list(NOTIFICATIONS).index(name)},
        "level": "warning",
        "message": {"text": said},
    }
