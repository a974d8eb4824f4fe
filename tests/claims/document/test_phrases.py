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
    ],
)
def test_says_nothing_about_the_app(text: str) -> None:
    assert not said(text)


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
