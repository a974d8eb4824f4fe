"""The JSON Schema of piiguard.yaml, for editors; made from the types of `shapes.py` and the catalogue."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.language import language
from piiguard.claims.shapes import DESCRIPTIONS, File

SCHEMA_FILE = "piiguard.schema.json"
"""Name of the shipped file, beside this module."""


def policy_schema() -> str:
    """The schema as JSON text, with the known claims and switches as keys."""
    schema = msgspec.json.schema(File)
    definitions = schema["$defs"]
    for name in ("File", "AppEntry"):
        _describe(definitions[name]["properties"])
    definitions["AttestationEntry"]["properties"]["claim"] = {"enum": [*catalogue().claims, *language().kinds]}
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "piiguard.yaml",
        "description": File.__doc__,
        **schema,
    }
    return json.dumps(top, indent=2, ensure_ascii=False) + "\n"


def _describe(properties: dict[str, Any]) -> None:
    known = catalogue()
    switches = [(name.split(".", 1), text) for name, text in known.switches.items()]
    properties["claims"] = _flags({claim.id: claim.statement for claim in known.claims.values()})
    for group in ("allow", "count"):
        properties[group] = _flags({name: text for (kind, name), text in switches if kind == group})
    for key, property_ in properties.items():
        property_["description"] = DESCRIPTIONS[key]
        _nullable(property_)


def _flags(meanings: dict[str, str]) -> dict[str, Any]:
    properties = {name: {"type": "boolean", "description": text} for name, text in meanings.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _nullable(property_: dict[str, Any]) -> None:
    """A key whose lines are all commented out has no value; that is the same as leaving it out."""
    property_.pop("default", None)
    if "type" in property_ and property_["type"] != "integer":
        property_["type"] = [property_["type"], "null"]
