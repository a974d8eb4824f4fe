"""The forms: every answer is carried by evidence, every other one is left to a person."""

from __future__ import annotations

import json as json_module
import re
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from piiguard import scan
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
OF_THE_MANIFEST = {question.key for question in QUESTIONS if question.manifest}
BY_ABSENCE = [question.key for question in QUESTIONS if question.absence != "person"]
LOGS = "logDetails.logEndUserData"
OUTSIDE = "dataAccessAndStorage.appProcessEUDOutsideAtlassian"


def seen(category: str, name: str = "o", **fields: Any) -> Observation:
    return Observation(
        **{"id": name, "app": ".", "rule": "r", "category": category, "confidence": "sure", **fields}
        | {"location": Location("src/a.js", 7)}
    )


def supported() -> dict[str, Verdict]:
    return {claim: Verdict(3, claim, ".", "supported", "nothing against it") for claim in catalogue().claims}


def answered(
    key: str,
    *observations: Observation,
    gaps: tuple[Gap, ...] = (),
    modules: tuple[Module, ...] = (),
    code: str = "",
    verdicts: tuple[Verdict, ...] = (),
    **judged: Any,
) -> Answered:
    """The answer for an app of which every claim is supported, but for the given verdicts."""
    sources = (Source("src/a.js", ".", "javascript", code.encode()),)
    one = app(manifest=Manifest("manifest.yml", modules=modules), sources=sources)
    held = supported() | {each.claim: each for each in verdicts}
    made = report(observations, Judgement(verdicts=tuple(held.values()), **judged), gaps, (one,))
    return {each.key: each for form in answer(made) for each in form.answers}[key]


# ---------------------------------------------------------------- the questions


def test_the_questions_speak_of_what_there_is() -> None:
    signs: list[Sign] = [sign for each in QUESTIONS for sign in (*each.yes, *each.no, *each.maybe)]
    signs += [aside.sign for each in QUESTIONS for aside in each.aside]
    assert {name for sign in signs for name in sign.category} <= set(CATEGORIES)
    assert {name for sign in signs for name in sign.data} <= {*DATA_CLASSES, *DATA_CLASSES.values()}
    assert {claim for each in QUESTIONS for claim in each.claims} <= catalogue().claims.keys()
    assert {rule for sign in signs for rule in sign.rule} <= scan.catalogue().rules.keys()
    assert all(sign.category or sign.module or sign.module_key or sign.code for sign in signs)


FIELDS = """
dataAccessAndStorage.appProcessEUDOutsideAtlassian dataAccessAndStorage.appStoresEUDOutsideAtlassian
dataAccessAndStorage.isSameDataProcessedAndStored dataAccessAndStorage.typesOfDataAccessed
dataAccessAndStorage.typesOfDataStored logDetails.logEndUserData logDetails.logProcessAndOrStoreEUDOutsideAtlassian
logDetails.logEUDShareWithThirdParty logDetails.logsIntegralForAppFunctionality
dataResidency.isDataResidencySupported dataRetention.retentionDurationInDays
dataRetention.isRetentionDurationIndefinite dataRetention.isCustomRetentionPeriodAllowed
thirdPartyInformation.isEndUserDataShared thirdPartyInformation.dataSubProcessors
thirdPartyInformation.thirdPartyDetails security.isDiskEncryptionSupported security.requiresUsersToProvidePATs
security.permissionsJustification security.securityContact security.publicSecurityPoliciesLink
privacy.gdpr.dataController.isAppDataController privacy.gdpr.dataProcessor.isAppDataProcessor
privacy.gdpr.dataProcessor.endUserDataTypes privacy.gdpr.dataTransfer.isEndUserDataTransferredOutsideEEA
privacy.gdpr.dataTransfer.isTransferComplianceMechanismsAdhered privacy.ccpa.business.isAppBusiness
privacy.ccpa.serviceProvider.isAppServiceProvider privacy.ccpa.serviceProvider.endUserDataTypes
privacy.dataProcessingAgreement.isDPASupported hasRestAPIExtension supportsConfigurableEgress properties.formStatus
"""
"""The fields of Atlassian's REST resource privacy-and-security, in `commonCloud`."""
PROMPTS = "1 1a 2 2a 2b 3 4 4a 5 5a 6 6a 6b 6c 6d 6d-i 7 8 9 9a 10 11 12 12a 12a-i 13 14 14a 15 16 17"
"""The 17 questions of the Forge security questionnaire with their 14 follow-ups."""


def test_every_field_and_every_prompt_has_its_row() -> None:
    keys = {form.id: {question.key for question in form.questions} for form in forms()}
    assert keys == {"privacy-security": set(FIELDS.split()), "forge-security": set(PROMPTS.split())}


def test_whatever_an_absence_answers_rests_on_claims_or_on_the_manifest() -> None:
    for question in QUESTIONS:
        if question.absence != "person" or question.shows in ("stored", "services", "subprocessors"):
            assert question.claims or question.manifest, question.key


def test_every_answer_has_its_sentence() -> None:
    for question in QUESTIONS:
        wanted = {"yes": bool(question.yes), "no": bool(question.no), "open": bool(question.maybe)}
        wanted |= {question.absence: True} if question.absence != "person" else {}
        missing = [name for name, there in wanted.items() if there and not getattr(question.says, name)]
        assert missing == [], question.key


def test_keys_are_told_once_and_follow_ups_follow() -> None:
    for form in forms():
        keys = [question.key for question in form.questions]
        assert len(set(keys)) == len(keys)
        for question in form.questions:
            for before in filter(None, (question.if_yes, question.if_no)):
                assert keys.index(before) < keys.index(question.key)


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
    assert "confirm" in said.says


@pytest.mark.parametrize("key", BY_ABSENCE)
def test_without_signs_nothing_found_is_all_that_is_said(key: str) -> None:
    said = answered(key)
    assert (said.state, said.confidence) in {("answered", "nothing-found"), ("not-applicable", "")}


@pytest.mark.parametrize("key", [key for key in BY_ABSENCE if key not in OF_THE_MANIFEST])
def test_with_a_gap_nothing_is_denied(key: str) -> None:
    said = answered(key, gaps=(Gap("src/b.js", "does not parse", "."),))
    assert said.answer is None
    assert said.state in ("cannot-be-shown", "a-person-must-say")
    assert said.gaps


@pytest.mark.parametrize("key", [key for key in BY_ABSENCE if key in OF_THE_MANIFEST])
def test_what_the_manifest_decides_is_open_where_the_manifest_cannot_be_read(key: str) -> None:
    assert answered(key, gaps=(Gap("manifest.yml", "is no YAML", "."),)).answer is None
    assert answered(key, gaps=(Gap("src/b.js", "does not parse", "."),)).state != "cannot-be-shown"


@pytest.mark.parametrize(
    "key", [question.key for question in QUESTIONS if question.claims and question.absence != "person"]
)
@pytest.mark.parametrize("verdict", ["not-shown", "missing", "contradicted", "not-applicable"])
def test_no_claim_that_is_not_supported_carries_an_answer(key: str, verdict: Any) -> None:
    question = next(each for each in QUESTIONS if each.key == key)
    for claim in question.claims:
        said = answered(key, verdicts=(Verdict(3, claim, ".", verdict, "the reason"),))
        assert said.answer is None, claim
        assert said.state in ("cannot-be-shown", "not-applicable")
        assert said.state == "not-applicable" or "the reason" in said.says
    assert answered(key, verdicts=(Verdict(3, question.claims[0], "other", "supported", ""),)).answer is None


def test_a_list_is_empty_only_where_its_claim_is_supported() -> None:
    key = "dataAccessAndStorage.typesOfDataStored"
    assert (answered(key).answer, answered(key).confidence) == ((), "nothing-found")
    open_ = Verdict(3, "no-personal-data-stored", ".", "not-shown", "a table has a column for it")
    said = answered(key, verdicts=(open_,))
    assert (said.state, said.answer) == ("cannot-be-shown", None)
    assert "a table has a column for it" in said.says


def test_a_gap_that_is_about_something_else_does_not_count() -> None:
    assert answered(LOGS, gaps=(Gap("p", "w", ".", needed_for=("cookie",)),)).state == "answered"
    assert answered(LOGS, gaps=(Gap("p", "w", ".", needed_for=("pii-log",)),)).state == "cannot-be-shown"


def test_an_app_without_sources_denies_nothing() -> None:
    made = report(apps=(app(),))
    said = {each.key: each for form in answer(made) for each in form.answers}
    assert said[LOGS].state == "cannot-be-shown"


@pytest.mark.parametrize(("owner", "expected"), [("vendor", True), ("unnamed", True), ("atlassian", None)])
def test_whose_host_it_is_decides(owner: Owner, expected: bool | None) -> None:
    sent = seen("pii-egress", data=("email",), host="x.example.org")
    assert answered(OUTSIDE, sent, hosts=(RunBy("o", owner),)).answer is expected


CALL = seen("egress-host", host="x.example.org")
OUTSIDE_QUESTIONS = [
    OUTSIDE,
    "dataAccessAndStorage.appStoresEUDOutsideAtlassian",
    "thirdPartyInformation.isEndUserDataShared",
    "logDetails.logProcessAndOrStoreEUDOutsideAtlassian",
]


@pytest.mark.parametrize("key", OUTSIDE_QUESTIONS)
@pytest.mark.parametrize("owner", ["vendor", "subprocessor", "customer-configured", "unlisted", "unnamed", "unknown"])
def test_whoever_is_called_outside_nothing_is_denied(key: str, owner: Owner) -> None:
    for category in ("egress-host", "unused-host"):
        called = msgspec.structs.replace(CALL, category=category)
        said = answered(key, called, hosts=(RunBy("o", owner),))
        assert (said.state, said.answer) == ("a-person-must-say", None)
        assert said.observations
    assert answered(key, CALL, hosts=(RunBy("o", "atlassian"),)).answer is False


@pytest.mark.parametrize("rule", ["ai-forge-llm", "ai-rovo", "manifest-llm"])
def test_atlassians_own_ai_is_not_outside_and_is_said(rule: str) -> None:
    for key in (OUTSIDE, "6", "thirdPartyInformation.thirdPartyDetails"):
        said = answered(key, seen("ai-processing", rule=rule), hosts=(RunBy("o", "unknown"),))
        assert not said.answer
        assert said.state == "answered"
        assert "Atlassian itself runs" in said.says
        assert [proof.observation for proof in said.observations] == ["o"]


def test_actions_of_rovo_are_said() -> None:
    said = answered(OUTSIDE, modules=(Module("action", "a", 4),))
    assert said.answer is False
    assert "Rovo agents can call" in said.says
    assert said.observations[0].line == 4


def test_ai_of_others_is_outside() -> None:
    ai = seen("ai-processing", host="api.openai.com")
    assert answered(OUTSIDE, ai, hosts=(RunBy("o", "unnamed"),)).state == "a-person-must-say"
    assert answered("6", ai, hosts=(RunBy("o", "unnamed"),)).answer is True


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("environment", "set by a variable"),
        ("settings", "stored settings"),
        ("dynamic", "put together"),
        ("", "nowhere"),
    ],
)
def test_a_host_that_is_not_shown_has_its_place_and_its_reason(kind: str, why: str) -> None:
    call = seen("egress-host", host="<dynamic:x>", attributes={"host_kind": kind} if kind else {})
    said = answered("thirdPartyInformation.thirdPartyDetails", call, hosts=(RunBy("o", "unknown"),))
    assert said.state == "cannot-be-shown"
    assert [(proof.path, proof.line) for proof in said.observations] == [("src/a.js", 7)]
    assert why in said.observations[0].what
    assert "from 1 place of the code is not shown" in said.says


def test_the_sentence_names_the_data_and_the_hosts_of_the_places() -> None:
    sent = seen("pii-egress", data=("email", "account-id"), host="x.example.org")
    said = answered(OUTSIDE, sent, hosts=(RunBy("o", "vendor"),))
    assert said.says == "Data of users leaves Atlassian: the places below send account id, email to x.example.org."


def test_the_console_of_the_browser_is_no_log_of_forge() -> None:
    for key in ("8", LOGS):
        said = answered(key, seen("pii-log", data=("email",), attributes={"side": "frontend"}))
        assert (said.state, said.answer) == ("a-person-must-say", None)
        assert answered(key, seen("pii-log", data=("email",), attributes={"side": "backend"})).answer is True


def test_a_service_without_a_name_leaves_the_list_open() -> None:
    said = answered("thirdPartyInformation.thirdPartyDetails", seen("connect-module"))
    assert (said.state, [proof.line for proof in said.observations]) == ("cannot-be-shown", [7])
    link = seen("navigation-egress", attributes={"host_kind": "dynamic"})
    assert answered("thirdPartyInformation.thirdPartyDetails", link, hosts=(RunBy("o", "unknown"),)).answer == ()


def test_calls_as_the_app_are_named_for_a_person() -> None:
    said = answered("3", code="// api.asApp()\nawait api.asApp().requestJira(x);\nconst asApplication = 1;\n")
    assert (said.state, [proof.line for proof in said.observations]) == ("a-person-must-say", [2])


def test_patterns_of_a_whole_top_level_domain_are_told_from_others() -> None:
    def declared(host: str, fact: str) -> Answered:
        attributes = {"fact": fact}
        allowed = seen("manifest-declaration", host=host, attributes=attributes)
        called = seen("egress-host", "c", host="a.example.org")
        return answered("6a", allowed, called, hosts=(RunBy("c", "vendor"),))

    assert declared("*", "any-host").answer is True
    assert declared("*.com", "wildcard-host").answer is True
    one = declared("*.example.org", "wildcard-host")
    assert one.answer is False
    assert "within a domain" in one.says


def test_operations_of_a_remote_are_read_one_by_one() -> None:
    remote = seen("remote-backend", host="x.example.org", attributes={"operations": "compute storage"})
    assert answered("dataAccessAndStorage.appStoresEUDOutsideAtlassian", remote).answer is True


def test_no_subprocessor_is_denied_where_services_are_called() -> None:
    said = answered("thirdPartyInformation.dataSubProcessors", CALL, hosts=(RunBy("o", "vendor"),))
    assert (said.state, said.answer) == ("a-person-must-say", None)
    assert answered("thirdPartyInformation.dataSubProcessors").answer == ()


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
    assert answered("12a-i").state == "not-applicable"
    kept = seen("credential-storage-secret", attributes={"store": "secret"})
    assert answered("12a-i", kept).says == "The answer to question 12a is yes."
    assert answered("12a-i", msgspec.structs.replace(kept, category="credential-storage-plain")).answer is None
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
    said = answered("dataAccessAndStorage.typesOfDataAccessed")
    assert (said.state, said.answer) == ("a-person-must-say", None)


def test_lists_hold_what_was_seen_or_say_that_they_cannot() -> None:
    stored = seen("pii-storage", data=("email", "credential"), attributes={"store": "kvs"})
    key = "dataAccessAndStorage.typesOfDataStored"
    assert answered(key, stored).answer == ("email",)
    broken = answered(key, stored, gaps=(Gap("p", "w", "."),))
    assert (broken.state, broken.answer) == ("cannot-be-shown", None)
    assert "email" in broken.says


def test_services_have_their_hosts() -> None:
    call = seen("egress-host", host="api.github.com")
    said = answered("thirdPartyInformation.thirdPartyDetails", call, hosts=(RunBy("o", "subprocessor"),))
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


def test_markdown_has_a_section_for_each_question_whatever_the_repository_holds() -> None:
    for made in (rich_report(), hostile_report()):
        page = MarkdownIt("commonmark", {"html": True}).render(markdown(made))
        assert "<img" not in page
        assert page.count("<h3>") == len(QUESTIONS) * len(made.subject.apps)
        assert page.count("<h2>") == len(forms()) * len(made.subject.apps)
        assert "<h1>" not in page
        assert "<a " not in page


def test_markdown_says_what_a_person_must_say_and_how_much_was_left_out() -> None:
    text = markdown(rich_report())
    assert (
        "### `security.securityContact` Who is the security contact?\n\n**A person must say:** Name and address."
        in text
    )
    assert re.search(r"- and \d+ more places", text)
    assert re.search(r"Of 33 questions: .*\d+ not shown", text)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(CATEGORIES)), max_size=4), st.sampled_from(["sure", "likely"]))
def test_nothing_found_is_never_said_where_a_bare_sign_was_seen(categories: list[str], confidence: Any) -> None:
    observations = [seen(name, f"o{n}", confidence=confidence) for n, name in enumerate(categories)]
    for question in QUESTIONS:
        bare = {
            name
            for sign in (*question.yes, *question.no, *question.maybe)
            if not (sign.data or sign.owner or sign.where or sign.rule or sign.sure or sign.ai or sign.host)
            for name in sign.category
        }
        if bare & set(categories):
            assert answered(question.key, *observations).confidence != "nothing-found"
