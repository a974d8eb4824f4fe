"""The data flow of an app as a picture: sources, the app, and all that data goes to, by who runs it."""

from __future__ import annotations

from piiguard.formats.diagram.as_mermaid import mermaid
from piiguard.formats.diagram.as_svg import svg
from piiguard.formats.diagram.dataflow import DataFlow, Node
from piiguard.formats.diagram.places import of_atlassian_ai
from piiguard.formats.diagram.sketch import graph, part_of

__all__ = ["DataFlow", "Node", "graph", "mermaid", "of_atlassian_ai", "part_of", "svg"]
