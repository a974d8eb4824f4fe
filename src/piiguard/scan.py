"""The five verbs: read the app, observe its places, trace what reaches what, judge each claim, write the answer."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from piiguard import __version__, app, flow
from piiguard.app.skips import INCLUDABLE
from piiguard.claims.config import load_policy
from piiguard.claims.judge import judge
from piiguard.claims.policy import Policy
from piiguard.claims.waivers import complaints
from piiguard.engines import catalogue as rule_catalogue
from piiguard.engines import dependencies, detours, manifest, markup, python, secrets, semgrep
from piiguard.engines.catalogue import Catalogue
from piiguard.errors import UsageError
from piiguard.formats.plain import plural
from piiguard.model import EngineReport, Gap, Judgement, LineFlow, Report, Subject, Tool, Traced
from piiguard.snippets import frames


def _quiet(_message: str) -> None:
    """No progress."""


class Options(msgspec.Struct, frozen=True):
    """What a scan may be told."""

    config: Path | None = None
    """piiguard.yaml to use instead of the scanned folder's own."""
    use_config: bool = True
    include: frozenset[str] = frozenset()
    """Kinds of files to scan that are skipped otherwise (app/skips.py)."""
    rules: tuple[Path, ...] = ()
    """More rule folders: only the caller names them, never the scanned repository."""
    only: frozenset[str] = frozenset()
    """Rule ids and categories to report; empty: all."""
    today: date | None = None
    """Day for which waivers and attestations are judged; None: the real one."""
    progress: Callable[[str], None] = _quiet


def catalogue(rules: tuple[Path, ...] = ()) -> Catalogue:
    """All rules, of every engine."""
    declared = (*python.rules(), *manifest.RULES, *dependencies.RULES, *markup.RULES, *secrets.RULES, *flow.RULES)
    return rule_catalogue.load(rules).with_rules(declared)


def scan(path: Path, options: Options) -> Report:
    """Scan the app or apps in `path`. Raises PiiguardError (UsageError: exit 2; EngineError: exit 3)."""
    known = catalogue(options.rules)
    _check_only(options.only, known)
    options.progress("reading")
    subject = app.read(path, include=options.include)
    policy = load_policy(path if path.is_dir() else path.parent, options.config) if options.use_config else Policy()
    options.progress("looking at places")
    observed = _observe(subject, known)
    options.progress("tracing data")
    traced = flow.trace(subject, observed.marks, known.rules)
    gaps = _all_gaps(subject, observed, traced)
    options.progress("judging claims")
    judgement = judge(subject, traced.observations, gaps, policy, today=options.today or date.today())
    _refuse_dead_waivers(judgement)
    report = Report(
        tool=Tool("piiguard", __version__, known.digest, observed.versions),
        subject=subject,
        observations=traced.observations,
        judgement=judgement,
        gaps=gaps,
        rules={each.rule: known.rules[each.rule] for each in traced.observations if each.rule in known.rules},
        snippets=frames(subject, traced.observations, observed.marks, known.rules),
    )
    return _narrowed(report, options.only) if options.only else report


def _observe(subject: Subject, known: Catalogue) -> EngineReport:
    """What all engines found, in one."""
    reports = (
        semgrep.run(subject, known),
        detours.run(subject, known),
        python.run(subject),
        manifest.run(subject),
        dependencies.run(subject),
        markup.run(subject),
        secrets.run(subject),
    )
    return EngineReport(
        tuple(mark for report in reports for mark in report.marks),
        tuple(gap for report in reports for gap in report.gaps),
        {name: version for report in reports for name, version in report.versions.items()},
    )


def _all_gaps(subject: Subject, observed: EngineReport, traced: Traced) -> tuple[Gap, ...]:
    """The gaps of all stages. Where both parsers stumble over a line, the graph's word counts."""
    of_apps = (gap for each in subject.apps for gap in each.gaps)
    told = {(gap.path, gap.line) for gap in traced.gaps} | traced.stumbles
    observing = (gap for gap in observed.gaps if not gap.line or (gap.path, gap.line) not in told)
    return tuple(sorted({*of_apps, *observing, *traced.gaps}))


def _check_only(only: frozenset[str], known: Catalogue) -> None:
    names = known.rules.keys() | {rule.category for rule in known.rules.values()}
    for name in sorted(only - names):
        raise UsageError(f"--only {name}: no such rule or category", todo="`piiguard rules` lists them")


def _refuse_dead_waivers(judgement: Judgement) -> None:
    """A waiver that matches nothing hides nothing today and something tomorrow: an error."""
    lines = complaints(judgement.waivers)
    if lines:
        raise UsageError("\n".join(lines))


def _narrowed(report: Report, only: frozenset[str]) -> Report:
    """The report of some rules only. Claims that they do not contradict are left out: they were not asked for."""
    kept = tuple(each for each in report.observations if each.rule in only or each.category in only)
    ids = {each.id for each in kept}
    verdicts = tuple(
        msgspec.structs.replace(verdict, observations=tuple(id for id in verdict.observations if id in ids))
        for verdict in report.judgement.verdicts
        if verdict.answer == "contradicted" and not ids.isdisjoint(verdict.observations)
    )
    judgement = msgspec.structs.replace(
        report.judgement,
        verdicts=verdicts,
        findings=tuple(id for id in report.judgement.findings if id in ids),
        waived=tuple(id for id in report.judgement.waived if id in ids),
    )
    note = Gap("", "only " + ", ".join(sorted(only)) + " was asked for: other claims are not answered")
    return msgspec.structs.replace(report, observations=kept, judgement=judgement, gaps=(note, *report.gaps))


def taint_rules(rules: tuple[Path, ...] = ()) -> list[dict[str, Any]]:
    """The sources and sinks as taint rules for plain Semgrep."""
    from piiguard.formats import taint

    known = rule_catalogue.load(rules)
    return taint.compose(known.rules.values(), known.patterns)


def explain_flow(path: Path, file: str, line: int, options: Options) -> list[LineFlow]:
    """Why data reaches a line of a file (relative to `path`), or does not; one answer for each app that has the file.

    Raises UsageError where there is no such line, or the file is not scanned.
    """
    known = catalogue(options.rules)
    name = posixpath.normpath(file.replace(os.sep, "/"))
    subject = app.read(path, include=options.include)
    _check_line(path, subject, name, line)
    return flow.explain(subject, _observe(subject, known).marks, known.rules, name, line)


def _check_line(path: Path, subject: Subject, name: str, line: int) -> None:
    """Is there such a line, in a file that is scanned?"""
    scanned = {source.path: source for each in subject.apps for source in each.sources}
    manifests = {each.manifest.path for each in subject.apps}
    if name not in scanned and name not in manifests:
        if name.startswith(("../", "/")):
            raise UsageError("the file is not scanned: it is outside of the folder", where=name)
        if not (path / name).is_file():
            raise UsageError(
                "no such file", where=str(path / name), todo="Give the file relative to the scanned folder"
            )
        raise UsageError(f"the file is not scanned: {_why_not(subject, name)}", where=name)
    text = scanned[name].text if name in scanned else (path / name).read_bytes()
    count = len(text.splitlines())
    if line > count:
        raise UsageError(f"the file has {plural(count, 'line')}", where=f"{name}:{line}", todo="Give one of them")


def _why_not(subject: Subject, name: str) -> str:
    """Why a file is left out: a status of its own, or of a folder around it."""
    statuses = {status.path.rstrip("/"): status for each in subject.apps for status in each.files}
    for parent in (name, *map(str, PurePosixPath(name).parents)):
        status = statuses.get(parent)
        if status is not None and status.status != "scanned":
            hint = f" (--include {status.why} brings it back)" if status.why in INCLUDABLE else ""
            return f"{status.why}{hint}"
    return "it holds no code that rules look at"
