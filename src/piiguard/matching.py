"""Which observations of one scan are those of another: fingerprints first, then what moved or was reformatted.

Each is matched once, so a copy of known code is not known. What reaches a place may shrink, never grow: a place that
now stores an e-mail address as well is a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple


class Fingerprints(NamedTuple):
    """What an observation is known by. Nothing of it is source text."""

    id: str
    code: str
    """Fingerprint of rule, category, unformatted code and host; empty: not known."""
    path: str
    data: tuple[str, ...]


_STAGES: tuple[Callable[[Fingerprints], Hashable], ...] = (
    lambda each: each.id,
    lambda each: each.code and (each.code, each.path),  # reformatted
    lambda each: each.code,  # in a renamed file
)
"""From the surest likeness on. Empty: nothing to go by."""


def fingerprint(*parts: str) -> str:
    """A name for an observation that survives moved lines: rule, category, path, code without layout, host."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def fingerprints(observation: Any) -> Fingerprints:
    """Those of an observation of the model, or of the JSON contract."""
    return Fingerprints(observation.id, observation.code, observation.location.path, tuple(observation.data))


def match(old: Sequence[Fingerprints], new: Sequence[Fingerprints]) -> dict[int, int]:
    """Index in `new` -> index in `old`, for those that are the same."""
    pairs: dict[int, int] = {}
    for key in _STAGES:
        taken = set(pairs.values())
        waiting: dict[Hashable, list[int]] = {}
        for index, each in enumerate(old):
            if index not in taken:
                waiting.setdefault(key(each), []).append(index)
        for index, each in enumerate(new):
            candidates = waiting.get(key(each), []) if index not in pairs and key(each) else []
            found = next((one for one in candidates if set(each.data) <= set(old[one].data)), None)
            if found is not None:
                candidates.remove(found)
                pairs[index] = found
    return pairs
