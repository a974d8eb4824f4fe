"""Which host a call goes to: constants, templates, `new URL`, imports, parameters through their callers, environment.

What stays dynamic is reported as such, with where it comes from.
"""

from __future__ import annotations

import itertools
import re
from typing import Literal, NamedTuple

from tree_sitter import Node

from piiguard.flow.declarations import pattern_names, returns
from piiguard.flow.program import Binding, File, Program, Scope, object_value, scope_at, string_value, text

ALTERNATIVES = 8
"""Values that are followed where an expression may have several (a parameter with many callers)."""
DEPTH = 10
HoleKind = Literal["environment", "dynamic"]


class Hole(NamedTuple):
    """A part of a text that only running the program would tell."""

    kind: HoleKind
    name: str


Text = tuple[str | Hole, ...]


class Host(NamedTuple):
    """Where a call goes. `name` is a host, a pattern (`*.example.com`), or `<env:NAME>`, `<dynamic:expression>`."""

    name: str
    kind: Literal["constant", "environment", "dynamic"]
    url: str
    """The URL as far as it is known, `{}` for holes."""


_UNKNOWN: list[Text] = [(Hole("dynamic", ""),)]
_SCHEME = re.compile(r"^(https?:|wss?:)?//", re.IGNORECASE)
_MAILTO = re.compile(r"\bmail_?to(_?(url|uri|link|href))?$", re.IGNORECASE)
"""Name of an address that starts the reader's own mail program, wherever it was put together."""
_ASSET = re.compile(r"\.(svg|png|jpe?g|gif|webp|ico|css|woff2?|mp4)$", re.IGNORECASE)
_URL_KEYS = ("url", "uri", "baseURL", "baseUrl", "prefixUrl", "hostname", "host", "href", "endpoint")
_BASE_KEYS = ("baseURL", "baseUrl", "prefixUrl")


class Texts:
    """Static values of expressions of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def of(self, node: Node | None, scope: Scope, file: File, depth: int = DEPTH) -> list[Text]:
        """The texts that an expression may have; a single hole where nothing is known."""
        if node is None or depth == 0:
            return _UNKNOWN
        handler = _TEXTS.get(node.type)
        found = handler(self, node, scope, file, depth - 1) if handler else []
        return found[:ALTERNATIVES] or [(Hole("dynamic", _short(node)),)]

    def binding(self, binding: Binding, depth: int) -> list[Text]:
        if binding.kind == "param":
            return self._from_callers(binding, depth)
        if binding.kind == "import":
            target = self.program.file_of(binding.file, binding.module)
            if target is None:
                return [(binding.module,)] if binding.module.startswith(".") or _ASSET.search(binding.module) else []
            return self.export(target, binding.export, depth)
        if binding.value is None or binding.reassigned:
            return []
        if not binding.path:
            return self.of(binding.value, binding.scope, binding.file, depth)
        return self._property(binding.value, binding.path, binding.scope, binding.file, depth)

    def export(self, file: File, name: str, depth: int) -> list[Text]:
        """The texts of an exported constant."""
        found = file.exports.get(name)
        if found is None or depth <= 0:
            return []
        if isinstance(found[0], str):
            target = self.program.file_of(file, found[0])
            return self.export(target, str(found[1]), depth - 1) if target else []
        node, scope = found
        return self.of(node, scope, file, depth - 1) if isinstance(scope, Scope) else []

    def member(self, base: Node, name: str, scope: Scope, file: File, depth: int) -> list[Text]:
        """`config.baseUrl`: a property of an object literal, or an export of a module."""
        ref = self.program.resolve(base, scope, file)
        if ref is not None and ref.kind == "module" and ref.file:
            return self.export(ref.file, name, depth)
        if ref is not None and ref.owner and name in ref.owner.fields:
            return self.of(ref.owner.fields[name], ref.owner.scope, ref.owner.file, depth)
        return self._property(base, (name,), scope, file, depth)

    def _from_callers(self, binding: Binding, depth: int) -> list[Text]:
        """What callers hand over for a parameter, or a property of one; its default where they hand nothing over."""
        position, path = _parameter(binding)
        default = _default(binding.node)
        otherwise = self.of(default, binding.scope, binding.file, depth) if default is not None else []
        found: list[Text] = []
        callers = self.program.callers.get(binding.scope.function.number, [])
        for call in callers[:ALTERNATIVES]:
            given = call.args[position][0] if position < len(call.args) else None
            if given is not None and not path:
                found += self.of(given, call.scope, call.file, depth)
            elif given is not None:
                found += self._property(given, path, call.scope, call.file, depth) or otherwise or _UNKNOWN
            else:
                found += otherwise
        return found if callers else otherwise

    def _property(self, node: Node, path: tuple[str, ...], scope: Scope, file: File, depth: int) -> list[Text]:
        ref = self.program.resolve(node, scope, file)
        for name in path[:-1]:
            ref = self.program.member(ref, name, depth) if ref else None
        if ref is None or ref.kind != "object" or ref.node is None or ref.scope is None or ref.file is None:
            return []
        value = object_value(ref.node, path[-1])
        return self.of(value, ref.scope, ref.file, depth) if value is not None else []


def _parameter(binding: Binding) -> tuple[int, tuple[str, ...]]:
    """Which parameter of its function a binding belongs to, and the properties that it takes from that."""
    function = binding.scope.function.node
    single, listed = function.child_by_field_name("parameter"), function.child_by_field_name("parameters")
    params = [single] if single is not None else listed.named_children if listed is not None else []
    for position, param in enumerate(param for param in params if param.type != "comment"):
        for name, path in pattern_names(param):
            if name == binding.node:
                return position, path
    return len(params), ()


def _default(name: Node) -> Node | None:
    """The default value of a parameter."""
    around = name.parent
    if around is None or around.type not in _WITH_DEFAULT:
        return None
    return around.child_by_field_name("right") or around.child_by_field_name("value")


_WITH_DEFAULT = frozenset(
    {"assignment_pattern", "object_assignment_pattern", "required_parameter", "optional_parameter"}
)


def _short(node: Node) -> str:
    return re.sub(r"\s+", " ", text(node))[:60]


def _join(left: list[Text], right: list[Text]) -> list[Text]:
    return [a + b for a, b in itertools.product(left, right)]


# ---------------------------------------------------------------- one small function per kind of expression


def _string(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    return [(string_value(node),)]


def _template(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    found: list[Text] = [()]
    for child in node.named_children:
        if child.type == "template_substitution":
            found = _join(
                found, texts.of(child.named_children[0] if child.named_children else None, scope, file, depth)
            )
        else:
            found = _join(found, [(text(child),)])
    return found[:ALTERNATIVES]


def _binary(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    sign = text(operator) if operator is not None else ""
    if sign == "+":
        return _join(texts.of(left, scope, file, depth), texts.of(right, scope, file, depth))
    if sign in ("||", "??"):
        known = [
            value
            for value in texts.of(left, scope, file, depth) + texts.of(right, scope, file, depth)
            if value and isinstance(value[0], str)
        ]
        return known or texts.of(left, scope, file, depth)
    return []


def _ternary(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    return [
        value
        for field in ("consequence", "alternative")
        for value in texts.of(node.child_by_field_name(field), scope, file, depth)
    ]


def _identifier(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    binding = scope.find(text(node))
    return texts.binding(binding, depth) if binding is not None else []


def _member(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    base, prop = node.child_by_field_name("object"), node.child_by_field_name("property")
    if base is None or prop is None:
        return []
    name = text(prop)
    if text(base) in ("process.env", "import.meta.env"):
        return [(Hole("environment", name),)]
    if name in ("href", "origin"):
        return texts.of(base, scope, file, depth)
    return texts.member(base, name, scope, file, depth)


def _subscript(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    """`table["eu"]`, and `table[region]`: any value of the table."""
    base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    if base is None or index is None:
        return []
    if index.type == "string":
        return texts.member(base, string_value(index), scope, file, depth)
    ref = texts.program.resolve(base, scope, file)
    if ref is None or ref.kind != "object" or ref.node is None or ref.scope is None or ref.file is None:
        return []
    values = (pair.child_by_field_name("value") for pair in ref.node.named_children if pair.type == "pair")
    return [found for value in values for found in texts.of(value, ref.scope, ref.file, depth)]


def _call(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    arguments = node.child_by_field_name("arguments")
    if callee is None or arguments is None:
        return []
    args = arguments.named_children
    name = text(callee)
    if arguments.type == "template_string":
        return texts.of(arguments, scope, file, depth)
    if name in ("URL", "Request", "String", "encodeURI", "assumeTrustedRoute", "routeFromAbsolute") and args:
        first = texts.of(args[0], scope, file, depth)
        if (
            name == "URL"
            and len(args) > 1
            and all(not (value and isinstance(value[0], str) and _SCHEME.match(value[0])) for value in first)
        ):
            return _join(texts.of(args[1], scope, file, depth), first)
        return first
    base = callee.child_by_field_name("object")
    prop = callee.child_by_field_name("property")
    if base is not None and prop is not None and text(prop) in ("toString", "replace", "trim", "concat", "replaceAll"):
        return texts.of(base, scope, file, depth)
    ref = texts.program.resolve(callee, scope, file)
    if ref is None or ref.function is None:
        return []
    owner = ref.function.file
    values = sorted(returns(ref.function), key=lambda node: node.start_byte)
    return [found for value in values for found in texts.of(value, scope_at(owner, value), owner, depth)]


def _inner(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    return texts.of(node.named_children[0], scope, file, depth) if node.named_children else []


def _object(texts: Texts, node: Node, scope: Scope, file: File, depth: int) -> list[Text]:
    """`{url: …}`, `{hostname: …}` as the options of a call."""
    for key in _URL_KEYS:
        value = object_value(node, key)
        if value is not None and value.type != "method_definition":
            found = texts.of(value, scope, file, depth)
            if key in ("hostname", "host"):
                return [("https://", *value) for value in found]
            path = object_value(node, "url") if key in _BASE_KEYS else None
            return _join(found, texts.of(path, scope, file, depth)) if path is not None else found
    return []


_TEXTS = {
    "string": _string,
    "template_string": _template,
    "binary_expression": _binary,
    "ternary_expression": _ternary,
    "identifier": _identifier,
    "shorthand_property_identifier": _identifier,
    "member_expression": _member,
    "subscript_expression": _subscript,
    "call_expression": _call,
    "new_expression": _call,
    "await_expression": _inner,
    "parenthesized_expression": _inner,
    "as_expression": _inner,
    "non_null_expression": _inner,
    "satisfies_expression": _inner,
    "jsx_expression": _inner,
    "object": _object,
}


# ---------------------------------------------------------------- from text to host


def template_of(value: Text) -> str:
    """The text with `{}` for its holes."""
    return "".join(part if isinstance(part, str) else "{}" for part in value)


def host_of(value: Text) -> Host | None:
    """The host of a URL; None for what calls none (a relative URL, `data:`, `blob:`, `mailto:`)."""
    url = template_of(value)
    first = value[0] if value else ""
    hole = next((part for part in value if isinstance(part, Hole)), None)
    if isinstance(first, Hole) and _MAILTO.search(first.name):
        return None
    if isinstance(first, Hole) or not first:
        return _dynamic(hole, url) if hole else None
    scheme = _SCHEME.match(first)
    if scheme is None:
        return None
    authority = re.split(r"[/?#\\]", url[scheme.end() :], maxsplit=1)[0].rpartition("@")[2]
    if "{}" not in authority:
        host = re.sub(r":\d+$", "", authority).lower()
        return Host(host, "constant", url) if host else None
    suffix = authority.rpartition("{}")[2].partition(":")[0].lower()
    if suffix.startswith(".") and suffix.count(".") >= 2:
        return Host("*" + suffix, "constant", url)
    return _dynamic(hole, url)


def _dynamic(hole: Hole | None, url: str) -> Host:
    if hole is not None and hole.kind == "environment":
        return Host(f"<env:{hole.name}>", "environment", url)
    return Host(f"<dynamic:{hole.name if hole else ''}>", "dynamic", url)
