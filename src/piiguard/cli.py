"""The command line: reads arguments, calls, prints, and ends with an exit code.

0 nothing contradicted, 1 a claim is contradicted, 2 wrong arguments or configuration, 3 something could not be looked
at. A crash is 3, never 1; an interrupt is 130.
"""

from __future__ import annotations

import contextlib
import datetime
import difflib
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import click

import piiguard
from piiguard.app.skips import INCLUDABLE
from piiguard.claims.catalogue import catalogue as claim_catalogue
from piiguard.claims.config import FILE_NAMES
from piiguard.claims.exits import exit_code
from piiguard.claims.init import draft
from piiguard.errors import PiiguardError, UsageError
from piiguard.formats import FORMATS, guide, text
from piiguard.formats.plain import printable

CRASHED = 3
INTERRUPTED = 130
QUIET_FOR = 1.0
"""Seconds of a scan before progress is shown: a short one needs none."""
WIDEST = 120

Output = tuple[str, Path]

folder = click.Path(path_type=Path, exists=True, file_okay=False)
file = click.Path(path_type=Path, exists=True, dir_okay=False)
rule_folders = click.option(
    "--rules", "rules", type=folder, multiple=True, help="A folder of rules of your own. May be repeated."
)


class OutputParam(click.ParamType[Output]):
    """`FORMAT=FILE`, where the file can be written."""

    name = "format=file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        format_, sign, name = str(value).partition("=")
        if not sign or not name or format_ not in FORMATS:
            self.fail(f"{value!r} is not FORMAT=FILE, with one of the formats {', '.join(FORMATS)}.", param, ctx)
        path = Path(name)
        if path.is_dir():
            self.fail(f"{name!r} is a folder.", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{name!r} cannot be written: there is no folder {str(path.parent)!r}.", param, ctx)
        return format_, path


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(piiguard.__version__, prog_name="piiguard")
def command() -> None:
    """Checks whether a Forge vendor's published privacy promises are true of the code."""


@command.command()
@click.argument("path", type=folder, default=".")
@click.option(
    "--format", "format_", type=click.Choice(list(FORMATS)), default="text", help="What is printed (default: text)."
)
@click.option(
    "--output",
    "outputs",
    type=OutputParam(),
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write a file as well. May be repeated.",
)
@click.option("--only", multiple=True, metavar="RULE_OR_CATEGORY", help="Look for these only. May be repeated.")
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever the answers are.")
@click.option("--config", type=file, help="Another file than PATH/piiguard.yaml.")
@click.option("--no-config", is_flag=True, help="Ignore piiguard.yaml: judge by the strict default.")
@click.option(
    "--include", type=click.Choice(list(INCLUDABLE)), multiple=True, help="Scan files that are left out by default."
)
@rule_folders
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The day for which dates are judged."
)
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
@click.option("--verbose", "-v", is_flag=True, help="Show every finding in full.")
@click.option("--quiet", "-q", is_flag=True, help="No progress; of the text only the last line.")
def scan(
    path: Path,
    format_: str,
    outputs: tuple[Output, ...],
    only: tuple[str, ...],
    exit_zero: bool,
    config: Path | None,
    no_config: bool,
    include: tuple[str, ...],
    rules: tuple[Path, ...],
    today: datetime.datetime | None,
    no_color: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Scan the Forge app, or apps, in PATH and answer every claim."""
    from piiguard import scan as scanning  # the engines load slowly: --help does without

    if config and no_config:
        raise click.UsageError("--config and --no-config exclude each other.")
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet exclude each other.")
    with Progress(shown=not quiet and sys.stderr.isatty()) as progress:
        options = scanning.Options(
            config=config,
            use_config=not no_config,
            include=frozenset(include),
            rules=rules,
            only=frozenset(only),
            today=today.date() if today else None,
            progress=progress.say,
        )
        report = scanning.scan(path, options)
    code = exit_code(report.judgement)
    if exit_zero and code != UsageError.exit_code:
        code = 0
    write_files([(target, FORMATS[name](report)) for name, target in outputs])
    if format_ == "text":
        emit(text.render(report, view(code, no_color=no_color, verbose=verbose, quiet=quiet)))
    else:
        emit(FORMATS[format_](report))
    return code


@command.command()
@click.option("--format", "format_", type=click.Choice(list(guide.RULE_FORMATS)), default="text")
@rule_folders
def rules(format_: str, rules: tuple[Path, ...]) -> int:
    """List the rules."""
    from piiguard import scan as scanning

    emit(guide.RULE_FORMATS[format_](scanning.catalogue(rules).rules.values()))
    return 0


@command.command()
@click.argument("name", metavar="RULE_OR_CLAIM")
@rule_folders
def explain(name: str, rules: tuple[Path, ...]) -> int:
    """Say what a rule or a claim is about, why it matters and what to do."""
    from piiguard import scan as scanning

    known = scanning.catalogue(rules).rules
    claims = claim_catalogue().claims
    if rule := known.get(name):
        emit(guide.explain_rule(rule))
    elif claim := claims.get(name):
        by_word = claim.proof == "word"
        emit(guide.explain_claim(name, claim.title, claim.statement, claim.beyond, claim.needs, by_word))
    else:
        near = difflib.get_close_matches(name, [*known, *claims], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`piiguard rules` lists the rules."
        raise UsageError(f"no rule and no claim is called {name!r}", todo=hint)
    return 0


@command.command()
@click.argument("path", type=folder, default=".")
def init(path: Path) -> int:
    """Write a commented piiguard.yaml for the app in PATH, from what a scan sees."""
    from piiguard import scan as scanning

    for name in FILE_NAMES:
        if os.path.lexists(path / name):
            raise UsageError("the file is there already", where=str(path / name), todo="Nothing was changed")
    report = scanning.scan(path, scanning.Options(use_config=False))
    target = path / FILE_NAMES[0]
    write_files([(target, draft(report.subject, report.observations))])
    emit(f"{target} written. It changes nothing yet: read it, and take the # off what you promise.\n")
    return 0


# ---------------------------------------------------------------- output


def view(code: int, *, no_color: bool, verbose: bool, quiet: bool) -> text.View:
    """How text looks on this standard output."""
    terminal = sys.stdout.isatty()
    plain = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return text.View(
        width=min(WIDEST, shutil.get_terminal_size().columns) if terminal else 80,
        color=terminal and not plain,
        detail="everything" if verbose else "verdict" if quiet else "summary",
        exit_code=code,
    )


def emit(said: str) -> None:
    """Print. A reader that has gone away (`| head`) is no error, and an encoding without ✓ gets `\\u2713`."""
    try:
        click.echo(said.encode(sys.stdout.encoding or "utf-8", "backslashreplace"), nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_files(contents: Iterable[tuple[Path, str]]) -> None:
    """Write all files, each whole or not at all.

    Raises UsageError for a file that cannot be written.
    """
    for target, content in contents:
        try:
            _write(target.resolve(), content.encode("utf-8", "backslashreplace"))
        except OSError as error:
            todo = "Give --output a file that can be written."
            raise UsageError(f"cannot be written: {error.strerror}", where=str(target), todo=todo) from error


def _write(target: Path, content: bytes) -> None:
    """A regular file is replaced in one step; a device or pipe (`/dev/stdout`) is written to."""
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        written.chmod(mode)
        written.replace(target)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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


# ---------------------------------------------------------------- the end


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
        if os.environ.get("PIIGUARD_DEBUG") == "1":
            traceback.print_exc()
        return _fail(f"unexpected {_crash(error)}. Please report it, with the output of PIIGUARD_DEBUG=1.", CRASHED)


def _crash(error: Exception) -> str:
    """Kind and place of a crash. Not its words: they may quote the scanned code, and with it a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {Path(frames[-1].filename).name}, line {frames[-1].lineno}"


def _fail(said: str, code: int) -> int:
    """Say it on standard error; several mistakes in one file are a line each."""
    with contextlib.suppress(OSError):
        for line in said.splitlines():
            click.echo(f"error: {printable(line)}", err=True)
    return code


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
