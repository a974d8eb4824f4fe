"""OBSERVE, JavaScript, TypeScript and the scripts inside pages: the ways around the rules.

A rule knows `fetch(url)` and `kvs.set(key, value)`. What the same function does under another name, by a computed name,
in the hands of other code, or in code that is made of text, no rule can see. Such places are gaps: nothing was found
there because nothing could be looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tree_sitter import Node, Parser

from piiguard.cache import OFF, Cache
from piiguard.engines.catalogue import Catalogue, words
from piiguard.engines.html_tags import Content, tags
from piiguard.facts.grammars import GRAMMARS
from piiguard.model import EngineReport, Gap, Rule, Source, Subject

_GLOBAL_OBJECTS = frozenset({"window", "globalThis", "self", "global"})
_BLIND_MODULES = frozenset({"vm", "dns", "dns/promises", "repl", "inspector", "worker_threads", "cluster"})
"""Modules of Node.js that run text as code, or talk to the network in ways that no rule describes."""
_BORROWING = frozenset({"call", "apply", "bind"})
_EGRESS = (
    "pii-egress",
    "egress-host",
    "undeclared-egress",
    "tracking",
    "ai-processing",
    "credential-egress",
    "insecure-transport",
)
"""What a request may turn out to be, depending on its host and on what it holds."""
_CODE_WORDS = frozenset({"eval", "Function", "constructor", "setTimeout", "setInterval", "import", "require"})
_IDENTIFIERS = frozenset({"identifier", "shorthand_property_identifier"})
_NAMES = _IDENTIFIERS | {"import", "property_identifier", "shorthand_property_identifier_pattern"}
_DECLARING = frozenset(
    {"array_pattern", "catch_clause", "formal_parameters", "optional_parameter", "required_parameter", "rest_pattern"}
)
_WRAPPERS = frozenset(
    {"parenthesized_expression", "await_expression", "non_null_expression", "as_expression", "satisfies_expression"}
)
_HARMLESS = frozenset(
    {
        "binary_expression",
        "unary_expression",
        "expression_statement",
        "export_specifier",
        "if_statement",
        "import_specifier",
        "type_query",
    }
)
"""Parents under which a value is tested, or named for other files, and goes nowhere."""
_FOLLOWED = frozenset({"pair", "arrow_function", "return_statement", "export_statement", "variable_declarator"})
"""Parents under which the flow graph still knows what was imported."""
_FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
_SCOPES = _FUNCTIONS | {"program", "statement_block", "for_statement", "for_in_statement", "catch_clause"}
_LONGEST_CLIMB = 60
"""Levels of the syntax tree between a name and what it is part of: climbing is slow in deep trees."""


class _Capability(NamedTuple):
    """What a name stands for: the categories of observations that are made with it, and the methods that make them."""

    categories: frozenset[str]
    methods: frozenset[str]
    followed: bool
    """Whether the flow graph follows it through variables: an imported object, but no function and no global."""


class _Span(NamedTuple):
    start: int
    end: int


def run(subject: Subject, catalogue: Catalogue, cache: Cache = OFF) -> EngineReport:
    """The gaps of every script of every app."""
    known, rules = _Capabilities(catalogue), catalogue.digest

    def kept(source: Source) -> list[Gap]:
        return cache.remember(("detours", rules, source), list[Gap], lambda: list(_gaps(source, known)))

    found = {gap for app in subject.apps for source in app.sources for gap in kept(source)}
    return EngineReport(gaps=tuple(sorted(found)))


def _gaps(source: Source, known: _Capabilities) -> Iterator[Gap]:
    if source.language in GRAMMARS:
        yield from _File(source, known).gaps()
    elif source.language == "html":
        yield from _in_page(source, known)


def _in_page(source: Source, known: _Capabilities) -> Iterator[Gap]:
    """Rules do not look at scripts that stand in a page: those that use what rules look for are gaps."""
    page = source.text.decode("utf-8", "replace")
    wanted = re.compile(r"(?<![\w$-])(?:" + "|".join(map(re.escape, sorted(known.globals))) + r")(?=\s*[.(\[?])")
    for offset, code in _inline(page):
        names = set(wanted.findall(code))
        needed_for = {category for name in names for category in known.globals[name].categories}
        if names:
            why = f"the script inside the page is not followed; it uses {', '.join(sorted(names))}"
            yield Gap(source.path, why, source.app, page.count("\n", 0, offset) + 1, tuple(sorted(needed_for)))


def _inline(page: str) -> Iterator[tuple[int, str]]:
    """Where code stands in a page, and the code: in elements, and in attributes such as `onclick`."""
    for item in tags(page):
        if isinstance(item, Content):
            yield from [(item.offset, item.text)] if item.element == "script" else []
        else:
            handlers = [value for name, value in item.attributes.items() if name.startswith("on")]
            yield from ((item.offset, value) for value in handlers)


class _Capabilities:
    """What the rules look for, by the names that they require of a callee."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.globals: dict[str, _Capability] = {}
        self.exports: dict[str, _Capability] = {}
        said = {pattern["id"]: _words(pattern) for pattern in catalogue.patterns}
        for rule in catalogue.rules.values():
            if rule.category and rule.role != "source" and rule.id in said:
                self._add(rule, said[rule.id])

    def _add(self, rule: Rule, said: frozenset[str]) -> None:
        categories = frozenset(_EGRESS if rule.category == "pii-egress" else (rule.category,))
        for name in rule.callee.globals:
            if name not in _GLOBAL_OBJECTS:
                _join(self.globals, name, _Capability(categories, said, followed=False))
        for name in rule.callee.imports:
            _join(self.exports, name, _Capability(categories, said, name.rpartition("#")[2] not in said))

    def of_import(self, module: str, export: str) -> _Capability | None:
        """What an export is able to do; the namespace `*` and `default` stand for themselves."""
        return self.exports.get(f"{module}#{export}") or self.exports.get(f"{module}#*")


def _join(table: dict[str, _Capability], name: str, more: _Capability) -> None:
    have = table.get(name, more)
    table[name] = _Capability(
        have.categories | more.categories, have.methods | more.methods, have.followed and more.followed
    )


def _words(value: object) -> frozenset[str]:
    """All literal words of a rule's patterns."""
    if isinstance(value, dict):
        return frozenset().union(*(_words(item) for key, item in value.items() if key != "id"))
    if isinstance(value, list):
        return frozenset().union(*map(_words, value))
    return words(str(value))


class _File:
    """One script, and the names in it that matter."""

    def __init__(self, source: Source, known: _Capabilities) -> None:
        self.source = source
        self.known = known
        self.root = Parser(GRAMMARS[source.language]).parse(source.text).root_node
        self.imports = dict(self._imports())

    def gaps(self) -> Iterator[Gap]:
        yield from self._blind_imports()
        names = {**self.known.globals, **self.imports}
        nodes = self._named(names.keys() | _CODE_WORDS | _GLOBAL_OBJECTS)
        own = self._own(nodes)
        for node in nodes:
            name = _text(node)
            shadowed = any(span.start <= node.start_byte < span.end for span in own.get(name, ()))
            if node.type.endswith("_pattern"):
                continue
            if name in _CODE_WORDS and not shadowed and (why := _made_code(node, name)):
                yield self._gap(node, why)
            elif name in _GLOBAL_OBJECTS and not shadowed and _computed_call(node):
                yield self._gap(node, f"what {name}[…] calls is not written in the code")
            elif name in names and not shadowed and (how := _detour(node, names[name])):
                yield self._gap(node, f"{name} {how}", names[name].categories)

    def _gap(self, node: Node, why: str, needed_for: Iterable[str] = ()) -> Gap:
        return Gap(self.source.path, why, self.source.app, node.start_point[0] + 1, tuple(sorted(needed_for)))

    def _named(self, names: Iterable[str]) -> list[Node]:
        """The nodes of these names; found by text, since walking a whole tree takes longer than parsing it."""
        wanted = re.compile(rb"(?<![\w$])(?:" + b"|".join(map(re.escape, _encoded(names))) + rb")(?![\w$])")
        spots = (found.span() for found in wanted.finditer(self.source.text))
        nodes = (self.root.named_descendant_for_byte_range(*spot) for spot in spots)
        return [node for node in nodes if node is not None and node.type in _NAMES]

    # ------------------------------------------------------------ imports

    def _imports(self) -> Iterator[tuple[str, _Capability]]:
        """The names that imports and `require` give to capabilities."""
        for statement in self.root.children:
            if statement.type == "import_statement":
                module = _string(statement.child_by_field_name("source"))
                for name, export in _imported(statement):
                    if capability := self.known.of_import(module, export):
                        yield name, capability

    def _blind_imports(self) -> Iterator[Gap]:
        for found in _MODULE.finditer(self.source.text):
            name = found[1].decode("ascii", "replace").removeprefix("node:")
            node = self.root.descendant_for_byte_range(found.start(1), found.end(1))
            if name in _BLIND_MODULES and node is not None and node.type == "string_fragment":
                yield self._gap(node, f"what is done with the module {name} is not looked at")

    # ------------------------------------------------------------ scopes

    def _own(self, nodes: Iterable[Node]) -> dict[str, list[_Span]]:
        """Where a name is one of the app's own: the spans of the scopes that declare it, imports apart."""
        own: dict[str, list[_Span]] = {}
        for node in nodes:
            if _declares(node):
                scope = _scope(node)
                if scope is not None:
                    own.setdefault(_text(node), []).append(_Span(scope.start_byte, scope.end_byte))
        return own


_MODULE = re.compile(rb"""(?:\bfrom|\bimport|\brequire)\s{0,20}\(?\s{0,20}["']((?:node:)?[a-z_/]{2,20})["']""")


def _encoded(names: Iterable[str]) -> list[bytes]:
    return [name.encode() for name in sorted(names)]


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _string(node: Node | None) -> str:
    return _text(node)[1:-1] if node is not None and node.type == "string" else ""


def _imported(statement: Node) -> Iterator[tuple[str, str]]:
    """Local name and exported name of everything that a statement imports; `*` for the namespace."""
    for clause in statement.named_children:
        for part in clause.named_children if clause.type == "import_clause" else ():
            if part.type == "identifier":
                yield _text(part), "default"
            elif part.type == "namespace_import":
                yield _text(part.named_children[-1]), "*"
            for one in part.named_children if part.type == "named_imports" else ():
                name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                if name is not None:
                    yield _text(alias or name), _text(name)


def _declares(node: Node) -> bool:
    """Whether a name is being declared here, as a variable, parameter or function."""
    if node.type == "shorthand_property_identifier_pattern":
        return True
    parent = node.parent
    if parent is None:
        return False
    if parent.type in _DECLARING:
        return parent.child_by_field_name("value") != node
    if parent.type in ("assignment_pattern", "pair_pattern"):
        return parent.child_by_field_name("left") == node or parent.child_by_field_name("value") == node
    if parent.type in ("variable_declarator", "function_declaration", "class_declaration"):
        return parent.child_by_field_name("name") == node
    return parent.type == "arrow_function" and parent.child_by_field_name("parameter") == node


def _scope(node: Node) -> Node | None:
    """The innermost scope that a declaration counts for. None where it is too far up."""
    inner = node.parent
    if inner is not None and inner.type in ("function_declaration", "class_declaration"):
        inner = inner.parent
    for _ in range(_LONGEST_CLIMB):
        if inner is None or inner.type in _SCOPES:
            return inner
        inner = inner.parent
    return None


# ---------------------------------------------------------------- what is done with a name


def _outermost(node: Node) -> Node:
    """The node with the parentheses and type annotations around it."""
    for _ in range(_LONGEST_CLIMB):
        if node.parent is None or node.parent.type not in _WRAPPERS:
            break
        node = node.parent
    return node


def _first_argument(call: Node) -> Node | None:
    given = call.child_by_field_name("arguments")
    return given.named_children[0] if given is not None and given.named_children else None


def _called(node: Node) -> Node | None:
    """The call that a node is the function of."""
    node = _outermost(node)
    call = node.parent
    if call is None or call.type not in ("call_expression", "new_expression"):
        return None
    return call if node in (call.child_by_field_name("function"), call.child_by_field_name("constructor")) else None


def _made_code(node: Node, name: str) -> str:
    """Why a place runs code that is not written there; empty where it does not."""
    if name == "constructor":
        member = node.parent
        made = member is not None and member.type == "member_expression" and _called(member) is not None
        return "code is made by .constructor(…)" if made else ""
    if node.type == "property_identifier":
        return ""
    call = _called(node)
    first = _first_argument(call) if call is not None else None
    if call is None:
        taker = _outermost(node).parent
        handed = name in ("eval", "Function") and taker is not None and taker.type in _TAKING
        return f"{name} is handed on" if handed else ""
    if name in ("eval", "Function"):
        return f"code is made of text by {name}(…)"
    if name in ("setTimeout", "setInterval"):
        return (
            f"{name} runs a text as code" if first is not None and first.type in ("string", "template_string") else ""
        )
    if first is not None and not _named_module(first):
        return f"which module {name}(…) loads is not written in the code"
    return ""


def _named_module(argument: Node) -> bool:
    """Whether the module is told, or is at least one of the app's own files."""
    if argument.type == "template_string":
        return not any(child.type == "template_substitution" for child in argument.children) or _text(
            argument
        ).startswith(("`./", "`../"))
    return argument.type in ("string", "comment")


def _computed_call(node: Node) -> bool:
    """`window[name](…)`."""
    access = _outermost(node).parent
    return access is not None and access.type == "subscript_expression" and _called(access) is not None


def _detour(node: Node, capability: _Capability) -> str:
    """How a capability is used so that no rule can recognise it; empty where it is used plainly."""
    named = node.parent if node.type == "property_identifier" else node
    if named is None or (named != node and _text(named.named_children[0]) not in _GLOBAL_OBJECTS):
        return ""
    value, method = _outermost(named), ""
    access = value.parent
    while access is not None and access.type in ("member_expression", "subscript_expression"):
        if access.child_by_field_name("object") != value:
            return ""
        property_, index = access.child_by_field_name("property"), access.child_by_field_name("index")
        value = _outermost(access)
        if index is not None:
            used = _called(value) is not None or _assigned(value)
            plain = index.type == "string" and _string(index) not in capability.methods
            computed = index.type == "string" or _called(value) is not None
            return "is used by a computed name" if used and computed and not plain else ""
        name = _text(property_) if property_ is not None else ""
        if name in _BORROWING and (method in capability.methods or not method):
            return f"is called through .{name}"
        method = name
        access = value.parent
    if _called(value) is not None:
        return _odd_arguments(_called(value), method, capability)
    if method == "error" and _catches(value):
        return ""
    if method:
        return f"has its .{method} handed on" if method in capability.methods and _handed_on(value, capability) else ""
    return _whole(value, capability)


def _catches(value: Node) -> bool:
    """`promise.catch(console.error)`: what is printed is an error."""
    taker = value.parent.parent if value.parent is not None and value.parent.type == "arguments" else None
    called = taker.child_by_field_name("function") if taker is not None else None
    method = called.child_by_field_name("property") if called is not None else None
    return method is not None and _text(method) == "catch"


def _assigned(value: Node) -> bool:
    """Whether something is put there."""
    parent = value.parent
    return parent is not None and parent.type == "assignment_expression" and parent.child_by_field_name("left") == value


def _odd_arguments(call: Node | None, method: str, capability: _Capability) -> str:
    given = call.child_by_field_name("arguments") if call is not None else None
    if given is None or (method and method not in capability.methods) or "pii-log" in capability.categories:
        return ""
    if given.type == "template_string":
        return "is called with a template" if method else ""
    first = given.named_children[0] if given.named_children else None
    return "gets arguments from a list" if first is not None and first.type == "spread_element" else ""


def _whole(value: Node, capability: _Capability) -> str:
    """What becomes of the capability itself."""
    parent = value.parent
    if parent is not None and parent.type == "variable_declarator" and capability.followed:
        pattern = parent.child_by_field_name("name")
        taken = (
            re.findall(r"[\w$]+", _text(pattern)) if pattern is not None and pattern.type == "object_pattern" else []
        )
        return "has a method taken out" if capability.methods.intersection(taken) else ""
    return "is handed on" if _handed_on(value, capability) else ""


def _handed_on(value: Node, capability: _Capability) -> bool:
    parent = value.parent
    if parent is None or parent.type in _HARMLESS or _declares(value):
        return parent is not None and parent.type == "binary_expression" and _is_choice(parent)
    if parent.type == "assignment_expression":
        return parent.child_by_field_name("right") == value
    if parent.type == "ternary_expression":
        return parent.child_by_field_name("condition") != value
    if parent.type == "variable_declarator" and parent.child_by_field_name("value") != value:
        return False
    if capability.followed and value.type in _IDENTIFIERS:
        return parent.type in ("arguments", "array", "assignment_pattern", "spread_element")
    return parent.type in _TAKING


_TAKING = _FOLLOWED | {
    "arguments",
    "array",
    "assignment_pattern",
    "object_assignment_pattern",
    "optional_parameter",
    "required_parameter",
    "sequence_expression",
    "spread_element",
}


def _is_choice(expression: Node) -> bool:
    """`a || b`, `a ?? b`: the value goes on."""
    sign = expression.child_by_field_name("operator")
    return sign is not None and sign.type in ("||", "??")
