"""A run in GitHub Actions: scan, compare with the base of a pull request, and say what the runner is to be told.

Reads the event and the repository; what it says is returned, and the command writes it. See docs/github-action.md.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

import msgspec

from piiguard import baseline as baselines
from piiguard import scan as scanning
from piiguard.app.files import MB, Unreadable, read_bytes
from piiguard.app.revisions import head_and_parents
from piiguard.changes import compare, states, write
from piiguard.claims.exits import exit_code, expiring
from piiguard.errors import PiiguardError, UsageError
from piiguard.formats import TO_FILE, github, markdown
from piiguard.formats.json import document
from piiguard.formats.overview import conclusion
from piiguard.formats.plain import plural
from piiguard.model import Baseline, Gap, Location, Observation, Report

FILES = {
    "sarif": "piiguard.sarif",
    "json": "piiguard.json",
    "markdown": "piiguard.md",
    "html": "piiguard.html",
    "cyclonedx": "piiguard.cdx.json",
    "text": "piiguard.txt",
    "pdf": "piiguard.pdf",
}
"""Format -> file in the artifact."""
CHANGES_FILE = "changes.json"
FAILING = {"contradicted": 1, "not-shown": 3}
"""What a run may be told to fail on -> the exit code that says so."""


class Asked(msgspec.Struct, frozen=True):
    """What the workflow asks for."""

    path: Path
    workspace: Path
    """The checkout: annotations and SARIF name files from here."""
    formats: Collection[str] = ("sarif", "json", "html")
    fail_on: Collection[str] = ("contradicted",)
    """Of FAILING, `never`."""
    fail_within: int | None = None
    """Days within which nothing that a person accepted or attested may end."""
    event: Path | None = None
    event_name: str = ""
    sha: str = ""
    """The commit that the event is about: of a pull request, its merge into the base."""


class Outcome(msgspec.Struct, frozen=True):
    """What the runner is told."""

    failed: bool
    summary: str
    annotations: str
    files: dict[str, str | bytes]
    outputs: dict[str, str]


def run(asked: Asked, options: scanning.Options) -> Outcome:
    """Scan, compare, and say it. Raises PiiguardError as a scan does."""
    report = scanning.scan(asked.path, options)
    held = report.baseline or Baseline()
    base, note = _base(asked)
    changes = None
    if base:
        try:
            before = states.state(base, asked.path, msgspec.structs.replace(options, baseline=None))
            changes = compare.compare(before, document(report), (base, "HEAD"))
        except PiiguardError as error:
            note = f"The base could not be looked at, so everything is shown: {error.what}."
    code = compare.exit_code(changes) if changes else exit_code(report.judgement, held.known)
    today = options.today or date.today()
    within = asked.fail_within
    ending = expiring(report.judgement, today, within, held.known.values()) if within is not None else ()
    failing = {FAILING[word] for word in asked.fail_on if word in FAILING}
    prefix = _prefix(asked)
    remarks = [note, *baselines.notes(held), *ending]
    return Outcome(
        failed="never" not in asked.fail_on and (code in failing or bool(ending)),
        summary=_summary(report, changes, [remark for remark in remarks if remark]),
        annotations=github.render(_rooted(_new(report, changes) if changes else report, prefix)),
        files=_files(report, changes, asked.formats, prefix),
        outputs={
            "result": str(code),
            "findings": str(len(report.judgement.findings)),
            "new-findings": str(len(changes.added.findings) if changes else ""),
        },
    )


def _base(asked: Asked) -> tuple[str, str]:
    """The revision that a pull request is compared with, and a remark where there should be one and is none.

    A pull request is checked out as a merge: its first parent is the base as it is now. Else the event tells it.
    """
    if asked.event_name != "pull_request" or asked.event is None:
        return "", ""
    try:
        head, *parents = head_and_parents(asked.path)
        if head == asked.sha and len(parents) == 2:
            return parents[0], ""
        event = msgspec.json.decode(read_bytes(asked.event.parent, asked.event.name, 32 * MB))
        return str(event["pull_request"]["base"]["sha"]), ""
    except (Unreadable, msgspec.MsgspecError, KeyError, TypeError, PiiguardError):
        return (
            "",
            "The base of the pull request is not known, so everything is shown (actions/checkout: fetch-depth: 2).",
        )


def _summary(report: Report, changes: compare.Changes | None, remarks: list[str]) -> str:
    said = "".join(f"\n> {markdown.escape(remark)}\n" for remark in remarks)
    if changes is None:
        return markdown.render(report) + said
    whole = f"\nThe app as a whole, with this change: {markdown.escape(conclusion(report).sentence)}.\n"
    return write.markdown(changes) + whole + said


def _new(report: Report, changes: compare.Changes) -> Report:
    """The report of what the change introduces, for annotations."""
    ids = {finding.id for finding in changes.added.findings}
    facts = {(fact.app, fact.claim, fact.message) for fact in changes.added.facts}
    shifted = {(shift.app, shift.claim) for shift in changes.verdicts}
    verdicts = tuple(
        msgspec.structs.replace(
            verdict,
            facts=tuple(fact for fact in verdict.facts if (verdict.app, verdict.claim, fact.message) in facts),
            gaps=verdict.gaps if (verdict.app, verdict.claim) in shifted else (),
        )
        for verdict in report.judgement.verdicts
    )
    findings = tuple(each for each in report.judgement.findings if each in ids)
    judgement = msgspec.structs.replace(report.judgement, verdicts=verdicts, findings=findings)
    return msgspec.structs.replace(report, judgement=judgement)


def _files(
    report: Report, changes: compare.Changes | None, formats: Collection[str], prefix: str
) -> dict[str, str | bytes]:
    """File -> content. Code scanning wants paths from the root of the repository; the others tell of the folder."""
    files = {FILES[name]: TO_FILE[name](_rooted(report, prefix) if name == "sarif" else report) for name in formats}
    if changes:
        files[CHANGES_FILE] = write.as_json(changes)
    return files


def _prefix(asked: Asked) -> str:
    """The scanned folder, from the checkout: `apps/board/`, or nothing."""
    path, workspace = asked.path.resolve(), asked.workspace.resolve()
    inside = path.relative_to(workspace).as_posix() if path.is_relative_to(workspace) else "."
    return "" if inside == "." else f"{inside}/"


def _rooted(report: Report, prefix: str) -> Report:
    """The report with its places told from the root of the repository."""
    if not prefix:
        return report

    def place(location: Location) -> Location:
        return msgspec.structs.replace(location, path=prefix + location.path)

    def observation(each: Observation) -> Observation:
        flow = tuple(msgspec.structs.replace(step, location=place(step.location)) for step in each.flow)
        return msgspec.structs.replace(each, location=place(each.location), flow=flow)

    def gap(each: Gap) -> Gap:
        return msgspec.structs.replace(each, path=prefix + each.path) if each.path else each

    verdicts = tuple(
        msgspec.structs.replace(
            verdict, gaps=tuple(map(gap, verdict.gaps)), facts=tuple(map(observation, verdict.facts))
        )
        for verdict in report.judgement.verdicts
    )
    apps = tuple(msgspec.structs.replace(app, gaps=tuple(map(gap, app.gaps))) for app in report.subject.apps)
    return msgspec.structs.replace(
        report,
        observations=tuple(map(observation, report.observations)),
        gaps=tuple(map(gap, report.gaps)),
        judgement=msgspec.structs.replace(report.judgement, verdicts=verdicts),
        subject=msgspec.structs.replace(report.subject, apps=apps),
    )


def parse_formats(said: str) -> tuple[str, ...]:
    """`sarif,json`. Raises UsageError."""
    names = tuple(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    for name in names:
        if name not in FILES:
            raise UsageError(f"formats: {name!r} is none of {', '.join(FILES)}")
    return names


def parse_fail_on(said: str) -> tuple[tuple[str, ...], int | None]:
    """`contradicted,not-shown,expiring:30d`, or `never`: the words, and the days. Raises UsageError."""
    words = [word.strip() for word in said.split(",") if word.strip()]
    days = [word[len("expiring:") : -1] for word in words if word.startswith("expiring:") and word.endswith("d")]
    rest = tuple(word for word in words if not word.startswith("expiring:"))
    wrong = [word for word in rest if word not in (*FAILING, "never")]
    dated = sum(word.startswith("expiring:") for word in words)
    if (
        not words
        or wrong
        or dated > 1
        or len(days) != dated
        or not all(day.isdecimal() and len(day) < 5 for day in days)
    ):
        known = ", ".join((*FAILING, "expiring:DAYSd", "never"))
        raise UsageError(f"fail-on: {said!r} must be one or more of {known}, with commas between them")
    return rest, int(days[0]) if days else None


def conclusion_line(outcome: Outcome) -> str:
    """One line for the log."""
    new = outcome.outputs["new-findings"]
    return f"{plural(int(outcome.outputs['findings']), 'finding')}{f', {new} new' if new else ''}"
