"""Addresses inside markup that Python code builds: the browser that shows it calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import libcst as cst

from piiguard.checks.base import Detail, Hit, Topic, check
from piiguard.checks.meaning import Meaning
from piiguard.model import Rule

_loaded = partial(
    check,
    topic="markup",
    role="sink",
    category="pii-egress",
    slots=("self",),
    host="self",
    claims=("declared-hosts-only", "no-personal-data-sent"),
    why="Whoever runs the host sees the reader's address and everything that was put into the URL.",
    fix="Render on the server side or ship the resource with the app; never put content into a URL of another host.",
    references=("https://developer.atlassian.com/platform/forge/runtime-egress-permissions/",),
)

RULES: tuple[Rule, ...] = (
    _loaded("py-markup-image", title="Puts an image of another host into markup", channel="images"),
    _loaded("py-markup-script", title="Puts a script of another host into markup", channel="scripts"),
    _loaded("py-markup-frame", title="Puts a frame of another host into markup", channel="frames"),
    _loaded("py-markup-style", title="Puts a style sheet or font of another host into markup", channel="styles"),
)

_ADDRESS = r"""[^>]*?\b(?:src|href)\s*=\s*\\?["']?(?P<url>(?:https?:)?//(?P<host>[\w.-]+\.[a-z]{2,})[^"'\s>]*)"""
_KINDS = {
    "py-markup-image": re.compile(rf"<(?:img|source){_ADDRESS}", re.IGNORECASE),
    "py-markup-script": re.compile(rf"<script{_ADDRESS}", re.IGNORECASE),
    "py-markup-frame": re.compile(rf"<(?:iframe|embed|object){_ADDRESS}", re.IGNORECASE),
    "py-markup-style": re.compile(rf"<link{_ADDRESS}", re.IGNORECASE),
}


def _is_whole(node: cst.CSTNode, module: Meaning) -> bool:
    """A part of a longer string is looked at with the longer one; a docstring builds no markup."""
    parent = module.parent(node)
    docstring = isinstance(parent, cst.Expr)
    return not docstring and not isinstance(parent, cst.ConcatenatedString)


def _scan(module: Meaning) -> Iterator[Hit]:
    for node in module.nodes(cst.SimpleString, cst.FormattedString, cst.ConcatenatedString):
        text = (module.text_of(node) or "") if _is_whole(node, module) else ""
        for rule, shape in _KINDS.items() if "//" in text else ():
            for host in sorted({found["host"].lower() for found in shape.finditer(text)}):
                yield Hit(rule, node, Detail(host=host))


TOPIC = Topic(
    rules=RULES, scan=_scan, screen=re.compile(r"<(?:img|source|script|iframe|embed|object|link)\b", re.IGNORECASE)
)
