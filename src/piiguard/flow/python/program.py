"""A Python program as names: files, scopes, bindings, functions, classes, calls, and what an expression refers to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from piiguard.checks.base import own_module
from piiguard.checks.parsing import PythonText
from piiguard.model import Source

DEPTH = 12
"""Names that are followed from one expression before giving up."""

FunctionSyntax = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module
Span = tuple[int, int]
"""Byte offsets in the file."""


@dataclass(eq=False)
class Function:
    """A function, lambda or module body, with the graph nodes of its parameters and of what it returns."""

    number: int
    file: File
    node: FunctionSyntax
    params: dict[str, int] = field(default_factory=dict)
    """Positional parameters in order, then keyword-only ones."""
    rest: int = 0
    keywords: int = 0
    result: int = 0
    owner: Class | None = None
    scope: Scope | None = None


@dataclass(eq=False)
class Class:
    """A class: its methods, and one graph node for the fields of all its instances."""

    file: File
    node: ast.ClassDef
    scope: Scope
    this: int
    methods: dict[str, Function] = field(default_factory=dict)
    fields: dict[str, list[tuple[ast.expr, Scope]]] = field(default_factory=dict)
    """What the class body and its methods assign to each field."""


@dataclass(eq=False)
class Binding:
    """A name of a scope."""

    name: str
    scope: Scope
    kind: Literal["import", "function", "class", "variable", "param"]
    target: str = ""
    """`import`: the dotted name, with leading dots for a relative one."""
    function: Function | None = None
    owner: Class | None = None
    values: list[tuple[ast.stmt, ast.expr]] = field(default_factory=list)
    """Assignments `name = value` (also `with value as name`), in the order of the file."""
    annotation: ast.expr | None = None
    opaque: bool = False
    """Bound in a way that `values` does not show: a loop, an unpacking, an augmented assignment."""
    cell: int = 0
    written_inside: bool = False


class Scope:
    """Names of a module, class or function."""

    def __init__(self, parent: Scope | None, function: Function, owner: Class | None = None) -> None:
        self.parent = parent
        self.function = function
        self.owner = owner
        """The class whose body this is."""
        self.names: dict[str, Binding] = {}

    def find(self, name: str) -> Binding | None:
        """The binding that a name means here. A class body is seen from itself only."""
        here: Scope | None = self
        while here is not None:
            if name in here.names and (here is self or here.owner is None):
                return here.names[name]
            here = here.parent
        return None


@dataclass(eq=False)
class File:
    """A parsed file."""

    index: int
    text: PythonText
    scope: Scope = field(init=False)
    values: dict[Span, int] = field(default_factory=dict)
    """Expression -> its graph node."""
    syntax: dict[Span, ast.AST] = field(default_factory=dict)
    scopes: dict[Span, Scope] = field(default_factory=dict)
    """Expression -> the scope that it stands in."""
    calls: dict[Span, Call] = field(default_factory=dict)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return self.text.source

    def span(self, node: ast.AST) -> Span:
        """Byte span of a node that has a position."""
        begin = self.text.offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
        end = self.text.offset(getattr(node, "end_lineno", 1) or 1, getattr(node, "end_col_offset", 0) or 0)
        return begin, end


@dataclass(eq=False)
class Call:
    """A call: where, what is called, what is handed over."""

    number: int
    file: File
    node: ast.Call
    scope: Scope
    receiver: int
    args: list[tuple[ast.expr, int]]
    keywords: dict[str, tuple[ast.expr, int]]
    spread: list[tuple[ast.expr, int]]
    """`**mapping` arguments."""
    result: int


class Ref(NamedTuple):
    """What an expression refers to."""

    kind: Literal["function", "class", "instance", "module", "external"]
    name: str = ""
    """`external`: the dotted name, `()` for a call on the way."""
    function: Function | None = None
    owner: Class | None = None
    file: File | None = None


class Program:
    """All Python files of an app."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.functions: list[Function] = []
        self.calls: list[Call] = []
        self.callers: dict[Function, list[Call]] = {}
        self.lambdas: dict[ast.Lambda, Function] = {}
        self.imported_values: list[tuple[File, str, int]] = []
        """Uses of imported names: file, dotted name, graph node. Linked when all files are known."""

    def resolve(self, node: ast.expr | None, scope: Scope, depth: int = DEPTH) -> Ref | None:
        """What an expression refers to; None where only running the program would tell."""
        if depth <= 0:
            return None
        if isinstance(node, ast.Name):
            binding = scope.find(node.id)
            return self.of_binding(binding, depth - 1) if binding else Ref("external", f"builtins.{node.id}")
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value, scope, depth - 1)
            return self.member(base, node.attr, depth - 1) if base else None
        if isinstance(node, ast.Call):
            return self._called(self.resolve(node.func, scope, depth - 1), depth - 1)
        if isinstance(node, ast.Await):
            return self.resolve(node.value, scope, depth - 1)
        return None

    def of_binding(self, binding: Binding, depth: int = DEPTH) -> Ref | None:
        """What a name refers to."""
        if binding.kind == "import":
            return self.imported(binding.scope.function.file, binding.target, depth)
        if binding.function is not None:
            return Ref("function", function=binding.function)
        if binding.owner is not None and binding.kind == "class":
            return Ref("class", owner=binding.owner)
        if binding.owner is not None:
            return Ref("instance", owner=binding.owner)
        if binding.annotation is not None:
            made = self._called(self.resolve(_plain(binding.annotation), binding.scope, depth), depth)
            if made is not None and made.kind == "instance":
                return made
        for _, value in binding.values:
            found = self.resolve(value, binding.scope, depth)
            if found is not None:
                return found
        return None

    def imported(self, file: File, name: str, depth: int = DEPTH) -> Ref | None:
        """What an imported dotted name refers to: a thing of the app, or something external."""
        for path, rest in own_module(file.source.path, name, self.files):
            ref: Ref | None = Ref("module", file=self.files[path])
            for part in rest.split(".") if rest else ():
                ref = self.member(ref, part, depth) if ref else None
            return ref
        return Ref("external", name)

    def member(self, ref: Ref, name: str, depth: int) -> Ref | None:
        """What an attribute of `ref` refers to."""
        if ref.kind == "external":
            return Ref("external", f"{ref.name}.{name}")
        if ref.kind == "module" and ref.file:
            binding = ref.file.scope.names.get(name)
            if binding is not None:
                return self.of_binding(binding, depth - 1) if depth > 0 else None
            return self._submodule(ref.file, name)
        if ref.owner is not None:
            method = self.method(ref.owner, name, depth)
            if method is not None:
                return Ref("function", function=method)
            for value, scope in ref.owner.fields.get(name, ()):
                found = self.resolve(value, scope, depth - 1)
                if found is not None:
                    return found
        return None

    def _submodule(self, package: File, name: str) -> Ref | None:
        folder = package.source.path.removesuffix("__init__.py")
        for path in (f"{folder}{name}.py", f"{folder}{name}/__init__.py"):
            if path in self.files and path != package.source.path:
                return Ref("module", file=self.files[path])
        return None

    def method(self, owner: Class, name: str, depth: int = DEPTH) -> Function | None:
        """A method of a class or of its bases."""
        if name in owner.methods:
            return owner.methods[name]
        for base in owner.node.bases if depth > 0 else ():
            ref = self.resolve(base, owner.scope.parent or owner.scope, depth - 1)
            found = self.method(ref.owner, name, depth - 1) if ref and ref.owner else None
            if found is not None:
                return found
        return None

    def _called(self, ref: Ref | None, depth: int) -> Ref | None:
        if ref is None:
            return None
        if ref.kind == "external":
            return Ref("external", f"{ref.name}()")
        if ref.kind == "class":
            return Ref("instance", owner=ref.owner)
        if ref.kind == "function" and ref.function and depth > 0:
            value = only_result(ref.function)
            scope = ref.function.scope
            return self.resolve(value, scope, depth - 1) if value is not None and scope is not None else None
        return None


def _plain(annotation: ast.expr) -> ast.expr:
    """`T | None`, `Optional[T]` -> `T`."""
    if isinstance(annotation, ast.BinOp):
        return _plain(annotation.left)
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Name | ast.Attribute):
        return annotation.slice
    return annotation


def only_result(function: Function) -> ast.expr | None:
    """What a function returns, where it is one expression."""
    if isinstance(function.node, ast.Lambda):
        return function.node.body
    if isinstance(function.node, ast.Module):
        return None
    results = [node.value for node in own_nodes(function.node.body) if isinstance(node, ast.Return) and node.value]
    return results[0] if len(results) == 1 else None


def own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a body in the order of the file, without those of nested functions and classes."""
    todo: list[ast.AST] = list(reversed(body))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            todo.extend(reversed(list(ast.iter_child_nodes(node))))


def declare(body: list[ast.stmt], scope: Scope) -> None:
    """Declare the names that a body binds. Functions and classes get theirs when they are walked."""
    elsewhere = {name for node in own_nodes(body) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    for node in own_nodes(body):
        for binding in _bound(node, scope):
            if binding.name in elsewhere:
                continue
            known = scope.names.setdefault(binding.name, binding)
            if known is not binding and known.kind == "param":
                known.opaque = True
            elif known is not binding:
                known.values += binding.values
                known.opaque = known.opaque or binding.opaque


def _bound(node: ast.AST, scope: Scope) -> Iterator[Binding]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield Binding(alias.asname or first, scope, "import", target=alias.name if alias.asname else first)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        glue = "" if module.endswith(".") else "."
        for alias in node.names:
            yield Binding(alias.asname or alias.name, scope, "import", target=f"{module}{glue}{alias.name}")
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _targets(target, node, node.value, scope)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        values = [(node, node.value)] if node.value is not None else []
        yield Binding(node.target.id, scope, "variable", values=list(values), annotation=node.annotation)
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                yield from _targets(item.optional_vars, node, item.context_expr, scope)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield Binding(node.id, scope, "variable")
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        yield Binding(node.name, scope, "variable", opaque=True)


def _targets(target: ast.expr, statement: ast.stmt, value: ast.expr, scope: Scope) -> Iterator[Binding]:
    if isinstance(target, ast.Name):
        yield Binding(target.id, scope, "variable", values=[(statement, value)])
    elif isinstance(target, ast.Tuple | ast.List):
        same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        for index, part in enumerate(target.elts):
            if same and isinstance(part, ast.Name):
                yield Binding(part.id, scope, "variable", values=[(statement, value.elts[index])])  # type: ignore[attr-defined]
            elif isinstance(part, ast.Name):
                yield Binding(part.id, scope, "variable", opaque=True)
