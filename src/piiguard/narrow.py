"""A part of a report: of some rules, or of what a change touches or causes. It never answers what it leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from piiguard.claims.config import FILE_NAMES
from piiguard.formats.plain import plural
from piiguard.model import Gap, Observation, Report, Verdict

BY_MANIFEST = frozenset(
    {
        "connect-module",
        "egress-host",
        "external-auth",
        "insecure-transport",
        "missing-scope",
        "navigation-egress",
        "overbroad-egress",
        "overbroad-scope",
        "public-exit",
        "remote-backend",
        "undeclared-egress",
        "understated-egress",
        "unsafe-csp",
        "unused-host",
        "unused-scope",
    }
)
"""Categories of what the code does that depend on what the manifest says."""
_ASKING = ("contradicted", "not-shown")
"""Answers that a person must do something about."""


def to_rules(report: Report, only: frozenset[str]) -> Report:
    """The report of some rules, or categories of rules. Claims that they do not contradict were not asked for."""
    ids = {each.id for each in report.observations if each.rule in only or each.category in only}
    part = _part(report, ids, lambda verdict: verdict.answer == "contradicted" and _lists(verdict, ids))
    note = Gap("", "only " + ", ".join(sorted(only)) + " was asked for: other claims are not answered")
    return msgspec.structs.replace(part, gaps=(note, *report.gaps))


def to_changed(report: Report, changed: frozenset[str]) -> Report:
    """The report of what a change of the files `changed` touches or causes.

    That is what stands in them, what is done elsewhere with data that comes through them, what could not be looked at
    in them, what depends on a changed manifest, and everything where the promises themselves (piiguard.yaml) changed.
    The first gap says how much there is elsewhere.
    """
    if changed.intersection(FILE_NAMES):
        return report
    manifests = {app.id for app in report.subject.apps if app.manifest.path in changed}
    ids = {each.id for each in report.observations if _touched(each, changed, manifests)}

    def answered(verdict: Verdict) -> bool:
        if verdict.answer not in _ASKING:
            return False
        missed = verdict.answer == "not-shown" and any(gap.path in changed for gap in verdict.gaps)
        by_manifest = verdict.answer == "contradicted" and not verdict.observations and verdict.app in manifests
        return _lists(verdict, ids) or missed or by_manifest

    part = _part(report, ids, answered)
    note = Gap("", _elsewhere(report, part))
    verdicts = tuple(
        msgspec.structs.replace(
            verdict,
            gaps=_inside(verdict.gaps, changed),
            facts=verdict.facts if verdict.app in manifests else (),
        )
        for verdict in part.judgement.verdicts
    )
    judgement = msgspec.structs.replace(part.judgement, verdicts=verdicts)
    return msgspec.structs.replace(part, judgement=judgement, gaps=(note, *_inside(report.gaps, changed)))


def _inside(gaps: tuple[Gap, ...], changed: frozenset[str]) -> tuple[Gap, ...]:
    return tuple(gap for gap in gaps if gap.path in changed)


def _touched(each: Observation, changed: frozenset[str], manifests: set[str]) -> bool:
    paths = {each.location.path, *(step.location.path for step in each.flow)}
    return not changed.isdisjoint(paths) or (each.app in manifests and each.category in BY_MANIFEST)


def _lists(verdict: Verdict, ids: set[str]) -> bool:
    return not ids.isdisjoint(verdict.observations)


def _elsewhere(report: Report, part: Report) -> str:
    findings = len(report.judgement.findings) - len(part.judgement.findings)
    left = Counter(verdict.answer for verdict in report.judgement.verdicts)
    left -= Counter(verdict.answer for verdict in part.judgement.verdicts)
    against = f" against {plural(left['contradicted'], 'more claim')}" if left["contradicted"] else ""
    open_ = f" and {plural(left['not-shown'], 'claim')} that could not be shown" if left["not-shown"] else ""
    left_out = f"{plural(findings, 'finding')} elsewhere{against}{open_}"
    return f"limited to what the change touches or causes; not shown: {left_out}"


def _part(report: Report, ids: set[str], answered: Callable[[Verdict], bool]) -> Report:
    """The observations `ids` and the claims that are answered."""
    verdicts = tuple(
        msgspec.structs.replace(verdict, observations=tuple(id for id in verdict.observations if id in ids))
        for verdict in report.judgement.verdicts
        if answered(verdict)
    )
    judgement = msgspec.structs.replace(
        report.judgement,
        verdicts=verdicts,
        findings=tuple(id for id in report.judgement.findings if id in ids),
        waived=tuple(id for id in report.judgement.waived if id in ids),
    )
    observations = tuple(each for each in report.observations if each.id in ids)
    return msgspec.structs.replace(report, observations=observations, judgement=judgement)
