"""Cookies that a web framework sets."""

from __future__ import annotations

from functools import partial

from piiguard.checks.base import Topic, calls, check
from piiguard.model import Rule

_cookie = partial(
    check,
    topic="web",
    role="observation",
    category="cookie",
    claims=("no-cookies",),
    why="A cookie is kept in the user's browser and sent back with every request.",
    fix="Keep the state on the server side under the Forge context, or name the cookie and its purpose.",
)

RULES: tuple[Rule, ...] = (
    _cookie(
        "py-cookie",
        title="Sets a cookie",
        callee=calls("**.set_cookie()", "**.set_signed_cookie()", "http.cookies.SimpleCookie()[]="),
        references=("https://flask.palletsprojects.com/en/stable/api/#flask.Response.set_cookie",),
    ),
    _cookie(
        "py-session-cookie",
        title="Keeps a value in the session cookie",
        callee=calls(
            "flask.session[]=", "starlette.requests.Request().session[]=", "django.http.HttpRequest().session[]="
        ),
        references=("https://flask.palletsprojects.com/en/stable/quickstart/#sessions",),
    ),
)

TOPIC = Topic(rules=RULES)
