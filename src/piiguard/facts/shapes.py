"""Shapes: which properties of a value are personal data (shapes.yaml), which REST answer is which (rest_shapes.csv)."""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from typing import NamedTuple

from ruamel.yaml import YAML

from piiguard.facts import names
from piiguard.model import DATA_CLASSES


@functools.cache
def table() -> dict[str, str | dict[str, str]]:
    """Shape -> its properties, or the data class that it simply is."""
    text = resources.files("piiguard.facts").joinpath("shapes.yaml").read_text(encoding="utf-8")
    loaded: dict[str, str | dict[str, str]] = YAML(typ="safe", pure=True).load(text)
    return loaded


def property_of(shape: str, name: str) -> str | None:
    """The shape or data class of a property, or None. A property of text is a part of the text.

    Of credentials that were known as a whole, the name of a property tells what it is: `credentials.email`.
    """
    if shape in DATA_CLASSES:
        told = names.data_class(name) if shape == "credential" else None
        return None if name in _NEUTRAL else told or shape
    fields = table().get(shape, {})
    if isinstance(fields, str):
        return fields
    if not fields:
        return None
    if name == "*":
        return _any_field(shape)
    return fields.get(name) or fields.get("*")


def fields(shape: str) -> dict[str, str]:
    """The properties of a shape that are known by name; empty where any property may be there."""
    if shape in DATA_CLASSES:
        return {}
    known = table().get(shape)
    return known if isinstance(known, dict) and "*" not in known else {}


_NEUTRAL = frozenset({
    "id", "ids", "key", "name", "status", "type", "state", "active", "scopes", "length", "size", "count", "createdAt",
    "updatedAt",
    "expiresAt", "created_at", "updated_at", "expires_at", "expiry",
})  # fmt: skip
"""Properties that say something about a value, not what it is: `token.expires_at`."""


@functools.cache
def _any_field(shape: str) -> str | None:
    """What an unknown property may be: the element of a list, else nothing (a guess would be noise)."""
    fields = table()[shape]
    return fields.get("[]") if isinstance(fields, dict) else fields


@functools.cache
def classes(shape: str) -> frozenset[str]:
    """The data classes in a whole value of the shape. `(whole)` stands for what only the whole carries."""
    seen: set[str] = set()
    todo = [shape]
    found: set[str] = set()
    while todo:
        here = todo.pop()
        if here in DATA_CLASSES:
            found.add(here)
        elif here not in seen:
            seen.add(here)
            fields = table()[here]
            todo += [fields] if isinstance(fields, str) else fields.values()
    return frozenset(found)


class RestShape(NamedTuple):
    """A row of rest_shapes.csv."""

    product: str
    method: re.Pattern[str]
    path: re.Pattern[str]
    shape: str


@functools.cache
def rest_rows() -> tuple[RestShape, ...]:
    """The rows of rest_shapes.csv, in their order: the first that matches counts."""
    text = resources.files("piiguard.facts").joinpath("rest_shapes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        RestShape(row["product"], re.compile(row["method"] or ".*"), re.compile(row["path"]), row["shape"])
        for row in rows
    )


def of_response(product: str, path: str, method: str = "GET", asked: tuple[str, ...] | None = None) -> str | None:
    """The shape of the JSON body that a product's REST path answers with.

    `path` is as the code has it, `{}` for what is filled in; the query may follow. `method`: empty where it is not
    known. `asked`: the fields that the body of the request asks for, if all are known. None: no personal data known.
    """
    bare, _, query = path.partition("?")
    for row in rest_rows():
        if row.product in ("", product) and row.method.fullmatch(method) and row.path.search(bare):
            without = row.shape in _WITH_FIELDS and _excludes_people(asked if asked is not None else _fields(query))
            return None if row.shape == "none" or without else row.shape
    return None


_WITH_FIELDS = frozenset({"jira-issue", "jira-issue-list"})
"""Answers whose fields the request may choose."""
_PEOPLE = {
    "assignee",
    "reporter",
    "creator",
    "comment",
    "worklog",
    "attachment",
    "summary",
    "description",
    "*all",
    "*navigable",
}


def _fields(query: str) -> tuple[str, ...] | None:
    """The literal `fields=` list of a query."""
    match = re.search(r"(?:^|&)fields=([^&{}]+)(?:&|$)", query)
    return tuple(match.group(1).split(",")) if match is not None else None


def _excludes_people(fields: tuple[str, ...] | None) -> bool:
    """A list of fields without people and text leaves an issue without personal data."""
    return fields is not None and not _PEOPLE & {field.strip().lstrip("-") for field in fields}
