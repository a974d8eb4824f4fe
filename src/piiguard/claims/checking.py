"""A YAML node tree against the types of `shapes.py`: plain values, the line of each, and every mistake in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from piiguard.claims.shapes import HostPattern
from piiguard.claims.yamlnodes import Trouble, line_of, scalar

Path = tuple[str | int, ...]
_EXPECTED: dict[Any, str] = {
    bool: "true or false",
    date: "a date such as 2027-01-31",
    int: "1",
    str: "text, and not empty",
    HostPattern: "a host in lower case, such as api.example.com or *.example.com",
}


class Checked:
    """What was read: `lines` has the line of every key and list entry, `troubles` what is wrong."""

    def __init__(self, vocabulary: Mapping[str, Sequence[str]]) -> None:
        """`vocabulary`: key of a mapping -> the keys that its own entries may have."""
        self.lines: dict[Path, int] = {}
        self.troubles: list[Trouble] = []
        self._vocabulary = vocabulary

    def read(self, node: Node, kind: Any, at: Path = ()) -> Any:
        """The node as plain values, or None where it is wrong (then `troubles` says so)."""
        kind = _without_none(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._struct(node, kind, at)
        origin = get_origin(kind)
        if origin is dict:
            return self._mapping(node, get_args(kind)[1], at)
        if origin is tuple:
            return self._sequence(node, get_args(kind)[0], at)
        return self._leaf(node, kind, at)

    def wrong(self, line: int, what: str) -> None:
        """Note a mistake."""
        self.troubles.append(Trouble(line, what))

    def _struct(self, node: Node, kind: type[msgspec.Struct], at: Path) -> dict[str, Any]:
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        read: dict[str, Any] = {}
        for given, value in self._entries(node, at):
            key = given if given in fields else given.replace("_", "-")
            self.lines.setdefault((*at, key), line_of(value))
            if key not in fields:
                self.wrong(line_of(value), unknown(dotted((*at, key)), key, tuple(fields)))
            elif not _empty(value):
                read[key] = self.read(value, fields[key].type, (*at, key))
        missing = [name for name, field in fields.items() if field.required and name not in read]
        if missing and isinstance(node, MappingNode):
            self.wrong(line_of(node), f"{dotted(at)} needs `{'` and `'.join(missing)}`")
        return read

    def _mapping(self, node: Node, kind: Any, at: Path) -> dict[str, Any]:
        known = self._vocabulary.get(str(at[-1]))
        read: dict[str, Any] = {}
        for key, value in self._entries(node, at):
            if known is not None and key not in known:
                self.wrong(line_of(value), unknown(dotted((*at, key)), key, known))
            else:
                read[key] = self.read(value, kind, (*at, key))
        return read

    def _entries(self, node: Node, at: Path) -> list[tuple[str, Node]]:
        if not isinstance(node, MappingNode):
            self.wrong(line_of(node), f"{dotted(at)} must be a mapping of keys to values")
            return []
        found: dict[str, Node] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            inside = (*at, name)
            if name in found:
                self.wrong(line_of(key), f"{dotted(inside)} is given twice")
            found[name] = value
            self.lines[inside] = line_of(key)
        return list(found.items())

    def _sequence(self, node: Node, kind: Any, at: Path) -> list[Any]:
        if not isinstance(node, SequenceNode):
            self.wrong(line_of(node), f"{dotted(at)} must be a list")
            return []
        self.lines.update({(*at, index): line_of(child) for index, child in enumerate(node.value)})
        return [self.read(child, kind, (*at, index)) for index, child in enumerate(node.value)]

    def _leaf(self, node: Node, kind: Any, at: Path) -> Any:
        value = scalar(node)
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self.wrong(line_of(node), f"{dotted(at)} must be {_expected(kind)}")
        return value


def dotted(at: Path) -> str:
    """`("hosts", 0, "kind")` -> `hosts[1].kind`, with what could confuse a terminal made visible."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part[:80]}" for part in at).lstrip(".")
    return ascii(text)[1:-1] or "the file"


def unknown(what: str, key: str, known: Sequence[str]) -> str:
    """The message for a key that does not exist, with the nearest one that does."""
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"{what} is not known" + (f"; did you mean `{near[0]}`?" if near else "")


def _empty(node: Node) -> bool:
    """A key without a value, as when all of its lines are commented out."""
    return isinstance(node, ScalarNode) and scalar(node) is None


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return next(each for each in get_args(kind) if each is not type(None))
    return kind


def _expected(kind: Any) -> str:
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(base) is Literal:
        return f"one of {', '.join(get_args(base))}"
    return _EXPECTED[base]
