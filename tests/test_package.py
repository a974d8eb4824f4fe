"""What is shipped: the wheel and the pre-commit hook."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from piiguard.cli import COMMANDS

ROOT = Path(__file__).parents[1]
HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a freshly built wheel."""
    target = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = target.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_rule(wheel: set[str]) -> None:
    rules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("rules/*/*.yaml")}
    assert rules
    assert {f"piiguard/{path}" for path in rules} <= wheel


def test_the_wheel_holds_every_file_of_the_package(wheel: set[str]) -> None:
    """Modules, py.typed, tables of facts, schemas: whatever lies in the package."""
    package = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "piiguard").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "piiguard/py.typed" in package
    assert any(name.startswith("piiguard/facts/") and name.endswith((".csv", ".yaml")) for name in package)
    assert any(name.endswith("schema.json") for name in package)
    assert package <= wheel


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    strangers = {name for name in wheel if not re.match(r"piiguard(-[\w.]+\.dist-info)?/", name)}
    assert strangers == set()
    assert not any("fixtures/" in name or "/tests/" in name for name in wheel)


def test_the_wheel_holds_the_licence_and_the_command(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel)


def load_hooks() -> list[dict[str, Any]]:
    hooks: list[dict[str, Any]] = YAML(typ="safe").load(HOOKS.read_text(encoding="utf-8"))
    return hooks


@pytest.fixture(scope="session", params=load_hooks(), ids=lambda hook: str(hook["id"]))
def hook(request: pytest.FixtureRequest) -> dict[str, Any]:
    hook: dict[str, Any] = request.param
    return hook


def test_the_hook_runs_a_command_that_exists(hook: dict[str, Any]) -> None:
    program, subcommand, *options = shlex.split(hook["entry"])
    assert (program, hook["language"]) == ("piiguard", "python")
    assert subcommand in COMMANDS
    assert options[-2:] == ["--format", "short"]
    assert hook["args"] == ["."]


def test_one_hook_scans_the_folder_and_the_other_what_changed() -> None:
    whole, changed = load_hooks()
    assert (whole["id"], whole["pass_filenames"], "--changed" in whole["entry"]) == ("piiguard", False, False)
    assert (changed["id"], "pass_filenames" in changed, "--changed" in changed["entry"]) == (
        "piiguard-changed",
        False,
        True,
    )
    assert whole["require_serial"] is changed["require_serial"] is True


@pytest.mark.parametrize(
    "path",
    [
        "manifest.yml",
        "apps/one/manifest.yaml",
        "piiguard.yaml",
        "package.json",
        "packages/ui/package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "src/index.js",
        "src/view.jsx",
        "src/index.ts",
        "src/view.tsx",
        "lib/a.mjs",
        "lib/a.cjs",
        "lib/a.mts",
        "static/app/index.html",
        "static/app/app.css",
        "tools/export.py",
        "requirements-dev.txt",
    ],
)
def test_the_hook_runs_for(hook: dict[str, Any], path: str) -> None:
    assert re.search(hook["files"], path)


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "my-manifest.yml",
        "manifest.yml.bak",
        "tsconfig.json",
        "docs/picture.png",
        "src/data.json",
        "notes.txt",
        "app.pyc",
        ".github/workflows/ci.yml",
    ],
)
def test_the_hook_does_not_run_for(hook: dict[str, Any], path: str) -> None:
    assert not re.search(hook["files"], path)
