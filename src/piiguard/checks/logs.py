"""Logs: what is printed or logged. Backend logs reach the vendor."""

from __future__ import annotations

import libcst as cst

from piiguard.checks.base import Detail, Topic, argument, calls
from piiguard.checks.meaning import Meaning
from piiguard.model import Rule

_LEVELS = ("debug", "info", "warning", "warn", "error", "critical", "exception", "fatal", "log")
_LOGGERS = (
    "logging",
    "logging.getLogger()",
    "structlog.get_logger()",
    "loguru.logger",
    "flask.Flask().logger",
    "aws_lambda_powertools.Logger()",
    "celery.utils.log.get_task_logger()",
    "absl.logging",
    "logbook.Logger()",
)
_FIX = "Log an event name and an opaque id; mask names, addresses, account ids and tokens, and drop whole requests."
_LOGS_DOCS = "https://developer.atlassian.com/platform/forge/view-app-logs/"

RULES: tuple[Rule, ...] = (
    Rule(
        id="py-print",
        role="sink",
        engine="libcst",
        topic="logs",
        title="Prints a value to standard output or standard error",
        category="pii-log",
        slots=("arg:*",),
        callee=calls(
            "builtins.print()",
            "pprint.pprint()",
            "pprint.pp()",
            "sys.stdout.write()",
            "sys.stderr.write()",
            "rich.print()",
            "rich.console.Console().print()",
            "rich.console.Console().log()",
            "click.echo()",
            "click.secho()",
            "typer.echo()",
        ),
        claims=("no-personal-data-in-logs",),
        why="What a lambda, remote or container prints is kept by its log service and readable by the vendor.",
        fix=_FIX,
        references=(_LOGS_DOCS,),
    ),
    Rule(
        id="py-log",
        role="sink",
        engine="libcst",
        topic="logs",
        title="Logs a value",
        category="pii-log",
        slots=("arg:*",),
        callee=calls(
            *(f"{logger}.{level}()" for logger in _LOGGERS for level in _LEVELS),
            *(f"loguru.logger.{level}()" for level in ("trace", "success")),
        ),
        claims=("no-personal-data-in-logs",),
        why="Log records are stored, exported and read by people who need no personal data.",
        fix=_FIX,
        references=(_LOGS_DOCS, "https://docs.python.org/3/library/logging.html"),
    ),
)


def _not_into_a_file(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """`print(..., file=handle)` writes that handle; only the standard streams are logs."""
    stream = argument(node, None, "file")
    return Detail() if stream is None or module.path(stream) in ("sys.stdout", "sys.stderr") else None


TOPIC = Topic(rules=RULES, refine={"py-print": _not_into_a_file})
