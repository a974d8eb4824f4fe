"""Name evidence: what a telling name says of its value (names.yaml)."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

NAMED_TEXT = "named-text"
"""Shape of text that a name tells of."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(name: str) -> str:
    """`adminEmailAddress`, `ADMIN_EMAIL_ADDRESS` -> `admin email address`."""
    return " ".join(_WORD.findall(name)).lower()


@functools.cache
def _loaded() -> Any:
    return YAML(typ="safe", pure=True).load(
        resources.files("piiguard.facts").joinpath("names.yaml").read_text(encoding="utf-8")
    )


@functools.cache
def _patterns() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    return _any(_loaded()["not"]), {data: _any(patterns) for data, patterns in _loaded()["classes"].items()}


@functools.cache
def _listed(name: str) -> re.Pattern[str]:
    return _any(_loaded()[name])


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


@functools.cache
def data_class(name: str) -> str | None:
    """The data class (or the shape `named-text`) that a variable's or property's name tells, or None."""
    refused, classes = _patterns()
    text = words(name)
    # The key of a key-value pair is no credential, but an API key is: these come before the refusal.
    if refused.search(text) and not re.search(r"(^| )(api|private|secret|access|user) ?keys?$", text):
        return None
    told = next((data for data, pattern in classes.items() if pattern.search(text)), None)
    # A constant is a template, not what somebody wrote.
    return None if told == NAMED_TEXT and name.isupper() else told


def may_be_secret(name: str) -> bool:
    """Does a name have a word of credentials?"""
    return data_class(name) == "credential" or _listed("secret-words").search(words(name)) is not None


def vague(name: str) -> bool:
    """Does a name say nothing of its value: `data`, `config`?"""
    return _listed("vague").search(words(name)) is not None


def of_a_thing(name: str, owner: str) -> bool:
    """Does a name that tells of a person elsewhere tell of a thing under this owner: `full_name` of a `repository`?"""
    return data_class(name) in ("display-name", "avatar") and _listed("things").search(words(owner)) is not None


def other_account(name: str) -> bool:
    """Does a name tell of an account with another service than Atlassian: `cloudflare_account_id`?"""
    return words(name).endswith(" account id") and data_class(name) is None
