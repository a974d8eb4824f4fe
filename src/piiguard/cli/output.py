"""What a command prints and writes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from piiguard.errors import UsageError
from piiguard.formats import text

WIDEST = 120


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


def write_files(contents: Iterable[tuple[Path, str | bytes]]) -> None:
    """Write all files, each whole or not at all.

    Raises UsageError for a file that cannot be written.
    """
    for target, content in contents:
        try:
            raw = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
            _write(target.resolve(), raw)
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
