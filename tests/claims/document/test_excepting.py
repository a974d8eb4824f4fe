"""What a sentence excepts is taken out of the evidence, and nothing else is."""

from __future__ import annotations

import pytest

from claims.claims_builders import observation
from claims.document.test_judging import checked, only
from piiguard.model import Observation
from piiguard.trustcenter import Reply

TABLE = "\n\n| App | Subprocessor | Purpose | Type |\n|---|---|---|---|\n| All apps | OpenAI | Texts | {} |\n"


def stored(store: str, *data: str, line: int = 3) -> Observation:
    return observation("pii-storage", line=line, data=list(data), attributes={"store": store})


def sent(host: str, *data: str, line: int = 3) -> Observation:
    return observation("pii-egress", line=line, data=list(data), host=host)


def called(host: str, line: int = 3) -> Observation:
    return observation("egress-host", line=line, host=host, attributes={"declared": "yes"})


def answered(text: str, kind: str, *seen: Observation) -> Reply:
    """The answer for the one app."""
    result = only(checked(text, *seen), kind)
    (reply,) = (each for each in result.replies if each.app)
    return reply


STORED, SENT, NONE = "no-personal-data-stored", "no-personal-data-sent", "overview-external-calls"
CUSTOMERS = TABLE.format("Customer-configured")
VENDORS = TABLE.format("Processor")


@pytest.mark.parametrize(
    ("text", "kind", "inside", "outside", "names"),
    [
        (
            "We store no personal data except in Forge storage.",
            STORED,
            stored("kvs", "email"),
            stored("external-db", "email", line=9),
            ":9",
        ),
        (
            "No personal data is stored outside Atlassian.",
            STORED,
            stored("sql", "email"),
            stored("file", "email", line=9),
            ":9",
        ),
        (
            "We store no personal data other than e-mail addresses.",
            STORED,
            stored("kvs", "email"),
            stored("kvs", "email", "display-name", line=9),
            ":9",
        ),
        (
            "We store no personal data except your e-mail address and display name.",
            STORED,
            stored("kvs", "email", "display-name"),
            stored("kvs", "account-id", line=9),
            ":9",
        ),
        (
            "We store no personal data except account IDs.",
            STORED,
            stored("kvs", "account-id"),
            stored("kvs", "account-id", "email", line=9),
            ":9",
        ),
        (
            "No data is sent to third parties except account IDs.",
            SENT,
            sent("x.example", "account-id"),
            sent("x.example", "email", line=9),
            ":9",
        ),
        (
            "No data is sent to third parties, except to hosts that you configure." + CUSTOMERS,
            SENT,
            sent("api.openai.com", "email"),
            sent("y.example", "email", line=9),
            "y.example",
        ),
        (
            "The app makes no external calls, other than to your own AI provider." + CUSTOMERS,
            NONE,
            called("api.openai.com"),
            called("y.example", line=9),
            "y.example",
        ),
        (
            "No data is sent to third parties except to the subprocessors listed below." + VENDORS,
            SENT,
            sent("api.openai.com", "email"),
            sent("y.example", "email", line=9),
            "y.example",
        ),
        (
            "No personal data is sent to third parties except OpenAI.",
            SENT,
            sent("api.openai.com", "email"),
            sent("api.anthropic.com", "email", line=9),
            "api.anthropic.com",
        ),
        (
            "No personal data is sent to OpenAI.",
            SENT,
            sent("api.anthropic.com", "email"),
            sent("api.openai.com", "email", line=9),
            "api.openai.com",
        ),
    ],
)
def test_an_exception_covers_what_it_names(
    text: str, kind: str, inside: Observation, outside: Observation, names: str
) -> None:
    good, bad = answered(text, kind, inside), answered(text, kind, inside, outside)
    assert good.answer == "supported"
    assert "the text excepts" in good.reason
    assert bad.answer == "contradicted"
    assert names in f"{bad.reason} {outside.host}"
    assert bad.observations == (outside.id,)


@pytest.mark.parametrize(
    ("text", "kind", "seen"),
    [
        ("We store no personal data.", STORED, stored("kvs", "account-id")),
        ("The app makes no external calls." + CUSTOMERS, NONE, called("api.openai.com")),
        ("No personal data is sent to third parties.", SENT, sent("api.openai.com", "email")),
    ],
)
def test_without_the_exception_the_same_is_contradicted(text: str, kind: str, seen: Observation) -> None:
    assert answered(text, kind, seen).answer == "contradicted"


def test_credentials_that_the_customer_provides_are_those_in_the_secret_store() -> None:
    text = "Apps do not store credentials, other than those that you enter."
    kept = observation("credential-storage-secret", data=["credential"], attributes={"store": "secret"})
    clear = observation("credential-storage-plain", line=9, data=["credential"], attributes={"store": "kvs"})
    written = observation("hardcoded-secret", line=9, data=["secret"])
    assert answered(text, "no-credential-storage", kept).answer == "supported"
    assert answered("Apps do not store credentials.", "no-credential-storage", kept).answer == "contradicted"
    assert answered(text, "no-credential-storage", kept, clear).answer == "contradicted"
    assert answered(text, "no-credential-storage", kept, written).answer == "contradicted"


def test_configuration_and_credentials_are_what_the_sentence_says() -> None:
    kept = observation("credential-storage-secret", data=["credential"], attributes={"store": "secret"})
    kind = "configuration-data-only"
    assert answered("The app stores configuration only, and credentials you provide.", kind, kept).answer == "supported"
    assert answered("The app stores configuration only.", kind, kept).answer == "contradicted"


@pytest.mark.parametrize(
    "text",
    [
        "No personal data is sent to third parties unless you agree.",
        "No personal data is sent to third parties except as required by law.",
        "No personal data is sent to third parties except OpenAI for text that you mark.",
        "No personal data is sent to third parties except Wholly Unknown Inc.",
        "Nothing else is sent to third parties.",
        "No personal data is sent to Sentry or any other third party.",
        "No personal data is sent to Sentry, Wholly Unknown or OpenAI.",
    ],
)
def test_what_the_code_does_not_show_is_for_a_person(text: str) -> None:
    reply = answered(text, SENT, sent("api.openai.com", "email"))
    assert reply.answer == "not-shown"
    assert "a person must say" in reply.reason


def test_an_unread_value_is_not_taken_for_the_exception() -> None:
    unknown = observation("pii-storage", attributes={"store": "kvs"})
    assert answered("We store no personal data other than e-mail addresses.", STORED, unknown).answer == "not-shown"


def test_a_host_that_is_chosen_at_run_time_is_not_the_one_that_is_named() -> None:
    anywhere = observation("pii-egress", data=["email"], attributes={"host_kind": "unknown"})
    for text in ("No personal data is sent to third parties except OpenAI.", "No personal data is sent to OpenAI."):
        assert answered(text, SENT, anywhere).answer in ("contradicted", "not-shown")


def test_the_reason_names_what_the_exception_covers() -> None:
    reply = answered("We store no personal data except in Forge storage.", STORED, stored("kvs", "email", line=7))
    assert "the text excepts what stays in Atlassian's own storage (src/index.js:7)" in reply.reason


def test_a_manifest_that_says_that_data_is_stored_does_not_say_where() -> None:
    from claims.claims_builders import subject

    scopes = subject(manifest={"scopes": [{"name": "report:personal-data", "line": 5}]})
    text = "We store no personal data{}."
    (inside,) = only(checked(text.format(" except in Forge storage"), on=scopes), STORED).replies
    (plain,) = only(checked(text.format(""), on=scopes), STORED).replies
    assert (inside.answer, plain.answer) == ("not-shown", "contradicted")
