"""What a bundle holds, and that the same tree and options give the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import subprocess
import zipfile
from base64 import b64decode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from piiguard.errors import EngineError, UsageError
from piiguard.evidence import container, keys, names
from piiguard.evidence.build import Built, build, sums
from piiguard.evidence.coverage import coverage_list
from piiguard.formats import FORMATS
from piiguard.scan import Options

from .conftest import APP, COMMIT, TODAY


def statement(built: Built, name: str) -> dict[str, Any]:
    read = json.loads(b64decode(json.loads(built.files[name])["payload"]))
    assert isinstance(read, dict)
    return read


def test_the_same_tree_elsewhere_gives_the_same_bytes(built: Built, app: Path, keyfile: Path) -> None:
    again = build(app, Options(today=TODAY), keys.load_signer(keyfile))
    assert again.files == built.files
    assert container.pack(again.files) == container.pack(built.files)


def test_another_key_changes_signatures_alone(built: Built, app: Path, tmp_path: Path, scanned_before: object) -> None:
    keys.generate(tmp_path / "other.pem")
    other = build(app, Options(today=TODAY), keys.load_signer(tmp_path / "other.pem"))
    signed = {*names.ENVELOPES, names.SUMS}
    assert {name for name in built.files if built.files[name] != other.files[name]} == signed
    for name in (names.SCAI, names.TEST_RESULT):
        assert statement(built, name) == statement(other, name)


def test_the_files(built: Built) -> None:
    reports = {name for name, format_ in names.REPORTS.items() if format_ in FORMATS}
    assert {"report.json", "report.sarif", "report.md", "report.cdx.json"} <= reports
    assert built.files.keys() == {*reports, *names.ENVELOPES, names.COVERAGE, names.POLICY, names.SUMS}
    assert built.files[names.POLICY] == APP["piiguard.yaml"].encode()
    assert built.files["report.sarif"] == FORMATS["sarif-evidence"](built.report).encode()


def test_the_coverage_list_has_the_digest_of_every_file_that_was_looked_at(built: Built) -> None:
    files = {file["path"]: file for file in json.loads(built.files[names.COVERAGE])["files"]}
    assert files["README.md"] == {
        "path": "README.md", "status": "skipped", "why": "documentation", "size": None, "sha256": None
    }  # fmt: skip
    looked_at = {name: APP[name].encode() for name in files if files[name]["status"] == "scanned"}
    assert {"manifest.yml", "src/index.js", "src/db.js", "piiguard.yaml"} < looked_at.keys()
    assert {"package.json", "package-lock.json"} < looked_at.keys()
    for name, text in looked_at.items():
        assert (files[name]["size"], files[name]["sha256"]) == (len(text), hashlib.sha256(text).hexdigest())


@pytest.mark.parametrize("name", names.ENVELOPES)
def test_subjects_are_the_scanned_files_and_the_commit(built: Built, name: str) -> None:
    subjects = {each["name"]: each["digest"] for each in statement(built, name)["subject"]}
    assert subjects.pop("HEAD") == {"gitCommit": COMMIT}
    assert subjects == {
        path: {"sha256": hashlib.sha256(APP[path].encode()).hexdigest()}
        for path in APP.keys() - {"README.md", ".git/HEAD"}
    }


def test_a_test_passes_only_where_code_was_looked_at_and_nothing_found(built: Built) -> None:
    said = statement(built, names.TEST_RESULT)["predicate"]
    assert said["result"] == "FAILED"
    assert ".: no-personal-data-stored" in said["failedTests"]
    assert ".: no-tracking" in said["passedTests"]
    assert ".: response-times" in said["warnedTests"]
    told = {*said["failedTests"], *said["warnedTests"], *said["passedTests"]}
    assert ".: certifications" not in told  # a person's word is no test
    assert {each["name"] for each in said["configuration"]} == {"rules", "piiguard.yaml"}


def test_an_attribute_carries_its_answer(built: Built) -> None:
    attributes = {each["attribute"] for each in statement(built, names.SCAI)["predicate"]["attributes"]}
    assert {"supported:no-tracking", "contradicted:no-personal-data-stored", "attested:certifications"} <= attributes
    assert not any(each.split(":")[1:] == ["no-personal-data-stored"] for each in attributes - {
        "contradicted:no-personal-data-stored"
    })  # fmt: skip


def test_the_evidence_statement_lists_every_other_file(built: Built) -> None:
    said = statement(built, names.EVIDENCE)["predicate"]
    listed = {file["name"]: file["digest"]["sha256"] for file in said["files"]}
    assert listed.keys() == built.files.keys() - {names.EVIDENCE, names.SUMS}
    assert all(hashlib.sha256(built.files[name]).hexdigest() == digest for name, digest in listed.items())
    assert said["settings"] == {"today": "2026-06-01", "include": [], "policy": "piiguard.yaml", "document": None}
    assert said["subject"]["digest"] == built.report.subject.digest


def test_sha256sum_agrees(built: Built, tmp_path: Path) -> None:
    container.write(tmp_path / "bundle", built.files)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", names.SUMS], cwd=tmp_path / "bundle", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_sums_are_by_name() -> None:
    assert sums({"b": "2" * 64, "a": "1" * 64}) == f"{'1' * 64}  a\n{'2' * 64}  b\n".encode()


def test_without_a_key_nothing_is_signed(app: Path, scanned_before: object) -> None:
    bare = build(app, Options(today=TODAY))
    assert all(json.loads(bare.files[name])["signatures"] == [] for name in names.ENVELOPES)


def test_without_piiguard_yaml_none_is_in_the_bundle(app: Path, scanned_before: object) -> None:
    bare = build(app, Options(today=TODAY, use_config=False))
    assert names.POLICY not in bare.files
    assert statement(bare, names.EVIDENCE)["predicate"]["settings"]["policy"] is None


def test_another_policy_keeps_its_name(app: Path, tmp_path: Path, scanned_before: object) -> None:
    ours = tmp_path / "ours.yml"
    ours.write_text("version: 1\n")
    bundle = build(app, Options(today=TODAY, config=ours))
    assert bundle.files[names.POLICY] == b"version: 1\n"
    assert statement(bundle, names.EVIDENCE)["predicate"]["settings"]["policy"] == "ours.yml"


def test_files_that_change_meanwhile_end_the_run(built: Built, app: Path) -> None:
    (app / "package-lock.json").write_text("{}")
    with pytest.raises(EngineError, match="changed while"):
        coverage_list(app, built.report.subject)


def test_a_policy_that_changes_meanwhile_ends_the_run(built: Built, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(path: Path, options: Options) -> object:
        (app / "piiguard.yaml").write_text("version: 1\n")
        return built.report

    monkeypatch.setattr("piiguard.scan.scan", scan)
    with pytest.raises(EngineError, match=r"piiguard\.yaml: the file changed"):
        build(app, Options(today=TODAY))


def test_the_digest_of_what_could_not_be_looked_at(app: Path, built: Built) -> None:
    gap = msgspec.structs.replace(built.report.subject.apps[0].files[0], path="src/odd.js", status="gap", why="odd")
    (app / "src/odd.js").write_bytes(b"\xff")
    lost = msgspec.structs.replace(gap, path="src/lost.js")
    whole = built.report.subject.apps[0]
    changed = msgspec.structs.replace(whole, files=(*whole.files, gap, lost))
    found = coverage_list(app, msgspec.structs.replace(built.report.subject, apps=(changed,)))
    assert found.looked_at["src/odd.js"] == hashlib.sha256(b"\xff").hexdigest()
    assert found.looked_at["src/lost.js"] is None


# ---------------------------------------------------------------- folder and zip


def test_a_zip_has_no_time_no_order_and_no_umask(built: Built) -> None:
    backwards = dict(reversed(built.files.items()))
    assert container.pack(backwards) == container.pack(built.files)
    with zipfile.ZipFile(io.BytesIO(container.pack(built.files))) as archive:
        entries = archive.infolist()
        assert archive.testzip() is None
    assert [entry.filename for entry in entries] == sorted(built.files)
    assert {(e.date_time, e.external_attr >> 16, e.create_system, e.compress_type) for e in entries} == {
        ((1980, 1, 1, 0, 0, 0), stat.S_IFREG | 0o644, 3, zipfile.ZIP_STORED)
    }


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_what_is_written_is_read(built: Built, tmp_path: Path, name: str) -> None:
    container.write(tmp_path / name, built.files)
    assert container.read(tmp_path / name) == container.Contents(built.files)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("full", "not empty"),
        ("nowhere/bundle", "not there"),
        ("app/bundle.zip", "lies in the scanned folder"),
        ("app", "not empty"),
    ],
)
def test_places_that_are_refused(app: Path, tmp_path: Path, target: str, said: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(UsageError, match=said):
        container.check_target(tmp_path / target, app)


def test_a_zip_that_cannot_be_written_is_one_line(tmp_path: Path, built: Built) -> None:
    (tmp_path / "taken.zip").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        container.write(tmp_path / "taken.zip", built.files)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.zip"]
