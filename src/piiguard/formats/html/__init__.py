"""The report for people: one HTML file that needs nothing else, on a screen, a phone or paper.

The page may load nothing: its policy allows the one style sheet and the one script in it, by their hash, and images
that are part of the file. Every string is escaped by the template engine, and control characters are made visible.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from piiguard.formats.diagram import graph, svg
from piiguard.formats.html.page import LINKED, REACH, REMARKS, STANDINGS, page
from piiguard.formats.overview import MARKERS
from piiguard.formats.plain import plural, printable
from piiguard.model import Report

TEMPLATES = Path(__file__).with_name("templates")


def render(report: Report, diagrams: Mapping[str, str] | None = None) -> str:
    """The page. `diagrams`: app id -> its data-flow diagram as an SVG document, if not those made of the report."""
    if diagrams is None:
        diagrams = {app.id: svg(graph(report, app.id)) for app in report.subject.apps}
    style, script = _part("style.css"), _part("script.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page(report),
            pictures={app: _embedded(picture) for app, picture in diagrams.items()},
            style=style,
            script=script,
            policy=_policy(style, script),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(answers=MARKERS, standings=STANDINGS, linked=LINKED, reach=REACH, remarks=REMARKS)
    environment.filters["counted"] = plural
    environment.filters["paragraph"] = lambda text: " ".join(text.split())
    return environment


def _visible(value: object) -> object:
    """What a template prints: text without control characters. Markup is the templates' own."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _part(name: str) -> Markup:
    """A style sheet or script of ours, as it is: the policy's hash covers every byte of it."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704


def _policy(style: str, script: str) -> str:
    """What the page may load and run: its own parts."""
    allowed = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{kind} {what}" for kind, what in allowed.items())


def _hash(part: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"


def _embedded(svg: str) -> str:
    """An image, not a part of the page: whatever stands in it, it runs nothing and loads nothing."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8", "backslashreplace")).decode()
