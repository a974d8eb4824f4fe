"""The terminal report: complete, honest, harmless, and no wider than it may be."""

from __future__ import annotations

import re
import unicodedata

import msgspec
import pytest

from piiguard.formats import overview, text
from piiguard.formats.plain import UNPRINTABLE, printable
from piiguard.model import Answer, FileStatus, Gap, Judgement, Report

from .builders import app, hostile_report, observation, place, report, rich_report, verdict

EVERYTHING = text.View(detail="everything")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def flat(said: str) -> str:
    """Without line breaks: wrapping is no matter here."""
    return " ".join(said.split())


def unbroken(said: str) -> str:
    """Without any white space, for long words that were folded."""
    return "".join(said.split())


def test_every_finding_is_named_with_its_place() -> None:
    given = rich_report()
    said = flat(text.render(given, EVERYTHING))
    for finding in overview.findings(given):
        assert f"{finding.location.path}:{finding.location.start_line}" in said


def test_every_finding_is_shown_once_and_numbered() -> None:
    said = text.render(rich_report(), EVERYTHING)
    assert [int(n) for n in re.findall(r"^  #(\d+) ", said, re.M)] == list(range(1, 23))
    assert "also contradicted by #22 above" in said


def test_long_lists_are_folded_and_say_so() -> None:
    said = flat(text.render(rich_report()))
    assert "and 18 more of the same rule (#4–21): " in said
    assert "--verbose shows all" in said
    assert "more of the same rule" not in text.render(rich_report(), EVERYTHING)


@pytest.mark.parametrize("detail", ["summary", "everything"])
def test_every_claim_has_its_answer(detail: text.Detail) -> None:
    given = rich_report()
    said = text.render(given, text.View(detail=detail, width=120))
    for claim in given.judgement.verdicts:
        line = next(line for line in said.splitlines() if claim.title in line)
        assert overview.MARKERS[claim.answer].symbol in line


def test_every_gap_is_listed() -> None:
    given = rich_report()
    said = flat(text.render(given))
    assert "Not looked at: 2 gaps" in said
    for gap in given.gaps:
        assert gap.path in said
        assert gap.why in said


def test_many_gaps_are_counted() -> None:
    gaps = tuple(Gap(f"src/g{n}.js", "too long") for n in range(100))
    given = report(gaps=gaps)
    assert "and 90 more" in flat(text.render(given))
    assert all(gap.path in text.render(given, EVERYTHING) for gap in gaps)


def test_code_path_data_and_remedy_are_shown() -> None:
    said = flat(text.render(rich_report()))
    assert "❱ 31 │ await kvs.set(`user:${user.accountId}`, user);" in said
    assert "src/index.js:12 resolver context" in said
    assert "data: account-id, display-name" in said
    assert "fix Store an opaque id" in said


def test_waivers_that_need_care_come_first() -> None:
    said = text.render(rich_report())
    assert said.index("UNMATCHED") < said.index("EXPIRED") < said.index("Audit trail")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("given", [rich_report(), hostile_report()])
def test_no_line_is_wider_than_the_view(width: int, given: Report) -> None:
    from rich.cells import cell_len

    assert max(map(cell_len, text.render(given, text.View(width=width)).splitlines())) <= width


@pytest.mark.parametrize("detail", ["verdict", "summary", "everything"])
def test_nothing_of_the_scanned_repository_controls_the_terminal(detail: text.Detail) -> None:
    plain = text.render(hostile_report(), text.View(detail=detail))
    coloured = ANSI.sub("", text.render(hostile_report(), text.View(detail=detail, color=True)))
    for said in (plain, coloured):
        bad = {character for character in said if unicodedata.category(character) in UNPRINTABLE} - {"\n"}
        assert not bad


def test_colours_of_a_hostile_name_are_spelled_out() -> None:
    said = unbroken(text.render(hostile_report(), EVERYTHING))
    assert r"evil\x1b[31m\x9b2J\u202e[boldred]`|<imgsrc=x>@all](javascript:1)\udcff\r\n.js0:31" in said


def test_colour_changes_nothing_but_colour() -> None:
    coloured = text.render(rich_report(), text.View(color=True))
    assert "\x1b[" in coloured
    stripped = [line.rstrip() for line in ANSI.sub("", coloured).splitlines()]
    assert stripped == text.render(rich_report()).splitlines()


@pytest.mark.parametrize("color", [False, True])
def test_variables_of_the_environment_are_ignored(color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    view = text.View(width=60, color=color)
    monkeypatch.setenv("TERM", "xterm")
    before = text.render(rich_report(), view)
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "30", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    assert text.render(rich_report(), view) == before


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (("supported", "contradicted"), "✗ 1 of 2 claims contradicted.  (exit code 7)"),
        (("supported", "not-shown"), "? Nothing contradicted, but 1 of 2 claims could not be shown.  (exit code 7)"),
        (
            ("supported", "missing"),
            "✓ Nothing found against 1 claim; 1 still without an attestation.  (exit code 7)",
        ),
    ],
)
def test_last_line_is_the_verdict(answers: tuple[Answer, ...], sentence: str) -> None:
    given = report(judgement=Judgement(verdicts=tuple(verdict(3, f"c{n}", a) for n, a in enumerate(answers))))
    assert text.render(given, text.View(exit_code=7)).splitlines()[-1] == sentence
    assert text.render(given, text.View(exit_code=7, detail="verdict")) == sentence + "\n"


def test_apps_are_kept_apart() -> None:
    one, two = app(id="apps/one", name="One"), app(id="apps/two", name="Two")
    found = observation("ffff", app="apps/two", location=place("apps/two/x.js", 5))
    broken = verdict(3, "no-personal-data", "contradicted", app="apps/two", observations=("ffff",))
    judgement = Judgement(
        verdicts=(verdict(3, "no-personal-data", "supported", app="apps/one"), broken), findings=("ffff",)
    )
    said = text.render(report((found,), judgement, apps=(one, two)))
    assert said.index("One  apps/one") < said.index("✓ No personal data") < said.index("Two  apps/two")
    assert said.index("Two  apps/two") < said.index("#1 apps/two/x.js:5")


def test_skipped_files_are_counted() -> None:
    files = tuple(FileStatus(f"dist/{n}.js", "skipped", "build-output") for n in range(3))
    assert "Left out by rule: 3 build-output" in text.render(report(apps=(app(files=files),)))


def test_waived_findings_are_no_findings() -> None:
    given = rich_report()
    assert "src/audit.js:77" not in text.render(given, EVERYTHING)
    judgement = msgspec.structs.replace(given.judgement, findings=(*given.judgement.findings, "eeee5555"), waived=())
    assert "src/audit.js:77" in text.render(msgspec.structs.replace(given, judgement=judgement), EVERYTHING)


def test_printable_keeps_letters_of_any_script() -> None:
    assert printable("Größe 名前 ✓") == "Größe 名前 ✓"
    assert printable("a\tb\x07\u200b") == r"a    b\x07\u200b"


def test_reasons_are_told_once() -> None:
    gap, other = "not everything could be looked at: a.js", "a host is not known"
    verdicts = (
        verdict(3, "no-cookies", "not-shown", reason=gap),
        verdict(3, "no-pixels", "not-shown", reason=gap),
        verdict(8, "no-subprocessors", "not-shown", reason=f"{gap}; {other}"),
    )
    said = flat(text.render(report(judgement=Judgement(verdicts))))
    assert said.count(gap) == 1
    assert f"2 claims not shown: 3 no-cookies, no-pixels {gap}" in said
    assert f"[no-subprocessors] as above; {other}" in said


def test_long_reasons_are_shortened_but_not_lost() -> None:
    reason = "; ".join(["the main thing", *(f"remark number {n} with some more words in it" for n in range(20))])
    given = report(judgement=Judgement((verdict(3, "no-cookies", "contradicted", reason=reason),)))
    short = flat(text.render(given))
    assert "the main thing; remark number 0" in short
    assert "remark number 19" not in short
    assert re.search(r"… \d+ more remarks \(--verbose\)", short)
    assert reason in flat(text.render(given, EVERYTHING))


def test_places_that_a_person_must_look_at_are_named() -> None:
    seen = observation("a1", location=place("src/x.js", 9))
    open_ = verdict(3, "no-cookies", "not-shown", observations=("a1",))
    said = text.render(report((seen,), Judgement((open_,))))
    assert "look at src/x.js:9" in said
    assert "no claim forbids" not in said


def test_advice_and_code_are_given_once() -> None:
    one, two = observation("a1"), observation("a2", "fetch-call", location=place("src/db.js", 31))
    three = observation("a3", location=place("src/db.js", 99))
    broken = (
        verdict(3, "no-personal-data", "contradicted", observations=("a1", "a2")),
        verdict(8, "no-subprocessors", "contradicted", observations=("a3",)),
    )
    frame = ("before", "here", "after")
    given = report(
        (one, two, three), Judgement(broken, findings=("a1", "a2", "a3")), snippets={"a1": frame, "a2": frame}
    )
    said = flat(text.render(given, EVERYTHING))
    assert said.count("Store an opaque id") == 1
    assert said.count("❱ 31 │ here") == 1
    assert "(code: see #1)" in said


def test_report_without_verdicts_claims_nothing() -> None:
    said = text.render(report(gaps=(Gap("", "only pii-log was asked for"),)))
    assert said.splitlines()[-1] == "· No claim is answered by this report."
    assert "  only pii-log was asked for\n" in said
