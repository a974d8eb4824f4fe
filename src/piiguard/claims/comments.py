"""Where the comments of a source are: enough of each language's syntax to tell a comment from a string."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from piiguard.model import Language, Source

_SCRIPT = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
    |"(?:\\.|[^"\\\n])*"? |'(?:\\.|[^'\\\n])*'? |`(?:\\.|[^`\\])*`?
    |(?<=[(,=:\[!&|?{;\n])[ \t]*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/""",
    re.DOTALL | re.VERBOSE,
)
"""The last form is a regular expression literal: a slash where an operand is due."""
_PYTHON = re.compile(
    r'''(?P<comment>\#[^\n]*)
    |"""(?:\\.|[^\\])*?(?:"""|\Z) |\'\'\'(?:\\.|[^\\])*?(?:\'\'\'|\Z)
    |"(?:\\.|[^"\\\n])*"? |'(?:\\.|[^'\\\n])*'?''',
    re.DOTALL | re.VERBOSE,
)
_HTML = re.compile(r"(?P<comment><!--.*?(?:-->|\Z)|/\*.*?(?:\*/|\Z)|(?<![:\"'\w])//[^\n]*)", re.DOTALL)
_CSS = re.compile(r"""(?P<comment>/\*.*?(?:\*/|\Z))|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?""", re.DOTALL)
_YAML = re.compile(
    r"""(?P<comment>(?:(?<=\s)|\A)\#[^\n]*) |(?<![\w"'])"(?:\\.|[^"\\])*" |(?<![\w"'])'[^'\n]*'""",
    re.DOTALL | re.VERBOSE,
)
_SYNTAX: dict[Language, re.Pattern[str]] = {
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "python": _PYTHON,
    "html": _HTML,
    "css": _CSS,
}
_MARKERS = re.compile(r"\A(?://+|/\*+|#+|<!--+)|(?:\*+/|--+>)\Z")


class Comment(msgspec.Struct, frozen=True):
    """A comment without its markers."""

    text: str
    line: int
    end_line: int
    alone: bool
    """Nothing but comment (and the braces of JSX) stands on its lines."""


def comments(source: Source) -> Iterator[Comment]:
    """The comments of a source, in order; none where the language has none."""
    syntax = _YAML if source.path.endswith((".yml", ".yaml")) else _SYNTAX.get(source.language)
    if syntax is None:
        return
    text = source.text.decode("utf-8", "replace")
    line = 1
    position = 0
    for match in syntax.finditer(text):
        if match.lastgroup != "comment":
            continue
        line += text.count("\n", position, match.start())
        position = match.start()
        yield Comment(
            text=_MARKERS.sub("", match["comment"]).strip(),
            line=line,
            end_line=line + match["comment"].count("\n"),
            alone=_alone(text, match.start(), match.end()),
        )


def _alone(text: str, start: int, end: int) -> bool:
    before = text[text.rfind("\n", 0, start) + 1 : start].strip()
    newline = text.find("\n", end)
    after = text[end : newline if newline >= 0 else len(text)].strip()
    return (before, after) in (("", ""), ("{", "}"))
