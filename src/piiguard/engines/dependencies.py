"""What the dependencies say: trackers, log shippers and AI clients, direct or brought in by others.

Development dependencies are no part of the app. A package without an import in the code is weak evidence, hence
`likely`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from piiguard.facts import sdk_packages, trackers
from piiguard.model import App, EngineReport, Location, Mark, Package, Rule, Subject


def _rule(rule_id: str, category: str, title: str, why: str, fix: str) -> Rule:
    return Rule(
        id=rule_id,
        role="observation",
        engine="dependency",
        topic="dependencies",
        title=title,
        category=category,
        confidence="likely",
        why=why,
        fix=fix,
    )


_REMOVE = "Remove the package, or name the service and what it receives in the published promises."
TRACKER = _rule(
    "dependency-tracker",
    "tracking",
    "Depends on the package of a tracker",
    "The package is there to report use or errors to a third party.",
    _REMOVE,
)
RECORDER = _rule(
    "dependency-recorder",
    "session-recording",
    "Depends on the package of a session recorder",
    "The package is there to record what users see and do.",
    _REMOVE,
)
INDIRECT_TRACKER = _rule(
    "dependency-brings-tracker",
    "manifest-declaration",
    "A dependency brings in the package of a tracker",
    "Code of the tracker is shipped with the app, though the app may never start it.",
    "Find out which dependency needs it, and whether it is ever started.",
)
AI = _rule(
    "dependency-ai",
    "ai-processing",
    "Depends on the client of a language model",
    "Prompts hold what users wrote, and the provider processes them.",
    _REMOVE,
)
LOGS = _rule(
    "dependency-log-shipping",
    "manifest-declaration",
    "Depends on a package that sends log lines to a service",
    "Whatever is logged leaves the platform.",
    _REMOVE,
)
RULES: tuple[Rule, ...] = (TRACKER, RECORDER, INDIRECT_TRACKER, AI, LOGS)


def run(subject: Subject) -> EngineReport:
    """The marks of every package of every app, in the order of the manifests and lock files."""
    return EngineReport(marks=tuple(mark for app in subject.apps for mark in _marks(app)))


def _marks(app: App) -> Iterator[Mark]:
    shipped = [package for package in app.packages if not package.dev]
    for package in shipped:
        if package.direct:
            yield from _direct(app, package)
    yield from _indirect(app, (package for package in shipped if not package.direct))


def _direct(app: App, package: Package) -> Iterator[Mark]:
    tracker = trackers.by_package(package.name, package.ecosystem)
    if tracker is not None:
        rule = RECORDER if tracker.kind == "session-recording" else TRACKER
        yield _mark(app, package, rule, None, {"vendor": tracker.vendor, "kind": tracker.kind})
    yield from _sdk(app, package)


def _indirect(app: App, packages: Iterable[Package]) -> Iterator[Mark]:
    """The first package of each vendor in each lock file.

    No `tracking`: Forge's and Atlaskit's own packages bring in Sentry and Statsig, so nearly every app has some.
    """
    seen: set[tuple[str, str]] = set()
    for package in packages:
        tracker = trackers.by_package(package.name, package.ecosystem)
        if tracker is not None and (package.path, tracker.vendor) not in seen:
            seen.add((package.path, tracker.vendor))
            about = {"vendor": tracker.vendor, "kind": tracker.kind, "fact": "indirect-tracker"}
            yield _mark(app, package, INDIRECT_TRACKER, None, about)


def _sdk(app: App, package: Package) -> Iterator[Mark]:
    sdk = sdk_packages.by_package(package.name, package.ecosystem)
    if sdk is not None and sdk.kind == "ai":
        yield _mark(app, package, AI, sdk.host or None, {"vendor": sdk.service})
    elif sdk is not None:
        yield _mark(app, package, LOGS, sdk.host or None, {"vendor": sdk.service, "fact": "log-shipping"})


def _mark(app: App, package: Package, rule: Rule, host: str | None, about: dict[str, str]) -> Mark:
    version = package.version or package.wanted
    return Mark(
        location=Location(package.path, package.line),
        rule=rule.id,
        app=app.id,
        message=f"{package.name} {version}".strip() + f" ({about['vendor']})",
        host=host,
        attributes={"package": package.name, "version": version, "direct": "yes" if package.direct else "no"} | about,
    )
