"""From a rule's mark to the graph: the marked syntax, whether it is what the rule means, the values in its slots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from piiguard.flow.failures import after_failure
from piiguard.flow.graph import ELEMENT
from piiguard.flow.hosts import Host, Text, Texts, host_of, template_of
from piiguard.flow.program import (
    Call,
    File,
    Function,
    Program,
    Scope,
    object_value,
    property_name,
    scope_at,
    span,
    string_value,
    text,
)
from piiguard.model import Mark, Rule, Source

_STATEMENTS = frozenset({
    "expression_statement", "lexical_declaration", "variable_declaration", "return_statement", "throw_statement",
    "variable_declarator",
})  # fmt: skip
_URL = re.compile(r"(?:https?:|wss?:)?//[^\s\"'<>`)]+")
_CALLS = frozenset({"call_expression", "new_expression"})
_PRODUCTS = ("Jira", "Confluence", "Bitbucket")
_WRAPPERS = frozenset({"await_expression", "parenthesized_expression", "as_expression", "non_null_expression"})


class Value(NamedTuple):
    """A value that a rule looks at: its syntax, its graph node, and the properties of it that are meant."""

    syntax: Node
    node: int
    path: tuple[str, ...] = ()


class Marked:
    """A mark in the syntax tree of its JS/TS file."""

    def __init__(self, mark: Mark, rule: Rule, file: File, program: Program) -> None:
        self.mark = mark
        self.rule = rule
        self.file = file
        self._program = program
        wants_call = bool(rule.callee.imports or rule.callee.globals or rule.slots)
        self.syntax = _node_at(file.root, mark.start, mark.end, wants_call=wants_call)

    @property
    def source(self) -> Source:
        return self.file.source

    @property
    def span(self) -> tuple[int, int]:
        return self.syntax.start_byte, self.syntax.end_byte

    @property
    def shown(self) -> tuple[int, int]:
        """A chained call (`storage.entity(…).set(…)`) stands at the name that is called."""
        begin = self.syntax
        callee = begin.child_by_field_name("function") if begin.type == "call_expression" else None
        prop = callee.child_by_field_name("property") if callee is not None else None
        base = callee.child_by_field_name("object") if callee is not None else None
        if prop is not None and base is not None and base.start_point[0] != prop.start_point[0]:
            begin = prop
        return begin.start_byte, self.syntax.end_byte

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", text(self.syntax))

    @property
    def node(self) -> int:
        return self.graph_node(self.syntax)

    @property
    def call(self) -> Call | None:
        return self.file.calls.get(span(self.syntax))

    @property
    def function(self) -> Function | None:
        """The marked function, where the mark is one, or its name."""
        written = self.file.functions.get(span(self.syntax))
        if written is not None or self.syntax.type != "identifier":
            return written
        ref = self._program.resolve(self.syntax, self.scope, self.file)
        return ref.function if ref is not None and ref.kind == "function" else None

    @property
    def scope(self) -> Scope:
        return self.call.scope if self.call is not None else scope_at(self.file, self.syntax)

    def roots(self) -> tuple[frozenset[str], bool]:
        """What the root of the marked expression resolves to, as `Program.roots` says it."""
        root = callee_of(self.syntax)
        return self._program.roots(root, self.scope, self.file) if root is not None else (frozenset(), False)

    def holds(self) -> bool:
        """Does the root of the marked expression resolve to what the rule's callee condition asks for?"""
        wanted = self.rule.callee
        if not wanted.imports and not wanted.globals:
            return True
        names, is_global = self.roots()
        return not names.isdisjoint(wanted.globals if is_global else wanted.imports)

    def values(self, slots: tuple[str, ...]) -> list[Value]:
        return [value for slot in slots for value in self._slot(slot)]

    def _slot(self, slot: str) -> list[Value]:
        head, _, rest = slot.partition(".")
        path = tuple(rest.split(".")) if rest else ()
        while head.endswith("[*]"):
            head, path = head[:-3], (ELEMENT, *path)
        path = tuple(
            part for name in path for part in ((name[:-3], ELEMENT) if name.endswith("[*]") else (name,)) if part
        )
        kind, _, name = head.partition(":")
        return [Value(node, self.graph_node(node), path) for node in self._nodes(kind, name)]

    def _nodes(self, kind: str, name: str) -> list[Node]:
        if kind == "arg":
            args = arguments_of(self.syntax)
            return args if name == "*" else args[int(name) : int(name) + 1]
        if kind == "right":
            right = self.syntax.child_by_field_name("right")
            return [right] if right is not None else []
        if kind == "attr":
            return [value for value in (attribute(self.syntax, name),) if value is not None]
        return [self.syntax]

    def graph_node(self, node: Node) -> int:
        return self.file.values.get(span(node), 0)

    # ------------------------------------------------------------ hosts

    def hosts(self) -> list[Host]:
        if self.mark.host:
            return [Host(self.mark.host, "constant", f"https://{self.mark.host}/")]
        kind, _, name = self.rule.host.partition(":")
        if kind == "literal":
            return [Host(name, "constant", f"https://{name}/")]
        texts = self._texts((self.rule.host,))
        if kind == "self":
            known = (host_of((url,)) for value in texts for url in _URL.findall(template_of(value)))
        else:
            known = (host_of(value) for value in self._with_base(list(texts)))
        return list({host.name: host for host in known if host is not None}.values())

    def _with_base(self, texts: list[Text]) -> list[Text]:
        """URLs of a client that was made with a base URL: `axios.create({baseURL}).get('/x')`."""
        base = self._base_maker()
        if base is None or any(_URL.match(template_of(value)) for value in texts):
            return texts
        known = Texts(self._program).of(base.args[0][0], base.scope, base.file)
        return known if any(_URL.match(template_of(value)) for value in known) else texts

    def _base_maker(self) -> Call | None:
        """The call with an options object that made the client on which the marked call is made."""
        owner = callee_of(self.syntax)
        owner = owner.child_by_field_name("object") if owner is not None else None
        binding = self.scope.find(text(owner)) if owner is not None and owner.type == "identifier" else None
        if binding is None or binding.value is None:
            return None
        call = binding.file.calls.get(span(binding.value))
        return call if call is not None and call.args and call.args[0][0].type == "object" else None

    def made_with(self) -> list[Value] | None:
        """What the client was made with on which the marked call is made; None where that is not seen."""
        here = callee_of(self.syntax)
        while here is not None:
            makers = self._program.makers.get(self.graph_node(here))
            if makers:
                return [Value(node, value) for call in makers for node, value in call.args]
            here = here.child_by_field_name("object") or here.child_by_field_name("function")
        return None

    def url(self) -> str | None:
        return next(iter(self.urls()), None)

    def urls(self) -> list[str]:
        """All that the first argument may be, `{}` for what is filled in."""
        return list(dict.fromkeys(template_of(value) for value in self._texts(("arg:0",))))

    def fields(self, slot: str) -> frozenset[str] | None:
        found: set[str] = set()
        for value in self.values((slot,)):
            known = None if value.path else self._fields_of(value.syntax)
            if known is None:
                return None
            found |= known
        return frozenset(found)

    def _fields_of(self, node: Node) -> set[str] | None:
        """The names in an object literal, those in its literals among them."""
        node = self._literal(node)
        if node.type != "object":
            return None
        found: set[str] = set()
        for child in node.named_children:
            if child.type == "comment":
                continue
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = property_name(key) if key is not None else None
            if child.type == "shorthand_property_identifier":
                name = text(child)
            if name is None or child.type == "method_definition":
                return None
            inner = self._fields_of(value) if value is not None and value.type == "object" else set()
            if inner is None:
                return None
            found |= {name, *inner}
        return found

    def _literal(self, node: Node) -> Node:
        """What a variable was made with, if nothing else is put into it; else the expression itself."""
        binding = self.scope.find(text(node)) if node.type in ("identifier", "shorthand_property_identifier") else None
        if binding is None or binding.kind != "variable" or binding.changed or binding.reassigned or binding.path:
            return node
        return binding.value if binding.value is not None else node

    def asked_fields(self) -> tuple[str, ...] | None:
        """The fields that the body of a request asks for: `{ body: JSON.stringify({ jql, fields: ["status"] }) }`.

        None: not all of them are seen.
        """
        value = next(iter(self.values(("arg:1.body",))), None)
        body = inner_value(value) if value is not None else None
        body = self._literal(body) if body is not None else None
        if body is not None and body.type == "call_expression":
            body = next((self._literal(node) for node in arguments_of(body)), None)
        if (
            body is None
            or body.type != "object"
            or any(child.type == "spread_element" for child in body.named_children)
        ):
            return None
        listed = object_value(body, "fields")
        listed = self._literal(listed) if listed is not None else None
        if listed is None or listed.type != "array":
            return None
        fields = [child for child in listed.named_children if child.type != "comment"]
        known = all(field.type == "string" for field in fields)
        return tuple(map(string_value, fields)) if known else None

    @property
    def failed(self) -> bool:
        return after_failure(self.syntax)

    @property
    def product(self) -> str:
        """The product whose REST API is called: `jira` for requestJira."""
        name = callee_of(self.syntax)
        called = text(name) if name is not None else ""
        return next((product.lower() for product in _PRODUCTS if called.endswith(f"request{product}")), "")

    @property
    def variable(self) -> str:
        """The name of the environment variable that is read: `process.env.API_TOKEN`."""
        index = self.syntax.child_by_field_name("index")
        if index is not None:
            return string_value(index) if index.type == "string" else ""
        prop = self.syntax.child_by_field_name("property")
        return text(prop) if prop is not None else ""

    def method(self) -> str | None:
        """The HTTP method that the options of a call name; None where only running the program would tell."""
        for value in self.values(("arg:1",)):
            if value.syntax.type != "object":
                return None
            if object_value(value.syntax, "method") is None:
                return None if any(child.type == "spread_element" for child in value.syntax.named_children) else "GET"
        known = [template_of(value) for value in self._texts(("arg:1.method",))]
        return known[0] if len(known) == 1 and "{}" not in known[0] else None

    def _texts(self, slots: tuple[str, ...]) -> Iterator[Text]:
        texts = Texts(self._program)
        for value in self.values(slots):
            syntax = inner_value(value)
            if syntax is not None:
                yield from texts.of(syntax, self.scope, self.file)


def _node_at(root: Node, start: int, end: int, *, wants_call: bool) -> Node:
    """What a mark means: the smallest node that covers its span, or the expression in that statement."""
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
        if (
            child.type == "jsx_attribute"
            and child.named_children
            and property_name(child.named_children[0]) == name
            and len(child.named_children) > 1
        ):
            return child.named_children[1]
    return None


def inner_value(value: Value) -> Node | None:
    """The syntax of the part that the path means, as far as object literals show it."""
    node: Node | None = value.syntax
    for name in value.path:
        node = object_value(node, name) if node is not None and node.type == "object" else None
    return node
