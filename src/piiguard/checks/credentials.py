"""Credentials: typed into code, put into URLs, or used to act as a person against Atlassian."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import partial

import libcst as cst

from piiguard.checks.base import Detail, Hit, Refinement, Topic, argument, calls, check
from piiguard.checks.meaning import HOLE, Meaning
from piiguard.facts import names
from piiguard.model import Rule

_SECURITY = "https://developer.atlassian.com/platform/marketplace/security-requirements/"
_literal = partial(
    check,
    topic="credentials",
    role="observation",
    category="hardcoded-secret",
    data=("secret",),
    claims=("no-hardcoded-secrets",),
    why="Everybody who can read the repository, its history or the deployed package has the credential.",
    fix="Revoke it, and read it from an encrypted variable or a secret store.",
    references=(_SECURITY,),
)
_atlassian = partial(
    check,
    topic="credentials",
    role="observation",
    category="credential-collection",
    attributes=(("provider", "atlassian"),),
    data=("credential",),
    claims=("no-atlassian-credentials", "no-credential-storage"),
    why="A person's Atlassian token gives all that the person may do; Marketplace apps may not collect one.",
    fix="Call Atlassian with the app's own authorisation: asApp, asUser, or the tokens that Forge hands to a remote.",
    references=(_SECURITY,),
)
_HTTP = tuple(
    f"{client}.{verb}()"
    for client in ("requests", "requests.Session()", "httpx", "httpx.Client()", "aiohttp.ClientSession()")
    for verb in ("get", "post", "put", "patch", "delete", "head", "request")
)

RULES: tuple[Rule, ...] = (
    _literal(
        "py-secret-argument",
        title="Hands a typed-in credential to a call",
        callee=calls("requests.auth.HTTPBasicAuth()", "httpx.BasicAuth()", "aiohttp.BasicAuth()"),
    ),
    _literal("py-secret-literal", title="Assigns a typed-in value to the name of a credential", confidence="likely"),
    _literal(
        "py-env-default",
        title="Falls back to a typed-in credential when an environment variable is missing",
        callee=calls(
            "os.environ.get()", "os.environ.setdefault()", "os.environ[]=", "decouple.config()", "environ.Env()()"
        ),
    ),
    _literal("py-url-password", title="Has a user name and password in a typed-in URL"),
    _atlassian(
        "py-atlassian-basic-auth",
        title="Signs in to Atlassian with a user name and token",
        callee=calls(*_HTTP, "urllib.request.Request()", "aiohttp.request()"),
    ),
    _atlassian(
        "py-atlassian-client",
        title="Signs in to Atlassian with a client library and a person's credential",
        callee=calls(
            "jira.JIRA()", *(f"atlassian.{product}()" for product in ("Jira", "Confluence", "Bitbucket", "ServiceDesk"))
        ),
    ),
    check(
        "py-token-in-url",
        topic="credentials",
        role="observation",
        category="credential-egress",
        confidence="likely",
        title="Puts a credential into a URL",
        data=("credential",),
        claims=("credentials-only-to-issuer",),
        why="URLs end up in logs of proxies and servers, and in browser histories.",
        fix="Send the credential in the Authorization header.",
        references=(_SECURITY,),
    ),
)

_MADE_UP = re.compile(
    r"example|placeholder|your[-_ ]|change[-_]?me|dummy|sample|replace|insert|todo|none|null"
    r"|xxx|\*\*\*|\.\.\.|<|\{|\$|^\W*$",
    re.IGNORECASE,
)
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*$|^https?://|^/|^\w+(\.\w+)+$|\s", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://(?P<user>[^\s:/@{}]+):(?P<password>[^\s/@]+)@", re.IGNORECASE)
_QUERY_TOKEN = re.compile(r"[?&](?P<name>[\w-]*(?:token|key|secret|password|pwd|sig))=\{\}", re.IGNORECASE)
_ATLASSIAN = re.compile(
    r"^https://(?:(?:[\w-]+|\{\})\.(?:atlassian\.net|jira\.com)|api\.(?:atlassian\.com|bitbucket\.org)|bitbucket\.org)\b"
)
_BASIC = re.compile(r"^Basic ", re.IGNORECASE)


def looks_typed_in(value: str | None) -> bool:
    """Whether a literal is meant as a real credential: no placeholder, URL, path, dotted name or sentence."""
    return value is not None and len(value) >= 6 and not _MADE_UP.search(value) and not _URL.search(value)


def _telling(name: str | None) -> bool:
    return name is not None and names.data_class(name) == "credential"


def _about(value: str, kind: str) -> Detail:
    """Says which credential without saying it."""
    return Detail(
        message=f"{kind} typed into the code",
        attributes={"kind": kind, "hash": hashlib.sha256(value.encode()).hexdigest()[:12]},
    )


def _of_string(node: cst.CSTNode | None, kind: str) -> Detail | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return _about(value, kind) if isinstance(value, str) and looks_typed_in(value) else None


# ---------------------------------------------------------------- refinements of calls


def _literal_password(node: cst.CSTNode, module: Meaning) -> Detail | None:
    return _of_string(argument(node, 1, "password"), "password")


def _literal_default(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """`os.environ.get("API_TOKEN", "literal")`, `os.environ["API_TOKEN"] = "literal"`."""
    if isinstance(node, cst.Assign):
        target = node.targets[0].target
        index = target.slice[0].slice if isinstance(target, cst.Subscript) else None
        name = module.text_of(index.value) if isinstance(index, cst.Index) else None
        value: cst.BaseExpression | None = node.value
    else:
        name = module.text_of(argument(node, 0, "key"))
        value = argument(node, 1, "default")
    return _of_string(value, names.words(name)) if name and _telling(name) else None


def _basic_auth_to_atlassian(node: cst.CSTNode, module: Meaning) -> Detail | None:
    urls = (argument(node, 0, "url"), argument(node, 1))
    if not any(_ATLASSIAN.search(module.text_of(url) or "") for url in urls):
        return None
    credentials = argument(node, None, "auth")
    header = _entry(module.value_of(argument(node, None, "headers")), "authorization")
    if credentials is None and not _BASIC.search(module.text_of(header) or ""):
        return None
    return Detail(attributes={"provider": "atlassian"})


def _entry(node: cst.CSTNode | None, key: str) -> cst.BaseExpression | None:
    """The value of a key of a dictionary display."""
    for element in node.elements if isinstance(node, cst.Dict) else ():
        if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
            name = element.key.evaluated_value
            if isinstance(name, str) and name.lower() == key:
                return element.value
    return None


def _client_with_credential(node: cst.CSTNode, module: Meaning) -> Detail | None:
    given = argument(node, None, "basic_auth", "token_auth", "auth", "password", "token", "api_token")
    return Detail(attributes={"provider": "atlassian"}) if given is not None else None


# ---------------------------------------------------------------- the scan for literals


def _named_literals(module: Meaning) -> Iterator[tuple[str, str | None, cst.BaseExpression | None]]:
    """Rule, name and value of everything that gives a name to a value."""
    for node in module.nodes(cst.Assign, cst.AnnAssign, cst.Param, cst.DictElement, cst.Arg):
        if isinstance(node, cst.Assign):
            yield from (("py-secret-literal", _last_name(target.target), node.value) for target in node.targets)
        elif isinstance(node, cst.AnnAssign):
            yield "py-secret-literal", _last_name(node.target), node.value
        elif isinstance(node, cst.Param):
            yield "py-secret-literal", node.name.value, node.default
        elif isinstance(node, cst.DictElement):
            yield "py-secret-literal", _constant(node.key), node.value
        elif isinstance(node, cst.Arg) and node.keyword is not None:
            yield "py-secret-argument", *_of_keyword(node.keyword.value, node.value)


def _of_keyword(name: str, value: cst.BaseExpression) -> tuple[str, cst.BaseExpression]:
    """`auth=(user, password)`: the second of a pair is the password."""
    if name in ("auth", "basic_auth") and isinstance(value, cst.Tuple) and len(value.elements) == 2:
        return "password", value.elements[1].value
    return name, value


def _in_urls(module: Meaning) -> Iterator[Hit]:
    for node in module.nodes(cst.SimpleString, cst.FormattedString):
        text = module.text_of(node) or ""
        if isinstance(node, cst.SimpleString):
            found = _URL_PASSWORD.search(text)
            if found and looks_typed_in_url(found["password"]):
                yield Hit("py-url-password", node, _about(found["password"], "password in a URL"))
        elif isinstance(node, cst.FormattedString) and "://" in text:
            written = "".join(part.value if isinstance(part, cst.FormattedStringText) else HOLE for part in node.parts)
            query = _QUERY_TOKEN.search(written)
            if query and _telling(query["name"]):
                yield Hit("py-token-in-url", node)


def _constant(node: cst.BaseExpression) -> str | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def looks_typed_in_url(password: str) -> bool:
    """Whether the password of a URL is meant: the usual ones of a local database and what is filled in are not."""
    return not _MADE_UP.search(password) and password.lower() not in (
        "password",
        "postgres",
        "pass",
        "root",
        "secret",
        "test",
    )


def _last_name(node: cst.BaseExpression) -> str | None:
    """`self.api_key`, `API_KEY`, `config["api_key"]` -> the name that says what is assigned."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        return node.attr.value
    index = node.slice[0].slice if isinstance(node, cst.Subscript) else None
    key = index.value if isinstance(index, cst.Index) else None
    return _constant(key) if key is not None else None


def _scan(module: Meaning) -> Iterator[Hit]:
    for rule, name, value in _named_literals(module):
        detail = _of_string(value, names.words(name)) if name and _telling(name) else None
        if detail is not None and value is not None:
            yield Hit(rule, value, detail)
    yield from _in_urls(module)


_REFINE: dict[str, Refinement] = {
    "py-secret-argument": _literal_password,
    "py-env-default": _literal_default,
    "py-atlassian-basic-auth": _basic_auth_to_atlassian,
    "py-atlassian-client": _client_with_credential,
}
TOPIC = Topic(
    rules=RULES,
    refine=_REFINE,
    scan=_scan,
    screen=re.compile(
        r"(?:token|secret|passw|passphrase|pwd|key|credential|auth|pat|webhook)\w*[\"']?\]?\s*(?::[^=\n]{1,40}=|[=:,])\s*\(?[^\n]{0,80}[\"']"
        r"|://[^/\s\"']+:[^/\s\"'@]+@|[?&][\w-]*(?:token|key|secret|password|pwd|sig)=",
        re.IGNORECASE,
    ),
)
