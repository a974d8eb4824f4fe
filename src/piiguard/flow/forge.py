"""Forge's own entry points: what the platform hands to handlers (the manifest says which) and to resolver functions."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from piiguard.flow.calls import callee_name, function_of
from piiguard.flow.graph import Graph
from piiguard.flow.program import Call, File, Function, Program, Scope, parameter_position, property_name, text
from piiguard.flow.wrappers import function_name
from piiguard.model import App, Confidence, Module

HANDLER_SHAPES: dict[str, tuple[str, ...]] = {
    "trigger": ("product-event", "function-context"),
    "webtrigger": ("webtrigger-request", "function-context"),
    "consumer": ("queue-event", "function-context"),
    "fifoConsumer": ("queue-event", "function-context"),
    "scheduledTrigger": ("", "function-context"),
    "action": ("action-payload", "function-context"),
    "apiRoute": ("webtrigger-request", "function-context"),
    "jira:workflowValidator": ("product-event", "function-context"),
    "jira:workflowCondition": ("product-event", "function-context"),
    "jira:workflowPostFunction": ("product-event", "function-context"),
}
"""Kind of module -> shapes of its handler's parameters (forge-facts: events, web triggers, function reference)."""
_OTHER = ("", "function-context")
LIFECYCLE = "avi:forge:"
RESOLVER_SHAPES = ("resolver-request",)
_SPREADS = 4
"""Objects that are spread into one another, at most."""
_FIRST = ("event", "req", "request", "payload", "args")


def entries(app: App, program: Program, graph: Graph) -> None:
    """Give the parameters of the app's entry points their shapes."""
    by_function: dict[str, list[Module]] = {}
    for module in app.manifest.modules:
        if module.function:
            by_function.setdefault(module.function, []).append(module)
    known: set[int] = set()
    for declared in app.manifest.functions:
        function = handler(app, program, declared.handler)
        for module in by_function.get(declared.key, []):
            if function is not None:
                known.add(function.number)
                _shape(graph, function, _shapes_of(module), f"handler of {module.kind} `{module.key}`")
    for definition in definitions(program):
        _shape(graph, definition.function, RESOLVER_SHAPES, "request of a resolver")
    for function in _signed_like_handlers(program):
        if function.number not in known:
            shapes = (*RESOLVER_SHAPES, "function-context")
            _shape(graph, function, shapes, "request, as the parameters' names tell", "likely")


def _shapes_of(module: Module) -> tuple[str, ...]:
    events = module.data.get("events")
    if isinstance(events, list) and any(isinstance(event, str) and event.startswith(LIFECYCLE) for event in events):
        return ("lifecycle-event", "function-context")
    if isinstance(module.data.get("resolver"), dict):
        return (*RESOLVER_SHAPES, "function-context")
    return HANDLER_SHAPES.get(module.kind, _OTHER)


def _shape(
    graph: Graph, function: Function, shapes: tuple[str, ...], note: str, confidence: Confidence = "sure"
) -> None:
    for node, shape in zip(function.params, shapes, strict=False):
        if shape:
            graph.origin(node, shape, confidence, note)


def _signed_like_handlers(program: Program) -> Iterator[Function]:
    """Exported functions `(event, context)` that nothing in the app calls: entry points not found by their names."""
    for file in program.files.values():
        for name in file.exports:
            ref = program.export_ref(file, name, 4)
            function = ref.function if ref is not None and ref.kind == "function" else None
            if (
                function is not None
                and function.file is file
                and function.number not in program.callers
                and _handler_names(function)
            ):
                yield function


def _handler_names(function: Function) -> bool:
    return (
        any(parameter_position(function.node, name) == 0 for name in _FIRST)
        and parameter_position(function.node, "context") == 1
    )


def handler(app: App, program: Program, reference: str) -> Function | None:
    """The function behind `file.export` of the manifest."""
    module, _, name = reference.rpartition(".")
    file = _handler_file(app, program, module)
    ref = program.export_ref(file, name, 8) if file is not None else None
    return ref.function if ref is not None and ref.kind == "function" else None


def webtriggers(app: App, program: Program) -> Iterator[Function]:
    """The handlers of web triggers that answer what they like (not a static response)."""
    handlers = {function.key: function.handler for function in app.manifest.functions}
    for module in app.manifest.modules:
        response = module.data.get("response")
        if module.kind == "webtrigger" and not (isinstance(response, dict) and response.get("type") == "static"):
            function = handler(app, program, handlers.get(module.function or "", ""))
            if function is not None:
                yield function


def _handler_file(app: App, program: Program, module: str) -> File | None:
    root = "" if app.root == "." else app.root + "/"
    for folder in ("src/", ""):
        path = program.finder.file(posixpath.normpath(f"{root}{folder}{module}"))
        if path:
            return program.files[path]
    return None


class Definition(NamedTuple):
    """A resolver function: the call that defines it, its key (an expression, or a name in an object), the function."""

    call: Call
    key: Node | str
    function: Function


def definitions(program: Program) -> Iterator[Definition]:
    """What `resolver.define(key, fn)` and `makeResolver({key: fn})` define."""
    for call in program.calls:
        name = callee_name(call)
        if name == "define" and len(call.args) > 1 and _is_resolver(program, call):
            function = function_of(program, call, call.args[1][0])
            if function is not None:
                yield Definition(call, call.args[0][0], function)
                continue
            for function in program.defined.get(call.number, {}).values():
                yield Definition(call, function_name(function), function)
        elif name == "makeResolver" and call.args and _is_resolver(program, call):
            for key, function in _methods(program, call.args[0][0], call.scope, call.file):
                yield Definition(call, key, function)


def _is_resolver(program: Program, call: Call) -> bool:
    """Is the call one of @forge/resolver?"""
    return "@forge/resolver#*" in program.roots(call.callee, call.scope, call.file)[0]


def _methods(
    program: Program, node: Node, scope: Scope, file: File, depth: int = _SPREADS
) -> Iterator[tuple[str, Function]]:
    """The functions of an object, by name, with those of the objects that are spread into it."""
    made = program.resolve(node, scope, file)
    if made is None or made.node is None or made.scope is None or made.file is None or not depth:
        return
    for child in made.node.named_children:
        if child.type == "spread_element":
            yield from _methods(program, child.named_children[0], made.scope, made.file, depth - 1)
            continue
        key = child.child_by_field_name("key") or child.child_by_field_name("name")
        name = property_name(key) if key is not None else text(child)
        ref = program.member(made, name, depth) if name else None
        if name and ref is not None and ref.function is not None:
            yield name, ref.function
