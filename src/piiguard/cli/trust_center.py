"""`piiguard trust-center`: each command of it is a module."""

from __future__ import annotations

import click

from piiguard.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "check": "piiguard.cli.trust_center_check:check",
    "render": "piiguard.cli.trust_center_render:render",
}
"""Command -> where it is."""


@click.group("trust-center", cls=LazyGroup, commands_at=COMMANDS)
def trust_center() -> None:
    """The published page: what it promises, whether that is so, and what it should say."""
