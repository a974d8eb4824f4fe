"""The patterns of promises.yaml: each matches its sentence and not the one beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from claims.document.document_builders import FOLDER, read_text, said
from piiguard.claims.document.language import language

PHRASES: dict[str, list[str]] = YAML(typ="safe").load((FOLDER / "words" / "phrases.yaml").read_text(encoding="utf-8"))
PATTERNS = {pattern.id: pattern for pattern in language().patterns}


def test_every_pattern_has_its_sentences() -> None:
    assert list(PATTERNS) == list(dict.fromkeys(PATTERNS))
    assert PATTERNS.keys() == PHRASES.keys()


@pytest.mark.parametrize("name", PATTERNS)
def test_matches_its_sentence_and_not_the_other(name: str) -> None:
    pattern = PATTERNS[name]
    fits, other = PHRASES[name]
    assert (pattern.kind, pattern.polarity) in said(fits)
    assert (pattern.kind, pattern.polarity) not in said(other)


@pytest.mark.parametrize(
    ("text", "kind", "polarity"),
    [
        ("Apps do not store API keys.", "no-credential-storage", "promise"),
        ("Credentials you provide are stored.", "no-credential-storage", "disclosure"),
        ("Runs on Atlassian: No", "runs-on-atlassian", "disclosure"),
        ("Cookies: We don't use any.", "no-cookies", "promise"),
        ("Do you use cookies?\n\nNo.", "no-cookies", "promise"),
        ("Do you use cookies?\n\nYes, the app sets cookies.", "no-cookies", "disclosure"),
        ("| Topic | Answer |\n| --- | --- |\n| Cookies | None |", "no-cookies", "promise"),
        ("Personal data is not only stored but also sent to OpenAI.", "no-personal-data-sent", "disclosure"),
        ("The app keeps no logs of personal data and stores account IDs.", "no-personal-data-stored", "disclosure"),
        ("The API token:\n\n- Is not stored by the app\n", "no-credential-storage", "promise"),
        ("E-mail addresses are redacted from all logs.", "no-personal-data-in-logs", "promise"),
        ("We store these fields:\n\n- Email\n", "no-personal-data-stored", "disclosure"),
        ("**NOT stored:**\n\n- ❌ User email addresses\n", "no-personal-data-stored", "promise"),
        ("What is NOT logged:\n\n- Account IDs (removed from every message)\n", "no-personal-data-in-logs", "promise"),
        ("We do not keep tokens in plain text (encrypted at rest).", "encryption-at-rest", "promise"),
        ("External calls: the app only calls api.atlassian.com.", "overview-external-calls", "promise"),
        ("Metrics are never sent outside Atlassian, and removed on uninstall.", "data-removed-on-uninstall", "promise"),
    ],
)
def test_polarity(text: str, kind: str, polarity: str) -> None:
    other = {"promise": "disclosure", "disclosure": "promise"}[polarity]
    assert (kind, polarity) in said(text)
    assert (kind, other) not in said(text)


@pytest.mark.parametrize(
    ("text", "exceptions"),
    [
        ("We do not store any personal data except Atlassian account IDs.", ("account-ids",)),
        ("We never share your data without your consent.", ("with-consent",)),
        ("No personal data is stored outside Atlassian.", ("in-atlassian-storage",)),
        ("No personal data is sent to Sentry.", ("named-service",)),
        ("Is personal data stored?\n\nNo, except Atlassian account IDs.", ("account-ids",)),
        ("No personal data is stored, except in Atlassian storage.", ("in-atlassian-storage",)),
        ("The app makes no external calls (except the Jira REST API).", ()),
        (
            "Unless an administrator connects one, no data is sent to third parties.",
            ("customer-configured",),
        ),
        ("No data is sent to a service that has not been configured by your administrator.", ("customer-configured",)),
        ("No data is shared with third parties unless the moon is full.", ("unless the moon is full",)),
    ],
)
def test_exceptions(text: str, exceptions: tuple[str, ...]) -> None:
    assert exceptions in {each.exceptions for each in read_text(text).statements}


@pytest.mark.parametrize(
    "text",
    [
        "We cannot guarantee that no data is stored.",
        "Our website uses cookies.",
        "Please do not store personal data in page titles.",
        "© 2026 The Vendor. GitHub",
        "If you use AI features:",
        "We do not renew TLS certificates ourselves.",
        "Most of our apps do not send data to third parties.",
        "Generally, no data is sent out.",
        "When reporting a bug, include:\n\n- A screen recording\n",
        "Keys should never be shared through Jira.",
    ],
)
def test_says_nothing_about_the_app(text: str) -> None:
    assert not said(text)


def test_a_lead_promises_once_and_its_items_the_rest() -> None:
    text = "It is a read-only app with:\n\n- encrypted storage\n- nice colours\n"
    found = [(each.line, each.kind) for each in read_text(text).statements]
    assert found == [(1, "read-only"), (3, "encryption-at-rest")]


def test_a_nested_list_completes_the_sentence_of_the_outer_one() -> None:
    text = "We store this data:\n\n- Users:\n  - account IDs\n- Colours\n\nAccount IDs are nice.\n"
    found = [(each.line, each.kind) for each in read_text(text).statements if each.kind == "no-personal-data-stored"]
    assert found == [(4, "no-personal-data-stored")]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([fits for fits, _ in PHRASES.values()]), st.integers(0, 4), st.sampled_from(["md", "txt", "html"])
)
def test_place_and_format_do_not_matter(sentence: str, lines: int, suffix: str) -> None:
    if "\n" in sentence or sentence.lower().startswith("what we store"):
        return
    lead = "Hello.\n\n" * lines
    marks = {"md": sentence, "txt": sentence, "html": f"<p>{sentence}</p>"}
    document = read_text(lead + marks[suffix], f"page.{suffix}")
    assert {(each.kind, each.polarity) for each in document.statements} >= said(sentence)
    assert {each.line for each in document.statements} == {2 * lines + 1}
