"""Apps that try to be answered `supported` without deserving it, and surroundings in which a scan cannot work.

Whatever they do, there is an observation, a gap with the place, or one error line: never silence, never a crash.
"""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from piiguard.app import read
from piiguard.engines import catalogue, detours, semgrep
from piiguard.errors import EngineError, UsageError
from piiguard.formats.overview import conclusion
from piiguard.model import Gap, Judgement, Report, Subject, Tool, Verdict

MANIFEST = """\
app: {id: ari:cloud:ecosystem::app/1, runtime: {name: nodejs22.x}}
modules:
  jira:issuePanel: [{key: panel, title: Panel, resolver: {function: main}}]
  function: [{key: main, handler: index.handler}]
permissions: {scopes: []}
"""
WITH_PAGES = MANIFEST + "resources: [{key: pages, path: static}]\n"
IMPORTS = """\
import Resolver from '@forge/resolver';
import api, { fetch as call, storage, route } from '@forge/api';
import { kvs } from '@forge/kvs';
"""
RULES = catalogue.load()


def app(root: Path, files: dict[str, str | bytes], manifest: str = MANIFEST) -> Path:
    """Writes an app."""
    for path, content in {"manifest.yml": manifest, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def detoured(root: Path, line: str, imports: str = IMPORTS) -> list[Gap]:
    """The gaps of a script with one line of interest, its fifth."""
    text = f"{imports}export const handler = async (request, url, text, name) => {{\n{line}\n}};\n"
    return list(detours.run(read(app(root, {"src/index.js": text})), RULES).gaps)


WAYS_OUT = [
    "await globalThis[name](url);",
    "await globalThis['fe' + 'tch'](url);",
    "await window[name](url);",
    "const send = fetch; await send(url);",
    "const send = call; await send(url);",
    "const send = globalThis.fetch; await send(url);",
    "await fetch.call(null, url);",
    "await fetch.apply(null, [url]);",
    "const send = fetch.bind(null); await send(url);",
    "await Reflect.apply(fetch, null, [url]);",
    "await (0, fetch)(url);",
    "const ways = [fetch]; await ways[0](url);",
    "await ({ go: fetch })[name](url);",
    "await Promise.resolve(url).then(fetch);",
    "await (name ? fetch : null)(url);",
    "await (async (go = fetch) => go(url))();",
    "await (async ({ go = fetch }) => go(url))({});",
    "await api['fetch'](url);",
    "navigator[name](url); await fetch(...url);",
]
WAYS_TO_STORE = [
    "await kvs['set']('k', text);",
    "await kvs[name]('k', text);",
    "const { set } = kvs; await set('k', text);",
    "const set = kvs.set.bind(kvs); await set('k', text);",
    "await kvs.set.call(kvs, 'k', text);",
    "await Reflect.apply(kvs.set, kvs, ['k', text]);",
    "await kvs.set(...text);",
    "await new Proxy(kvs, {}).set('k', text);",
    "globalThis.db = kvs; await db.set('k', text);",
    "await kvs.set`k${text}`;",
    "await storage['set']('k', text);",
]
WAYS_TO_LOG = [
    "const { log } = console; log(text);",
    "console['log'](text);",
    "console[name](text);",
    "const out = console; out.log(text);",
    "console.log.apply(console, [text]);",
    "[text].forEach(console.log);",
    "work().then(console.log);",
]
WAYS_TO_KEEP = [
    "Object.assign(localStorage, { text });",
    "for (const store of [localStorage, sessionStorage]) store.setItem('k', text);",
    "const store = name ? localStorage : sessionStorage; store.setItem('k', text);",
    "Reflect.set(localStorage, 'k', text);",
]
CODE_FROM_TEXT = [
    "eval(text);",
    "(0, eval)(text);",
    "new Function('a', text)(1);",
    "Function('return this')().fetch(url);",
    "(() => {}).constructor(text)();",
    "setTimeout('go()', 1);",
    "await import(name);",
    "require(name).post(url);",
    "require('ax' + 'ios').post(url);",
]


@pytest.mark.parametrize(
    ("line", "category"),
    [
        *((line, "undeclared-egress") for line in WAYS_OUT),
        *((line, "pii-storage") for line in WAYS_TO_STORE),
        *((line, "pii-log") for line in WAYS_TO_LOG),
        *((line, "browser-storage") for line in WAYS_TO_KEEP),
        ("document['cookie'] = text;", "cookie"),
        ("const page = document; page.cookie = text;", "cookie"),
    ],
)
def test_a_way_around_the_rules_is_a_gap(tmp_path: Path, line: str, category: str) -> None:
    gaps = detoured(tmp_path, line)
    assert {(gap.path, gap.line) for gap in gaps} == {("src/index.js", 5)}
    assert all(category in (gap.needed_for or [category]) for gap in gaps)


def test_a_printed_error_is_no_way_around(tmp_path: Path) -> None:
    assert detoured(tmp_path, "work().catch(console.error);") == []


@pytest.mark.parametrize("line", CODE_FROM_TEXT)
def test_code_made_of_text_leaves_every_claim_open(tmp_path: Path, line: str) -> None:
    assert [(gap.line, gap.needed_for) for gap in detoured(tmp_path, line) if not gap.needed_for] == [(5, ())]


@pytest.mark.parametrize(
    ("page", "category"),
    [
        ("<p>\n<script>fetch('https://x.example')</script>", "undeclared-egress"),
        ("<p>\n<SCRIPT type=module>localStorage.setItem('a', 1)</SCRIPT>", "browser-storage"),
        ("<p>\n<img src=x onerror=\"fetch('https://x.example')\">", "undeclared-egress"),
    ],
)
def test_a_script_inside_a_page_is_a_gap(tmp_path: Path, page: str, category: str) -> None:
    (gap,) = detours.run(
        read(app(tmp_path, {"manifest.yml": WITH_PAGES, "src/index.js": "1", "static/index.html": page})), RULES
    ).gaps
    assert (gap.path, gap.line) == ("static/index.html", 2)
    assert category in gap.needed_for


def test_a_page_without_such_scripts_has_no_gap(tmp_path: Path) -> None:
    page = (
        "<p>fetch(it)</p><!-- <script>fetch(1)</script> --><script src=a.js></script><script>var a = 'fetch';</script>"
    )
    assert (
        detours.run(
            read(app(tmp_path, {"manifest.yml": WITH_PAGES, "src/index.js": "1", "static/index.html": page})), RULES
        ).gaps
        == ()
    )


@pytest.mark.parametrize("module", ["vm", "node:vm", "dns", "node:worker_threads"])
def test_modules_that_no_rule_describes(tmp_path: Path, module: str) -> None:
    assert [gap.line for gap in detoured(tmp_path, "", f"import x from '{module}';\n\n\n")] == [1]


@pytest.mark.parametrize(
    "line",
    [
        "await fetch(url); await call(url); await api.fetch(url); await kvs.set('k', text); console.log(text);",
        "if (fetch && typeof localStorage !== 'undefined') localStorage.setItem('k', localStorage[name]);",
        "const data = await api.asUser().requestJira(route`/rest/api/3/myself`);",
        "const db = kvs; await db.set('k', text); const read = kvs.get;",
        "const [history, setHistory] = useState([]); list(history); return { history };",
        "const { fetch, document } = request; list(fetch, document);",
        "const send = ({ fetch }) => list(fetch); setTimeout(() => send(text), 1);",
        "await import('./page.js'); await import(`./pages/${name}.js`); const fs = require('fs');",
        "class A { constructor(x) { this.x = x; } } window.addEventListener('x', list); window[name] = 1;",
        "document.cookie = text; const x = document.getElementById(name); x.console.log(list); // eval(text), fetch",
    ],
)
def test_ordinary_code_is_no_detour(tmp_path: Path, line: str) -> None:
    assert detoured(tmp_path, line) == []


# ---------------------------------------------------------------- files


LEAK = "import { kvs } from '@forge/kvs';\nexport const leak = (email) => kvs.set('k', { email });\n"


def sources(root: Path) -> set[str]:
    return {source.path for each in read(root).apps for source in each.sources}


@pytest.mark.parametrize(
    "statement",
    [
        "import '../tests/leak';",
        "import /* one */ /* two */ '../tests/leak';",
        f"import /*{'x' * 400}*/ '../tests/leak';",
        "import type X from 'y'\nimport z from '../tests/leak';",
        "/* import type */ import * as z from '../tests/leak';",
        "await import('../tests/leak');",
        "const x = require('../tests/leak.js');",
    ],
)
def test_what_ships_is_read_wherever_it_lies(tmp_path: Path, statement: str) -> None:
    assert "tests/leak.js" in sources(app(tmp_path, {"src/index.js": statement, "tests/leak.js": LEAK}))


@pytest.mark.parametrize("name", ["leak.es6", "leak.es", "leak.jsm", "leak.cjs"])
def test_every_suffix_of_scripts_is_read(tmp_path: Path, name: str) -> None:
    assert f"src/{name}" in sources(app(tmp_path, {f"src/{name}": LEAK}))


@pytest.mark.parametrize(
    "content",
    [
        LEAK.encode("utf-16"),
        LEAK.encode() + b"\0" * 40,
        b"\xff\xfe\x00\x01" * 40,
        LEAK.encode() + b"// \xe9",
        b"// x\n" * 300_000,
    ],
)
@pytest.mark.parametrize("suffix", ["js", "ts", "py", "html"])
def test_a_file_that_cannot_be_read_is_a_gap(tmp_path: Path, content: bytes, suffix: str) -> None:
    subject = read(app(tmp_path, {"src/index.js": "1", f"src/b.{suffix}": content}))
    assert any(gap.path == f"src/b.{suffix}" and not gap.needed_for for gap in subject.apps[0].gaps)


@pytest.mark.parametrize("suffix", ["vue", "svelte", "coffee", "wasm", "astro"])
def test_a_language_that_is_not_known_is_a_gap(tmp_path: Path, suffix: str) -> None:
    subject = read(app(tmp_path, {"src/index.js": "1", f"src/b.{suffix}": "x"}))
    assert any(gap.path == f"src/b.{suffix}" for gap in subject.apps[0].gaps)


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "leak.js").write_text(LEAK)
    root = app(tmp_path / "app", {"src/index.js": "import './leak'; import './out/leak';"})
    (root / "src/leak.js").symlink_to(tmp_path / "outside" / "leak.js")
    (root / "src/out").symlink_to(tmp_path / "outside")
    (root / "src/loop").symlink_to(root / "src")
    (root / "src/self").symlink_to("self")
    subject = read(root)
    assert sources(root) == {"src/index.js", "manifest.yml"}
    assert {"src/leak.js", "src/out", "src/self"} <= {gap.path for gap in subject.apps[0].gaps}


@pytest.mark.parametrize(
    "extra",
    [
        "permissions: {scopes: []}\n",
        "permissions2: {external: 'https://x.example'}\npermissions: {}\n",
        "---\na: 1\n",
        "\tx: 1\n",
        "x: &x [*x]\n",
        "x: [\n",
    ],
)
def test_a_manifest_that_can_be_read_in_two_ways_is_an_error(tmp_path: Path, extra: str) -> None:
    with pytest.raises(UsageError) as error:
        read(app(tmp_path, {"src/index.js": "1"}, MANIFEST + extra))
    assert "\n" not in str(error.value)


def test_one_broken_manifest_of_several_is_a_gap_of_the_others(tmp_path: Path) -> None:
    app(tmp_path / "good", {"src/index.js": "1"})
    app(tmp_path / "bad", {"src/index.js": "1"}, MANIFEST + "x: [\n")
    (good,) = read(tmp_path).apps
    assert any(gap.path == "bad/manifest.yml" and not gap.needed_for for gap in good.gaps)


# ---------------------------------------------------------------- surroundings


def script(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(stat.S_IRWXU)


@pytest.mark.parametrize(
    "answer",
    ["echo '{}'", "exit 0", 'echo \'{"results": [], "errors": []}\'', "echo '[]'", "exec cat /dev/null", "kill -9 $$"],
)
def test_an_engine_that_finds_nothing_is_an_error(tmp_path: Path, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "bin", "core", answer)
    script(tmp_path / "bin", "semgrep", answer)
    monkeypatch.setattr(semgrep, "_packaged_core", lambda: tmp_path / "bin" / "core")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    with pytest.raises(EngineError):
        semgrep.run(read(app(tmp_path / "app", {"src/index.js": LEAK})), RULES)


def test_no_engine_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semgrep, "_packaged_core", lambda: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="not installed"):
        semgrep.run(read(app(tmp_path, {"src/index.js": LEAK})), RULES)


def test_an_empty_rule_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    with pytest.raises(EngineError, match="holds no rule"):
        catalogue.load([tmp_path / "rules"])


def test_missing_rules_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "a" / "b" / "c" / "catalogue.py"))
    with pytest.raises(EngineError, match="missing"):
        catalogue.load()


def test_a_vendor_who_claims_nothing_is_not_praised() -> None:
    verdicts = (Verdict(1, "a", ".", "not-applicable", "not made"), Verdict(1, "b", ".", "not-applicable", "not made"))
    report = Report(Tool("piiguard", "1", ""), Subject(".", ()), (), Judgement(verdicts), (), {})
    assert conclusion(report).answer == "not-applicable"
