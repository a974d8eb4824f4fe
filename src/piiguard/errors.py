"""The errors that a user can meet. Each says what is wrong, where, and what to do next."""

from __future__ import annotations


class PiiguardError(Exception):
    """Base of all errors that end a run.

    `exit_code` is one of the documented codes (2: wrong arguments or configuration, 3: could not look).
    """

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. {self.todo}" if self.todo else head


class UsageError(PiiguardError):
    """Wrong arguments, a wrong configuration file, or nothing to scan."""

    exit_code = 2


class EngineError(PiiguardError):
    """An engine that the answer depends on did not work (missing, crashed, canary not found)."""
