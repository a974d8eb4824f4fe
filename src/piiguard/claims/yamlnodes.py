"""YAML with the line of everything. Aliases, duplicate keys and documents beyond measure are refused."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_MAX_BYTES = 256 * 1024
_TAG = "tag:yaml.org,2002:"
_WORDS = {"true": True, "false": False}


class Trouble(msgspec.Struct, frozen=True, order=True):
    """Something wrong with the file, at a line."""

    line: int
    what: str


class YamlTrouble(Exception):
    """The text is not YAML that can be read."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.trouble = Trouble(line, what)


def compose(text: bytes) -> Node | None:
    """The document's node tree, None when it is empty. Raises YamlTrouble."""
    if len(text) > _MAX_BYTES:
        raise YamlTrouble(1, f"the file is larger than {_MAX_BYTES // 1024} KB")
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(text.decode("utf-8"))
        if root is not None:
            _refuse_aliases(root, set())
    except UnicodeDecodeError:
        raise YamlTrouble(1, "the file is not UTF-8 text") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlTrouble(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem or error.context}") from None
    except YAMLError:
        raise YamlTrouble(1, "not valid YAML") from None
    except RecursionError:
        raise YamlTrouble(1, "the file is nested too deeply") from None
    return root


def _refuse_aliases(node: Node, seen: set[int]) -> None:
    if id(node) in seen:
        raise YamlTrouble(line_of(node), "anchors and aliases are not allowed")
    seen.add(id(node))
    for child in _children(node):
        _refuse_aliases(child, seen)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


def line_of(node: Node) -> int:
    """1-based line on which a node starts."""
    return int(node.start_mark.line) + 1


def scalar(node: Node) -> str | int | bool | None:
    """A scalar's value: text (dates and floats stay text), whole number, truth value or nothing."""
    text = str(node.value)
    tag = str(node.tag).removeprefix(_TAG)
    if not isinstance(node, ScalarNode) or tag == "null":
        return None
    if tag == "bool":
        return _WORDS.get(text.lower(), text)
    return int(text) if tag == "int" and text.isdecimal() and len(text) < 10 else text
