"""The JavaScript and TypeScript front end: syntax trees into the flow graph.

Statements are walked in order with an environment (binding -> graph node of its present value), so that what is assigned later
does not count earlier; branches are joined, a branch that returns is not. A nested function sees a variable through its *cell*,
the node of all values that it ever has. Each kind of syntax node is handled by one small method, found in one of two tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from piiguard.facts import names
from piiguard.flow import calls
from piiguard.flow.declarations import CLASSES, DECLARED_FUNCTIONS, FUNCTIONS, Declarer, elements, pattern_names
from piiguard.flow.graph import ANY, BLUR, COPY, ELEMENT, LEAK, Graph, Op, Place
from piiguard.flow.modules import ModuleFinder
from piiguard.flow.program import Binding, Call, Class, File, Function, Program, Scope, property_name, span, string_value, text
from piiguard.model import Gap, Source

LANGUAGES = {
    "javascript": Language(tree_sitter_javascript.language()),
    "typescript": Language(tree_sitter_typescript.language_typescript()),
    "tsx": Language(tree_sitter_typescript.language_tsx()),
}
_FALLBACK = {"javascript": "tsx", "typescript": "tsx", "tsx": "javascript"}
"""Grammar that is tried when the first one meets errors (types in .js, JSX in .ts)."""
_CODE = re.compile(rb"[(){}=;`\"']")
"""What an error must hold to hide code: a lone `&` in the text of an element does not."""
NESTING = 400
"""Depth of nested expressions that is followed: beyond it lies generated code, which becomes a gap."""

Env = dict[int, int]
"""id(Binding) -> graph node of its present value."""


def parse(source: Source) -> tuple[Node, list[Gap], list[int]]:
    """The syntax tree of a source, a gap if code was not understood, and the lines where the parser stumbled without missing any."""
    root = Parser(LANGUAGES[source.language]).parse(source.text).root_node
    if not root.has_error:
        return root, [], []
    other = Parser(LANGUAGES[_FALLBACK[source.language]]).parse(source.text).root_node
    if not other.has_error:
        return other, [], []
    lines: dict[bool, list[int]] = {True: [], False: []}
    for node in _errors(root):
        lines[not node.is_missing and _CODE.search(node.text or b"") is not None].append(node.start_point[0] + 1)
    gaps = [Gap(source.path, f"code near line {min(lines[True])} was not understood", source.app, min(lines[True]))] if lines[True] else []
    return root, gaps, lines[False]


def _errors(root: Node) -> Iterator[Node]:
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            yield node
        else:
            todo += [child for child in node.children if child.has_error or child.is_missing]


def build(sources: Iterable[Source], graph: Graph, aliases: Iterable[tuple[str, str]] = ()) -> tuple[Program, list[Gap]]:
    """Put the JS/TS sources of one app into the graph."""
    sources = [source for source in sources if source.language in LANGUAGES]
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
        self.file.values[span(node)] = result
        return result

    def cell(self, binding: Binding) -> int:
        if not binding.cell:
            binding.cell = self.graph.node(Place(binding.file.index, binding.node.start_byte, binding.node.end_byte, binding.scope.function.number))
        return binding.cell

    def define(self, binding: Binding, value: int, node: Node) -> int:
        """The binding takes a new value; returns the graph node of the definition."""
        if not value:
            self.env[id(binding)] = 0
            return 0
        made = self.graph.node(self.place(node))
        self.graph.edge(value, made)
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
        if data and node:
            self.graph.origin(node, data, "likely", f"named `{name}`", path)

    # ------------------------------------------------------------ functions and classes

    def _new_function(self, node: Node, name: str, owner: Class | None = None) -> Function:
        function = Function(len(self.program.functions) + 1, self.file, node, name, owner=owner)
        self.program.functions.append(function)
        self.file.functions[span(node)] = function
        return function

    def do_function(self, node: Node, owner: Class | None = None) -> Function:
        """A function of any form: its parameters and body, in an environment of its own."""
        known = self.file.functions.get(span(node))
        if known is not None:
            return known
        name = node.child_by_field_name("name")
        function = self._new_function(node, text(name) if name is not None else "", owner)
        outer = self.function, self.scope, self.env
        self.function, self.scope, self.env = function, Scope(self.scope, function, owner), {}
        self.file.scopes[span(node)] = self.scope
        function.result = self.graph.node(self.place(node))
        self._params(node, function)
        body = node.child_by_field_name("body")
        if body is not None and body.type == "statement_block":
            self.declarer.vars(body, self.scope)
            self.block_scope(body)
        elif body is not None:
            self.graph.edge(self.expression(body), function.result)
        self.function, self.scope, self.env = outer
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
            default = param.child_by_field_name("value")
            if default is not None:
                self.graph.edge(self.expression(default), made)
            self.destructure(pattern, made)

    def do_class(self, node: Node) -> int:
        name = node.child_by_field_name("name")
        label = text(name) if name is not None else ""
        function = self._new_function(node, label)
        heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
        base = heritage.named_children[0] if heritage is not None and heritage.named_children else None
        if base is not None and base.type == "extends_clause":
            base = base.child_by_field_name("value")
        owner = Class(label, self.file, self.scope, base, self.graph.node(self.place(node)))
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
            if name:
                owner.methods[name] = method
            return
        value = member.child_by_field_name("value")
        if value is None:
            return
        if value.type in FUNCTIONS:
            method = self.do_function(value, owner)
            if name:
                owner.methods[name] = method
            return
        made = self.expression(value)
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
                self.do_function(inner)
        return any([self.statement(child) for child in children])

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
            if value is not None:
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
            self.expression(child)
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
            return any([self._branch(child) for child in node.named_children])
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
        entry = {key: self._loop_entry(value, node) for key, value in self.env.items()}
        self.env = dict(entry)
        if node.type == "for_in_statement":
            self._loop_variable(node)
        for field in ("condition", "body", "increment"):
            child = node.child_by_field_name(field)
            if child is not None:
                self.statement(child)
        for key, made in entry.items():
            self.graph.edge(self.env.get(key, 0), made)
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
        self.destructure(left, self.value(left, several, op=Op("read", ELEMENT)) if of and several else 0)

    def do_switch(self, node: Node) -> bool:
        self.maybe(node.child_by_field_name("value"))
        body = node.child_by_field_name("body")
        if body is None:
            return False
        outer, self.scope = self.scope, Scope(self.scope, self.function)
        for case in body.named_children:
            self.declarer.block(case, self.scope)
        before = dict(self.env)
        for case in body.named_children:
            after, self.env = self.env, dict(before)
            for child in case.named_children:
                self.statement(child)
            self.join(after, case)
        self.scope = outer
        return False

    def do_try(self, node: Node) -> bool:
        before = dict(self.env)
        body, handler, finalizer = (node.child_by_field_name(field) for field in ("body", "handler", "finalizer"))
        ended = self._branch(body)
        if handler is not None:
            tried = self.env
            self.env = dict(before)
            self.join(tried, node)
            ended = self._catch(handler) and ended
            if not ended:
                self.join(tried, node)
        if finalizer is not None:
            ended = self._branch(finalizer.child_by_field_name("body")) or ended
        return ended

    def _catch(self, handler: Node) -> bool:
        outer, self.scope = self.scope, Scope(self.scope, self.function)
        parameter = handler.child_by_field_name("parameter")
        if parameter is not None:
            for name, path in pattern_names(parameter):
                self.declarer.bind(name, "variable", self.scope, path=path)
        ended = self._branch(handler.child_by_field_name("body"))
        self.scope = outer
        return ended

    def do_children(self, node: Node) -> bool:
        return any([self.statement(child) for child in node.named_children])

    def do_nothing(self, node: Node) -> bool:
        return False

    def do_break(self, node: Node) -> bool:
        return False

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
            self.evidence(value if value in self.function.params else made, text(node))

    def bind_default(self, node: Node, value: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        default = self.expression(right) if right is not None else 0
        if left is not None:
            self.destructure(left, self.either(node, value, default))

    def bind_object(self, node: Node, value: int) -> None:
        for child in node.named_children:
            if child.type == "rest_pattern":
                self.bind_rest(child, value)
                continue
            key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
            name = property_name(key) or ANY
            part = self.part(child, value, name)
            target = child.child_by_field_name("value") or child
            if target.type == "object_assignment_pattern":
                self.bind_default(target, part)
            elif target.type == "shorthand_property_identifier_pattern":
                self.bind_name(target, part)
            else:
                self.destructure(target, part)

    def part(self, node: Node, value: int, name: str) -> int:
        """Property `name` of `value`; a telling name says something of the whole."""
        self.evidence(value, name, (name,))
        return self.value(node, value, op=Op("read", name)) if value else 0

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
        steps: list[str] = []
        base: Node | None = node
        while base is not None and base.type in ("member_expression", "subscript_expression", "non_null_expression"):
            if base.type == "non_null_expression":
                base = base.named_children[0]
                continue
            steps.append(self._key(base))
            base = base.child_by_field_name("object")
        steps.reverse()
        if base is None:
            return
        name = steps[-1]
        written = self.value(node, value) if value else 0
        self.evidence(written, name)
        inner = written
        for step in reversed(steps[1:]):
            if inner:
                outer = self.graph.node(self.place(node))
                self.graph.edge(inner, outer, Op("write", step))
                inner = outer
        self.write_into(base, steps[0], inner, node, replaces=len(steps) == 1)

    def _key(self, node: Node) -> str:
        """The property that a member or subscript expression names; ELEMENT for a computed one."""
        prop = node.child_by_field_name("property")
        if prop is not None:
            return property_name(prop) or ANY
        index = node.child_by_field_name("index")
        if index is None:
            return ANY
        self.expression(index)
        return string_value(index) if index.type == "string" else ELEMENT

    def write_into(self, base: Node, name: str, value: int, node: Node, *, replaces: bool) -> None:
        """`base` now holds `value` under `name`."""
        if base.type == "this":
            if self.scope.owner is not None and value:
                self.graph.edge(value, self.scope.owner.this, Op("write", name))
            return
        binding = self.scope.find(text(base)) if base.type == "identifier" else None
        if binding is None:
            if value:
                self.graph.edge(value, self.expression(base), Op("write", name))
            return
        old = self.present(binding)
        if not old and not value:
            return
        made = self.graph.node(self.place(node))
        self.graph.edge(old, made, Op("drop", name) if replaces and name != ELEMENT else COPY)
        if value:
            self.graph.edge(value, made, Op("write", name) if name else COPY)
        if binding.scope.function is self.function:
            self.env[id(binding)] = made
        else:
            binding.written_inside = True
        self.graph.edge(made, self.cell(binding))

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
        if binding is None or binding.kind in ("function", "class"):
            return 0
        source = self.present(binding)
        if not source:
            return 0
        module_level = binding.scope.parent is None and self.function is not binding.scope.function
        return self.value(node, source, op=LEAK if module_level else COPY)

    def do_this(self, node: Node) -> int:
        return self.value(node, self.scope.owner.this) if self.scope.owner is not None else 0

    def do_member(self, node: Node) -> int:
        base = node.child_by_field_name("object")
        prop = node.child_by_field_name("property")
        if base is None or prop is None:
            return 0
        source = self.expression(base)
        name = property_name(prop) or ANY
        if name == "length" or self._env_variable(node, base):
            return self.value(node) if name != "length" else 0
        if not source:
            # A member of something unknown (a global, an import): its own name is all there is.
            made = self.value(node)
            self.evidence(made, name)
            return made
        self._evidence_of_read(node, name)
        return self.value(node, source, op=Op("read", name))

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
        while here is not None and here.type in ("member_expression", "subscript_expression", "non_null_expression", "parenthesized_expression"):
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
        receiver = self._receiver(callee)
        args: list[tuple[Node, int]] = []
        if arguments is not None and arguments.type == "template_string":
            args.append((arguments, self.expression(arguments)))
        elif arguments is not None:
            args = [(child, self.expression(child)) for child in arguments.named_children if child.type != "comment"]
        result = self.value(node)
        call = Call(len(self.program.calls) + 1, self.file, node, self.scope, callee, receiver, args, result)
        self.program.calls.append(call)
        self.file.calls[span(node)] = call
        if text(callee) in ("require", "import") and args and args[0][0].type == "string":
            self.file.imports.append((string_value(args[0][0]), node))
        self._mutation(call)
        return 0 if calls.tests_only(call) else result

    def _receiver(self, callee: Node) -> int:
        if callee.type in ("member_expression", "subscript_expression"):
            base = callee.child_by_field_name("object")
            made = self.expression(base) if base is not None else 0
            index = callee.child_by_field_name("index")
            if index is not None:
                self.expression(index)
            return made
        self.expression(callee)
        return 0

    def _mutation(self, call: Call) -> None:
        """`list.push(x)`, `map.set(k, v)`, `Object.assign(target, x)`: a variable takes a new value."""
        for target, name, value in calls.mutations(call):
            if value and (target.type in ("identifier", "this")):
                self.write_into(target, name, value, call.node, replaces=False)
            elif value and target.type == "member_expression":
                wrapped = self.graph.node(self.place(call.node))
                self.graph.edge(value, wrapped, Op("write", name))
                self.bind_member(target, self.either(call.node, self.file.values.get(span(target), 0), wrapped))

    def do_await(self, node: Node) -> int:
        inner = self.expression(node.named_children[0]) if node.named_children else 0
        return self.value(node, inner) if inner else 0

    def do_inner(self, node: Node) -> int:
        return self.do_await(node)

    def do_object(self, node: Node) -> int:
        made = self.value(node)
        for child in node.named_children:
            if child.type == "spread_element":
                self.graph.edge(self.expression(child.named_children[0]), made)
            elif child.type == "method_definition":
                self.do_function(child)
            elif child.type == "shorthand_property_identifier":
                self._property(made, child, text(child), self.do_identifier(child))
            elif child.type == "pair":
                self._pair(made, child)
        return made

    def _pair(self, made: int, pair: Node) -> None:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None:
            return
        name = property_name(key)
        if name is None and key.named_children:
            self.graph.edge(self.expression(key.named_children[0]), made, Op("write", ANY))
        self._property(made, pair, name or ANY, self.expression(value))

    def _property(self, made: int, node: Node, name: str, value: int) -> None:
        if not value:
            return
        held = self.graph.node(self.place(node))
        self.graph.edge(value, held)
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
                self.graph.edge(self.expression(child), made, Op("write", ELEMENT if position is None else str(position)))
                position = None if position is None else position + 1
        return made

    def do_template(self, node: Node) -> int:
        parts = [self.expression(child.named_children[0]) for child in node.named_children if child.type == "template_substitution" and child.named_children]
        return self.value(node, *parts) if any(parts) else 0

    def do_binary(self, node: Node) -> int:
        left, right, operator = (node.child_by_field_name(field) for field in ("left", "right", "operator"))
        values = self.maybe(left), self.maybe(right)
        sign = text(operator) if operator is not None else ""
        if sign == "&&":
            return self.either(node, values[1])
        if sign in ("+", "||", "??") and any(values):
            return self.value(node, *values)
        return 0

    def do_unary(self, node: Node) -> int:
        argument, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
        if argument is None:
            return 0
        if operator is not None and text(operator) == "delete" and argument.type in ("member_expression", "subscript_expression"):
            base = argument.child_by_field_name("object")
            if base is not None:
                self.write_into(base, self._key(argument), 0, node, replaces=True)
            return 0
        self.expression(argument)
        return 0

    def do_ternary(self, node: Node) -> int:
        condition, taken = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        self.maybe(condition)
        made = self.maybe(taken)
        if made and condition is not None and taken is not None and text(condition).strip("()") == f"Array.isArray({text(taken)}":
            # Only a list passes: what an object of known properties holds does not.
            items = self.value(node, made, op=Op("read", ELEMENT))
            made = self.graph.node(self.place(node))
            self.graph.edge(items, made, Op("write", ELEMENT))
        return self.either(node, made, self.maybe(node.child_by_field_name("alternative")))

    def do_assignment(self, node: Node) -> int:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return 0
        made = self.expression(right)
        if node.type == "augmented_assignment_expression" and left.type in ("identifier", "member_expression", "subscript_expression"):
            old = self.expression(left)
            made = self.either(node, old, made)
        self.destructure(left, made)
        return self.value(node, made) if made else 0

    def do_function_value(self, node: Node) -> int:
        self.do_function(node)
        return 0

    def do_sequence(self, node: Node) -> int:
        made = 0
        for child in node.named_children:
            made = self.expression(child)
        return made

    def do_spread(self, node: Node) -> int:
        return self.value(node, self.expression(node.named_children[0]), op=Op("read", ELEMENT)) if node.named_children else 0

    def do_yield(self, node: Node) -> int:
        for child in node.named_children:
            self.graph.edge(self.expression(child), self.function.result, Op("write", ELEMENT))
        return 0

    def do_jsx(self, node: Node) -> int:
        """Attributes and children are looked at; what is drawn on the screen goes nowhere."""
        for child in node.named_children:
            if child.type == "jsx_attribute":
                for part in child.named_children[1:]:
                    self.file.values[span(part)] = self.expression(part)
            else:
                self.expression(child)
        return 0

    def do_jsx_expression(self, node: Node) -> int:
        made = 0
        for child in node.named_children:
            made = self.expression(child)
        return made


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
    "jsx_opening_element": _Front.do_jsx,
    "jsx_expression": _Front.do_jsx_expression,
    **dict.fromkeys(CLASSES, _Front.do_class),
}
