"""The JSON report, `piiguard-report/1` (contract.py has its shape)."""

from __future__ import annotations

import msgspec

from piiguard.formats import contract, overview
from piiguard.formats.serialise import dump
from piiguard.model import App, Observation, Report


def render(report: Report) -> str:
    """Same report, same bytes: keys sorted, lists in a fixed order, no clock, no absolute path."""
    return dump(msgspec.to_builtins(document(report)))


def document(report: Report) -> contract.Document:
    """The report in the words of the contract.

    Raises msgspec.ValidationError if the inner types have drifted from it.
    """
    judgement = report.judgement
    plain = {
        "schema": contract.SCHEMA,
        "tool": report.tool,
        "subject": _subject(report),
        "apps": [_app(app) for app in sorted(report.subject.apps, key=lambda app: app.id)],
        "observations": sorted(report.observations, key=_place),
        "verdicts": sorted(judgement.verdicts, key=lambda verdict: (verdict.app, verdict.section, verdict.claim)),
        "findings": sorted(set(judgement.findings)),
        "waived": sorted(set(judgement.waived)),
        "coverage": {"files": overview.files(report), "gaps": overview.gaps(report)},
        "waivers": sorted(judgement.waivers, key=lambda waiver: (waiver.location, waiver.rule)),
        "known": sorted(report.baseline.known if report.baseline else ()),
        "attestations": sorted(judgement.attestations, key=lambda given: (given.app, given.claim, given.on, given.by)),
    }
    return msgspec.convert(msgspec.to_builtins(plain), contract.Document)


def _place(observation: Observation) -> tuple[object, ...]:
    return observation.app, observation.location, observation.rule, observation.id


def _subject(report: Report) -> dict[str, object]:
    subject = report.subject
    return {
        "root": ".",
        "git": {"commit": subject.commit, "dirty": subject.dirty} if subject.commit else None,
        "files": sum(1 for file in overview.files(report) if file.status == "scanned"),
        "digest": subject.digest,
    }


def _app(app: App) -> dict[str, object]:
    manifest = app.manifest
    declared = [entry.address for entry in manifest.egress if entry.address]
    remote = [url for entry in manifest.remotes for url in entry.base_urls]
    return {
        "id": app.id,
        "name": app.name,
        "root": app.id,
        "hosts": sorted({*declared, *remote}),
        "scopes": sorted({scope.name for scope in manifest.scopes}),
    }
