"""What calls do with data: functions of the app, callbacks, and the built-in functions that hand data on.

A call of something unknown hands nothing on: what a library does with a value is for rules to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from piiguard.flow import hooks, imports
from piiguard.flow.failures import after_failure
from piiguard.flow.graph import ANY, BLUR, COPY, ELEMENT, ENTRY, KEY, LEAK, MASK, TEXT, Graph, Op
from piiguard.flow.links import Application, Links, arguments, chain
from piiguard.flow.program import Call, Class, Function, Program, Ref, text

TESTS = frozenset({
    "includes", "startsWith", "endsWith", "test", "indexOf", "lastIndexOf", "has", "hasOwnProperty", "some", "every",
    "findIndex", "localeCompare",
    "Boolean", "Number", "parseInt", "parseFloat", "isNaN", "isArray", "Date", "now",
})  # fmt: skip
"""Calls whose result says something about a value, but does not hold it."""

_GROW: dict[str, dict[int, tuple[str, ...]]] = {
    "push": {0: (ELEMENT,)},
    "unshift": {0: (ELEMENT,)},
    "add": {0: (ELEMENT,)},
    "fill": {0: (ELEMENT,)},
    "splice": {2: (ELEMENT,)},
    "append": {0: (ENTRY, "0"), 1: (ENTRY, "1")},
    "set": {0: (ENTRY, "0"), 1: (ENTRY, "1")},
}
"""Methods that put arguments into their receiver: under which properties each goes; a list takes all from the first
on."""
_LISTS = frozenset({"push", "unshift", "add", "fill", "splice"})
_STATIC_GROW = {"Object.assign": (), "Object.defineProperty": (ANY,)}
"""Functions that put their later arguments into the first one."""

COPIES = frozenset({
    "trim", "trimEnd", "trimStart", "toLowerCase", "toUpperCase", "toLocaleLowerCase", "toLocaleUpperCase", "slice",
    "substring", "substr", "split", "replace", "replaceAll",
    "padStart", "padEnd", "normalize", "with", "toSpliced", "fill", "repeat", "toString", "valueOf", "concat",
    "filter", "sort", "reverse", "flat", "splice", "toSorted", "toReversed", "catch",
    "finally", "match", "update", "charAt", "trimLeft", "trimRight", "getReader", "asUser", "asApp",
})  # fmt: skip
"""Methods whose result holds their receiver."""
_WITH_ARGS = frozenset({"concat", "update", "replace", "replaceAll", "padStart", "padEnd", "with", "fill"})
_GLOBAL_COPIES = frozenset({
    "JSON.stringify", "JSON.parse", "Object.assign", "Array.from", "Promise.all",
    "Promise.resolve", "decodeURIComponent", "decodeURI", "btoa", "atob",
    "Buffer.from", "structuredClone", "URLSearchParams", "Set",
    "FormData", "Blob", "Object.freeze", "Object.create", "Array", "util.inspect", "inspect", "querystring.stringify",
    "escape", "unescape", "URL", "Request", "Headers",
    "cloneDeep", "_.cloneDeep", "pick", "_.pick", "omit", "_.omit", "merge", "_.merge", "storageClone", "qs.stringify",
})  # fmt: skip
"""Functions and constructors whose result holds their arguments."""
_TO_TEXT = frozenset({"String", "encodeURIComponent", "encodeURI"})
"""Functions that make a text of their argument as a whole."""
_STEPS = {
    "Object.keys": ((Op("read", KEY), Op("write", ELEMENT)),),
    "Object.values": ((Op("read", ANY), Op("write", ELEMENT)),),
    "Object.entries": (
        (Op("read", KEY), Op("write", "0"), Op("write", ELEMENT)),
        (Op("read", ANY), Op("write", "1"), Op("write", ELEMENT)),
    ),
    "Object.fromEntries": (
        (Op("read", ELEMENT), Op("read", "0"), Op("write", KEY)),
        (Op("read", ELEMENT), Op("read", "1"), Op("write", ANY)),
    ),
    "Map": ((Op("read", ELEMENT), Op("write", ENTRY)),),
    "WeakMap": ((Op("read", ELEMENT), Op("write", ENTRY)),),
    "Array.of": ((Op("write", ELEMENT),),),
    "Promise.allSettled": ((Op("read", ELEMENT), Op("write", "value"), Op("write", ELEMENT)),),
    "Promise.race": ((Op("read", ELEMENT),),),
    "Promise.any": ((Op("read", ELEMENT),),),
}
"""Functions whose result holds parts of their arguments in another arrangement: the ways there."""
_VALUE = ((Op("drop", ENTRY), Op("read", ELEMENT)), (Op("read", ENTRY), Op("read", "1")))
"""A value of a list, or of a Map."""
_VIEWS = {
    "get": _VALUE,
    "values": ((Op("drop", ENTRY), BLUR), (Op("read", ENTRY), Op("read", "1"), Op("write", ELEMENT))),
    "keys": ((Op("read", ENTRY), Op("read", "0"), Op("write", ELEMENT)),),
    "entries": (
        (Op("drop", ENTRY), Op("read", ELEMENT), Op("write", "1"), Op("write", ELEMENT)),
        (Op("read", ENTRY), Op("write", ELEMENT)),
    ),
    "next": ((Op("read", ELEMENT), Op("write", "value")),),
    "json": ((Op("read", "json()"),),),
    "digest": ((Op("become", "pseudonymised"),),),
    **dict.fromkeys(("pop", "shift", "at", "find", "findLast", "join"), ((Op("read", ELEMENT),),)),
}
"""Methods whose result holds parts of their receiver in another arrangement: the ways there."""


class Callback(NamedTuple):
    """How a method uses the function that it is given."""

    params: tuple[str, ...]
    """What each parameter gets: `element`, `receiver`, `result` (of an earlier round), or nothing."""
    result: tuple[str, ...]
    """What the method's result is: `list` of the returned, `returned`, `receiver`, `element`."""
    position: int = 0


_EACH = ("element", "", "receiver")
_FOLD = ("result", "element", "", "receiver")
CALLBACKS = {
    "map": Callback(_EACH, ("list",)),
    "flatMap": Callback(_EACH, ("returned",)),
    "forEach": Callback(_EACH, ()),
    "filter": Callback(_EACH, ("receiver",)),
    "find": Callback(_EACH, ("element",)),
    "findLast": Callback(_EACH, ("element",)),
    "some": Callback(_EACH, ()),
    "every": Callback(_EACH, ()),
    "findIndex": Callback(_EACH, ()),
    "sort": Callback(("element", "element"), ("receiver",)),
    "toSorted": Callback(("element", "element"), ("receiver",)),
    "reduce": Callback(_FOLD, ("returned",)),
    "reduceRight": Callback(_FOLD, ("returned",)),
    "then": Callback(("receiver",), ("returned",)),
    "catch": Callback((), ("receiver", "returned")),
    "finally": Callback((), ("receiver",)),
    "replace": Callback(("receiver",), ("receiver", "returned"), 1),
    "from": Callback(("",), ("list",), 1),
}


_HOLDS_NOTHING = re.compile(r"(Error|Client|Controller|Observer|Date|Promise|Worker|Proxy)$")
"""Classes of others whose instances are not what they were made with: a message holds its text, a client does not."""


def callee_name(call: Call) -> str:
    """The last name of the callee: `set` of `storage.entity('x').set`."""
    prop = call.callee.child_by_field_name("property")
    return text(prop if prop is not None else call.callee)


def tests_only(call: Call) -> bool:
    return callee_name(call) in TESTS and call.node.type == "call_expression"


def mutations(call: Call) -> Iterator[tuple[Node, tuple[str, ...], int]]:
    """What the call puts where: target, properties (none: all of the value's), graph node of the value."""
    target = call.callee.child_by_field_name("object")
    into = _STATIC_GROW.get(text(call.callee))
    if into is not None and call.args:
        for _, value in call.args[1:]:
            yield call.args[0][0], into, value
        return
    if target is None or call.callee.type != "member_expression" or _imported(call, target):
        return
    for _, path, value in grown(call):
        yield target, path, value


def grown(call: Call) -> Iterator[tuple[Node, tuple[str, ...], int]]:
    """The arguments that the method puts into its receiver: syntax, properties, graph node."""
    name = callee_name(call)
    for position, path in _GROW.get(name, {}).items():
        for node, value in call.args[position : None if name in _LISTS else position + 1]:
            yield node, path, value


def _imported(call: Call, target: Node) -> bool:
    """`storage.set(…)` of a package changes no variable of ours."""
    binding = call.scope.find(text(target)) if target.type == "identifier" else None
    return binding is not None and binding.kind == "import" and not binding.module.startswith(".")


# ---------------------------------------------------------------- linking, when all files are known


def link(program: Program, graph: Graph) -> None:
    """Connect every call with what it calls."""
    imports.link(program, graph)
    links = Links(program, graph)
    for call in (*program.calls, *program.elements):
        _link_call(links, call)
    links.follow()
    _forget_constants(program, graph)


def _link_call(links: Links, call: Call) -> None:
    ref = links.program.resolve(call.callee, call.scope, call.file)
    if ref is not None and ref.kind == "function" and ref.function:
        links.program.callers.setdefault(ref.function.number, []).append(call)
        links.function(ref.function, _application(links, call))
        if _reassigned(call):
            links.wait(_application(links, call))
    elif ref is not None and ref.kind == "class" and ref.owner:
        _link_class(links, call, ref.owner)
    else:
        links.wait(_application(links, call))
        _keep_defined(links, call)
        hook = hooks.hook_of(callee_name(call))
        if hook is not None:
            hook(links, call)
        elif not _link_callback(links, call):
            _link_builtin(links, call)


def _keep_defined(links: Links, call: Call) -> None:
    """`resolver.define(key, handler)` in a loop over a table of handlers: which functions it may be given."""
    if callee_name(call) == "define" and len(call.args) > 1:
        defined = links.program.defined.setdefault(call.number, {})
        links.on_function(call.args[1][1], lambda function, _: defined.update({function.number: function}))


def _application(links: Links, call: Call) -> Application:
    return Application(call, call.callee_value, arguments(links.graph, call), call.result, held=tuple(call.held))


def _reassigned(call: Call) -> bool:
    binding = call.scope.find(text(call.callee)) if call.callee.type == "identifier" else None
    return binding is not None and binding.reassigned


def _forget_constants(program: Program, graph: Graph) -> None:
    """A parameter that every caller fills with a literal, or with what names say nothing of, is no personal data."""
    constant = {
        param
        for function in program.functions
        for position, param in enumerate(function.params)
        if (callers := program.callers.get(function.number))
        and not any(_may_be_told(program, call, position) for call in callers)
    }
    graph.origins = [origin for origin in graph.origins if origin.node not in constant]


def _may_be_told(program: Program, call: Call, position: int) -> bool:
    value = call.args[position][1] if position < len(call.args) else 0
    return bool(value) and value not in program.nameless


def _link_class(links: Links, call: Call, owner: Class) -> None:
    made: Class | None = owner
    while made is not None and "constructor" not in made.methods:
        made = links.base_of(made)
    if made is not None:
        constructor = made.methods["constructor"]
        links.program.callers.setdefault(constructor.number, []).append(call)
        links.function(constructor, Application(call, 0, arguments(links.graph, call), 0))
    links.graph.edge(owner.this, call.result, LEAK)
    if call.node.type.startswith("jsx"):
        chain(links.graph, call.args[0][1], owner.this, LEAK, Op("write", "props"))


def _link_callback(links: Links, call: Call) -> bool:
    """`list.map(fn)`, `promise.then(fn)`: the function is called with parts of the receiver."""
    graph = links.graph
    how = CALLBACKS.get(callee_name(call)) if call.callee.type == "member_expression" else None
    if how is None or len(call.args) <= how.position:
        return False
    node, function = call.args[how.position]
    # What stands second is more often a value: only a function that is seen to be one counts.
    certain = how.position == 0 or function_of(links.program, call, node) is not None
    if not certain or not links.is_function(call, node):
        return False
    receiver = call.args[0][1] if callee_name(call) == "from" else call.receiver
    returned, element = graph.node(graph.places[call.result]), graph.node(graph.places[call.result])
    for way in _VALUE:
        chain(graph, receiver, element, *way)
    earlier = graph.node(graph.places[call.result]) if "result" in how.params else 0
    graph.edge(returned, earlier)
    for _, value in call.args[1:2]:
        graph.edge(value, earlier)
    given = {"element": element, "receiver": receiver, "result": earlier, "": 0}
    handed = ["element"] if callee_name(call) == "from" else how.params
    links.wait(Application(call, function, tuple(given[what] for what in handed), returned))
    outcome = {
        "list": (returned, Op("write", ELEMENT)),
        "returned": (returned, COPY),
        "receiver": (receiver, COPY),
        "element": (element, COPY),
    }
    for what in how.result:
        graph.edge(outcome[what][0], call.result, outcome[what][1])
    return True


def _link_builtin(links: Links, call: Call) -> None:
    graph, name, full = links.graph, callee_name(call), text(call.callee)
    if full in _GLOBAL_COPIES:
        for node, value in call.args:
            graph.edge(value, call.result, Op("read", ELEMENT) if node.type == "spread_element" else COPY)
    elif full in _TO_TEXT:
        for node, value in call.args:
            binding = call.scope.find(text(node)) if node.type == "identifier" else None
            whole = binding is not None and binding.kind == "param"
            graph.edge(value, call.result, TEXT if whole else COPY)
    elif full in _STEPS:
        for _, value in call.args:
            for way in _STEPS[full]:
                chain(graph, value, call.result, *way)
    elif call.receiver and name in _VIEWS:
        for way in _VIEWS[name] if name != "json" or not after_failure(call.node) else ():
            chain(graph, call.receiver, call.result, *way)
    elif name in COPIES:
        graph.edge(call.receiver, call.result, MASK if masks(call) else BLUR)
        for _, value in call.args if name in _WITH_ARGS else ():
            graph.edge(value, call.result, BLUR)
    elif name == "exec" and call.callee.type == "member_expression":
        for _, value in call.args:
            graph.edge(value, call.result)
    elif name in _GROW and _made_here(call):
        graph.edge(call.receiver, call.result)
        for _, path, value in grown(call):
            chain(graph, value, call.result, *(Op("write", step) for step in reversed(path)))
    elif name == "map" and call.args and text(call.args[0][0]) in _GLOBAL_COPIES | _TO_TEXT:
        graph.edge(call.receiver, call.result)
    elif call.node.type == "new_expression" and not _HOLDS_NOTHING.search(name):
        for _, value in call.args:
            graph.edge(value, call.result, BLUR)


def _made_here(call: Call) -> bool:
    """`new Map().set(k, v)`, and its like: a collection that is built in one expression."""
    base = call.callee.child_by_field_name("object")
    while base is not None and base.type == "call_expression":
        callee = base.child_by_field_name("function")
        base = callee.child_by_field_name("object") if callee is not None else None
    return (
        base is not None
        and base.type == "new_expression"
        and text(base.child_by_field_name("constructor") or base)
        in ("Map", "Set", "WeakMap", "FormData", "URLSearchParams", "Headers")
    )


def masks(call: Call) -> bool:
    """Is no more left of a text than a few characters, or is the rest replaced by asterisks?"""
    name, given = callee_name(call), [text(node).replace(" ", "") for node, _ in call.args]
    if name in ("replace", "replaceAll"):
        return len(given) > 1 and _ASTERISKS.search(given[1]) is not None
    if name == "charAt":
        return True
    if name not in ("slice", "substring", "substr") or not all(_INTEGER.fullmatch(value) for value in given):
        return False
    numbers = [int(value) for value in given]
    if len(numbers) != 2:
        return len(numbers) == 1 and name != "substring" and -_FEW <= numbers[0] < 0
    length = numbers[1] if name == "substr" else numbers[1] - numbers[0]
    return 0 <= length <= _FEW and (numbers[1] > 0 or numbers[0] < 0)


_FEW = 8
"""Characters of a text that may be shown: its last four, the prefix of a key."""
_ASTERISKS = re.compile(r"^[\"'`].*(\*\*\*|•)|^[\"'`](\*|•)[\"'`]$")
_INTEGER = re.compile(r"-?\d{1,9}")


def function_of(program: Program, call: Call, node: Node) -> Function | None:
    """The function that an argument is, written in place or named."""
    ref: Ref | None = program.resolve(node, call.scope, call.file)
    return ref.function if ref is not None and ref.kind == "function" else None
