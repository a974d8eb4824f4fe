"""The Semgrep engine: places, gaps, and everything that must not pass for a clean app."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from piiguard.engines import semgrep
from piiguard.engines.catalogue import Catalogue
from piiguard.errors import EngineError
from piiguard.model import App, EngineReport, Language, Location, Manifest, Rule, Source, Subject

RULES = Catalogue(
    rules={"keep": Rule(id="keep", role="observation", engine="semgrep", topic="t", title="Keeps")},
    patterns=({"id": "keep", "pattern": "$STORE.keep($VALUE)"},),
    files="",
)


def subject(files: dict[str, bytes | str], languages: dict[str, Language] | None = None) -> Subject:
    known: dict[str, Language] = {".ts": "typescript", ".tsx": "tsx", ".py": "python"}
    sources = tuple(
        Source(
            path=path,
            app=".",
            language=(languages or {}).get(path) or known.get(Path(path).suffix, "javascript"),
            text=text if isinstance(text, bytes) else text.encode(),
        )
        for path, text in files.items()
    )
    return Subject(root=".", apps=(App(id=".", name="a", root=".", manifest=Manifest(path="m"), sources=sources),))


def run(files: dict[str, bytes | str], *, jobs: int = 2) -> EngineReport:
    return semgrep.run(subject(files), RULES, jobs=jobs)


def places(report: EngineReport) -> list[tuple[str, int]]:
    return [(mark.location.path, mark.location.start_line) for mark in report.marks]


def test_every_kind_of_script_is_looked_at() -> None:
    element = "const a = <b onClick={() => box.keep(1)}>x</b>;"
    report = run(
        {"a.ts": "box.keep(<T>1);", "b.tsx": element, "c.js": "box.keep(1)", "d.jsx": element, "e.py": "box.keep(1)"}
    )
    assert places(report) == [("a.ts", 1), ("b.tsx", 1), ("c.js", 1), ("d.jsx", 1)]
    assert report.gaps == ()
    assert set(report.versions) == {"semgrep"}


@pytest.mark.parametrize("name", ["a.ts", "a.tsx", "a.js"])
def test_places_are_bytes_and_code_points(name: str) -> None:
    text = "\ufeffbox.keep(1);\r\n/* é😀 */ box.keep('é😀'); // x\r\n\tbox.keep({\r\n  'é': 1 });\r\n".encode()
    marks = run({name: text}).marks
    assert [text[mark.start : mark.end].decode() for mark in marks] == [
        "box.keep(1)",
        "box.keep('é😀')",
        "box.keep({\r\n  'é': 1 })",
    ]
    assert [mark.location for mark in marks] == [
        Location(name, 1, 1, 1, 12),
        Location(name, 2, 10, 2, 24),
        Location(name, 3, 2, 4, 12),
    ]


def test_nothing_of_the_repository_changes_the_scan() -> None:
    keep = "box.keep(1)\n"
    report = run(
        {
            ".semgrepignore": "*\n",
            ".gitignore": "*\n",
            "--config=evil.js": keep,
            "a\nb.js": keep,
            "node_modules/x.min.js": keep,
            "tests/build/dist.js": keep,
            "../../outside.js": keep,
            "canary.js": keep,
            "no.js": "box.keep(1) // nosemgrep\nbox.keep(1) // nosem: keep\n",
            "long.js": keep + "//" + "x" * 1_200_000,
        }
    )
    assert len(report.marks) == 9
    assert report.gaps == ()


def test_the_order_of_files_and_the_number_of_processes_change_nothing() -> None:
    files: dict[str, bytes | str] = {f"{i}.js": f"box.keep({i});\n" * 2 + "//" + "x" * 60_000 for i in range(5)}
    once = run(files, jobs=1)
    again = run(dict(reversed(files.items())), jobs=3)
    assert len(once.marks) == 10
    assert msgspec.json.encode(once) == msgspec.json.encode(again)


def test_marks_of_several_apps_are_told_apart() -> None:
    one, two = (subject({f"{name}/a.js": "box.keep(1)"}).apps[0] for name in ("one", "two"))
    both = Subject(root=".", apps=(msgspec.structs.replace(one, id="one"), msgspec.structs.replace(two, id="two")))
    assert [(mark.app, mark.location.path) for mark in semgrep.run(both, RULES).marks] == [
        ("one", "one/a.js"),
        ("two", "two/a.js"),
    ]


def test_what_cannot_be_parsed_is_a_gap_that_quotes_nothing() -> None:
    report = run({"a.ts": "box.keep(1);\nclass A {\n  foo( { return 'hunter2' }\n}\n", "b.js": "box.keep(1);"})
    assert places(report) == [("a.ts", 1), ("b.js", 1)]
    assert [(gap.path, gap.why) for gap in report.gaps] == [("a.ts", "Semgrep could not parse a part of the file")]
    assert report.gaps[0].line in (2, 3)


def test_an_invalid_rule_ends_the_run() -> None:
    broken = msgspec.structs.replace(RULES, patterns=(*RULES.patterns, {"id": "broken", "pattern": "keep($X"}))
    with pytest.raises(EngineError, match="refuses the rule broken"):
        semgrep.run(subject({"a.ts": "box.keep(1)"}), broken)


def test_without_scripts_semgrep_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piiguard.engines.semgrep.subprocess.Popen", None)
    assert run({"a.py": "box.keep(1)"}).marks == ()


@pytest.mark.parametrize("way", [0, 1, 2])
def test_every_way_to_call_semgrep_finds_the_same(way: int, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = semgrep._commands
    monkeypatch.setattr(semgrep, "_commands", lambda root: commands(root)[way : way + 1])
    assert places(run({"a.js": "box.keep(1)\n\nbox.keep(2)"})) == [("a.js", 1), ("a.js", 3)]


# ---------------------------------------------------------------- engines that do not work

CANARY = {"check_id": "piiguard-canary", "path": "javascript-0/canary.js", "start": {"offset": 0}, "end": {"offset": 1}}


def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    """Puts Python programs in the place of Semgrep."""
    commands = []
    for number, program in enumerate(programs):
        path = tmp_path / f"{number}.py"
        path.write_text(program, encoding="utf-8")
        commands.append([sys.executable, str(path)])
    monkeypatch.setattr(semgrep, "_commands", lambda root: commands)


def answer(**parts: object) -> str:
    whole = {"results": [CANARY], "errors": [], "paths": {"scanned": ["javascript-0/000000.js"]}, **parts}
    return f"print({json.dumps(json.dumps(whole))})"


def test_an_engine_that_finds_nothing_at_all_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, answer(results=[]))
    with pytest.raises(EngineError, match="not even a known positive"):
        run({"a.js": "box.keep(1)"})


def test_a_crash_is_told_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, "import sys; sys.stderr.write('first\\nlast words\\n'); sys.exit(2)")
    with pytest.raises(EngineError, match="did not work: last words"):
        run({"a.js": "box.keep(1)"})


def test_after_a_crash_the_next_way_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, "print('no json')", answer())
    assert run({"a.js": "box.keep(1)"}) == EngineReport(versions={"semgrep": semgrep._version()})


def test_an_engine_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semgrep, "_WHOLE_RUN_SECONDS", 0.2)
    pretend(tmp_path, monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(EngineError, match="did not finish"):
        run({"a.js": "box.keep(1)"})


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (
            {"errors": [{"type": "Timeout", "level": "warn", "rule_id": "keep", "path": "javascript-0/000000.js"}]},
            "Semgrep took too long on the file (rule keep)",
        ),
        (
            {"errors": [{"type": "Out of memory", "level": "error", "path": "javascript-0/000000.js"}]},
            "Semgrep ran out of memory on the file",
        ),
        ({"paths": {"scanned": []}}, "Semgrep did not look at the file"),
    ],
)
def test_what_semgrep_gave_up_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: dict[str, object], why: str
) -> None:
    pretend(tmp_path, monkeypatch, answer(**parts))
    assert [(gap.path, gap.why) for gap in run({"a.js": "box.keep(1)"}).gaps] == [("a.js", why)]


def test_the_users_semgrep_settings_are_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEMGREP_APP_TOKEN", "SEMGREP_RULES", "SEMGREP_SEND_METRICS"):
        monkeypatch.setenv(name, "mine")
    names = "sorted(k + '=' + v for k, v in os.environ.items() if k.startswith('SEMGREP'))"
    pretend(tmp_path, monkeypatch, f"import os, sys; sys.stderr.write(' '.join({names})); sys.exit(1)")
    with pytest.raises(EngineError) as caught:
        run({"a.js": "box.keep(1)"})
    assert "SEMGREP_ENABLE_VERSION_CHECK=0 SEMGREP_SEND_METRICS=off SEMGREP_SETTINGS_FILE=" in caught.value.what
    assert "mine" not in caught.value.what


@pytest.mark.parametrize(
    "call",
    [
        "box.keep<string>('k');",
        "box.keep<Map<string,\n  Array<number>>>('k');",
        "await box.keep<{ a: string }>('k');",
        "new Box<A>().keep<B>(1);",
    ],
)
@pytest.mark.parametrize("name", ["a.ts", "a.tsx"])
def test_type_arguments_hide_no_call(name: str, call: str) -> None:
    before = "const é = (a: number) => a;\n"
    (mark,) = run({name: before + call}).marks
    assert (before + call).encode()[mark.start : mark.end].startswith((b"box.keep<", b"new Box<A>()"))


@pytest.mark.parametrize(
    "call",
    [
        "box?.keep(1);",
        "box!.keep(1);",
        "(box as any).keep(1);",
        "this.box.keep(1);",
        "box[0].keep(1);",
        "box.keep(1 as any);",
        "void box.keep(1);",
        "box\n  // why\n  .keep(1);",
        "await (await box()).keep(1)",
    ],
)
def test_forms_of_a_call(call: str) -> None:
    assert len(run({"a.ts": f"async function f() {{ {call} }}"}).marks) == 1
