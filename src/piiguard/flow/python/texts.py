"""Static texts of Python expressions: constants, f-strings, parameters through their callers, environment variables."""

from __future__ import annotations

import ast
import itertools
import re

from piiguard.flow.hosts import ALTERNATIVES, DEPTH, Hole, Text
from piiguard.flow.python.program import Binding, File, Function, Program, Scope, only_result

_ENVIRONMENT = ("os.environ", "os.environ.get()", "os.getenv()", "decouple.config()")
_TRANSPARENT = frozenset(
    {"rstrip", "strip", "lstrip", "lower", "replace", "encode", "decode", "removesuffix", "with_query"}
)
_WRAPPERS = frozenset({
    "builtins.str", "urllib.request.Request", "httpx.URL", "yarl.URL", "urllib.parse.quote", "urllib.parse.urlparse",
    "pydantic.HttpUrl",
})  # fmt: skip
_FIELD = re.compile(r"\{[^{}]*\}|%\(\w+\)[sd]|%[sd]")


class Texts:
    """Static values of expressions of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def of(self, node: ast.expr | None, scope: Scope, depth: int = DEPTH) -> list[Text]:
        """The texts that an expression may have; a single hole where nothing is known."""
        if node is None or depth <= 0:
            return [(Hole("dynamic", ""),)]
        found = self._known(node, scope, depth - 1)
        return found[:ALTERNATIVES] or [(Hole("dynamic", _short(node)),)]

    def _known(self, node: ast.expr, scope: Scope, depth: int) -> list[Text]:
        if isinstance(node, ast.Constant):
            return [(node.value,)] if isinstance(node.value, str) else []
        if isinstance(node, ast.JoinedStr):
            return self._joined(
                [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values], scope, depth
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div):
            return self._joined([node.left, node.right], scope, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return [_filled(text) for text in self.of(node.left, scope, depth)]
        if isinstance(node, ast.Name):
            binding = scope.find(node.id)
            return self._binding(binding, node, depth) if binding is not None else []
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, depth)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, scope, depth)
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth)
        if isinstance(node, ast.IfExp):
            return [text for part in (node.body, node.orelse) for text in self.of(part, scope, depth)]
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            texts = [text for part in node.values for text in self.of(part, scope, depth)]
            return [text for text in texts if text and isinstance(text[0], str)] or texts[:1]
        if isinstance(node, ast.Await | ast.NamedExpr):
            return self.of(node.value, scope, depth)
        return []

    def _joined(self, parts: list[ast.expr], scope: Scope, depth: int) -> list[Text]:
        found: list[Text] = [()]
        for part in parts:
            found = [left + right for left, right in itertools.product(found, self.of(part, scope, depth))][
                :ALTERNATIVES
            ]
        return found

    def _binding(self, binding: Binding, use: ast.expr, depth: int) -> list[Text]:
        if binding.kind == "import":
            return self._imported(binding.scope.function.file, binding.target, depth)
        if binding.kind == "param":
            return self._from_callers(binding, depth)
        if binding.opaque:
            return []
        values = reaching(binding, use)
        return [text for value in values for text in self.of(value, binding.scope, depth)]

    def _imported(self, file: File, name: str, depth: int) -> list[Text]:
        module, _, last = name.rpartition(".")
        ref = self.program.imported(file, module if module.strip(".") else f"{module}.") if module else None
        return self._of_module(ref.file, last, depth) if ref is not None and ref.kind == "module" else []

    def _of_module(self, file: File | None, name: str, depth: int) -> list[Text]:
        binding = file.scope.names.get(name) if file is not None else None
        if binding is None or binding.opaque:
            return []
        if binding.kind == "import":
            return self._imported(binding.scope.function.file, binding.target, depth - 1) if depth > 0 else []
        return [text for _, value in binding.values for text in self.of(value, binding.scope, depth)]

    def _from_callers(self, binding: Binding, depth: int) -> list[Text]:
        function = binding.scope.function
        position = list(function.params).index(binding.name) if binding.name in function.params else None
        found: list[Text] = []
        for call in self.program.callers.get(function, [])[:ALTERNATIVES]:
            if binding.name in call.keywords:
                found += self.of(call.keywords[binding.name][0], call.scope, depth)
            elif position is not None:
                offset = 1 if function.owner is not None else 0
                if 0 <= position - offset < len(call.args):
                    found += self.of(call.args[position - offset][0], call.scope, depth)
        return found or self._default(function, binding, depth)

    def _default(self, function: Function, binding: Binding, depth: int) -> list[Text]:
        if isinstance(function.node, ast.Module):
            return []
        args = function.node.args
        plain = [*args.posonlyargs, *args.args]
        defaults = [
            *zip(reversed(plain), reversed(args.defaults), strict=False),
            *zip(args.kwonlyargs, args.kw_defaults, strict=True),
        ]
        for param, default in defaults:
            if param.arg == binding.name and default is not None and function.scope is not None:
                return self.of(default, function.scope.parent or function.scope, depth)
        return []

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> list[Text]:
        ref = self.program.resolve(node.value, scope)
        if ref is None:
            return []
        if ref.kind == "module":
            return self._of_module(ref.file, node.attr, depth)
        if ref.owner is not None:
            fields = ref.owner.fields.get(node.attr, [])
            return [text for value, inside in fields for text in self.of(value, inside, depth)]
        return [(Hole("environment", node.attr),)] if ref.name == "os.environ" else []

    def _subscript(self, node: ast.Subscript, scope: Scope, depth: int) -> list[Text]:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        ref = self.program.resolve(node.value, scope)
        if ref is not None and ref.kind == "external" and ref.name == "os.environ":
            return [(Hole("environment", str(key) if key is not None else ""),)]
        if not isinstance(node.value, ast.Name) or key is None:
            return []
        binding = scope.find(node.value.id)
        for _, value in binding.values if binding is not None and not binding.opaque else ():
            for name, entry in zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ():
                if isinstance(name, ast.Constant) and name.value == key and binding is not None:
                    return self.of(entry, binding.scope, depth)
        return []

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> list[Text]:
        first = (
            node.args[0] if node.args else next((arg.value for arg in node.keywords if arg.arg in ("url", "key")), None)
        )
        ref = self.program.resolve(node.func, scope)
        name = ref.name if ref is not None and ref.kind == "external" else ""
        if f"{name}()" in _ENVIRONMENT:
            return self._environment(node, first, scope, depth)
        if name in _WRAPPERS:
            return self.of(first, scope, depth)
        if name == "urllib.parse.urljoin" and len(node.args) > 1:
            absolute = [
                text for text in self.of(node.args[1], scope, depth) if text and str(text[0]).startswith("http")
            ]
            return absolute or self._joined([node.args[0], ast.Constant("/"), node.args[1]], scope, depth)
        if name == "requests.Request" and len(node.args) > 1:
            return self.of(node.args[1], scope, depth)
        if ref is not None and ref.function is not None and ref.function.scope is not None:
            return self.of(only_result(ref.function), ref.function.scope, depth)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, scope, depth)
        return []

    def _method(self, node: ast.Call, func: ast.Attribute, scope: Scope, depth: int) -> list[Text]:
        if func.attr in _TRANSPARENT:
            return self.of(func.value, scope, depth)
        if func.attr == "format":
            return [_filled(text) for text in self.of(func.value, scope, depth)]
        if func.attr == "join" and node.args and isinstance(node.args[0], ast.List | ast.Tuple):
            parts = [part for element in node.args[0].elts for part in (func.value, element)][1:]
            return self._joined(parts, scope, depth)
        return []

    def _environment(self, node: ast.Call, name: ast.expr | None, scope: Scope, depth: int) -> list[Text]:
        """`os.environ.get("URL", "https://default")`: the default, if it is there; else the variable."""
        default = (
            node.args[1]
            if len(node.args) > 1
            else next((arg.value for arg in node.keywords if arg.arg == "default"), None)
        )
        known = (
            [text for text in self.of(default, scope, depth) if text and isinstance(text[0], str) and text[0]]
            if default
            else []
        )
        key = name.value if isinstance(name, ast.Constant) else ""
        return known or [(Hole("environment", str(key)),)]


def reaching(binding: Binding, use: ast.expr) -> list[ast.expr]:
    """The values that a variable may have at a use, the nearest assignment first.

    An assignment in a block around the use hides the earlier ones. From another function, or before the first
    assignment, any counts.
    """
    parents = binding.scope.function.file.parents
    around = {*_ancestors(use, parents)}
    before = [pair for pair in binding.values if (pair[0].lineno, pair[0].col_offset) <= (use.lineno, use.col_offset)]
    if binding.scope.function.node not in around or not before:
        return [value for _, value in binding.values]
    found: list[ast.expr] = []
    for statement, value in reversed(before):
        if use not in ast.walk(value):
            found.append(value)
            if parents.get(statement) in around and _same_branch(statement, use, parents):
                break
    return found


def _ancestors(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> list[ast.AST]:
    found: list[ast.AST] = []
    here: ast.AST | None = node
    while here is not None:
        found.append(here)
        here = parents.get(here)
    return found


def _same_branch(statement: ast.stmt, use: ast.expr, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the use is in or below the assignment's list of statements, not in the other branch of its `if`."""
    parent = parents.get(statement)
    within = {*_ancestors(use, parents)}
    for _, block in ast.iter_fields(parent) if parent is not None else ():
        if isinstance(block, list) and statement in block:
            return any(other in within for other in block)
    return isinstance(parent, ast.Module)


def _filled(text: Text) -> Text:
    """The text of a format string, with holes for its fields."""
    parts: list[str | Hole] = []
    for part in text:
        if isinstance(part, Hole):
            parts.append(part)
            continue
        pieces = _FIELD.split(part)
        for index, piece in enumerate(pieces):
            parts += [Hole("dynamic", ""), piece] if index else [piece]
    return tuple(part for part in parts if part != "")


def _short(node: ast.expr) -> str:
    return ast.unparse(node)[:60].replace("\n", " ")
