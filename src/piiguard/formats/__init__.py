"""WRITE: a report as text or bytes. Each format is a pure function of the report: it reads, runs and prints nothing."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from piiguard.model import Report


def _later(module: str, function: str = "render") -> Callable[[Report], Any]:
    """A format that is imported when it is first used: most runs need one of many."""

    def render(report: Report) -> Any:
        return getattr(import_module(f"{__name__}.{module}"), function)(report)

    return render


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": _later("text"),
    "short": _later("short"),
    "json": _later("json"),
    "sarif": _later("sarif"),
    "sarif-evidence": _later("sarif", "render_evidence"),
    "markdown": _later("markdown"),
    "github": _later("github"),
    "cyclonedx": _later("cyclonedx"),
    "html": _later("html"),
}
"""Name on the command line -> the function that writes it. The result ends in a newline."""

TO_FILE: dict[str, Callable[[Report], str | bytes]] = {
    **FORMATS,
    "pdf": _later("pdf"),
}
"""What can be written to a file: binary formats as well, which no terminal can show."""
