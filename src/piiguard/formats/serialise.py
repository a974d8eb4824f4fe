"""JSON text with the same bytes for the same value."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from piiguard.formats.plain import encodable

_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def dump(value: Any) -> str:
    """Indented, keys sorted, pure ASCII (no terminal or code page can misread it), with a newline at the end."""
    plain = msgspec.json.encode(encodable(value), order="sorted")
    return _BEYOND_ASCII.sub(_escaped, msgspec.json.format(plain, indent=2).decode("utf-8")) + "\n"


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
