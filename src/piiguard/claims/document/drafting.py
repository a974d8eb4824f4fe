"""A first piiguard.yaml from what a document says. Hosts and switches stand as it says; claims wait for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.language import has, language
from piiguard.claims.document.normal import Names, normal
from piiguard.claims.document.providers import Directory
from piiguard.claims.document.understand import with_text
from piiguard.trustcenter import Document, Statement

_HEAD = """\
# What we claim about our apps, as {name} says. Each line names the line of the document that it comes from. Hosts
# and switches hold as they stand; take the # off a claim that the page does not make. docs/piiguard-yaml.md explains
# each key.
version: 1
"""
_NAMES = Names()
_ADMITTED = (
    ("allow.store-encrypted-credentials", "no-credential-storage", "credential"),
    ("allow.store-account-ids", "no-personal-data-stored", "account-id"),
    ("allow.log-account-ids", "no-personal-data-in-logs", "account-id"),
    ("allow.store-user-content", "configuration-data-only", "content"),
)
"""Switch, and the kind and words of the disclosure that says the same."""


def draft_from(document: Document, path: str) -> str:
    """The text of the file. `path`: of the document inside the scanned folder; empty: it is not in it.

    Raises UsageError for a document without text.
    """
    parts = (
        _center(path),
        _claims(with_text(document)),
        _hosts(document),
        _switches(document),
        _attestations(document),
    )
    name = _said(document.name)
    return _HEAD.format(name=name) + "".join("\n" + "".join(f"{line}\n" for line in part) for part in parts)


def _center(path: str) -> Iterator[str]:
    if path:
        yield "trust-center:"
        yield f"  document: {json.dumps(path, ensure_ascii=False)}"
    else:
        yield "# The document lies outside this folder: put a copy into it to have it checked with the app."
        yield "trust-center:"
        yield "  # document: docs/trust-center.md"


def _claims(document: Document) -> Iterator[str]:
    """Claims that the document does not make, and those that it admits not to keep."""
    promised = {each.kind for each in document.statements if each.polarity == "promise"}
    admitted = {each.kind: each for each in reversed(document.statements) if each.polarity == "disclosure"}
    yield "# Claims that the document does not make, or that it denies. All are checked until a person takes the # off."
    yield "claims:"
    for claim in catalogue().claims.values():
        if claim.id in promised or claim.id.startswith("overview-"):
            continue
        denied = admitted.get(claim.id)
        why = _place(denied) if denied else "the document does not say it"
        yield f"  # {claim.id}: false  # {why}"


def _hosts(document: Document) -> Iterator[str]:
    yield "# Services that the document names, at the hosts that are known for them."
    directory = Directory()
    lines: dict[str, list[str]] = {}
    for row in document.providers:
        for name in row.names.providers if row.kind != "atlassian" and not row.names.open else ():
            provider = directory.get(name)
            for pattern in provider.hosts if provider else ():
                lines.setdefault(
                    pattern,
                    [
                        f"  - host: {json.dumps(pattern)}  # line {row.line}",
                        f"    kind: {row.kind}",
                        f"    name: {json.dumps(name, ensure_ascii=False)}",
                        *([f"    purpose: {json.dumps(row.purpose[:200], ensure_ascii=False)}"] if row.purpose else []),
                    ],
                )
    for entry in document.overview:
        for name in entry.calls.providers if entry.calls and not entry.calls.open else ():
            provider = directory.get(name)
            kind = "customer-configured" if entry.calls and entry.calls.customer else "subprocessor"
            for pattern in provider.hosts if provider else ():
                told = [f"  - host: {json.dumps(pattern)}  # line {entry.line}", f"    kind: {kind}"]
                lines.setdefault(pattern, [*told, f"    name: {json.dumps(name, ensure_ascii=False)}"])
    yield (
        "hosts:"
        if lines
        else "# hosts: []  # with an empty list, every call to a host outside Atlassian stands against it"
    )
    for each in lines.values():
        yield from each
    for row in document.providers:
        for name in row.names.unknown:
            yield f"  # - host: example.com  # line {row.line}: {_said(name)}, whose host is not known"
            yield f"  #   kind: {row.kind}"


def _switches(document: Document) -> Iterator[str]:
    yield "# What the document lets the apps do."
    found: dict[str, Statement] = {}
    for each in document.statements:
        for switch in _switches_of(each):
            found.setdefault(switch, each)
    yield "allow:"
    for switch in catalogue().switches:
        group, name = switch.split(".", 1)
        if group == "allow" and switch in found:
            yield f"  {name}: true  # {_place(found[switch])}"


def _switches_of(each: Statement) -> Iterator[str]:
    for name in each.exceptions if each.polarity == "promise" else ():
        known = language().exceptions.get(name)
        yield from known.switches if known else ()
    for switch, kind, words in _ADMITTED:
        if each.polarity == "disclosure" and each.kind == kind and has(normal(each.quote, _NAMES), words):
            yield switch


def _attestations(document: Document) -> Iterator[str]:
    yield "# What the document promises and code cannot show: who says so, and until when it holds."
    yield "attestations:"
    told: dict[str, Statement] = {}
    for each in document.statements:
        if each.checkable == "person" and each.polarity == "promise":
            told.setdefault(each.kind, each)
    for kind, each in told.items():
        yield f"  # - claim: {kind}  # line {each.line}"
        yield "  #   by: First and last name, role"
        yield "  #   on: 2000-01-01"
        yield "  #   until: 2000-12-31"
        yield f"  #   statement: {_said(each.quote)}"


def _place(each: Statement) -> str:
    return f"line {each.line}: {_said(each.quote)}"


def _said(text: str) -> str:
    """Words of the document in a comment: one line, nothing that a terminal or a YAML reader could take otherwise."""
    return ascii(" ".join(text.split())[:120])[1:-1].replace("\\'", "'")
