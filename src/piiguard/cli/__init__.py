"""The command line: reads arguments, calls, prints, and ends with an exit code. Each command is a module.

0 nothing contradicted, 1 a claim is contradicted, 2 wrong arguments or configuration, 3 something could not be looked
at. A crash is 3, never 1; an interrupt is 130.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

import piiguard
from piiguard.cli.lazy import LazyGroup
from piiguard.errors import PiiguardError, UsageError

CRASHED = 3
INTERRUPTED = 130

COMMANDS: dict[str, str] = {
    "scan": "piiguard.cli.scan:scan",
    "rules": "piiguard.cli.rules:rules",
    "explain": "piiguard.cli.rules:explain",
    "explain-flow": "piiguard.cli.explain_flow:explain_flow",
    "init": "piiguard.cli.init:init",
    "attest": "piiguard.cli.attest:attest",
    "baseline": "piiguard.cli.baseline:baseline",
    "diff": "piiguard.cli.diff:diff",
    "github-action": "piiguard.cli.github_action:github_action",
    "evidence": "piiguard.cli.evidence:evidence",
    "diagram": "piiguard.cli.diagram:diagram",
    "questionnaire": "piiguard.cli.questionnaire:questionnaire",
    "trust-center": "piiguard.cli.trust_center:trust_center",
}
"""Command -> where it is. Imported when used: a hook starts often, mostly for nothing."""


@click.group(cls=LazyGroup, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(piiguard.__version__, prog_name="piiguard")
def command() -> None:
    """Checks whether a Forge vendor's published privacy promises are true of the code."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code. Nothing but the report goes to standard output."""
    try:
        return int(command.main(list(arguments), prog_name="piiguard", standalone_mode=False) or 0)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return UsageError.exit_code
    except PiiguardError as error:
        place = f", {error.where}" if error.where else ""
        todo = f". {error.todo}" if error.todo else ""
        return _fail(error.what + place + todo, error.exit_code)
    except Exception as error:
        return _fail(f"unexpected {_crash(error)}. Please report it, with the output of PIIGUARD_DEBUG=1.", CRASHED)


def _crash(error: Exception) -> str:
    """Kind and place of a crash. Not its words: they may quote the scanned code, and with it a secret."""
    import traceback

    if os.environ.get("PIIGUARD_DEBUG") == "1":
        traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}"  # noqa: PTH119


def _fail(said: str, code: int) -> int:
    """Say it on standard error; several mistakes in one file are a line each."""
    from piiguard.formats.plain import printable

    with contextlib.suppress(OSError):
        for line in said.splitlines():
            click.echo(f"error: {printable(line)}", err=True)
    return code


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
