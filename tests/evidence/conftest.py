"""A small app, and a signed bundle about it, made once: a scan takes seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from piiguard.evidence import keys
from piiguard.evidence.build import Built, build
from piiguard.scan import Options

TODAY = date(2026, 6, 1)
COMMIT = "c0ffee" * 6 + "abcd"
APP = {
    "manifest.yml": "app:\n  id: ari:cloud:ecosystem::app/1\n  runtime: {name: nodejs22.x}\nmodules:\n"
    "  jira:issuePanel:\n    - {key: panel, title: Board, function: main}\n"
    "  function:\n    - {key: main, handler: index.run}\npermissions:\n  scopes: [storage:app]\n",
    "package.json": '{"name": "small-board", "dependencies": {"@forge/kvs": "1.0.0"}}\n',
    "package-lock.json": '{"name": "small-board", "lockfileVersion": 3, "packages": {"": {"name": "small-board"}, '
    '"node_modules/@forge/kvs": {"version": "1.0.0"}}}\n',
    "src/index.js": "import { save } from './db';\n\n"
    "export const run = async ({ context }) => save(context.accountId);\n",
    "src/db.js": "import { kvs } from '@forge/kvs';\n\nexport const save = (who) => kvs.set('last', who);\n",
    "README.md": "# Small board\n",
    "piiguard.yaml": "version: 1\nattestations:\n  - claim: certifications\n    by: Ada Example\n    on: 2026-01-01\n"
    "    until: 2026-12-31\n    statement: We hold none.\n",
    ".git/HEAD": f"{COMMIT}\n",
}


def write_app(root: Path) -> Path:
    for name, text in APP.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of the app to change."""
    return write_app(tmp_path / "app")


@pytest.fixture(scope="session")
def keyfile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key; `.pub` beside it is the public one."""
    path = tmp_path_factory.mktemp("keys") / "signer.pem"
    keys.generate(path)
    return path


@pytest.fixture(scope="session")
def key(keyfile: Path) -> Any:
    return keys.load_key(keyfile.with_name("signer.pem.pub"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, keyfile: Path) -> Built:
    """The signed bundle."""
    root = write_app(tmp_path_factory.mktemp("scanned"))
    return build(root, Options(today=TODAY), keys.load_signer(keyfile))


@pytest.fixture
def scanned_before(built: Built, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Scans give the report of `built`, or another one that is handed over, at no cost."""

    def answer(report: Any) -> None:
        monkeypatch.setattr("piiguard.scan.scan", lambda path, options: report)

    answer(built.report)
    return answer
