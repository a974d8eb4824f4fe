"""Whole folders: which apps there are, what is scanned, what is skipped and why, and what is a gap."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from piiguard.app import INCLUDABLE, read
from piiguard.errors import UsageError
from piiguard.model import App

Plant = Callable[[dict[str, str | bytes]], Path]

MANIFEST = "app:\n  id: ari:cloud:ecosystem::app/x\n"
BUNDLE = "!function(){" + "var a=1;" * 600 + "}();\n"
FRONTEND = "import { invoke } from '@forge/bridge';\n"
BACKEND = "import api from '@forge/api';\n"


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Writes files below a folder `app`; a manifest is added unless one is given."""

    def write(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / "app"
        if not any(name.endswith(("manifest.yml", "manifest.yaml")) for name in files):
            files = {"manifest.yml": MANIFEST, **files}
        for name, content in files.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return write


def only(root: Path, *include: str) -> App:
    (app,) = read(root, include=frozenset(include)).apps
    return app


def scanned(app: App) -> list[str]:
    return [source.path for source in app.sources if not source.path.endswith("manifest.yml")]


def skipped(app: App) -> dict[str, str]:
    return {file.path: file.why for file in app.files if file.status == "skipped"}


def gaps(app: App) -> dict[str, str]:
    return {gap.path: gap.why for gap in app.gaps}


def sides(app: App) -> dict[str, str]:
    return {source.path: source.side for source in app.sources}


# ---------------------------------------------------------------- apps


def test_one_app_at_the_root(plant: Plant) -> None:
    app = only(plant({"src/index.js": "1", "package.json": '{"name": "named"}'}))
    assert (app.id, app.root, app.name) == (".", ".", "named")
    assert all(file.status == "scanned" for file in app.files)


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"manifest.yml": MANIFEST + "  name: own\n", "package.json": '{"name": "other"}'}, "own"),
        ({"package.json": "{"}, "app"),
        ({"sub/manifest.yml": MANIFEST}, "sub"),
    ],
)
def test_name_of_an_app(plant: Plant, files: dict[str, str | bytes], name: str) -> None:
    assert only(plant(files)).name == name


def test_the_name_of_the_scanned_folder_is_not_in_the_report(plant: Plant) -> None:
    """The same tree elsewhere is the same subject."""
    root = plant({"src/index.js": "1"})
    first = read(root)
    assert read(root.rename(root.with_name("elsewhere"))) == first


def test_several_apps_own_their_files(plant: Plant) -> None:
    root = plant(
        {
            "apps/one/manifest.yml": MANIFEST + "resources: [{key: m, path: ../one-ui/build}]\n",
            "apps/one/src/a.js": "1",
            "apps/one/inner/manifest.yaml": "modules: {}\n",
            "apps/one/inner/b.js": "1",
            "apps/one-ui/package.json": "{}",
            "apps/one-ui/src/ui.js": "1",
            "shared/util.js": "1",
        }
    )
    one, inner = read(root).apps
    assert (one.id, inner.id) == ("apps/one", "apps/one/inner")
    assert scanned(one) == ["apps/one-ui/package.json", "apps/one-ui/src/ui.js", "apps/one/src/a.js", "shared/util.js"]
    assert "apps/one/inner/b.js" in scanned(inner)
    assert "apps/one-ui/src/ui.js" not in scanned(inner)
    assert "shared/util.js" in scanned(inner)


@pytest.mark.parametrize(
    "files", [{"manifest.yml": "name: a browser extension\n"}, {"manifest.json": "{}", "sub/manifest.yml": "- 1\n"}]
)
def test_no_app(plant: Plant, files: dict[str, str | bytes]) -> None:
    with pytest.raises(UsageError, match="no Forge app found") as raised:
        read(plant(files))
    assert raised.value.exit_code == 2


def test_manifests_of_dependencies_and_ignored_folders_do_not_count(plant: Plant) -> None:
    root = plant(
        {
            "node_modules/kit/manifest.yml": MANIFEST,
            "old/manifest.yml": MANIFEST,
            ".gitignore": "old/\n",
            "real/manifest.yml": MANIFEST,
        }
    )
    assert [app.id for app in read(root).apps] == ["real"]


def test_a_broken_manifest_alone_is_an_error_with_its_line(plant: Plant) -> None:
    with pytest.raises(UsageError, match="modules must be a mapping") as raised:
        read(plant({"manifest.yml": "app: {id: x}\nmodules: []\n".replace("[]", "[a]")}))
    assert raised.value.where == "manifest.yml:2"


def test_a_broken_manifest_beside_others_is_a_gap(plant: Plant) -> None:
    root = plant({"good/manifest.yml": MANIFEST, "bad/manifest.yml": "app: [\n", "foreign/manifest.yml": "name: [\n"})
    app = only(root)
    assert app.id == "good"
    assert list(gaps(app)) == ["bad/manifest.yml"]


@pytest.mark.parametrize("path", ["missing", "app/manifest.yml"])
def test_path_must_be_a_folder(plant: Plant, path: str) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        read(plant({}).parent / path)


def test_unknown_kind_to_include(plant: Plant) -> None:
    with pytest.raises(UsageError, match="unknown kind of files: tests"):
        read(plant({}), include=frozenset({"tests"}))


# ---------------------------------------------------------------- skip rules

SKIPPED = [
    ("node_modules/a/index.js", "node_modules/", "dependency"),
    ("ui/node_modules/a/index.js", "ui/node_modules/", "dependency"),
    ("venv/lib/a.py", "venv/", "dependency"),
    ("src/a.test.js", "src/a.test.js", "test"),
    ("src/a.spec.tsx", "src/a.spec.tsx", "test"),
    ("src/__mocks__/a.js", "src/__mocks__/", "test"),
    ("tests/a.js", "tests/", "test"),
    ("helpers/test_a.py", "helpers/test_a.py", "test"),
    ("src/types.d.ts", "src/types.d.ts", "declaration"),
    ("vite.config.ts", "vite.config.ts", "tooling"),
    ("turbo.json", "turbo.json", "tooling"),
    (".agents/run.js", ".agents/", "tooling"),
    ("README.md", "README.md", "documentation"),
    ("docs/sample.js", "docs/", "documentation"),
    ("coverage/lcov.js", "coverage/", "build-output"),
    ("src/a.js.map", "src/a.js.map", "build-output"),
    ("secret/a.js", "secret/", "ignored"),
    ("src/local.js", "src/local.js", "ignored"),
]


@pytest.mark.parametrize(("file", "entry", "kind"), SKIPPED)
def test_skipped_with_reason(plant: Plant, file: str, entry: str, kind: str) -> None:
    app = only(plant({file: "1", ".gitignore": "/secret\nlocal.*\n"}))
    assert skipped(app)[entry] == kind
    assert file not in scanned(app)


@pytest.mark.parametrize(
    ("file", "kind"),
    [(file, kind) for file, _, kind in SKIPPED if kind != "dependency" and not file.endswith((".md", ".map"))],
)
def test_skipped_kinds_can_be_included(plant: Plant, file: str, kind: str) -> None:
    assert file in scanned(only(plant({file: "1", ".gitignore": "/secret\nlocal.*\n"}), kind))


@pytest.mark.parametrize(
    "file",
    [
        "list_models.js",
        "scripts/deploy.py",
        "src/mockData.js",
        "src/db_test.js",
        "src/index.backup.js",
        "src/build/steps.js",
        "src/config.js",
        "src/contest/a.js",
        "run.sh",
        ".env.example",
        ".github/workflows/deploy.yml",
    ],
)
def test_what_looks_like_tooling_but_may_ship_is_scanned(plant: Plant, file: str) -> None:
    assert scanned(only(plant({file: "1"}))) == [file]


def test_every_includable_kind_has_a_reason() -> None:
    assert all(INCLUDABLE.values())
    assert {kind for _, _, kind in SKIPPED} - {"dependency"} == set(INCLUDABLE)


def test_nested_gitignore_and_negation(plant: Plant) -> None:
    root = plant(
        {
            ".gitignore": "*.gen.js\n!keep.gen.js\n",
            "a.gen.js": "1",
            "keep.gen.js": "1",
            "sub/.gitignore": "!a.gen.js\nonly.js\n",
            "sub/a.gen.js": "1",
            "sub/only.js": "1",
            "only.js": "1",
        }
    )
    assert scanned(only(root)) == ["keep.gen.js", "only.js", "sub/a.gen.js"]


def test_hostile_gitignore_does_not_stall(plant: Plant) -> None:
    name = "a" * 200 + ".js"
    root = plant({".gitignore": "*a" * 40 + "b\n" + "**/" * 3000 + "x\n[\n", name: "1"})
    start = time.monotonic()
    assert scanned(only(root)) == [name]
    assert time.monotonic() - start < 2


# ---------------------------------------------------------------- what ships


def test_imported_code_is_scanned_wherever_it_lies(plant: Plant) -> None:
    root = plant(
        {
            "src/index.js": "import './test/a';\nconst b = require('../tests/b.spec');\n",
            "src/test/a.js": "export * from './deeper/c.js';\n",
            "src/test/deeper/c.ts": "1",
            "src/test/unused.js": "1",
            "tests/b.spec.js": "1",
            "src/hidden.js": "1",
            "src/late.js": "await import(`./hidden?x`);\n",
            ".gitignore": "hidden.js\n",
        }
    )
    assert scanned(only(root)) == [
        "src/hidden.js",
        "src/index.js",
        "src/late.js",
        "src/test/a.js",
        "src/test/deeper/c.ts",
        "tests/b.spec.js",
    ]


def test_imports_in_unusual_forms(plant: Plant) -> None:
    root = plant(
        {
            "src/index.js": "import(/* x */ './tests/a');\nnew Worker(new URL('./tests/b.js', import.meta.url));\n"
            "import type { T } from './tests/c';\nimport {\n  d,\n} from './tests/d';\nrequire('../../out');\n",
            **{f"src/tests/{name}.ts": "1" for name in "abcd"},
        }
    )
    assert scanned(only(root)) == ["src/index.js", "src/tests/a.ts", "src/tests/b.ts", "src/tests/d.ts"]


def test_hostile_imports_do_not_stall(plant: Plant) -> None:
    root = plant({"a.js": "import" + " " * 900_000, "b.js": "import type a " * 70_000, "c.js": "from" * 200_000})
    start = time.monotonic()
    read(root)
    assert time.monotonic() - start < 4


def test_handlers_are_scanned_or_missed(plant: Plant) -> None:
    functions = "modules:\n  function:\n    - {key: a, handler: tests/run.go}\n    - {key: b, handler: gone.run}\n"
    app = only(plant({"manifest.yml": MANIFEST + functions, "src/tests/run.ts": "1"}))
    assert scanned(app) == ["src/tests/run.ts"]
    assert [(gap.line, gap.why) for gap in app.gaps] == [(6, "the file of handler gone.run is not in the repository")]


CUSTOM_UI = MANIFEST + "resources:\n  - key: main\n    path: static/ui/build\n"


def test_built_output_with_sources_is_skipped(plant: Plant) -> None:
    files: dict[str, str | bytes] = {
        "manifest.yml": CUSTOM_UI,
        "static/ui/package.json": "{}",
        "static/ui/src/App.jsx": FRONTEND,
        "static/ui/build/main.js": BUNDLE,
    }
    app = only(plant(files))
    assert skipped(app) == {"static/ui/build/": "build-output"}
    assert app.gaps == ()


def test_built_output_without_sources_is_what_ships(plant: Plant) -> None:
    files: dict[str, str | bytes] = {
        "manifest.yml": CUSTOM_UI,
        "static/ui/package.json": "{}",
        "static/ui/build/index.html": "<script src=main.js></script>",
        "static/ui/build/main.js": BUNDLE,
        "static/ui/build/plain.js": "let a = 1;\n",
        ".gitignore": "build/\n",
    }
    app = only(plant(files))
    assert scanned(app) == ["static/ui/build/index.html", "static/ui/build/plain.js", "static/ui/package.json"]
    assert gaps(app) == {"static/ui/build/main.js": "only built output of resource main is present"}


def test_bundle_built_by_the_app_itself(plant: Plant) -> None:
    files: dict[str, str | bytes] = {
        "manifest.yml": MANIFEST + "resources: [{key: main, path: static}]\n",
        "package.json": "{}",
        "static/index.html": "<p>",
        "static/assets/main.js": BUNDLE,
    }
    assert gaps(only(plant(files))) == {"static/assets/main.js": "only built output of resource main is present"}
    app = only(plant({**files, "src/frontend/index.jsx": FRONTEND}))
    assert skipped(app) == {"static/assets/main.js": "build-output"}
    assert "static/index.html" in scanned(app)
    assert app.gaps == ()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("static/ui/build", "neither files nor sources of resource main are in the repository"),
        ("src/ui.jsx", "the file of resource main is not in the repository"),
        ("../../elsewhere", "resource main lies outside of the scanned folder"),
        ("/etc", "resource main lies outside of the scanned folder"),
    ],
)
def test_resource_that_is_not_there(plant: Plant, path: str, why: str) -> None:
    app = only(plant({"manifest.yml": MANIFEST + f"resources:\n  - key: main\n    path: {path}\n"}))
    assert [(gap.line, gap.why) for gap in app.gaps] == [(4, why)]


def test_a_font_written_as_text_is_no_minified_code(plant: Plant) -> None:
    app = only(plant({"src/font.ts": "export default '" + "d09GMgABAAAA" * 400 + "';\n"}))
    assert gaps(app) == {}


def test_minified_code_elsewhere_is_a_gap(plant: Plant) -> None:
    app = only(
        plant(
            {
                "lib/vendor.js": BUNDLE,
                "src/data.js": 'const x = 1;\nconst i = "data:image/png;base64,' + "A" * 9000 + '";\n',
            }
        )
    )
    assert scanned(app) == ["src/data.js"]
    assert gaps(app) == {"lib/vendor.js": "minified code, not analysed"}


# ---------------------------------------------------------------- single files


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("a.js", b"let a;\0", "is binary, or not UTF-8"),
        ("a.js", "let ä;".encode("latin-1"), "is not UTF-8"),
        ("a.js", "let a;".encode("utf-16"), "is binary, or not UTF-8"),
        ("a.py", b"#" * (1024 * 1024 + 1), "is larger than 1024 KB"),
        ("a.vue", b"<template>", "not a supported language"),
        ("a.go", b"package a", "not a supported language"),
    ],
)
def test_code_that_cannot_be_read_is_a_gap(plant: Plant, file: str, content: bytes, why: str) -> None:
    app = only(plant({file: content}))
    assert gaps(app) == {file: why}
    assert [status.status for status in app.files if status.path == file] == ["gap"]


def test_an_app_that_is_too_large_is_not_read_to_the_end(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piiguard.app.sources.MAX_APP_BYTES", 1024 * 1024 + 150)
    app = only(plant({"a.js": "1" * 200, "b.js": "1"}))
    assert scanned(app) == ["a.js"]
    assert list(gaps(app)) == ["b.js", "manifest.yml"]


def test_a_secret_may_be_in_text_that_cannot_be_read(plant: Plant) -> None:
    app = only(plant({"big.json": b"1" * (1024 * 1024 + 1), ".env": "KEY=x".encode("utf-16")}))
    assert [(gap.path, gap.needed_for) for gap in app.gaps if not gap.line] == [
        (".env", ("hardcoded-secret",)),
        ("big.json", ("hardcoded-secret",)),
    ]


def test_what_is_not_code_is_only_counted(plant: Plant) -> None:
    files: dict[str, str | bytes] = {"logo.png": b"\x89PNG\0", "notes": b"plain"}
    app = only(plant(files))
    assert skipped(app) == dict.fromkeys(files, "not-code")
    assert app.gaps == ()


def test_languages(plant: Plant) -> None:
    files: dict[str, str | bytes] = {
        "a.cjs": "1", "b.mts": "1", "c.tsx": "1", "d.pyw": "1", "e.htm": "1", "f.scss": "1", "g.json": "1",
        "h.sh": "1", "tool": "#!/usr/bin/env node\n", "other": "#!/bin/sh\n", "Dockerfile": "FROM x",
    }  # fmt: skip
    found = {source.path: source.language for source in only(plant(files)).sources}
    assert found == {
        "a.cjs": "javascript", "b.mts": "typescript", "c.tsx": "tsx", "d.pyw": "python", "e.htm": "html",
        "f.scss": "css", "g.json": "json", "h.sh": "text", "tool": "javascript", "other": "text", "Dockerfile": "text",
        "manifest.yml": "text",
    }  # fmt: skip


def test_links_are_not_followed(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.js").write_text("1")
    root = plant({"src/real.js": "import '../out/a.js';\nimport '../out.js';\n"})
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "out.js").symlink_to(tmp_path / "outside" / "a.js")
    (root / "again").symlink_to(root / "src")
    (root / "loop").symlink_to(root / "loop")
    app = only(root)
    assert scanned(app) == ["src/real.js"]
    assert skipped(app) == {"again": "link"}
    assert gaps(app) == {
        "loop": "symbolic link to nothing",
        "out": "symbolic link that leaves the scanned folder",
        "out.js": "symbolic link that leaves the scanned folder",
    }


def test_odd_files(plant: Plant) -> None:
    root = plant({"a.js": "1"})
    os.mkfifo(root / "pipe.js")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.js")).write_text("1")
    app = only(root)
    assert scanned(app) == ["a.js"]
    assert gaps(app) == {"pipe.js": "is not a regular file", "?.js": "the name is not UTF-8"}


# ---------------------------------------------------------------- sides


def test_sides(plant: Plant) -> None:
    head = (
        "modules:\n  function: [{key: f, handler: index.run}]\n"
        "resources:\n  - {key: a, path: static/ui/build}\n  - {key: b, path: src/kit.jsx}\n"
    )
    root = plant(
        {
            "manifest.yml": MANIFEST + head,
            "static/ui/package.json": "{}",
            "static/ui/src/App.js": "import '../../../src/both';\n",
            "src/kit.jsx": "import './kit-part';\n",
            "src/kit-part.js": "1",
            "src/index.js": "import { a } from './store';\nimport type { T } from './kit-part';\n",
            "src/store.js": "import './both';\nimport './types';\n",
            "src/both.js": "1",
            "src/types.js": "1",
            "src/lonely-back.js": BACKEND,
            "src/lonely-front.js": FRONTEND,
            "tool.js": "1",
            "page.html": "<p>",
            "helper.py": "1",
        }
    )
    assert sides(only(root)) == {
        "helper.py": "backend",
        "manifest.yml": "either",
        "page.html": "frontend",
        "src/both.js": "either",
        "src/index.js": "backend",
        "src/kit-part.js": "frontend",
        "src/kit.jsx": "frontend",
        "src/lonely-back.js": "backend",
        "src/lonely-front.js": "frontend",
        "src/store.js": "backend",
        "src/types.js": "backend",
        "static/ui/package.json": "either",
        "static/ui/src/App.js": "frontend",
        "tool.js": "either",
    }


# ---------------------------------------------------------------- subject


def test_digest_follows_names_and_bytes_of_scanned_files(plant: Plant) -> None:
    root = plant({"src/a.js": "1", "src/a.test.js": "1"})
    first = read(root)
    assert first == read(root)
    (root / "src/a.test.js").write_text("2")
    assert read(root).digest == first.digest
    (root / "src/a.js").write_text("2")
    changed = read(root).digest
    (root / "src/a.js").rename(root / "src/b.js")
    assert len({first.digest, changed, read(root).digest}) == 3


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("files", "commit"),
    [
        ({"HEAD": COMMIT}, COMMIT),
        ({"HEAD": "ref: refs/heads/main\n", "refs/heads/main": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/main\n", "packed-refs": f"# pack-refs\n{COMMIT} refs/heads/main\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/none\n"}, None),
        ({"HEAD": "ref: refs/../../secret\n", "refs/heads/main": ""}, None),
        ({"HEAD": "nonsense"}, None),
        ({}, None),
    ],
)
def test_commit_is_read_without_git(plant: Plant, files: dict[str, str], commit: str | None) -> None:
    root = plant({"secret": COMMIT, **{f".git/{name}": text for name, text in files.items()}})
    subject = read(root)
    assert subject.commit == commit
    assert not any(file.path.startswith(".git") for file in subject.apps[0].files)
