"""What every format says about a report: which findings stand under which claim, what is left, the last sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from piiguard.formats.plain import plural
from piiguard.model import Answer, App, FileStatus, Gap, Known, Observation, Report, Verdict

ANSWERS: tuple[Answer, ...] = ("contradicted", "not-shown", "missing", "attested", "supported", "not-applicable")
"""Answers in the order in which a reader wants them: what asks for action comes first."""

OPEN: tuple[Answer, ...] = ("not-shown", "missing")
"""Answers that leave the claim to a person."""
REST: dict[Answer, str] = {"attested": "attested", "missing": "still without an attestation"}
"""How the last sentence counts claims that are not decided by code."""


class Marker(msgspec.Struct, frozen=True):
    """How an answer looks and is called, and what it says."""

    symbol: str
    word: str
    meaning: str


MARKERS: dict[str, Marker] = {
    "contradicted": Marker("✗", "contradicted", "at least one observation, not waived, stands against it"),
    "not-shown": Marker("?", "not shown", "something that it needs could not be looked at, or could not be decided"),
    "missing": Marker("–", "attestation missing", "it needs a named person's word, or an entry, that is not there"),
    "attested": Marker("✎", "attested", "a named person said so, with a date that has not passed"),
    "supported": Marker(
        "✓", "supported", "the checks that it needs ran on the listed files and found nothing against it; never proved"
    ),
    "not-applicable": Marker("·", "not applicable", "the vendor does not make this claim"),
}


class Broken(msgspec.Struct, frozen=True):
    """A contradicted claim of an app with the findings that stand against it, in report order."""

    verdict: Verdict
    findings: tuple[Observation, ...]


class Section(msgspec.Struct, frozen=True):
    """A section of the Trust Center document for one app. Verdicts are in the order of ANSWERS."""

    number: int
    title: str
    verdicts: tuple[Verdict, ...]


class Open(msgspec.Struct, frozen=True):
    """Claims of an app that are open for the same reason, and the places that a person must look at."""

    answer: Answer
    reason: str
    verdicts: tuple[Verdict, ...]
    observations: tuple[Observation, ...]


class Conclusion(msgspec.Struct, frozen=True):
    """The report in one sentence, and the answer that decides how it is coloured."""

    answer: Answer
    sentence: str


def sections(report: Report, app: str) -> tuple[Section, ...]:
    """The sections that have verdicts for the app, by number."""
    found: dict[int, list[Verdict]] = {}
    for verdict in report.judgement.verdicts:
        if verdict.app == app:
            found.setdefault(verdict.section, []).append(verdict)
    return tuple(
        Section(number, verdicts[0].section_title, tuple(sorted(verdicts, key=lambda v: ANSWERS.index(v.answer))))
        for number, verdicts in sorted(found.items())
    )


def findings(report: Report) -> tuple[Observation, ...]:
    """Observations that contradict a claim and are not waived, in the judge's order."""
    by_id = {observation.id: observation for observation in report.observations}
    return tuple(by_id[name] for name in dict.fromkeys(report.judgement.findings) if name in by_id)


def accepted(report: Report, finding: Observation) -> Known | None:
    """The entry of a finding in the baseline."""
    return report.baseline.known.get(finding.id) if report.baseline else None


def broken(report: Report, app: str) -> tuple[Broken, ...]:
    """The contradicted claims of the app by section; one without findings is kept, its reason stands alone."""
    standing = {finding.id: finding for finding in findings(report)}
    order = {name: place for place, name in enumerate(standing)}
    claims = [v for v in report.judgement.verdicts if v.app == app and v.answer == "contradicted"]
    claims.sort(key=lambda verdict: verdict.section)
    return tuple(
        Broken(
            verdict,
            tuple(standing[name] for name in sorted(set(verdict.observations) & order.keys(), key=order.__getitem__)),
        )
        for verdict in claims
    )


def undecided(report: Report, app: str) -> tuple[Open, ...]:
    """The app's claims that are not shown or lack an attestation, those with the same reason together."""
    by_id = {observation.id: observation for observation in report.observations}
    groups: dict[tuple[Answer, str], list[Verdict]] = {}
    for section in sections(report, app):
        for verdict in section.verdicts:
            if verdict.answer in OPEN:
                groups.setdefault((verdict.answer, verdict.reason), []).append(verdict)
    return tuple(
        Open(
            answer,
            reason,
            tuple(verdicts),
            tuple(by_id[i] for i in dict.fromkeys(i for v in verdicts for i in v.observations) if i in by_id),
        )
        for (answer, reason), verdicts in sorted(groups.items(), key=lambda group: OPEN.index(group[0][0]))
    )


def contradicted_by(report: Report) -> dict[str, tuple[Verdict, ...]]:
    """Observation id -> the verdicts it contradicts, by section."""
    against: dict[str, list[Verdict]] = {}
    for verdict in sorted(report.judgement.verdicts, key=lambda v: (v.section, v.claim)):
        if verdict.answer == "contradicted":
            for name in verdict.observations:
                against.setdefault(name, []).append(verdict)
    return {name: tuple(verdicts) for name, verdicts in against.items()}


def unforbidden(report: Report) -> tuple[Observation, ...]:
    """Observations that stand against no claim, leave none open, and are not waived."""
    judged = {*report.judgement.findings, *report.judgement.waived}
    judged |= {name for v in report.judgement.verdicts if v.answer in OPEN for name in v.observations}
    return tuple(observation for observation in report.observations if observation.id not in judged)


def gaps(report: Report) -> tuple[Gap, ...]:
    """Everything that could not be looked at, by place, each once."""
    return tuple(sorted({*report.gaps, *(gap for app in report.subject.apps for gap in app.gaps)}))


def of_app(report: Report, app: App) -> tuple[Observation, ...]:
    """The observations about an app: also those that name no app of the report."""
    return tuple(each for each in report.observations if _concerns(each.app, app, report))


def gaps_of(report: Report, app: App) -> tuple[Gap, ...]:
    """Everything that could not be looked at in an app; that no source was scanned is a gap as well."""
    found = {gap for gap in gaps(report) if _concerns(gap.app, app, report)}
    told = {gap.path for gap in found}
    found |= {Gap(each.path, each.why, app.id) for each in app.files if each.status == "gap" and each.path not in told}
    if not app.sources:
        found.add(Gap(app.id, "no source file was found to look at", app.id))
    return tuple(sorted(found))


def _concerns(named: str, app: App, report: Report) -> bool:
    return named == app.id or all(named != each.id for each in report.subject.apps)


def files(report: Report) -> tuple[FileStatus, ...]:
    """The coverage table of all apps, by path."""
    return tuple(sorted({status for app in report.subject.apps for status in app.files}))


def skipped(report: Report) -> Counter[str]:
    """Why a file was left out -> number of such files."""
    return Counter(file.why or "other" for file in files(report) if file.status == "skipped")


def steps(observation: Observation) -> Iterator[tuple[str, int, str]]:
    """The way of the data as path, line, note; it ends at the place of the observation."""
    for step in observation.flow:
        yield step.location.path, step.location.start_line, step.note
    last = observation.flow[-1].location if observation.flow else None
    here = observation.location
    if last and (last.path, last.start_line) != (here.path, here.start_line):
        yield here.path, here.start_line, observation.message


def conclusion(report: Report) -> Conclusion:
    """The answer of the whole report."""
    counts = Counter(verdict.answer for verdict in report.judgement.verdicts)
    unmatched = sum(1 for waiver in report.judgement.waivers if waiver.state == "unmatched")
    stale = [f"{plural(unmatched, 'waiver')} {'matches' if unmatched == 1 else 'match'} nothing"] if unmatched else []
    claims = plural(counts.total() - counts["not-applicable"], "claim")
    if counts["contradicted"]:
        places = len(findings(report))
        known = sum(accepted(report, finding) is not None for finding in findings(report))
        by = [
            f"{counts['contradicted']} of {claims} contradicted"
            + (f" by {plural(places, 'finding')}" if places else "")
            + (f" ({known:,} known since the baseline)" if known else "")
        ]
        open_ = [f"{counts['not-shown']} not shown"] if counts["not-shown"] else []
        return Conclusion("contradicted", "; ".join([*by, *open_, *stale]))
    if counts["not-shown"]:
        said = f"Nothing contradicted, but {counts['not-shown']} of {claims} could not be shown"
        return Conclusion("not-shown", "; ".join([said, *stale]))
    if not counts.total():
        return Conclusion("not-applicable", "; ".join(["No claim is answered by this report", *stale]))
    if counts["not-applicable"] == counts.total():
        return Conclusion("not-applicable", "; ".join(["No claim is made, so nothing was judged", *stale]))
    said = f"Nothing found against {plural(counts['supported'], 'claim')}"
    rest = [f"{counts[answer]} {word}" for answer, word in REST.items() if counts[answer]]
    return Conclusion("not-shown" if stale else "supported", "; ".join([said, *rest, *stale]))
