"""What exported taint rules need beside the rules themselves (taint.yaml)."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import msgspec
from ruamel.yaml import YAML

Clause = dict[str, Any]
"""A part of a Semgrep rule: `{"pattern": …}`, `{"patterns": […]}` …"""


class ForgeSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that the platform hands to the app: its shape, and how its places are written."""

    shape: str
    clause: Clause


class Taint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The file's contents; what each part is for stands there."""

    forge: tuple[ForgeSource, ...]
    neutral: tuple[str, ...]
    tests: tuple[str, ...]
    test_functions: tuple[str, ...]
    environment: str
    options: dict[str, bool]


@functools.cache
def table() -> Taint:
    """The table."""
    text = resources.files("piiguard.facts").joinpath("taint.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe", pure=True).load(text), Taint)
