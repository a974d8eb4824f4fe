"""Forms of UI Kit: what the components inside a form put into the values that its handler gets."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from piiguard.flow.program import string_value, text

PICKERS = frozenset({"UserPicker"})
"""Components whose value is the account id of a person, or a list of them."""
_OPENING = frozenset({"jsx_opening_element", "jsx_self_closing_element"})


def picked_people(handler: Node) -> Iterator[str]:
    """The names of the user pickers in the form whose attribute `handler` is in."""
    form = handler.parent
    while form is not None and form.type != "jsx_element":
        form = form.parent
    todo = [form] if form is not None else []
    while todo:
        node = todo.pop()
        todo += node.named_children
        name = node.child_by_field_name("name") if node.type in _OPENING else None
        if name is not None and text(name) in PICKERS:
            yield from (string_value(value) for value in _attribute(node, "name") if value.type == "string")


def _attribute(element: Node, name: str) -> Iterator[Node]:
    for child in element.named_children:
        if child.type == "jsx_attribute" and len(child.named_children) > 1 and text(child.named_children[0]) == name:
            yield child.named_children[1]
