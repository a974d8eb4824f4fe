"""`piiguard diff`, over revisions, folders and reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from piiguard import cli
from piiguard.app.revisions import write_revision
from piiguard.errors import EngineError, UsageError

from .conftest import AFTER, BEFORE

FORMAT = ("--format", "json", "--today", "2026-06-01")


def changes(
    capfd: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, dict[str, dict[str, list[dict[str, str]]]]]:
    capfd.readouterr()
    code = cli.run(("diff", *arguments, *FORMAT))
    return code, json.loads(capfd.readouterr().out)


def names(side: dict[str, list[dict[str, str]]], kind: str) -> list[str]:
    return [each["name"] for each in side[kind]]


def test_revisions(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, told = changes(capfd, "before", "HEAD", str(repository / "apps/board"))
    assert code == 1
    assert names(told["added"], "hosts") == ["api.weather.example"]
    assert names(told["added"], "scopes") == ["read:jira-user"]
    assert names(told["added"], "data") == ["email"]
    assert {each["path"] for each in told["added"]["findings"]} == {"manifest.yml", "src/index.js"}
    assert not any(told["gone"].values())
    code, back = changes(capfd, "main", "HEAD~1", str(repository / "apps/board"))
    assert code == 0
    assert names(back["gone"], "data") == ["email"]


def test_folders_and_reports_tell_the_same(repository: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for state, revision in (("old", "HEAD^"), ("new", "HEAD")):
        write_revision(repository / "apps/board", revision, tmp_path / state)
        report = f"json={tmp_path / state}.json"
        cli.run(("scan", str(tmp_path / state), "-q", "--output", report, "--today", "2026-06-01"))
    _, folders = changes(capfd, str(tmp_path / "old"), str(tmp_path / "new"))
    _, reports = changes(capfd, f"{tmp_path}/old.json", f"{tmp_path}/new.json")
    for told in (folders, reports):
        told.pop("old")
        told.pop("new")
    assert folders == reports


def test_the_files_of_a_revision(repository: Path, tmp_path: Path) -> None:
    write_revision(repository / "apps/board", "before", tmp_path / "old")
    written = {str(file.relative_to(tmp_path / "old")) for file in (tmp_path / "old").rglob("*") if file.is_file()}
    assert written == set(BEFORE)
    write_revision(repository, "HEAD", tmp_path / "new")
    assert (tmp_path / "new/apps/board/manifest.yml").read_text(encoding="utf-8") == AFTER["manifest.yml"]


@pytest.mark.parametrize("revision", ["nothing", "HEAD~9", "HEAD^^^", "", "-x", "HEAD~", "before~7", "\udcff"])
def test_a_revision_that_is_not_there(revision: str, repository: Path, tmp_path: Path) -> None:
    if revision == "HEAD~":
        write_revision(repository, revision, tmp_path / "x")
        return
    with pytest.raises((UsageError, EngineError)):
        write_revision(repository, revision, tmp_path / "x")


def test_no_repository_and_no_report(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("{}", encoding="utf-8")
    assert cli.run(("diff", "HEAD~1", "HEAD", str(tmp_path))) == 2
    assert cli.run(("diff", str(tmp_path / "r.json"), str(tmp_path / "r.json"))) == 2


def with_tree(folder: Path, *entries: tuple[bytes, int, bytes]) -> None:
    """A repository with one commit, of a tree that git itself would not make."""
    with Repo.init(str(folder), mkdir=True) as repository:
        tree = Tree()
        for name, mode, content in entries:
            blob = Blob.from_string(content)
            repository.object_store.add_object(blob)
            inner = Tree()
            inner.add(b"x", 0o100644, blob.id)
            repository.object_store.add_object(inner)
            tree._entries[name] = (mode, inner.id if mode == 0o040000 else blob.id)
            tree._needs_serialization = True
        made = Commit()
        made.tree = tree.id
        made.author = made.committer = b"a <a@example.com>"
        made.author_time = made.commit_time = made.author_timezone = made.commit_timezone = 0
        made.message = b"m"
        for each in (tree, made):
            repository.object_store.add_object(each)
        repository.refs[Ref(b"refs/heads/bad")] = made.id


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"."])
def test_no_name_leaves_the_folder(name: bytes, tmp_path: Path) -> None:
    with_tree(tmp_path / "repo", (name, 0o040000, b"evil"))
    with pytest.raises(EngineError):
        write_revision(tmp_path / "repo", "bad", tmp_path / "out")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out", "repo"]


def test_no_link_is_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("kept", encoding="utf-8")
    with_tree(tmp_path / "repo", (b"link", 0o120000, b"../target"), (b"plain", 0o100644, b"text"))
    write_revision(tmp_path / "repo", "bad", tmp_path / "out")
    assert (tmp_path / "out/link").is_symlink()
    assert (tmp_path / "out/plain").read_text(encoding="utf-8") == "text"
    assert target.read_text(encoding="utf-8") == "kept"


def test_a_damaged_repository_is_told_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git/objects").mkdir(parents=True)
    (tmp_path / ".git/refs").mkdir()
    (tmp_path / ".git/HEAD").write_bytes(b"\xff\0ref:")
    assert cli.run(("diff", "HEAD", "HEAD", str(tmp_path))) in (2, 3)
    said = capfd.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
