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
CUSTOM_UI = MANIFEST + "resources:\n  - key: main\n    path: static/ui/build\n"


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


def languages(app: App) -> dict[str, str]:
    return {source.path: source.language for source in app.sources}


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
    assert "shared/util.js" not in scanned(inner)
    assert (one.beside, inner.beside) == (("shared/util.js",), ())


TWO_APPS: dict[str, str | bytes] = {
    "one/manifest.yml": MANIFEST,
    "one/src/index.js": "1",
    "two/manifest.yml": MANIFEST,
    "two/src/index.js": "import '../../lib/by-path';\nimport x from '@org/kit/part';\n",
    "lib/by-path.js": "import './deeper';\n",
    "lib/deeper.js": "1",
    "kit/package.json": '{"name": "@org/kit"}',
    "kit/part.js": "import '@org/base';\n",
    "kit/make.py": "1",
    "base/package.json": '{"name": "@org/base", "dependencies": {"left-pad": "1"}}',
    "base/index.ts": "1",
}


def test_what_lies_outside_belongs_to_the_apps_that_import_it(plant: Plant) -> None:
    one, two = read(plant(TWO_APPS)).apps
    assert scanned(one) == ["kit/make.py", "one/src/index.js"]
    assert set(scanned(two)) == TWO_APPS.keys() - {"kit/make.py", *scanned(one), "one/manifest.yml", "two/manifest.yml"}
    assert [package.name for package in two.packages] == ["left-pad"]
    assert (one.beside, two.beside) == (("kit/make.py",), ())


def test_what_no_app_imports_is_told_by_one(plant: Plant) -> None:
    files = {
        "tools/a.py": "1",
        "tools/b.go": "x",
        "tools/old.test.js": "1",
        "tools/data.png": "",
        "tools/lib.js": BUNDLE,
    }
    one, two = read(plant({**TWO_APPS, **files, "package.json": '{"dependencies": {"shared": "1"}}'})).apps
    beside = {path: app for path in files for app in (one, two) if path in {file.path for file in app.files}}
    assert beside == dict.fromkeys(files, one)
    assert set(files) < set(one.beside)
    assert [(gap.path, gap.app) for gap in one.gaps] == [("tools/b.go", ""), ("tools/lib.js", "")]
    assert [[package.name for package in app.packages] for app in (one, two)] == [["shared"], ["left-pad", "shared"]]


def test_a_link_out_of_the_folder_is_a_gap_of_every_app(plant: Plant, tmp_path: Path) -> None:
    root = plant(TWO_APPS)
    (root / "out").symlink_to(tmp_path)
    one, two = read(root).apps
    assert [(gap.path, gap.app) for gap in (*one.gaps, *two.gaps)] == [("out", "")]


def test_a_resource_may_be_built_from_a_front_end_outside_of_the_app(plant: Plant) -> None:
    files: dict[str, str | bytes] = {
        "forge/manifest.yml": CUSTOM_UI,
        "ui/package.json": "{}",
        "ui/src/App.jsx": FRONTEND,
        "ui/src/part.jsx": "1",
        "server/main.js": "1",
        "ui/seed.py": "1",
    }
    app = only(plant(files))
    assert app.gaps == ()
    assert app.beside == ("server/main.js", "ui/seed.py")
    own = only(plant({**files, "forge/static/ui/package.json": "{}", "forge/static/ui/build/main.js": BUNDLE}))
    assert gaps(own) == {"forge/static/ui/build/main.js": "only built output of resource main is present"}
    assert "ui/src/App.jsx" in own.beside


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
    ("playwright-report/index.html", "playwright-report/", "test"),
    ("storybook-static/index.html", "storybook-static/", "test"),
    ("REFERENCE.html", "REFERENCE.html", "page"),
    ("helpers/test_a.py", "helpers/test_a.py", "test"),
    ("src/types.d.ts", "src/types.d.ts", "declaration"),
    ("vite.config.ts", "vite.config.ts", "tooling"),
    ("turbo.json", "turbo.json", "tooling"),
    (".agents/run.js", ".agents/", "tooling"),
    ("README.md", "README.md", "documentation"),
    ("docs/sample.js", "docs/", "documentation"),
    ("coverage/lcov.js", "coverage/", "build-output"),
    ("coverage-unit/lcov-report/sorter.js", "coverage-unit/lcov-report/", "build-output"),
    ("coverage-unit/coverage-final.json", "coverage-unit/coverage-final.json", "build-output"),
    ("src/a.js.map", "src/a.js.map", "build-output"),
    ("secret/a.js", "secret/", "ignored"),
    ("src/local.js", "src/local.js", "ignored"),
]


@pytest.mark.parametrize(("file", "entry", "kind"), SKIPPED)
def test_skipped_with_reason(plant: Plant, file: str, entry: str, kind: str) -> None:
    app = only(plant({file: "1", ".gitignore": "/secret\nlocal.*\n"}))
    assert skipped(app)[entry] == kind
    assert languages(app).get(file) in (None, "text")


@pytest.mark.parametrize(
    ("file", "kind"),
    [(file, kind) for file, _, kind in SKIPPED if kind != "dependency" and not file.endswith((".md", ".map"))],
)
def test_skipped_kinds_can_be_included(plant: Plant, file: str, kind: str) -> None:
    app = only(plant({file: "1", ".gitignore": "/secret\nlocal.*\n"}), kind, "page")
    assert languages(app).get(file) not in (None, "text")


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
        "src/test-results/a.js",
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


ICON = (
    "import React from 'react';\nexport const Icon = () => (\n  <svg><path d=\""
    + "M0.1 2.3C" * 500
    + '" /></svg>\n);\n'
)


@pytest.mark.parametrize("file", ["src/Icon.js", "src/Icon.jsx", "src/Icon.tsx"])
def test_an_icon_is_no_minified_code(plant: Plant, file: str) -> None:
    app = only(plant({file: ICON}))
    assert scanned(app) == [file]
    assert gaps(app) == {}


@pytest.mark.parametrize("file", ["src/long.ts", "src/long.jsx", "src/long.tsx", "src/long.mts"])
def test_what_bundlers_do_not_write_is_no_minified_code(plant: Plant, file: str) -> None:
    assert scanned(only(plant({file: BUNDLE}))) == [file]


@pytest.mark.parametrize(
    "more",
    ["", "var s='" + "x" * 900 + "';", "/'/.test(a);", 'a=/"/g;', "`", '"' + "y" * 300, "var t=`" + "z\n" * 300 + "`;"],
)
def test_strings_do_not_hide_minified_code(plant: Plant, more: str) -> None:
    assert gaps(only(plant({"lib/vendor.js": more + BUNDLE}))) == {"lib/vendor.js": "minified code, not analysed"}


@pytest.mark.parametrize("text", ['"\\' * 500_000, "`" + "\\`" * 500_000, "'" * 900_000], ids=range(3))
def test_hostile_strings_are_read_once(plant: Plant, text: str) -> None:
    """These take hours where each unclosed string is read to the end of the file."""
    assert list(gaps(only(plant({"a.js": text})))) == ["a.js"]


@pytest.mark.parametrize(
    "start",
    [
        "(() => {\n  var __create = Object.create;\n  var __commonJS = (cb, mod) => function __require() {\n  };\n",
        "/******/ (() => { // webpackBootstrap\n",
        "var a = 1;\n\tfunction __webpack_require__(moduleId) {\n",
    ],
)
def test_a_bundle_in_short_lines_is_one(plant: Plant, start: str) -> None:
    bundle = start + "const a = 1;\n" * 400 + "})();\n"
    assert gaps(only(plant({"lib/vendor.js": bundle}))) == {"lib/vendor.js": "minified code, not analysed"}


def test_code_that_speaks_of_bundlers_is_none(plant: Plant) -> None:
    text = "// __webpack_require__ is not ours\nexport const nonce = () => (__webpack_nonce__ = 'x');\n"
    assert scanned(only(plant({"src/nonce.js": text}))) == ["src/nonce.js"]


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


# ---------------------------------------------------------------- pages

PROJECT: dict[str, str | bytes] = {
    "manifest.yml": CUSTOM_UI,
    "static/ui/package.json": "{}",
    "static/ui/src/App.jsx": FRONTEND,
}


def test_pages_of_a_resource_ship(plant: Plant) -> None:
    pages = ["static/ui/public/index.html", "static/ui/src/App.css", "static/ui/build/x.html"]
    app = only(plant({**PROJECT, **dict.fromkeys(pages, "")}))
    assert [path for path in pages if sides(app).get(path) == "frontend"] == pages[:2]
    assert skipped(app) == {"static/ui/build/": "build-output"}


def test_what_a_front_end_imports_or_links_to_ships(plant: Plant) -> None:
    app = only(
        plant(
            {
                **PROJECT,
                "static/ui/src/App.jsx": FRONTEND + "import '../../../shared/theme.scss';\n",
                "static/ui/index.html": "<link rel=stylesheet href='../../shared/page.css'>",
                "shared/theme.scss": "@use 'colours';\n@import url(\"fonts.css\");\n",
                "shared/_colours.scss": "",
                "shared/fonts.css": "",
                "shared/page.css": "",
                "shared/unused.css": "",
            }
        )
    )
    shown = {path for path, side in sides(app).items() if path.startswith("shared/") and side == "frontend"}
    assert shown == {"shared/theme.scss", "shared/_colours.scss", "shared/fonts.css", "shared/page.css"}
    assert skipped(app) == {"shared/unused.css": "page"}


MAIL = "const text = readFileSync('templates/mail.html');\n"


@pytest.mark.parametrize(
    "more",
    [
        {"src/mail.js": MAIL},
        {"src/mail.js": "import mail from '../templates/mail.html';\n" + BACKEND, "tool.py": ""},
        {"server.py": "render('mail.html')"},
        {"src/all.js": "require.context('../templates', true, /html$/)"},
        {"src/some.js": "read(`templates/${name}.html`)"},
        {"server/main.js": "app.use(express.static('templates'))"},
        {"server.py": "render('page.html')", "templates/page.html": "{% extends 'mail.html' %}"},
        {"manifest.yml": MANIFEST + "  package:\n    extraFiles: [templates/*]\n"},
    ],
)
def test_a_page_that_code_names_is_looked_at(plant: Plant, more: dict[str, str | bytes]) -> None:
    app = only(plant({"templates/mail.html": "<p>", **more}))
    (page,) = (source for source in app.sources if source.path == "templates/mail.html")
    assert page.language == "html"
    assert page.side != "frontend"
    assert skipped(app) == {}


def test_a_page_that_no_code_names_is_searched_for_secrets_only(plant: Plant) -> None:
    app = only(plant({"templates/mail.html": "<p>", "src/a.js": "const name = 'other-mail.html';\n"}))
    assert languages(app)["templates/mail.html"] == "text"
    assert skipped(app) == {"templates/mail.html": "page"}
    assert app.gaps == ()


SELF_BUILT: dict[str, str | bytes] = {
    "manifest.yml": MANIFEST + "resources: [{key: main, path: build}]\n",
    "package.json": "{}",
    "src/main.jsx": FRONTEND,
}


@pytest.mark.parametrize(
    ("page", "text", "side"),
    [
        ("public/index.html", "<p>", "frontend"),
        ("public/frame.html", "<p>", "frontend"),
        ("index.html", "<p>", "frontend"),
        ("admin.html", "<script src='/src/main.jsx'></script>", "frontend"),
        ("pages/other.html", "<p>", "either"),
    ],
)
def test_pages_of_a_resource_that_the_app_builds_may_lie_anywhere(
    plant: Plant, page: str, text: str, side: str
) -> None:
    app = only(plant({**SELF_BUILT, page: text}))
    assert sides(app)[page] == side
    assert skipped(app) == {}


def test_pages_that_a_build_starts_from_count_beside_its_output(plant: Plant) -> None:
    app = only(
        plant(
            {
                "manifest.yml": MANIFEST + "resources: [{key: main, path: static}]\n",
                "static/index.html": "<p>",
                "src/ui/page.html": "<script type=module src=/main.jsx></script>",
                "src/ui/main.jsx": FRONTEND,
                "other.html": "<p>",
            }
        )
    )
    assert sides(app)["src/ui/page.html"] == "frontend"
    assert skipped(app) == {"other.html": "page"}


def test_hostile_links_do_not_stall(plant: Plant) -> None:
    """These take hours where a pattern reads the rest of the file again and again."""
    for text in ("href=" * 200_000, "a" * 1_000_000, "url(" + " " * 900_000, "@import " * 100_000, ".html" * 200_000):
        assert scanned(only(plant({"a.html": text}))) == ["a.html"]


@pytest.mark.parametrize("file", ["static/ui/Scratch.java", "static/ui/src/old.php"])
def test_code_that_browsers_never_run_is_left_out_of_a_front_end(plant: Plant, file: str) -> None:
    app = only(plant({**PROJECT, file: "x"}))
    assert skipped(app) == {file: "not-for-browsers"}
    assert app.gaps == ()


@pytest.mark.parametrize("file", ["static/ui/src/App.vue", "static/ui/src/lib.rs", "server/Main.java", "Main.java"])
def test_code_that_may_ship_or_serve_stays_a_gap(plant: Plant, file: str) -> None:
    assert gaps(only(plant({**PROJECT, file: "x"}))) == {file: "not a supported language"}


def test_code_of_a_server_beside_a_resource_that_is_the_whole_app_stays_a_gap(plant: Plant) -> None:
    manifest = MANIFEST + "resources: [{key: main, path: .}]\n"
    app = only(plant({"manifest.yml": manifest, "index.html": "<p>", "Main.java": "x"}))
    assert gaps(app) == {"Main.java": "not a supported language"}


# ---------------------------------------------------------------- single files


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("a.js", b"let a;\0", "is binary, or not UTF-8"),
        ("a.js", "let ä;".encode("latin-1"), "is not UTF-8"),
        ("a.js", "let a;".encode("utf-16"), "is binary, or not UTF-8"),
        ("a.js", "let a;".encode("utf-16-le"), "is binary, or not UTF-8"),
        ("a.py", b"separator = 'some characters\0'", "is binary, or not UTF-8"),
        ("a.py", b"#" * (1024 * 1024 + 1), "is larger than 1024 KB"),
        ("a.vue", b"<template>", "not a supported language"),
        ("a.go", b"package a", "not a supported language"),
    ],
)
def test_code_that_cannot_be_read_is_a_gap(plant: Plant, file: str, content: bytes, why: str) -> None:
    app = only(plant({file: content}))
    assert gaps(app) == {file: why}
    assert [status.status for status in app.files if status.path == file] == ["gap"]


def test_a_script_with_a_stray_nul_is_read_as_it_is(plant: Plant) -> None:
    script = b"export const key = (a, b) => `${a}\0${b}`;"
    app = only(plant({"a.js": script}))
    assert gaps(app) == {}
    assert [source.text for source in app.sources if source.path == "a.js"] == [script]


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
        "a.cjs": "1", "b.mts": "1", "c.tsx": "1", "d.pyw": "'e.htm'", "e.htm": "f.scss", "f.scss": "1", "g.json": "1",
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
            "static/ui/page.html": "<p>",
            "helper.py": "1",
        }
    )
    assert sides(only(root)) == {
        "helper.py": "backend",
        "manifest.yml": "either",
        "src/both.js": "either",
        "src/index.js": "backend",
        "src/kit-part.js": "frontend",
        "src/kit.jsx": "frontend",
        "src/lonely-back.js": "backend",
        "src/lonely-front.js": "frontend",
        "src/store.js": "backend",
        "src/types.js": "backend",
        "static/ui/package.json": "either",
        "static/ui/page.html": "frontend",
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
