"""Egress matching: the platform's own table, and properties that hold for any host."""

from __future__ import annotations

import string
import time
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piiguard.facts.egress import always_allowed, is_atlassian, matches, shared_hosting

Side = Literal["backend", "frontend"]
SIDES: tuple[Side, ...] = ("backend", "frontend")

# Entry, URL, passes in the back end, passes in the browser.
TABLE = [
    ("*.example.com", "https://example.com/x", False, False),
    ("*.example.com", "https://a.b.example.com/x", True, True),
    ("https://api.example.com/v1/only", "https://api.example.com/other", True, False),
    ("https://api.example.com/v1/only", "https://api.example.com/v1/only", True, True),
    ("https://api.example.com/v1/", "https://api.example.com/v1/deeper", True, True),
    ("https://api.example.com/v1", "https://api.example.com/v1/deeper", True, False),
    ("api.example.com", "http://api.example.com/", False, False),
    ("api.example.com", "https://api.example.com/", True, True),
    ("api.example.com", "api.example.com", True, True),
    ("api.example.com", "https://api.example.com?q=1#part", True, True),
    ("*", "http://foo.bar", True, True),
    ("wss://x.io", "https://x.io", False, False),
    ("wss://x.io", "wss://x.io/socket", True, True),
    ("ws://x.io", "wss://x.io", False, True),
    ("http://x.io", "https://x.io", False, True),
    ("example.com", "https://EXAMPLE.com/", False, False),
    ("*.ingest.sentry.io", "https://o1.ingest.us.sentry.io", False, False),
    ("*.api.segment.io", "https://api.segment.io/v1", False, False),
    ("https://*.example.com", "https://a.example.com", True, True),
    ("https://%2A.example.com", "https://a.example.com", True, True),
    ("a.*.example.com", "https://a.b.example.com", False, False),
    ("*.example.com", "https://a.exampleXcom", False, False),
    ("example.com", "https://example.com.evil.test", False, False),
    ("*.example.com", "https://evil.test/a.example.com", False, False),
]

labels = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
hosts = st.lists(labels, min_size=2, max_size=4).map(".".join)
paths = st.lists(labels, max_size=3).map(lambda parts: "/" + "/".join(parts))
urls = st.builds(lambda host, path: f"https://{host}{path}", hosts, paths)
sides = st.sampled_from(SIDES)


@pytest.mark.parametrize(("entry", "url", "backend", "frontend"), TABLE)
def test_table(entry: str, url: str, backend: bool, frontend: bool) -> None:
    assert matches(entry, url, side="backend") is backend
    assert matches(entry, url, side="frontend") is frontend


@given(st.text(), sides)
def test_star_matches_everything(url: str, side: Side) -> None:
    assert matches("*", url, side=side)


@given(hosts, paths, sides)
def test_wildcard_does_not_cover_its_own_domain(host: str, path: str, side: Side) -> None:
    assert not matches(f"*.{host}", f"https://{host}{path}", side=side)


@given(hosts, st.lists(labels, min_size=1, max_size=3), paths, sides)
def test_wildcard_covers_every_depth(host: str, below: list[str], path: str, side: Side) -> None:
    assert matches(f"*.{host}", f"https://{'.'.join(below)}.{host}{path}", side=side)


@given(hosts, hosts, paths, paths)
def test_backend_ignores_paths(entry: str, host: str, one: str, other: str) -> None:
    verdicts = {matches(entry + a, f"https://{host}{b}", side="backend") for a in (one, other) for b in (one, other)}
    assert len(verdicts) == 1
    assert matches(host + one, f"https://{host}{other}", side="backend")


@given(urls, sides)
def test_an_entry_covers_itself(url: str, side: Side) -> None:
    assert matches(url, url, side=side)


@given(st.lists(hosts, max_size=4), hosts, urls, sides)
def test_more_entries_never_take_a_match_away(entries: list[str], extra: str, url: str, side: Side) -> None:
    before = any(matches(entry, url, side=side) for entry in entries)
    after = any(matches(entry, url, side=side) for entry in [*entries, extra])
    assert after or not before


@given(st.text(max_size=60), st.text(max_size=60), sides)
def test_any_text_is_answered(entry: str, url: str, side: Side) -> None:
    assert matches(entry, url, side=side) in (True, False)


def test_many_stars_do_not_stall() -> None:
    start = time.monotonic()
    assert not matches("*a" * 200 + "b", "https://" + "a" * 5000, side="backend")
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    ("url", "kind", "allowed"),
    [
        ("https://acme.atlassian.net/avatar.png", "images", True),
        ("https://secure.gravatar.com/avatar/1", "images", True),
        ("https://www.gravatar.com/avatar/1", "images", False),
        ("https://i0.wp.com/pixel.gif", "images", False),
        ("api.media.atlassian.com", "fetch.backend", True),
        ("https://api.atlassian.com/gateway/api/emoji/1", "fetch.client", True),
        ("https://api.atlassian.com/me", "fetch.client", False),
        ("https://api.atlassian.com/me", "fetch.backend", False),
        ("https://acme.atlassian.net/", "scripts", False),
    ],
)
def test_always_allowed(url: str, kind: str, allowed: bool) -> None:
    assert always_allowed(url, kind) is allowed


@pytest.mark.parametrize(
    ("host", "atlassian"),
    [
        ("acme.atlassian.net", True),
        ("API.atlassian.com", True),
        ("atlassian.com", True),
        ("acme.jira.com", True),
        ("api.bitbucket.org", False),
        ("bitbucket.org", False),
        ("notatlassian.com", False),
        ("atlassian.com.evil.test", False),
    ],
)
def test_is_atlassian(host: str, atlassian: bool) -> None:
    assert is_atlassian(host) is atlassian


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("*", "everything"),
        ("https://*", "everything"),
        ("*.com", "shared-suffix"),
        ("*.co.uk", "shared-suffix"),
        ("*.amazonaws.com", "shared-suffix"),
        ("https://*.execute-api.us-east-1.amazonaws.com", "shared-suffix"),
        ("*.cloudfront.net", "shared-suffix"),
        ("*.azurewebsites.net", "shared-suffix"),
        ("*.herokuapp.com", "shared-suffix"),
        ("*.vercel.app", "shared-suffix"),
        ("*.netlify.app", "shared-suffix"),
        ("*.firebaseio.com", "shared-suffix"),
        ("*.supabase.co", "shared-suffix"),
        ("*.googleapis.com", "shared-suffix"),
        ("*.run.app", "shared-suffix"),
        ("*.workers.dev/path", "shared-suffix"),
        ("*.ngrok.io", "tunnel"),
        ("https://some-name.ngrok-free.app", "tunnel"),
        ("*.example.com", None),
        ("acme.vercel.app", None),
        ("*.acme.vercel.app", None),
        ("generativelanguage.googleapis.com", None),
        ("*.atlassian.net", None),
        ("", None),
    ],
)
def test_shared_hosting(pattern: str, why: str | None) -> None:
    assert shared_hosting(pattern) == why
