"""WRITE: a report as text. Every format is a pure function of the report; nothing here reads, runs or prints."""

from __future__ import annotations

from collections.abc import Callable

from piiguard.formats import cyclonedx, json, markdown, sarif, short, text
from piiguard.model import Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "short": short.render,
    "json": json.render,
    "sarif": sarif.render,
    "sarif-evidence": sarif.render_evidence,
    "markdown": markdown.render,
    "cyclonedx": cyclonedx.render,
}
"""Name on the command line -> the function that writes it. The result ends in a newline."""
