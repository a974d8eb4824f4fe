"""Dependencies: every kind of lock file gives the same answer for the same sample project."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from piiguard.app.packages import MAX_LOCK_BYTES, is_package_file, read_packages
from piiguard.model import Package

LOCKS = sorted((Path(__file__).parents[2] / "fixtures" / "read" / "locks").iterdir())


def packages_of(folder: Path) -> dict[str, Package]:
    names = sorted(path.name for path in folder.iterdir() if is_package_file(path.name))
    found, gaps = read_packages(folder, ".", names)
    assert gaps == []
    return {package.name: package for package in found}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_there_are_samples() -> None:
    assert len(LOCKS) >= 8


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_lock_files(folder: Path) -> None:
    found = packages_of(folder)
    assert set(found) == {"@acme/client", "plain-kit", "deep-kit"}
    assert found["@acme/client"] == Package("@acme/client", "package.json", 4, "^3.0.0", "3.0.7")
    assert found["plain-kit"] == Package("plain-kit", "package.json", 7, "~1.4.0", "1.4.2", dev=True)
    deep = found["deep-kit"]
    assert (deep.version, deep.dev, deep.direct) == ("0.9.1", False, False)
    assert "deep-kit" in (folder / deep.path).read_text().splitlines()[deep.line - 1]


def test_workspace_takes_the_version_of_its_own_folder(tmp_path: Path) -> None:
    lock = (
        '{"lockfileVersion": 3, "packages": {"node_modules/kit": {"version": "1.0.0"},'
        ' "ui/node_modules/kit": {"version": "2.0.0"}}}'
    )
    files = {"package-lock.json": lock, "ui/package.json": '{"dependencies": {"kit": "2"}}', "package.json": "{}"}
    found, _ = read_packages(write(tmp_path, files), ".", sorted(files))
    assert [(package.version, package.direct) for package in found] == [("2.0.0", True), ("1.0.0", False)]


def test_an_alias_names_the_real_package_too(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": '{"dependencies": {"short": "npm:@acme/real@^2", "own": "npm:own@1"}}'})
    found = packages_of(tmp_path)
    assert {name: package.wanted for name, package in found.items()} == {
        "short": "npm:@acme/real@^2",
        "@acme/real": "^2",
        "own": "npm:own@1",
    }


def test_hostile_lock_files_do_not_stall(tmp_path: Path) -> None:
    files = {
        "yarn.lock": "# yarn lockfile v1\n" + "a" * 3_000_000,
        "pnpm-lock.yaml": "lockfileVersion: 9\npackages:\n  " + "a@b" * 1_000_000,
    }
    start = time.monotonic()
    read_packages(write(tmp_path, files), ".", sorted(files))
    assert time.monotonic() - start < 2


def test_no_lock_file_leaves_the_version_open(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": '{"dependencies": {"kit": "^1"}, "peerDependencies": {"host": "*"}}'})
    assert {name: package.version for name, package in packages_of(tmp_path).items()} == {"kit": None, "host": None}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", "{"),
        ("package.json", "[]"),
        ("package.json", "[" * 100_000),
        ("package-lock.json", "[]"),
        ("package-lock.json", "{'a': 1}"),
        ("yarn.lock", "<<<<<<< HEAD"),
        ("pnpm-lock.yaml", "<<<<<<< HEAD"),
        ("pyproject.toml", "[project"),
    ],
)
def test_broken_files_are_gaps(tmp_path: Path, name: str, text: str) -> None:
    found, gaps = read_packages(write(tmp_path, {name: text}), "app", [name])
    assert found == ()
    assert [(gap.path, gap.app) for gap in gaps] == [(name, "app")]
    assert "tracking" in gaps[0].needed_for


@pytest.mark.parametrize(
    "text", ['{"dependencies": 5}', '{"dependencies": {"kit": {"version": 5}}}', '{"packages": {"node_modules/a": 1}}']
)
def test_odd_types_do_no_harm(tmp_path: Path, text: str) -> None:
    files = {"package-lock.json": text, "package.json": text}
    found, gaps = read_packages(write(tmp_path, files), ".", sorted(files))
    assert gaps == []
    assert all(package.version is None for package in found)


def test_huge_lock_file_is_a_gap(tmp_path: Path) -> None:
    with (tmp_path / "yarn.lock").open("wb") as file:
        file.truncate(MAX_LOCK_BYTES + 1)
    assert read_packages(tmp_path, ".", ["yarn.lock"])[1]


def test_requirements(tmp_path: Path) -> None:
    text = "# helpers\nrequests[socks]==2.31.0 ; python_version > '3'\n-r other.txt\nhttpx>=0.27  # client\nPyYAML\n"
    write(tmp_path, {"requirements.txt": text, "requirements-dev.txt": "pytest==8.0.0"})
    found = packages_of(tmp_path)
    assert found["requests"] == Package("requests", "requirements.txt", 2, "==2.31.0", "2.31.0", ecosystem="pypi")
    assert (found["httpx"].line, found["httpx"].wanted, found["httpx"].version) == (4, ">=0.27", None)
    assert found["PyYAML"].wanted == ""
    assert found["pytest"].dev


def test_pyproject(tmp_path: Path) -> None:
    text = """[project]
dependencies = ["requests>=2"]
optional-dependencies.aws = ["boto3"]
[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
[tool.poetry.dependencies]
python = "^3.11"
sentry-sdk = "^2"
[tool.poetry.group.test.dependencies]
moto = "*"
"""
    found = packages_of(write(tmp_path, {"pyproject.toml": text}))
    assert {name: package.dev for name, package in found.items()} == {
        "requests": False,
        "boto3": False,
        "pytest": True,
        "sentry-sdk": False,
        "moto": True,
    }
    assert found["sentry-sdk"].line == 8
