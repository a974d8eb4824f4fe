"""JSON text with the same bytes for the same value."""

from __future__ import annotations

import json
from typing import Any

from piiguard.formats.plain import encodable


def dump(value: Any, *, sort_keys: bool = True) -> str:
    """Indented, pure ASCII (no terminal or code page can misread it), with a newline at the end."""
    return json.dumps(encodable(value), indent=2, sort_keys=sort_keys, ensure_ascii=True, allow_nan=False) + "\n"
