"""Type arguments of calls, taken out for Semgrep: its patterns match `fetch(url)`, but not `fetch<Answer>(url)`."""

from __future__ import annotations

import re

from tree_sitter import Node, Parser

from piiguard.facts.grammars import GRAMMARS
from piiguard.model import Source

_MAY_HAVE = re.compile(rb"[\w$]\s*<[^;]*>\s*\(")
_CALLS = frozenset({"call_expression", "new_expression"})


def without_type_arguments(source: Source) -> bytes:
    """The text of a TypeScript source with spaces in their place, so that every offset and line stays."""
    if source.language == "javascript" or not _MAY_HAVE.search(source.text):
        return source.text
    text = bytearray(source.text)
    todo = [Parser(GRAMMARS[source.language]).parse(source.text).root_node]
    while todo:
        node = todo.pop()
        todo += node.children
        if node.type in _CALLS:
            _blank(text, node.child_by_field_name("type_arguments"))
    return bytes(text)


def _blank(text: bytearray, node: Node | None) -> None:
    if node is not None:
        written = bytes(text[node.start_byte : node.end_byte])
        text[node.start_byte : node.end_byte] = re.sub(rb"[^\r\n]", b" ", written)
