"""The report for a terminal: what was scanned, one answer per claim, what contradicts it, what was not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Literal

import msgspec
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from piiguard.formats import overview
from piiguard.formats.overview import MARKERS, Broken, Open, Section
from piiguard.formats.plain import plural, printable
from piiguard.model import Answer, App, Gap, Observation, Report, Verdict, Waiver

Detail = Literal["verdict", "summary", "everything"]

STYLES: dict[str, str] = {
    "contradicted": "bold red",
    "not-shown": "bold yellow",
    "missing": "yellow",
    "attested": "cyan",
    "supported": "green",
    "not-applicable": "dim",
    "heading": "bold",
    "quiet": "dim",
    "place": "cyan",
    "marked": "bold",
}
"""What a thing is -> its rich style. Without colour only bold and dim are lost."""

SHOWN_IN_FULL = 3
"""Findings of one rule under one claim that are shown with code; the others are a list."""
FOLDED = 12
"""Places of a folded list."""
LISTED = 10
"""Gaps of one kind, and waivers, that are listed."""


class View(msgspec.Struct, frozen=True):
    """How much is shown: `summary` folds long lists, `everything` does not, `verdict` is the last line alone.

    `exit_code`: how the run will end, if that is known.
    """

    width: int = 80
    color: bool = False
    detail: Detail = "summary"
    exit_code: int | None = None

    def fold(self, count: int, limit: int) -> int:
        """How many of `count` entries to show. A list that is one entry too long is shown whole."""
        return count if self.detail == "everything" or count <= limit + 1 else limit


PAGE = View()
"""For a file, or a reader that is not a terminal."""


def render(report: Report, view: View = PAGE) -> str:
    """The report as text, `view.width` columns wide, with ANSI styles only if `view.color`."""
    blocks: list[RenderableType] = (
        [_conclusion(report, view)] if view.detail == "verdict" else list(_blocks(report, view))
    )
    console = Console(
        file=StringIO(),
        width=view.width,
        force_terminal=view.color,
        color_system="standard" if view.color else None,
        no_color=not view.color,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as captured:
        for block in blocks:
            console.print(block)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _blocks(report: Report, view: View) -> Iterator[RenderableType]:
    yield _header(report)
    numbers = {finding.id: number for number, finding in enumerate(_in_reading_order(report), start=1)}
    for app in report.subject.apps:
        yield from _app(report, app, numbers, view)
    yield from _unforbidden(report, view)
    yield from _waivers(report.judgement.waivers, view)
    yield from _not_looked_at(report, view)
    yield Line(style=STYLES["quiet"], characters="─")
    yield _conclusion(report, view)


class _Shown(msgspec.Struct):
    """What the reader has seen already: each thing is told once and referred to afterwards."""

    findings: set[str] = msgspec.field(default_factory=set)
    rules: set[str] = msgspec.field(default_factory=set)
    code: dict[tuple[str, int], int] = msgspec.field(default_factory=dict)
    """Path and line -> number of the finding that shows the code there."""


def _in_reading_order(report: Report) -> Iterable[Observation]:
    """Findings as they come up under the claims, each once: this is how they are numbered."""
    claims = (claim for app in report.subject.apps for claim in overview.broken(report, app.id))
    return {o.id: o for claim in claims for group in _by_rule(claim.findings) for o in group}.values()


def _by_rule(findings: Iterable[Observation]) -> list[list[Observation]]:
    groups: dict[str, list[Observation]] = {}
    for finding in findings:
        groups.setdefault(finding.rule, []).append(finding)
    return list(groups.values())


# ---------------------------------------------------------------- header and sections


def _header(report: Report) -> Text:
    apps = report.subject.apps
    scanned = sum(1 for file in overview.files(report) if file.status == "scanned")
    engines = ", ".join(f"{name} {version}" for name, version in sorted(report.tool.engines.items()))
    facts = [plural(len(apps), "app"), f"{plural(scanned, 'file')} scanned"]
    if left_out := sum(overview.skipped(report).values()):
        facts.append(f"{left_out:,} left out")
    if missed := len(overview.gaps(report)):
        facts.append(f"{plural(missed, 'gap')}")
    return Text.assemble(
        (f"{report.tool.name} {report.tool.version}", STYLES["heading"]),
        (f"  {engines}\n" if engines else "\n", STYLES["quiet"]),
        " · ".join(facts),
    )


def _app(report: Report, app: App, numbers: dict[str, int], view: View) -> Iterator[RenderableType]:
    yield Text()
    where = "" if app.id in (".", app.name) else f"  {printable(app.id)}"
    yield Line(
        Text.assemble((printable(app.name) or "Forge app", STYLES["heading"]), where),
        align="left",
        characters="─",
        style=STYLES["quiet"],
    )
    yield _sections(overview.sections(report, app.id), report, numbers, view)
    shown = _Shown()
    for claim in overview.broken(report, app.id):
        yield Text()
        yield from _broken(claim, report, numbers, shown, view)
    yield from _undecided(overview.undecided(report, app.id), view)


def _sections(sections: Iterable[Section], report: Report, numbers: dict[str, int], view: View) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    table.add_column(justify="right", style=STYLES["quiet"], width=2)
    table.add_column(ratio=2)
    table.add_column(ratio=5)
    known = {finding.id for finding in overview.findings(report)}
    for section in sections:
        lines = list(_answers(section.verdicts, known, numbers, view))
        table.add_row(str(section.number), printable(section.title), Group(*lines))
    return table


def _answers(
    verdicts: Iterable[Verdict], known: set[str], numbers: dict[str, int], view: View
) -> Iterator[RenderableType]:
    """One line per contradicted claim, one line for all claims that share another answer."""
    others: dict[Answer, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.answer == "contradicted":
            against = sorted(numbers[name] for name in verdict.observations if name in known)
            yield _answer("contradicted", _title(verdict), f"see {_ranges(against)}" if against else "")
        elif view.detail == "everything" and verdict.answer not in overview.OPEN:
            yield _answer(verdict.answer, _title(verdict), verdict.reason)
        else:
            others.setdefault(verdict.answer, []).append(verdict)
    for answer, group in others.items():
        word = "" if answer == "supported" else MARKERS[answer].word + ": "
        yield _answer(answer, word + "; ".join(_title(verdict) for verdict in group))


def _answer(answer: Answer, title: str, note: str = "") -> Table:
    said = Text(title)
    if note:
        said.append(f" ({printable(note)})", STYLES["quiet"])
    return _marked(answer, said)


def _title(verdict: Verdict) -> str:
    return printable(verdict.title or verdict.claim)


def _ranges(numbers: list[int]) -> str:
    """`#1`, `#1–4, #7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"#{run[0]}" if len(run) == 1 else f"#{run[0]}–{run[-1]}" for run in runs)


# ---------------------------------------------------------------- findings


def _broken(
    claim: Broken, report: Report, numbers: dict[str, int], shown: _Shown, view: View
) -> Iterator[RenderableType]:
    verdict = claim.verdict
    title = Text.assemble(
        (f"{verdict.section} {printable(verdict.section_title)}: ", "red"),
        (_title(verdict), STYLES["contradicted"]),
        (f"  [{printable(verdict.claim)}]", STYLES["quiet"]),
    )
    yield _marked("contradicted", title)
    yield Padding(Text(_reason(verdict.reason, view)), (0, 0, 0, 2))
    again = sorted(numbers[finding.id] for finding in claim.findings if finding.id in shown.findings)
    for group in _by_rule(finding for finding in claim.findings if finding.id not in shown.findings):
        yield from _group(group, report, numbers, shown, view)
    if again:
        yield Padding(Text(f"also contradicted by {_ranges(again)} above"), (0, 0, 0, 2))


def _marked(answer: Answer, said: Text) -> Table:
    """Text behind the answer's symbol; further lines are indented."""
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=1, style=STYLES[answer])
    line.add_column(ratio=1)
    line.add_row(MARKERS[answer].symbol, said)
    return line


def _reason(reason: str, view: View) -> str:
    """The parts of the reason that fit in three lines, at least the first: the judge says the most important first."""
    parts = reason.split("; ")
    fitting = len(parts)
    while view.detail != "everything" and fitting > 1 and len("; ".join(parts[:fitting])) > 3 * view.width:
        fitting -= 1
    left = len(parts) - fitting
    more = f"; … {plural(left, 'more remark')} (--verbose)" if left else ""
    return printable("; ".join(parts[:fitting])) + more


def _group(
    group: list[Observation], report: Report, numbers: dict[str, int], shown: _Shown, view: View
) -> Iterator[RenderableType]:
    """The findings of one rule: some in full, the others as places, then why it matters and what to do."""
    full = view.fold(len(group), SHOWN_IN_FULL)
    for finding in group[:full]:
        yield Text()
        yield Padding(_finding(finding, numbers[finding.id], report, shown, view), (0, 0, 0, 2))
    if rest := group[full:]:
        yield Text()
        yield Padding(_folded(rest, numbers), (0, 0, 0, 2))
    shown.findings.update(finding.id for finding in group)
    rule = group[0].rule
    if rule not in shown.rules and (advice := _advice(rule, report)):
        shown.rules.add(rule)
        yield Text()
        yield Padding(advice, (0, 0, 0, 5))


def _finding(finding: Observation, number: int, report: Report, shown: _Shown, view: View) -> RenderableType:
    title = Table.grid(padding=(0, 1, 0, 0))
    place = Text(_place(finding.location.path, finding.location.start_line), STYLES["place"])
    title.add_row(Text(f"#{number}", STYLES["heading"]), place.append(f"  {printable(finding.message)}", "default"))
    parts: list[RenderableType] = [
        title,
        Padding(Text(_facts(finding, report), STYLES["quiet"]), (0, 0, 0, 3)),
    ]
    frame = report.snippets.get(finding.id)
    spot = (finding.location.path, finding.location.start_line)
    if frame and spot in shown.code:
        parts.append(Padding(Text(f"(code: see #{shown.code[spot]})", STYLES["quiet"]), (0, 0, 0, 3)))
    elif frame:
        shown.code[spot] = number
        parts.append(Padding(_code(finding, frame, view), (0, 0, 0, 3)))
    if finding.flow:
        parts.append(Padding(_path(finding), (0, 0, 0, 3)))
    return Group(*parts)


def _facts(finding: Observation, report: Report) -> str:
    facts = [finding.rule]
    if entry := overview.accepted(report, finding):
        facts.append(f"known, accepted by {entry.by} until {entry.until}")
    if finding.data:
        facts.append("data: " + ", ".join(finding.data))
    if finding.host:
        facts.append("host: " + finding.host)
    if finding.confidence == "likely":
        facts.append("likely, not certain")
    return printable(" · ".join(facts))


def _code(finding: Observation, frame: tuple[str, ...], view: View) -> Text:
    """The lines around the place, one row each: what does not fit is cut."""
    location = finding.location
    first = max(1, location.start_line - 1)
    marked = range(location.start_line, max(location.start_line, location.end_line) + 1)
    gutter = len(str(first + len(frame) - 1))
    code = Text(no_wrap=True, overflow="ellipsis")
    for line, content in enumerate(frame, start=first):
        sign = "❱" if line in marked else " "
        code.append(f"{sign} {line:>{gutter}} │ ", STYLES["quiet"])
        room = max(20, view.width - gutter - 10)
        shown = printable(content.rstrip())
        code.append(
            (shown if len(shown) <= room else shown[: room - 1] + "…") + "\n",
            STYLES["marked"] if line in marked else "",
        )
    code.rstrip()
    return code


def _path(finding: Observation) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style=STYLES["quiet"])
    table.add_column(style=STYLES["place"], overflow="fold")
    table.add_column()
    for number, (path, line, note) in enumerate(overview.steps(finding)):
        table.add_row("path" if number == 0 else "", _place(path, line), printable(note))
    return table


def _folded(rest: list[Observation], numbers: dict[str, int]) -> Text:
    which = _ranges(sorted(numbers[item.id] for item in rest))
    said = Text.assemble((f"and {len(rest)} more of the same rule", STYLES["heading"]), f" ({which}): ")
    said.append(_places(rest[:FOLDED]))
    if len(rest) > FOLDED:
        said.append(", … (--verbose shows all)", STYLES["quiet"])
    return said


def _places(observations: Iterable[Observation]) -> str:
    """`src/a.js:3, 14; src/b.js:7`."""
    lines: dict[str, list[int]] = {}
    for observation in observations:
        lines.setdefault(observation.location.path, []).append(observation.location.start_line)
    return "; ".join(f"{printable(path)}:{', '.join(map(str, sorted(set(at))))}" for path, at in lines.items())


def _advice(rule: str, report: Report) -> Table | None:
    known = report.rules.get(rule)
    if known is None or not (known.why or known.fix):
        return None
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style=STYLES["quiet"])
    table.add_column()
    for label, said in (("why", known.why), ("fix", known.fix)):
        if said:
            table.add_row(label, printable(" ".join(said.split())))
    return table


def _place(path: str, line: int) -> str:
    return f"{printable(path)}:{line}" if line else printable(path)


# ---------------------------------------------------------------- what is left open, and the rest


def _undecided(groups: tuple[Open, ...], view: View) -> Iterator[RenderableType]:
    """Claims that a person must look at or attest: those with the same reason under one heading."""
    told: set[str] = set()
    for group in groups:
        yield Text()
        yield _marked(group.answer, _open_claims(group))
        parts = group.reason.split("; ")
        fresh = [part for part in parts if part not in told]
        told.update(parts)
        again = ["as above"] if len(fresh) < len(parts) else []
        yield Padding(Text(_reason("; ".join(again + fresh), view)), (0, 0, 0, 2))
        if group.observations:
            shown = view.fold(len(group.observations), FOLDED)
            more = f" and {len(group.observations) - shown} more" if len(group.observations) > shown else ""
            yield Padding(Text(f"look at {_places(group.observations[:shown])}{more}", STYLES["place"]), (0, 0, 0, 2))


def _open_claims(group: Open) -> Text:
    """One claim by its title; several by their ids, for the titles stand in the table."""
    first = group.verdicts[0]
    if len(group.verdicts) == 1:
        title = Text(f"{first.section} {printable(first.section_title)}: ").append(_title(first), STYLES["heading"])
        return title.append(f"  [{printable(first.claim)}]", STYLES["quiet"])
    sections: dict[int, list[str]] = {}
    for verdict in group.verdicts:
        sections.setdefault(verdict.section, []).append(printable(verdict.claim))
    named = "; ".join(f"{section} {', '.join(claims)}" for section, claims in sections.items())
    return Text(f"{len(group.verdicts)} claims {MARKERS[group.answer].word}: ", STYLES["heading"]).append(
        named, "not bold"
    )


def _unforbidden(report: Report, view: View) -> Iterator[RenderableType]:
    rest = overview.unforbidden(report)
    if not rest:
        return
    counts = Counter(observation.category or observation.rule for observation in rest)
    said = ", ".join(f"{count} {printable(category)}" for category, count in counts.most_common())
    yield Text()
    yield Text.assemble((f"{plural(len(rest), 'observation')} that no claim forbids: ", STYLES["heading"]), said)
    if view.detail == "everything":
        for item in rest:
            where = _place(item.location.path, item.location.start_line)
            yield Padding(Text(f"{where}  {printable(item.rule)}: {printable(item.message)}"), (0, 0, 0, 2))


def _waivers(waivers: tuple[Waiver, ...], view: View) -> Iterator[RenderableType]:
    if not waivers:
        return
    yield Text()
    yield Text("Waivers", STYLES["heading"])
    shown = view.fold(len(waivers), LISTED)
    for waiver in sorted(waivers, key=lambda waiver: (waiver.state == "used", waiver.location))[:shown]:
        until = f", until {waiver.until}" if waiver.until else ""
        what = plural(len(waiver.observations), "finding") if waiver.state == "used" else waiver.state.upper()
        where = _place(waiver.location.path, waiver.location.start_line)
        yield Padding(
            Text.assemble(
                (f"{what}  ", "" if waiver.state == "used" else STYLES["not-shown"]),
                f"{printable(waiver.rule)} in {printable(waiver.path)}: {printable(waiver.reason)}{printable(until)}",
                (f"  ({where})", STYLES["quiet"]),
            ),
            (0, 0, 0, 2),
        )
    if len(waivers) > shown:
        yield Padding(Text(f"and {len(waivers) - shown} more (--verbose shows all)"), (0, 0, 0, 2))


def _not_looked_at(report: Report, view: View) -> Iterator[RenderableType]:
    gaps, skipped = overview.gaps(report), overview.skipped(report)
    if gaps:
        yield Text()
        yield Text(f"Not looked at: {plural(len(gaps), 'gap')}", STYLES["heading"])
        reasons: dict[str, list[Gap]] = {}
        for gap in gaps:
            reasons.setdefault(gap.why, []).append(gap)
        for why, group in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
            yield Padding(_gap(why, group, view), (0, 0, 0, 2))
    if skipped:
        yield Text()
        said = ", ".join(f"{count:,} {printable(why)}" for why, count in skipped.most_common())
        yield Text.assemble(("Left out by rule: ", STYLES["heading"]), said, (" (--include KIND)", STYLES["quiet"]))


def _gap(why: str, group: list[Gap], view: View) -> Text:
    shown = view.fold(len(group), LISTED)
    places = ", ".join(_place(gap.path, gap.line) for gap in group[:shown] if gap.path)
    more = f", and {len(group) - shown} more (--verbose shows all)" if len(group) > shown else ""
    return Text.assemble((printable(why), STYLES["not-shown"]), f": {places}{more}" if places else "")


def _conclusion(report: Report, view: View) -> Text:
    end = overview.conclusion(report)
    said = Text.assemble((f"{MARKERS[end.answer].symbol} {end.sentence}.", STYLES[end.answer]))
    if view.exit_code is not None:
        said.append(f"  (exit code {view.exit_code})", STYLES["quiet"])
    return said
