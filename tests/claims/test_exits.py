"""What ends soon: attestations and waivers, and not those that were renewed."""

from __future__ import annotations

from datetime import date

import pytest

from piiguard.claims.exits import expiring
from piiguard.model import Attestation, Judgement, Location, Waiver

TODAY = date(2026, 3, 1)


def word(until: str, claim: str = "certifications", app: str = "") -> Attestation:
    return Attestation(claim, "Ada", "2025-01-01", until, "We hold none.", app=app)


def waiver(until: str | None) -> Waiver:
    return Waiver("console-log", "debugging", "file", Location("piiguard.yaml", 7), "src/*", until)


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        ("2026-02-28", "ended on 2026-02-28"),
        ("2026-03-01", "ends on 2026-03-01, today"),
        ("2026-03-02", "ends on 2026-03-02, tomorrow"),
        ("2026-03-31", "ends on 2026-03-31, in 30 days"),
    ],
)
def test_what_ends_within_the_days_is_named(until: str, ends: str) -> None:
    given = Judgement(attestations=(word(until),), waivers=(waiver(until),))
    assert expiring(given, TODAY, 30) == (
        f"the attestation of certifications by Ada {ends}",
        f"the waiver of console-log at piiguard.yaml:7 {ends}",
    )


def test_what_lasts_longer_is_not() -> None:
    assert expiring(Judgement(attestations=(word("2026-04-01"),), waivers=(waiver("2026-04-01"),)), TODAY, 30) == ()


def test_a_waiver_without_an_end_is_not() -> None:
    assert expiring(Judgement(waivers=(waiver(None),)), TODAY, 9999) == ()


def test_what_was_renewed_is_not() -> None:
    given = Judgement(attestations=(word("2026-03-02"), word("2027-03-02")))
    assert expiring(given, TODAY, 30) == ()


@pytest.mark.parametrize("other", [word("2027-03-02", claim="response-times"), word("2027-03-02", app="b")])
def test_another_claim_or_app_renews_nothing(other: Attestation) -> None:
    assert len(expiring(Judgement(attestations=(word("2026-03-02"), other)), TODAY, 30)) == 1
