"""Developers' scripts are told from what the app runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard import app
from piiguard.app.scripts import developers

MANIFEST = """\
app: {id: x}
modules:
  function: [{key: run, handler: index.run}]
"""
SEND = "import urllib.request\nurllib.request.urlopen('https://a.dev')\n"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"scripts/load.py": SEND}, {"scripts/load.py"}),
        ({"tools/deep/load.py": SEND}, {"tools/deep/load.py"}),
        ({"scripts/load.mjs": "fetch('https://a.dev')"}, {"scripts/load.mjs"}),
        ({"scripts/load.mjs": "import { kvs } from '@forge/kvs';"}, set()),
        ({"scripts/load.js": "export const a = 1;", "src/index.js": "import './../scripts/load';"}, set()),
        ({"server/scripts/load.py": SEND, "load.py": SEND}, set()),
        ({"tools/ask.py": SEND, "agent.py": "from tools import ask"}, set()),
        ({"tools/ask.py": SEND, "tools/agent.py": "from tools import ask"}, {"tools/ask.py", "tools/agent.py"}),
    ],
)
def test_developers_scripts(tmp_path: Path, files: dict[str, str], told: set[str]) -> None:
    for path, content in {"manifest.yml": MANIFEST, "src/index.js": "export const run = 1;", **files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    assert developers(app.read(tmp_path).apps[0]) == told
