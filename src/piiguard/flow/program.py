"""The program as names: files, scopes, bindings, functions, classes and call sites, and what a name refers to.

`Program.resolve` answers statically "what is this expression?": a function of the app, something imported from a
package, a global, an object literal, another module. Both the callee conditions of rules and the linking of calls rest
on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tree_sitter import Node

from piiguard.flow.modules import ModuleFinder
from piiguard.model import Source

FETCH = "fetch"
GLOBAL_OBJECTS = frozenset({"window", "globalThis", "self", "global"})
RESOLVE_DEPTH = 12
"""Names that are followed from one expression before giving up (a cycle of imports ends here)."""


class Span(NamedTuple):
    """Byte span of a syntax node."""

    start: int
    end: int


def span(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte)


def text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


@dataclass
class Function:
    """A function, method or arrow of the app, with the graph nodes of its parameters and of what it returns."""

    number: int
    file: File
    node: Node
    name: str
    params: list[int] = field(default_factory=list)
    rest: int = 0
    """Graph node of a rest parameter; 0 = none."""
    result: int = 0
    owner: Class | None = None
    value: int = 0
    """Graph node of the function itself, as a value."""
    arguments: int = 0
    """Graph node of the `arguments` object, where the body reads it."""
    changed: dict[int, int] = field(default_factory=dict)
    """Parameter -> graph node of what the function puts into the object that it gets there."""


@dataclass
class Class:
    """A class: its methods, and one graph node for all its instances' fields."""

    name: str
    file: File
    scope: Scope
    base: Node | None
    this: int
    methods: dict[str, Function] = field(default_factory=dict)
    fields: dict[str, Node] = field(default_factory=dict)
    """Field -> what it is initialised with."""
    types: dict[str, Node] = field(default_factory=dict)
    """Field -> its type, as TypeScript declares it."""


_TYPED = frozenset({"variable_declarator", "required_parameter", "optional_parameter"})
_AROUND_TYPES = frozenset({"type_annotation", "type_arguments", "parenthesized_type"})


@dataclass
class Binding:
    """A declared name."""

    name: str
    kind: Literal["import", "function", "class", "variable", "param"]
    file: File
    scope: Scope
    node: Node
    value: Node | None = None
    """What it is initialised with (`const x = <value>`); for a destructured name, what is taken apart."""
    path: tuple[str, ...] = ()
    """Properties taken from `value` for a destructured name."""
    module: str = ""
    export: str = ""
    """`import`: where from; export is `default`, `*` or a name."""
    cell: int = 0
    """Graph node of all the values it ever has."""
    reassigned: bool = False
    written_inside: bool = False
    """Assigned in a nested function: only the cell knows its value."""
    changed: bool = False
    """Something is put into what it holds."""
    position: int = -1
    """`param`: which parameter of the function it is, if the whole of one."""

    @property
    def type(self) -> Node | None:
        """The type that TypeScript declares, where the name is the whole of what is declared."""
        around = self.node.parent
        return around.child_by_field_name("type") if around is not None and around.type in _TYPED else None


class Scope:
    """Names of a function or block."""

    def __init__(self, parent: Scope | None, function: Function, owner: Class | None = None) -> None:
        self.parent = parent
        self.function = function
        self.owner: Class | None = owner if owner or parent is None else parent.owner
        self.names: dict[str, Binding] = {}

    def find(self, name: str) -> Binding | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


@dataclass
class File:
    """A parsed file."""

    index: int
    source: Source
    root: Node
    scope: Scope = field(init=False)
    exports: dict[str, tuple[Node, Scope] | tuple[str, str]] = field(default_factory=dict)
    """Exported name -> its expression (or declaration), or (module, name) for a re-export."""
    star_exports: list[str] = field(default_factory=list)
    common_js: bool = False
    """`module.exports = …`: the default export is the module."""
    values: dict[Span, int] = field(default_factory=dict)
    """Expression -> its graph node."""
    scopes: dict[Span, Scope] = field(default_factory=dict)
    """Function or block -> its scope, to look names up afterwards."""
    functions: dict[Span, Function] = field(default_factory=dict)
    calls: dict[Span, Call] = field(default_factory=dict)
    imports: list[tuple[str, Node]] = field(default_factory=list)
    """Modules that the file imports, with the node of each."""


@dataclass
class Call:
    """A call or `new`: where, what is called, what is handed over."""

    number: int
    file: File
    node: Node
    scope: Scope
    callee: Node
    receiver: int
    args: list[tuple[Node, int]]
    """Syntax and graph node of each argument."""
    result: int
    callee_value: int = 0
    """Graph node of what is called, as a value."""
    held: list[int] = field(default_factory=list)
    """For each argument that is a variable: the graph node of its definition, which the call may change."""


class Ref(NamedTuple):
    """What an expression refers to."""

    kind: Literal["function", "class", "instance", "import", "global", "object", "module"]
    name: str = ""
    """`import`: module#export; `global`: the name."""
    chain: tuple[str, ...] = ()
    """Properties read from it."""
    function: Function | None = None
    owner: Class | None = None
    node: Node | None = None
    scope: Scope | None = None
    file: File | None = None


class Program:
    """All JS/TS files of an app."""

    def __init__(self, finder: ModuleFinder) -> None:
        self.finder = finder
        self.files: dict[str, File] = {}
        self.calls: list[Call] = []
        self.elements: list[Call] = []
        """JSX elements of components: a call with the props."""
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.nameless: set[int] = set()
        """Graph nodes for which the name of their variable says nothing: functions, what a key names better, what is
        masked, what no person owns."""
        self.stumbles: dict[str, list[int]] = {}
        """Path -> lines at which the parser stumbled without missing code."""
        self.callers: dict[int, list[Call]] = {}
        """Function number -> the calls that reach it."""
        self.defined: dict[int, dict[int, Function]] = {}
        """Number of a `define` call -> the functions whose values reach it, by number."""
        self.fetches: list[int] = []
        """Graph nodes of the global `fetch` as a value."""
        self.made: dict[int, Ref] = {}
        """Graph node -> the package, or `fetch`, that the value there comes from (see packages.py)."""
        self.makers: dict[int, tuple[Call, ...]] = {}
        """Graph node -> the calls that made the client there."""

    def file_of(self, importer: File, module: str) -> File | None:
        path = self.finder.find(importer.source.path, module)
        return self.files.get(path) if path else None

    # ------------------------------------------------------------ resolve

    def resolve(self, node: Node | None, scope: Scope, file: File, depth: int = RESOLVE_DEPTH) -> Ref | None:
        """What `node` refers to, or None where only running the program would tell."""
        if node is None or depth == 0:
            return None
        handler = _RESOLVERS.get(node.type)
        ref = handler(self, node, scope, file, depth - 1) if handler else None
        if ref is not None and (ref.kind != "global" or not ref.chain):
            return ref
        return self.made.get(file.values.get(span(node), 0), ref)

    def binding_ref(self, binding: Binding, depth: int) -> Ref | None:
        if binding.kind == "import":
            return self.import_ref(binding.file, binding.module, binding.export, depth)
        if binding.kind == "param":
            return self._handed_over(binding, depth) or self.typed(binding.type, binding.scope, binding.file, depth)
        ref = self.resolve(binding.value, binding.scope, binding.file, depth)
        for name in binding.path:
            ref = self.member(ref, name, depth) if ref else None
        return ref or self.typed(binding.type, binding.scope, binding.file, depth)

    def typed(self, type_: Node | None, scope: Scope, file: File, depth: int) -> Ref | None:
        """An instance of the class of the app that a type names, or None."""
        while type_ is not None and type_.type in _AROUND_TYPES and len(type_.named_children) == 1:
            type_ = type_.named_children[0]
        if type_ is None or type_.type != "type_identifier":
            return None
        ref = self.resolve(type_, scope, file, depth)
        return Ref("instance", owner=ref.owner) if ref is not None and ref.kind == "class" else None

    def _handed_over(self, binding: Binding, depth: int) -> Ref | None:
        """What every caller hands over for a parameter: `register(resolver)`. None where they differ."""
        if depth <= 0:
            return None
        refs = [self.resolve(node, call.scope, call.file, depth - 1) for node, call in self.arguments_for(binding)]
        known = {(ref.kind, ref.name, ref.chain) if ref else None for ref in refs}
        return refs[0] if refs and len(known) == 1 and refs[0] and refs[0].kind in ("import", "global") else None

    def import_ref(self, file: File, module: str, export: str, depth: int) -> Ref | None:
        target = self.file_of(file, module)
        if target is None:
            return Ref("import", f"{module}#{export}")
        if export == "*":
            whole = self.export_ref(target, "default", depth - 1) if target.common_js else None
            return whole if whole is not None and whole.kind in ("function", "class") else Ref("module", file=target)
        return self.export_ref(target, export, depth)

    def export_ref(self, file: File, name: str, depth: int) -> Ref | None:
        if depth <= 0:
            return None
        found = file.exports.get(name)
        if found is None:
            for module in file.star_exports:
                ref = self.import_ref(file, module, name, depth - 1)
                if ref is not None and not (ref.kind == "import" and ref.name.startswith(".")):
                    return ref
            if not file.common_js or name == "default":
                return None
            whole = self.export_ref(file, "default", depth - 1)
            return self.member(whole, name, depth - 1) if whole is not None else None
        if isinstance(found[0], str):
            return self.import_ref(file, found[0], str(found[1]), depth - 1)
        node, scope = found
        assert isinstance(scope, Scope)  # noqa: S101 (narrows the union for the type checker)
        return self.resolve(node, scope, file, depth - 1)

    def member(self, ref: Ref, name: str, depth: int) -> Ref | None:
        """What property `name` of `ref` refers to."""
        if ref.kind in ("import", "global"):
            return ref._replace(chain=(*ref.chain, name))
        if ref.kind == "module" and ref.file:
            return self.export_ref(ref.file, name, depth)
        if ref.kind == "instance" and ref.owner:
            return self._method(ref.owner, name, depth)
        if ref.kind == "class" and ref.owner:
            return self._method(ref.owner, name, depth)
        if ref.kind == "object" and ref.node is not None and ref.scope and ref.file:
            value = object_value(ref.node, name)
            if value is None:
                return None
            if value.type == "method_definition":
                function = ref.file.functions.get(span(value))
                return Ref("function", function=function) if function else None
            return self.resolve(value, ref.scope, ref.file, depth)
        return None

    def _method(self, owner: Class, name: str, depth: int) -> Ref | None:
        if name in owner.methods:
            return Ref("function", function=owner.methods[name])
        if name in owner.types:
            return self.typed(owner.types[name], owner.scope, owner.file, depth - 1)
        base = self.resolve(owner.base, owner.scope, owner.file, depth) if depth > 0 else None
        if base is None:
            return None
        if base.owner:
            return self._method(base.owner, name, depth - 1)
        return self.member(base, name, depth - 1) if base.kind == "import" else None

    def arguments_for(self, binding: Binding) -> Iterator[tuple[Node, Call]]:
        """What the callers hand over for a plain parameter."""
        function = binding.scope.function
        position = parameter_position(function.node, binding.name)
        for call in self.callers.get(function.number, []):
            if position is not None and position < len(call.args):
                yield call.args[position][0], call

    # ------------------------------------------------------------ callee conditions

    def roots(self, node: Node, scope: Scope, file: File) -> tuple[frozenset[str], bool]:
        """Names that a rule's callee condition may meet: `module#export`, or a global; and whether it is a global."""
        ref = self.resolve(node, scope, file)
        if ref is None:
            return frozenset(), False
        if ref.kind == "global":
            name = ref.chain[0] if ref.name in GLOBAL_OBJECTS and ref.chain else ref.name
            return frozenset({name, ref.name}), True
        if ref.kind != "import":
            return frozenset(), False
        module, _, export = ref.name.rpartition("#")
        names = {ref.name, f"{module}#*"}
        if export in ("default", "*"):
            names |= {f"{module}#{name}" for name in ref.chain[:1]} | {f"{module}#default"}
        return frozenset(names), False


def parameter_position(function: Node, name: str) -> int | None:
    """Index of the plain parameter `name`."""
    single = function.child_by_field_name("parameter")
    listed = function.child_by_field_name("parameters")
    params = [single] if single is not None else listed.named_children if listed is not None else []
    for index, param in enumerate(param for param in params if param.type != "comment"):
        pattern = param.child_by_field_name("pattern") or param.child_by_field_name("left") or param
        if pattern.type == "identifier" and text(pattern) == name:
            return index
    return None


def object_value(node: Node, name: str) -> Node | None:
    """The value of property `name` in an object literal (the last one wins), or the method of that name."""
    found: Node | None = None
    for child in node.named_children:
        key = child.child_by_field_name("key") or child.child_by_field_name("name")
        if child.type in ("pair", "method_definition") and key is not None and property_name(key) == name:
            found = child.child_by_field_name("value") if child.type == "pair" else child
        elif child.type == "shorthand_property_identifier" and text(child) == name:
            found = child
    return found


def property_name(node: Node) -> str | None:
    """The name of a property, where it is written as a name or a literal."""
    if node.type in (
        "property_identifier",
        "identifier",
        "private_property_identifier",
        "number",
        "shorthand_property_identifier_pattern",
        "type_identifier",
    ):
        return text(node)
    if node.type == "string":
        return string_value(node)
    if node.type == "computed_property_name" and node.named_children:
        inner = node.named_children[0]
        return string_value(inner) if inner.type == "string" else None
    return None


def string_value(node: Node) -> str:
    """The characters of a string literal (escapes as written: hosts and keys have none)."""
    return "".join(text(part) for part in node.named_children if part.type in ("string_fragment", "escape_sequence"))


# ---------------------------------------------------------------- one small function per kind of expression


def _identifier(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    binding = scope.find(text(node))
    if binding is None:
        return Ref("global", text(node))
    if binding.kind == "function":
        function = file.functions.get(span(binding.node)) or binding.file.functions.get(span(binding.node))
        return Ref("function", function=function) if function else None
    return program.binding_ref(binding, depth)


def _member(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    prop = node.child_by_field_name("property") or node.child_by_field_name("index")
    base = program.resolve(node.child_by_field_name("object"), scope, file, depth)
    name = property_name(prop) if prop is not None else None
    return program.member(base, name, depth) if base and name else base if base and base.kind == "import" else None


def _call(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    if callee is None:
        return None
    arguments = node.child_by_field_name("arguments")
    if text(callee) in ("require", "import") and arguments is not None and arguments.named_children:
        first = arguments.named_children[0]
        return program.import_ref(file, string_value(first), "*", depth) if first.type == "string" else None
    ref = program.resolve(callee, scope, file, depth)
    if ref is None:
        return program.typed(node.child_by_field_name("type_arguments"), scope, file, depth)
    if (
        ref.kind in ("import", "global")
        and arguments is not None
        and arguments.named_children
        and arguments.named_children[0].type in _FUNCTION_LITERALS
    ):
        # useCallback(fn), asyncHandler(fn), memo(fn): the function, wrapped.
        return program.resolve(arguments.named_children[0], scope, file, depth)
    if ref.kind == "class":
        return Ref("instance", owner=ref.owner)
    if ref.kind == "function" and ref.function:
        return _returned(program, ref.function, depth)
    return ref if ref.kind in ("import", "global") else None


def returned(function: Function) -> Node | None:
    """What a helper returns, where it is one expression: `() => storage.entity('x')`."""
    body = function.node.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        return body
    returns = [child for child in body.named_children if child.type == "return_statement"]
    return returns[0].named_children[0] if len(returns) == 1 and returns[0].named_children else None


def _returned(program: Program, function: Function, depth: int) -> Ref | None:
    body = returned(function)
    return program.resolve(body, scope_at(function.file, body), function.file, depth) if body is not None else None


def scope_at(file: File, node: Node) -> Scope:
    """The innermost scope around a node."""
    here: Node | None = node
    while here is not None:
        found = file.scopes.get(span(here))
        if found is not None:
            return found
        here = here.parent
    return file.scope


def _function(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    function = file.functions.get(span(node))
    return Ref("function", function=function) if function else None


def _class(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    function = file.functions.get(span(node))
    return Ref("class", owner=function.owner) if function else None


def _object(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    return Ref("object", node=node, scope=scope, file=file)


def _inner(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    return program.resolve(node.named_children[0], scope, file, depth) if node.named_children else None


def _this(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    return Ref("instance", owner=scope.owner) if scope.owner else None


def _super(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    """The base class: `super(…)` runs its constructor, `super.read` is its method."""
    return program.resolve(scope.owner.base, scope.owner.scope, scope.owner.file, depth) if scope.owner else None


def _either(program: Program, node: Node, scope: Scope, file: File, depth: int) -> Ref | None:
    """`a ?? b`, `a || b`: the first that is known."""
    for side in ("left", "right"):
        ref = program.resolve(node.child_by_field_name(side), scope, file, depth)
        if ref is not None:
            return ref
    return None


_FUNCTION_LITERALS = ("arrow_function", "function_expression")
_RESOLVERS = {
    "identifier": _identifier,
    "shorthand_property_identifier": _identifier,
    "type_identifier": _identifier,
    "member_expression": _member,
    "subscript_expression": _member,
    "call_expression": _call,
    "new_expression": _call,
    "arrow_function": _function,
    "function_expression": _function,
    "function_declaration": _function,
    "generator_function": _function,
    "generator_function_declaration": _function,
    "class": _class,
    "class_declaration": _class,
    "abstract_class_declaration": _class,
    "object": _object,
    "await_expression": _inner,
    "parenthesized_expression": _inner,
    "as_expression": _inner,
    "satisfies_expression": _inner,
    "non_null_expression": _inner,
    "this": _this,
    "super": _super,
    "binary_expression": _either,
}
