"""Waivers in piiguard.yaml and in comments."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from claims.claims_builders import TODAY, judged, observation, source, subject, verdict
from piiguard.claims.exits import exit_code
from piiguard.claims.waivers import complaints, inline_waivers
from piiguard.errors import UsageError
from piiguard.model import Judgement

RULE = "forge-kvs-set"
ALLOW = f"piiguard: allow {RULE} -- agreed with the customers, until 2027-01-31"


def waived(text: str, line: int, *, end: int = 0, today: date | None = TODAY, **more: Any) -> Judgement:
    file = source(text, **more)
    place = {"path": file.path, "start_line": line, "end_line": end}
    seen = observation("pii-storage", rule=RULE, data=["email"], location=place)
    return judged(seen, on=subject(file), today=today)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (f"x;\nkvs.set(PLACE); // {ALLOW}\n", {}),
        (f"// {ALLOW}\nkvs.set(PLACE);\n", {}),
        (f"/* {ALLOW} */\nkvs.set(PLACE);\n", {}),
        (f"/*\n * {ALLOW}\n */\nkvs.set(PLACE);\n", {}),
        (f"// {ALLOW}\n// and one more remark\nkvs.set(PLACE);\n", {}),
        (f"{{/* {ALLOW} */}}\n<Store value={{PLACE}} />\n", {"language": "tsx", "path": "src/a.tsx"}),
        (f"# {ALLOW}\nkvs_set(PLACE)\n", {"language": "python", "path": "a.py"}),
        (f"x = '#'\nkvs_set(PLACE)  # {ALLOW}\n", {"language": "python", "path": "a.py"}),
        (f"<!-- {ALLOW} -->\n<img src=PLACE>\n", {"language": "html", "path": "a.html"}),
        (f"a: 1\nb: PLACE # {ALLOW}\n", {"language": "text", "path": "manifest.yml"}),
        (f"const u = 'https://x';\nkvs.set(/['\"`]/, 'PLACE\\'s'); // {ALLOW}\n", {}),
    ],
)
def test_a_comment_waives_its_line_or_the_next(text: str, more: dict[str, Any]) -> None:
    line = next(number for number, each in enumerate(text.split("\n"), 1) if "PLACE" in each)
    found = waived(text, line, **more)
    (waiver,) = found.waivers
    assert (waiver.state, waiver.reason, waiver.until) == ("used", "agreed with the customers", "2027-01-31")
    assert found.waived == ("pii-storage-7",)
    assert found.findings == ()
    assert verdict(found, "no-personal-data-stored").answer == "supported"
    assert "nothing else against it; waivers cover 1 finding" in verdict(found, "no-personal-data-stored").reason


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (f"kvs.set(a, '// {ALLOW}');\n", {}),
        (f"kvs.set(a, `\n// {ALLOW}\n`);\n", {}),
        (f'kvs_set(a, """\n# {ALLOW}\n""")\n', {"language": "python", "path": "a.py"}),
        (f'{{"a": "// {ALLOW}"}}', {"language": "json", "path": "a.json"}),
        ("// see piiguard: allow forge-kvs-set\nkvs.set()", {}),
    ],
)
def test_what_is_no_comment_waives_nothing(text: str, more: dict[str, str]) -> None:
    assert inline_waivers(subject(source(text, **more))) == ()


def test_a_waiver_covers_a_call_over_several_lines() -> None:
    assert waived(f"kvs\n  .set(\n    a, // {ALLOW}\n    b);\n", 1, end=4).waived


def test_a_waiver_two_lines_above_matches_nothing() -> None:
    found = waived(f"// {ALLOW}\nx();\nkvs.set(PLACE);\n", 3)
    assert found.waivers[0].state == "unmatched"
    assert found.findings
    assert exit_code(found) == 2
    assert complaints(found.waivers) == ("src/index.js:1: this waiver of forge-kvs-set matches nothing. Remove it",)


def test_another_rule_is_not_waived() -> None:
    text = f"kvs.set(PLACE); // {ALLOW.replace(RULE, 'other-rule')}\n"
    assert waived(text, 1).waivers[0].state == "unmatched"


@pytest.mark.parametrize(
    ("today", "state", "answer"),
    [
        (date(2027, 1, 31), "used", "supported"),
        (date(2027, 2, 1), "expired", "contradicted"),
        (None, "used", "supported"),
    ],
)
def test_a_waiver_ends(today: date | None, state: str, answer: str) -> None:
    found = waived(f"kvs.set(PLACE); // {ALLOW}\n", 1, today=today)
    assert found.waivers[0].state == state
    assert verdict(found, "no-personal-data-stored").answer == answer
    assert ("no date was given" in verdict(found, "no-personal-data-stored").reason) == (today is None)


@pytest.mark.parametrize(
    "comment",
    [
        "piiguard: allow",
        "piiguard: allow forge-kvs-set",
        "piiguard: allow forge-kvs-set --",
        "piiguard: allow forge-kvs-set because I say so",
        "piiguard: allow forge-kvs-set -- reason, until 2027-02-30",
    ],
)
def test_an_incomplete_waiver_is_a_mistake(comment: str) -> None:
    with pytest.raises(UsageError, match=r"^src/index.js:2: this waiver ") as caught:
        inline_waivers(subject(source(f"\n// {comment}\n")))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("glob", "state"), [("src/*.js", "used"), ("*.js", "used"), ("lib/*", "unmatched")])
def test_a_waiver_of_the_file_goes_by_path(glob: str, state: str) -> None:
    by = f"waivers:\n  - rule: {RULE}\n    path: '{glob}'\n    reason: accepted\n"
    found = judged(observation("pii-storage", rule=RULE, data=["email"]), by=by)
    (waiver,) = found.waivers
    assert waiver.state == state
    assert (waiver.location.path, waiver.location.start_line) == ("piiguard.yaml", 2)


def test_a_waived_doubt_does_not_leave_a_claim_open() -> None:
    by = "waivers:\n  - {rule: some-browser-storage, path: '*', reason: the theme only}\n"
    assert verdict(judged(observation("browser-storage"), by=by), "no-cookies").answer == "supported"


def test_a_long_comment_is_read_quickly_and_to_its_end() -> None:
    text = "// piiguard: allow some-rule -- " + " " * 200_000 + "until " * 50_000 + "2027-01-31\n" + "x = `" * 20_000
    (waiver,) = inline_waivers(subject(source(text)))
    assert waiver.until == "2027-01-31"


def test_a_waived_manifest_fact_stands_in_no_report() -> None:
    by = "waivers:\n  - {rule: manifest-old-runtime, path: manifest.yml, reason: upgrade planned}\n"
    found = judged(on=subject(manifest={"runtime": "nodejs20.x", "runtime_line": 3}), by=by)
    assert verdict(found, "supported-runtime").answer == "supported"
    assert (found.waivers[0].state, found.waivers[0].observations, found.waived) == ("used", (), ())
