"""Functions of packages that may give back what they get: `convert(html)`, `format(name)`.

What a package does with a value is not known. A function that answers at once, and that no rule knows, hands a text on
as likely: else a text that passed through one would be lost from sight.
"""

from __future__ import annotations

from collections.abc import Container

from piiguard.flow.clients import answers_later
from piiguard.flow.graph import PASS, Graph
from piiguard.flow.program import Call, Program, Span, span

_KNOWN = ("@forge/", "react", "crypto", "node:crypto", ".", "/")
"""Packages whose functions are known to the graph or to rules, or give back something else."""


def link(program: Program, graph: Graph, marked: Container[tuple[str, Span]]) -> None:
    """Let texts pass. `marked`: path and span of the calls that a rule knows."""
    for call in program.calls:
        if (call.file.source.path, span(call.node)) not in marked and _hands_on(program, call):
            for _, value in call.args:
                graph.edge(value, call.result, PASS)


def _hands_on(program: Program, call: Call) -> bool:
    ref = program.resolve(call.callee, call.scope, call.file)
    return (
        ref is not None
        and ref.kind == "import"
        and len(ref.chain) <= 1
        and call.node.type == "call_expression"
        and not ref.name.startswith(_KNOWN)
        and not answers_later(call.node)
    )
