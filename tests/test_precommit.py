"""The hooks, run by the real pre-commit: installed from a repository, on repositories with a Forge app."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APPS = ROOT / "fixtures" / "apps"
PRE_COMMIT = [sys.executable, "-m", "pre_commit"]
TRY_REPO = """\
from pre_commit.commands import try_repo
from pre_commit.main import main
from pre_commit.store import Store
try_repo.Store = lambda folder: Store()
raise SystemExit(main())
"""
"""pre-commit, whose `try-repo` would install all anew each time; here it uses the place that other commands use."""
SHIPPED = ("src", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
OFFLINE = ("NewConnectionError", "Could not find a version", "Failed to establish", "Network is unreachable")
CONFIG = """\
repos:
  - repo: {hooks}
    rev: {revision}
    hooks: [{{id: piiguard}}, {{id: piiguard-changed}}]
"""
LEAK = "\nexport const told = ({ context }) => console.log(context.accountId);\n"


class Place:
    """A git repository, and the environment in which commands run there."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))},
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ada Example"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.com"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PIIGUARD_CACHE_DIR": str(home / "cache"),
            "PIP_NO_COMPILE": "1",
            "PRE_COMMIT_COLOR": "never",
            "PRE_COMMIT_HOME": str(home),
        }

    def run(self, *command: str, timeout: int = 900) -> tuple[int, str]:
        """Exit code and all that is said."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout

    def try_repo(self, hooks: Place, *arguments: str) -> tuple[int, str]:
        return self.run(sys.executable, "-c", TRY_REPO, "try-repo", str(hooks.folder), "--verbose", *arguments)

    def git(self, *arguments: str) -> str:
        code, said = self.run("git", *arguments)
        assert code == 0, said
        return said.strip()

    def hook(self, name: str, *arguments: str) -> tuple[int, str]:
        return self.run(*PRE_COMMIT, "run", name, "--verbose", *arguments)

    def stage(self, path: str, more: str) -> None:
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(more)
        self.git("add", path)


def repository(folder: Path, home: Path) -> Place:
    """Everything in a folder as one commit."""
    place = Place(folder, home)
    place.git("init", "--quiet", ".")
    place.git("add", "--all")
    place.git("commit", "--quiet", "--message", "All")
    return place


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A repository with the hooks as they are in the working tree."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return repository(folder, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def first_try(hooks: Place, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """What `try-repo` does on a clean app. It installs the hooks, for all tests."""
    folder = tmp_path_factory.mktemp("first") / "app"
    shutil.copytree(APPS / "progress-tracker", folder)
    code, said = repository(folder, Path(hooks.environment["PRE_COMMIT_HOME"])).try_repo(hooks, "--all-files")
    if code != 0 and any(sign in said for sign in OFFLINE):
        pytest.skip("the hooks cannot be installed: their packages cannot be fetched")
    return code, said


def with_app(name: str, hooks: Place, folder: Path) -> Place:
    """A repository with a fixture app, in which the hooks are at work after the first commit."""
    shutil.copytree(APPS / name, folder, ignore=shutil.ignore_patterns("expected.json"))
    # A relative path, as `try-repo` has it: another name for the same repository would be installed anew.
    config = CONFIG.format(hooks=os.path.relpath(hooks.folder, folder), revision=hooks.git("rev-parse", "HEAD"))
    (folder / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    place = repository(folder, Path(hooks.environment["PRE_COMMIT_HOME"]))
    place.run(*PRE_COMMIT, "install")
    return place


@pytest.fixture
def clean(first_try: tuple[int, str], hooks: Place, tmp_path: Path) -> Place:
    return with_app("progress-tracker", hooks, tmp_path / "app")


@pytest.fixture
def planted(first_try: tuple[int, str], hooks: Place, tmp_path: Path) -> Place:
    return with_app("progress-tracker-planted", hooks, tmp_path / "app")


def test_the_hooks_are_installed_and_pass_on_a_clean_app(first_try: tuple[int, str]) -> None:
    code, said = first_try
    assert code == 0, said
    assert "Installing environment" in said
    assert said.count("Passed") == 2
    assert "piiguard: Nothing found against" in said


def test_a_planted_app_fails(planted: Place, hooks: Place) -> None:
    code, said = planted.try_repo(hooks, "--all-files")
    assert code == 1
    assert "Installing environment" not in said
    assert said.count("Failed") == 2
    assert "src/telemetry/usage.js:" in said
    assert "fix: " in said
    assert "claims contradicted by" in said


def test_an_unrelated_commit_is_left_in_peace(planted: Place, hooks: Place) -> None:
    planted.stage("README.md", "\nMore words.\n")
    assert planted.try_repo(hooks)[0] == 0
    code, said = planted.run("git", "commit", "--message", "Words")
    assert code == 0, said
    assert said.count("(no files to check)Skipped") == 2
    assert "src/" not in said


def test_a_commit_that_breaks_a_promise_is_stopped_by_both(clean: Place) -> None:
    clean.stage("src/progress/percent.js", LEAK)
    code, said = clean.run("git", "commit", "--message", "Leak")
    assert code == 1
    assert said.count("Failed") == 2
    assert said.count("src/progress/percent.js:") >= 2
    assert clean.git("log", "--oneline").count("\n") == 0


def test_a_harmless_change_of_an_app_that_breaks_promises(planted: Place) -> None:
    """The whole app is judged by one hook; the other says how much there is elsewhere."""
    planted.stage("src/progress/buckets.js", "\n// A comment.\n")
    code, said = planted.hook("piiguard-changed")
    assert code == 0, said
    assert "limited to what the change touches or causes; not shown: " in said
    assert " findings elsewhere against " in said
    assert "supported" not in said
    assert planted.hook("piiguard")[0] == 1
