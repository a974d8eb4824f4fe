"""An attestation written into the text of a piiguard.yaml, with everything else left as it stands."""

from __future__ import annotations

import io
import re
from datetime import date
from difflib import get_close_matches

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.util import load_yaml_guess_indent

from piiguard.claims.catalogue import catalogue
from piiguard.claims.config import parse_policy
from piiguard.claims.shapes import AttestationEntry
from piiguard.errors import UsageError

_NEVER_FOLD = 1_000_000
_NESTED = re.compile(r"^[\w-]+:[^\S\n]*\n( +)[\w-]+:", re.MULTILINE)
"""The first key below a key, and how far it is indented."""


def check(entry: AttestationEntry, today: date) -> None:
    """Raise UsageError for a claim that does not exist, and for dates that cannot be meant."""
    known = catalogue().claims
    if entry.claim not in known:
        near = get_close_matches(entry.claim, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else "docs/claims.md lists the claims"
        raise UsageError(f"no claim is called {entry.claim!r}", todo=hint)
    if entry.until < entry.on:
        raise UsageError(f"--until {entry.until} is before --on {entry.on}")
    if entry.until < today:
        raise UsageError(f"--until {entry.until} is past: nothing would be attested")
    if entry.on > today:
        raise UsageError(f"--on {entry.on} is yet to come: nobody can have said it")
    if not entry.by.strip() or not entry.statement.strip():
        raise UsageError("an attestation needs a name and a statement: --by and --note")
    if not (entry.by + entry.statement).isprintable():
        raise UsageError("--by and --note are a line of text each, without control characters")


def with_attestation(text: bytes, path: str, entry: AttestationEntry) -> str:
    """The file's text with the attestation added; comments, order and quotes stay. `text` empty: a new file.

    Raises ConfigError when the text is no valid piiguard.yaml, before or after.
    """
    parse_policy(text, path)
    added = _added(text.decode("utf-8"), msgspec.structs.asdict(entry))
    parse_policy(added.encode(), path)
    return added


def _added(text: str, entry: dict[str, object]) -> str:
    lines = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    yaml = _like(text)
    data = yaml.load(text)
    if data is None:
        head = f"{text.rstrip()}\n" if text.strip() else "version: 1\n"
        return f"{head}\n{_dumped(yaml, {'attestations': [entry]})}".replace("\n", lines)
    if data.get("attestations"):
        data["attestations"].append(entry)
    else:
        data["attestations"] = [entry]
    return _dumped(yaml, data).replace("\n", lines)


def _like(text: str) -> YAML:
    """A writer that indents as the text does."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _NEVER_FOLD
    yaml.explicit_start = text.startswith("---")
    _, sequence, offset = load_yaml_guess_indent(text)
    nested = _NESTED.search(text)
    mapping = len(nested[1]) if nested else 2
    if offset is None:
        yaml.indent(mapping=mapping, sequence=4, offset=2)
    else:
        yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
    return yaml


def _dumped(yaml: YAML, data: object) -> str:
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
