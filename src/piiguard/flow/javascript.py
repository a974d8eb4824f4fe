"""The JavaScript and TypeScript front end: syntax trees into the flow graph.

Statements are walked in order with an environment (binding -> graph node of its present value), so that what is
assigned later does not count earlier; branches are joined, a branch that returns is not. A nested function sees a
variable through its *cell*, the node of all values that it ever has. Each kind of syntax node is handled by one small
method, found in one of two tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node, Parser

from piiguard.facts import names
from piiguard.facts.grammars import FALLBACK, GRAMMARS
from piiguard.flow import calls, modules, owners
from piiguard.flow.declarations import CLASSES, DECLARED_FUNCTIONS, FUNCTIONS, Declarer, elements, pattern_names
from piiguard.flow.graph import ANY, BLUR, COPY, ELEMENT, ENTRY, KEY, LEAK, TEXT, Graph, Op, Place
from piiguard.flow.links import chain
from piiguard.flow.modules import ModuleFinder
from piiguard.flow.program import (
    FETCH,
    GLOBAL_OBJECTS,
    Binding,
    Call,
    Class,
    File,
    Function,
    Program,
    Scope,
    property_name,
    span,
    string_value,
    text,
)
from piiguard.model import Gap, Source

_CODE = re.compile(rb"[(){}=;`\"']")
"""What an error must hold to hide code: a lone `&` in the text of an element does not."""
_IMPORTED_TYPE = re.compile(rb"\bimport\s*\(\s*(\"[^\"\n]*\"|'[^'\n]*')\s*\)")
_TYPES = frozenset({"type_annotation", "readonly_type", "array_type", "type_arguments", "union_type"})
NESTING = 400
"""Depth of nested expressions that is followed: beyond it lies generated code, which becomes a gap."""

Env = dict[int, int]
"""id(Binding) -> graph node of its present value."""


def parse(source: Source) -> tuple[Node, list[Gap], list[int]]:
    """The syntax tree of a source, a gap if code was not understood, and the lines where the parser stumbled without
    missing any."""
    root = Parser(GRAMMARS[source.language]).parse(source.text).root_node
    if not root.has_error:
        return root, [], []
    other = Parser(FALLBACK[source.language]).parse(source.text).root_node
    if not other.has_error:
        return other, [], []
    lines: dict[bool, list[int]] = {True: [], False: []}
    for node in _errors(root):
        lines[not node.is_missing and _hides_code(node)].append(node.start_point[0] + 1)
    gaps = (
        [Gap(source.path, f"code near line {min(lines[True])} was not understood", source.app, min(lines[True]))]
        if lines[True]
        else []
    )
    return root, gaps, lines[False]


def _hides_code(error: Node) -> bool:
    """Not in a type (`readonly import("./t").Node[]`), nor in the text of a JSX attribute (`label="?a=b&c=d;"`)."""
    written, around = error.text or b"", error.parent
    if around is not None and around.type == "string" and around.parent is not None:
        quote = (around.text or b"")[:1]
        return around.parent.type != "jsx_attribute" or quote in written
    if around is not None and around.type in _TYPES:
        written = _IMPORTED_TYPE.sub(b"", written, 1)
    return _CODE.search(written) is not None


def _errors(root: Node) -> Iterator[Node]:
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            yield node
        else:
            todo += [child for child in node.children if child.has_error or child.is_missing]


def build(
    sources: Iterable[Source], graph: Graph, aliases: Iterable[tuple[str, str]] = ()
) -> tuple[Program, list[Gap]]:
    """Put the JS/TS sources of one app into the graph."""
    sources = list(sources)
    aliases = (*aliases, *modules.aliases(sources))
    sources = [source for source in sources if source.language in GRAMMARS]
    program = Program(ModuleFinder((source.path for source in sources), aliases))
    gaps: list[Gap] = []
    for source in sources:
        root, missed, program.stumbles[source.path] = parse(source)
        gaps += missed
        file = File(len(graph_files := program.files) + 1, source, root)
        graph_files[source.path] = file
        try:
            _Front(program, graph, file).run()
        except RecursionError:
            gaps.append(Gap(source.path, "nested too deeply to be followed", source.app))
    calls.link(program, graph)
    graph.widen_evidence()
    return program, gaps


def _is_getter(method: Node) -> bool:
    return any(child.type == "get" for child in method.children)


def _taken(child: Node) -> str:
    """The property that a part of an object pattern takes."""
    return property_name(child.child_by_field_name("key") or child.child_by_field_name("left") or child) or ANY


def _named_better(value: Node, name: str) -> bool:
    """`const accountId = await settings.get("cloudflare_account_id")`: the key says what it is, and that is nothing."""
    while value.type in ("await_expression", "parenthesized_expression") and value.named_children:
        value = value.named_children[0]
    given = value.child_by_field_name("arguments") if value.type == "call_expression" else None
    literals = [string_value(child) for child in given.named_children if child.type == "string"] if given else []
    prop = value.child_by_field_name("property") if value.type == "member_expression" else None
    told, mine = [*literals, *([text(prop)] if prop is not None else [])], names.words(name)
    return any(
        names.words(each) != mine and names.words(each).endswith(mine) and names.data_class(each) is None
        for each in told
    )


def _is_field(param: Node) -> bool:
    """A parameter property of TypeScript: `private repo: Repo`, `readonly repo: Repo`."""
    return any(child.type in ("accessibility_modifier", "readonly", "override_modifier") for child in param.children)


def _binds_this(member: Node) -> bool:
    """Is a member of an object literal a function with a `this` of its own?"""
    value = member.child_by_field_name("value")
    return member.type == "method_definition" or (value is not None and value.type == "function_expression")


class _Front:
    """Walks one file."""

    def __init__(self, program: Program, graph: Graph, file: File) -> None:
        self.program = program
        self.graph = graph
        self.file = file
        self.declarer = Declarer(file)
        self.module = self._new_function(file.root, "module")
        self.function = self.module
        self.scope = Scope(None, self.module)
        file.scope = self.scope
        self.env: Env = {}
        self.exits: list[list[Env]] = []
        """For each loop and switch around: the variables where it is left by `break` or `continue`."""
        self.nameless = program.nameless
        self.placeholders: dict[int, bool] = {}
        """Number of a function -> whether a token in it is a piece of a template."""
        self.thrown: list[int] = []
        """For each `try` of the function: the node of what its `catch` gets."""
        self.depth = 0

    def run(self) -> None:
        root = self.file.root
        self.file.scopes[span(root)] = self.scope
        self.declarer.block(root, self.scope)
        self.declarer.vars(root, self.scope)
        self.block(root)

    # ------------------------------------------------------------ graph helpers

    def place(self, node: Node) -> Place:
        return Place(self.file.index, node.start_byte, node.end_byte, self.function.number)

    def value(self, node: Node, *inputs: int, op: Op = COPY) -> int:
        """A graph node for `node` with edges from `inputs`; it is the value of the expression."""
        result = self.graph.node(self.place(node))
        for source in inputs:
            self.graph.edge(source, result, op)
        filled = {source for source in inputs if source}
        if filled and op in (COPY, LEAK) and filled <= self.nameless:
            self.nameless.add(result)
        self.file.values[span(node)] = result
        return result

    def cell(self, binding: Binding) -> int:
        if not binding.cell:
            binding.cell = self.graph.node(
                Place(binding.file.index, binding.node.start_byte, binding.node.end_byte, binding.scope.function.number)
            )
        return binding.cell

    def define(self, binding: Binding, value: int, node: Node) -> int:
        """The binding takes a new value; returns the graph node of the definition."""
        if not value:
            self.env[id(binding)] = 0
            return 0
        made = self.graph.node(self.place(node))
        self.graph.edge(value, made)
        if value in self.nameless:
            self.nameless.add(made)
        if binding.scope.function is self.function:
            self.env[id(binding)] = made
        else:
            binding.written_inside = True
        self.graph.edge(made, self.cell(binding))
        return made

    def present(self, binding: Binding) -> int:
        """The graph node of a binding's value here."""
        if binding.scope.function is self.function and not binding.written_inside and id(binding) in self.env:
            return self.env[id(binding)]
        return self.cell(binding)

    def evidence(self, node: int, name: str, path: tuple[str, ...] = ()) -> None:
        """A telling name says what the value at `node` (or its property `path`) is."""
        data = names.data_class(name)
        if data and node and not (name == owners.PLACEHOLDER and self._has_placeholders()):
            self.graph.origin(node, data, "likely", f"named `{name}`", path)

    def _has_placeholders(self) -> bool:
        number = self.function.number
        if number not in self.placeholders:
            self.placeholders[number] = owners.has_placeholders(self.function.node)
        return self.placeholders[number]

    # ------------------------------------------------------------ functions and classes

    def _new_function(self, node: Node, name: str, owner: Class | None = None) -> Function:
        function = Function(len(self.program.functions) + 1, self.file, node, name, owner=owner)
        self.program.functions.append(function)
        if node != self.file.root:  # a file that is one function has its span
            self.file.functions[span(node)] = function
        return function

    def do_function(self, node: Node, owner: Class | None = None) -> Function:
        """A function of any form: its parameters and body, in an environment of its own."""
        known = self.file.functions.get(span(node))
        if known is not None:
            return known
        name = node.child_by_field_name("name")
        function = self._new_function(node, text(name) if name is not None else "", owner)
        self.graph.outer[self.file.index, function.number] = self.function.number
        outer = self.function, self.scope, self.env, self.exits, self.thrown
        self.function, self.scope, self.env, self.exits, self.thrown = (
            function,
            Scope(self.scope, function, owner),
            {},
            [],
            [],
        )
        self.file.scopes[span(node)] = self.scope
        function.result = self.graph.node(self.place(node))
        self._params(node, function)
        body = node.child_by_field_name("body")
        if body is not None and body.type == "statement_block":
            self.declarer.vars(body, self.scope)
            self.block_scope(body)
        elif body is not None:
            self.graph.edge(self.expression(body), function.result)
        self.function, self.scope, self.env, self.exits, self.thrown = outer
        return function

    def _params(self, node: Node, function: Function) -> None:
        single = node.child_by_field_name("parameter")
        listed = node.child_by_field_name("parameters")
        for param in [single] if single is not None else listed.named_children if listed is not None else ():
            if param.type == "comment":
                continue
            pattern = param.child_by_field_name("pattern") or param
            made = self.graph.node(self.place(pattern))
            if pattern.type == "rest_pattern":
                function.rest = made
            else:
                function.params.append(made)
            for name, _ in pattern_names(pattern):
                self.declarer.bind(name, "param", self.scope)
            if pattern.type == "identifier" and text(pattern) in self.scope.names:
                self.scope.names[text(pattern)].position = len(function.params) - 1
            if function.owner is not None and _is_field(param):
                self._parameter_property(param, text(pattern), made, function.owner)
            default = param.child_by_field_name("value")
            if default is not None:
                self.graph.edge(self.expression(default), made)
            self.destructure(pattern, made)

    def _parameter_property(self, param: Node, name: str, value: int, owner: Class) -> None:
        """`constructor(private repo: Repo)`: the parameter is a field as well."""
        declared = param.child_by_field_name("type")
        if declared is not None:
            owner.types[name] = declared
        self.graph.edge(value, owner.this, Op("write", name))

    def do_class(self, node: Node) -> int:
        name = node.child_by_field_name("name")
        label = text(name) if name is not None else ""
        function = self._new_function(node, label)
        heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
        base = heritage.named_children[0] if heritage is not None and heritage.named_children else None
        if base is not None and base.type == "extends_clause":
            base = base.child_by_field_name("value")
        owner = Class(label, self.file, self.scope, base, self.graph.node(self.place(node)))
        self.program.classes.append(owner)
        function.owner = owner
        body = node.child_by_field_name("body")
        outer = self.scope
        self.scope = Scope(self.scope, self.function, owner)
        for member in body.named_children if body is not None else ():
            self._member_of_class(member, owner)
        self.scope = outer
        return 0

    def _member_of_class(self, member: Node, owner: Class) -> None:
        key = member.child_by_field_name("name") or member.child_by_field_name("property")
        name = property_name(key) if key is not None else None
        if member.type == "method_definition":
            method = self.do_function(member, owner)
            if name and _is_getter(member):
                self.graph.edge(method.result, owner.this, Op("write", name))
            elif name:
                owner.methods[name] = method
            return
        value, declared = member.child_by_field_name("value"), member.child_by_field_name("type")
        if name and declared is not None:
            owner.types[name] = declared
        if value is None:
            return
        if value.type in FUNCTIONS:
            method = self.do_function(value, owner)
            if name:
                owner.methods[name] = method
            return
        made = self.expression(value)
        if name:
            owner.fields[name] = value
        if name and made:
            self.graph.edge(made, owner.this, Op("write", name))

    # ------------------------------------------------------------ statements

    def block_scope(self, node: Node) -> bool:
        outer, self.scope = self.scope, Scope(self.scope, self.function)
        self.file.scopes[span(node)] = self.scope
        self.declarer.block(node, self.scope)
        ended = self.block(node)
        self.scope = outer
        return ended

    def block(self, node: Node) -> bool:
        """Walk statements in order, hoisted functions first. True: what follows is not reached."""
        children = node.named_children
        for child in children:
            inner = child.child_by_field_name("declaration") if child.type == "export_statement" else child
            if inner is not None and inner.type in DECLARED_FUNCTIONS:
                self._declared_function(inner)
        return any([self.statement(child) for child in children])  # noqa: C419 (all are walked)

    def _declared_function(self, node: Node) -> None:
        function, name = self.do_function(node), node.child_by_field_name("name")
        binding = self.scope.find(text(name)) if name is not None else None
        function.value = self.cell(binding) if binding is not None else self.graph.node(self.place(node))

    def statement(self, node: Node) -> bool:
        handler = _STATEMENTS.get(node.type)
        if handler is not None:
            return bool(handler(self, node))
        if node.type in _EXPRESSIONS:
            self.expression(node)
        return False

    def do_expression_statement(self, node: Node) -> bool:
        for child in node.named_children:
            self.expression(child)
        return False

    def do_declaration(self, node: Node) -> bool:
        for declarator in node.named_children:
            pattern, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if declarator.type != "variable_declarator" or pattern is None:
                continue
            made = self.expression(value) if value is not None else 0
            if value is not None and _named_better(value, text(pattern)):
                self.nameless.add(made)
            if value is not None or node.type == "lexical_declaration":
                self.destructure(pattern, made)
        return False

    def do_export(self, node: Node) -> bool:
        for field in ("declaration", "value"):
            child = node.child_by_field_name(field)
            if child is not None:
                self.statement(child)
        return False

    def do_return(self, node: Node) -> bool:
        for child in node.named_children:
            self.graph.edge(self.expression(child), self.function.result)
        return True

    def do_throw(self, node: Node) -> bool:
        for child in node.named_children:
            made = self.expression(child)
            if self.thrown:
                self.graph.edge(made, self.thrown[-1])
        return True

    def do_if(self, node: Node) -> bool:
        self.maybe(node.child_by_field_name("condition"))
        before = dict(self.env)
        ended = self._branch(node.child_by_field_name("consequence"))
        taken, self.env = self.env, before
        other_ended = self._branch(node.child_by_field_name("alternative"))
        if ended and other_ended:
            return True
        if other_ended:
            self.env = taken
        elif not ended:
            self.join(taken, node)
        return False

    def _branch(self, node: Node | None) -> bool:
        if node is None:
            return False
        if node.type == "else_clause":
            return any([self._branch(child) for child in node.named_children])  # noqa: C419 (all are walked)
        return self.statement(node)

    def join(self, other: Env, node: Node) -> None:
        """After two branches a variable has either value."""
        for key in self.env.keys() | other.keys():
            mine, theirs = self.env.get(key), other.get(key)
            if mine == theirs:
                continue
            if not mine or not theirs:
                self.env[key] = mine or theirs or 0
                continue
            both = self.graph.node(self.place(node))
            self.graph.edge(mine, both)
            self.graph.edge(theirs, both)
            self.env[key] = both

    def do_loop(self, node: Node) -> bool:
        """The body may see what an earlier round of it assigned."""
        outer, self.scope = self.scope, Scope(self.scope, self.function)
        initializer = node.child_by_field_name("initializer")
        if initializer is not None:
            self.declarer.statement(initializer, self.scope)
            self.statement(initializer)
        before = self.env
        entry = {key: self._loop_entry(value, node) for key, value in before.items()}
        self.env = dict(entry)
        self.exits.append([])
        if node.type == "for_in_statement":
            self._loop_variable(node)
        for field in ("condition", "body", "increment"):
            child = node.child_by_field_name(field)
            if child is not None:
                self.statement(child)
        ends = [self.env, *self.exits.pop()]
        for key, made in entry.items():
            for end in ends:
                self.graph.edge(end.get(key, 0), made)
        if node.type != "do_statement":
            constant = {
                key for key in entry if not before[key] and all(end.get(key, 0) in (0, entry[key]) for end in ends)
            }
            self.env = {**self.env, **entry, **dict.fromkeys(constant, 0)}
        else:
            for end in ends[1:]:
                self.join(end, node)
        self.scope = outer
        return False

    def _loop_entry(self, value: int, node: Node) -> int:
        made = self.graph.node(self.place(node))
        self.graph.edge(value, made)
        return made

    def _loop_variable(self, node: Node) -> None:
        left, right, operator = (node.child_by_field_name(field) for field in ("left", "right", "operator"))
        if left is None or right is None:
            return
        several = self.expression(right)
        if node.child_by_field_name("kind") is not None:
            for name, path in pattern_names(left):
                self.declarer.bind(name, "variable", self.scope, path=path)
        of = operator is not None and text(operator) == "of"
        self.destructure(left, self.value(left, several, op=Op("read", ELEMENT if of else KEY)) if several else 0)

    def do_switch(self, node: Node) -> bool:
        self.maybe(node.child_by_field_name("value"))
        body = node.child_by_field_name("body")
        if body is None:
            return False
        outer, self.scope = self.scope, Scope(self.scope, self.function)
        for case in body.named_children:
            self.declarer.block(case, self.scope)
        before = dict(self.env)
        self.exits.append([])
        ended, complete = True, False
        for case in body.named_children:
            complete = complete or case.type == "switch_default"
            fallen, self.env = self.env, dict(before)
            if not ended:
                self.join(fallen, case)
            ended = any([self.statement(child) for child in case.named_children])  # noqa: C419 (all are walked)
        ends = self.exits.pop()
        self.scope = outer
        if complete and ended and not ends:
            return True
        self._after_switch(body, ended=ended, ends=ends if complete else [*ends, before])
        return False

    def _after_switch(self, node: Node, *, ended: bool, ends: list[Env]) -> None:
        ways = ends if ended else [self.env, *ends]
        self.env = dict(ways[0])
        for way in ways[1:]:
            self.join(way, node)

    def do_try(self, node: Node) -> bool:
        before = dict(self.env)
        body, handler, finalizer = (node.child_by_field_name(field) for field in ("body", "handler", "finalizer"))
        caught = self.graph.node(self.place(node))
        self.thrown.append(caught)
        ended = self._branch(body)
        self.thrown.pop()
        if handler is not None:
            tried = self.env
            self.env = dict(before)
            self.join(tried, node)
            caught_ended = self._catch(handler, caught)
            if caught_ended:
                self.env = tried
            elif not ended:
                self.join(tried, node)
            ended = caught_ended and ended
        if finalizer is not None:
            ended = self._branch(finalizer.child_by_field_name("body")) or ended
        return ended

    def _catch(self, handler: Node, caught: int) -> bool:
        outer, self.scope = self.scope, Scope(self.scope, self.function)
        parameter = handler.child_by_field_name("parameter")
        if parameter is not None:
            for name, path in pattern_names(parameter):
                self.declarer.bind(name, "variable", self.scope, path=path)
            self.destructure(parameter, caught)
        ended = self._branch(handler.child_by_field_name("body"))
        self.scope = outer
        return ended

    def do_children(self, node: Node) -> bool:
        return any([self.statement(child) for child in node.named_children])  # noqa: C419 (all are walked)

    def do_nothing(self, node: Node) -> bool:
        return False

    def do_break(self, node: Node) -> bool:
        """`break` and `continue`: what the variables are here, they may be after the loop."""
        if self.exits:
            self.exits[-1].append(dict(self.env))
        return True

    # ------------------------------------------------------------ patterns

    def destructure(self, pattern: Node, value: int) -> None:
        """Bind the names of a pattern to the parts of `value`."""
        handler = _PATTERNS.get(pattern.type)
        if handler is not None:
            handler(self, pattern, value)

    def bind_name(self, node: Node, value: int) -> None:
        binding = self.scope.find(text(node))
        if binding is not None:
            if binding.node != node and binding.kind != "param":
                binding.reassigned = True
            made = self.define(binding, value, node)
            # A parameter's evidence stands at the parameter, where it falls if every caller hands over a literal.
            if value not in self.nameless:
                self.evidence(value if value in self.function.params else made, text(node))

    def bind_default(self, node: Node, value: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        default = self.expression(right) if right is not None else 0
        if left is not None:
            self.destructure(left, self.either(node, value, default))

    def bind_object(self, node: Node, value: int) -> None:
        taken: list[str] = []
        with_key = any(names.data_class(_taken(child)) == "credential" for child in node.named_children)
        for child in node.named_children:
            if child.type == "rest_pattern":
                self.bind_rest(child, self._without(child, value, taken))
                continue
            name = _taken(child)
            taken.append(name)
            named = not (with_key and names.data_class(name) == "account-id")
            part = self.part(child, value, name, named=named and not self._of_another(name, node))
            target = child.child_by_field_name("value") or child
            if target.type == "object_assignment_pattern":
                self.bind_default(target, part)
            elif target.type == "shorthand_property_identifier_pattern":
                self.bind_name(target, part)
            else:
                self.destructure(target, part)

    def _of_another(self, name: str, pattern: Node) -> bool:
        return bool(names.data_class(name)) and owners.of_another(name, owners.of_pattern(pattern, self.scope))

    def _without(self, node: Node, value: int, taken: list[str]) -> int:
        """The value without some of its properties."""
        for name in taken if value else ():
            rest = self.graph.node(self.place(node))
            self.graph.edge(value, rest, Op("drop", name))
            value = rest
        return value

    def part(self, node: Node, value: int, name: str, *, named: bool) -> int:
        """Property `name` of `value`; a telling name says something of the whole.

        `named`: not so for the account id beside a key (`{accountId, apiKey}`), which is one of the key's service, nor
        for what no person owns.
        """
        made = self.value(node, value, op=Op("read", name)) if value else 0
        if named:
            self.evidence(value, name, (name,))
        else:
            self.nameless.add(made)
        return made

    def bind_array(self, node: Node, value: int) -> None:
        for position, child in enumerate(elements(node)):
            if child is None:
                continue
            if child.type == "rest_pattern":
                self.bind_rest(child, self.value(child, value, op=BLUR) if value else 0)
            else:
                self.destructure(child, self.value(child, value, op=Op("read", str(position))) if value else 0)

    def bind_rest(self, node: Node, value: int) -> None:
        for child in node.named_children:
            self.destructure(child, value)

    def bind_inner(self, node: Node, value: int) -> None:
        inner = node.child_by_field_name("pattern")
        if inner is not None:
            self.destructure(inner, value)

    def bind_member(self, node: Node, value: int) -> None:
        """`object.property = value`: the object takes a new value; other properties stay."""
        written = self.value(node, value) if value else 0
        self.evidence(written, self._key(node))
        self.write_into(node, (), written, node, replaces=True)
        self._write_keys(node)

    def _write_keys(self, target: Node) -> None:
        """`counts[user.accountId] = 1`: the object holds the account id, as the name of a property."""
        here: Node | None = target
        while here is not None and here.type in _REACHES:
            base, index = here.child_by_field_name("object"), here.child_by_field_name("index")
            value = self.expression(index) if index is not None and index.type not in ("string", "number") else 0
            if base is not None and value:
                self.write_into(base, (KEY,), value, here, replaces=False)
            here = base

    def _key(self, node: Node) -> str:
        """The property that a member or subscript expression names; ELEMENT for a computed one."""
        prop = node.child_by_field_name("property")
        if prop is not None:
            return property_name(prop) or ANY
        index = node.child_by_field_name("index")
        if index is None:
            return ANY
        self.expression(index)
        return string_value(index) if index.type == "string" else ELEMENT if index.type == "number" else ANY

    def write_into(self, target: Node, path: tuple[str, ...], value: int, node: Node, *, replaces: bool) -> None:
        """What `target` (a variable, `this`, or a property of it) is now holds `value` under `path`."""
        base: Node | None = target
        while base is not None and base.type in _REACHES:
            if base.type in ("member_expression", "subscript_expression"):
                path = (self._key(base), *path)
            base = (_REACHES[base.type] and base.child_by_field_name(_REACHES[base.type])) or (
                base.named_children[0] if base.named_children else None
            )
        if base is None:
            return
        binding = self.scope.find(text(base)) if base.type == "identifier" else None
        if binding is not None:
            self._update(binding, path, value, node, replaces=replaces)
        elif value:
            whole = (
                self.scope.owner.this if base.type == "this" and self.scope.owner is not None else self.expression(base)
            )
            self.graph.edge(self._written(0, path, value, node, replaces=False), whole)

    def _update(self, binding: Binding, path: tuple[str, ...], value: int, node: Node, *, replaces: bool) -> None:
        binding.changed = True
        old = self.present(binding)
        if not old and not value:
            return
        made = self._written(old, path, value, node, replaces=replaces)
        if binding.scope.function is self.function:
            self.env[id(binding)] = made
        else:
            binding.written_inside = True
        self.graph.edge(made, self.cell(binding))
        if binding.kind == "param" and binding.position >= 0 and value:
            changed = binding.scope.function.changed
            after = changed.setdefault(binding.position, self.graph.node(self.place(node)))
            self.graph.edge(self._written(0, path, value, node, replaces=False), after)

    def _written(self, old: int, path: tuple[str, ...], value: int, node: Node, *, replaces: bool) -> int:
        """`old` with `value` under `path`; what was there is gone if `replaces` and the property is known."""
        made = self.graph.node(self.place(node))
        if not path:
            self.graph.edge(old, made)
            self.graph.edge(value, made)
            return made
        step, inner = path[0], 0
        strong = (replaces or len(path) > 1) and step not in (ANY, ELEMENT, ENTRY)
        self.graph.edge(old, made, Op("drop", step) if strong else COPY)
        if len(path) > 1:
            inner = self.graph.node(self.place(node)) if old else 0
            self.graph.edge(old, inner, Op("read", step))
            value = self._written(inner, path[1:], value, node, replaces=replaces)
        self.graph.edge(value, made, Op("write", step))
        return made

    # ------------------------------------------------------------ expressions

    def maybe(self, node: Node | None) -> int:
        return self.expression(node) if node is not None else 0

    def expression(self, node: Node) -> int:
        """Graph node of the value of an expression; 0 where it carries no data (a literal, a test, a function)."""
        handler = _EXPRESSIONS.get(node.type)
        if handler is None:
            return 0
        self.depth += 1
        if self.depth > NESTING:
            raise RecursionError
        try:
            return handler(self, node)
        finally:
            self.depth -= 1

    def either(self, node: Node, *values: int) -> int:
        present = [value for value in values if value]
        if len(present) < 2:
            return present[0] if present else 0
        return self.value(node, *present)

    def do_identifier(self, node: Node) -> int:
        binding = self.scope.find(text(node))
        if binding is None:
            return self._global(node)
        source = self.present(binding)
        if not source:
            return 0
        module_level = binding.scope.parent is None and self.function is not binding.scope.function
        return self.value(node, source, op=LEAK if module_level else COPY)

    def _global(self, node: Node) -> int:
        if text(node) == "arguments":
            return self._arguments(node)
        return self._fetch(node) if text(node) == FETCH else 0

    def _fetch(self, node: Node) -> int:
        """The platform's own `fetch`, which may be handed on under other names."""
        made = self.value(node)
        self.program.fetches.append(made)
        return made

    def _arguments(self, node: Node) -> int:
        """The `arguments` object of the function."""
        if not self.function.arguments:
            self.function.arguments = self.graph.node(self.place(node))
        return self.value(node, self.function.arguments)

    def do_this(self, node: Node) -> int:
        return self.value(node, self.scope.owner.this) if self.scope.owner is not None else 0

    def do_member(self, node: Node) -> int:
        base = node.child_by_field_name("object")
        prop = node.child_by_field_name("property")
        if base is None or prop is None:
            return 0
        source = self.expression(base)
        name = property_name(prop) or ANY
        if name == FETCH and text(base) in GLOBAL_OBJECTS:
            return self._fetch(node)
        if name == "length" or self._env_variable(node, base):
            return self.value(node) if name != "length" else 0
        other = bool(names.data_class(name)) and (
            owners.of_another(name, owners.of_read(node, self.scope)) or owners.beside_neutral(node)
        )
        if source and not other:
            self._evidence_of_read(node, name)
        made = self.value(node, source, op=Op("read", name)) if source else self.value(node)
        if other:
            self.nameless.add(made)
        elif not source:
            # A member of something unknown (a global, an import): its own name is all there is.
            self.evidence(made, name)
        return made

    @staticmethod
    def _env_variable(node: Node, base: Node) -> bool:
        """`process.env.NAME`: what it is, its source rule says."""
        return text(base) in ("process.env", "import.meta.env")

    def _evidence_of_read(self, node: Node, name: str) -> None:
        """Reading `x.a.email` tells that `x` holds an e-mail address under a.email, for all uses of `x`."""
        if not names.data_class(name):
            return
        path: list[str] = []
        here: Node | None = node
        while here is not None and here.type in (
            "member_expression",
            "subscript_expression",
            "non_null_expression",
            "parenthesized_expression",
        ):
            if here.type == "member_expression":
                prop = here.child_by_field_name("property")
                path.append(property_name(prop) or ANY if prop is not None else ANY)
            elif here.type == "subscript_expression":
                path.append(ELEMENT)
            here = here.child_by_field_name("object") or (here.named_children[0] if here.named_children else None)
        if here is None:
            return
        binding = self.scope.find(text(here)) if here.type == "identifier" else None
        root = self.present(binding) if binding is not None else self.file.values.get(span(here), 0)
        self.evidence(root, name, tuple(reversed(path)))

    def do_subscript(self, node: Node) -> int:
        base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if base is None or index is None:
            return 0
        source = self.expression(base)
        self.expression(index)
        if not source:
            return self.value(node)
        if index.type == "string":
            self._evidence_of_read(node, string_value(index))
            return self.value(node, source, op=Op("read", string_value(index)))
        return self.value(node, source, op=Op("read", text(index) if index.type == "number" else ANY))

    def do_call(self, node: Node) -> int:
        callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        if callee is None:
            return 0
        receiver, callee_value = self._receiver(callee)
        args = self._arguments_of(arguments) if arguments is not None else []
        result = self.value(node)
        held = [self._held(argument) for argument, _ in args]
        call = Call(
            len(self.program.calls) + 1, self.file, node, self.scope, callee, receiver, args, result, callee_value, held
        )
        self.program.calls.append(call)
        self.file.calls[span(node)] = call
        if text(callee) in ("require", "import") and args and args[0][0].type == "string":
            self.file.imports.append((string_value(args[0][0]), node))
        self._mutation(call)
        if calls.masks(call):
            self.nameless.add(result)
        return 0 if calls.tests_only(call) else result

    def _arguments_of(self, arguments: Node) -> list[tuple[Node, int]]:
        if arguments.type != "template_string":
            return [(child, self.expression(child)) for child in arguments.named_children if child.type != "comment"]
        self.expression(arguments)
        filled = [
            child.named_children[0]
            for child in arguments.named_children
            if child.type == "template_substitution" and child.named_children
        ]
        return [(arguments, 0), *((child, self.file.values.get(span(child), 0)) for child in filled)]

    def _held(self, argument: Node) -> int:
        """The graph node of the variable that an argument is: the function may change what it holds."""
        if argument.type == "this":
            return self.scope.owner.this if self.scope.owner is not None else 0
        binding = self.scope.find(text(argument)) if argument.type == "identifier" else None
        return self.present(binding) if binding is not None and binding.kind != "function" else 0

    def _receiver(self, callee: Node) -> tuple[int, int]:
        """Graph nodes of the object whose method is called (0: none), and of what is called."""
        if callee.type not in ("member_expression", "subscript_expression"):
            return 0, self.expression(callee)
        base, index, prop = (callee.child_by_field_name(field) for field in ("object", "index", "property"))
        made = self.expression(base) if base is not None else 0
        if index is not None:
            self.expression(index)
        if not made:
            return 0, 0
        name = (
            property_name(prop)
            if prop is not None
            else string_value(index)
            if index is not None and index.type == "string"
            else None
        )
        return made, self.value(callee, made, op=Op("read", name or ANY))

    def _mutation(self, call: Call) -> None:
        """`list.push(x)`, `map.set(k, v)`, `Object.assign(target, x)`: a variable takes a new value."""
        for target, path, value in calls.mutations(call):
            if value:
                self.write_into(target, path, value, call.node, replaces=False)

    def do_await(self, node: Node) -> int:
        inner = self.expression(node.named_children[0]) if node.named_children else 0
        return self.value(node, inner) if inner else 0

    def do_inner(self, node: Node) -> int:
        return self.do_await(node)

    def do_object(self, node: Node) -> int:
        """Later properties replace earlier ones of the same name, and those of what is spread before them."""
        made, seen, spread = self.value(node), set[str](), False
        with_key = any(names.data_class(self._property_of(child)) == "credential" for child in node.named_children)
        outer, self.scope = self.scope, Scope(self.scope, self.function, self._object_owner(node, made))
        for child in node.named_children:
            if child.type == "spread_element":
                self.graph.edge(self.expression(child.named_children[0]), made)
                spread = True
                continue
            name = self._property_of(child)
            if name and (spread or name in seen):
                replaced, made = made, self.graph.node(self.place(node))
                self.graph.edge(replaced, made, Op("drop", name))
            seen.add(name)
            if child.type == "method_definition":
                self._method(made, child, name)
            elif child.type == "shorthand_property_identifier":
                # The variable's name has told what it tells where the variable was defined.
                self.graph.edge(self.do_identifier(child), made, Op("write", name))
            elif child.type == "pair":
                self._pair(made, child, named=not (with_key and names.data_class(name) == "account-id"))
        self.scope = outer
        self.file.values[span(node)] = made
        return made

    def _object_owner(self, node: Node, made: int) -> Class | None:
        """An object with methods is the `this` of them."""
        methods = [child for child in node.named_children if _binds_this(child)]
        return Class("", self.file, self.scope, None, made) if methods else None

    @staticmethod
    def _property_of(child: Node) -> str:
        key = child.child_by_field_name("key") or child.child_by_field_name("name") or child
        return text(child) if child.type == "shorthand_property_identifier" else property_name(key) or ""

    def _method(self, made: int, node: Node, name: str) -> None:
        function, owner = self.do_function(node), self.scope.owner
        if _is_getter(node):
            self.graph.edge(function.result, made, Op("write", name or ANY))
            return
        if owner is not None:
            owner.methods[name] = function
        function.value = self.graph.node(self.place(node))
        self.graph.edge(function.value, made, Op("write", name or ANY))

    def _pair(self, made: int, pair: Node, *, named: bool) -> None:
        """`named`: does the name of the property tell what it is? (See `part`.)"""
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None:
            return
        name = property_name(key)
        if name is None and key.named_children:
            self.graph.edge(self.expression(key.named_children[0]), made, Op("write", KEY))
        self._property(made, pair, name or ANY, self.expression(value), named=named)

    def _property(self, made: int, node: Node, name: str, value: int, *, named: bool) -> None:
        if not value:
            return
        held = self.graph.node(self.place(node))
        self.graph.edge(value, held)
        if named and value not in self.nameless:
            self.evidence(held, name)
        self.graph.edge(held, made, Op("write", name))

    def do_array(self, node: Node) -> int:
        made = self.value(node)
        position: int | None = 0
        for child in node.named_children:
            if child.type == "comment":
                continue
            if child.type == "spread_element":
                self.graph.edge(self.expression(child.named_children[0]), made, BLUR)
                position = None
            else:
                self.graph.edge(
                    self.expression(child), made, Op("write", ELEMENT if position is None else str(position))
                )
                position = None if position is None else position + 1
        return made

    def do_template(self, node: Node) -> int:
        parts = [
            self._as_text(child.named_children[0], self.expression(child.named_children[0]))
            for child in node.named_children
            if child.type == "template_substitution" and child.named_children
        ]
        return self.value(node, *parts) if any(parts) else 0

    def _as_text(self, node: Node, value: int) -> int:
        """A parameter that is made a text as a whole; anything else keeps what is known to be put into it."""
        binding = self.scope.find(text(node)) if node.type == "identifier" else None
        if not value or binding is None or binding.kind != "param":
            return value
        made = self.graph.node(self.place(node))
        self.graph.edge(value, made, TEXT)
        if value in self.nameless:
            self.nameless.add(made)
        return made

    def do_binary(self, node: Node) -> int:
        left, right, operator = (node.child_by_field_name(field) for field in ("left", "right", "operator"))
        values = self.maybe(left), self.maybe(right)
        sign = text(operator) if operator is not None else ""
        if sign in ("||", "??") and _is_part(left, right):
            return self.either(node, values[0])
        if sign == "&&":
            return self.either(node, values[1])
        if sign == "+" and left is not None and right is not None:
            values = self._as_text(left, values[0]), self._as_text(right, values[1])
        if sign in ("+", "||", "??") and any(values):
            return self.value(node, *values)
        return 0

    def do_unary(self, node: Node) -> int:
        argument, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
        if argument is None:
            return 0
        if (
            operator is not None
            and text(operator) == "delete"
            and argument.type in ("member_expression", "subscript_expression")
        ):
            base = argument.child_by_field_name("object")
            if base is not None:
                self.write_into(argument, (), 0, node, replaces=True)
            return 0
        self.expression(argument)
        return 0

    def do_update(self, node: Node) -> int:
        """`counts[id]++`: a number, but the name of the property counts."""
        argument = node.child_by_field_name("argument")
        if argument is not None:
            self.expression(argument)
            self._write_keys(argument)
        return 0

    def do_ternary(self, node: Node) -> int:
        condition, taken = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        self.maybe(condition)
        made = self.maybe(taken)
        if (
            made
            and condition is not None
            and taken is not None
            and text(condition).strip("()") == f"Array.isArray({text(taken)}"
        ):
            # Only a list passes: what an object of known properties holds does not.
            items = self.value(node, made, op=Op("read", ELEMENT))
            made = self.graph.node(self.place(node))
            self.graph.edge(items, made, Op("write", ELEMENT))
        other = node.child_by_field_name("alternative")
        instead = self.maybe(other)
        return self.either(node, made, 0 if _is_part(taken, other) else instead)

    def do_assignment(self, node: Node) -> int:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return 0
        made = self.expression(right)
        if node.type == "augmented_assignment_expression" and left.type in (
            "identifier",
            "member_expression",
            "subscript_expression",
        ):
            old = self.expression(left)
            made = self.either(node, old, made)
        self.destructure(left, made)
        return self.value(node, made) if made else 0

    def do_function_value(self, node: Node) -> int:
        function = self.do_function(node)
        function.value = function.value or self.graph.node(self.place(node))
        self.file.values[span(node)] = function.value
        self.nameless.add(function.value)
        return function.value

    def do_sequence(self, node: Node) -> int:
        made = 0
        for child in node.named_children:
            made = self.expression(child)
        return made

    def do_spread(self, node: Node) -> int:
        return (
            self.value(node, self.expression(node.named_children[0]), op=Op("read", ELEMENT))
            if node.named_children
            else 0
        )

    def do_yield(self, node: Node) -> int:
        whole = any(child.type == "*" for child in node.children)
        for child in node.named_children:
            self.graph.edge(self.expression(child), self.function.result, COPY if whole else Op("write", ELEMENT))
        return 0

    def do_jsx(self, node: Node) -> int:
        """A component is called with its attributes and children; what is drawn on the screen goes nowhere."""
        opening = node.child_by_field_name("open_tag") or node
        props = self.graph.node(self.place(node))
        for child in opening.named_children:
            self._jsx_attribute(child, props)
        for child in node.named_children if opening is not node else ():
            if child.type not in ("jsx_opening_element", "jsx_closing_element"):
                self.graph.edge(self.expression(child), props, Op("write", "children"))
        name = opening.child_by_field_name("name")
        if name is not None and text(name).endswith(".Provider"):
            binding = self.scope.find(text(name).removesuffix(".Provider"))
            if binding is not None:
                chain(self.graph, props, self.cell(binding), LEAK, Op("read", "value"))
        elif name is not None and not text(name)[:1].islower():
            self.program.elements.append(self._element(node, name, props))
        return 0

    def _element(self, node: Node, name: Node, props: int) -> Call:
        number = -len(self.program.elements) - 1
        return Call(
            number,
            self.file,
            node,
            self.scope,
            name,
            0,
            [(node, props)],
            self.graph.node(self.place(node)),
            self.expression(name),
        )

    def _jsx_attribute(self, node: Node, props: int) -> None:
        if node.type == "jsx_expression" and node.named_children and node.named_children[0].type == "spread_element":
            self.graph.edge(self.expression(node.named_children[0].named_children[0]), props)
        elif node.type == "jsx_attribute" and len(node.named_children) > 1:
            name, part = node.named_children[0], node.named_children[1]
            made = self.expression(part)
            self.file.values[span(part)] = made
            self.graph.edge(made, props, Op("write", text(name)))

    def do_jsx_expression(self, node: Node) -> int:
        made = 0
        for child in node.named_children:
            made = self.expression(child)
        return made


_REACHES = {
    "member_expression": "object",
    "subscript_expression": "object",
    "non_null_expression": "",
    "parenthesized_expression": "",
    "as_expression": "",
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
}
"""Expressions through which something else is written to: the field that holds it (or the first child)."""


def _is_part(part: Node | None, whole: Node | None) -> bool:
    """`event.payload || event`: the whole stands in for its part, in the same form; the whole is not meant."""
    if part is None or whole is None or whole.type != "identifier" or part.type != "member_expression":
        return False
    return text(part).startswith((f"{text(whole)}.", f"{text(whole)}?."))


_STATEMENTS = {
    "expression_statement": _Front.do_expression_statement,
    "lexical_declaration": _Front.do_declaration,
    "variable_declaration": _Front.do_declaration,
    "export_statement": _Front.do_export,
    "return_statement": _Front.do_return,
    "throw_statement": _Front.do_throw,
    "if_statement": _Front.do_if,
    "for_statement": _Front.do_loop,
    "for_in_statement": _Front.do_loop,
    "while_statement": _Front.do_loop,
    "do_statement": _Front.do_loop,
    "switch_statement": _Front.do_switch,
    "try_statement": _Front.do_try,
    "statement_block": _Front.block_scope,
    "labeled_statement": _Front.do_children,
    "import_statement": _Front.do_nothing,
    "function_declaration": _Front.do_nothing,
    "generator_function_declaration": _Front.do_nothing,
    "break_statement": _Front.do_break,
    "continue_statement": _Front.do_break,
    "ERROR": _Front.do_children,
}
_PATTERNS = {
    "identifier": _Front.bind_name,
    "shorthand_property_identifier_pattern": _Front.bind_name,
    "assignment_pattern": _Front.bind_default,
    "object_pattern": _Front.bind_object,
    "array_pattern": _Front.bind_array,
    "rest_pattern": _Front.bind_rest,
    "required_parameter": _Front.bind_inner,
    "optional_parameter": _Front.bind_inner,
    "member_expression": _Front.bind_member,
    "subscript_expression": _Front.bind_member,
}
_EXPRESSIONS = {
    "identifier": _Front.do_identifier,
    "shorthand_property_identifier": _Front.do_identifier,
    "this": _Front.do_this,
    "member_expression": _Front.do_member,
    "subscript_expression": _Front.do_subscript,
    "call_expression": _Front.do_call,
    "new_expression": _Front.do_call,
    "await_expression": _Front.do_await,
    "parenthesized_expression": _Front.do_inner,
    "as_expression": _Front.do_inner,
    "satisfies_expression": _Front.do_inner,
    "non_null_expression": _Front.do_inner,
    "object": _Front.do_object,
    "array": _Front.do_array,
    "template_string": _Front.do_template,
    "binary_expression": _Front.do_binary,
    "unary_expression": _Front.do_unary,
    "update_expression": _Front.do_update,
    "ternary_expression": _Front.do_ternary,
    "assignment_expression": _Front.do_assignment,
    "augmented_assignment_expression": _Front.do_assignment,
    "arrow_function": _Front.do_function_value,
    "function_expression": _Front.do_function_value,
    "generator_function": _Front.do_function_value,
    "sequence_expression": _Front.do_sequence,
    "spread_element": _Front.do_spread,
    "yield_expression": _Front.do_yield,
    "jsx_element": _Front.do_jsx,
    "jsx_self_closing_element": _Front.do_jsx,
    "jsx_expression": _Front.do_jsx_expression,
    **dict.fromkeys(CLASSES, _Front.do_class),
}
