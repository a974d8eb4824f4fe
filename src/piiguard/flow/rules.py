"""The rules of observations that only the flow graph can make."""

from __future__ import annotations

from piiguard.flow import scopes
from piiguard.model import Rule

TRACKER_HOST = Rule(
    id="tracker-host",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Calls a host of an analytics or tracking service",
    category="tracking",
    claims=("no-tracking",),
    why="Whoever runs the host learns who uses the app, when, and what the request carries.",
    fix="Remove the call, or say in the Trust Center that usage is measured, by whom and with which data.",
)
TRACKING_WRAPPER = Rule(
    id="tracking-wrapper",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Calls the app's own analytics function, which leads to a tracking service",
    category="tracking",
    confidence="likely",
    claims=("no-tracking",),
    why="Each such call is an event about what a person does, on its way to whoever runs the service.",
    fix="Remove the call together with the function behind it, or say in the Trust Center that usage is measured.",
)
CONSOLE_LOG = "console-log"
"""Rule of the log places that only the graph sees (rules/log/console-log.yaml)."""
RULES: tuple[Rule, ...] = (TRACKER_HOST, TRACKING_WRAPPER, *scopes.RULES)
