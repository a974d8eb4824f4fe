"""Analytics that no table knows: packages and hosts whose names say what they are for."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from piiguard.facts import names, trackers
from piiguard.flow.hosts import Host
from piiguard.flow.program import Call, File, Program

WORDS = frozenset({"analytics", "telemetry", "tracking", "tracker"})
VERBS = frozenset(
    {"track", "identify", "page", "screen", "group", "alias", "capture", "record", "event", "user", "tenant"}
)
"""Words of functions that tell a service of events, or of who somebody is."""


def imports(program: Program) -> Iterator[tuple[File, Node]]:
    """The imports of packages that are called analytics and stand in no table of trackers."""
    for file in program.files.values():
        for module, node in file.imports:
            if trackers.by_package(module, "npm") is None and _named(program, file, module):
                yield file, node


def calls(program: Program) -> Iterator[Call]:
    """The calls that tell such a package of something: `client.sendTrackEvent(…)`."""
    for call in program.calls:
        if call.node.type != "call_expression":
            continue
        ref = program.resolve(call.callee, call.scope, call.file)
        if ref is None or ref.kind != "import":
            continue
        module, _, export = ref.name.rpartition("#")
        said = names.words(ref.chain[-1] if ref.chain else export).split()
        if not VERBS.isdisjoint(said) and not trackers.by_package(module, "npm") and _named(program, call.file, module):
            yield call


def files(program: Program) -> Iterator[File]:
    """The files that import a tracker, known or by its name."""
    for file in program.files.values():
        if any(trackers.by_package(module, "npm") or _named(program, file, module) for module, _ in file.imports):
            yield file


def named(module: str) -> bool:
    """Does the name of a package say analytics?"""
    return not module.startswith((".", "/", "~", "@/")) and not WORDS.isdisjoint(names.words(module).split())


def _named(program: Program, file: File, module: str) -> bool:
    """Is the module a package of others that is called analytics?"""
    return named(module) and program.file_of(file, module) is None


def meant(host: Host) -> bool:
    """Does the name of a host (`analytics.example.com`), or of the variable that holds it, say analytics?"""
    if host.kind == "environment":
        return not WORDS.isdisjoint(names.words(host.name).split())
    return host.kind == "constant" and not WORDS.isdisjoint(host.name.split("."))
