"""The draft of piiguard.yaml."""

from __future__ import annotations

from claims.claims_builders import judged, observation, policy, subject
from piiguard.claims.init import draft
from piiguard.claims.policy import AppPolicy
from piiguard.model import Observation

SEEN: tuple[Observation, ...] = (
    observation("egress-host", line=3, host="api.else.example"),
    observation("pii-egress", line=8, host="https://api.else.example/v1", data=["email"]),
    observation("egress-host", line=9, host="your.atlassian.net"),
    observation("egress-host", line=10, host="evil.example\nclaims: {no-tracking: false}"),
    observation("egress-host", line=11, host="<env:BASE>"),
)
ON = subject(manifest={"egress": [{"kind": "images", "line": 5, "address": "https://cdn.else.example/x"}]})


def test_the_draft_is_the_strict_default() -> None:
    found = policy(draft(ON, SEEN))
    assert found.everyone == AppPolicy()
    assert (found.waivers, found.attestations, found.apps) == ((), (), {})


def test_the_draft_names_the_hosts_and_where_they_were_seen() -> None:
    text = draft(ON, SEEN)
    assert "  # - host: api.else.example  # src/index.js:3 and 1 more\n" in text
    assert "  # - host: cdn.else.example  # manifest.yml:5\n" in text
    assert "atlassian.net" not in text
    assert "evil" not in text


def test_the_draft_lists_what_is_contradicted() -> None:
    assert "  # no-personal-data-sent: false" in draft(ON, SEEN)
    assert "  # no-tracking: false" not in draft(ON, SEEN)


def test_uncommented_it_is_valid() -> None:
    lines = (line.replace("# ", "", 1) if line.startswith("  #") else line for line in draft(ON, SEEN).split("\n"))
    text = "\n".join(line.replace("rule-id", "some-egress-host").replace("src/example.js", "src/*") for line in lines)
    found = policy(text)
    assert {host.pattern for host in found.everyone.hosts} >= {"api.else.example", "cdn.else.example"}
    assert "no-personal-data-sent" in found.everyone.unclaimed
    assert {each.state for each in judged(*SEEN, on=ON, by=text).attestations} == {"expired"}
