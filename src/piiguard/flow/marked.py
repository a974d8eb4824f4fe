"""From a rule's mark to the graph: the marked syntax node, whether it is what the rule means, and the values in its slots."""

from __future__ import annotations

import re
from typing import NamedTuple

from tree_sitter import Node

from piiguard.flow.graph import ELEMENT
from piiguard.flow.program import Call, File, Function, Program, Scope, object_value, property_name, span, text
from piiguard.model import Location, Mark, Rule

_STATEMENTS = frozenset({"expression_statement", "lexical_declaration", "variable_declaration", "return_statement", "variable_declarator"})
_CALLS = frozenset({"call_expression", "new_expression"})
_WRAPPERS = frozenset({"await_expression", "parenthesized_expression", "as_expression", "non_null_expression"})


class Value(NamedTuple):
    """A value that a rule looks at: its syntax, its graph node, and the properties of it that are meant."""

    syntax: Node
    node: int
    path: tuple[str, ...] = ()


class Marked:
    """A mark in the syntax tree of its file."""

    def __init__(self, mark: Mark, rule: Rule, file: File) -> None:
        self.mark = mark
        self.rule = rule
        self.file = file
        self.node = _node_at(file.root, mark.start, mark.end, wants_call=bool(rule.callee.imports or rule.callee.globals or rule.slots))

    @property
    def call(self) -> Call | None:
        return self.file.calls.get(span(self.node))

    @property
    def scope(self) -> Scope:
        here: Node | None = self.node
        while here is not None:
            found = self.file.scopes.get(span(here))
            if found is not None:
                return found
            here = here.parent
        return self.file.scope

    def holds(self, program: Program) -> bool:
        """Does the root of the marked expression resolve to what the rule's callee condition asks for?"""
        wanted = self.rule.callee
        if not wanted.imports and not wanted.globals:
            return True
        root = callee_of(self.node)
        if root is None:
            return False
        names, is_global = program.roots(root, self.call.scope if self.call else self.scope, self.file)
        return not names.isdisjoint(wanted.globals if is_global else wanted.imports)

    def values(self, slots: tuple[str, ...]) -> list[Value]:
        return [value for slot in slots for value in self._slot(slot)]

    def _slot(self, slot: str) -> list[Value]:
        head, _, rest = slot.partition(".")
        path = tuple(rest.split(".")) if rest else ()
        while head.endswith("[*]"):
            head, path = head[:-3], (ELEMENT, *path)
        path = tuple(part for name in path for part in ((name[:-3], ELEMENT) if name.endswith("[*]") else (name,)) if part)
        kind, _, name = head.partition(":")
        return [Value(node, self.graph_node(node), path) for node in self._nodes(kind, name)]

    def _nodes(self, kind: str, name: str) -> list[Node]:
        if kind == "arg":
            args = arguments_of(self.node)
            return args if name == "*" else args[int(name) : int(name) + 1]
        if kind == "right":
            right = self.node.child_by_field_name("right")
            return [right] if right is not None else []
        if kind == "attr":
            return [value for value in (attribute(self.node, name),) if value is not None]
        return [self.node]

    def graph_node(self, node: Node) -> int:
        return self.file.values.get(span(node), 0)

    def function(self) -> Function | None:
        return self.file.functions.get(span(self.node))


def _node_at(root: Node, start: int, end: int, *, wants_call: bool) -> Node:
    """The syntax node that a mark means: the smallest that covers its span, or the expression in the statement that does."""
    node = root.descendant_for_byte_range(start, end) or root
    while node.type in _STATEMENTS and node.named_children:
        node = node.child_by_field_name("value") or node.named_children[-1 if node.type == "lexical_declaration" else 0]
    while node.type in _WRAPPERS and node.named_children and wants_call:
        node = node.named_children[0]
    return node


def callee_of(node: Node) -> Node | None:
    """The expression whose root the callee condition is about."""
    if node.type in _CALLS:
        return node.child_by_field_name("function") or node.child_by_field_name("constructor")
    if node.type in ("assignment_expression", "augmented_assignment_expression"):
        return node.child_by_field_name("left")
    if node.type in ("jsx_element", "jsx_self_closing_element", "jsx_opening_element"):
        opening = node.child_by_field_name("open_tag") or node
        return opening.child_by_field_name("name")
    if node.type in ("member_expression", "subscript_expression", "identifier"):
        return node
    return None


def arguments_of(node: Node) -> list[Node]:
    arguments = node.child_by_field_name("arguments")
    if arguments is None:
        return []
    if arguments.type == "template_string":
        return [arguments]
    return [child for child in arguments.named_children if child.type != "comment"]


def attribute(element: Node, name: str) -> Node | None:
    """The value of an attribute of a JSX element."""
    opening = element.child_by_field_name("open_tag") or element
    for child in opening.named_children:
        if child.type == "jsx_attribute" and child.named_children and property_name(child.named_children[0]) == name and len(child.named_children) > 1:
            return child.named_children[1]
    return None


def inner_value(value: Value) -> Node | None:
    """The syntax of the part that the path means, as far as object literals show it."""
    node: Node | None = value.syntax
    for name in value.path:
        node = object_value(node, name) if node is not None and node.type == "object" else None
    return node


def location_of(node: Node, path: str) -> Location:
    """Where an observation stands: a chained call (`storage.entity(…).set(…)`) at the name that is called."""
    begin = node
    if node.type == "call_expression":
        callee = node.child_by_field_name("function")
        prop = callee.child_by_field_name("property") if callee is not None else None
        obj = callee.child_by_field_name("object") if callee is not None else None
        if prop is not None and obj is not None and obj.start_point[0] != prop.start_point[0]:
            begin = prop
    return Location(path, begin.start_point[0] + 1, _column(begin, begin.start_point), node.end_point[0] + 1, _column(node, node.end_point))


def _column(node: Node, point: tuple[int, int]) -> int:
    """tree-sitter counts bytes; we count code points."""
    row, column = point
    if column == 0:
        return 1
    root = node
    while root.parent is not None:
        root = root.parent
    line = (root.text or b"")[_line_start(root.text or b"", row) :]
    return len(line[:column].decode("utf-8", "replace")) + 1


def _line_start(source: bytes, row: int) -> int:
    start = 0
    for _ in range(row):
        start = source.index(b"\n", start) + 1
    return start


def normalised(node: Node) -> str:
    """The node's text without layout, for the fingerprint."""
    return re.sub(r"\s+", " ", text(node))
