"""First pass over a JS/TS file: scopes, hoisted names, imports and exports, before any value is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from piiguard.flow.program import Binding, File, Function, Scope, property_name, string_value, text

FUNCTIONS = frozenset({
    "function_declaration", "generator_function_declaration", "function_expression", "generator_function",
    "arrow_function", "method_definition",
})  # fmt: skip
CLASSES = frozenset({"class_declaration", "class", "abstract_class_declaration"})
DECLARED_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})
_NESTED = frozenset({"statement_block", "switch_body", "class_body"})


def pattern_names(pattern: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The identifiers that a pattern binds, each with the properties that lead to it (array elements by index)."""
    kind = pattern.type
    if kind in ("identifier", "shorthand_property_identifier_pattern"):
        yield pattern, path if kind == "identifier" else (*path, text(pattern))
    elif kind in ("assignment_pattern", "object_assignment_pattern"):
        left = pattern.child_by_field_name("left")
        if left is not None:
            yield from pattern_names(left, path)
    elif kind == "pair_pattern":
        key, value = pattern.child_by_field_name("key"), pattern.child_by_field_name("value")
        if key is not None and value is not None:
            yield from pattern_names(value, (*path, property_name(key) or "*"))
    elif kind == "array_pattern":
        for index, child in enumerate(elements(pattern)):
            if child is not None:
                yield from pattern_names(child, (*path, str(index)))
    elif kind == "object_pattern":
        for child in pattern.named_children:
            yield from pattern_names(child, path)
    elif kind in ("rest_pattern", "required_parameter", "optional_parameter"):
        inner = pattern.child_by_field_name("pattern") or (
            pattern.named_children[0] if pattern.named_children else None
        )
        if inner is not None:
            yield from pattern_names(inner, path)


def elements(pattern: Node) -> Iterator[Node | None]:
    """The elements of an array pattern, None for a hole."""
    pending = True
    for child in pattern.children:
        if child.type == ",":
            if pending:
                yield None
            pending = True
        elif child.is_named and child.type != "comment":
            yield child
            pending = False


class Declarer:
    """Declares the names of one scope: `block` for let, const, class and functions, `function` for var."""

    def __init__(self, file: File) -> None:
        self.file = file

    def block(self, node: Node, scope: Scope) -> None:
        """Names declared directly in a block (or the module)."""
        for child in node.named_children:
            self.statement(child, scope)

    def statement(self, node: Node, scope: Scope) -> None:
        kind = node.type
        if kind == "import_statement":
            self._import(node, scope)
        elif kind == "export_statement":
            self._export(node, scope)
        elif kind in DECLARED_FUNCTIONS or kind in CLASSES:
            name = node.child_by_field_name("name")
            if name is not None:
                self.bind(name, "function" if kind in DECLARED_FUNCTIONS else "class", scope, value=node, node=node)
        elif kind == "lexical_declaration":
            for declarator in node.named_children:
                self.declarator(declarator, scope)
        elif kind == "expression_statement" and scope.parent is None:
            self._common_js(node, scope)

    def declarator(self, node: Node, scope: Scope) -> None:
        if node.type != "variable_declarator":
            return
        pattern, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if pattern is None:
            return
        for name, path in pattern_names(pattern):
            self.bind(name, "variable", scope, value=value, path=path)

    def vars(self, node: Node, scope: Scope) -> None:
        """`var` declarations anywhere in a function belong to the function."""
        for child in node.named_children:
            if child.type == "variable_declaration":
                for declarator in child.named_children:
                    self.declarator(declarator, scope)
            if child.type not in FUNCTIONS and child.type not in CLASSES:
                self.vars(child, scope)

    def bind(
        self,
        name: Node,
        kind: str,
        scope: Scope,
        *,
        value: Node | None = None,
        node: Node | None = None,
        path: tuple[str, ...] = (),
        module: str = "",
        export: str = "",
    ) -> None:
        label = text(name)
        if label not in scope.names:
            scope.names[label] = Binding(label, kind, self.file, scope, node or name, value, path, module, export)  # type: ignore[arg-type]

    # ------------------------------------------------------------ modules

    def _import(self, node: Node, scope: Scope) -> None:
        source = node.child_by_field_name("source")
        if source is None:
            return
        module = string_value(source)
        self.file.imports.append((module, node))
        clause = next((child for child in node.named_children if child.type == "import_clause"), None)
        for part in clause.named_children if clause else ():
            if part.type == "identifier":
                self.bind(part, "import", scope, module=module, export="default")
            elif part.type == "namespace_import" and part.named_children:
                self.bind(part.named_children[0], "import", scope, module=module, export="*")
            elif part.type == "named_imports":
                for specifier in part.named_children:
                    name, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
                    if name is not None:
                        self.bind(alias or name, "import", scope, module=module, export=text(name))

    def _export(self, node: Node, scope: Scope) -> None:
        exports = self.file.exports
        source = node.child_by_field_name("source")
        module = string_value(source) if source is not None else ""
        if module:
            self.file.imports.append((module, node))
        declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        default = any(child.type == "default" for child in node.children)
        if declaration is not None:
            self.statement(declaration, scope)
            if default:
                exports["default"] = (declaration, scope)
            for name in _declared_names(declaration):
                exports[text(name)] = (name, scope)
        elif value is not None:
            exports["default"] = (value, scope)
        for clause in node.named_children:
            if clause.type == "export_clause":
                self._export_clause(clause, module, scope)
            elif clause.type == "namespace_export" and clause.named_children:
                exports[text(clause.named_children[0])] = (module, "*")
        if module and any(child.type == "*" for child in node.children):
            self.file.star_exports.append(module)

    def _export_clause(self, clause: Node, module: str, scope: Scope) -> None:
        for specifier in clause.named_children:
            name, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
            if name is None:
                continue
            exported = text(alias or name)
            self.file.exports[exported] = (module, text(name)) if module else (name, scope)

    def _common_js(self, statement: Node, scope: Scope) -> None:
        """`module.exports = …`, `exports.name = …`."""
        node = statement.named_children[0] if statement.named_children else None
        if node is None or node.type != "assignment_expression":
            return
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression":
            return
        target = text(left)
        if target == "module.exports":
            self.file.common_js = True
            self.file.exports["default"] = (right, scope)
        elif target.startswith(("exports.", "module.exports.")):
            self.file.common_js = True
            self.file.exports[target.rpartition(".")[2]] = (right, scope)


def _declared_names(declaration: Node) -> Iterator[Node]:
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield name
    for declarator in declaration.named_children:
        pattern = declarator.child_by_field_name("name") if declarator.type == "variable_declarator" else None
        if pattern is not None:
            for bound, _ in pattern_names(pattern):
                yield bound


def returns(function: Function) -> Iterator[Node]:
    """The expressions that a function returns, without those of functions inside it."""
    body = function.node.child_by_field_name("body")
    todo = [body] if body is not None else []
    if body is not None and body.type != "statement_block":
        yield body
        return
    while todo:
        node = todo.pop()
        if node.type == "return_statement" and node.named_children:
            yield node.named_children[0]
        elif node.type not in FUNCTIONS:
            todo += node.named_children
