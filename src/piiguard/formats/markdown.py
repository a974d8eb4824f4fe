"""The report for a pull request or a job summary (GitHub flavoured Markdown).

What comes from the scanned repository stands in code spans and code blocks, where nothing is a link, a mention or HTML;
in running text every character that means something to Markdown is escaped.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from piiguard.formats import overview
from piiguard.formats.overview import ANSWERS, MARKERS, Broken, Open
from piiguard.formats.plain import plural, printable
from piiguard.model import App, Observation, Report, Rule, Waiver

LIMIT = 60_000
"""Characters. A comment on GitHub holds 65,536."""
ROOM_FOR_NOTE = 400
EXPLAINED = 20
"""Findings whose code and path are shown, folded away."""
CHUNK = 25
"""Lines of a list that are kept or left out together."""

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|~&$])")
_LINE_START = re.compile(r"^([-+=.:]|\d+[.)])")
_LINKING = re.compile(r"(@|\\#|:(?=//)|\bwww(?=\.))", re.IGNORECASE)
_ZERO_WIDTH = "&#8203;"
_BACKTICKS = re.compile(r"`+")


class Part(msgspec.Struct, frozen=True):
    """A paragraph, and what the reader misses when there is no room for it: `count` things called `kind`."""

    text: str
    kind: str = ""
    count: int = 0


def render(report: Report) -> str:
    """The report, at most LIMIT characters long; if something had to go, the last paragraph says how much of what."""
    kept: list[str] = []
    missing: Counter[str] = Counter()
    room = LIMIT - ROOM_FOR_NOTE
    for part in _parts(report):
        room -= len(part.text) + 2
        if room >= 0:
            kept.append(part.text)
        elif part.kind:
            missing[part.kind] += part.count
    if room < 0:
        what = ", ".join(plural(count, kind) for kind, count in missing.items()) or "the remainder"
        kept.append(f"**Cut short.** Left out here: {what}. The JSON report (`--output json=FILE`) has everything.")
    return "\n\n".join(kept) + "\n"


def _parts(report: Report) -> Iterator[Part]:
    """Paragraphs in order of importance; each can stand without those after it."""
    yield Part(_headline(report))
    for app in report.subject.apps:
        heading = f"### {escape(app.name) or 'Forge app'} {code(app.id)}"
        yield Part(f"{heading}\n\n{_sections(report, app)}", "app", 1)
    listed: set[str] = set()
    for app in report.subject.apps:
        for claim in overview.broken(report, app.id):
            yield from _claim(claim, listed, report)
    for app in report.subject.apps:
        yield from _undecided(report, app)
    yield from _gaps(report)
    yield from _rest(report)
    yield from _explanations(report)


def _headline(report: Report) -> str:
    end = overview.conclusion(report)
    apps = plural(len(report.subject.apps), "app")
    files = sum(1 for file in overview.files(report) if file.status == "scanned")
    return (
        f"## {MARKERS[end.answer].symbol} {end.sentence}\n\n"
        f"{apps}, {plural(files, 'file')} scanned, {plural(len(overview.gaps(report)), 'gap')} "
        f"({report.tool.name} {report.tool.version})"
    )


def _sections(report: Report, app: App) -> str:
    lines = ["| | section | answers | claims that ask for action |", "| --- | --- | --- | --- |"]
    for section in overview.sections(report, app.id):
        counts = Counter(verdict.answer for verdict in section.verdicts)
        answers = ", ".join(f"{counts[answer]} {MARKERS[answer].word}" for answer in ANSWERS if counts[answer])
        asking = [v for v in section.verdicts if v.answer in ("contradicted", "not-shown", "missing")]
        named = "<br>".join(f"{MARKERS[v.answer].symbol} {escape(v.title or v.claim)}" for v in asking)
        worst = next(answer for answer in ANSWERS if counts[answer])
        lines.append(f"| {MARKERS[worst].symbol} | {section.number}. {escape(section.title)} | {answers} | {named} |")
    return "\n".join(lines)


def _claim(claim: Broken, listed: set[str], report: Report) -> Iterator[Part]:
    """The claim with its findings, one line each; those of an earlier claim are only counted."""
    verdict = claim.verdict
    title = f"{verdict.section}. {escape(verdict.section_title)}: {escape(verdict.title or verdict.claim)}"
    fresh = [finding for finding in claim.findings if finding.id not in listed]
    again = len(claim.findings) - len(fresh)
    also = f" (also by {plural(again, 'finding')} above)" if again else ""
    yield Part(f"### {MARKERS['contradicted'].symbol} {title}\n\n{escape(verdict.reason)}{also}", "claim", 1)
    yield from _list([_line(finding, report) for finding in fresh], "finding")
    listed.update(finding.id for finding in fresh)


def _undecided(report: Report, app: App) -> Iterator[Part]:
    groups = overview.undecided(report, app.id)
    if groups:
        yield Part(f"### For a person to decide: {code(app.id)}")
        yield from _list([_open(group) for group in groups], "open claim")


def _open(group: Open) -> str:
    titles = "; ".join(f"{verdict.section}. {escape(verdict.title or verdict.claim)}" for verdict in group.verdicts)
    places = [_place(item.location.path, item.location.start_line) for item in group.observations[:CHUNK]]
    where = f" ({', '.join(places)})" if places else ""
    return f"- {MARKERS[group.answer].symbol} **{titles}**: {escape(group.reason)}{where}"


def _list(lines: list[str], kind: str) -> Iterator[Part]:
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start : start + CHUNK]
        yield Part("\n".join(chunk), kind, len(chunk))


def _line(finding: Observation, report: Report) -> str:
    facts = [code(finding.rule)]
    if entry := overview.accepted(report, finding):
        facts.append(f"known, accepted by {escape(entry.by)} until {entry.until}")
    if finding.data:
        facts.append("data: " + ", ".join(finding.data))
    if finding.host:
        facts.append("host: " + code(finding.host))
    if finding.confidence == "likely":
        facts.append("likely, not certain")
    where = _place(finding.location.path, finding.location.start_line)
    return f"- {where} {escape(finding.message)} ({', '.join(facts)})"


def _explanations(report: Report) -> Iterator[Part]:
    """Folded away: the code and the path of the first findings, then each rule's advice."""
    findings = overview.findings(report)
    for finding in findings[:EXPLAINED]:
        if evidence := _evidence(finding, report):
            place = f"{finding.location.path}:{finding.location.start_line}"
            yield Part(_details(place, evidence), "explanation", 1)
    for name in dict.fromkeys(finding.rule for finding in findings):
        if advice := _advice(report.rules.get(name)):
            yield Part(_details(name, advice), "explanation", 1)


def _evidence(finding: Observation, report: Report) -> list[str]:
    parts: list[str] = []
    if frame := report.snippets.get(finding.id):
        parts.append(fenced(frame))
    if finding.flow:
        steps = enumerate(overview.steps(finding), start=1)
        parts.append(
            "\n".join(f"{number}. {_place(path, line)} {escape(note)}" for number, (path, line, note) in steps)
        )
    return parts


def _advice(rule: Rule | None) -> list[str]:
    told = [("Why it matters", rule.why), ("What to do", rule.fix)] if rule else []
    return [f"**{heading}.** {escape(said)}" for heading, said in told if said]


def _details(summary: str, parts: list[str]) -> str:
    """The summary is raw HTML, the parts are Markdown: blank lines divide them."""
    opening = f"<details><summary><code>{html.escape(printable(summary))}</code></summary>"
    return "\n\n".join([opening, *parts, "</details>"])


def _gaps(report: Report) -> Iterator[Part]:
    if gaps := overview.gaps(report):
        yield Part(f"### Not looked at: {plural(len(gaps), 'gap')}")
        yield from _list([f"- {_place(gap.path, gap.line)} {escape(gap.why)}" for gap in gaps], "gap")


def _rest(report: Report) -> Iterator[Part]:
    if rest := overview.unforbidden(report):
        counts = Counter(observation.category or observation.rule for observation in rest)
        said = ", ".join(f"{count} {code(category)}" for category, count in counts.most_common())
        yield Part(f"{plural(len(rest), 'observation')} that no claim forbids: {said}.")
    if waivers := report.judgement.waivers:
        yield Part("### Waivers")
        yield from _list([_waiver(waiver) for waiver in waivers], "waiver")
    if skipped := overview.skipped(report):
        said = ", ".join(f"{count:,} {escape(why)}" for why, count in skipped.most_common())
        yield Part(f"Left out by rule: {said}.")


def _waiver(waiver: Waiver) -> str:
    what = plural(len(waiver.observations), "finding") if waiver.state == "used" else f"**{waiver.state}**"
    until = f", until {escape(waiver.until)}" if waiver.until else ""
    return f"- {what}: {code(waiver.rule)} in {code(waiver.path)}: {escape(waiver.reason)}{until}"


# ---------------------------------------------------------------- escaping


def escape(text: str) -> str:
    """Running text: no markup, no HTML, no link, no mention and no issue reference survives."""
    quoted = _MARKUP.sub(r"\\\1", " ".join(printable(text).split()))
    return _LINKING.sub(rf"\1{_ZERO_WIDTH}", _LINE_START.sub(rf"{_ZERO_WIDTH}\1", quoted))


def code(text: str) -> str:
    """A code span that ends where it should, whatever backticks the text holds."""
    shown = printable(text) or " "
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or shown != shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(lines: Iterable[str]) -> str:
    """A code block whose fence is longer than any in it."""
    shown = [printable(line.rstrip()) for line in lines]
    longest = max((len(run) for line in shown for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *shown, fence])


def _place(path: str, line: int) -> str:
    """A place as code; nothing for what has no place."""
    return code(f"{path}:{line}" if line else path) if path else ""
