"""The cache: a kept answer is what a fresh run says, whatever happened to the cache meanwhile."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piiguard import cache as caching
from piiguard import cli
from piiguard.cache import OFF, Cache
from piiguard.engines import catalogue, semgrep
from piiguard.formats import json as json_format
from piiguard.model import Gap, Report
from piiguard.scan import Options, scan

APPS = Path(__file__).parents[1] / "fixtures" / "apps"
SMALL = APPS / "progress-tracker"
TODAY = date(2026, 1, 1)
QUESTION = ("a test", 1)
MANIFEST = """\
app: {id: ari:cloud:ecosystem::app/1, runtime: {name: nodejs22.x}}
modules:
  jira:issuePanel: [{key: panel, title: Panel, resolver: {function: main}}]
  function: [{key: main, handler: index.handler}]
permissions: {scopes: [%s]}
"""


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def looked(app: Path, cache: Cache) -> str:
    return json_format.render(scan(app, Options(cache=cache, today=TODAY)))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    (tmp_path / "cache").mkdir()
    return Cache(tmp_path / "cache")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that Semgrep was started for."""
    paths: list[str] = []
    batches = semgrep._batches

    def watched(targets: list[semgrep._Target], jobs: int) -> list[semgrep._Batch]:
        paths.extend(target.source.path for target in targets)
        return batches(targets, jobs)

    monkeypatch.setattr(semgrep, "_batches", watched)
    return paths


# ---------------------------------------------------------------- one entry


def test_an_answer_is_found_out_once(tmp_path: Path) -> None:
    answers = iter([(Gap("a.js", "first"),), (Gap("a.js", "second"),)])
    for _ in range(2):
        kept = Cache(tmp_path).remember(QUESTION, tuple[Gap, ...], lambda: next(answers))
        assert kept == (Gap("a.js", "first"),)


@pytest.mark.parametrize("other", [("a test", 2), ("another test", 1), ("a test", "1"), ("a test", 1, None)])
def test_another_question_has_another_answer(tmp_path: Path, other: tuple[object, ...]) -> None:
    Cache(tmp_path).keep(QUESTION, "this")
    assert Cache(tmp_path).recall(other, str) is None


def test_another_program_has_other_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Cache(tmp_path).keep(QUESTION, "this")
    monkeypatch.setattr(caching, "_program", lambda: b"changed")
    assert Cache(tmp_path).recall(QUESTION, str) is None


def test_the_program_is_its_code_and_what_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    identify = caching._program.__wrapped__
    assert identify() == identify()
    assert {"semgrep", "libcst", "tree-sitter", "tldextract"} <= set(caching._needed())
    before = identify()
    monkeypatch.setattr(caching, "_version", lambda name: "9" if name == "semgrep" else "1")
    assert identify() != before
    changed = tmp_path / "piiguard"
    shutil.copytree(Path(caching.__file__).parent, changed, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(caching, "__file__", str(changed / "cache.py"))
    before = identify()
    with (changed / "facts" / "trackers.csv").open("a", encoding="utf-8") as table:
        table.write("\n")
    assert identify() != before


@pytest.mark.parametrize("question", [("\udcff",), (2**70,), (object(),)])
def test_what_cannot_be_written_down_is_not_kept(tmp_path: Path, question: tuple[object, ...]) -> None:
    assert Cache(tmp_path).remember(question, str, lambda: "answer") == "answer"
    assert Cache(tmp_path).remember(QUESTION, str, lambda: "\udcff") == "\udcff"
    assert entries(tmp_path) == []


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_a_damaged_entry_is_no_entry(tmp_path: Path, data: st.DataObject) -> None:
    Cache(tmp_path).keep(QUESTION, ["answer"] * 20)
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    damaged = bytearray(whole)
    if data.draw(st.booleans()):
        damaged = damaged[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        damaged[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    entry.write_bytes(damaged)
    assert Cache(tmp_path).recall(QUESTION, list[str]) is None
    assert Cache(tmp_path).remember(QUESTION, list[str], lambda: ["answer"] * 20) == ["answer"] * 20
    assert entry.read_bytes() == whole


def test_an_entry_under_the_name_of_another_is_no_entry(tmp_path: Path) -> None:
    Cache(tmp_path).keep(QUESTION, "this")
    Cache(tmp_path).keep(("other",), "that")
    one, other = entries(tmp_path)
    shutil.copy(one, other)
    assert [Cache(tmp_path).recall(question, str) for question in (QUESTION, ("other",))].count(None) == 1


def test_an_entry_of_another_form_is_no_entry(tmp_path: Path) -> None:
    Cache(tmp_path).keep(QUESTION, "this")
    assert Cache(tmp_path).recall(QUESTION, tuple[Gap, ...]) is None


def test_entries_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o755)
    Cache(folder).keep(QUESTION, "this")
    (entry,) = entries(folder)
    assert [entry.stat().st_mode & 0o777, entry.parent.stat().st_mode & 0o777] == [0o600, 0o700]


def test_the_entries_used_last_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "SHARD_BYTES", 3 * 4096)
    monkeypatch.setattr(Cache, "_entry", lambda self, question: tmp_path / "00" / str(question[0]))
    cache = Cache(tmp_path)
    for number, name in enumerate("abc"):
        cache.keep((name,), name)
        os.utime(tmp_path / "00" / name, ns=(number, number))
    assert cache.recall(("a",), str) == "a"
    cache.keep(("d",), "d")
    assert [entry.name for entry in entries(tmp_path)] == ["a", "c", "d"]


def test_an_answer_larger_than_a_folder_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "SHARD_BYTES", 10)
    Cache(tmp_path).keep(QUESTION, random.Random(1).randbytes(100))
    assert entries(tmp_path) == []


# ---------------------------------------------------------------- where it is


def test_without_a_variable_it_is_where_the_platform_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(caching.VARIABLE)
    monkeypatch.setattr("piiguard.cache.platformdirs.user_cache_path", lambda name: tmp_path / "platform" / name)
    caching.of_user(tmp_path / "app").keep(QUESTION, "this")
    assert len(entries(tmp_path / "platform" / "piiguard")) == 1
    assert (tmp_path / "platform" / "piiguard").stat().st_mode & 0o777 == 0o700


def inside_the_folder(root: Path) -> tuple[Path, Path]:
    return root / "repository", root / "repository" / "cache"


def beside_the_app(root: Path) -> tuple[Path, Path]:
    (root / "repository" / ".git").mkdir(parents=True)
    return root / "repository" / "app", root / "repository" / "cache"


def through_a_link(root: Path) -> tuple[Path, Path]:
    (root / "repository").mkdir()
    (root / "link").symlink_to(root / "repository")
    return root / "repository", root / "link" / "cache"


def open_to_others(root: Path) -> tuple[Path, Path]:
    (root / "cache").mkdir()
    (root / "cache").chmod(0o777)
    return root / "repository", root / "cache"


def a_file(root: Path) -> tuple[Path, Path]:
    (root / "cache").touch()
    return root / "repository", root / "cache"


def unwritable(root: Path) -> tuple[Path, Path]:
    return root / "repository", Path("/proc/no/cache")


@pytest.mark.parametrize(
    "place", [inside_the_folder, beside_the_app, through_a_link, open_to_others, a_file, unwritable]
)
def test_a_place_that_is_not_ours_alone_is_not_used(
    place: Callable[[Path], tuple[Path, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned, folder = place(tmp_path)
    scanned.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv(caching.VARIABLE, str(folder))
    assert caching.of_user(scanned) is OFF


def test_a_place_of_ours_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(caching.VARIABLE, str(tmp_path / "new" / "cache"))
    caching.of_user(tmp_path / "repository").keep(QUESTION, "this")
    assert len(entries(tmp_path / "new" / "cache")) == 1


def test_a_cache_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    for number in range(256):
        (tmp_path / f"{number:02x}").touch()
    cache = Cache(tmp_path)
    assert cache.remember(QUESTION, str, lambda: "answer") == "answer"
    assert cache.recall(QUESTION, str) is None


# ---------------------------------------------------------------- whole scans


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache after a scan of the planted app, and the report."""
    folder = tmp_path_factory.mktemp("kept")
    return folder, looked(APPS / "progress-tracker-planted", Cache(folder))


def test_a_second_run_says_the_same_and_starts_nothing(kept: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piiguard.engines.semgrep.subprocess.Popen", None)
    assert looked(APPS / "progress-tracker-planted", Cache(kept[0])) == kept[1]


def test_the_engines_of_a_second_run_are_not_even_imported(kept: tuple[Path, str]) -> None:
    app, folder = APPS / "progress-tracker-planted", kept[0]
    code = f"""
import sys
from datetime import date
from pathlib import Path
from piiguard import scan
from piiguard.cache import Cache
scan.scan(Path({str(app)!r}), scan.Options(cache=Cache(Path({str(folder)!r})), today=date(2026, 1, 1)))
print(*sorted({{"libcst", "tree_sitter", "tldextract", "subprocess"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    # Before 3.11 the standard library's own `platform` imports subprocess.
    assert done.stdout in (("\n",) if sys.version_info >= (3, 11) else ("\n", "subprocess\n"))


def test_damaged_entries_are_healed(kept: tuple[Path, str], tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    shutil.copytree(kept[0], folder)
    before = {entry: entry.read_bytes() for entry in entries(folder)}
    chance = random.Random(7)
    for entry, whole in before.items():
        spoiled = bytearray(whole)
        spoiled[chance.randrange(len(whole))] ^= 0x55
        entry.write_bytes(spoiled if chance.random() < 0.5 else whole[: chance.randrange(len(whole))])
    assert looked(APPS / "progress-tracker-planted", Cache(folder)) == kept[1]
    assert {entry: entry.read_bytes() for entry in entries(folder)} == before


def test_no_secret_is_kept(tmp_path: Path, cache: Cache) -> None:
    secret = "AKIA" + "Q7ZJ5XW3NLDVR2HB"
    app = small_app(tmp_path / "app", {"src/index.js": f"export const handler = () => call('{secret}');\n"})
    assert "hardcoded-secret" in looked(app, cache)
    for entry in entries(tmp_path / "cache"):
        assert secret.encode() not in zlib.decompress(entry.read_bytes()[32:])


def test_after_a_change_only_the_changed_file_is_looked_at(tmp_path: Path, cache: Cache, started: list[str]) -> None:
    app = tmp_path / "app"
    shutil.copytree(SMALL, app)
    looked(app, cache)
    started.clear()
    changed = app / "src" / "progress" / "percent.js"
    changed.write_text(changed.read_text(encoding="utf-8") + "\nconsole.log('done');\n", encoding="utf-8")
    told = looked(app, cache)
    assert started == ["src/progress/percent.js"]
    assert told == looked(app, OFF)


def test_a_parse_gap_survives(tmp_path: Path, cache: Cache, started: list[str]) -> None:
    files = {"src/index.js": "export const handler = () => 1;\n", "src/broken.js": "const a = {{{ fetch(;\n"}
    app = small_app(tmp_path / "app", files)
    assert "src/broken.js" in {gap.path for gap in scanned(app, cache).gaps}
    started.clear()
    (app / "src" / "index.js").write_text("export const handler = () => 2;\n", encoding="utf-8")
    assert scanned(app, cache).gaps == scanned(app, OFF).gaps
    assert started[0] == "src/index.js"
    assert "src/broken.js" in {gap.path for gap in scanned(app, cache).gaps}


@pytest.mark.parametrize(
    "error", [{"type": "Timeout", "path": "x/000000.js", "level": "warn"}, {"type": "Fatal error", "level": "warn"}]
)
def test_what_the_machine_brought_about_is_not_kept(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, started: list[str], error: dict[str, object]
) -> None:
    answer = {"results": [], "errors": [error], "paths": {"scanned": ["x/000000.js"]}}
    monkeypatch.setattr(semgrep, "_scan", lambda root, commands, batch: answer)
    app = small_app(tmp_path / "app", {"src/index.js": "export const handler = () => 1;\n"})
    for _ in range(2):
        scanned(app, cache)
    assert started == ["src/index.js"] * 2


def test_other_rules_ask_anew(tmp_path: Path, cache: Cache, started: list[str]) -> None:
    (tmp_path / "rules" / "own").mkdir(parents=True)
    rule = (catalogue.packaged_rules() / "log" / "console-log.yaml").read_text(encoding="utf-8")
    (tmp_path / "rules" / "own" / "own-log.yaml").write_text(
        rule.replace("console-log", "own-log").replace("$CONSOLE.", "$OWN."), encoding="utf-8"
    )
    app = small_app(tmp_path / "app", {"src/index.js": "export const handler = () => console.log('x');\n"})
    for rules in ((), (tmp_path / "rules",), ()):
        scan(app, Options(cache=cache, rules=rules, today=TODAY))
    assert started == ["src/index.js"] * 2


def test_a_package_that_another_file_names_wakes_rules_for_an_unchanged_one(tmp_path: Path, cache: Cache) -> None:
    """Rules for a package that no file names are not run: what was kept without them does not count with them."""
    files = {
        "src/index.js": "import { kvs } from './store';\n"
        "export const handler = ({ context }) => kvs.set('seen', context.accountId);\n",
        "src/store.js": "export const kvs = new Map();\n",
    }
    app = small_app(tmp_path / "app", files)
    assert "pii-storage" not in {each.category for each in scanned(app, cache).observations}
    (app / "src" / "store.js").write_text("export { kvs } from '@forge/kvs';\n", encoding="utf-8")
    assert "pii-storage" in {each.category for each in scanned(app, cache).observations}
    assert looked(app, cache) == looked(app, OFF)


def test_processes_share_a_cache(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    command = [sys.executable, "-m", "piiguard", "scan", str(SMALL), "--format", "json", "--today", "2026-01-01"]
    environment = {**os.environ, caching.VARIABLE: str(folder)}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
    told = {process.communicate(timeout=120)[0] for process in running}
    assert told == {looked(SMALL, OFF)}
    assert all(len(entry.name) == 64 for entry in entries(folder))
    assert looked(SMALL, Cache(folder)) in told


def test_no_cache_neither_reads_nor_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(caching.VARIABLE, str(tmp_path / "cache"))
    app = small_app(tmp_path / "app", {"src/index.js": "export const handler = () => 1;\n"})
    cli.run(["scan", str(app), "--no-cache", "--quiet"])
    assert not (tmp_path / "cache").exists()
    cli.run(["scan", str(app), "--quiet"])
    assert entries(tmp_path / "cache") != []


def test_a_line_is_explained_from_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(caching.VARIABLE, str(tmp_path / "cache"))
    source = "export const handler = (request) => console.log(request.context.accountId);\n"
    app = small_app(tmp_path / "app", {"src/index.js": source})
    said = []
    for more in ([], [], ["--no-cache"]):
        assert cli.run(["explain-flow", "src/index.js:1", str(app), *more]) == 0
        said.append(capsys.readouterr().out)
    assert "account-id" in said[0]
    assert said[0] == said[1] == said[2]
    assert started.count("src/index.js") == 2


# ---------------------------------------------------------------- any edit


def small_app(root: Path, files: dict[str, str], scopes: str = "") -> Path:
    shutil.rmtree(root, ignore_errors=True)
    for path, content in {"manifest.yml": MANIFEST % scopes, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    return root


def scanned(app: Path, cache: Cache) -> Report:
    return scan(app, Options(cache=cache, today=TODAY))


LINES = (
    "import { kvs } from '@forge/kvs';",
    "import { save } from './store';",
    "export const handler = async ({ context }) => { await save(context.accountId); };",
    "export const save = async (id) => { await kvs.set('seen', id); };",
    "export const handler = ({ context }) => { console.log(context.accountId); };",
    "fetch('https://api.example.net/people');",
    "const send = fetch; send(name);",
    "const broken = {{{ fetch(;",
    "const apiKey = 'k3X9" + "vQ7mT2pL8wR4zN6b';",
    "// nothing",
)
FILES = st.dictionaries(
    st.sampled_from(["src/index.js", "src/store.js", "src/store.ts", "src/view.jsx", "tools/export.py"]),
    st.lists(st.sampled_from(LINES), max_size=4).map("\n".join),
    max_size=4,
)


@given(edits=st.lists(st.tuples(FILES, st.sampled_from(["", "read:jira-work"])), min_size=2, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=4, deadline=None)
def test_a_cached_run_says_what_a_fresh_run_says(
    kept: tuple[Path, str], edits: list[tuple[dict[str, str], str]]
) -> None:
    """One cache sees all states of all examples, in whatever order they come."""
    for files, scopes in edits:
        app = small_app(kept[0].parent / "edited", files, scopes)
        assert looked(app, Cache(kept[0])) == looked(app, OFF)
