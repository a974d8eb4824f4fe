"""`piiguard evidence` and `piiguard attest` as they are typed, and `scan --fail-on`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from piiguard import cli
from piiguard.evidence import container, names
from piiguard.evidence.build import Built


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    return cli.run(arguments)


def test_from_keygen_to_rescan(here: Path, app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evidence", "keygen", "key.pem") == 0
    assert run("evidence", "build", "app", "--output", "e.zip", "--key", "key.pem", "--today", "2026-06-01") == 1
    told = capsys.readouterr()
    assert "e.zip written: 11 files." in told.out
    assert "claims contradicted" in told.out
    assert told.err == ""
    assert run("evidence", "verify", "e.zip", "--key", "key.pem.pub", "--source", "app", "--rescan") == 0
    out = capsys.readouterr().out
    assert out.endswith("\nVerified.\n")
    assert "✓ report.json is what a new scan of the source gives\n" in out


def test_what_is_not_signed_is_called_so_aloud(
    here: Path, app: Path, scanned_before: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evidence", "build", "app", "--output", "bundle", "--exit-zero") == 0
    assert capsys.readouterr().err.startswith("NOT SIGNED: anybody can have made or changed this bundle.")
    assert run("evidence", "verify", "bundle") == 0
    assert capsys.readouterr().out.endswith("Verified, apart from what was not checked (2).\n")


def test_a_mismatch_ends_with_1(built: Built, here: Path, app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    container.write(here / "bundle", {**built.files, names.POLICY: b"version: 1\n"})
    assert run("evidence", "verify", "bundle", "--source", "app") == 1
    out = capsys.readouterr().out
    assert "✗ piiguard.yaml: changed\n" in out
    assert out.endswith("Not verified.\n")


def test_hostile_names_are_printed_as_text(here: Path, built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    container.write(here / "bundle", {**built.files, "a\x1b[31m\u202e": b""})
    assert run("evidence", "verify", "bundle") == 1
    assert "a\\x1b[31m\\u202e: is no file of a bundle" in capsys.readouterr().out


def test_what_cannot_be_checked_ends_with_3(
    built: Built, here: Path, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    container.write(here / "bundle", built.files)
    (here / "rules").mkdir()
    shutil.copy(Path(__file__).parents[2] / "rules/log/console-log.yaml", here / "rules/other-log.yaml")
    text = (here / "rules/other-log.yaml").read_text().replace("id: console-log", "id: other-log")
    (here / "rules/other-log.yaml").write_text(text)
    assert run("evidence", "verify", "bundle", "--source", "app", "--rescan", "--rules", "rules") == 3
    out = capsys.readouterr().out
    assert "? not checked: the report could not be compared: it was made with the rules sha256:" in out
    assert out.endswith("Not verified: something could not be checked.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evidence", "verify", "app"], "no evidence bundle"),
        (["evidence", "verify", "app/manifest.yml"], "neither a folder nor a zip"),
        (["evidence", "verify", "nowhere"], "does not exist"),
        (["evidence", "verify", "app", "--rescan"], "--rescan needs --source"),
        (["evidence", "verify", "app", "--key", "app/manifest.yml"], "no ed25519 public key"),
        (["evidence", "build", "app"], "Missing option '--output'"),
        (["evidence", "build", "app", "--output", "app/e.zip"], "lies in the scanned folder"),
        (["evidence", "build", "app", "--output", "e", "--config", "app/piiguard.yaml", "--no-config"], "exclude"),
        (["evidence", "build", "app", "--output", "e", "--key", "app/manifest.yml"], "no ed25519 private key"),
        (["attest", "no-such", "app", "--by", "A", "--until", "2099-01-01", "--note", "n"], "no claim is called"),
        (["attest", "certifications", "app", "--by", "A", "--until", "2001-01-01", "--note", "n"], "before --on"),
        (["scan", "app", "--fail-on", "expiring"], "is not expiring:DAYSd"),
    ],
)
def test_wrong_arguments_end_with_2(
    here: Path, app: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert not (here / "e").exists()


# ---------------------------------------------------------------- attest, and what ends


def test_attest_writes_and_says_what(here: Path, app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (app / "piiguard.yaml").read_text()
    said = ["--by", "Ada", "--until", "2026-09-01", "--note", "It is so.", "--today", "2026-06-01"]
    assert run("attest", "response-times", "app", *said) == 0
    assert capsys.readouterr().out == "app/piiguard.yaml: response-times is attested by Ada until 2026-09-01.\n"
    assert (app / "piiguard.yaml").read_text().startswith(before)
    assert run("attest", "no-cookies", "app", *said, "--on", "2026-05-01") == 0
    assert "counts only where the code leaves it open" in capsys.readouterr().out
    assert "on: 2026-05-01" in (app / "piiguard.yaml").read_text()


def test_attest_makes_the_file(here: Path, app: Path) -> None:
    (app / "piiguard.yaml").unlink()
    assert run("attest", "certifications", "app", "--by", "Ada", "--until", "2099-01-01", "--note", "It is so.") == 0
    assert (app / "piiguard.yaml").read_text().startswith("version: 1\n\nattestations:\n  - claim: certifications\n")


@pytest.mark.parametrize(
    ("today", "within", "code", "named"),
    [("2026-12-15", "expiring:30d", 1, True), ("2026-12-15", "expiring:5d", 0, False)],
)
def test_scan_fails_on_what_ends_soon(
    here: Path, app: Path, today: str, within: str, code: int, named: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "src/db.js").write_text("export const save = () => undefined;\n")
    (app / "manifest.yml").write_text((app / "manifest.yml").read_text().replace("[storage:app]", "[]"))
    assert run("scan", "app", "--quiet", "--today", today, "--fail-on", within) == code
    told = capsys.readouterr()
    assert f"(exit code {code})" in told.out
    line = "expiring: the attestation of certifications by Ada Example ends on 2026-12-31, in 16 days\n"
    assert told.err == (line if named else "")
