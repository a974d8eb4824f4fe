"""The commit that is checked out, read from .git by hand.

git itself would obey the configuration of the repository, which is not trusted.
"""

from __future__ import annotations

import re
from pathlib import Path

from piiguard.app.files import MB, Unreadable, inside, read_text

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFERENCE = re.compile(r"refs/[\w./+@-]+")


def head_commit(root: Path) -> str | None:
    """The commit that HEAD of the repository `root` names; None if there is none to be read."""
    git = root / ".git"
    if git.is_symlink() or not git.is_dir():
        return None
    head = _read(git, "HEAD").removeprefix("ref:").strip()
    if _COMMIT.fullmatch(head):
        return head
    if not _REFERENCE.fullmatch(head) or not inside(git, git / head):
        return None
    loose = _read(git, head).strip()
    return loose if _COMMIT.fullmatch(loose) else _packed(git, head)


def _packed(git: Path, reference: str) -> str | None:
    for line in _read(git, "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name == reference and _COMMIT.fullmatch(commit):
            return commit
    return None


def _read(git: Path, path: str) -> str:
    try:
        return read_text(git, path, 8 * MB)
    except Unreadable:
        return ""
