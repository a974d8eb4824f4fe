"""Packages that are a client of one service, whichever of its methods is called (sdk_clients.csv).

The hosts are those of the services' own documentation (column `source`); `*.` at the start: a part of the name depends
on region or account. A `*` at the end of a package stands for all packages that begin so.
"""

from __future__ import annotations

import csv
import functools
from importlib import resources


@functools.cache
def _table() -> tuple[dict[str, str], dict[str, str]]:
    """Package -> host, and beginning of a package -> host."""
    text = resources.files("piiguard.facts").joinpath("sdk_clients.csv").read_text(encoding="utf-8")
    rows = {row["package"]: row["host"] for row in csv.DictReader(text.splitlines())}
    whole = {package: host for package, host in rows.items() if not package.endswith("*")}
    return whole, {package[:-1]: host for package, host in rows.items() if package.endswith("*")}


def host_of(package: str) -> str:
    """The host that a client from this package calls; empty for a package that is not in the table."""
    whole, beginnings = _table()
    return whole.get(package) or next((host for start, host in beginnings.items() if package.startswith(start)), "")
