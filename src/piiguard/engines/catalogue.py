"""The rule catalogue: reads, checks and hands out the rules of `rules/`, and knows those that other engines declare.

A rule file is checked completely before anything is scanned: a rule that is skipped would look like a clean app.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal, NoReturn

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from piiguard import model
from piiguard.errors import EngineError, UsageError
from piiguard.facts import shapes
from piiguard.model import CATEGORIES, DATA_CLASSES, Callee, Confidence, Role, Rule

LANGUAGES = ["javascript", "typescript"]
RUNTIME_SHAPES = frozenset({"rest-response"})
"""Shapes that are no row of facts/shapes.yaml: the flow graph finds the real one from the call's path."""
_SPECIFICATION = "See 'How a rule is written' in CONTRIBUTING.md"
_SLOT = re.compile(r"(?:arg:(?:\d+|\*)(?:\[\*\])?(?:\.[\w$-]+(?:\[\*\])?)*|attr:[\w-]+|right|self)")
_HOST = re.compile(rf"literal:(?:\*\.)?[\w.-]+|{_SLOT.pattern}")
_IMPORT = re.compile(r"(?:@[\w.-]+/)?[\w.:/-]+#(?:\*|[\w$]+)")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ANCHOR = re.compile(r"(?:^|[\s\[{,])[&*]\w", re.MULTILINE)
_CLAUSES = ("pattern", "patterns", "pattern-either", "pattern-regex")


class _Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`metadata.piiguard`: the fields of model.Rule that a rule's author writes."""

    role: Role
    why: str
    category: str = ""
    confidence: Confidence = "sure"
    shape: str = ""
    slots: tuple[str, ...] = ()
    host: str = ""
    channel: str = ""
    store: str = ""
    data: tuple[str, ...] = ()
    callee: Callee = Callee()
    attributes: dict[str, str] = {}
    claims: tuple[str, ...] = ()
    fix: str = ""


class _Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    piiguard: _Facts
    references: tuple[str, ...] = ()


class _Written(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"either": "pattern-either", "regex": "pattern-regex"},
):
    """A rule as its file has it."""

    id: str
    languages: list[str]
    severity: Literal["INFO", "WARNING", "ERROR"]
    message: str
    metadata: _Metadata
    pattern: Any = None
    patterns: Any = None
    either: Any = None
    regex: Any = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: list[_Written]


class Catalogue(msgspec.Struct, frozen=True):
    """All rules of a run."""

    rules: dict[str, Rule]
    """Rule id -> rule, of every engine, sorted by id."""
    patterns: tuple[dict[str, Any], ...]
    """What Semgrep needs of its rules: `id` and one of `pattern`, `patterns`, `pattern-either`, `pattern-regex`."""
    files: str
    """sha256 over the names and bytes of the rule files, in hexadecimal."""

    def semgrep_rules(self, language: str) -> list[dict[str, Any]]:
        """The rules as Semgrep reads them, for one language."""
        return [
            {**pattern, "languages": [language], "severity": "INFO", "message": pattern["id"]}
            for pattern in self.patterns
        ]

    def with_rules(self, rules: Iterable[Rule]) -> Catalogue:
        """This catalogue and the rules that another engine declares. Raises UsageError where an id is taken."""
        together = dict(self.rules)
        for rule in rules:
            if rule.id in together:
                raise UsageError(
                    f"the rule id {rule.id} is taken", where=rule.topic, todo="Give each rule an id of its own"
                )
            together[rule.id] = rule
        return msgspec.structs.replace(self, rules=_by_id(together))

    @property
    def digest(self) -> str:
        """`sha256:…` over all rule files and all declared rules: equal digests, equal questions."""
        whole = hashlib.sha256(self.files.encode())
        whole.update(msgspec.json.encode(list(self.rules.values())))
        return f"sha256:{whole.hexdigest()}"


def load(extra: Sequence[Path] = ()) -> Catalogue:
    """The packaged rules and those of `extra` (files, or folders that are searched for `*.yaml`).

    Raises UsageError for the first thing that is wrong with a rule file, EngineError if a folder holds no rule.
    """
    rules: dict[str, Rule] = {}
    patterns: dict[str, dict[str, Any]] = {}
    files = hashlib.sha256()
    for root in (packaged_rules(), *extra):
        texts = {path: _read(path) for path in _rule_files(root)}
        for (path, text), (rule, pattern) in zip(texts.items(), _parsed(root, texts), strict=True):
            if rule.id in rules:
                _wrong(path, f"the rule id {rule.id} is taken", "Give each rule an id of its own")
            rules[rule.id] = rule
            patterns[rule.id] = pattern
            files.update(f"{path.parent.name}/{path.name}\0{len(text)}\0{text}".encode())
    return Catalogue(_by_id(rules), tuple(patterns[id] for id in sorted(patterns)), files.hexdigest())


def packaged_rules() -> Path:
    """The folder of the rules that ship: in the package (wheel), or at the root of the checkout (editable install)."""
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "rules", package.parents[1] / "rules")
    found = next((folder for folder in candidates if folder.is_dir()), None)
    if found is None:
        raise EngineError("the rules of this installation are missing", todo="Install piiguard again")
    return found


def _rule_files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise UsageError("no such rule file or folder", where=str(root), todo="Check the path")
    found = sorted(root.rglob("*.yaml"))
    if not found:
        raise EngineError("the folder holds no rule", where=str(root), todo="Name a folder with *.yaml rule files")
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the rule file cannot be read ({type(error).__name__})", where=str(path), todo="Save it as UTF-8 text"
        ) from error


class _Compiled(msgspec.Struct, frozen=True):
    """What parsing the rule files of a folder gave, kept for the next run."""

    key: str
    parsed: list[tuple[Rule, dict[str, Any]]]


def _parsed(root: Path, texts: dict[Path, str]) -> list[tuple[Rule, dict[str, Any]]]:
    """The rules of some files, and their Semgrep parts.

    Reading 200 files of YAML takes half a second, a good part of a small scan. So the result is kept as Python keeps
    its bytecode: beside its source, where only those write who may write the rules, and used while nothing changes.
    """
    if root != packaged_rules():
        return [_parse(path, text) for path, text in texts.items()]
    store, key = root / "__pycache__" / "catalogue.msgpack", _key(texts)
    try:
        known = msgspec.msgpack.decode(store.read_bytes(), type=_Compiled)
        if known.key == key:
            return known.parsed
    except (OSError, msgspec.MsgspecError):
        pass  # not there yet, or of another version
    parsed = [_parse(path, text) for path, text in texts.items()]
    _keep(store, msgspec.msgpack.encode(_Compiled(key, parsed)))
    return parsed


def _key(texts: dict[Path, str]) -> str:
    """Changes with the rule files, and with the code and tables that check them."""
    code = (__file__, model.__file__, shapes.__file__, Path(shapes.__file__).with_name("shapes.yaml"))
    key = hashlib.sha256(b"".join(Path(path).read_bytes() for path in code))
    for path, text in texts.items():
        key.update(f"{path}\0{len(text)}\0{text}".encode())
    return key.hexdigest()


def _keep(store: Path, content: bytes) -> None:
    try:
        store.parent.mkdir(exist_ok=True)
        with NamedTemporaryFile(dir=store.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(store)
    except OSError:
        pass  # a read-only installation parses the rules in every run


def _parse(path: Path, text: str) -> tuple[Rule, dict[str, Any]]:
    """The rule of a file, and its Semgrep part."""
    raw = _yaml(path, text)
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        _wrong(path, f"not a rule: {error}")
    if len(file.rules) != 1:
        _wrong(path, f"{len(file.rules)} rules in one file", "Write one rule per file")
    written = file.rules[0]
    _check(path, written)
    rule = _rule(path, written)
    clauses = {key: raw["rules"][0][key] for key in _CLAUSES if key in raw["rules"][0]}
    if len(clauses) != 1:
        _wrong(path, f"needs exactly one of {', '.join(_CLAUSES)}, has {len(clauses)}")
    if not _has_word(clauses):
        _wrong(
            path,
            "an alternative of the pattern has no literal word",
            "Name a method, global or module in each: Semgrep skips files without it",
        )
    return rule, {"id": written.id, **clauses}


def _yaml(path: Path, text: str) -> Any:
    # Semgrep's own reader, which may run the rule files of a checkout, refuses anchors.
    if _ANCHOR.search(text) and any(getattr(event, "anchor", None) for event in _events(path, text)):
        _wrong(path, "YAML anchors and aliases are not allowed", "Write the repeated part out")
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, RecursionError, ValueError) as error:
        _wrong(path, f"not YAML: {' '.join(str(error).split())}")


def _events(path: Path, text: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (YAMLError, RecursionError, ValueError) as error:
        _wrong(path, f"not YAML: {' '.join(str(error).split())}")


def _check(path: Path, written: _Written) -> None:
    """Raises UsageError for what types alone do not say."""
    facts = written.metadata.piiguard
    if not _ID.fullmatch(written.id):
        _wrong(path, f"the rule id {written.id!r} is not kebab-case")
    if written.id != path.stem:
        _wrong(path, f"the rule id {written.id} is not the file name", f"Call the file {written.id}.yaml")
    if written.languages != LANGUAGES:
        _wrong(
            path,
            f"languages is {written.languages}",
            f"Write languages: [{', '.join(LANGUAGES)}]; the engine splits them by file extension",
        )
    if not written.message.strip() or "\n" in written.message.strip():
        _wrong(path, "message is not one line", "Say in one line what such a place does")
    if not facts.why.strip() or (facts.role in ("sink", "observation") and not facts.fix.strip()):
        _wrong(path, "help is missing", "Fill in metadata.piiguard.why and, for sinks and observations, fix")
    for field, value in _unknown_words(facts):
        _wrong(path, f"unknown {field} {value!r}")
    if facts.role in ("sink", "observation") and not facts.category:
        _wrong(path, f"a {facts.role} needs a category")
    if facts.role == "sink" and not facts.slots:
        _wrong(path, "a sink needs slots", "Name the parts that are looked at, such as arg:0")
    if facts.role == "source" and not facts.shape:
        _wrong(path, "a source needs a shape", "Name a shape of facts/shapes.yaml")


def _unknown_words(facts: _Facts) -> Iterator[tuple[str, str]]:
    """Field and value of each word that the vocabulary does not have."""
    if facts.category and facts.category not in CATEGORIES:
        yield "category", facts.category
    if facts.shape and facts.shape not in RUNTIME_SHAPES | shapes.table().keys() | DATA_CLASSES.keys():
        yield "shape", facts.shape
    if facts.host and not _HOST.fullmatch(facts.host):
        yield "host", facts.host
    yield from (("data class", data) for data in facts.data if data not in DATA_CLASSES)
    yield from (("slot", slot) for slot in facts.slots if not _SLOT.fullmatch(slot))
    yield from (("import", name) for name in facts.callee.imports if not _IMPORT.fullmatch(name))


def _rule(path: Path, written: _Written) -> Rule:
    facts = msgspec.structs.asdict(written.metadata.piiguard)
    return Rule(
        id=written.id,
        engine="semgrep",
        topic=path.parent.name,
        title=written.message.strip(),
        references=written.metadata.references,
        languages=tuple(written.languages),
        **{**facts, "attributes": tuple(sorted(written.metadata.piiguard.attributes.items()))},
    )


def _has_word(clause: dict[str, Any]) -> bool:
    """Whether every way to meet the clause needs a literal word in the file."""
    return any(_clause_has_word(key, value) for key, value in clause.items())


def _clause_has_word(key: str, value: Any) -> bool:
    if key in ("pattern", "pattern-inside"):
        return bool(words(str(value)))
    if key == "pattern-regex":
        return bool(words(str(value)))
    if key == "metavariable-regex":
        return bool(words(str(value.get("regex", "")))) if isinstance(value, dict) else False
    if key in ("patterns", "pattern-either") and isinstance(value, list):
        have = (isinstance(item, dict) and _has_word(item) for item in value)
        return any(have) if key == "patterns" else all(have)
    return False


_KEYWORDS = frozenset(
    [
        "as",
        "async",
        "await",
        "catch",
        "class",
        "const",
        "default",
        "else",
        "export",
        "extends",
        "false",
        "for",
        "from",
        "function",
        "if",
        "import",
        "in",
        "let",
        "new",
        "null",
        "of",
        "return",
        "static",
        "this",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
    ]
)
_METAVARIABLE = re.compile(r"\$\.{0,3}[A-Z_][A-Z_0-9]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")


def words(pattern: str) -> frozenset[str]:
    """The literal words of a pattern: its identifiers and words of strings, without metavariables and keywords."""
    return frozenset(_WORD.findall(_METAVARIABLE.sub(" ", pattern))) - _KEYWORDS


def _by_id(rules: dict[str, Rule]) -> dict[str, Rule]:
    return {id: rules[id] for id in sorted(rules)}


def _wrong(path: Path, what: str, todo: str = _SPECIFICATION) -> NoReturn:
    raise UsageError(what, where=str(path), todo=todo)
