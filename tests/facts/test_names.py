"""Which names tell what their value is, and which only seem to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piiguard.facts import names


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("email", "email"),
        ("adminEmailAddress", "email"),
        ("USER_EMAILS", "email"),
        ("e-mail", "email"),
        ("accountId", "account-id"),
        ("assigneeAccountId", "account-id"),
        ("reporter_id", "account-id"),
        ("displayName", "display-name"),
        ("firstName", "display-name"),
        ("username", "username"),
        ("phoneNumber", "phone"),
        ("avatarUrl", "avatar"),
        ("ipAddress", "ip-address"),
        ("apiToken", "credential"),
        ("API_KEY", "credential"),
        ("clientSecret", "credential"),
        ("password", "credential"),
    ],
)
def test_telling_name(name: str, data: str) -> None:
    assert names.data_class(name) == data


@pytest.mark.parametrize(
    "name",
    [
        "emailCount",
        "hasEmail",
        "isPasswordValid",
        "emailTemplate",
        "projectDisplayName",
        "pageToken",
        "csrfToken",
        "maxTokens",
        "tokens",
        "cloudflareAccountId",
        "AWS_ACCOUNT_ID",
        "decodedToken",
        "key",
        "issueKey",
        "getAccountId",
        "emailError",
        "passwordField",
        "value",
        "id",
        "",
    ],
)
def test_name_that_tells_nothing(name: str) -> None:
    assert names.data_class(name) is None


@given(st.text(max_size=40))
def test_any_text_is_a_name(name: str) -> None:
    names.data_class(name)


@given(
    st.lists(st.sampled_from(["user", "email", "account", "id", "display", "name", "token"]), min_size=1, max_size=4)
)
def test_spelling_does_not_matter(parts: list[str]) -> None:
    camel = parts[0] + "".join(part.title() for part in parts[1:])
    assert names.data_class(camel) == names.data_class("_".join(parts).upper()) == names.data_class("-".join(parts))
