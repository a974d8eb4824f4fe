"""A baseline: what it knows, what it does not hide, and the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from formats.builders import observation, report, verdict

from piiguard import baseline, cli
from piiguard.baseline import Word
from piiguard.claims.exits import exit_code, expiring
from piiguard.errors import UsageError
from piiguard.formats import FORMATS
from piiguard.model import Gap, Judgement, Known, Location, Observation, Report, Verdict

DAY = date(2026, 6, 1)
WORD = Word("Ada Example, CTO", "fixed in 2.0", date(2026, 12, 31))
FACT = Observation(
    id="manifest-any-host@manifest.yml:17",
    app=".",
    rule="manifest-any-host",
    category="manifest-declaration",
    confidence="sure",
    location=Location("manifest.yml", 17),
    code="f1",
)


def found(name: str, code: str = "", **fields: Any) -> Observation:
    return observation(name, code=code or f"c{name}", data=("account-id",), **fields)


def scanned(
    *observations: Observation, facts: Sequence[Observation] = (), gaps: tuple[Gap, ...] = (), open_: bool = False
) -> Report:
    ids = tuple(each.id for each in observations)
    against = verdict(3, "stored", "contradicted", observations=ids, facts=tuple(facts), gaps=gaps)
    verdicts: tuple[Verdict, ...] = (against,) if ids or facts else (verdict(3, "stored", "supported"),)
    if open_:
        verdicts = (*verdicts, verdict(8, "hosts", "not-shown"))
    return report(observations, Judgement(verdicts, findings=ids))


def accepted(of: Report, word: Word | None = WORD, *, prune: bool = False) -> tuple[Known, ...]:
    return baseline.updated(of, word, prune=prune)


def code_of(of: Report, entries: tuple[Known, ...], today: date = DAY) -> int:
    held = baseline.hold(of, entries, today)
    assert held.baseline is not None
    return exit_code(held.judgement, held.baseline.known)


def test_known_findings_fail_no_run_and_change_no_answer() -> None:
    some = scanned(found("1"), found("2"))
    held = baseline.hold(some, accepted(some), DAY)
    assert code_of(some, accepted(some)) == 0
    (answer,) = held.judgement.verdicts
    assert answer.answer == "contradicted"
    assert answer.reason.endswith("; 2 findings of 2 known since the baseline")
    assert exit_code(held.judgement) == 1


def test_a_new_finding_counts() -> None:
    entries = accepted(scanned(found("1")))
    assert code_of(scanned(found("1"), found("2")), entries) == 1


def test_a_new_fact_of_the_manifest_counts_on_whatever_line_it_stands() -> None:
    entries = accepted(scanned(found("1"), facts=[FACT]))
    moved = msgspec.structs.replace(FACT, id="manifest-any-host@manifest.yml:99")
    other = msgspec.structs.replace(FACT, code="f2")
    assert code_of(scanned(found("1"), facts=[moved]), entries) == 0
    assert code_of(scanned(found("1"), facts=[other]), entries) == 1
    assert code_of(scanned(found("1"), facts=[FACT, other]), entries) == 1


def test_an_entry_that_has_ended_counts_again() -> None:
    some = scanned(found("1"))
    assert code_of(some, accepted(some), date(2026, 12, 31)) == 0
    assert code_of(some, accepted(some), date(2027, 1, 1)) == 1
    held = baseline.hold(some, accepted(some), date(2027, 1, 1)).baseline
    assert held is not None
    assert baseline.notes(held) == ("accepted until 2026-12-31, and counts again: forge-kvs-set in src/db.js",)


def test_what_could_not_be_looked_at_is_not_known() -> None:
    blind = scanned(found("1"), gaps=(Gap("src/x.js", "cannot be read"),))
    assert code_of(blind, accepted(blind)) == 3
    unsure = scanned(found("1"), open_=True)
    assert code_of(unsure, accepted(unsure)) == 3


def test_entries_that_match_nothing_are_told_and_pruned() -> None:
    entries = accepted(scanned(found("1"), found("2")))
    now = baseline.hold(scanned(found("1")), entries, DAY)
    assert now.baseline is not None
    assert [entry.id for entry in now.baseline.gone] == ["2"]
    (note,) = baseline.notes(now.baseline)
    assert note.startswith("1 entry matches nothing any more (forge-kvs-set in src/db.js)")
    assert [entry.id for entry in accepted(now)] == ["1", "2"]
    assert [entry.id for entry in accepted(now, prune=True)] == ["1"]


def test_an_entry_keeps_its_word_and_gets_a_new_one_only_when_it_has_ended() -> None:
    later = Word("Bo Example", "still there", date(2027, 6, 30))
    some = scanned(found("1"))
    assert accepted(baseline.hold(some, accepted(some), DAY), later)[0].by == WORD.by
    ended = baseline.hold(some, accepted(some), date(2027, 1, 1))
    assert accepted(ended, later)[0].by == later.by
    assert accepted(ended, None, prune=True)[0].by == WORD.by


def test_a_renamed_file_moves_its_entry() -> None:
    entries = accepted(scanned(found("1", "c")))
    moved = scanned(found("9", "c", location=Location("src/store.js", 131)))
    (entry,) = accepted(baseline.hold(moved, entries, DAY))
    assert (entry.id, entry.path, entry.by) == ("9", "src/store.js", WORD.by)


def test_the_file_is_sorted_and_read_back(tmp_path: Path) -> None:
    entries = accepted(scanned(found("2"), found("1"), facts=[FACT]))
    file = tmp_path / "b.json"
    file.write_text(baseline.render(reversed(entries)), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == baseline.render(entries)
    assert [entry.id for entry in baseline.read(file)] == ["f1", "1", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": "piiguard-baseline/2", "findings": []}',
        '{"schema": "piiguard-baseline/1", "findings": [{}]}',
        '{"schema": "piiguard-baseline/1", "findings": [], "more": 1}',
        "[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no baseline"):
        baseline.read(file)


def test_an_entry_without_a_day_is_refused(tmp_path: Path) -> None:
    (entry,) = accepted(scanned(found("1")))
    file = tmp_path / "b.json"
    file.write_text(baseline.render([msgspec.structs.replace(entry, until="never")]), encoding="utf-8")
    with pytest.raises(UsageError, match="no baseline"):
        baseline.read(file)


def test_entries_that_end_soon_are_told() -> None:
    entries = accepted(scanned(found("1")))
    lines = expiring(Judgement(), date(2026, 12, 30), 30, entries)
    assert lines == ("the baseline's entry for forge-kvs-set in src/db.js ends on 2026-12-31, tomorrow",)
    assert not expiring(Judgement(), DAY, 30, entries)


def test_formats_tell_what_is_known() -> None:
    some = scanned(found("1"), found("2"))
    held = baseline.hold(some, accepted(scanned(found("1"))), DAY)
    assert "2 findings (1 known since the baseline)" in FORMATS["short"](held)
    assert FORMATS["short"](held).count("src/db.js:31:3") == 1
    assert FORMATS["text"](held).count("known, accepted by Ada Example, CTO until 2026-12-31") == 1
    assert FORMATS["markdown"](held).count("known, accepted by Ada Example, CTO until 2026-12-31") == 1
    assert FORMATS["html"](held).count("accepted by Ada Example, CTO until 2026-12-31: fixed in 2.0") == 1
    assert json.loads(FORMATS["json"](held))["known"] == ["1"]
    assert json.loads(FORMATS["json"](some))["known"] == []


APP = {
    "manifest.yml": "app:\n  id: ari:cloud:ecosystem::app/1\n  runtime: {name: nodejs22.x}\nmodules:\n"
    "  jira:issuePanel:\n    - {key: panel, title: Board, function: main}\n"
    "  function:\n    - {key: main, handler: index.run}\npermissions:\n  scopes: [storage:app]\n",
    "src/index.js": "import { kvs } from '@forge/kvs';\n\n"
    "export const run = async ({ context }) => kvs.set('last', context.accountId);\n",
}
ACCEPT = ("--by", "Ada Example", "--reason", "known", "--until", "2026-12-31", "--today", "2026-06-01")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    for name, text in APP.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_from_the_first_baseline_to_the_last(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = app / "piiguard-baseline.json"
    scan = ("scan", str(app), "--baseline", str(file), "--today", "2026-06-01", "-q")
    assert cli.run(("baseline", str(app), *ACCEPT)) == 0
    first = file.read_text(encoding="utf-8")
    assert "accountId" not in first
    assert cli.run(scan) != 1
    assert cli.run(("baseline", str(app), *ACCEPT)) == 0
    assert file.read_text(encoding="utf-8") == first

    source = app / "src/index.js"
    clean = "export const run = async () => 1;\n"
    source.write_text("// moved\n" * 100 + APP["src/index.js"].replace("'", '"'), encoding="utf-8")
    assert cli.run(scan) != 1
    source.write_text(APP["src/index.js"].replace("context.accountId)", "context.accountId + 1)"), encoding="utf-8")
    assert cli.run(scan) == 1

    source.write_text(clean, encoding="utf-8")
    capfd.readouterr()
    cli.run(scan)
    assert "baseline: " in capfd.readouterr().err
    assert cli.run(("baseline", str(app), "--prune", "--today", "2026-06-01")) == 0
    assert "forge-kvs-set" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--by", "Ada"),
        ("--by", "Ada", "--reason", " ", "--until", "2026-12-31"),
        ("--by", "Ada", "--reason", "x\ny", "--until", "2026-12-31"),
        ("--by", "Ada", "--reason", "x", "--until", "2026-05-31"),
    ],
)
def test_nothing_is_accepted_without_a_whole_word(app: Path, arguments: tuple[str, ...]) -> None:
    assert cli.run(("baseline", str(app), "--today", "2026-06-01", *arguments)) == 2
    assert not (app / "piiguard-baseline.json").exists()
