"""The host of a URL: by table, and for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piiguard.flow.hosts import Hole, Host, Text, host_of, template_of

ENV = Hole("environment", "API_URL")
SOME = Hole("dynamic", "tenant")


@pytest.mark.parametrize(
    ("value", "name", "kind"),
    [
        (("https://api.acme.dev/v1",), "api.acme.dev", "constant"),
        (("https://api.acme.dev",), "api.acme.dev", "constant"),
        (("HTTPS://API.Acme.DEV/V1",), "api.acme.dev", "constant"),
        (("https://api.acme.dev:8443/",), "api.acme.dev", "constant"),
        (("https://who:word@api.acme.dev/",), "api.acme.dev", "constant"),
        (("https://api.acme.dev@evil.dev/",), "evil.dev", "constant"),
        (("https://evil.dev\\@api.acme.dev/",), "evil.dev", "constant"),
        (("https://api.acme.dev?q=a/b",), "api.acme.dev", "constant"),
        (("https://api.acme.dev#https://other.dev",), "api.acme.dev", "constant"),
        (("//cdn.acme.dev/a.js",), "cdn.acme.dev", "constant"),
        (("wss://live.acme.dev/",), "live.acme.dev", "constant"),
        (("https://api.acme.dev/", SOME), "api.acme.dev", "constant"),
        (("https://", SOME, ".acme.dev/v1"), "*.acme.dev", "constant"),
        (("https://eu-", SOME, ".acme.dev"), "*.acme.dev", "constant"),
        (("https://", SOME, ".dev/"), "<dynamic:tenant>", "dynamic"),
        (("https://", SOME, "/v1"), "<dynamic:tenant>", "dynamic"),
        (("https://api.", SOME, "/v1"), "<dynamic:tenant>", "dynamic"),
        ((SOME,), "<dynamic:tenant>", "dynamic"),
        ((ENV, "/v1"), "<env:API_URL>", "environment"),
        (("https://", ENV, "/v1"), "<env:API_URL>", "environment"),
    ],
)
def test_host(value: Text, name: str, kind: str) -> None:
    host = host_of(value)
    assert host is not None
    assert (host.name, host.kind, host.url) == (name, kind, template_of(value))


@pytest.mark.parametrize(
    "url",
    ["", "/rest/api/3/myself", "./strings.json", "strings.json", "data:text/plain,a", "blob:abc", "https:///a", "#top"],
)
def test_stays_on_the_page(url: str) -> None:
    assert host_of((url,)) is None


PARTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["https://", "HTTP://", "//", "a.B.dev", ".", "@", ":", "/", "?", "#", "\\", "{}", "*", "[::1]"]),
    st.builds(Hole, st.sampled_from(["environment", "dynamic"]), st.text(max_size=5)),
)


@given(st.lists(PARTS, max_size=8).map(tuple))
def test_any_text(value: Text) -> None:
    host = host_of(value)
    assert host is None or isinstance(host, Host)
    if host is not None and host.kind == "constant":
        assert host.name
        assert host.name == host.name.lower()
        assert not set("/?#@") & set(host.name)
