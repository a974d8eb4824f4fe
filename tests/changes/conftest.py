"""A repository of two commits: the second adds a host, a scope and a stored e-mail address."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

MANIFEST = """app:
  id: ari:cloud:ecosystem::app/1
  runtime: {name: nodejs22.x}
modules:
  jira:issuePanel:
    - {key: panel, title: Board, function: main}
  function:
    - {key: main, handler: index.run}
permissions:
  scopes:
    - storage:app
"""
BEFORE = {
    "manifest.yml": MANIFEST,
    "package.json": '{"name": "small-board", "dependencies": {"@forge/kvs": "1.0.0", "@forge/api": "5.0.0"}}\n',
    "package-lock.json": '{"name": "small-board", "lockfileVersion": 3, "packages": {"": {"name": "small-board"}, '
    '"node_modules/@forge/kvs": {"version": "1.0.0"}, "node_modules/@forge/api": {"version": "5.0.0"}}}\n',
    "src/index.js": "import { kvs } from '@forge/kvs';\n\nexport const run = async () => kvs.set('opened', 1);\n",
}
AFTER = {
    "manifest.yml": MANIFEST
    + "    - read:jira-user\n  external:\n    fetch:\n      backend:\n        - address: https://api.weather.example\n",
    "src/index.js": """import api, { fetch, route } from '@forge/api';
import { kvs } from '@forge/kvs';

export const run = async () => {
  const me = await (await api.asUser().requestJira(route`/rest/api/3/myself`)).json();
  await kvs.set('visitor', me.emailAddress);
  return fetch('https://api.weather.example/today');
};
""",
}


def git(folder: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    run = subprocess.run(("git", *arguments), cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def commit(folder: Path, files: dict[str, str], message: str) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app lies in `apps/board`. It is read only."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet", "--initial-branch=main", ".")
    commit(folder, {f"apps/board/{name}": text for name, text in BEFORE.items()}, "Before")
    git(folder, "tag", "--annotate", "before", "--message", "Before")
    commit(folder, {f"apps/board/{name}": text for name, text in AFTER.items()}, "After")
    return folder
