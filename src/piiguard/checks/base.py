"""What every check is made of: rules with callee patterns, refinements, scans; and the one walk that runs them all.

A topic module declares `TOPIC`: its rules, for some of them a refinement (looks closer at a matched place: which SQL,
which URL), and perhaps a scan for places that no callee tells (literals, definitions).

Patterns (`Rule.callee.imports`) are paths as `meaning.py` makes them: `requests.get()` is a call, `flask.request.json`
an attribute that is read, `os.environ[]` a subscript, `flask.session[]=` an assignment to one. `*` is any name, `**`
anything, `?` a receiver of which nothing is known. A pattern without a key covers every key:
`boto3.client().put_object()` also `boto3.client(s3).put_object()`.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import libcst as cst
import msgspec

from piiguard.checks.meaning import SAME, UNKNOWN, Found, Meaning
from piiguard.checks.parsing import PythonText
from piiguard.model import Callee, Confidence, Mark, Role, Rule

_WORD = re.compile(r"[A-Za-z_]\w*")
_ANYTHING = Callee()
HELPER = (("path_kind", "helper"),)
"""What Python keeps is kept by a script beside the app: functions of Forge run JavaScript."""
_PARTS = {"**": r".*", "*": r"\w+", "()": r"\([^()]*\)", "[]": r"\[[^\[\]]*\]"}
"""What stands in a pattern for more than itself."""
_KEYS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")


class Detail(msgspec.Struct, frozen=True):
    """What a refinement or a scan adds to a place."""

    message: str = ""
    data: tuple[str, ...] = ()
    host: str | None = None
    attributes: dict[str, str] = {}


class Hit(msgspec.Struct, frozen=True):
    """A place that a scan found."""

    rule: str
    node: cst.CSTNode
    detail: Detail = Detail()


Refinement = Callable[[cst.CSTNode, Meaning], Detail | None]
"""Looks closer at a matched place; None: it is none."""


class Topic(msgspec.Struct, frozen=True):
    """What a module of this package declares."""

    rules: tuple[Rule, ...]
    refine: dict[str, Refinement] = {}
    scan: Callable[[Meaning], Iterator[Hit]] | None = None
    screen: re.Pattern[str] | None = None
    """A text that holds no match of it has no place for `scan`."""


def calls(*paths: str) -> Callee:
    """The callee condition of a rule: any of these paths."""
    return Callee(imports=paths)


class Patterns:
    """All patterns of all rules, found by the last name of a path."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_name: defaultdict[str, list[tuple[re.Pattern[str], Rule]]] = defaultdict(list)
        self._roots: defaultdict[str, set[str]] = defaultdict(set)
        for rule in rules:
            for pattern in rule.callee.imports:
                self._by_name[_last(pattern)].append((_compiled(pattern), rule))
                self._roots[_root(pattern)].add(_last(pattern))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._by_name)

    def names_below(self, roots: Iterable[str]) -> frozenset[str]:
        """The last names of the patterns that begin with one of these roots."""
        return frozenset(name for root in roots for name in self._roots.get(root, ()))

    def matching(self, path: str) -> list[Rule]:
        """The rules one of whose patterns covers the path, each once."""
        candidates = self._by_name.get(_last(path), ())
        found = {rule.id: rule for pattern, rule in candidates if pattern.fullmatch(path)}
        return list(found.values())


def _last(path: str) -> str:
    names = _WORD.findall(_KEYS.sub("", path))
    return names[-1] if names else ""


def _root(pattern: str) -> str:
    return pattern[:2] if pattern.startswith("**") else re.split(r"[.(\[*]", pattern, maxsplit=1)[0]


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_PARTS.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\(\)|\[\])", pattern)))


class Project:
    """The Python files of one app, each parsed by libcst when it is first needed."""

    def __init__(self, texts: Iterable[PythonText]) -> None:
        self._texts = {text.source.path: text for text in texts}
        self._meanings: dict[str, Meaning] = {}
        self._open: set[tuple[str, str]] = set()

    def meaning(self, path: str) -> Meaning:
        if path not in self._meanings:
            self._meanings[path] = Meaning(self._texts[path], self.imported)
        return self._meanings[path]

    def imported(self, importer: str, name: str) -> Found | None:
        """What a dotted name is in the app's own modules; None: it is not of the app."""
        for path, rest in own_module(importer, name, self._texts):
            if not rest or (path, rest) in self._open:
                return Found(None, None)
            self._open.add((path, rest))
            try:
                return _exported(self.meaning(path), rest)
            finally:
                self._open.discard((path, rest))
        return None


def _exported(module: Meaning, rest: str) -> Found:
    name, *members = rest.split(".")
    path = module.exported(name)
    return Found(".".join([path, *members]) if path else None, None if members else module.exported_text(name))


def own_module(importer: str, name: str, files: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The app's modules that a dotted name may name (`..pkg.mod.thing`): path and rest of the name, best first."""
    dots = len(name) - len(name.lstrip("."))
    parts = name.lstrip(".").split(".") if name.strip(".") else []
    here = PurePosixPath(importer).parent
    roots = [here, *here.parents] if dots == 0 else [[here, *here.parents][min(dots - 1, len(here.parents))]]
    for size in range(len(parts), 0 if dots == 0 else -1, -1):
        for root in roots:
            base = root.joinpath(*parts[:size])
            for path in (f"{base}.py", str(base / "__init__.py")):
                if path in files and path != importer:
                    yield path, ".".join(parts[size:])


class Screen:
    """The cheap first look (`ast` and literals): is there anything in a file of this app for any check?"""

    def __init__(self, topics: Iterable[Topic], patterns: Patterns, texts: Iterable[PythonText]) -> None:
        self._literals = [topic.screen for topic in topics if topic.screen is not None]
        self._always = any(topic.scan is not None and topic.screen is None for topic in topics)
        roots = {name.partition(".")[0] for text in texts for name in _imported(text.tree)}
        # What one module of the app imports, another may hand on: the whole app's imports count.
        roots |= {meant.partition(".")[0] for name, meant in SAME.items() if name.partition(".")[0] in roots}
        self._names = patterns.names_below(roots | {"builtins", UNKNOWN, "**"})

    def interesting(self, text: PythonText) -> bool:
        if self._always or any(literal.search(text.text) for literal in self._literals):
            return True
        return any(name in self._names for node in ast.walk(text.tree) for name in _mentioned(node))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _mentioned(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.Name):
        return (node.id,)
    return (node.name.rpartition(".")[2],) if isinstance(node, ast.alias) else ()


def matches(module: Meaning, patterns: Patterns, refine: Mapping[str, Refinement]) -> Iterator[Hit]:
    """Every place of a file that a callee pattern covers and the rule's refinement accepts."""
    for node in module.nodes(cst.Call, cst.Subscript, cst.Attribute, cst.Assign):
        for path in _paths(node, module, patterns):
            for rule in patterns.matching(path):
                look = refine.get(rule.id)
                detail = look(node, module) if look else Detail()
                if detail is not None:
                    yield Hit(rule.id, node, detail)


def _paths(node: cst.CSTNode, module: Meaning, patterns: Patterns) -> Iterator[str]:
    """The path that a node is matched by; an assignment has one for each target that is part of something."""
    if isinstance(node, cst.Assign):
        parts = (target.target for target in node.targets if isinstance(target.target, cst.Subscript | cst.Attribute))
        yield from (f"{module.path(part)}=" for part in parts)
    elif isinstance(node, cst.Attribute) and node.attr.value not in patterns.names:
        return
    elif not isinstance(module.parent(node), cst.AssignTarget | cst.Del):
        yield module.path(node) or ""


def mark(hit: Hit, module: Meaning, app: str) -> Mark:
    """The mark of a place, with its span."""
    start, end = module.span(hit.node)
    detail = hit.detail
    return Mark(
        location=module.text.location(start, end),
        rule=hit.rule,
        app=app,
        start=start,
        end=end,
        message=detail.message,
        data=detail.data,
        host=detail.host,
        attributes=detail.attributes,
    )


def argument(call: cst.CSTNode, position: int | None, *keywords: str) -> cst.BaseExpression | None:
    """An argument of a call by place or by name, None if it is not there (or the node is no call)."""
    if not isinstance(call, cst.Call):
        return None
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value in keywords:
            return arg.value
    placed = [arg for arg in call.args if arg.keyword is None]
    if position is None or position >= len(placed) or any(arg.star for arg in placed[: position + 1]):
        return None
    return placed[position].value


def check(
    name: str,
    *,
    topic: str,
    title: str,
    role: Role,
    claims: tuple[str, ...],
    why: str,
    fix: str,
    references: tuple[str, ...],
    category: str = "",
    confidence: Confidence = "sure",
    shape: str = "",
    slots: tuple[str, ...] = (),
    host: str = "",
    channel: str = "",
    store: str = "",
    data: tuple[str, ...] = (),
    callee: Callee = _ANYTHING,
    attributes: tuple[tuple[str, str], ...] = (),
) -> Rule:
    """A rule of this engine. Every field that a reader of the catalogue needs is asked for."""
    return Rule(
        id=name,
        role=role,
        engine="libcst",
        topic=topic,
        title=title,
        category=category,
        confidence=confidence,
        shape=shape,
        slots=slots,
        host=host,
        channel=channel,
        store=store,
        data=data,
        callee=callee,
        attributes=attributes,
        claims=claims,
        why=why,
        fix=fix,
        references=references,
        languages=("python",),
    )
