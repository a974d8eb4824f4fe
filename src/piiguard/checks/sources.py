"""Sources: where personal data and credentials come into Python code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import libcst as cst

from piiguard.checks.base import Detail, Hit, Topic, argument, calls, check
from piiguard.checks.meaning import Meaning
from piiguard.model import Rule

_source = partial(
    check,
    topic="sources",
    role="source",
    claims=("data-minimization",),
    why="What comes in here may be personal data; where it goes decides.",
    fix="Ask for the fields that are needed, and no others.",
)
_JIRA_LIBRARY = "https://jira.readthedocs.io/api.html"
_ATLASSIAN_LIBRARY = "https://atlassian-python-api.readthedocs.io/"
_REMOTE = "https://developer.atlassian.com/platform/forge/remote/"
_FLASK = "https://flask.palletsprojects.com/en/stable/api/#incoming-request-data"
_REQUESTS = (
    "flask.request",
    "starlette.requests.Request()",
    "django.http.HttpRequest()",
    "quart.request",
    "aiohttp.web.Request()",
)
_HTTP = tuple(
    f"{client}.{verb}()"
    for client in ("requests", "requests.Session()", "httpx", "httpx.Client()", "aiohttp.ClientSession()")
    for verb in ("get", "post", "request")
)


def _headers(*fields: str) -> tuple[str, ...]:
    """Reading a header of a request, in the ways of all the frameworks."""
    return (
        *(
            f"{request}.headers{way}"
            for request in _REQUESTS
            for field in fields
            for way in (f"[{field}]", f".get({field})")
        ),
        *(f"**[headers][{field}]" for field in fields),
        *(f"**[headers].get({field})" for field in fields),
        *(f"django.http.HttpRequest().META[http_{field.replace('-', '_')}]" for field in fields),
        *(f"django.http.HttpRequest().META.get(http_{field.replace('-', '_')})" for field in fields),
    )


RULES: tuple[Rule, ...] = (
    _source(
        "py-jira-user",
        title="Reads a Jira user",
        shape="jira-user",
        callee=calls(
            "jira.JIRA().myself()", "jira.JIRA().user()", "atlassian.Jira().user()", "atlassian.Jira().myself()"
        ),
        references=(_JIRA_LIBRARY,),
    ),
    _source(
        "py-jira-users",
        title="Reads a list of Jira users",
        shape="jira-user-list",
        callee=calls(
            *(
                f"jira.JIRA().{call}()"
                for call in (
                    "search_users",
                    "search_assignable_users_for_issues",
                    "search_assignable_users_for_projects",
                    "group_members",
                    "watchers",
                )
            ),
            *(
                f"atlassian.Jira().{call}()"
                for call in (
                    "user_find_by_user_string",
                    "get_all_users_from_group",
                    "get_assignable_users",
                    "users_get_all",
                )
            ),
        ),
        references=(_JIRA_LIBRARY,),
    ),
    _source(
        "py-jira-issue",
        title="Reads a Jira issue",
        shape="jira-issue",
        callee=calls("jira.JIRA().issue()", "atlassian.Jira().issue()", "atlassian.Jira().get_issue()"),
        references=(_JIRA_LIBRARY,),
    ),
    _source(
        "py-jira-issues",
        title="Searches Jira issues",
        shape="jira-issue-list",
        callee=calls(
            "jira.JIRA().search_issues()",
            "jira.JIRA().enhanced_search_issues()",
            "atlassian.Jira().jql()",
            "atlassian.Jira().jql_get_list_of_tickets()",
        ),
        references=(_JIRA_LIBRARY,),
    ),
    _source(
        "py-jira-comments",
        title="Reads the comments of a Jira issue",
        shape="jira-comments",
        callee=calls("jira.JIRA().comments()", "atlassian.Jira().issue_get_comments()"),
        references=(_JIRA_LIBRARY,),
    ),
    _source(
        "py-confluence-user",
        title="Reads a Confluence user",
        shape="confluence-user",
        callee=calls(
            *(
                f"atlassian.Confluence().{call}()"
                for call in (
                    "get_user_details_by_accountid",
                    "get_user_details_by_username",
                    "get_user_details_by_userkey",
                    "get_current_user",
                )
            )
        ),
        references=(_ATLASSIAN_LIBRARY,),
    ),
    _source(
        "py-confluence-page",
        title="Reads a Confluence page",
        shape="confluence-content",
        callee=calls("atlassian.Confluence().get_page_by_id()", "atlassian.Confluence().get_page_by_title()"),
        references=(_ATLASSIAN_LIBRARY,),
    ),
    _source(
        "py-confluence-pages",
        title="Reads a list of Confluence pages",
        shape="confluence-content-list",
        callee=calls("atlassian.Confluence().cql()", "atlassian.Confluence().get_all_pages_from_space()"),
        references=(_ATLASSIAN_LIBRARY,),
    ),
    _source(
        "py-rest-response",
        title="Calls a REST API of an Atlassian product",
        shape="rest-response",
        callee=calls(*_HTTP, "urllib.request.urlopen()"),
        references=("https://developer.atlassian.com/cloud/jira/platform/rest/v3/",),
    ),
    _source(
        "py-external-account",
        title="Reads an account of another service",
        shape="external-account",
        callee=calls(
            "github.Github().get_user()",
            "gitlab.Gitlab().users.list()",
            "gitlab.Gitlab().users.get()",
            "slack_sdk.WebClient().users_info()",
        ),
        references=("https://pygithub.readthedocs.io/en/stable/",),
    ),
    _source(
        "py-lambda-event",
        title="Receives an event in a cloud function",
        shape="queue-event",
        references=("https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html",),
    ),
    _source(
        "py-request-body",
        title="Reads what a web request brings",
        shape="form-input",
        callee=calls(
            *(
                f"{root}.{part}"
                for root in ("flask.request", "quart.request")
                for part in ("json", "form", "args", "values", "data", "files")
            ),
            *(f"{root}.get_json()" for root in ("flask.request", "quart.request")),
            *(
                f"starlette.requests.Request().{part}"
                for part in ("json()", "form()", "body()", "query_params", "path_params")
            ),
            *(f"django.http.HttpRequest().{part}" for part in ("POST", "GET", "body", "data", "FILES", "query_params")),
            *(f"aiohttp.web.Request().{part}" for part in ("json()", "post()", "text()", "query")),
        ),
        references=(_FLASK,),
    ),
    _source(
        "py-request-address",
        title="Reads the network address of a caller",
        shape="ip-address",
        callee=calls(
            *(f"{root}.remote_addr" for root in ("flask.request", "quart.request")),
            "flask.request.access_route",
            "starlette.requests.Request().client.host",
            "aiohttp.web.Request().remote",
            "django.http.HttpRequest().META[remote_addr]",
            "django.http.HttpRequest().META.get(remote_addr)",
            *_headers("x-forwarded-for", "x-real-ip"),
        ),
        references=(_FLASK,),
    ),
    _source(
        "py-request-credential",
        title="Reads a token that a request brings",
        shape="credential",
        callee=calls(
            *_headers("authorization", "x-forge-oauth-user", "x-forge-oauth-system", "x-api-key"),
            *(f"{root}.authorization" for root in ("flask.request", "quart.request")),
        ),
        references=(_REMOTE,),
    ),
    _source(
        "py-forge-principal",
        title="Reads the account id in a Forge invocation token",
        shape="account-id",
        callee=calls(
            *(
                f"{root}{way}"
                for root in ("jwt.decode()", "jose.jwt.decode()")
                for field in ("principal", "sub")
                for way in (f"[{field}]", f".get({field})")
            )
        ),
        references=(_REMOTE,),
    ),
    _source(
        "py-env",
        title="Reads an environment variable",
        shape="env-value",
        callee=calls("os.environ[]", "os.environ.get()", "os.environ.pop()", "decouple.config()"),
        references=("https://docs.python.org/3/library/os.html#os.environ",),
    ),
    _source(
        "py-secret-read",
        title="Reads a secret from a secret store",
        shape="secret-store-value",
        callee=calls(
            "boto3.client(secretsmanager).get_secret_value()",
            "boto3.client(ssm).get_parameter()",
            "keyring.get_password()",
            "google.cloud.secretmanager.SecretManagerServiceClient().access_secret_version()",
            "azure.keyvault.secrets.SecretClient().get_secret()",
        ),
        references=("https://docs.aws.amazon.com/boto3/latest/reference/services/secretsmanager.html",),
    ),
    _source(
        "py-typed-password",
        title="Asks for a password on the terminal",
        shape="credential",
        callee=calls("getpass.getpass()", "click.prompt()", "rich.prompt.Prompt.ask()"),
        references=("https://docs.python.org/3/library/getpass.html",),
    ),
)

_PRODUCT_REST = re.compile(
    r"/rest/(?:api|agile|servicedeskapi|auth)/|/wiki/(?:rest/)?api/|^https://api\.bitbucket\.org/|^https://api\.atlassian\.com/(?:me|oauth|users)\b"
)
_HANDLER = re.compile(r"(?:^|_)handler$|^handle|^main$|^lambda")


def _of_a_product(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """The URL's constant part is a path of Jira, Confluence or Bitbucket."""
    first = module.value_of(argument(node, 0, "url", "fullurl"))
    if first is not None and module.path(first) == "urllib.request.Request()":
        first = argument(first, 0, "url")
    urls = (first, argument(node, 1))
    return Detail() if any(_PRODUCT_REST.search(module.text_of(url) or "") for url in urls) else None


def _hidden(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """`click.prompt` and `Prompt.ask` ask for a secret when they hide what is typed."""
    path = module.path(node.func) if isinstance(node, cst.Call) else None
    hides = argument(node, None, "hide_input", "password")
    return Detail() if path == "getpass.getpass" or (isinstance(hides, cst.Name) and hides.value == "True") else None


def _is_handler(node: cst.FunctionDef) -> bool:
    """A handler's signature: `def ..._handler(event, context)`."""
    names = [param.name.value.lstrip("_") for param in node.params.params]
    signature = len(names) == 2 and names[0] in ("event", "evt", "e") and names[1] in ("context", "ctx", "c")
    return signature and _HANDLER.search(node.name.value) is not None


def _scan(module: Meaning) -> Iterator[Hit]:
    for node in module.nodes(cst.FunctionDef):
        if _is_handler(node) and module.enclosing(node, cst.FunctionDef, cst.ClassDef) is None:
            yield Hit("py-lambda-event", node.params.params[0].name)


TOPIC = Topic(
    rules=RULES,
    refine={"py-rest-response": _of_a_product, "py-typed-password": _hidden},
    scan=_scan,
    screen=re.compile(r"\bdef \w*(?:handler|handle|main|lambda)\w*\s*\("),
)
