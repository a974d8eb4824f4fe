"""The app's own log and analytics wrappers: `logger.info(user)` is a log line, `trackEvent(…)` is tracking.

A wrapper is a function that leads to such a place and whose name, class or file says that this is what it is for. The
observation then stands where data enters the wrapper, as a reader of the calling code would see it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from tree_sitter import Node

from piiguard.facts import names
from piiguard.flow.declarations import FUNCTIONS
from piiguard.flow.program import Call, File, Function, Program, property_name, span, string_value, text

LOG_WORDS = frozenset(
    {
        "log",
        "logs",
        "logger",
        "logging",
        "print",
        "debug",
        "info",
        "warn",
        "warning",
        "error",
        "errors",
        "trace",
        "dump",
    }
)
TRACKING_WORDS = frozenset({
    "analytics", "analytic", "track", "tracking", "tracker", "telemetry", "metrics", "identify", "segment", "amplitude",
    "mixpanel", "posthog",
})  # fmt: skip


def function_name(function: Function) -> str:
    """A function's own name, or the one of the variable or property that it is put into."""
    if function.name:
        return function.name
    parent = function.node.parent
    while parent is not None and parent.type in (
        "parenthesized_expression",
        "arguments",
        "call_expression",
        "await_expression",
    ):
        parent = parent.parent
    field = {"variable_declarator": "name", "pair": "key", "assignment_expression": "left"}.get(
        parent.type if parent else ""
    )
    key = parent.child_by_field_name(field) if parent is not None and field else None
    return (property_name(key) or text(key)) if key is not None else ""


def meant_for(function: Function, purpose: frozenset[str]) -> bool:
    """Does the name of the function, its class or its file say that it is there for this?"""
    told = [function_name(function), function.owner.name if function.owner else ""]
    if purpose is TRACKING_WORDS:  # a page that asks for `errors` wants no log line
        told.append(_key(function))
    return _says(told, purpose) or file_meant_for(function.file, purpose)


def file_meant_for(file: File, purpose: frozenset[str]) -> bool:
    """Does the name of a file, or of its folder, say that it is there for this?"""
    folder, name = posixpath.split(file.source.path)
    return _says((posixpath.splitext(name)[0], posixpath.basename(folder)), purpose)


def _says(told: Iterable[str], purpose: frozenset[str]) -> bool:
    return any(word in purpose for name in told for word in names.words(name).split())


def _key(function: Function) -> str:
    """The name under which the page can call a function: `resolver.define("trackEvent", …)`."""
    arguments = function.node.parent
    call = arguments.parent if arguments is not None and arguments.type == "arguments" else None
    callee = call.child_by_field_name("function") if call is not None else None
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    defined = callee is not None and text(callee).endswith(".define")
    return string_value(first) if defined and first is not None and first.type == "string" else ""


def enclosing(program: Program, node: Node, path: str) -> Function | None:
    """The innermost function around a node; None at module level."""
    file = program.files[path]
    here = node.parent
    while here is not None:
        if here.type in FUNCTIONS:
            return file.functions.get(span(here))
        here = here.parent
    return None


def wrappers(program: Program, places: Iterable[tuple[Node, str]], purpose: frozenset[str]) -> dict[int, Function]:
    """Functions meant for `purpose` that lead to one of `places` (node, path), by number."""
    found: dict[int, Function] = {}
    todo = [function for node, path in places for function in _around(program, node, path)]
    while todo:
        function = todo.pop()
        if function.number in found or not meant_for(function, purpose):
            continue
        found[function.number] = function
        for call in program.callers.get(function.number, []):
            todo += _around(program, call.node, call.file.source.path)
    return found


def wrappers_in(files: Iterable[File], purpose: frozenset[str]) -> dict[int, Function]:
    """The functions of some files that are meant for `purpose`, by number."""
    functions = (function for file in files for function in file.functions.values())
    return {function.number: function for function in functions if meant_for(function, purpose)}


def _around(program: Program, node: Node, path: str) -> Iterator[Function]:
    """All functions around a node: a callback inside a wrapper leads to the wrapper."""
    function = enclosing(program, node, path)
    while function is not None:
        yield function
        function = enclosing(program, function.node, path)


def calls_of(
    program: Program, functions: dict[int, Function], *, but_in: Callable[[File], bool] = lambda _: False
) -> Iterator[Call]:
    """The calls that reach one of the functions; `but_in`: files whose calls of their own functions do not count."""
    seen: set[int] = set()
    for number, function in functions.items():
        for call in program.callers.get(number, []):
            if call.number not in seen and not (call.file is function.file and but_in(call.file)):
                seen.add(call.number)
                yield call


def passed_globals(program: Program, names_of: str) -> Iterator[Call]:
    """Calls of a parameter that some caller fills with a member of a global: `print(console.log)` … `level(text)`."""
    for call in program.calls:
        binding = call.scope.find(text(call.callee)) if call.callee.type == "identifier" else None
        if binding is None or binding.kind != "param":
            continue
        for node, caller in program.arguments_for(binding):
            ref = program.resolve(node, caller.scope, caller.file)
            if ref is not None and ref.kind == "global" and ref.name == names_of:
                yield call
                break
