"""The short format: findings first, with place, claims and remedy, and nothing that moves the cursor."""

from __future__ import annotations

from piiguard.formats import overview, short
from piiguard.formats.plain import printable
from piiguard.model import Gap, Judgement, Observation

from .builders import hostile_report, observation, report, rich_report, verdict


def test_a_finding_is_a_line_with_place_rule_and_claims() -> None:
    lines = short.render(rich_report()).splitlines()
    assert lines[0] == ("src/db.js:31:3: Writes the account id to Forge KVS [forge-kvs-set]; against no-personal-data")
    assert lines[1] == "    data: src/index.js:12, 14 > src/db.js:31"


def test_every_finding_is_told_and_each_remedy_once() -> None:
    given = rich_report()
    said = short.render(given)
    rules = set()
    for finding in overview.findings(given):
        rules.add(finding.rule)
        assert f"{finding.location.path}:{finding.location.start_line}:" in said
    assert said.count("    fix: ") == len([rule for rule in rules if given.rules[rule].fix])


def test_what_is_waived_or_allowed_is_not_told() -> None:
    said = short.render(rich_report())
    assert "src/audit.js" not in said
    assert "static/app.js" not in said


def test_what_was_not_looked_at_is_told_with_the_claims_that_need_it() -> None:
    said = short.render(rich_report())
    assert "src/broken.js:4: not looked at: does not parse\n" in said
    assert "not shown: minimal-scopes\n" in said


def undecided(*found: Observation) -> str:
    answer = verdict(3, "no-tracking", "not-shown", observations=tuple(each.id for each in found))
    return short.render(report(found, Judgement((answer,))))


def test_places_that_leave_a_claim_open_are_told() -> None:
    assert "not shown: no-tracking; look at src/db.js:31:3\n" in undecided(observation("aaaa1111"))


def test_a_long_list_is_cut() -> None:
    assert undecided(*(observation(f"aaaa{n:04}") for n in range(7))).count("src/db.js:31:3") == 5
    assert ", 2 more\n" in undecided(*(observation(f"aaaa{n:04}") for n in range(7)))


def test_a_claim_that_only_the_manifest_contradicts_is_told() -> None:
    said = short.render(report((), Judgement((verdict(10, "supported-runtime", "contradicted", reason="old"),))))
    assert said.startswith("manifest.yml: old; against supported-runtime\n")


def test_notes_and_the_last_sentence_come_last() -> None:
    said = short.render(report((), Judgement((verdict(3, "no-tracking", "supported"),)), (Gap("", "limited"),)))
    assert said == "note: limited\npiiguard: Nothing found against 1 claim\n"


def test_names_of_the_repository_are_printable() -> None:
    lines = short.render(hostile_report()).split("\n")
    assert all(line == printable(line) for line in lines)
