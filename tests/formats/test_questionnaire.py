"""The forms: every answer is carried by evidence, every other one is left to a person."""

from __future__ import annotations

import json as json_module
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from piiguard.claims.catalogue import catalogue
from piiguard.formats.questionnaire import answer, json, markdown
from piiguard.formats.questionnaire.answers import Answered
from piiguard.formats.questionnaire.forms import Document
from piiguard.formats.questionnaire.questions import Sign, forms
from piiguard.model import (
    CATEGORIES,
    DATA_CLASSES,
    Attestation,
    Gap,
    Judgement,
    Location,
    Manifest,
    Module,
    Observation,
    Owner,
    Report,
    RunBy,
    Source,
    Verdict,
)

from .builders import app, hostile_report, report, rich_report

QUESTIONS = [question for form in forms() for question in form.questions]
BY_ABSENCE = [question.key for question in QUESTIONS if question.absence != "person"]
LOGS = "logDetails.logEndUserData"
OUTSIDE = "dataAccessAndStorage.appProcessEUDOutsideAtlassian"


def seen(category: str, name: str = "o", **fields: Any) -> Observation:
    return Observation(
        **{"id": name, "app": ".", "rule": "r", "category": category, "confidence": "sure", **fields}
        | {"location": Location("src/a.js", 7)}
    )


def answered(
    key: str, *observations: Observation, gaps: tuple[Gap, ...] = (), modules: tuple[Module, ...] = (), **judged: Any
) -> Answered:
    sources = (Source("src/a.js", ".", "javascript", b""),)
    one = app(manifest=Manifest("manifest.yml", modules=modules), sources=sources)
    made = report(observations, Judgement(**judged), gaps, (one,))
    return {each.key: each for form in answer(made) for each in form.answers}[key]


# ---------------------------------------------------------------- the questions


def test_the_questions_speak_of_what_there_is() -> None:
    signs: list[Sign] = [sign for each in QUESTIONS for sign in (*each.yes, *each.no, *each.maybe)]
    assert {name for sign in signs for name in sign.category} <= set(CATEGORIES)
    assert {name for sign in signs for name in sign.data} <= {*DATA_CLASSES, *DATA_CLASSES.values()}
    assert {claim for each in QUESTIONS for claim in each.claims} <= catalogue().claims.keys()
    assert all(sign.category or sign.module or sign.module_key for sign in signs)


def test_keys_are_told_once_and_follow_ups_follow() -> None:
    for form in forms():
        keys = [question.key for question in form.questions]
        assert len(set(keys)) == len(keys)
        for question in form.questions:
            assert not question.if_yes or keys.index(question.if_yes) < keys.index(question.key)


def test_a_question_is_answered_by_signs_by_a_list_or_by_a_person() -> None:
    assert all(each.yes or each.no or each.maybe or each.shows or each.person for each in QUESTIONS)


# ---------------------------------------------------------------- the answers


def test_a_sign_answers_with_its_place() -> None:
    said = answered(LOGS, seen("pii-log", data=("email",)))
    assert (said.state, said.answer, said.confidence) == ("answered", True, "sure")
    assert [(proof.path, proof.line, proof.observation) for proof in said.observations] == [("src/a.js", 7, "o")]


def test_a_likely_sign_asks_for_confirmation() -> None:
    said = answered(LOGS, seen("pii-log", data=("email",), confidence="likely"))
    assert (said.answer, said.confidence) == (True, "likely")
    assert "confirm" in said.why


@pytest.mark.parametrize("key", BY_ABSENCE)
def test_without_signs_nothing_found_is_all_that_is_said(key: str) -> None:
    said = answered(key)
    assert (said.state, said.confidence) in {("answered", "nothing-found"), ("not-applicable", "")}


@pytest.mark.parametrize("key", [key for key in BY_ABSENCE if key != "5"])
def test_with_a_gap_nothing_is_denied(key: str) -> None:
    said = answered(key, gaps=(Gap("src/b.js", "does not parse", "."),))
    assert said.answer is None
    assert said.state in ("cannot-be-shown", "a-person-must-say")


def test_a_gap_that_is_about_something_else_does_not_count() -> None:
    assert answered(LOGS, gaps=(Gap("p", "w", ".", needed_for=("cookie",)),)).state == "answered"
    assert answered(LOGS, gaps=(Gap("p", "w", ".", needed_for=("pii-log",)),)).state == "cannot-be-shown"


@pytest.mark.parametrize("verdict", ["not-shown", "missing", "contradicted"])
def test_a_claim_in_doubt_leaves_the_answer_open(verdict: Any) -> None:
    doubt = Verdict(10, "no-personal-data-in-logs", ".", verdict, "the reason")
    said = answered(LOGS, verdicts=(doubt,))
    assert (said.state, said.answer) == ("cannot-be-shown", None)
    assert "the reason" in said.why


def test_an_app_without_sources_denies_nothing() -> None:
    made = report(apps=(app(),))
    said = {each.key: each for form in answer(made) for each in form.answers}
    assert said[LOGS].state == "cannot-be-shown"


@pytest.mark.parametrize(("owner", "expected"), [("vendor", True), ("unnamed", True), ("atlassian", None)])
def test_whose_host_it_is_decides(owner: Owner, expected: bool | None) -> None:
    sent = seen("pii-egress", data=("email",), host="x.example.org")
    assert answered(OUTSIDE, sent, hosts=(RunBy("o", owner),)).answer is expected


def test_what_bears_on_a_question_is_left_to_a_person() -> None:
    said = answered(OUTSIDE, seen("tracking"))
    assert (said.state, said.answer) == ("a-person-must-say", None)
    assert said.observations


def test_no_comes_before_yes() -> None:
    kept = seen("credential-storage-secret", "s", attributes={"store": "secret"}, data=("credential",))
    assert answered("12a", kept).answer is True
    assert answered("12a", kept, seen("credential-storage-plain", "p", data=("credential",))).answer is False


def test_a_question_after_a_no_is_not_asked() -> None:
    assert answered("4a").state == "not-applicable"
    assert answered("4a", modules=(Module("webtrigger", "w", 3),)).state == "a-person-must-say"
    assert answered("4", modules=(Module("webtrigger", "w", 3),)).observations[0].line == 3


def test_an_attestation_answers_what_only_a_person_can_and_never_a_finding() -> None:
    given_word = Attestation("security-contact", "Ada", "2026-01-01", "2027-01-01", "security@example.org")
    said = answered("17", attestations=(given_word,))
    assert (said.state, said.answer) == ("attested", ("security@example.org",))
    expired = msgspec.structs.replace(given_word, state="expired")
    assert answered("17", attestations=(expired,)).state == "a-person-must-say"
    logs = msgspec.structs.replace(given_word, claim="no-personal-data-in-logs")
    assert answered(LOGS, seen("pii-log", data=("email",)), attestations=(logs,)).answer is True
    assert answered(LOGS, gaps=(Gap("p", "w", "."),), attestations=(logs,)).state == "cannot-be-shown"


def test_data_that_is_only_read_is_never_denied() -> None:
    said = answered("dataAccessAndStorage.typesOfDataAccessed[]")
    assert (said.state, said.answer) == ("a-person-must-say", None)


def test_lists_hold_what_was_seen_or_say_that_they_cannot() -> None:
    stored = seen("pii-storage", data=("email", "credential"), attributes={"store": "kvs"})
    key = "dataAccessAndStorage.typesOfDataStored[]"
    assert answered(key, stored).answer == ("email",)
    broken = answered(key, stored, gaps=(Gap("p", "w", "."),))
    assert (broken.state, broken.answer) == ("cannot-be-shown", None)
    assert "email" in broken.why


def test_services_have_their_hosts() -> None:
    call = seen("egress-host", host="api.github.com")
    said = answered("thirdPartyInformation.thirdPartyDetails[]", call, hosts=(RunBy("o", "subprocessor"),))
    assert isinstance(said.answer, tuple)
    assert [msgspec.to_builtins(each) for each in said.answer] == [
        {
            "name": "GitHub",
            "purpose": "Hosts repositories",
            "hosts": ("api.github.com",),
            "link": None,
            "thirdPartyCountries": None,
        }
    ]


# ---------------------------------------------------------------- the formats


@pytest.mark.parametrize("made", [rich_report(), hostile_report(), report()], ids=["rich", "hostile", "empty"])
def test_json_fits_its_schema_and_is_the_same_twice(made: Report) -> None:
    text = json(made)
    jsonschema.validate(json_module.loads(text), msgspec.json.schema(Document))
    assert json(made) == text


def test_markdown_tables_keep_their_columns_whatever_the_repository_holds() -> None:
    for made in (rich_report(), hostile_report()):
        text = markdown(made)
        page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
        assert "<img" not in page
        assert page.count("<tr>") == (len(QUESTIONS) + 2) * len(made.subject.apps)
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        assert len(rows) == len(QUESTIONS) * len(made.subject.apps)
        assert {line.replace("\\|", "").count("|") for line in rows} == {6}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(CATEGORIES)), max_size=4), st.sampled_from(["sure", "likely"]))
def test_nothing_found_is_never_said_where_a_bare_sign_was_seen(categories: list[str], confidence: Any) -> None:
    observations = [seen(name, f"o{n}", confidence=confidence) for n, name in enumerate(categories)]
    for question in QUESTIONS:
        bare = {
            name
            for sign in (*question.yes, *question.no, *question.maybe)
            if not (sign.data or sign.owner or sign.where or sign.rule or sign.sure)
            for name in sign.category
        }
        if bare & set(categories):
            assert answered(question.key, *observations).confidence != "nothing-found"
