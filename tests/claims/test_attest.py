"""Attestations written into piiguard.yaml: what stood there stays, and nothing is written that cannot be meant."""

from __future__ import annotations

import difflib
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piiguard.claims.attest import check, with_attestation
from piiguard.claims.config import ConfigError, parse_policy
from piiguard.claims.init import draft
from piiguard.claims.shapes import AttestationEntry
from piiguard.errors import UsageError
from piiguard.model import Subject

TODAY = date(2026, 3, 1)
ENTRY = AttestationEntry("response-times", "Ada Example, lead", TODAY, date(2027, 3, 1), "Every report: answered.")
STYLES = {
    "long": "# Ours\nversion: 1\n\nhosts:\n  # ours\n  - {host: a.example, kind: vendor, name: 'A'}  # one\n\n"
    "attestations:\n  - claim: certifications\n    by: Ada\n    on: 2026-01-01\n    until: 2026-12-31\n"
    "    statement: >\n      We hold\n      none.\n\n# the end\nwaivers:\n  - rule: console-log\n    path: src/*\n"
    '    reason: "x"\n',
    "flush lists": "hosts:\n- host: a.example\n  kind: vendor\n",
    "four blanks": "claims:\n    no-cookies: false  # we set one\nallow:\n    self-hosted: true\n",
    "document start": "---\nversion: 1\n",
    "comment alone": "# nothing yet\n",
    "keys alone": "claims:\nattestations:\nwaivers:\n",
    "long line": f"hosts:\n  - {{host: a.example, kind: vendor, purpose: {'word ' * 60}end}}\n",
    "windows": "version: 1\r\nallow:\r\n  self-hosted: true\r\n",
    "no line break at the end": "version: 1",
    "quotes": "vendor-hosts: [\"*.a.example\", '*.b.example']\n",
}


def lost(before: str, after: str) -> list[str]:
    changes = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in changes if line.startswith("- ")]


@pytest.mark.parametrize("style", STYLES)
def test_every_line_stays_and_the_attestation_is_read(style: str) -> None:
    before = STYLES[style]
    after = with_attestation(before.encode(), "piiguard.yaml", ENTRY)
    assert lost(before, after) == []
    assert after.endswith("\n")
    (given,) = parse_policy(after.encode(), "piiguard.yaml").attestations[-1:]
    assert (given.claim, given.by, given.on, given.until, given.statement) == (
        "response-times",
        "Ada Example, lead",
        "2026-03-01",
        "2027-03-01",
        "Every report: answered.",
    )


def test_line_ends_stay() -> None:
    after = with_attestation(STYLES["windows"].encode(), "piiguard.yaml", ENTRY)
    assert after.count("\n") == after.count("\r\n")


def test_a_new_file() -> None:
    assert with_attestation(b"", "piiguard.yaml", ENTRY) == (
        "version: 1\n\nattestations:\n  - claim: response-times\n    by: Ada Example, lead\n    on: 2026-03-01\n"
        "    until: 2027-03-01\n    statement: 'Every report: answered.'\n"
    )


def test_twice_is_two() -> None:
    once = with_attestation(b"", "piiguard.yaml", ENTRY)
    twice = with_attestation(once.encode(), "piiguard.yaml", ENTRY)
    assert lost(once, twice) == []
    assert len(parse_policy(twice.encode(), "piiguard.yaml").attestations) == 2


def test_the_draft_of_init_takes_one() -> None:
    text = draft(Subject(".", ()), ())
    after = with_attestation(text.encode(), "piiguard.yaml", ENTRY)
    assert lost(text, after) == []


WORDS = st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable() and bool(text.strip()))


@settings(deadline=None)
@given(WORDS, WORDS)
def test_any_words_come_back_as_they_were(by: str, statement: str) -> None:
    entry = msgspec.structs.replace(ENTRY, by=by, statement=statement)
    check(entry, TODAY)
    text = with_attestation(b"version: 1\n", "piiguard.yaml", entry)
    (given,) = parse_policy(text.encode(), "piiguard.yaml").attestations
    assert (given.by, given.statement) == (by, statement)


def test_a_file_with_mistakes_is_not_touched() -> None:
    with pytest.raises(ConfigError, match=r"^piiguard\.yaml:1"):
        with_attestation(b"clams: {}\n", "piiguard.yaml", ENTRY)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim": "response-time"}, "Did you mean response-times"),
        ({"claim": "zzzz"}, "lists the claims"),
        ({"until": date(2026, 2, 28), "on": date(2026, 1, 1)}, "2026-02-28 is past"),
        ({"until": date(2026, 2, 1)}, "before --on"),
        ({"on": date(2026, 3, 2)}, "yet to come"),
        ({"by": " "}, "needs a name"),
        ({"statement": ""}, "needs a name and a statement"),
        ({"statement": "one\x85two"}, "without control characters"),
        ({"by": "Ada\nclaims: {}"}, "without control characters"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check(msgspec.structs.replace(ENTRY, **change), TODAY)


@pytest.mark.parametrize("until", [TODAY, date(2030, 1, 1)])
def test_today_is_not_past(until: date) -> None:
    check(msgspec.structs.replace(ENTRY, until=until), TODAY)
