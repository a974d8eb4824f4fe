"""The commands of docs/evidence.md, run as they stand there: without piiguard, over a bundle and its source."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from piiguard.evidence import container, names
from piiguard.evidence.build import Built

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
COMMANDS = dict(re.findall(r"<!-- command: (\w+) -->\n```\w+\n(.*?)```\n<!-- end -->", PAGE, flags=re.DOTALL))
TOOLS = ("bash", "jq", "openssl", "sha256sum", "base64")


@pytest.fixture
def place(built: Built, app: Path, keyfile: Path, tmp_path: Path) -> Path:
    container.write(tmp_path / "bundle", built.files)
    app.rename(tmp_path / "source")
    shutil.copy(f"{keyfile}.pub", tmp_path / "signer.pem.pub")
    return tmp_path


def run(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"one of {', '.join(TOOLS)} is not installed")
@pytest.mark.parametrize("altered", ["", "bundle/report.md", "bundle/scai.dsse.json", "source/src/db.js"])
def test_the_shell_commands(place: Path, altered: str) -> None:
    if altered:
        (place / altered).write_bytes((place / altered).read_bytes() + b" ")
    done = run(place, "bash", "-o", "pipefail", "-c", COMMANDS["verify"])
    assert (done.returncode == 0) == (not altered), done.stdout + done.stderr
    assert done.stdout.count("Signature Verified Successfully") == (0 if altered.startswith("bundle") else 3)


@pytest.mark.parametrize("altered", [False, True])
def test_the_python_program(place: Path, altered: bool) -> None:
    if altered:
        text = (place / "bundle" / names.TEST_RESULT).read_text()
        (place / "bundle" / names.TEST_RESULT).write_text(text.replace('"payload": "e', '"payload": "f'))
    done = run(place, sys.executable, "-c", COMMANDS["python"])
    assert (done.returncode == 0) == (not altered), done.stderr
    assert done.stdout.startswith("pkg:generic/piiguard#evidence/v1 7\n")  # the first one is whole in either case
