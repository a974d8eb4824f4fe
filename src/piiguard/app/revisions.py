"""The files of a git revision, written to a folder: the objects are read, and git is never run (see history.py)."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from piiguard.app.files import MB
from piiguard.app.walk import MAX_DEPTH, MAX_FILES
from piiguard.errors import EngineError, PiiguardError, UsageError

if TYPE_CHECKING:
    from dulwich.repo import Repo

LARGEST = 32 * MB
"""Larger files are written as empty space of their size: nothing reads them."""
MAX_BYTES = 1024 * MB
_ANCESTOR = re.compile(r"(?P<name>.+?)(?P<steps>(?:\^|~\d{0,4})*)")
_STEP = re.compile(r"\^|~(\d*)")


def write_revision(folder: Path, revision: str, target: Path) -> str:
    """Write what `folder`, in a git repository, holds in a revision into the new folder `target`; the commit's id.

    `revision`: a commit, branch or tag, perhaps with `^` or `~N` behind it. Raises UsageError when there is no such
    revision or folder, EngineError when the repository cannot be read.
    """
    root = _repository(folder.resolve())
    with _opened(root) as repository:
        commit = _commit(repository, revision)
        tree = _below(repository, commit.tree, folder.resolve().relative_to(root).parts, revision)
        _Writer(repository).tree(tree, target, 0)
        return str(commit.id.decode())


def head_and_parents(folder: Path) -> tuple[str, ...]:
    """The commit that is checked out, and those of its parents that are there (a shallow clone may lack them).

    Raises UsageError when there is none, EngineError when the repository cannot be read.
    """
    with _opened(_repository(folder.resolve())) as repository:
        commit = _commit(repository, "HEAD")
        return tuple(each.decode() for each in (commit.id, *commit.parents) if each in repository)


@contextmanager
def _opened(root: Path) -> Iterator[Repo]:
    """The repository, whose damage becomes an EngineError."""
    try:
        from dulwich.repo import Repo
    except ImportError:
        todo = "pip install 'piiguard[history]'"
        raise UsageError("reading a git revision needs `piiguard[history]`", todo=todo) from None
    try:
        with Repo(str(root)) as repository:
            yield repository
    except PiiguardError:
        raise
    except Exception as error:  # a damaged or hostile object store fails in as many ways as there are bytes
        raise EngineError(f"the git repository cannot be read ({type(error).__name__})", where=str(root)) from None


def _repository(folder: Path) -> Path:
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            return place
    raise UsageError("this is not in a git repository", where=str(folder), todo="Give two folders or reports instead")


def _commit(repository: Repo, revision: str) -> Any:
    from dulwich.objectspec import parse_commit

    form = _ANCESTOR.fullmatch(revision)
    try:
        commit = parse_commit(repository, form["name"] if form else revision)
        for step in _STEP.finditer(form["steps"] if form else ""):
            for _ in range(int(step[1] or 1)):
                commit = repository[commit.parents[0]]  # type: ignore[assignment]
    except (KeyError, ValueError, IndexError):
        todo = "In a shallow clone, fetch it first (actions/checkout: fetch-depth: 0)"
        raise UsageError(f"there is no revision {revision}", todo=todo) from None
    return commit


def _below(repository: Repo, tree: bytes, parts: tuple[str, ...], revision: str) -> bytes:
    for part in parts:
        entries = {name: (mode, sha) for name, mode, sha in repository[tree].items()}  # type: ignore[attr-defined]
        mode, tree = entries.get(os.fsencode(part), (0, b""))
        if not stat.S_ISDIR(mode):
            raise UsageError(f"{revision} has no folder {'/'.join(parts)}")
    return tree


class _Writer:
    """Writes trees. Nothing that is there already is written to or followed, and there is an end to it."""

    def __init__(self, repository: Repo) -> None:
        self._repository = repository
        self._files = 0
        self._bytes = 0

    def tree(self, tree: bytes, target: Path, depth: int) -> None:
        target.mkdir()
        for name, mode, sha in self._repository[tree].items():  # type: ignore[attr-defined]
            self._files += 1
            if self._files > MAX_FILES or self._bytes > MAX_BYTES or depth > MAX_DEPTH:
                raise EngineError("the git revision is larger, or deeper, than what is looked at")
            if name in (b"", b".", b"..") or name.lower() == b".git" or b"/" in name or b"\0" in name:
                raise EngineError("the git revision has a file whose name leaves its folder")
            place = target / os.fsdecode(name)
            if stat.S_ISDIR(mode):
                self.tree(sha, place, depth + 1)
            elif stat.S_ISLNK(mode):
                place.symlink_to(os.fsdecode(self._repository[sha].as_raw_string()))
            elif stat.S_ISREG(mode):
                self._file(self._repository[sha].as_raw_string(), place)

    def _file(self, content: bytes, place: Path) -> None:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            if len(content) > LARGEST:
                file.truncate(len(content))
            else:
                self._bytes += len(content)
                file.write(content)
