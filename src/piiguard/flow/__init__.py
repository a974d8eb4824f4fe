"""TRACE: the flow graph joins sources to sinks over a whole app."""

from piiguard.flow.trace import resolve_marks, trace

__all__ = ["resolve_marks", "trace"]
