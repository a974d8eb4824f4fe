"""What a command says while it works."""

from __future__ import annotations

import shutil
import time

import click

from piiguard.formats.plain import printable

QUIET_FOR = 1.0
"""Seconds of a scan before progress is shown: a short one needs none."""


class Progress:
    """One line on standard error that says what is being done, gone when the scan is over."""

    def __init__(self, *, shown: bool) -> None:
        self.shown = shown
        self.started = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            click.echo("\r\x1b[2K", nl=False, err=True)

    def say(self, what: str) -> None:
        """Replace the line."""
        if self.shown and time.monotonic() - self.started > QUIET_FOR:
            room = shutil.get_terminal_size().columns - 1
            click.echo("\r\x1b[2K" + printable(what)[:room], nl=False, err=True)
