"""The sources and sinks of the rules as ordinary Semgrep taint rules: `piiguard rules export`.

One rule for each sink, with the sources whose data makes an observation there. Plain Semgrep follows data
inside one function, so these rules find less than piiguard; they are for people who want to run them by themselves, and
a yardstick: what they find, piiguard must find.

What has no like in a pattern is said as well as patterns can say it:

- A *callee condition* (the root resolves to an export of a package) becomes: the root is a name that an import or
  `require` of that package binds in the file, or a variable that was made from such a name. A re-export by another file
  of the app is not seen. A global is a name; that no local variable shadows it is not checked.
- A *slot* becomes the argument, or the property of an object literal that is written in its place. An argument that is
  a variable counts whole.
- A *shape* becomes: all of the value is personal, but for the properties of `taint.yaml`. A path of a REST call counts
  where the table of answers says that it names persons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from piiguard.facts import shapes, taint
from piiguard.facts.taint import Clause
from piiguard.formats.serialise import dump
from piiguard.model import DATA_CLASSES, Callee, Rule

PERSONAL = frozenset({"direct", "pseudonymous", "content"})
CREDENTIAL = frozenset({"credential"})
_WITH_CREDENTIALS = frozenset({"pii-log", "pii-storage", "public-exit"})
"""Categories of sinks where a credential counts as well."""
_NAMED_IMPORT = "import {{{name}}} from {module};\n..."
_RENAMED_IMPORT = "import {{$EXPORT as {name}}} from {module};\n..."
"""To Semgrep, a default import and what is taken apart from `require` are of this form as well."""
_WHOLE_IMPORT = "{name} = require({module});\n..."
"""To Semgrep, `import * as name` is of this form as well."""
_MADE = ("{name} = <... $MADE ...>;\n...", "{name} = <... new $MADE(...) ...>;\n...")
"""Variables that are made from an imported name: `const client = new OpenAI()`."""
_MODULES_BY_NAME = 3
"""So many modules are written into patterns, by which Semgrep skips files; more are told by one regular expression."""
_RECEIVER = re.compile(r"(\$[A-Z_]+)\.(?!\.)")
_NAMED = re.compile(r"(?:new )?([A-Za-z_]\w*)\s*[.(]")


def compose(rules: Iterable[Rule], patterns: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Taint rules, by id. `patterns`: the Semgrep part of each rule, with its `id`."""
    clauses = {pattern["id"]: {key: value for key, value in pattern.items() if key != "id"} for pattern in patterns}
    known = [rule for rule in rules if rule.engine == "semgrep"]
    sources = [rule for rule in known if rule.role == "source"]
    sinks = [rule for rule in known if rule.role == "sink" and rule.store != "secret"]
    return [_taint(sink, sources, clauses) for sink in sorted(sinks, key=lambda rule: rule.id)]


def render(rules: list[dict[str, Any]]) -> str:
    """A Semgrep rules file, as JSON: every YAML reader takes it, and writing some megabytes of YAML takes long."""
    return dump({"rules": rules})


def _taint(sink: Rule, sources: list[Rule], clauses: dict[str, Clause]) -> dict[str, Any]:
    groups = PERSONAL | CREDENTIAL if sink.category in _WITH_CREDENTIALS else PERSONAL
    used = [(rule, source) for rule in sources if (source := _source(rule, clauses[rule.id], groups)) is not None]
    forge = [one.clause for one in taint.table().forge if _carries(one.shape, groups)]
    return {
        "id": f"piiguard-taint-{sink.id}",
        "mode": "taint",
        "languages": ["javascript", "typescript"],
        "severity": "WARNING",
        "message": f"{sink.title}: personal data or a credential reaches it",
        "metadata": {"category": sink.category, "sink": sink.id, "sources": [rule.id for rule, _ in used]},
        "options": dict(taint.table().options),
        "pattern-sources": [*(source for _, source in used), *forge],
        "pattern-sanitizers": list(_sanitizers()),
        "pattern-sinks": [{"patterns": [conditioned(clauses[sink.id], sink.callee), *_slots(sink, clauses[sink.id])]}],
    }


# ---------------------------------------------------------------- sources


def _carries(shape: str, groups: frozenset[str]) -> bool:
    return any(DATA_CLASSES[name] in groups for name in shapes.classes(shape))


def _source(rule: Rule, clause: Clause, groups: frozenset[str]) -> Clause | None:
    """The source of a rule, if its data counts."""
    narrower: list[Clause] = []
    if rule.shape == "rest-response":
        if not re.search(r"\$PATH\b", str(clause)):  # the answer to a query has no path that would tell
            return None
        narrower = [{"metavariable-regex": {"metavariable": "$PATH", "regex": _personal_paths(groups)}}]
    elif rule.shape == "env-value":
        if "credential" not in groups:
            return None
        narrower = [{"metavariable-regex": {"metavariable": "$NAME", "regex": taint.table().environment}}]
    elif not _carries(rule.shape, groups):
        return None
    return {"patterns": [conditioned(clause, rule.callee), *narrower, *_handler(clause)]}


def _handler(clause: Clause) -> list[Clause]:
    """A marked function hands the data to its first parameter."""
    if "$HANDLER" not in str(clause):
        return []
    forms = ("($VALUE, ...) => { ... }", "($VALUE, ...) => $BODY", "async ($VALUE, ...) => { ... }")
    functions = [{"pattern": form} for form in (*forms, "function (..., $VALUE, ...) { ... }")]
    return [{"pattern-either": functions}, {"focus-metavariable": "$VALUE"}]


def _personal_paths(groups: frozenset[str]) -> str:
    """The paths of REST calls whose answers hold such data, as one expression over the code of the argument."""
    telling: list[str] = []
    silent: list[str] = []
    for row in (row for row in shapes.rest_rows() if row.method.fullmatch("GET")):
        path = row.path.pattern.removeprefix("^").replace("$", "(?=[?`'\"]|$)")
        (silent if row.shape == "none" or not _carries(row.shape, groups) else telling).append(path)
    return f"(?s)^(?!.*(?:{'|'.join(silent)})).*(?:{'|'.join(telling)})"


def _sanitizers() -> Iterator[Clause]:
    table = taint.table()
    yield {
        "patterns": [
            {"pattern": "$OBJECT.$PROPERTY"},
            {"pattern-not-inside": "$OBJECT.$PROPERTY(...)"},
            {"metavariable-regex": {"metavariable": "$PROPERTY", "regex": f"^({'|'.join(table.neutral)})$"}},
        ]
    }
    yield {
        "patterns": [
            {"pattern": "$OBJECT.$TEST(...)"},
            {"metavariable-regex": {"metavariable": "$TEST", "regex": f"^({'|'.join(table.tests)})$"}},
        ]
    }
    yield {"pattern-either": [{"pattern": f"{name}(...)"} for name in table.test_functions]}
    yield {"pattern-either": [{"pattern": "!$VALUE"}, {"pattern": "typeof $VALUE"}]}


# ---------------------------------------------------------------- conditions and slots


def conditioned(clause: Clause, callee: Callee) -> Clause:
    """The clause with the callee condition, written once for all alternatives that have the same root."""
    if not callee.imports and not callee.globals:
        return clause
    if "pattern-either" in clause:
        groups: dict[str, list[Clause]] = {}
        for way in clause["pattern-either"]:
            groups.setdefault(_root(way), []).append(way)
        return _either(_grouped(root, ways, callee) for root, ways in groups.items())
    if "patterns" in clause and not _root(clause):
        first, *rest = clause["patterns"]
        return {"patterns": [conditioned(first, callee), *rest]}
    return _grouped(_root(clause), [clause], callee)


def _root(clause: Clause) -> str:
    """The name at the root of the patterns of a clause; empty where they differ, or have no such root."""
    if "pattern" in clause:
        found = _RECEIVER.match(clause["pattern"]) or _NAMED.match(clause["pattern"])
        return found[1] if found else ""
    inner = clause.get("patterns", [])[:1] or clause.get("pattern-either", [])
    roots = {_root(each) for each in inner}
    return roots.pop() if len(roots) == 1 else ""


def _grouped(root: str, ways: list[Clause], callee: Callee) -> Clause:
    """Alternatives with one root, and what the root must be; as they are where their own pattern says that."""
    received = root.startswith("$")
    if not root or root in callee.globals or (not received and not callee.imports):
        return _either(ways)
    told: list[Clause] = []
    if received and callee.globals:
        end = "$" if callee.imports else r"\b"
        told.append({"metavariable-regex": {"metavariable": root, "regex": f"^({'|'.join(callee.globals)}){end}"}})
    if callee.imports:
        ways = [_chained(way) for way in ways] if received else ways
        told += _bound(root, callee.imports)
    return _either({"patterns": [_either(ways), each]} for each in told)


def _either(ways: Iterable[Clause]) -> Clause:
    several = list(ways)
    return several[0] if len(several) == 1 else {"pattern-either": several}


def _chained(clause: Clause) -> Clause:
    """`$STORE.set(…)`: the root of `kvs.entity('x').set(…)` is `kvs`. Parts of a clause that narrow it stay."""
    if "pattern" in clause:
        receiver = _RECEIVER.match(clause["pattern"])
        if not receiver:
            return clause
        # Behind `...`, Semgrep takes one name: `$CLIENT.chat.create()` stays as it is.
        rest = clause["pattern"][receiver.end() :]
        return clause if "." in rest.partition("(")[0] else {"pattern": f"{receiver[1]}. ... .{rest}"}
    return {
        key: [_chained(inner) for inner in value] if key in ("patterns", "pattern-either") else value
        for key, value in clause.items()
    }


def _bound(name: str, imports: Iterable[str]) -> list[Clause]:
    """The ways in which a name is bound by one of the imports: itself, or as a variable that is made from one."""
    direct = _imported(name, imports)
    if not name.startswith("$"):
        return [direct]
    return [
        direct,
        {
            "patterns": [
                _imported("$MADE", imports),
                _either({"pattern-inside": form.format(name=name)} for form in _MADE),
            ]
        },
    ]


def _imported(name: str, imports: Iterable[str]) -> Clause:
    return _either(
        way
        for exports, modules in sorted(_by_exports(imports).items())
        for module in ([repr(module) for module in modules] if len(modules) <= _MODULES_BY_NAME else ["'$MODULE'"])
        for way in _forms_of_import(name, module, modules, exports)
    )


def _forms_of_import(name: str, module: str, modules: list[str], exports: tuple[str, ...]) -> Iterator[Clause]:
    """A whole module, or its default export, may always get the name; another export if it is asked for."""
    one_of = {"metavariable": "$MODULE", "regex": f"^({'|'.join(map(re.escape, modules))})$"}
    narrower: list[Clause] = [{"metavariable-regex": one_of}] if module == "'$MODULE'" else []
    asked = f"^({'|'.join((*exports, 'default'))})$"
    for form in (_NAMED_IMPORT, _RENAMED_IMPORT, _WHOLE_IMPORT):
        variable = "$EXPORT" if form is _RENAMED_IMPORT else name
        beside = list(narrower)
        if exports and form is not _WHOLE_IMPORT and variable.startswith("$"):
            beside.append({"metavariable-regex": {"metavariable": variable, "regex": asked}})
        inside: Clause = {"pattern-inside": form.format(name=name, module=module)}
        yield {"patterns": [inside, *beside]} if beside else inside


def _by_exports(imports: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    """The exports that are asked for (none: any) -> the modules that they are asked of."""
    asked: dict[str, list[str]] = {}
    for name in imports:
        module, _, export = name.rpartition("#")
        asked.setdefault(module, []).append(export)
    found: dict[tuple[str, ...], list[str]] = {}
    for module, exports in asked.items():
        found.setdefault(() if "*" in exports else tuple(sorted(exports)), []).append(module)
    return found


def _slots(rule: Rule, clause: Clause) -> list[Clause]:
    """Only the parts of the sink that are looked at. A rule that focuses on a part has done so."""
    if "focus-metavariable" in str(clause) or {"self", "arg:*"} & set(rule.slots):
        return []
    return [_either(way for slot in rule.slots for way in _forms(slot)), {"focus-metavariable": "$SLOT"}]


def _forms(slot: str) -> Iterator[Clause]:
    """How a slot is written: `arg:1.body` is `body` of an object literal, or all of an argument that is none."""
    kind, _, rest = slot.partition(":")
    if kind == "right":
        yield {"pattern": "$LEFT = $SLOT"}
        return
    if kind == "attr":
        yield {"pattern": f"<$ELEMENT ... {rest}={{$SLOT}} ...>...</$ELEMENT>"}
        yield {"pattern": f"<$ELEMENT ... {rest}={{$SLOT}} ... />"}
        return
    head, _, path = rest.partition(".")
    position, whole = head.removesuffix("[*]"), not path or head.endswith("[*]")
    before = "".join(f"$ARG{index}, " for index in range(int(position)))
    no_literal = {"metavariable-regex": {"metavariable": "$SLOT", "regex": r"^[^{]"}}
    for call in ("$CALLEE", "new $CALLEE"):
        argument: Clause = {"pattern": f"{call}({before}$SLOT, ...)"}
        if whole:
            yield argument
        else:
            yield {"pattern": f"{call}({before}{_nested(path.split('.'))}, ...)"}
            yield {"patterns": [argument, no_literal]}


def _nested(path: list[str]) -> str:
    inner = "$SLOT"
    for name in reversed(path):
        inner = f"{{..., {name.removesuffix('[*]')}: {inner}, ...}}"
    return inner
