"""Trackers: analytics, error monitoring and feature flag libraries, by the table of vendors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import libcst as cst
from libcst.helpers import get_full_name_for_node

from piiguard.checks.base import Detail, Hit, Refinement, Topic, argument, calls, check
from piiguard.checks.meaning import Meaning
from piiguard.facts import trackers
from piiguard.model import Rule

_tracking = partial(
    check,
    topic="tracking",
    role="observation",
    category="tracking",
    claims=("no-tracking",),
    why="The library reports to its vendor who uses the app, when and how.",
    fix="Remove the library, or say in the Trust Center that usage is measured, by whom and with which data.",
    references=("https://developer.atlassian.com/platform/forge/analytics-tool-policy/",),
)
_MODULES: dict[str, str] = {
    "sentry_sdk": "sentry-sdk",
    "segment.analytics": "segment-analytics-python",
    "analytics": "analytics-python",
    "amplitude": "amplitude-analytics",
    "rudderstack.analytics": "rudder-sdk-python",
    "snowplow_tracker": "snowplow-tracker",
    "ldclient": "launchdarkly-server-sdk",
    "optimizely": "optimizely-sdk",
    "datadog": "datadog",
    "ddtrace": "ddtrace",
    "elasticapm": "elastic-apm",
    "raygun4py": "raygun4py",
    "beeline": "honeycomb-beeline",
    "flagsmith": "flagsmith",
    "splitio": "splitio-client",
    "wandb": "wandb",
}
"""Modules whose name is not that of the package that brings them (the packages' own documentation)."""
_EVENTS = (
    *(f"segment.analytics.{call}()" for call in ("track", "identify", "group", "page", "screen", "alias")),
    *(f"segment.analytics.Client().{call}()" for call in ("track", "identify", "group", "page")),
    *(f"analytics.{call}()" for call in ("track", "identify", "group", "page")),
    *(f"rudderstack.analytics.{call}()" for call in ("track", "identify", "group")),
    *(f"posthog.{root}{call}()" for root in ("", "Posthog().") for call in ("capture", "identify", "alias", "set")),
    *(f"mixpanel.Mixpanel().{call}()" for call in ("track", "people_set", "people_set_once", "alias")),
    *(f"amplitude.Amplitude().{call}()" for call in ("track", "identify")),
    *(
        f"sentry_sdk.{call}()"
        for call in ("init", "set_user", "set_context", "set_tag", "capture_message", "capture_exception")
    ),
    "statsig.statsig.log_event()",
    "snowplow_tracker.Tracker().track()",
    "newrelic.agent.record_custom_event()",
    "datadog.statsd.event()",
    "rollbar.report_message()",
    "bugsnag.notify()",
)

RULES: tuple[Rule, ...] = (
    _tracking("py-tracker-import", title="Imports a tracking library"),
    _tracking("py-tracker-call", title="Reports to a tracking service", callee=calls(*_EVENTS)),
    _tracking(
        "py-tracker-data",
        role="sink",
        category="pii-egress",
        claims=("no-tracking", "no-personal-data-sent"),
        title="Sends data to a tracking service",
        slots=("arg:*",),
        callee=calls(*_EVENTS),
    ),
)


def tracker_of(module: str) -> trackers.Tracker | None:
    """The vendor behind an imported module: by the table of modules, else by the package of the same name."""
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        name = ".".join(parts[:size])
        found = trackers.by_package(_MODULES.get(name, name), "pypi")
        if found is not None:
            return found
    return None


def _vendor(node: cst.CSTNode, module: Meaning) -> Detail | None:
    path = module.path(node) or ""
    found = tracker_of(path.replace("()", ""))
    return Detail(attributes={"vendor": found.vendor, "kind": found.kind}) if found is not None else Detail()


def _person(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """Starting the library sends nothing of a person; what is reported later may."""
    starts = isinstance(node, cst.Call) and module.path(node.func) == "sentry_sdk.init"
    return None if starts or (argument(node, 0) is None and not _has_keywords(node)) else Detail()


def _has_keywords(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and any(arg.keyword is not None for arg in node.args)


def _modules(node: cst.CSTNode) -> Iterator[str]:
    """The dotted names that a statement imports, without relative ones."""
    if isinstance(node, cst.Import):
        yield from (alias.evaluated_name for alias in node.names)
    elif isinstance(node, cst.ImportFrom) and not node.relative and node.module is not None:
        module = get_full_name_for_node(node.module) or ""
        names = node.names if not isinstance(node.names, cst.ImportStar) else ()
        yield from (f"{module}.{alias.evaluated_name}" for alias in names)
        yield module


def _scan(module: Meaning) -> Iterator[Hit]:
    for node in module.nodes(cst.Import, cst.ImportFrom):
        outside = (name for name in _modules(node) if not module.is_own(name))
        found = next(filter(None, map(tracker_of, outside)), None)
        if found is not None:
            yield Hit("py-tracker-import", node, Detail(attributes={"vendor": found.vendor, "kind": found.kind}))


def _screen() -> re.Pattern[str]:
    """Every name that an import of a listed library may begin with."""
    packages = {package for tracker in trackers.trackers() for package in tracker.pypi} | set(_MODULES)
    names = {re.escape(package).replace(r"\-", "[-_.]") for package in packages}
    return re.compile(rf"^\s*(?:import|from)\s+(?:{'|'.join(sorted(names))})\b", re.IGNORECASE | re.MULTILINE)


_REFINE: dict[str, Refinement] = {"py-tracker-call": _vendor, "py-tracker-data": _person}
TOPIC = Topic(rules=RULES, refine=_REFINE, scan=_scan, screen=_screen())
