"""Forge's own bridges: where the platform carries a value from one function to another, without a call between them.

Front end `invoke('key', payload)` and `resolver.define('key', fn)`, a queue's `push` and its consumer, storage
`set` and `get` of one key. Two ends meet only where both keys are known; a key with filled-in parts meets the key of
the same form.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from piiguard.facts import names
from piiguard.flow import forge
from piiguard.flow.calls import callee_name
from piiguard.flow.graph import ELEMENT, LEAK, Graph, Op
from piiguard.flow.hosts import Texts, template_of
from piiguard.flow.program import Call, Function, Program
from piiguard.model import App

STORES = frozenset({"@forge/api#storage", "@forge/kvs#kvs", "@forge/kvs#default", "@forge/storage#storage"})
INVOKERS = frozenset({"@forge/bridge#invoke", "@forge/bridge#makeInvoke"})
_WRITES = {"set": "plain", "setSecret": "secret"}
_READS = {"get": "plain", "getSecret": "secret"}


def link(app: App, program: Program, graph: Graph, texts: Texts) -> None:
    """Add the edges of all bridges of an app."""
    resolvers = _resolvers(program, texts)
    for call in program.calls:
        names, _ = program.roots(call.callee, call.scope, call.file)
        if not names.isdisjoint(INVOKERS) and call.args:
            for key in _keys(call, call.args[0][0], texts):
                _carry(program, graph, call, resolvers.get(key, []))
        elif callee_name(call) == "push" and "@forge/events#Queue" in names:
            _carry_to_consumers(app, program, graph, call, resolvers)
    _link_storage(program, graph, texts)


def _keys(call: Call, node: Node, texts: Texts) -> Iterator[str]:
    """The keys that an argument may be; a wholly unknown one is none."""
    for value in texts.of(node, call.scope, call.file):
        key = template_of(value)
        if key.strip("{}"):
            yield key


def _resolvers(program: Program, texts: Texts) -> dict[str, list[Function]]:
    """Key -> the resolver functions that have it."""
    found: dict[str, list[Function]] = {}
    for call, key, function in forge.definitions(program):
        for name in (key,) if isinstance(key, str) else _keys(call, key, texts):
            found.setdefault(name, []).append(function)
    return found


def _carry(program: Program, graph: Graph, call: Call, functions: list[Function]) -> None:
    """The payload of an `invoke` to the resolver's request, and what it returns back."""
    for function in functions:
        program.callers.setdefault(function.number, []).append(call)
        if len(call.args) > 1 and function.params:
            _wrapped(graph, call.args[1][1], function.params[0], "payload", call.number)
        graph.edge(function.result, call.result, Op("return", site=call.number))


def _wrapped(graph: Graph, value: int, target: int, name: str, site: int) -> None:
    """`value`, under property `name`, enters `target`."""
    if value and target:
        inside = graph.node(graph.places[value])
        graph.edge(value, inside, Op("write", name))
        graph.edge(inside, target, Op("call", site=site))


def _carry_to_consumers(
    app: App, program: Program, graph: Graph, push: Call, resolvers: dict[str, list[Function]]
) -> None:
    """What is pushed reaches the consumers: as `event.body` (new form) or as `payload` (a resolver's listener)."""
    if not push.args:
        return
    pushed = push.args[0][1]
    events = [pushed, _part(graph, pushed, ELEMENT)]
    payloads = [*events, *(_part(graph, event, "body") for event in events)]
    for function in _consumers(app, program, resolvers):
        program.callers.setdefault(function.number, []).append(push)
        for param in function.params[:1]:
            for event in events:
                graph.edge(event, param, Op("call", site=push.number))
            for payload in payloads:
                _wrapped(graph, payload, param, "payload", push.number)


def _part(graph: Graph, value: int, name: str) -> int:
    """A property of a value, or the elements of a list of them."""
    if not value:
        return 0
    part = graph.node(graph.places[value])
    graph.edge(value, part, Op("read", name))
    return part


def _consumers(app: App, program: Program, resolvers: dict[str, list[Function]]) -> Iterator[Function]:
    """The functions that the manifest's consumers run (all queues: an app rarely has more than one)."""
    handlers = {function.key: function.handler for function in app.manifest.functions}
    for module in app.manifest.modules:
        if module.kind not in ("consumer", "fifoConsumer"):
            continue
        resolver = module.data.get("resolver")
        method = resolver.get("method") if isinstance(resolver, dict) else None
        if isinstance(method, str):
            yield from resolvers.get(method, [])
        function = forge.handler(app, program, handlers.get(module.function or "", ""))
        if function is not None:
            yield function


def _link_storage(program: Program, graph: Graph, texts: Texts) -> None:
    """What was written under a key is what is read under it; a key may tell better than a name what that is."""
    written: dict[tuple[str, str], int] = {}
    for key, call in _storage_calls(program, texts, _WRITES):
        if len(call.args) > 1 and call.args[1][1] and not names.other_account(key[1]):
            held = written.setdefault(key, 0) or graph.node(graph.places[call.result])
            written[key] = held
            graph.edge(call.args[1][1], held, LEAK)
    for key, call in _storage_calls(program, texts, _READS):
        graph.edge(written.get(key, 0), call.result, LEAK)


def _storage_calls(program: Program, texts: Texts, verbs: dict[str, str]) -> Iterator[tuple[tuple[str, str], Call]]:
    for call in program.calls:
        verb = verbs.get(callee_name(call))
        if verb and call.args and not program.roots(call.callee, call.scope, call.file)[0].isdisjoint(STORES):
            for key in _keys(call, call.args[0][0], texts):
                yield (verb, key), call
