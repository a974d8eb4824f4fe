"""YAML as a tree that knows its lines, read without trusting it.

Aliases share one subtree instead of being copied, so a small file stays small in memory; unfolding a tree is limited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from piiguard.errors import UsageError

Scalar = str | int | float | bool | None

MAX_DEPTH = 100
MAX_UNFOLDED = 100_000
"""Values that one tree may unfold to; the largest manifest that Forge accepts (200 KB) stays far below."""

_KINDS = {dict: "a mapping", list: "a list", bool: "true or false", int: "a number", float: "a number", str: "a text"}


@dataclass(frozen=True)
class Tree:
    """A YAML value. `line` is that of its key in a mapping, or its own in a list.

    `value` is a scalar, a list of trees, or a dict of trees by key.
    """

    path: str
    line: int
    name: str
    """The keys that lead here, for messages: `permissions.scopes[2]`."""
    value: Scalar | list[Tree] | dict[str, Tree]

    def wrong(self, wanted: str) -> UsageError:
        """The error that says what this value should be, and where it stands."""
        found = _KINDS.get(type(self.value), "empty")
        return UsageError(f"{self.name} must be {wanted}, not {found}", where=f"{self.path}:{self.line}")

    def mapping(self) -> dict[str, Tree]:
        """The entries of a mapping; an empty value has none."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.wrong("a mapping")
        return self.value

    def items(self) -> list[Tree]:
        """The entries of a list; an empty value has none."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return self.value

    def text(self) -> str:
        """A single value as text; an empty value is the empty string."""
        if isinstance(self.value, (list, dict)):
            raise self.wrong("a single value")
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return "" if self.value is None else str(self.value)

    def flag(self) -> bool:
        """A truth value; an empty value is false."""
        if self.value is None or isinstance(self.value, bool):
            return bool(self.value)
        raise self.wrong("true or false")

    def at(self, *keys: str) -> Tree | None:
        """The value below the keys, None where one is missing."""
        here: Tree | None = self
        for key in keys:
            here = here.mapping().get(key) if here else None
        return here

    def text_at(self, *keys: str) -> str | None:
        """The text below the keys, None where one is missing."""
        found = self.at(*keys)
        return None if found is None else found.text()

    def flag_at(self, *keys: str) -> bool | None:
        """The truth value below the keys, None where one is missing."""
        found = self.at(*keys)
        return None if found is None else found.flag()

    def items_at(self, *keys: str) -> list[Tree]:
        """The list entries below the keys, none where one is missing."""
        found = self.at(*keys)
        return [] if found is None else found.items()

    def line_at(self, *keys: str) -> int:
        """The line of the value below the keys, 0 where one is missing."""
        found = self.at(*keys)
        return found.line if found else 0

    def plain(self) -> Any:
        """The value as plain Python. UsageError when aliases make it larger than MAX_UNFOLDED values."""
        return _unfold(self, iter(range(MAX_UNFOLDED)))


def parse_yaml(text: str, path: str) -> Tree:
    """Read the one document of `text`; `path` goes into messages. UsageError when it is not YAML."""
    loader = YAML(typ="safe", pure=True)
    loader.max_depth = MAX_DEPTH
    try:
        root = loader.compose(text)
        return Tree(path, 1, "the file", None) if root is None else _Grower(path).grow(root, 1, "")
    except (MaxDepthExceededError, RecursionError):
        raise UsageError(f"this YAML is nested more than {MAX_DEPTH} deep", where=path) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "context", None) or "it cannot be read"
        where = f"{path}:{mark.line + 1}" if mark else path
        raise UsageError(f"this is not valid YAML: {problem}", where=where) from None
    except (ValueError, AssertionError, AttributeError, TypeError, IndexError):
        # What the YAML library raises for input that its authors did not think of.
        raise UsageError("this is not valid YAML", where=path) from None


class _Grower:
    """Turns composed nodes into trees; nodes that aliases share become one tree."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._grown: dict[int, Tree] = {}
        self._open: set[int] = set()

    def grow(self, node: Node, line: int, name: str) -> Tree:
        if id(node) in self._open:
            raise UsageError("an alias refers to a value that it is part of", where=f"{self._path}:{line}")
        if id(node) not in self._grown:
            self._open.add(id(node))
            self._grown[id(node)] = Tree(self._path, line, name or "the file", self._value(node, name))
            self._open.discard(id(node))
        return self._grown[id(node)]

    def _value(self, node: Node, name: str) -> Scalar | list[Tree] | dict[str, Tree]:
        if isinstance(node, SequenceNode):
            return [self.grow(item, item.start_mark.line + 1, f"{name}[{n}]") for n, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, name)
        return _scalar(node)

    def _mapping(self, node: MappingNode, name: str) -> dict[str, Tree]:
        merged: dict[str, Tree] = {}
        own: dict[str, Tree] = {}
        for key, value in node.value:
            if isinstance(key, (SequenceNode, MappingNode)):
                continue
            line = key.start_mark.line + 1
            below = self.grow(value, line, f"{name}.{key.value}".lstrip("."))
            if key.value in own:
                # Readers differ in which one counts: one of them would be judged and the other deployed.
                raise UsageError(f"the key {key.value} is given twice", where=f"{self._path}:{line}")
            if key.value != "<<":
                own[str(key.value)] = below
                continue
            for source in below.value if isinstance(below.value, list) else [below]:
                merged = {**source.mapping(), **merged}
        return {**merged, **own}


def _scalar(node: Node) -> Scalar:
    """The value of a scalar node as YAML 1.2 reads it; dates and unknown tags stay text."""
    tag, text = str(node.tag), str(node.value)
    try:
        match tag.rpartition(":")[2]:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text, 0)
            case "float":
                return float(text)
    except ValueError:
        return text
    return text


def _unfold(tree: Tree, budget: Any) -> Any:
    if next(budget, None) is None:
        raise UsageError(f"{tree.name} unfolds to more than {MAX_UNFOLDED} values", where=f"{tree.path}:{tree.line}")
    if isinstance(tree.value, list):
        return [_unfold(item, budget) for item in tree.value]
    if isinstance(tree.value, dict):
        return {key: _unfold(item, budget) for key, item in tree.value.items()}
    return tree.value
