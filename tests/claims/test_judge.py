"""What holds for judging as a whole: gaps, waivers, apps, order, and that more evidence never helps a claim."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.claims_builders import TODAY, judged, observation, policy, source, subject, verdict
from piiguard.claims.catalogue import catalogue
from piiguard.claims.config import ConfigError
from piiguard.claims.exits import exit_code
from piiguard.claims.judge import judge
from piiguard.model import CATEGORIES, DATA_CLASSES, FileStatus, Gap, Judgement, Location, Observation, Subject

WORDLESS = [claim.id for claim in catalogue().claims.values() if claim.proof == "code"]
GOOD = {"supported", "attested", "not-applicable"}
RELAXED = """
vendor-hosts: [api.vendor.example]
hosts: [{host: git.else.example, kind: customer-configured}, {host: mail.else.example, kind: subprocessor}]
allow: {store-account-ids: true, store-user-content: true, self-hosted: true}
count: {logs: false, browser-storage: false}
"""
NAMES = ["store", "host_kind", "declared", "kind", "path_kind", "fact", "provider", "key_from", "side"]
VALUES = ["kvs", "secret", "queue", "browser", "external-db", "settings", "environment", "constant", "yes", "no"]
KINDS = ["unknown", "analytics", "error-monitoring", "pixel", "helper", "any-host", "atlassian"]
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([*VALUES, *KINDS]), max_size=4)
OBSERVATIONS = st.builds(
    observation,
    category=st.sampled_from(list(CATEGORIES)),
    line=st.integers(1, 5000),
    confidence=st.sampled_from(["sure", "likely"]),
    data=st.lists(st.sampled_from(sorted(DATA_CLASSES)), max_size=3, unique=True),
    host=st.sampled_from([None, "git.else.example", "mail.else.example", "api.vendor.example", "x.example", "<env:X>"]),
    attributes=ATTRIBUTES,
)
GAPS = st.builds(
    Gap,
    path=st.sampled_from(["src/a.js", "src/b.js"]),
    why=st.just("could not be parsed"),
    app=st.sampled_from(["", "."]),
    needed_for=st.lists(st.sampled_from(list(CATEGORIES)), max_size=2).map(tuple),
)
POLICIES = st.sampled_from(["", RELAXED])


def answers(judgement: Judgement) -> dict[str, str]:
    return {each.claim: each.answer for each in judgement.verdicts}


@settings(max_examples=80, deadline=None)
@given(st.lists(OBSERVATIONS, max_size=4), OBSERVATIONS, st.lists(GAPS, max_size=2), POLICIES)
def test_one_more_observation_never_helps(seen: list[Observation], more: Observation, gaps: list[Gap], by: str) -> None:
    before = answers(judged(*seen, gaps=tuple(gaps), by=by))
    after = answers(judged(*seen, more, gaps=tuple(gaps), by=by))
    for claim, answer in before.items():
        assert answer in GOOD or after[claim] not in GOOD
        assert answer != "contradicted" or after[claim] == "contradicted"


@settings(max_examples=80, deadline=None)
@given(st.lists(OBSERVATIONS, max_size=4), st.lists(GAPS, max_size=2), GAPS, POLICIES)
def test_one_more_gap_never_helps(seen: list[Observation], gaps: list[Gap], more: Gap, by: str) -> None:
    before = judged(*seen, gaps=tuple(gaps), by=by)
    after = judged(*seen, gaps=(*gaps, more), by=by)
    for claim, answer in answers(before).items():
        now = answers(after)[claim]
        assert answer == now or now == "not-shown"
        affected = not more.needed_for or catalogue().claims[claim].needs & set(more.needed_for)
        assert now != "supported" or not affected


@settings(max_examples=60, deadline=None)
@given(st.lists(OBSERVATIONS, max_size=5), POLICIES)
def test_every_verdict_that_relies_on_the_policy_says_so(seen: list[Observation], by: str) -> None:
    strict, relaxed = judged(*seen), judged(*seen, by=by)
    for claim, answer in answers(relaxed).items():
        if answer != answers(strict)[claim] and answer == "supported":
            assert "allowed by piiguard.yaml:" in verdict(relaxed, claim).reason


@settings(max_examples=30, deadline=None)
@given(st.lists(OBSERVATIONS, max_size=5), st.lists(GAPS, max_size=2), POLICIES)
def test_same_in_same_out(seen: list[Observation], gaps: list[Gap], by: str) -> None:
    first = judged(*seen, gaps=tuple(gaps), by=by)
    again = judged(*seen, gaps=tuple(reversed(gaps)), by=by)
    assert msgspec.json.encode(first) == msgspec.json.encode(again)


@pytest.mark.parametrize("claim", WORDLESS)
def test_a_gap_in_what_a_claim_needs_leaves_it_open(claim: str) -> None:
    for category in sorted(catalogue().claims[claim].needs):
        gap = Gap("src/a.js", "could not be parsed", ".", 3, (category,))
        found = verdict(judged(gaps=(gap,)), claim)
        assert found.answer == "not-shown"
        assert found.gaps == (gap,)
        assert "src/a.js:3: could not be parsed" in found.reason


def test_a_gap_of_the_whole_scan_has_no_place() -> None:
    found = verdict(judged(gaps=(Gap("", "only some rules ran"),)), "no-tracking")
    assert found.reason == "not everything could be looked at: only some rules ran"


def test_a_gap_elsewhere_changes_nothing() -> None:
    gaps = (Gap("manifest.yml", "a path could not be read", ".", 3, ("unused-scope",)),)
    assert verdict(judged(gaps=gaps), "no-tracking").answer == "supported"
    assert verdict(judged(gaps=gaps), "data-minimization").answer == "not-shown"


def test_a_file_that_could_not_be_read_is_a_gap() -> None:
    unread = subject(files=(FileStatus("src/x.js", "gap", "too long"),))
    assert verdict(judged(on=unread), "no-tracking").answer == "not-shown"


def test_an_app_without_sources_is_not_supported() -> None:
    bare = Subject(".", tuple(msgspec.structs.replace(app, sources=()) for app in subject().apps))
    assert {verdict(judged(on=bare), claim).answer for claim in WORDLESS} == {"not-shown"}


def test_an_attestation_settles_doubt_but_neither_a_finding_nor_a_gap() -> None:
    word = """
attestations:
  - {claim: no-personal-data-stored, by: Ada Vendor, on: 2026-11-01, until: 2027-11-01, statement: Only headings.}
"""
    doubt = observation("pii-storage", data=["user-content"], confidence="likely")
    finding = observation("pii-storage", line=9, data=["email"])
    gap = Gap("src/a.js", "could not be parsed", ".")
    settled = verdict(judged(doubt, by=word), "no-personal-data-stored")
    assert settled.answer == "attested"
    assert "Ada Vendor said on 2026-11-01, until 2027-11-01: Only headings." in settled.reason
    assert "free text may hold personal data" in settled.reason
    assert verdict(judged(doubt, finding, by=word), "no-personal-data-stored").answer == "contradicted"
    assert verdict(judged(doubt, gaps=(gap,), by=word), "no-personal-data-stored").answer == "not-shown"
    assert verdict(judged(by=word), "no-personal-data-stored").answer == "supported"


def test_apps_are_judged_apart() -> None:
    (one,) = subject().apps
    other = msgspec.structs.replace(one, id="other", root="other")
    both = Subject(".", (one, other))
    stored = observation("pii-storage", data=["account-id"], app="other")
    by = policy("apps:\n  other:\n    allow:\n      store-account-ids: true\n")
    strict = judge(both, (stored,), (), policy(), today=TODAY)
    assert [each.answer for each in strict.verdicts if each.claim == "no-personal-data-stored"] == [
        "supported",
        "contradicted",
    ]
    relaxed = judge(both, (stored,), (), by, today=TODAY)
    assert [each.answer for each in relaxed.verdicts if each.claim == "no-personal-data-stored"] == ["supported"] * 2
    (last,) = (each for each in relaxed.verdicts if (each.claim, each.app) == ("no-personal-data-stored", "other"))
    assert "allowed by piiguard.yaml:4: allow.store-account-ids: true" in last.reason


def test_an_app_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(
        ConfigError, match=r"^piiguard.yaml:2: the app apps/on is not known; did you mean `apps/one`\?$"
    ):
        judge(_named("apps/one"), (), (), policy("apps:\n  apps/on: {}\n"), today=TODAY)


def _named(app: str) -> Subject:
    return Subject(".", tuple(msgspec.structs.replace(each, id=app) for each in subject().apps))


def test_an_observation_of_no_known_app_counts_for_all() -> None:
    lost = observation("tracking", app="elsewhere")
    assert verdict(judged(lost), "no-tracking").answer == "contradicted"


def test_findings_are_in_report_order_and_without_doubts() -> None:
    stored = observation("pii-storage", line=9, data=["email"])
    tracked = observation("tracking", line=2)
    doubt = observation("browser-storage", line=3)
    assert judged(stored, doubt, tracked).findings == (stored.id, tracked.id)


def test_claims_that_are_not_made_yield_no_findings() -> None:
    every = "claims:\n" + "".join(f"  {claim}: false\n" for claim in catalogue().claims)
    found = judged(observation("tracking"), by=every)
    assert found.findings == ()
    assert {each.answer for each in found.verdicts} == {"not-applicable"}


def test_a_manifest_fact_yields_to_the_observation_at_its_place() -> None:
    declared = subject(manifest={"content": [{"kind": "scripts", "value": "unsafe-inline", "line": 5}]})
    alone = verdict(judged(on=declared), "safe-content-policy")
    assert (alone.answer, alone.observations) == ("contradicted", ())
    assert "manifest.yml:5, manifest-unsafe-inline" in alone.reason
    seen = observation("unsafe-csp", rule="manifest-unsafe-script", location={"path": "manifest.yml", "start_line": 5})
    waiver = "waivers:\n  - {rule: manifest-unsafe-script, path: manifest.yml, reason: until the next release}\n"
    assert verdict(judged(seen, on=declared), "safe-content-policy").observations == (seen.id,)
    assert verdict(judged(seen, on=declared, by=waiver), "safe-content-policy").answer == "supported"


@pytest.mark.parametrize(
    ("seen", "gaps", "code"),
    [
        ((), (), 0),
        ((observation("egress-host", host="x.example"),), (), 0),
        ((observation("browser-storage"),), (), 3),
        ((), (Gap("src/a.js", "could not be parsed"),), 3),
        ((observation("tracking"),), (Gap("src/a.js", "could not be parsed"),), 1),
    ],
)
def test_exit_code(seen: tuple[Observation, ...], gaps: tuple[Gap, ...], code: int) -> None:
    assert exit_code(judged(*seen, gaps=gaps)) == code


def test_places_are_counted_once() -> None:
    twice = (observation("tracking", line=4), observation("session-recording", line=4), observation("tracking", line=8))
    reason = verdict(judged(*twice), "no-tracking").reason
    assert reason == "a tracker is used: something of tracking (src/index.js:4) and 1 more place"


def test_sources_of_another_location_do_not_matter() -> None:
    elsewhere = observation("tracking", location=msgspec.to_builtins(Location("lib/x.js", 1)))
    found = verdict(judged(elsewhere, on=subject(source(), source(path="src/b.js"))), "no-tracking")
    assert "lib/x.js:1" in found.reason
