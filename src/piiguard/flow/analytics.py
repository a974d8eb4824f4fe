"""Analytics that no table knows: packages and hosts whose names say what they are for."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from piiguard.facts import names, trackers
from piiguard.flow.hosts import Host
from piiguard.flow.program import File, Program

WORDS = frozenset({"analytics", "telemetry", "tracking", "tracker"})


def imports(program: Program) -> Iterator[tuple[File, Node]]:
    """The imports of packages that are called analytics and stand in no table of trackers."""
    for file in program.files.values():
        for module, node in file.imports:
            if trackers.by_package(module, "npm") is None and _named(program, file, module):
                yield file, node


def files(program: Program) -> Iterator[File]:
    """The files that import a tracker, known or by its name."""
    for file in program.files.values():
        if any(trackers.by_package(module, "npm") or _named(program, file, module) for module, _ in file.imports):
            yield file


def _named(program: Program, file: File, module: str) -> bool:
    """Is the module a package of others that is called analytics?"""
    own = module.startswith((".", "/", "~", "@/")) or program.file_of(file, module) is not None
    return not own and not WORDS.isdisjoint(names.words(module).split())


def meant(host: Host) -> bool:
    """Does the name of a host (`analytics.example.com`), or of the variable that holds it, say analytics?"""
    if host.kind == "environment":
        return not WORDS.isdisjoint(names.words(host.name).split())
    return host.kind == "constant" and not WORDS.isdisjoint(host.name.split("."))
