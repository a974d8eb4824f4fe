"""What calls do with data: functions of the app, callbacks, and the built-in functions that hand data on.

A call of something unknown hands nothing on: what a library does with a value is for rules to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from piiguard.flow.graph import ANY, BLUR, COPY, ELEMENT, LEAK, Graph, Op
from piiguard.flow.program import Call, Class, Function, Program, Ref, property_name, text

TESTS = frozenset({
    "includes", "startsWith", "endsWith", "test", "indexOf", "lastIndexOf", "has", "hasOwnProperty", "some", "every", "findIndex", "localeCompare",
    "Boolean", "Number", "parseInt", "parseFloat", "isNaN", "isArray", "Date", "now",
})  # fmt: skip
"""Calls whose result says something about a value, but does not hold it."""

_GROW = {"push": 0, "unshift": 0, "add": 0, "append": 1, "set": 1}
"""Methods that put an argument (from this index on, for 0; this one, otherwise) into their receiver."""

COPIES = frozenset({
    "trim", "trimEnd", "trimStart", "toLowerCase", "toUpperCase", "toLocaleLowerCase", "toLocaleUpperCase", "slice", "substring", "substr", "split", "replace", "replaceAll",
    "padStart", "padEnd", "normalize", "repeat", "toString", "valueOf", "concat", "filter", "sort", "reverse", "flat", "splice", "toSorted", "toReversed", "entries", "catch",
    "finally", "match", "update", "charAt", "trimLeft", "trimRight", "getReader", "asUser", "asApp",
})  # fmt: skip
"""Methods whose result holds their receiver."""
_WITH_ARGS = frozenset({"concat", "update", "replace", "replaceAll"})
_ELEMENTS = frozenset({"pop", "shift", "at", "find", "findLast", "get", "join", "next", "values"})
"""Methods whose result is an element (or, joined, all elements) of their receiver."""

_GLOBAL_COPIES = frozenset({
    "JSON.stringify", "JSON.parse", "String", "Object.assign", "Array.from", "Array.of", "Promise.all", "Promise.allSettled", "Promise.race", "Promise.any",
    "Promise.resolve", "encodeURIComponent", "encodeURI", "decodeURIComponent", "decodeURI", "btoa", "atob", "Buffer.from", "structuredClone", "URLSearchParams", "Set",
    "FormData", "Error", "TypeError", "Blob", "Object.freeze", "Array", "util.inspect", "inspect", "querystring.stringify", "escape", "unescape", "URL", "Request", "Headers",
    "cloneDeep", "_.cloneDeep", "pick", "_.pick", "omit", "_.omit", "merge", "_.merge", "storageClone", "qs.stringify",
})  # fmt: skip
"""Functions and constructors whose result holds their arguments."""
_STEPS = {
    "Object.values": (Op("read", ANY), Op("write", ELEMENT)),
    "Object.entries": (Op("read", ANY), Op("write", "1"), Op("write", ELEMENT)),
    "Object.fromEntries": (Op("read", ELEMENT), Op("read", "1"), Op("write", ANY)),
    "Map": (Op("read", ELEMENT), Op("read", "1"), Op("write", ELEMENT)),
}
"""Functions whose result holds parts of their first argument in another arrangement."""


class Callback(NamedTuple):
    """How a method uses the function that it is given."""

    params: tuple[str, ...]
    """What each parameter gets: `element`, `receiver`, `result` (of an earlier round), or nothing."""
    result: str
    """What the method's result is: `list` of the returned, `returned`, `receiver`, `element`, or nothing."""
    position: int = 0


CALLBACKS = {
    "map": Callback(("element",), "list"),
    "flatMap": Callback(("element",), "returned"),
    "forEach": Callback(("element",), ""),
    "filter": Callback(("element",), "receiver"),
    "find": Callback(("element",), "element"),
    "findLast": Callback(("element",), "element"),
    "some": Callback(("element",), ""),
    "every": Callback(("element",), ""),
    "findIndex": Callback(("element",), ""),
    "sort": Callback(("element", "element"), "receiver"),
    "toSorted": Callback(("element", "element"), "receiver"),
    "reduce": Callback(("result", "element"), "returned"),
    "reduceRight": Callback(("result", "element"), "returned"),
    "then": Callback(("receiver",), "returned"),
}


def callee_name(call: Call) -> str:
    """The last name of the callee: `set` of `storage.entity('x').set`."""
    prop = call.callee.child_by_field_name("property")
    return text(prop if prop is not None else call.callee)


def tests_only(call: Call) -> bool:
    return callee_name(call) in TESTS and call.node.type == "call_expression"


def mutations(call: Call) -> Iterator[tuple[Node, str, int]]:
    """What the call puts where: target, property (empty: all properties), graph node of the value."""
    target = call.callee.child_by_field_name("object")
    if text(call.callee) == "Object.assign" and call.args:
        for _, value in call.args[1:]:
            yield call.args[0][0], "", value
        return
    first = _GROW.get(callee_name(call)) if target is not None and call.callee.type == "member_expression" else None
    if first is None or target is None or _imported(call, target):
        return
    for node, value in call.args[first:]:
        yield target, "" if node.type == "spread_element" else ELEMENT, value


def _imported(call: Call, target: Node) -> bool:
    """`storage.set(…)` of a package changes no variable of ours."""
    binding = call.scope.find(text(target)) if target.type == "identifier" else None
    return binding is not None and binding.kind == "import"


# ---------------------------------------------------------------- linking, when all files are known


def link(program: Program, graph: Graph) -> None:
    """Connect every call with what it calls."""
    for call in program.calls:
        ref = program.resolve(call.callee, call.scope, call.file)
        if ref is not None and ref.kind == "function" and ref.function:
            _link_function(program, graph, call, ref.function)
        elif ref is not None and ref.kind == "class" and ref.owner:
            _link_class(program, graph, call, ref.owner)
        elif not _link_setter(program, graph, call) and not _link_callback(program, graph, call):
            _link_builtin(graph, call)
    _forget_constants(program, graph)


def _forget_constants(program: Program, graph: Graph) -> None:
    """A parameter that every caller fills with a literal is no personal data, whatever its name says."""
    constant = {
        param
        for function in program.functions
        for position, param in enumerate(function.params)
        if (callers := program.callers.get(function.number)) and not any(call.args[position : position + 1] and call.args[position][1] for call in callers)
    }
    graph.origins = [origin for origin in graph.origins if origin.node not in constant]


def _link_function(program: Program, graph: Graph, call: Call, function: Function) -> None:
    program.callers.setdefault(function.number, []).append(call)
    enter = Op("call", site=call.number)
    for position, (_, value) in enumerate(call.args):
        if position < len(function.params):
            graph.edge(value, function.params[position], enter)
        elif function.rest:
            inside = graph.node(graph.places[function.rest])
            graph.edge(value, inside, Op("write", ELEMENT))
            graph.edge(inside, function.rest, enter)
    graph.edge(function.result, call.result, Op("return", site=call.number))


def _link_class(program: Program, graph: Graph, call: Call, owner: Class) -> None:
    constructor = owner.methods.get("constructor")
    if constructor is not None:
        _link_function(program, graph, call, constructor)
    graph.edge(owner.this, call.result, LEAK)


def _link_setter(program: Program, graph: Graph, call: Call) -> bool:
    """`const [value, setValue] = useState()`: what `setValue` gets, `value` has."""
    binding = call.scope.find(text(call.callee)) if call.callee.type == "identifier" else None
    if binding is None or binding.path != ("1",) or binding.value is None:
        return False
    state = next((other for other in binding.scope.names.values() if other.value == binding.value and other.path == ("0",)), None)
    if state is None or not call.args:
        return False
    node, value = call.args[0]
    if not state.cell:
        return True
    graph.edge(value, state.cell)
    updater = function_of(program, call, node)
    if updater:
        graph.edge(updater.result, state.cell)
    return True


def function_of(program: Program, call: Call, node: Node) -> Function | None:
    """The function that an argument is, written in place or named."""
    ref: Ref | None = program.resolve(node, call.scope, call.file)
    return ref.function if ref is not None and ref.kind == "function" else None


def _link_callback(program: Program, graph: Graph, call: Call) -> bool:
    how = CALLBACKS.get(callee_name(call)) if call.callee.type == "member_expression" else None
    function = function_of(program, call, call.args[how.position][0]) if how and len(call.args) > how.position else None
    if how is None or function is None:
        return False
    for param, what in zip(function.params, how.params, strict=False):
        if what == "element":
            graph.edge(call.receiver, param, Op("read", ELEMENT))
        elif what == "receiver":
            graph.edge(call.receiver, param)
        elif what == "result":
            graph.edge(function.result, param)
            for _, value in call.args[1:2]:
                graph.edge(value, param)
    outcome = {
        "list": (function.result, Op("write", ELEMENT)),
        "returned": (function.result, COPY),
        "receiver": (call.receiver, COPY),
        "element": (call.receiver, Op("read", ELEMENT)),
    }.get(how.result)
    if outcome:
        graph.edge(outcome[0], call.result, outcome[1])
    return True


def _link_builtin(graph: Graph, call: Call) -> None:
    name, full = callee_name(call), text(call.callee)
    if full in _GLOBAL_COPIES:
        for node, value in call.args:
            graph.edge(value, call.result, Op("read", ELEMENT) if node.type == "spread_element" else COPY)
    elif full in _STEPS and call.args:
        chain(graph, call.args[0][1], call.result, *_STEPS[full])
    elif name in ("useState", "useRef") and call.args:
        graph.edge(call.args[0][1], call.result, Op("write", ELEMENT if name == "useState" else "current"))
    elif name == "json":
        graph.edge(call.receiver, call.result, Op("read", "json()"))
    elif name == "digest":
        graph.edge(call.receiver, call.result, Op("become", "pseudonymised"))
    elif name in _ELEMENTS:
        graph.edge(call.receiver, call.result, Op("read", ELEMENT))
    elif name in COPIES:
        graph.edge(call.receiver, call.result, BLUR)
        for _, value in call.args if name in _WITH_ARGS else ():
            graph.edge(value, call.result, BLUR)


def chain(graph: Graph, source: int, target: int, *ops: Op) -> None:
    """Several things happen to a value on its way."""
    for op in ops[:-1]:
        inner = graph.node(graph.places[target])
        graph.edge(source, inner, op)
        source = inner
    graph.edge(source, target, ops[-1])


def named_argument(call: Call, position: int, name: str) -> Node | None:
    """Property `name` of the object literal at `position`."""
    if position >= len(call.args) or call.args[position][0].type != "object":
        return None
    for pair in call.args[position][0].named_children:
        key = pair.child_by_field_name("key")
        if pair.type == "pair" and key is not None and property_name(key) == name:
            return pair.child_by_field_name("value")
    return None
