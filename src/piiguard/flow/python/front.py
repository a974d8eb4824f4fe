"""The Python front end: syntax trees into the flow graph.

As in the JavaScript front end, statements are walked in order with an environment (binding -> graph node of its
present value); branches are joined; a nested function sees a variable through its cell, the node of all its values.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from piiguard.facts import names
from piiguard.flow.graph import ANY, BLUR, COPY, ELEMENT, KEY, LEAK, Graph, Op, Place
from piiguard.flow.python import calls
from piiguard.flow.python.program import Binding, Call, Class, File, Function, FunctionSyntax, Program, Scope, declare

Env = dict[Binding, int]
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Front:
    """Walks one file."""

    def __init__(self, program: Program, graph: Graph, file: File) -> None:
        self.program = program
        self.graph = graph
        self.file = file
        self.function = self._new_function(file.text.tree)
        self.scope = Scope(None, self.function)
        self.function.scope = self.scope
        file.scope = self.scope
        self.env: Env = {}

    def run(self) -> None:
        tree = self.file.text.tree
        for parent in ast.walk(tree):
            for child in ast.iter_child_nodes(parent):
                self.file.parents[child] = parent
        declare(tree.body, self.scope)
        self.block(tree.body)

    # ------------------------------------------------------------ graph helpers

    def place(self, node: ast.AST) -> Place:
        return Place(self.file.index, *self.file.span(node), self.function.number)

    def value(self, node: ast.AST, *inputs: int, op: Op = COPY) -> int:
        """A graph node for `node` with edges from `inputs`; it is the value of the expression."""
        made = self.graph.node(self.place(node))
        for source in inputs:
            self.graph.edge(source, made, op)
        self.file.values[self.file.span(node)] = made
        return made

    def either(self, node: ast.AST, *values: int) -> int:
        present = [value for value in values if value]
        if len(present) < 2:
            return present[0] if present else 0
        return self.value(node, *present)

    def cell(self, binding: Binding) -> int:
        if not binding.cell:
            binding.cell = self.graph.node(Place(self.file.index, 0, 0, binding.scope.function.number))
        return binding.cell

    def define(self, binding: Binding, value: int, node: ast.AST) -> None:
        """The binding takes a new value; a telling name says what it is."""
        if not value:
            self.env[binding] = 0
            return
        made = self.graph.node(self.place(node))
        self.graph.edge(value, made)
        self.settle(binding, made)
        self.evidence(made, binding.name)

    def settle(self, binding: Binding, made: int) -> None:
        if binding.scope.function is self.function:
            self.env[binding] = made
        else:
            binding.written_inside = True
        self.graph.edge(made, self.cell(binding), COPY if binding.scope.parent else LEAK)

    def present(self, binding: Binding) -> int:
        """The graph node of a binding's value here."""
        if binding.scope.function is self.function and not binding.written_inside and binding in self.env:
            return self.env[binding]
        return self.cell(binding)

    def evidence(self, node: int, name: str, path: tuple[str, ...] = ()) -> None:
        """A telling name says what the value at `node` (or its property `path`) is."""
        data = names.data_class(name)
        if data and node:
            self.graph.origin(node, data, "likely", f"named `{name}`", path)

    # ------------------------------------------------------------ functions and classes

    def _new_function(self, node: FunctionSyntax, owner: Class | None = None) -> Function:
        function = Function(len(self.program.functions) + 1, self.file, node, owner=owner)
        self.program.functions.append(function)
        return function

    def do_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: Class | None = None
    ) -> Function:
        """Parameters and body, in an environment of their own."""
        for default in (*node.args.defaults, *(value for value in node.args.kw_defaults if value)):
            self.expression(default)
        function = self._new_function(node, owner)
        outer = self.function, self.scope, self.env
        self.function, self.scope, self.env = function, Scope(self.scope, function), {}
        function.scope = self.scope
        function.result = self.graph.node(self.place(node))
        self._params(node.args, function)
        if isinstance(node, ast.Lambda):
            self.graph.edge(self.expression(node.body), function.result)
        else:
            declare(node.body, self.scope)
            self.block(node.body)
        self.function, self.scope, self.env = outer
        return function

    def _params(self, args: ast.arguments, function: Function) -> None:
        plain = [*args.posonlyargs, *args.args]
        for index, param in enumerate([*plain, *args.kwonlyargs]):
            binding = self._param(param)
            made = self.env[binding]
            function.params[param.arg] = made
            if index == 0 and function.owner is not None and param in plain:
                binding.owner = function.owner
                self.graph.edge(function.owner.this, made, LEAK)
        for rest, kind in ((args.vararg, "rest"), (args.kwarg, "keywords")):
            if rest is not None:
                setattr(function, kind, self.env[self._param(rest)])

    def _param(self, param: ast.arg) -> Binding:
        binding = Binding(param.arg, self.scope, "param", annotation=param.annotation)
        self.scope.names[param.arg] = binding
        begin, _ = self.file.span(param)
        place = Place(self.file.index, begin, begin + len(param.arg.encode()), self.function.number)
        made = self.graph.node(place)
        self.file.values[place.start, place.end] = made
        self.file.syntax[place.start, place.end] = param
        self.env[binding] = made
        self.graph.edge(made, self.cell(binding))
        self.evidence(made, param.arg)
        return binding

    def do_class(self, node: ast.ClassDef) -> bool:
        for base in node.bases:
            self.expression(base)
        outer, scope = self.scope, Scope(self.scope, self.function)
        owner = Class(self.file, node, scope, self.graph.node(self.place(node)))
        scope.owner = owner
        outer.names[node.name] = Binding(node.name, outer, "class", owner=owner)
        self.scope = scope
        declare(node.body, scope)
        _collect_fields(node, owner)
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._method(statement, owner)
            else:
                self.statement(statement)
        for binding, value in list(self.env.items()):
            if binding.scope is scope:
                self.graph.edge(value, owner.this, Op("write", binding.name))
        self.scope = outer
        return False

    def _method(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: Class) -> None:
        static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
        function = self.do_function(node, None if static else owner)
        owner.methods[node.name] = function
        for fields in owner.fields.values():
            for index, (value, scope) in enumerate(fields):
                if scope is owner.scope and self._inside(value, node) and function.scope is not None:
                    fields[index] = (value, function.scope)

    def _inside(self, node: ast.AST, around: ast.AST) -> bool:
        here: ast.AST | None = node
        while here is not None and here is not around:
            here = self.file.parents.get(here)
        return here is around

    # ------------------------------------------------------------ statements

    def block(self, body: Sequence[ast.stmt]) -> bool:
        """Walk statements in order. True: what follows is not reached."""
        ended = False
        for statement in body:
            ended = self.statement(statement) or ended
        return ended

    def statement(self, node: ast.stmt) -> bool:
        handler = _STATEMENTS.get(type(node))
        if handler is not None:
            return bool(handler(self, node))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expression(child)
        return isinstance(node, ast.Raise | ast.Continue | ast.Break)

    def do_def(self, node: ast.FunctionDef) -> bool:
        for decorator in node.decorator_list:
            self.expression(decorator)
        binding = Binding(node.name, self.scope, "function")
        self.scope.names[node.name] = binding
        binding.function = self.do_function(node)
        return False

    def do_return(self, node: ast.Return) -> bool:
        if node.value is not None:
            self.graph.edge(self.expression(node.value), self.function.result)
        return True

    def do_assign(self, node: ast.Assign) -> bool:
        self.file.syntax[self.file.span(node)] = node
        self.file.scopes[self.file.span(node)] = self.scope
        made = self.expression(node.value)
        for target in node.targets:
            pairs = _pairs(target, node.value)
            for part, value in pairs:
                self.bind(part, self.file.values.get(self.file.span(value), 0))
            if not pairs:
                self.bind(target, made)
        return False

    def do_annotated(self, node: ast.AnnAssign) -> bool:
        if node.value is not None:
            self.bind(node.target, self.expression(node.value))
        return False

    def do_augmented(self, node: ast.AugAssign) -> bool:
        added = self.expression(node.value)
        if isinstance(node.target, ast.Name):
            binding = self.scope.find(node.target.id)
            old = self.present(binding) if binding is not None else 0
            self.bind(node.target, self.either(node, old, added))
        else:
            self.bind(node.target, added)
        return False

    def do_if(self, node: ast.If) -> bool:
        self.expression(node.test)
        before = dict(self.env)
        ended = self.block(node.body)
        taken, self.env = self.env, before
        other_ended = self.block(node.orelse)
        if ended and other_ended:
            return True
        if other_ended:
            self.env = taken
        elif not ended:
            self.join(taken, node)
        return False

    def join(self, other: Env, node: ast.AST) -> None:
        """After two branches a variable has either value."""
        for binding in sorted(self.env.keys() | other.keys(), key=lambda one: one.name):
            mine, theirs = self.env.get(binding), other.get(binding)
            if mine == theirs:
                continue
            if not mine or not theirs:
                self.env[binding] = mine or theirs or 0
                continue
            both = self.graph.node(self.place(node))
            self.graph.edge(mine, both)
            self.graph.edge(theirs, both)
            self.env[binding] = both

    def do_loop(self, node: ast.For | ast.AsyncFor | ast.While) -> bool:
        """The body may see what an earlier round of it assigned."""
        several = self.expression(node.test if isinstance(node, ast.While) else node.iter)
        entry: Env = {}
        for binding, value in self.env.items():
            entry[binding] = self.graph.node(self.place(node))
            self.graph.edge(value, entry[binding])
        self.env = dict(entry)
        if not isinstance(node, ast.While):
            self.bind(node.target, self.element(node.target, several))
        self.block(node.body)
        for binding, made in entry.items():
            self.graph.edge(self.env.get(binding, 0), made)
        self.block(node.orelse)
        return False

    def element(self, node: ast.AST, several: int) -> int:
        """One element of something that is iterated over; of a mapping, a key."""
        return self.either(node, self._part(node, several, ELEMENT), self._part(node, several, KEY))

    def _part(self, node: ast.AST, whole: int, name: str) -> int:
        if not whole:
            return 0
        made = self.graph.node(self.place(node))
        self.graph.edge(whole, made, Op("read", name))
        return made

    def do_with(self, node: ast.With | ast.AsyncWith) -> bool:
        for item in node.items:
            made = self.expression(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, made)
        return self.block(node.body)

    def do_try(self, node: ast.Try) -> bool:
        before = dict(self.env)
        ended = self.block(node.body) or self.block(node.orelse)
        tried = self.env
        for handler in node.handlers:
            self.env = dict(before)
            self.join(tried, node)
            caught = self.block(handler.body)
            if not caught:
                self.join(tried, node)
                tried, ended = self.env, False
        self.env = tried
        return self.block(node.finalbody) or ended

    def do_match(self, node: ast.Match) -> bool:
        value = self.expression(node.subject)
        before = dict(self.env)
        for case in node.cases:
            after, self.env = self.env, dict(before)
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None)
                binding = self.scope.find(name) if isinstance(name, str) else None
                if binding is not None:
                    self.define(binding, self.value(pattern, value, op=Op("read", ANY)), pattern)
            self.block(case.body)
            self.join(after, case.body[0])
        return False

    def do_delete(self, node: ast.Delete) -> bool:
        for target in node.targets:
            if isinstance(target, ast.Subscript | ast.Attribute):
                self.write_into(target.value, _key(target), 0, node, replaces=True)
        return False

    # ------------------------------------------------------------ binding

    def bind(self, target: ast.expr, value: int) -> None:
        """A target takes a value; a tuple of targets takes it apart."""
        if isinstance(target, ast.Name):
            binding = self.scope.find(target.id)
            if binding is not None:
                self.define(binding, value, target)
        elif isinstance(target, ast.Tuple | ast.List):
            for index, part in enumerate(target.elts):
                self.bind(part, self._part(part, value, str(index)))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, value)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._bind_member(target, value)

    def _bind_member(self, node: ast.Attribute | ast.Subscript, value: int) -> None:
        """`a.b["c"] = value`: `a` takes a new value; its other properties stay."""
        steps: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute | ast.Subscript):
            steps.append(_key(base))
            if isinstance(base, ast.Subscript):
                self._write_key(base, self.expression(base.slice))
            base = base.value
        steps.reverse()
        inner = self.value(node, value) if value else 0
        self.evidence(inner, steps[-1])
        for step in reversed(steps[1:]):
            if inner:
                outer = self.graph.node(self.place(node))
                self.graph.edge(inner, outer, Op("write", step))
                inner = outer
        self.write_into(base, steps[0], inner, node, replaces=len(steps) == 1)

    def _write_key(self, node: ast.Subscript, key: int) -> None:
        """`counts[user.account_id] = 1`: the mapping holds the account id, as a key."""
        base: ast.expr = node.value
        while isinstance(base, ast.Attribute | ast.Subscript):
            base = base.value
        if key:
            self.write_into(base, KEY, key, node, replaces=False)

    def write_into(self, base: ast.expr, name: str, value: int, node: ast.AST, *, replaces: bool) -> None:
        """`base` now holds `value` under `name` (empty: all that `value` holds)."""
        binding = self.scope.find(base.id) if isinstance(base, ast.Name) else None
        if binding is None:
            return
        if binding.kind == "param" and binding.owner is not None:
            self.graph.edge(value, binding.owner.this, Op("write", name))
        old = self.present(binding)
        if not old and not value:
            return
        made = self.graph.node(self.place(node))
        self.graph.edge(old, made, Op("drop", name) if replaces and name not in (ELEMENT, ANY, KEY) else COPY)
        self.graph.edge(value, made, Op("write", name) if name else COPY)
        self.settle(binding, made)

    # ------------------------------------------------------------ expressions

    def expression(self, node: ast.expr) -> int:
        """Graph node of the value of an expression; 0 where it carries no data (a literal, a test, a function)."""
        span = self.file.span(node)
        self.file.syntax.setdefault(span, node)
        self.file.scopes.setdefault(span, self.scope)
        handler = _EXPRESSIONS.get(type(node))
        made = handler(self, node) if handler is not None else self._inner(node)
        if made:
            self.file.values[span] = made
        return made

    def _inner(self, node: ast.expr) -> int:
        """A test or the like: its parts are looked at, its result says nothing of them."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expression(child)
        return 0

    def do_name(self, node: ast.Name) -> int:
        binding = self.scope.find(node.id)
        if binding is None or binding.kind in ("function", "class", "import"):
            return self._imported_value(node, binding)
        source = self.present(binding)
        if not source:
            return 0
        module_level = binding.scope.parent is None and self.function is not binding.scope.function
        return self.value(node, source, op=LEAK if module_level else COPY)

    def _imported_value(self, node: ast.Name, binding: Binding | None) -> int:
        """A variable of another module of the app: linked when all files are known."""
        if binding is None or binding.kind != "import":
            return 0
        made = self.value(node)
        self.program.imported_values.append((self.file, binding.target, made))
        return made

    def do_attribute(self, node: ast.Attribute) -> int:
        source = self.expression(node.value)
        if not source:
            made = self.value(node)
            self.evidence(made, node.attr)
            return made
        self._evidence_of_read(node, node.attr)
        made = self.value(node, source, op=Op("read", node.attr))
        if node.attr in calls.BODIES:
            self.graph.edge(source, made, Op("read", calls.RESPONSE))
        return made

    def _evidence_of_read(self, node: ast.expr, name: str) -> None:
        """Reading `x["a"].email` tells that `x` holds an e-mail address under a.email, for all uses of `x`."""
        if not names.data_class(name) or self._of_environment(node):
            return
        path: list[str] = []
        here = node
        while isinstance(here, ast.Attribute | ast.Subscript):
            path.append(_key(here))
            here = here.value
        binding = self.scope.find(here.id) if isinstance(here, ast.Name) else None
        root = self.present(binding) if binding is not None and binding.kind in ("variable", "param") else 0
        root = root or self.file.values.get(self.file.span(here), 0)
        self.evidence(root, name, tuple(reversed(path)))

    def _of_environment(self, node: ast.expr) -> bool:
        """`os.environ["NAME"]`: what it is, its source rule says."""
        base = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
        ref = self.program.resolve(base, self.scope)
        return ref is not None and ref.name == "os.environ"

    def do_subscript(self, node: ast.Subscript) -> int:
        source = self.expression(node.value)
        self.expression(node.slice)
        if not source:
            return self.value(node)
        if isinstance(node.slice, ast.Slice):
            return self.value(node, source, op=BLUR)
        name = _key(node)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            return self.value(node, source, op=Op("read", str(node.slice.value)))
        self._evidence_of_read(node, name)
        return self.value(node, source, op=Op("read", ANY if name == ELEMENT else name))

    def do_call(self, node: ast.Call) -> int:
        receiver = self.expression(node.func.value) if isinstance(node.func, ast.Attribute) else 0
        if not isinstance(node.func, ast.Attribute):
            self.expression(node.func)
        args = [(arg, self.expression(arg)) for arg in node.args]
        keywords = {arg.arg: (arg.value, self._keyword(arg)) for arg in node.keywords if arg.arg is not None}
        spread = [(arg.value, self.expression(arg.value)) for arg in node.keywords if arg.arg is None]
        result = self.value(node)
        number = len(self.program.calls) + 1
        call = Call(number, self.file, node, self.scope, receiver, args, keywords, spread, result)
        self.program.calls.append(call)
        self.file.calls[self.file.span(node)] = call
        name = calls.read_name(call)
        if name is not None and receiver and isinstance(node.func, ast.Attribute):
            read = ast.Subscript(node.func.value, node.args[0], ast.Load())
            self._evidence_of_read(ast.copy_location(read, node), name)
        self._mutation(call)
        return 0 if calls.tests_only(call) else result

    def _keyword(self, arg: ast.keyword) -> int:
        """`f(email=value)`: the name of a parameter tells what the value is."""
        made = self.expression(arg.value)
        held = self.value(arg, made) if made else 0
        self.evidence(held, arg.arg or "")
        return held

    def _mutation(self, call: Call) -> None:
        """`rows.append(x)`, `payload.update(x)`: a variable takes a new value."""
        target = call.node.func.value if isinstance(call.node.func, ast.Attribute) else None
        for name, value in calls.mutations(call) if target is not None else ():
            if not value or target is None:
                continue
            if isinstance(target, ast.Attribute | ast.Subscript):
                wrapped = self.graph.node(self.place(call.node))
                self.graph.edge(value, wrapped, Op("write", name) if name else COPY)
                self._bind_member(
                    target, self.either(call.node, self.file.values.get(self.file.span(target), 0), wrapped)
                )
            else:
                self.write_into(target, name, value, call.node, replaces=False)

    def do_inner(self, node: ast.Await | ast.FormattedValue | ast.Starred) -> int:
        return self.expression(node.value)

    def do_joined(self, node: ast.JoinedStr) -> int:
        parts = [self.expression(part) for part in node.values]
        return self.value(node, *parts) if any(parts) else 0

    def do_binary(self, node: ast.BinOp) -> int:
        parts = self.expression(node.left), self.expression(node.right)
        joins = isinstance(node.op, ast.Add | ast.Mod | ast.Div | ast.BitOr)
        return self.value(node, *parts) if joins and any(parts) else 0

    def do_either(self, node: ast.BoolOp) -> int:
        values = [self.expression(value) for value in node.values]
        return self.either(node, *(values if isinstance(node.op, ast.Or) else values[-1:]))

    def do_choice(self, node: ast.IfExp) -> int:
        self.expression(node.test)
        return self.either(node, self.expression(node.body), self.expression(node.orelse))

    def do_walrus(self, node: ast.NamedExpr) -> int:
        made = self.expression(node.value)
        self.bind(node.target, made)
        return made

    def do_dict(self, node: ast.Dict) -> int:
        made = self.value(node)
        for key, value in zip(node.keys, node.values, strict=True):
            source = self.expression(value)
            if key is None:
                self.graph.edge(source, made)
                continue
            self.graph.edge(self.expression(key), made, Op("write", KEY))
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ANY
            if source:
                held = self.graph.node(self.place(value))
                self.graph.edge(source, held)
                self.evidence(held, name)
                self.graph.edge(held, made, Op("write", name))
        return made

    def do_list(self, node: ast.List | ast.Set) -> int:
        made = self.value(node)
        for element in node.elts:
            spread = isinstance(element, ast.Starred)
            self.graph.edge(self.expression(element), made, COPY if spread else Op("write", ELEMENT))
        return made

    def do_tuple(self, node: ast.Tuple) -> int:
        made = self.value(node)
        for index, element in enumerate(node.elts):
            self.graph.edge(self.expression(element), made, Op("write", str(index)))
        return made

    def do_comprehension(self, node: _COMPREHENSIONS) -> int:
        for generator in node.generators:
            several = self.expression(generator.iter)
            self.bind(generator.target, self.element(generator.target, several))
            for test in generator.ifs:
                self.expression(test)
        if isinstance(node, ast.DictComp):
            key, inner = self.expression(node.key), self.expression(node.value)
            made = self.value(node, inner, op=Op("write", ANY))
            self.graph.edge(key, made, Op("write", KEY))
            return made
        return self.value(node, self.expression(node.elt), op=Op("write", ELEMENT))

    def do_lambda(self, node: ast.Lambda) -> int:
        self.program.lambdas[node] = self.do_function(node)
        return 0

    def do_yield(self, node: ast.Yield | ast.YieldFrom) -> int:
        made = self.expression(node.value) if node.value is not None else 0
        op = Op("write", ELEMENT) if isinstance(node, ast.Yield) else COPY
        self.graph.edge(made, self.function.result, op)
        return 0


def _key(node: ast.Attribute | ast.Subscript) -> str:
    """The property that an attribute or subscript names; ELEMENT for an index or a computed one."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return ELEMENT


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """`a, b = x, y`: which target takes which value; empty where it is not written like that."""
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, ast.Tuple | ast.List):
        return []
    starred = any(isinstance(one, ast.Starred) for one in (*target.elts, *value.elts))
    same = len(target.elts) == len(value.elts) and not starred
    return list(zip(target.elts, value.elts, strict=True)) if same else []


def _collect_fields(node: ast.ClassDef, owner: Class) -> None:
    """What is assigned to fields, in the body and through the first parameter of methods."""
    for here in ast.walk(node):
        targets = (
            here.targets if isinstance(here, ast.Assign) else [here.target] if isinstance(here, ast.AnnAssign) else []
        )
        value = here.value if isinstance(here, ast.Assign | ast.AnnAssign) else None
        for target in targets if value is not None else ():
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and value is not None:
                owner.fields.setdefault(target.attr, []).append((value, owner.scope))
            elif isinstance(target, ast.Name) and here in node.body and value is not None:
                owner.fields.setdefault(target.id, []).append((value, owner.scope))


Handler = Callable[..., int]
_STATEMENTS: dict[type[ast.AST], Handler] = {
    ast.FunctionDef: Front.do_def,
    ast.AsyncFunctionDef: Front.do_def,
    ast.ClassDef: Front.do_class,
    ast.Return: Front.do_return,
    ast.Assign: Front.do_assign,
    ast.AnnAssign: Front.do_annotated,
    ast.AugAssign: Front.do_augmented,
    ast.If: Front.do_if,
    ast.For: Front.do_loop,
    ast.AsyncFor: Front.do_loop,
    ast.While: Front.do_loop,
    ast.With: Front.do_with,
    ast.AsyncWith: Front.do_with,
    ast.Try: Front.do_try,
    ast.Match: Front.do_match,
    ast.Delete: Front.do_delete,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = Front.do_try
_EXPRESSIONS: dict[type[ast.AST], Handler] = {
    ast.Name: Front.do_name,
    ast.Attribute: Front.do_attribute,
    ast.Subscript: Front.do_subscript,
    ast.Call: Front.do_call,
    ast.Await: Front.do_inner,
    ast.FormattedValue: Front.do_inner,
    ast.Starred: Front.do_inner,
    ast.JoinedStr: Front.do_joined,
    ast.BinOp: Front.do_binary,
    ast.BoolOp: Front.do_either,
    ast.IfExp: Front.do_choice,
    ast.NamedExpr: Front.do_walrus,
    ast.Dict: Front.do_dict,
    ast.List: Front.do_list,
    ast.Set: Front.do_list,
    ast.Tuple: Front.do_tuple,
    ast.ListComp: Front.do_comprehension,
    ast.SetComp: Front.do_comprehension,
    ast.GeneratorExp: Front.do_comprehension,
    ast.DictComp: Front.do_comprehension,
    ast.Lambda: Front.do_lambda,
    ast.Yield: Front.do_yield,
    ast.YieldFrom: Front.do_yield,
}
