"""What the syntax tells where the graph has no value: an expression that carries nothing, and the variable behind a
name.

Only `explain-flow` needs this. Both languages answer in the same words, so that the search backward is written once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

from tree_sitter import Node

from piiguard.flow.calls import TESTS
from piiguard.flow.declarations import CLASSES, FUNCTIONS, returns
from piiguard.flow.program import File, scope_at, span, text
from piiguard.flow.python import calls as python_calls
from piiguard.flow.python import program as python
from piiguard.flow.wrappers import function_name
from piiguard.model import Source

Span = tuple[int, int]
"""Byte offsets in the file."""
Kind = Literal["literal", "test", "parts", "call", "function", "parameter", "name", "meeting", "other"]


class Expression(NamedTuple):
    """What an expression without a value is."""

    kind: Kind
    parts: tuple[Span, ...] = ()
    """What it is made of; of a test, what is tested; of a call, what is handed over."""
    name: str = ""
    """`call`: the callee; `parameter`: the function; `name`: what the name means; `other`: the kind of syntax."""


class Definition(NamedTuple):
    """A place where a variable takes a value."""

    name: Span
    value: Span | None


class Syntax(Protocol):
    """The syntax of one file."""

    @property
    def source(self) -> Source:
        """The file."""

    @property
    def values(self) -> dict[Span, int]:
        """Expression -> its graph node."""

    def expression(self, at: Span) -> Expression:
        """What the expression at a span is."""

    def definitions(self, at: Span) -> list[Definition]:
        """Where the variable at a span takes a value before it, in the order of the file."""

    def arguments(self, at: Span) -> list[Span]:
        """What the call at a span hands over; empty where it is none."""

    def returned(self, at: Span) -> list[Span]:
        """What the function at a span returns."""

    def function(self, at: Span) -> str:
        """The name of the function around a span; empty at module level."""


# ---------------------------------------------------------------- JavaScript and TypeScript


def _bound(kind: str, module: str) -> Expression:
    """A name that is bound, of which the graph knows nothing. `module`: what an import takes it from."""
    if kind == "import":
        return Expression("name", name=f"imported from `{module}`")
    if kind in ("function", "class"):
        return Expression("function", name=kind)
    return Expression("name", name="a variable")


_JS_LITERALS = frozenset({"string", "number", "regex", "true", "false", "null", "undefined", "template_string"})
_JS_TESTS = frozenset({"unary_expression", "update_expression", "binary_expression"})
_JS_PARTS: dict[str, tuple[str, ...]] = {
    "ternary_expression": ("consequence", "alternative"),
    "assignment_expression": ("right",),
    "augmented_assignment_expression": ("left", "right"),
    "member_expression": ("object",),
    "subscript_expression": ("object",),
    "variable_declarator": ("value",),
    "pair": ("value",),
}
"""Kind of expression -> the fields whose values it holds; other kinds hold their children's."""
_JS_WHOLE = frozenset(
    {
        "await_expression",
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "object",
        "array",
        "spread_element",
        "template_substitution",
        "sequence_expression",
        "jsx_expression",
        "expression_statement",
    }
)
_JS_NAMES = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})
_JS_PATTERNS = frozenset(
    {
        "object_pattern",
        "array_pattern",
        "pair_pattern",
        "rest_pattern",
        "assignment_pattern",
        "object_assignment_pattern",
    }
)
_JS_PARAMETERS = frozenset({"formal_parameters", "required_parameter", "optional_parameter"})


class JavaScript:
    """The syntax of a JS/TS file."""

    def __init__(self, file: File) -> None:
        self._file = file

    @property
    def source(self) -> Source:
        return self._file.source

    @cached_property
    def values(self) -> dict[Span, int]:
        return {(at.start, at.end): node for at, node in self._file.values.items()}

    def _node(self, at: Span) -> Node:
        """The outermost node of a span: a name and the parameter that it is have the same one."""
        return self._file.root.descendant_for_byte_range(*at) or self._file.root

    def expression(self, at: Span) -> Expression:
        node = self._node(at)
        kind = node.type
        if kind in _JS_NAMES:
            return self._name(node)
        if kind in FUNCTIONS or kind in CLASSES:
            return Expression("function", name="class" if kind in CLASSES else "function")
        if kind in ("call_expression", "new_expression"):
            return self._call(node)
        if kind in _JS_LITERALS and not any(child.type == "template_substitution" for child in node.named_children):
            return Expression("literal")
        if kind == "member_expression" and text(node).endswith(".length"):
            return Expression("test", _spans(node.child_by_field_name("object")))
        if kind in _JS_TESTS:
            return self._operation(node)
        if kind in ("jsx_element", "jsx_self_closing_element"):
            opening = node.child_by_field_name("open_tag") or node
            given = [child for child in opening.named_children if child.type == "jsx_attribute"]
            return Expression("parts", _spans(*(child.named_children[-1] for child in given)))
        if kind in _JS_PARTS:
            return Expression("parts", _spans(*(node.child_by_field_name(name) for name in _JS_PARTS[kind])))
        if kind == "template_string":
            return Expression("parts", _spans(*(each for each in node.named_children if each.type in _JS_WHOLE)))
        if kind in _JS_WHOLE or kind in _JS_PATTERNS:
            return Expression("parts", _spans(*node.named_children))
        if kind.endswith("_statement"):
            return Expression("meeting")
        return Expression("other", name=kind.replace("_", " "))

    @staticmethod
    def _operation(node: Node) -> Expression:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        sign = node.child_by_field_name("operator")
        operator = text(sign) if sign is not None else ""
        if operator in ("+", "||", "??"):
            return Expression("parts", _spans(left, right))
        if operator == "&&":
            return Expression("parts", _spans(right))
        return Expression("test", _spans(left, right, node.child_by_field_name("argument")))

    def _call(self, node: Node) -> Expression:
        callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        if callee is None:
            return Expression("other", name="call")
        prop = callee.child_by_field_name("property")
        name = text(prop if prop is not None else callee)
        given = (*_spans(callee.child_by_field_name("object")), *self.arguments((node.start_byte, node.end_byte)))
        tests = name in TESTS and node.type == "call_expression"
        return Expression("test" if tests else "call", given, name)

    def _name(self, node: Node) -> Expression:
        parent = node.parent
        while parent is not None and parent.type in _JS_PATTERNS:
            parent = parent.parent
        if parent is not None and (
            parent.type in _JS_PARAMETERS
            or (parent.type == "arrow_function" and parent.child_by_field_name("parameter") == node)
        ):
            return Expression("parameter", name=self.function(span(node)))
        binding = scope_at(self._file, node).find(text(node))
        if binding is None:
            return Expression("literal" if text(node) == "undefined" else "name", name="a global")
        return _bound(binding.kind, binding.module)

    def definitions(self, at: Span) -> list[Definition]:
        node = self._node(at)
        binding = scope_at(self._file, node).find(text(node)) if node.type in _JS_NAMES else None
        if binding is None or binding.file is not self._file:
            return []
        within = binding.scope.function.node
        found = []
        for name in _named(within, text(node)):
            taker = _taker(name)
            if (
                taker is not None
                and name.start_byte <= at[0]
                and scope_at(self._file, name).find(text(name)) is binding
            ):
                value = taker.child_by_field_name("value") or taker.child_by_field_name("right")
                found.append(Definition((name.start_byte, name.end_byte), next(iter(_spans(value)), None)))
        return found

    def arguments(self, at: Span) -> list[Span]:
        given = self._node(at).child_by_field_name("arguments")
        return list(_spans(*given.named_children)) if given is not None else []

    def returned(self, at: Span) -> list[Span]:
        function = self._file.functions.get(span(self._node(at)))
        return list(_spans(*returns(function))) if function is not None else []

    def function(self, at: Span) -> str:
        here: Node | None = self._node(at)
        while here is not None:
            known = self._file.functions.get(span(here)) if here.type in FUNCTIONS else None
            if known is not None:
                return function_name(known) or "a function without a name"
            here = here.parent
        return ""


def _spans(*nodes: Node | None) -> tuple[Span, ...]:
    return tuple((node.start_byte, node.end_byte) for node in nodes if node is not None and node.type != "comment")


def _named(root: Node, name: str) -> Iterator[Node]:
    """The identifiers of a name, in the order of the file."""
    todo = [root]
    while todo:
        node = todo.pop()
        if node.type in _JS_NAMES and text(node) == name:
            yield node
        todo += reversed(node.children)


def _taker(name: Node) -> Node | None:
    """The declaration, assignment or parameter list that gives the name a value; None where it is only used."""
    here, parent = name, name.parent
    while parent is not None and parent.type in _JS_PATTERNS:
        here, parent = parent, parent.parent
    if parent is None:
        return None
    if parent.type == "variable_declarator":
        return parent if parent.child_by_field_name("name") == here and parent.child_by_field_name("value") else None
    if parent.type in ("assignment_expression", "augmented_assignment_expression", "for_in_statement"):
        return parent if parent.child_by_field_name("left") == here else None
    return parent if parent.type in _JS_PARAMETERS or parent.child_by_field_name("parameter") == here else None


# ---------------------------------------------------------------- Python

_PY_TESTS = (ast.Compare, ast.UnaryOp)
_PY_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_PY_SEEN = (ast.expr, ast.FunctionDef, ast.AsyncFunctionDef)


class Python:
    """The syntax of a Python file."""

    def __init__(self, file: python.File) -> None:
        self._file = file
        self._nodes: dict[Span, ast.AST] = {
            file.span(node): node for node in ast.walk(file.text.tree) if isinstance(node, _PY_SEEN)
        }
        self._nodes |= file.syntax

    @property
    def source(self) -> Source:
        return self._file.source

    @property
    def values(self) -> dict[Span, int]:
        return self._file.values

    def expression(self, at: Span) -> Expression:
        node = self._nodes.get(at)
        if isinstance(node, ast.arg):
            return Expression("parameter", name=self.function(at))
        if isinstance(node, ast.Constant):
            return Expression("literal")
        if isinstance(node, ast.Lambda):
            return Expression("function", name="lambda")
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Mod | ast.Div | ast.BitOr):
            return Expression("test", self._inner(node))
        if isinstance(node, _PY_TESTS):
            return Expression("test", self._inner(node))
        if isinstance(node, ast.IfExp):
            return Expression("parts", (self._file.span(node.body), self._file.span(node.orelse)))
        if isinstance(node, ast.expr | ast.keyword):
            return Expression("parts", self._inner(node))
        return Expression("meeting")

    def _inner(self, node: ast.AST) -> tuple[Span, ...]:
        return tuple(self._file.span(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))

    def _call(self, node: ast.Call) -> Expression:
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else "call"
        receiver = (self._file.span(func.value),) if isinstance(func, ast.Attribute) else ()
        call = self._file.calls.get(self._file.span(node))
        tests = call is not None and python_calls.tests_only(call)
        return Expression("test" if tests else "call", (*receiver, *self.arguments(self._file.span(node))), name)

    def _name(self, node: ast.Name) -> Expression:
        binding = self._file.scopes.get(self._file.span(node), self._file.scope).find(node.id)
        if binding is None:
            return Expression("name", name="a built-in name")
        return _bound(binding.kind, binding.target)

    def definitions(self, at: Span) -> list[Definition]:
        node = self._nodes.get(at)
        if not isinstance(node, ast.Name):
            return []
        within = self._around(node)
        found = [
            Definition(self._file.span(name), self._value_of(name))
            for name in ast.walk(within)
            if isinstance(name, ast.Name) and name.id == node.id and isinstance(name.ctx, ast.Store)
        ]
        return sorted(one for one in found if one.name <= at)

    def _value_of(self, name: ast.Name) -> Span | None:
        parent = self._file.parents.get(name)
        while isinstance(parent, ast.Tuple | ast.List | ast.Starred):
            parent = self._file.parents.get(parent)
        value = getattr(parent, "value", None) or getattr(parent, "iter", None)
        return self._file.span(value) if isinstance(value, ast.expr) else None

    def _around(self, node: ast.AST) -> ast.AST:
        """The function around a node, or the module."""
        here: ast.AST | None = self._file.parents.get(node)
        while here is not None and not isinstance(here, _PY_FUNCTIONS):
            here = self._file.parents.get(here)
        return here if here is not None else self._file.text.tree

    def arguments(self, at: Span) -> list[Span]:
        node = self._nodes.get(at)
        if not isinstance(node, ast.Call):
            return []
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        return [self._file.span(value) for value in given]

    def returned(self, at: Span) -> list[Span]:
        node = self._nodes.get(at)
        if isinstance(node, ast.Lambda):
            return [self._file.span(node.body)]
        body = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
        return [
            self._file.span(each.value)
            for each in python.own_nodes(body)
            if isinstance(each, ast.Return) and each.value
        ]

    def function(self, at: Span) -> str:
        around = [
            (span[1] - span[0], getattr(node, "name", "a function without a name"))
            for span, node in self._nodes.items()
            if isinstance(node, _PY_FUNCTIONS) and span[0] <= at[0] and at[1] <= span[1]
        ]
        return min(around, default=(0, ""))[1]
