"""What two reports have in common, what is new, and which sections that changes."""

from __future__ import annotations

import msgspec
from formats.builders import app, observation, report, verdict

from piiguard.changes.compare import Changes, compare, exit_code
from piiguard.changes.write import FORMATS
from piiguard.formats.contract import Document
from piiguard.formats.json import document
from piiguard.model import Answer, Baseline, Judgement, Known, Location, Observation

STORED = observation("1", code="c1", data=("account-id",))
MAILED = observation("2", code="c2", data=("email",), location=Location("src/mail.js", 7))
FACT = observation("manifest-any-host@manifest.yml:17", message="`*` is allowed for fetch.backend")


def state(*found: Observation, answer: Answer | None = None, known: tuple[str, ...] = (), facts: int = 0) -> Document:
    ids = tuple(each.id for each in found)
    broken: Answer = "contradicted" if ids or facts else "supported"
    against = verdict(3, "no-personal-data-stored", answer or broken, observations=ids, facts=(FACT,) * facts)
    accepted = {name: Known(name, "", "", "", "", (), "Ada", "known", "2026-12-31") for name in known}
    made = report(found, Judgement((against,), findings=ids))
    return document(msgspec.structs.replace(made, baseline=Baseline(accepted)))


def changed(old: Document, new: Document) -> Changes:
    return compare(old, new, ("v1", "v2"))


def test_nothing_changes() -> None:
    same = changed(state(STORED), state(STORED))
    assert exit_code(same) == 0
    assert FORMATS["text"](same) == "Nothing new\n"


def test_a_moved_finding_is_not_new() -> None:
    moved = msgspec.structs.replace(STORED, id="9", location=Location("src/other.js", 131))
    assert not changed(state(STORED), state(moved)).added.findings


def test_a_new_finding_breaks_a_promise_and_a_gone_one_does_not() -> None:
    forth, back = changed(state(STORED), state(STORED, MAILED)), changed(state(STORED, MAILED), state(STORED))
    assert [finding.id for finding in forth.added.findings] == ["2"]
    assert [(each.name, each.category) for each in forth.added.data] == [("email", "pii-storage")]
    assert exit_code(forth) == 1
    assert [finding.id for finding in back.gone.findings] == ["2"]
    assert exit_code(back) == 0
    assert [each.section for each in forth.sections] == [each.section for each in back.sections] == [3, 4, 6]


def test_a_known_finding_is_shown_and_no_failure() -> None:
    forth = changed(state(), state(STORED, known=("1",)))
    assert exit_code(forth) == 0
    assert "known since the baseline" in FORMATS["text"](forth)


def test_a_new_fact_of_the_manifest_breaks_a_promise() -> None:
    assert exit_code(changed(state(), state(facts=1))) == 1
    assert exit_code(changed(state(STORED), state(STORED, facts=1))) == 1
    assert exit_code(changed(state(), state(facts=1, known=(FACT.id,)))) == 0
    assert exit_code(changed(state(facts=1), state(facts=1))) == 0


def test_a_claim_that_can_no_longer_be_shown_is_told() -> None:
    blind = changed(state(), state(answer="not-shown"))
    assert exit_code(blind) == 3
    assert "supported → not shown" in FORMATS["text"](blind)
    assert exit_code(changed(state(answer="not-shown"), state())) == 0


def test_hosts_and_scopes_of_an_app_that_is_new() -> None:
    two = document(report(apps=(app(), app(id="more", name="More"))))
    added = changed(document(report(apps=(app(),))), two).added
    assert [(each.app, each.name) for each in added.hosts] == [("more", "api.example.com")]
    assert [each.name for each in added.scopes] == ["read:jira-work", "storage:app"]


def test_hostile_names_stay_text() -> None:
    bad = msgspec.structs.replace(MAILED, location=Location("a`](x)\x1b[31m\n# b", 1), message="<img> @all")
    forth = changed(state(), state(bad))
    assert "\x1b" not in FORMATS["text"](forth)
    assert "<img>" not in FORMATS["markdown"](forth)
    assert "\n# b" not in FORMATS["markdown"](forth)
