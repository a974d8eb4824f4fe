"""The five verbs: read the app, observe its places, trace what reaches what, judge each claim, write the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec

from piiguard import __version__, app, flow
from piiguard.app import history
from piiguard.app.files import MB, Unreadable, read_text
from piiguard.claims.config import document_path, load_policy
from piiguard.claims.document import aging
from piiguard.claims.document.drafting import draft_from
from piiguard.claims.document.judging import Code, against_code, alone
from piiguard.claims.document.reading import load
from piiguard.claims.document.understand import understand
from piiguard.claims.judge import judge
from piiguard.claims.policy import Policy
from piiguard.claims.waivers import complaints
from piiguard.engines import catalogue as rule_catalogue
from piiguard.engines import dependencies, detours, manifest, markup, python, secrets, semgrep
from piiguard.engines.catalogue import Catalogue
from piiguard.errors import UsageError
from piiguard.model import EngineReport, Gap, Judgement, Report, Subject, Tool, Traced
from piiguard.snippets import frames
from piiguard.trustcenter import Checked


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


def check_document(file: Path | None, folder: Path | None, options: Options) -> Checked:
    """A Trust Center document held against itself and, where `folder` is given, against the apps in it.

    `file` None: the one that the folder's piiguard.yaml names. Raises PiiguardError as `scan` does, and UsageError when
    there is no document or it cannot be read.
    """
    if folder is None:
        if file is None:
            raise UsageError(
                "no document is given", todo="Name one, or --app PATH with `trust-center.document` in its piiguard.yaml"
            )
        return alone(understand(file.name, load(file)))
    policy = load_policy(folder, options.config) if options.use_config else Policy()
    path = file or document_path(policy, folder)
    if path is None:
        raise UsageError("no document is given", todo="Name one, or set `trust-center.document` in piiguard.yaml")
    data = load(path)
    hosts = tuple(host for each in (policy.everyone, *policy.apps.values()) for host in each.hosts)
    document = understand(path.name, data, hosts=hosts)
    report = scan(folder, options)
    today = options.today or date.today()
    code = Code(report.subject, report.observations, report.gaps, policy, today, policy.document_apps)
    return _held_against_time(against_code(document, code), report, folder)


def _held_against_time(checked: Checked, report: Report, folder: Path) -> Checked:
    """The same with what is younger than the document's review date; without a history, a note says so."""
    found = aging.places(checked, report.subject, report.observations)
    paths = {place.path for place in found}
    try:
        dates = history.line_dates(folder, paths)
        texts = {path: tuple(read_text(folder, path, 4 * MB).splitlines()) for path in dates}
    except (history.NoHistory, Unreadable) as error:
        note = f"whether the code is younger than the document: {error}"
        return msgspec.structs.replace(checked, notes=(*checked.notes, note))
    return aging.aged(checked, found, dates, texts)


def draft_from_document(file: Path, folder: Path) -> str:
    """The text of a piiguard.yaml for `folder`, from what a document says. Raises UsageError when it cannot be read."""
    document = understand(file.name, load(file))
    inside = file.resolve().is_relative_to(folder.resolve())
    return draft_from(document, file.resolve().relative_to(folder.resolve()).as_posix() if inside else "")


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
