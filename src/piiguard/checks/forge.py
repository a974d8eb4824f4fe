"""Atlassian's own stores, written over REST: Forge key-value storage and entity properties."""

from __future__ import annotations

import re
from functools import partial

import libcst as cst

from piiguard.checks.base import Detail, Refinement, Topic, argument, calls, check
from piiguard.checks.meaning import Meaning
from piiguard.model import Rule

_STORAGE_DOCS = "https://developer.atlassian.com/platform/forge/storage-reference/kvs-rest-api/"
_CLIENTS = ("requests", "requests.Session()", "httpx", "httpx.Client()", "aiohttp.ClientSession()")
_WRITES = calls(
    *(f"{client}.{verb}()" for client in _CLIENTS for verb in ("post", "put", "request")),
    "aiohttp.request()",
    "urllib.request.Request()",
    "urllib3.PoolManager().request()",
    "http.client.HTTPSConnection().request()",
)
_rest = partial(
    check,
    topic="forge",
    role="sink",
    slots=("kw:json", "kw:data", "kw:content", "kw:body", "arg:1", "arg:2"),
    callee=_WRITES,
    fix="Store an opaque id, or store nothing and read the value from the product when it is needed.",
    references=(_STORAGE_DOCS,),
)

RULES: tuple[Rule, ...] = (
    _rest(
        "py-forge-kvs",
        title="Writes to Forge key-value storage over REST",
        category="pii-storage",
        store="kvs",
        claims=("no-personal-data-stored", "configuration-data-only"),
        why="A remote or container writes the same hosted storage as the app; it stays 28 days after removal.",
    ),
    _rest(
        "py-forge-kvs-secret",
        title="Writes to the secret part of Forge key-value storage over REST",
        category="credential-storage-secret",
        store="secret",
        claims=("no-credential-storage", "credentials-encrypted"),
        why="A credential that is kept, even encrypted, has to be named in the answer about credentials.",
    ),
    _rest(
        "py-entity-property",
        title="Writes a property of an issue, project, page or user over REST",
        category="pii-storage",
        store="entity-property",
        claims=("no-personal-data-stored",),
        why="Properties stay with the issue, page or user after the app is removed.",
    ),
)

_KVS = re.compile(r"/forge/storage/kvs/v1/(?:(?:entity/|batch/)?set|transaction)\b")
_SECRET = re.compile(r"/forge/storage/kvs/v1/secret/set\b")
_PROPERTY = re.compile(r"/rest/api/(?:2|3|latest)/[^?]*properties/|/wiki/(?:rest/api|api/v2)/[^?]*/propert(?:y|ies)\b")


def _url_is(wanted: re.Pattern[str]) -> Refinement:
    """The place counts if the constant part of its URL matches."""

    def refine(node: cst.CSTNode, module: Meaning) -> Detail | None:
        urls = (argument(node, 0, "url"), argument(node, 1))
        return Detail() if any(wanted.search(module.text_of(url) or "") for url in urls) else None

    return refine


TOPIC = Topic(
    rules=RULES,
    refine={
        "py-forge-kvs": _url_is(_KVS),
        "py-forge-kvs-secret": _url_is(_SECRET),
        "py-entity-property": _url_is(_PROPERTY),
    },
)
