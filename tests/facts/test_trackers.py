"""The tracker table, the allow list, the SDK table, and the rules that are generated from them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from piiguard.facts import sdk_hosts, sdk_packages
from piiguard.facts.trackers import (
    Tracker,
    analytics_allow_list,
    by_global,
    by_host,
    by_package,
    on_allow_list,
    trackers,
)

ROOT = Path(__file__).parents[2]
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def test_each_row_names_something_and_a_page_of_the_vendor() -> None:
    for tracker in trackers():
        assert tracker.npm or tracker.pypi or tracker.globals or tracker.hosts, tracker.vendor
        assert tracker.source.startswith("https://"), tracker.vendor


def test_there_are_enough_vendors_in_order() -> None:
    names = [tracker.vendor.lower() for tracker in trackers()]
    assert len(names) >= 120
    assert names == sorted(set(names))


@pytest.mark.parametrize("column", ["npm", "pypi", "globals", "hosts"])
def test_no_name_belongs_to_two_vendors(column: str) -> None:
    counted = Counter(name for tracker in trackers() for name in getattr(tracker, column))
    assert [name for name, times in counted.items() if times > 1] == []


def test_hosts_are_plain_host_names() -> None:
    assert [host for tracker in trackers() for host in tracker.hosts if not HOST.fullmatch(host)] == []


def test_rows_marked_registry_have_a_package() -> None:
    assert [t.vendor for t in trackers() if t.verified == "registry" and not (t.npm or t.pypi)] == []


def test_the_counts_in_sources_are_those_of_the_table() -> None:
    text = (ROOT / "src/piiguard/facts/SOURCES.md").read_text(encoding="utf-8")
    stated = {mark: int(count) for mark, count in re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)}
    assert stated == Counter(tracker.verified for tracker in trackers())
    assert f"{len(trackers())} vendors:" in text


@pytest.mark.parametrize(
    ("host", "vendor"),
    [
        ("us.i.posthog.com", "PostHog"),
        ("POSTHOG.com.", "PostHog"),
        ("o1.ingest.us.sentry.io", "Sentry"),
        ("www.google-analytics.com", "Google Analytics"),
        ("in.accoil.com", "Accoil"),
    ],
)
def test_a_host_is_found_by_itself_and_by_what_stands_above_it(host: str, vendor: str) -> None:
    assert _vendor(by_host(host)) == vendor


@pytest.mark.parametrize(
    "host",
    ["notposthog.com", "posthog.com.example.org", "sentry.io", "api.flagsmith.com", "as.atlassian.com", "com", ""],
)
def test_other_hosts_are_no_trackers(host: str) -> None:
    assert by_host(host) is None


@pytest.mark.parametrize(
    ("name", "ecosystem", "vendor"),
    [
        ("posthog-js", "npm", "PostHog"),
        ("posthog-js/react", "npm", "PostHog"),
        ("@sentry/node", "npm", "Sentry"),
        ("firebase/analytics", "npm", "Firebase Analytics and Performance"),
        ("Sentry_SDK", "pypi", "Sentry"),
        ("posthog", "pypi", "PostHog"),
    ],
)
def test_packages_are_found(name: str, ecosystem: str, vendor: str) -> None:
    assert _vendor(by_package(name, ecosystem)) == vendor


@pytest.mark.parametrize("name", ["heap", "firebase", "@stacks/clarity", "@hubspot/api-client", "posthog", "@sentry"])
def test_packages_that_are_no_trackers(name: str) -> None:
    assert by_package(name, "npm") is None


def test_globals_are_found() -> None:
    assert _vendor(by_global("fbq")) == "Meta Pixel"
    assert by_global("document") is None


@pytest.mark.parametrize("host", ["in.accoil.com", "www.googletagmanager.com", "*.posthog.com", "EU.i.posthog.com"])
def test_the_platform_allows(host: str) -> None:
    assert on_allow_list(host)


@pytest.mark.parametrize("host", ["plausible.io", "ingest.de.sentry.io", "xin.accoil.com", "posthog.com.example.org"])
def test_the_platform_does_not_allow(host: str) -> None:
    assert not on_allow_list(host)


def test_the_allow_list_is_in_order() -> None:
    assert list(analytics_allow_list()) == sorted(set(analytics_allow_list()))


def test_sdk_rows_are_in_order_and_their_hosts_are_hosts() -> None:
    ids = [service.id for service in sdk_hosts.services()]
    assert ids == sorted(set(ids))
    assert all(HOST.fullmatch(service.host.removeprefix("*.")) for service in sdk_hosts.services())


def test_both_sdk_tables_say_the_same_of_a_language_model() -> None:
    for service in sdk_hosts.services():
        other = sdk_packages.by_package(service.package, "npm")
        if service.purpose == "ai" and other is not None and other.host:
            assert (service.package, service.host) == (service.package, other.host)


def test_a_language_model_is_known_by_its_host() -> None:
    assert sdk_hosts.ai_host("api.groq.com") == "groq-sdk"
    assert sdk_hosts.ai_host("api.sendgrid.com") == ""


def test_generated_rules_match_the_tables() -> None:
    command = [sys.executable, str(ROOT / "scripts/generate_rules.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _vendor(tracker: Tracker | None) -> str | None:
    return tracker.vendor if tracker else None
