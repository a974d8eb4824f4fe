"""Reading single files: only regular ones, and every refusal is said in the same way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from piiguard.app.files import Unreadable, read_bytes


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert read_bytes(tmp_path, "a", 1) == b"x"


@pytest.mark.parametrize("name", ["folder", "pipe", "link", "nothing", "\0", "large"])
def test_anything_else_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "large")
    (tmp_path / "large").write_bytes(b"xx")
    with pytest.raises(Unreadable):
        read_bytes(tmp_path, name, 1)
