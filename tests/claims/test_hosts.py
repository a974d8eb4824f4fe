"""Who runs a host."""

from __future__ import annotations

import pytest

from claims.claims_builders import observation, policy
from piiguard.claims.hosts import bare_host, owners

LISTED = policy(
    "vendor-hosts: ['*.vendor.example']\nhosts:\n  - {host: git.example, kind: customer-configured}\n"
).everyone


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("api.example.com", "api.example.com"),
        ("https://API.Example.com/v1?x#y", "api.example.com"),
        ("https://user:word@example.com:8443/", "example.com"),
        ("https://good.example@evil.example/", "evil.example"),
        ("https://evil.example?@good.example/", "evil.example"),
        ("https://evil.example\\@good.example/", "evil.example"),
        ("*.example.com", "*.example.com"),
        ("example.com.", "example.com"),
        ("wss://x.example:1", "x.example"),
    ],
)
def test_bare_host(address: str, host: str) -> None:
    assert bare_host(address) == host


@pytest.mark.parametrize(
    ("host", "kind", "expected"),
    [
        ("git.example", "", "customer-configured"),
        ("git.example", "constant", "customer-configured"),
        ("git.example", "settings", "typed-in"),
        ("git.example", "environment", "unknown"),
        ("a.vendor.example", "", "vendor"),
        ("vendor.example", "", "unlisted"),
        ("git.example.evil.example", "", "unlisted"),
        ("your.atlassian.net", "", "atlassian"),
        ("atlassian.net.evil.example", "", "unlisted"),
        ("evilatlassian.com", "", "unlisted"),
        ("<env:BASE>", "environment", "unknown"),
        ("<dynamic:base>", "settings", "typed-in"),
        (None, "user-input", "typed-in"),
        (None, "", "unknown"),
    ],
)
def test_owner(host: str | None, kind: str, expected: str) -> None:
    seen = observation("egress-host", host=host, attributes={"host_kind": kind} if kind else {})
    assert [whose for whose, _ in owners(seen, LISTED)] == [expected]


def test_without_a_list_a_host_is_unnamed() -> None:
    ((whose, entry),) = owners(observation("egress-host", host="x.example"), policy().everyone)
    assert (whose, entry) == ("unnamed", None)


def test_a_default_of_the_vendor_counts_beside_what_the_customer_types() -> None:
    seen = observation("egress-host", host="a.vendor.example", attributes={"host_kind": "settings"})
    assert [whose for whose, _ in owners(seen, LISTED)] == ["typed-in", "vendor"]


def test_what_has_no_host_has_no_owner() -> None:
    assert owners(observation("pii-storage"), LISTED) == (("none", None),)
