"""Imported values: an import is another name of the variable that is exported."""

from __future__ import annotations

from piiguard.flow.graph import COPY, LEAK, Graph, Op, Place
from piiguard.flow.program import RESOLVE_DEPTH, Binding, File, Program, Scope, span, string_value, text


def link(program: Program, graph: Graph) -> None:
    """Connect every import, `require` and `import()` with what it means."""
    modules = _Modules(program, graph)
    for file in program.files.values():
        for binding in file.scope.names.values():
            if binding.kind == "import" and binding.cell:
                found = modules.imported(binding, RESOLVE_DEPTH)
                graph.edge(found, binding.cell, LEAK)
                graph.edge(binding.cell, found, LEAK)
    for call in program.calls:
        if text(call.callee) in ("require", "import") and call.args and call.args[0][0].type == "string":
            target = program.file_of(call.file, string_value(call.args[0][0]))
            if target is not None:
                graph.edge(modules.namespace(target), call.result, LEAK)


class _Modules:
    def __init__(self, program: Program, graph: Graph) -> None:
        self._program = program
        self._graph = graph
        self._namespaces: dict[int, int] = {}

    def imported(self, binding: Binding, depth: int) -> int:
        return self._of_module(binding.file, binding.module, binding.export, depth)

    def _of_module(self, importer: File, module: str, name: str, depth: int) -> int:
        target = self._program.file_of(importer, module)
        if target is None or depth <= 0:
            return 0
        return self.namespace(target) if name == "*" else self.exported(target, name, depth - 1)

    def exported(self, file: File, name: str, depth: int) -> int:
        """Graph node of an exported variable or expression; 0: none."""
        found = file.exports.get(name)
        if found is None:
            return self._indirect(file, name, depth)
        if isinstance(found[0], str):
            return self._of_module(file, found[0], str(found[1]), depth)
        node, scope = found
        if node.type == "identifier" and isinstance(scope, Scope):
            binding = scope.find(text(node))
            if binding is None:
                return 0
            return self.imported(binding, depth) or binding.cell if binding.kind == "import" else binding.cell
        function = file.functions.get(span(node))
        return function.value if function is not None and function.value else file.values.get(span(node), 0)

    def _indirect(self, file: File, name: str, depth: int) -> int:
        """Through `export *`, or as a property of `module.exports = …`."""
        for module in file.star_exports:
            found = self._of_module(file, module, name, depth)
            if found:
                return found
        if not file.common_js:
            return 0
        whole = self.namespace(file)
        if name == "default":
            return whole
        part = self._graph.node(self._graph.places[whole])
        self._graph.edge(whole, part, Op("read", name))
        return part

    def namespace(self, file: File) -> int:
        """Graph node of all that a module exports, each under its name."""
        if file.index in self._namespaces:
            return self._namespaces[file.index]
        root = file.root
        made = self._namespaces[file.index] = self._graph.node(self._place(file, root.start_byte))
        for name in file.exports:
            whole = name == "default" and file.common_js
            self._graph.edge(self.exported(file, name, RESOLVE_DEPTH), made, COPY if whole else Op("write", name))
        for module in file.star_exports:
            target = self._program.file_of(file, module)
            if target is not None:
                self._graph.edge(self.namespace(target), made)
        return made

    @staticmethod
    def _place(file: File, start: int) -> Place:
        return Place(file.index, start, start, 0)
