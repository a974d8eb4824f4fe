"""Typed-in credentials: the fixtures, every key format, and what a mark must never hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piiguard.engines import secrets
from piiguard.facts import key_formats
from piiguard.model import App, EngineReport, Language, Manifest, Source, Subject

from .fixture_marks import LANGUAGES, actual, expected, files, filled, rule_of

RULE_IDS = [rule.id for rule in secrets.RULES]
CASES = list(files("secrets"))
EVERY_CHECK = list(HealthCheck)


def run(text: str, language: Language = "javascript", path: str = "src/a.js") -> EngineReport:
    source = Source(path=path, app=".", language=language, text=text.encode())
    app = App(id=".", name="a", root=".", manifest=Manifest(path="manifest.yml"), sources=(source,))
    return secrets.run(Subject(root=".", apps=(app,)))


@pytest.mark.parametrize("rule", RULE_IDS)
def test_every_rule_has_fixtures_with_both_marks(rule: str) -> None:
    texts = [path.read_text() for path in CASES if rule_of(path, "secrets") == rule]
    for word in ("ruleid", "ok"):
        assert any(named == rule for text in texts for _, named in expected(text, word)), f"no `{word}: {rule}`"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_fixture(path: Path) -> None:
    rule, text = rule_of(path, "secrets"), filled(path.read_text())
    found = actual(run(text, LANGUAGES[path.suffix], path.name), path.name, rule)
    assert found == expected(text, "ruleid")
    assert not found & expected(text, "ok")


@pytest.mark.parametrize("shape", key_formats.all_formats(), ids=lambda shape: shape.kind)
def test_every_format_finds_keys_of_its_shape(shape: key_formats.KeyFormat) -> None:
    @settings(max_examples=5, deadline=None, database=None, derandomize=True, suppress_health_check=EVERY_CHECK)
    @given(st.from_regex(rf"\A(?:{shape.pattern})\Z"))
    def found(key: str) -> None:
        text = f'{" ".join(shape.words)}\nconst it = "{key}";\n'
        assert key in {match[0] for match in shape.find(text, text.lower())}

    found()


def test_kinds_are_unique_and_words_are_lower_case() -> None:
    formats = key_formats.all_formats()
    assert len({shape.kind for shape in formats}) == len(formats)
    for shape in formats:
        assert shape.words == tuple(word.lower() for word in shape.words), shape.kind
        assert bool(shape.vendor) == shape.public, shape.kind


def test_a_mark_never_holds_the_value() -> None:
    key = filled("ghp_{{alnum 36}}")
    (mark,) = run(f'const a = 1;\nconst token = "{key}";\n').marks
    assert key not in repr(mark)
    assert key[10:] not in repr(mark)
    assert len(mark.attributes["hash"]) == 12
    assert (mark.location.start_line, mark.location.start_column) == (2, 16)
    assert (mark.location.end_line, mark.location.end_column) == (2, 56)


def test_offsets_are_bytes_and_columns_are_code_points() -> None:
    key = filled("ghp_{{alnum 36}}")
    text = f'const é = "ü"; const b = "{key}";'
    (mark,) = run(text).marks
    assert text.encode()[mark.start : mark.end] == key.encode()
    assert text[mark.location.start_column - 1 :].startswith(key)


def test_shape_wins_over_name_and_is_reported_once() -> None:
    marks = run(filled('const apiKey = "sk-{{alnum 20}}T3BlbkFJ{{alnum 20}}";')).marks
    assert [mark.rule for mark in marks] == ["secret-by-shape"]


def test_firebase_web_key_is_no_secret() -> None:
    key = filled("AIza{{alnum 35}}")
    config = f'const config = {{ key: "{key}", authDomain: "weather.firebaseapp.example" }};'
    assert not run(config).marks
    assert [mark.attributes["kind"] for mark in run(f'const key = "{key}";').marks] == ["google-api-key"]


def test_private_key_needs_a_body() -> None:
    body = filled("{{base64 64}}")
    begin = "-----BEGIN " + "PRIVATE KEY-----"
    assert [mark.attributes["kind"] for mark in run(f"const k = `{begin}\n{body}\n`;").marks] == ["private-key"]
    assert not run(f'if (text.startsWith("{begin}")) use(text);').marks


ODD = ["", "\0\0", "\ufffd", "'" * 5000, "a=" * 20000]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_text_does_no_harm(text: str) -> None:
    assert not run(text, "text").marks


@pytest.mark.parametrize("value", ["a" * 20, "0123456789abcdef0123", "createUserSettings2", "weather-token-v2"])
def test_words_and_sequences_are_not_random(value: str) -> None:
    assert not secrets.is_random(value)
