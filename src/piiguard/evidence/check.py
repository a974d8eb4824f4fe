"""What a verification says, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Outcome = Literal["ok", "mismatch", "unable", "skipped"]
"""`unable`: asked for, and could not be checked; `skipped`: not asked for."""


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at, and what came of it. A mismatch begins with the name of the file."""

    outcome: Outcome
    said: str


def exit_code(checks: Iterable[Check]) -> int:
    """1: something does not match; 3: something that was asked for could not be checked; else 0."""
    outcomes = {check.outcome for check in checks}
    return 1 if "mismatch" in outcomes else 3 if "unable" in outcomes else 0
