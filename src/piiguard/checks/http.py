"""Requests over HTTP: which hosts are called, and what is sent."""

from __future__ import annotations

from piiguard.checks.base import Topic, calls
from piiguard.model import Rule

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
_WHY = "Data that is sent leaves the Atlassian cloud; every host has to be named, and its operator as a subprocessor."
_FIX = "Call only hosts that the manifest and the Trust Center tab name; send ids instead of personal data."
_CLAIMS = ("declared-hosts-only", "no-personal-data-sent")
_BODY = ("kw:json", "kw:data", "kw:content", "kw:params", "kw:headers", "kw:cookies", "kw:files", "kw:auth")


def _http(
    rule: str,
    title: str,
    host: str,
    slots: tuple[str, ...],
    paths: tuple[str, ...],
    reference: str,
    channel: str = "fetch",
) -> Rule:
    return Rule(
        id=rule,
        role="sink",
        engine="libcst",
        topic="http",
        title=title,
        category="pii-egress",
        slots=slots,
        host=host,
        channel=channel,
        callee=calls(*paths),
        claims=_CLAIMS,
        why=_WHY,
        fix=_FIX,
        references=(reference,),
    )


def _verbs(*roots: str) -> tuple[str, ...]:
    return tuple(f"{root}.{verb}()" for root in roots for verb in _VERBS)


RULES: tuple[Rule, ...] = (
    _http(
        "py-requests",
        "Sends an HTTP request with requests",
        "arg:0|kw:url",
        ("arg:0|kw:url", "arg:1", *_BODY),
        _verbs(
            "requests", "requests.Session()", "requests_oauthlib.OAuth2Session()", "requests_oauthlib.OAuth1Session()"
        ),
        "https://requests.readthedocs.io/en/latest/api/",
    ),
    _http(
        "py-requests-request",
        "Sends an HTTP request with requests, the method as an argument",
        "arg:1|kw:url",
        ("arg:1|kw:url", *_BODY),
        (
            "requests.request()",
            "requests.Session().request()",
            "requests.Request()",
            "requests_oauthlib.OAuth2Session().request()",
        ),
        "https://requests.readthedocs.io/en/latest/api/",
    ),
    _http(
        "py-httpx",
        "Sends an HTTP request with httpx",
        "arg:0|kw:url|root:kw:base_url",
        ("arg:0|kw:url", *_BODY),
        _verbs("httpx", "httpx.Client()"),
        "https://www.python-httpx.org/api/",
    ),
    _http(
        "py-httpx-request",
        "Sends an HTTP request with httpx, the method as an argument",
        "arg:1|kw:url|root:kw:base_url",
        ("arg:1|kw:url", *_BODY),
        tuple(f"{root}.{verb}()" for root in ("httpx", "httpx.Client()") for verb in ("request", "stream")),
        "https://www.python-httpx.org/api/",
    ),
    _http(
        "py-aiohttp",
        "Sends an HTTP request with aiohttp",
        "arg:0|kw:url|root:arg:0|root:kw:base_url",
        ("arg:0|kw:url", *_BODY),
        (*_verbs("aiohttp.ClientSession()"), "aiohttp.ClientSession().ws_connect()"),
        "https://docs.aiohttp.org/en/stable/client_reference.html",
    ),
    _http(
        "py-aiohttp-request",
        "Sends an HTTP request with aiohttp, the method as an argument",
        "arg:1|kw:url|root:arg:0|root:kw:base_url",
        ("arg:1|kw:url", *_BODY),
        ("aiohttp.ClientSession().request()", "aiohttp.request()"),
        "https://docs.aiohttp.org/en/stable/client_reference.html",
    ),
    _http(
        "py-urlopen",
        "Opens a URL with urllib.request",
        "arg:0|kw:url|kw:fullurl",
        ("arg:0|kw:url|kw:fullurl", "arg:1|kw:data"),
        (
            "urllib.request.urlopen()",
            "urllib.request.urlretrieve()",
            "urllib.request.build_opener().open()",
            "urllib.request.OpenerDirector().open()",
        ),
        "https://docs.python.org/3/library/urllib.request.html",
    ),
    _http(
        "py-urllib3",
        "Sends an HTTP request with urllib3",
        "arg:1|kw:url|root:arg:0|root:kw:host",
        ("arg:1|kw:url", "kw:fields", "kw:body", "kw:json", "kw:headers"),
        tuple(
            f"{root}.{verb}()"
            for root in ("urllib3.PoolManager()", "urllib3.ProxyManager()", "urllib3")
            for verb in ("request", "request_encode_body", "request_encode_url", "urlopen")
        ),
        "https://urllib3.readthedocs.io/en/stable/reference/index.html",
    ),
    _http(
        "py-http-client",
        "Sends an HTTP request with http.client",
        "root:arg:0|root:kw:host",
        ("arg:1|kw:url", "arg:2|kw:body", "arg:3|kw:headers"),
        ("http.client.HTTPSConnection().request()",),
        "https://docs.python.org/3/library/http.client.html",
    ),
    _http(
        "py-websocket",
        "Opens a web socket",
        "arg:0|kw:uri|kw:url",
        ("arg:0|kw:uri|kw:url", "kw:additional_headers", "kw:extra_headers"),
        (
            "websockets.connect()",
            "websockets.sync.client.connect()",
            "websocket.create_connection()",
            "websocket.WebSocketApp()",
        ),
        "https://websockets.readthedocs.io/en/stable/reference/asyncio/client.html",
    ),
    _http(
        "py-socket",
        "Opens a network connection without HTTP",
        "arg:0|kw:hostname|kw:target|kw:host",
        (),
        (
            "socket.socket().connect()",
            "socket.create_connection()",
            "paramiko.SSHClient().connect()",
            "ftplib.FTP()",
            "grpc.insecure_channel()",
            "grpc.secure_channel()",
        ),
        "https://docs.python.org/3/library/socket.html",
        channel="socket",
    ),
)

TOPIC = Topic(rules=RULES)
