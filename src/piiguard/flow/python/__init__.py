"""The Python front end of the flow graph."""

from __future__ import annotations

from collections.abc import Iterable

from piiguard.checks.parsing import PythonText, UnreadableError
from piiguard.flow.graph import Graph
from piiguard.flow.python import calls
from piiguard.flow.python.front import Front
from piiguard.flow.python.marked import Marked
from piiguard.flow.python.program import File, Program
from piiguard.model import Gap, Source

__all__ = ["Marked", "Program", "build"]


def build(sources: Iterable[Source], graph: Graph, first_index: int = 1) -> tuple[Program, list[Gap]]:
    """Put the Python sources of one app into the graph. `first_index`: number of the first file.

    A file that cannot be parsed is left out: the gap that the engine reports for it covers it.
    """
    program = Program()
    gaps: list[Gap] = []
    for source in sources:
        if source.language != "python":
            continue
        try:
            file = File(first_index + len(program.files), PythonText(source))
        except UnreadableError:
            continue
        program.files[source.path] = file
        try:
            Front(program, graph, file).run()
        except RecursionError:
            gaps.append(Gap(source.path, "nested too deeply to be followed", source.app))
    calls.link(program, graph)
    return program, gaps
