"""TRACE: the flow graph joins sources to sinks over a whole app."""

from piiguard.flow.explain import explain
from piiguard.flow.trace import RULES, resolve_marks, trace

__all__ = ["RULES", "explain", "resolve_marks", "trace"]
