"""Packages that send prompts to a language model, or log lines to a service (sdk_packages.csv).

The hosts are the defaults of the packages' own documentation; empty where the app chooses the host.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from typing import Literal

import msgspec


class Sdk(msgspec.Struct, frozen=True):
    """A package and the service that it talks to."""

    ecosystem: Literal["npm", "pypi"]
    package: str
    kind: Literal["ai", "logs"]
    service: str
    host: str


@functools.cache
def _table() -> dict[tuple[str, str], Sdk]:
    text = resources.files("piiguard.facts").joinpath("sdk_packages.csv").read_text(encoding="utf-8")
    rows = msgspec.convert(list(csv.DictReader(text.splitlines())), list[Sdk])
    return {(row.ecosystem, row.package): row for row in rows}


def by_package(name: str, ecosystem: str) -> Sdk | None:
    """The row of a package; PyPI names in any spelling."""
    return _table().get((ecosystem, re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "pypi" else name))
