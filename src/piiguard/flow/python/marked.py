"""From a check's mark to the graph: the marked syntax, and the values and hosts in the slots of its rule.

A slot is one of these, or several with `|` between them, of which the first that is there counts:
`arg:N`, `arg:*` (every argument), `kw:NAME`, `right` (of an assignment), `self`; `root` (the receiver of the call),
`root:arg:N`, `root:kw:NAME` (arguments of the call that made the receiver: `httpx.Client(base_url=...)`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from piiguard.flow.hosts import Host, host_of, template_of
from piiguard.flow.python.program import Call, File, Program, Scope
from piiguard.flow.python.texts import Texts, reaching
from piiguard.model import Mark, Rule, Source

_BARE_HOST = re.compile(r"^(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?$", re.IGNORECASE)
_PRODUCT_URL = re.compile(
    r"(?P<bitbucket>https://api\.bitbucket\.org/)|(?P<confluence>.*/wiki/(?:rest/)?api/)|(?P<jira>.*/rest/)",
    re.IGNORECASE,
)
_BARE_CHANNELS = ("email", "socket")
"""Channels whose hosts are written without a scheme."""


class Value(NamedTuple):
    """A value that a rule looks at: its syntax, its graph node, and the properties of it that are meant."""

    syntax: ast.expr
    node: int
    path: tuple[str, ...] = ()


class Marked:
    """A mark in the syntax tree of its file."""

    def __init__(self, mark: Mark, rule: Rule, file: File, program: Program) -> None:
        self.mark = mark
        self.rule = rule
        self.file = file
        self._program = program
        self._texts = Texts(program)
        self.span = _known_span(file, mark.start, mark.end)
        self.syntax = file.syntax.get(self.span)

    @property
    def source(self) -> Source:
        return self.file.source

    @property
    def shown(self) -> tuple[int, int]:
        return self.mark.start, self.mark.end

    @property
    def text(self) -> str:
        """The marked source text without layout, for the fingerprint."""
        return re.sub(r"\s+", " ", self.file.source.text[self.mark.start : self.mark.end].decode("utf-8", "replace"))

    @property
    def node(self) -> int:
        """Graph node of the marked value."""
        return self.file.values.get(self.span, 0)

    @property
    def call(self) -> Call | None:
        return self.file.calls.get(self.span)

    @property
    def scope(self) -> Scope:
        return self.file.scopes.get(self.span, self.file.scope)

    # ------------------------------------------------------------ slots

    def values(self, slots: tuple[str, ...]) -> list[Value]:
        """The values in the slots."""
        return [value for slot in slots for value in self._first(slot)]

    def _first(self, slot: str) -> list[Value]:
        for alternative in slot.split("|"):
            found = list(self._slot(alternative))
            if found:
                return found
        return []

    def _slot(self, slot: str) -> Iterator[Value]:
        kind, _, name = slot.partition(":")
        call = self.call
        if kind == "root" and name:
            maker = self._maker()
            yield from _arguments(maker, *name.split(":")) if maker is not None else ()
        elif kind == "root" and call is not None and isinstance(call.node.func, ast.Attribute):
            yield Value(call.node.func.value, call.receiver)
        elif kind in ("arg", "kw") and call is not None:
            yield from _arguments(call, kind, name)
        elif kind == "right" and isinstance(self.syntax, ast.Assign):
            yield Value(self.syntax.value, self.file.values.get(self.file.span(self.syntax.value), 0))
        elif kind == "self" and isinstance(self.syntax, ast.expr):
            yield Value(self.syntax, self.node)

    def _maker(self) -> Call | None:
        """The call that made the receiver, through names and attributes: `SMTP(host)` of `server.sendmail(...)`."""
        here: ast.expr | None = self.syntax if isinstance(self.syntax, ast.expr) else None
        scope, file, found = self.scope, self.file, None
        for _ in range(20):
            if isinstance(here, ast.Call):
                found = file.calls.get(file.span(here)) if here is not self.syntax else None
                here = here.func
            elif isinstance(here, ast.Attribute):
                ref = self._program.resolve(here.value, scope)
                owner = ref.owner if ref is not None else None
                if owner is not None and here.attr in owner.fields:
                    here, scope = owner.fields[here.attr][0]
                    file = owner.file
                else:
                    here = here.value
            elif isinstance(here, ast.Name):
                binding = scope.find(here.id)
                values = reaching(binding, here) if binding is not None and binding.kind == "variable" else []
                if not values or binding is None:
                    break
                here, scope = values[0], binding.scope
                file = scope.function.file
            elif isinstance(here, ast.Await | ast.Subscript):
                here = here.value
            else:
                break
        return found

    # ------------------------------------------------------------ hosts

    def hosts(self) -> list[Host]:
        """The hosts that an egress call goes to; empty where it stays on the client's own host that nothing tells."""
        if self.mark.host is not None:
            return [Host(self.mark.host, "constant", f"https://{self.mark.host}/")]
        unknown: list[Host] = []
        for alternative in self.rule.host.split("|") if self.rule.host else ():
            kind, _, name = alternative.partition(":")
            if kind == "literal":
                return [Host(name, "constant", f"https://{name}/")]
            bare = kind == "root" or self.rule.channel in _BARE_CHANNELS
            known = list({host.name: host for host in self._hosts_in(alternative, bare=bare)}.values())
            if any(host.kind != "dynamic" for host in known):
                return known
            unknown = unknown or known
        return unknown

    def _hosts_in(self, slot: str, *, bare: bool) -> Iterator[Host]:
        for value in self._slot(slot):
            syntax = value.syntax
            if isinstance(syntax, ast.Tuple) and syntax.elts:  # (host, port)
                syntax = syntax.elts[0]
            scope = self.file.scopes.get(self.file.span(syntax), self.scope)
            if slot.startswith("root:"):
                maker = self._maker()
                scope = maker.scope if maker is not None else scope
            for text in self._texts.of(syntax, scope):
                if bare and len(text) == 1 and isinstance(text[0], str) and _BARE_HOST.match(text[0]):
                    host: Host | None = host_of((f"https://{text[0]}",))
                else:
                    host = host_of(text)
                if host is not None:
                    yield host

    def made_with(self) -> list[Value] | None:
        """What the client was made with on which the marked call is made; None where that is not seen."""
        maker = self._maker()
        return list(_arguments(maker, "arg", "*")) if maker is not None else None

    def url(self) -> str | None:
        """The URL of a request as far as it is constant, with `{}` for what is not."""
        for slot in ("arg:0|kw:url|kw:fullurl", "arg:1"):
            for value in self._first(slot):
                for text in self._texts.of(value.syntax, self.scope):
                    url = template_of(text)
                    if "/" in url:
                        return url
        return None

    def fields(self, slot: str) -> frozenset[str] | None:
        """Not looked for: no helper writes to the secret store by a rule."""
        return None

    @property
    def failed(self) -> bool:
        return False

    @property
    def product(self) -> str:
        """The Atlassian product that a request asks: `jira`, `confluence`, `bitbucket`; "" for none."""
        match = _PRODUCT_URL.match(self.url() or "")
        return match.lastgroup or "" if match else ""

    @property
    def variable(self) -> str:
        """The environment variable that the place reads; "" where only running the program would tell."""
        key = self.syntax.slice if isinstance(self.syntax, ast.Subscript) else None
        key = self.syntax.args[0] if isinstance(self.syntax, ast.Call) and self.syntax.args else key
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _arguments(call: Call, kind: str, name: str) -> Iterator[Value]:
    if kind == "arg" and name == "*":
        for syntax, node in (*call.args, *call.keywords.values(), *call.spread):
            yield Value(syntax, node)
    elif kind == "arg":
        position = int(name)
        if position < len(call.args):
            yield Value(*call.args[position])
    elif name in call.keywords:
        yield Value(*call.keywords[name])
    else:
        for syntax, node in call.spread:
            yield Value(syntax, node, (name,))


def _known_span(file: File, start: int, end: int) -> tuple[int, int]:
    """The span, if it is known, or that of the smallest known syntax around it (f-strings can have odd positions)."""
    if (start, end) in file.syntax:
        return start, end
    around = [span for span in file.syntax if span[0] <= start and end <= span[1]]
    return min(around, key=lambda span: span[1] - span[0], default=(start, end))
