"""The five verbs: read the app, observe its places, trace what reaches what, judge each claim, write the answer.

To observe and to trace takes nearly all of the time. What they saw is kept, and the modules that do it are imported
where nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec

from piiguard import __version__, app, baseline, narrow
from piiguard.app import scripts
from piiguard.cache import OFF, Cache
from piiguard.claims.config import load_policy
from piiguard.claims.judge import judge
from piiguard.claims.policy import Policy
from piiguard.claims.waivers import complaints
from piiguard.engines import catalogue as rule_catalogue
from piiguard.engines.catalogue import Catalogue
from piiguard.errors import UsageError
from piiguard.model import EngineReport, Gap, Judgement, Mark, Observation, Report, Rule, Subject, Tool, Traced
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
    changed: frozenset[str] | None = None
    """Files, relative to the scanned folder: report what they touch or cause. None: report all."""
    baseline: Path | None = None
    """A file of known findings, to hold against what is found."""
    today: date | None = None
    """Day for which waivers, attestations and the baseline are judged; None: the real one."""
    progress: Callable[[str], None] = _quiet
    cache: Cache = OFF


class Seen(msgspec.Struct, frozen=True):
    """What observing and tracing brought home: all that the later verbs need."""

    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]
    secrets: tuple[Mark, ...]
    """Where secrets stand, to be masked."""
    rules: dict[str, Rule]
    """The rules of the observations, by id."""
    rules_digest: str
    engines: dict[str, str]


def catalogue(rules: tuple[Path, ...] = ()) -> Catalogue:
    """All rules, of every engine."""
    return _with_declared(rule_catalogue.load(rules))


def _with_declared(written: Catalogue) -> Catalogue:
    """The rules that stand in files, and those that the engines declare."""
    from piiguard import flow
    from piiguard.engines import dependencies, manifest, markup, python, secrets

    declared = (*python.rules(), *manifest.RULES, *dependencies.RULES, *markup.RULES, *secrets.RULES, *flow.RULES)
    return written.with_rules(declared)


def scan(path: Path, options: Options) -> Report:
    """Scan the app or apps in `path`. Raises PiiguardError (UsageError: exit 2; EngineError: exit 3)."""
    written = rule_catalogue.load(options.rules)
    if options.only:
        _check_only(options.only, _with_declared(written))
    listed = baseline.read(options.baseline) if options.baseline else None
    today = options.today or date.today()
    options.progress("reading")
    subject = app.read(path, include=options.include)
    policy = load_policy(path if path.is_dir() else path.parent, options.config) if options.use_config else Policy()
    seen = _see(subject, written, options)
    options.progress("judging claims")
    judgement = judge(subject, seen.observations, seen.gaps, policy, today=today)
    _refuse_dead_waivers(judgement)
    report = Report(
        tool=Tool("piiguard", __version__, seen.rules_digest, seen.engines),
        subject=subject,
        observations=seen.observations,
        judgement=judgement,
        gaps=seen.gaps,
        rules=seen.rules,
        snippets=frames(subject, seen.observations, seen.secrets),
    )
    if listed is not None:
        report = baseline.hold(report, listed, today)
    if options.only:
        report = narrow.to_rules(report, options.only)
    return report if options.changed is None else narrow.to_changed(report, options.changed)


def _see(subject: Subject, written: Catalogue, options: Options) -> Seen:
    """Observe and trace, or recall what an earlier run saw of the same apps with the same rules."""
    question = ("seen", written.files, msgspec.structs.replace(subject, commit=None, dirty=None))
    seen = options.cache.recall(question, Seen)
    if seen is not None:
        return seen
    from piiguard import flow

    known = _with_declared(written)
    options.progress("looking at places")
    observed = observe(subject, known, options.cache)
    options.progress("tracing data")
    traced = _with_helpers_told_apart(subject, flow.trace(subject, observed.marks, known.rules))
    seen = Seen(
        observations=traced.observations,
        gaps=_all_gaps(subject, observed, traced),
        secrets=tuple(mark for mark in observed.marks if known.rules[mark.rule].category == "hardcoded-secret"),
        rules={each.rule: known.rules[each.rule] for each in traced.observations if each.rule in known.rules},
        rules_digest=known.digest,
        engines=observed.versions,
    )
    if observed.repeatable:
        options.cache.keep(question, seen)
    return seen


def observe(subject: Subject, known: Catalogue, cache: Cache = OFF) -> EngineReport:
    """What all engines found, in one."""
    from piiguard.engines import dependencies, detours, manifest, markup, python, secrets, semgrep

    reports = (
        semgrep.run(subject, known, cache),
        detours.run(subject, known, cache),
        python.run(subject, cache=cache),
        manifest.run(subject),
        dependencies.run(subject),
        markup.run(subject),
        secrets.run(subject, cache),
    )
    return EngineReport(
        tuple(mark for report in reports for mark in report.marks),
        tuple(gap for report in reports for gap in report.gaps),
        {name: version for report in reports for name, version in report.versions.items()},
        all(report.repeatable for report in reports),
    )


def _all_gaps(subject: Subject, observed: EngineReport, traced: Traced) -> tuple[Gap, ...]:
    """The gaps of all stages. Where both parsers stumble over a line, the graph's word counts."""
    of_apps = (gap for each in subject.apps for gap in each.gaps)
    told = {(gap.path, gap.line) for gap in traced.gaps} | traced.stumbles
    observing = (gap for gap in observed.gaps if not gap.line or (gap.path, gap.line) not in told)
    beside = _beside(subject)
    found = {*of_apps, *observing, *traced.gaps}
    return tuple(sorted(msgspec.structs.replace(gap, app="") if gap.path in beside else gap for gap in found))


def _beside(subject: Subject) -> frozenset[str]:
    return frozenset(path for each in subject.apps for path in each.beside)


def _with_helpers_told_apart(subject: Subject, traced: Traced) -> Traced:
    """What lies beside the apps, and what only developers run, has the path kind that claims know it by."""
    kinds = {
        **{path: "script" for app in subject.apps for path in scripts.developers(app)},
        **dict.fromkeys(_beside(subject), "beside"),
    }

    def told_apart(each: Observation) -> Observation:
        kind = kinds.get(each.location.path)
        return msgspec.structs.replace(each, attributes={**each.attributes, "path_kind": kind}) if kind else each

    return msgspec.structs.replace(traced, observations=tuple(map(told_apart, traced.observations)))


def _check_only(only: frozenset[str], known: Catalogue) -> None:
    names = known.rules.keys() | {rule.category for rule in known.rules.values()}
    for name in sorted(only - names):
        raise UsageError(f"--only {name}: no such rule or category", todo="`piiguard rules` lists them")


def _refuse_dead_waivers(judgement: Judgement) -> None:
    """A waiver that matches nothing hides nothing today and something tomorrow: an error."""
    lines = complaints(judgement.waivers)
    if lines:
        raise UsageError("\n".join(lines))
