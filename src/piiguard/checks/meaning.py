"""What an expression means: its *path*, the fully qualified way to the value.

    s3 = boto3.client("s3")
    s3.put_object(...)             boto3.client(s3).put_object()
    os.environ["KEY"]              os.environ[key]
    with open(p) as f: f.write(x)  builtins.open().write()

Names are resolved through libcst's scopes: imports and their aliases, assignments, `with ... as`, annotations, classes
and their bases, `self` attributes, results of local functions, and names imported from other modules of the same app. A
name that resolves to nothing is `?`. A short constant first argument or index is kept in lower case, because it tells
the service (`boto3.client`) or the field (`headers[...]`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import (
    Assignment,
    BaseAssignment,
    BuiltinAssignment,
    ByteSpanPositionProvider,
    ImportAssignment,
    MetadataWrapper,
    ParentNodeProvider,
    QualifiedNameSource,
    Scope,
    ScopeProvider,
)

from piiguard.checks.parsing import PythonText

Kind = TypeVar("Kind", bound=cst.CSTNode)
UNKNOWN = "?"
HOLE = "{}"
"""Stands in a text for a part that is not constant."""
_KEY = re.compile(r"[\w.:/-]{1,60}")
_ARGUMENTS = re.compile(r"\([^()]*\)")
_DEPTH = 40

SAME: Mapping[str, str] = {
    "requests.session()": "requests.Session()",
    "requests.sessions.Session": "requests.Session",
    "requests.api": "requests",
    "niquests": "requests",
    "httpx.AsyncClient": "httpx.Client",
    "io.open": "builtins.open",
    "codecs.open": "builtins.open",
    "aiofiles.open": "builtins.open",
    "os.fdopen": "builtins.open",
    "gzip.open": "builtins.open",
    "tempfile.NamedTemporaryFile": "builtins.open",
    "tempfile.TemporaryFile": "builtins.open",
    "pathlib.Path().open": "builtins.open",
    "pathlib.PosixPath": "pathlib.Path",
    "anyio.Path": "pathlib.Path",
    "logging.Logger": "logging.getLogger",
    "logging.getLogger().getChild": "logging.getLogger",
    "logging.LoggerAdapter": "logging.getLogger",
    "structlog.getLogger": "structlog.get_logger",
    "structlog.stdlib.get_logger": "structlog.get_logger",
    "structlog.get_logger().bind": "structlog.get_logger",
    "loguru.logger.bind()": "loguru.logger",
    "loguru.logger.opt()": "loguru.logger",
    "flask.current_app": "flask.Flask()",
    "fastapi.Request": "starlette.requests.Request",
    "fastapi.requests.Request": "starlette.requests.Request",
    "fastapi.Response": "starlette.responses.Response",
    "fastapi.responses": "starlette.responses",
    "django.http.request.HttpRequest": "django.http.HttpRequest",
    "rest_framework.request.Request": "django.http.HttpRequest",
    "sqlalchemy.ext.asyncio.AsyncSession": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.session.Session": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.sessionmaker()": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.scoped_session()": "sqlalchemy.orm.Session",
    "sqlalchemy.ext.asyncio.async_sessionmaker()": "sqlalchemy.orm.Session",
    "sqlmodel.Session": "sqlalchemy.orm.Session",
    "flask_sqlalchemy.SQLAlchemy().session": "sqlalchemy.orm.Session()",
    "flask_sqlalchemy.SQLAlchemy().Model": "sqlalchemy.orm.DeclarativeBase",
    "flask_sqlalchemy.SQLAlchemy().Column": "sqlalchemy.Column",
    "sqlalchemy.orm.declarative_base()": "sqlalchemy.orm.DeclarativeBase",
    "sqlalchemy.ext.declarative.declarative_base()": "sqlalchemy.orm.DeclarativeBase",
    "sqlalchemy.orm.Session().begin()": "sqlalchemy.orm.Session()",
    "sqlalchemy.ext.asyncio.create_async_engine": "sqlalchemy.create_engine",
    "sqlalchemy.create_engine().begin": "sqlalchemy.create_engine().connect",
    "redis.asyncio": "redis",
    "redis.StrictRedis": "redis.Redis",
    "redis.from_url": "redis.Redis",
    "redis.Redis.from_url": "redis.Redis",
    "redis.cluster.RedisCluster": "redis.Redis",
    "redis.Redis().pipeline": "redis.Redis",
    "motor.motor_asyncio.AsyncIOMotorClient": "pymongo.MongoClient",
    "pymongo.AsyncMongoClient": "pymongo.MongoClient",
    "boto3.session.Session": "boto3.Session",
    "boto3.Session().client": "boto3.client",
    "boto3.Session().resource": "boto3.resource",
    "smtplib.SMTP_SSL": "smtplib.SMTP",
    "aiosmtplib.SMTP": "smtplib.SMTP",
    "http.client.HTTPConnection": "http.client.HTTPSConnection",
    "urllib3.HTTPSConnectionPool": "urllib3.PoolManager",
    "urllib3.HTTPConnectionPool": "urllib3.PoolManager",
    "openai.AsyncOpenAI": "openai.OpenAI",
    "anthropic.AsyncAnthropic": "anthropic.Anthropic",
    "atlassian.jira.Jira": "atlassian.Jira",
    "atlassian.confluence.Confluence": "atlassian.Confluence",
    "jira.client.JIRA": "jira.JIRA",
    "os.getenv": "os.environ.get",
    "flask.request.environ": "os.request_environ",
    "django.db.models.manager.Manager": "django.db.models.Manager",
}
"""Other names of the same thing, applied to every step of a path (with call arguments left out)."""

_PATH_KEEPERS = frozenset(
    ("parent", "resolve", "joinpath", "expanduser", "absolute", "with_suffix", "with_name", "home", "cwd")
)
"""Members of pathlib.Path that are again paths."""


def bare(path: str) -> str:
    """The path without the arguments of its calls."""
    return _ARGUMENTS.sub("()", path)


def same(path: str) -> str:
    """The path under the name that the rules use."""
    plain = bare(path)
    if plain.startswith("pathlib.Path"):
        last = plain.rpartition(".")[2]
        if last.removesuffix("()") in _PATH_KEEPERS:
            return "pathlib.Path()" if last.endswith("()") or last == "parent" else path
    return SAME.get(plain, path)


class Meaning:
    """One file parsed by libcst, with scopes, spans and the paths of its expressions."""

    def __init__(self, text: PythonText, imported: Callable[[str, str], Found | None]) -> None:
        self.text = text
        wrapper = MetadataWrapper(cst.parse_module(text.text), unsafe_skip_copy=True)
        self.tree = wrapper.module
        found: Mapping[Any, Mapping[cst.CSTNode, Any]] = wrapper.resolve_many(
            [ScopeProvider, ByteSpanPositionProvider, ParentNodeProvider]
        )
        self._scopes, self._spans, self._parents = (
            found[provider] for provider in (ScopeProvider, ByteSpanPositionProvider, ParentNodeProvider)
        )
        self._imported = imported
        self._paths: dict[cst.CSTNode, str | None] = {}
        self._depth = 0
        self._attributes: dict[cst.ClassDef, dict[str, list[cst.BaseExpression]]] = {}

    # ------------------------------------------------------------ places

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Byte offsets of the node in the file."""
        span = self._spans[node]
        return self.text.span(span.start, span.start + span.length)

    def nodes(self, *kinds: type[Kind]) -> Iterator[Kind]:
        """All nodes of some kinds. (The tree was walked once, for the parents; walking it again costs as much.)"""
        return (node for node in self._parents if isinstance(node, kinds))

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._parents.get(node)

    def enclosing(self, node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
        """The nearest node of one of the kinds around `node`, or None."""
        here = self.parent(node)
        while here is not None and not isinstance(here, kinds):
            here = self.parent(here)
        return here

    # ------------------------------------------------------------ paths

    def is_own(self, name: str) -> bool:
        """Whether a dotted name is of the app's own modules."""
        return self._imported(self.text.source.path, name) is not None

    def path(self, node: cst.CSTNode | None) -> str | None:
        """The path of an expression, None where nothing is known of it."""
        if node is None:
            return None
        if node not in self._paths:
            self._paths[node] = None  # a definition by itself (`x = x or y`) ends here
            if self._depth < _DEPTH:
                self._depth += 1
                found = self._find(node)
                self._depth -= 1
                self._paths[node] = same(found) if found else None
        return self._paths[node]

    def exported(self, name: str) -> str | None:
        """The path of a name of the module itself, for the modules that import it."""
        scope = self._scopes.get(self.tree) or next((s.globals for s in self._scopes.values() if s is not None), None)
        return self._assigned(scope, name) if scope is not None else None

    def _find(self, node: cst.CSTNode) -> str | None:
        if isinstance(node, cst.Name | cst.Attribute):
            return (self._named(node) if _is_dotted(node) else None) or self._member(node)
        if isinstance(node, cst.Call):
            return self._called(node)
        if isinstance(node, cst.Subscript):
            return f"{self.path(node.value) or UNKNOWN}[{self._index(node)}]"
        if isinstance(node, cst.Await):
            return self.path(node.expression)
        if isinstance(node, cst.NamedExpr):
            return self.path(node.value)
        if isinstance(node, cst.IfExp):
            return self.path(node.body) or self.path(node.orelse)
        if isinstance(node, cst.BooleanOperation):
            return self.path(node.left) or self.path(node.right)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
            left = self.path(node.left)
            return left if left and left.startswith("pathlib.Path") else None
        return None

    def _called(self, node: cst.Call) -> str:
        if isinstance(node.func, cst.Name):
            made = self._made_by(node.func)
            if made:
                return made
        key = self.text_of(node.args[0].value) if node.args and not node.args[0].keyword else None
        kept = key.lower() if key and _KEY.fullmatch(key) else ""
        return f"{self.path(node.func) or UNKNOWN}({kept})"

    def _made_by(self, function: cst.Name) -> str | None:
        """What a function of this file returns, where that is known."""
        scope = self._scope(function)
        for assignment in _sorted(scope, function.value):
            if isinstance(assignment, Assignment) and isinstance(assignment.node, cst.FunctionDef):
                return next(filter(None, map(self.path, _returned(assignment.node))), None)
        return None

    def _index(self, node: cst.Subscript) -> str:
        element = node.slice[0].slice if len(node.slice) == 1 else None
        key = self.text_of(element.value) if isinstance(element, cst.Index) else None
        return key.lower() if key and _KEY.fullmatch(key) else ""

    def _scope(self, node: cst.CSTNode) -> Scope | None:
        found: Scope | None = self._scopes.get(node)
        return found

    def _named(self, node: cst.Name | cst.Attribute) -> str | None:
        """The path of what was imported or is built in, by its qualified name."""
        scope = self._scope(node)
        if scope is None:
            return None
        for name in sorted(scope.get_qualified_names_for(node), key=lambda found: found.name):
            if name.source is QualifiedNameSource.IMPORT:
                own = self._imported(self.text.source.path, name.name)
                if own is not None:
                    return own.path
                return _folded(name.name)
            if name.source is QualifiedNameSource.BUILTIN:
                return name.name
        return None

    def _member(self, node: cst.Name | cst.Attribute) -> str | None:
        if isinstance(node, cst.Name):
            return self._assigned(self._scope(node), node.value)
        owner = self._owner(node.value)
        if owner is not None:
            for value in self._class_attributes(owner).get(node.attr.value, ()):
                found = self.path(value)
                if found:
                    return found
        return f"{self.path(node.value) or UNKNOWN}.{node.attr.value}"

    def _assigned(self, scope: Scope | None, name: str) -> str | None:
        found = (self._definition(assignment) for assignment in _sorted(scope, name))
        return next((path for path in found if path), None)

    def _definition(self, assignment: BaseAssignment) -> str | None:
        if isinstance(assignment, BuiltinAssignment):
            return f"builtins.{assignment.name}"
        if isinstance(assignment, ImportAssignment):
            names = sorted(found.name for found in assignment.get_qualified_names_for(assignment.name))
            own = self._imported(self.text.source.path, names[0]) if names else None
            return own.path if own is not None else (_folded(names[0]) if names else None)
        node = assignment.node if isinstance(assignment, Assignment) else None
        if isinstance(node, cst.ClassDef):
            return self._base(node)
        if isinstance(node, cst.Param):
            return self._parameter(node)
        return self._target(node) if isinstance(node, cst.Name) else None

    def _base(self, node: cst.ClassDef) -> str | None:
        bases = (self.path(base.value) for base in node.bases)
        return next((path for path in bases if path and not path.startswith(UNKNOWN)), None)

    def _parameter(self, node: cst.Param) -> str | None:
        if node.annotation is not None:
            return self._instance(node.annotation.annotation)
        owner = self._owner(node.name)
        if owner is not None:
            base = self._base(owner)
            return f"{base}()" if base else None
        return None

    def _instance(self, annotation: cst.BaseExpression) -> str | None:
        """The path of a value of an annotated type: `T`, `T | None`, `Optional[T]`, `Annotated[T, ...]`."""
        if isinstance(annotation, cst.BinaryOperation):
            return self._instance(annotation.left) or self._instance(annotation.right)
        if isinstance(annotation, cst.Subscript):
            element = annotation.slice[0].slice
            wrapper = self.path(annotation.value) or ""
            inside = wrapper.rpartition(".")[2] in ("Optional", "Annotated", "Union")
            return self._instance(element.value) if inside and isinstance(element, cst.Index) else None
        path = self.path(annotation)
        return same(f"{path}()") if path and not path.startswith((UNKNOWN, "builtins.")) else None

    def _owner(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The class whose instance `node` is: the first parameter of one of its methods."""
        function = self.enclosing(node, cst.FunctionDef)
        if not isinstance(node, cst.Name) or not isinstance(function, cst.FunctionDef) or not function.params.params:
            return None
        owner = self.enclosing(function, cst.ClassDef, cst.FunctionDef)
        first = function.params.params[0].name.value == node.value
        return owner if first and isinstance(owner, cst.ClassDef) else None

    def _class_attributes(self, owner: cst.ClassDef) -> dict[str, list[cst.BaseExpression]]:
        if owner not in self._attributes:
            collector = _Attributes()
            owner.body.visit(collector)
            self._attributes[owner] = collector.found
        return self._attributes[owner]

    def _target(self, node: cst.Name) -> str | None:
        """What is assigned to a name, by the statement around it."""
        parent = self.parent(node)
        if isinstance(parent, cst.AssignTarget):
            statement = self.parent(parent)
            return self.path(statement.value) if isinstance(statement, cst.Assign) else None
        if isinstance(parent, cst.AnnAssign):
            return self.path(parent.value) or self._instance(parent.annotation.annotation)
        if isinstance(parent, cst.NamedExpr):
            return self.path(parent.value)
        if isinstance(parent, cst.AsName):
            item = self.parent(parent)
            return self.path(item.item) if isinstance(item, cst.WithItem) else None
        if isinstance(parent, cst.For | cst.CompFor):
            path = self.path(parent.iter)
            return f"{path}[]" if path else None
        return None

    # ------------------------------------------------------------ values and texts

    def value_of(self, node: cst.CSTNode | None, depth: int = 0) -> cst.CSTNode | None:
        """The expression behind a name that is assigned once, or behind a call of a function with one result."""
        if depth > _DEPTH:
            return None
        if isinstance(node, cst.Name):
            assignments = _sorted(self._scope(node), node.value)
            value = self._assigned_value(assignments[0]) if len(assignments) == 1 else None
            return self.value_of(value, depth + 1) if value is not None else node
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
            for assignment in _sorted(self._scope(node.func), node.func.value):
                if isinstance(assignment, Assignment) and isinstance(assignment.node, cst.FunctionDef):
                    results = _returned(assignment.node)
                    return self.value_of(results[0], depth + 1) if len(results) == 1 else node
        return node

    def _assigned_value(self, assignment: BaseAssignment) -> cst.BaseExpression | None:
        name = assignment.node if isinstance(assignment, Assignment) else None
        target = self.parent(name) if isinstance(name, cst.Name) else None
        statement = self.parent(target) if isinstance(target, cst.AssignTarget) else target
        return statement.value if isinstance(statement, cst.Assign | cst.AnnAssign) else None

    def text_of(self, node: cst.CSTNode | None, depth: int = 0) -> str | None:
        """A string as far as it is constant, `{}` for each part that is not. None: no string, or nothing known."""
        if node is None or depth > _DEPTH:
            return None
        if isinstance(node, cst.SimpleString):
            value = node.evaluated_value
            return value if isinstance(value, str) else None
        if isinstance(node, cst.ConcatenatedString):
            return _joined(self.text_of(part, depth + 1) for part in (node.left, node.right))
        if isinstance(node, cst.FormattedString):
            return "".join(self._part(part, depth + 1) for part in node.parts)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
            return _joined(self.text_of(part, depth + 1) for part in (node.left, node.right))
        if isinstance(node, cst.Name):
            return self._constant(node, depth + 1)
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "format":
            return self.text_of(node.func.value, depth + 1)
        return None

    def _part(self, part: cst.BaseFormattedStringContent, depth: int) -> str:
        if isinstance(part, cst.FormattedStringText):
            return part.value
        assert isinstance(part, cst.FormattedStringExpression)  # noqa: S101 - the only other kind
        return self.text_of(part.expression, depth) or HOLE

    def _constant(self, node: cst.Name, depth: int) -> str | None:
        """The text of a name that is assigned once; also one imported from another module of the app."""
        assignments = _sorted(self._scope(node), node.value)
        if len(assignments) != 1:
            return None
        only = assignments[0]
        if isinstance(only, ImportAssignment):
            names = sorted(found.name for found in only.get_qualified_names_for(only.name))
            own = self._imported(self.text.source.path, names[0]) if names else None
            return own.text if own is not None else None
        return self.text_of(self._assigned_value(only), depth)

    def exported_text(self, name: str) -> str | None:
        """The constant text of a module variable."""
        for statement in self.tree.body:
            for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
                if isinstance(small, cst.Assign) and any(_is_name(target.target, name) for target in small.targets):
                    return self.text_of(small.value)
        return None


class Found:
    """What an imported name is in the module that defines it."""

    def __init__(self, path: str | None, text: str | None) -> None:
        self.path = path
        self.text = text


class _Attributes(cst.CSTVisitor):
    """Collects what a class assigns to its attributes, in the class body and through `self`."""

    def __init__(self) -> None:
        self.found: dict[str, list[cst.BaseExpression]] = {}

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._keep(target.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._keep(node.target, node.value)

    def _keep(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        if isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name):
            self.found.setdefault(target.attr.value, []).append(value)
        elif isinstance(target, cst.Name):
            self.found.setdefault(target.value, []).append(value)


def _is_dotted(node: cst.BaseExpression) -> bool:
    """Names with dots between them: only these have a qualified name (libcst looks through calls on the way)."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


def _folded(name: str) -> str:
    """A dotted name with `same` applied to each of its beginnings."""
    path = ""
    for part in name.split("."):
        path = same(f"{path}.{part}" if path else part)
    return path


def _sorted(scope: Scope | None, name: str) -> list[BaseAssignment]:
    """The assignments of a name, in the order of the file."""
    if scope is None:
        return []
    found = list(scope[name])
    return sorted(found, key=lambda one: getattr(one, "index", 0) or 0)


def _returned(function: cst.FunctionDef) -> list[cst.BaseExpression]:
    collector = _Returns()
    function.body.visit(collector)
    return collector.found


class _Returns(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found: list[cst.BaseExpression] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Return(self, node: cst.Return) -> None:
        if node.value is not None:
            self.found.append(node.value)

    def visit_Yield(self, node: cst.Yield) -> None:
        if isinstance(node.value, cst.BaseExpression):
            self.found.append(node.value)


def _joined(parts: Iterable[str | None]) -> str | None:
    texts = list(parts)
    if all(text is None for text in texts):
        return None
    return "".join(HOLE if text is None else text for text in texts)


def _is_name(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name
