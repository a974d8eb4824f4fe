"""What the manifest says by itself: hosts, scopes, servers, stores, exits. Needs no code.

A check is a rule and a function from the manifest to places in it (declaring.py); the modules beside this one
hold them by topic.
"""

from __future__ import annotations

from piiguard.engines.manifest import backends, contents, egress, scopes
from piiguard.model import EngineReport, Rule, Subject

_CHECKS = (*egress.CHECKS, *scopes.CHECKS, *backends.CHECKS, *contents.CHECKS)

RULES: tuple[Rule, ...] = tuple(check.rule for check in _CHECKS)


def run(subject: Subject) -> EngineReport:
    """The marks of every check in the manifest of every app, and what the manifests leave open."""
    marks = [mark for app in subject.apps for check in _CHECKS for mark in check.marks(app)]
    gaps = [gap for app in subject.apps for topic in (egress, backends) for gap in topic.gaps(app.manifest, app.id)]
    return EngineReport(marks=tuple(marks), gaps=tuple(gaps))
