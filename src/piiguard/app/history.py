"""When a line came into the repository: the commits are read, and git is never run.

git itself would obey the configuration of the repository, which is not trusted (filters, file system monitors, pagers).
dulwich reads the object store alone. It is the extra `piiguard[history]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from piiguard.app.git import head_commit
from piiguard.model import Came

MAX_FILES = 40
MAX_COMMITS = 5000
"""Histories are looked at so far and no further."""


class NoHistory(Exception):
    """Why there is no history to look at."""


def lines_came(root: Path, paths: Iterable[str]) -> dict[str, tuple[Came, ...]]:
    """For each path: the lines of the commit that is checked out, each with the day and the commit that it came with.

    Days are those of the commits (UTC). Raises NoHistory, with the reason.
    """
    commit = head_commit(root)
    if commit is None:
        raise NoHistory("there is no git history in the scanned folder")
    if (root / ".git" / "shallow").exists():
        raise NoHistory("only a part of the git history is here (a shallow clone): fetch all of it")
    try:
        from dulwich.annotate import annotate_lines
        from dulwich.repo import Repo
    except ImportError:
        raise NoHistory("reading the history needs `piiguard[history]`") from None
    found: dict[str, tuple[Came, ...]] = {}
    try:
        with Repo(str(root)) as repository:
            store = repository.object_store
            _refuse_long(repository, commit)
            for path in sorted(set(paths))[:MAX_FILES]:
                lines = annotate_lines(store, commit.encode(), path.encode(), follow=False)  # type: ignore[arg-type]
                found[path] = tuple(
                    Came(text.decode("utf-8", "replace").strip(), _day(entry[0].commit_time), entry[0].id.decode())
                    for entry, text in lines
                )
    except NoHistory:
        raise
    except Exception as error:  # a damaged or hostile object store fails in as many ways as there are bytes
        raise NoHistory(f"the git history cannot be read ({type(error).__name__})") from None
    return found


def _refuse_long(repository: object, commit: str) -> None:
    walker = repository.get_walker(include=[commit.encode()], max_entries=MAX_COMMITS + 1)  # type: ignore[attr-defined]
    if sum(1 for _ in walker) > MAX_COMMITS:
        raise NoHistory(f"the history has more than {MAX_COMMITS} commits")


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).date().isoformat()
