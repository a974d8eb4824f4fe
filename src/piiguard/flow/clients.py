"""Requests that no rule can name: of a service's package (`await new Octokit().request(…)`), of a renamed `fetch`."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from piiguard.facts import sdk_clients
from piiguard.flow.calls import callee_name
from piiguard.flow.packages import makes_client
from piiguard.flow.program import FETCH, GLOBAL_OBJECTS, Call, Program

_FORGE_FETCH = "@forge/api#fetch"
_LATER = frozenset({"then", "catch", "finally"})


def requests(program: Program) -> Iterator[tuple[Call, str]]:
    """The calls on a client that answer later, each with the host that they go to."""
    for call in program.calls:
        if call.node.type != "call_expression" or not (answers_later(call.node) or _hands_back(call)):
            continue
        ref = program.resolve(call.callee, call.scope, call.file)
        if ref is not None and ref.kind == "import":
            host = sdk_clients.host_of(ref.name.rpartition("#")[0])
            if host:
                yield call, host


def aliases(program: Program) -> Iterator[Call]:
    """The calls of `fetch` under another name: `const send = options.fetch ?? fetch`."""
    for call in program.calls:
        if callee_name(call) == FETCH:
            continue
        ref = program.resolve(call.callee, call.scope, call.file)
        if ref is None:
            continue
        if ref[:3] in (("global", FETCH, ()), ("import", _FORGE_FETCH, ())) or (
            ref.kind == "global" and ref.name in GLOBAL_OBJECTS and ref.chain == (FETCH,)
        ):
            yield call


def _hands_back(call: Call) -> bool:
    """Is it left to the caller to wait for what a call gives back?"""
    parent = call.node.parent
    return parent is not None and parent.type in ("return_statement", "arrow_function") and not makes_client(call)


def answers_later(node: Node) -> bool:
    """Is a call awaited, followed by `then`, or returned by an async function: a request, no mere computation?"""
    callee = node.child_by_field_name("function")
    if callee is not None and callee.type == "await_expression":
        return True  # `await find<Hit>(…)`: the grammar takes the call of the awaited for the awaited call
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        parent = parent.parent
    if parent is None or parent.type == "await_expression":
        return parent is not None
    if parent.type in ("return_statement", "arrow_function"):
        return _in_async(parent)
    prop = parent.child_by_field_name("property") if parent.type == "member_expression" else None
    return prop is not None and (prop.text or b"").decode() in _LATER


def _in_async(node: Node) -> bool:
    """Is the function around async?"""
    here: Node | None = node
    while here is not None and here.type != "arrow_function" and here.child_by_field_name("parameters") is None:
        here = here.parent
    return here is not None and any(child.type == "async" for child in here.children)
