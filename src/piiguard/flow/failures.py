"""Code that runs only after a request has failed: what it reads and prints is an error message."""

from __future__ import annotations

import re

from tree_sitter import Node

from piiguard.flow.program import text

_FAILED = re.compile(
    r"!\s*\w+\.ok\b|\.ok\s*===?\s*false|\bstatus\w*\s*(?:!==?|>=?)\s*\d|\berror(?:Message)?s\b"
    r"|hasOwnProperty\(\s*[\"']error|[\"']error\w*[\"']\s*in\b",
    re.IGNORECASE,
)
"""Conditions that hold after a failed request."""


def after_failure(node: Node) -> bool:
    """Does the node stand in the branch of an `if (!response.ok)`, or of its like?"""
    here: Node | None = node
    while here is not None and here.parent is not None:
        around = here.parent
        condition = around.child_by_field_name("condition") if around.type == "if_statement" else None
        taken = around.child_by_field_name("consequence") if condition is not None else None
        if condition is not None and here == taken and _FAILED.search(text(condition)):
            return True
        here = around
    return False
