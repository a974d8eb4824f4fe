"""Bundles made to do harm: a clear line for each, nothing unpacked, no crash."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piiguard.errors import UsageError
from piiguard.evidence import container, envelope, names
from piiguard.evidence.build import Built, sums
from piiguard.evidence.container import Contents
from piiguard.evidence.envelope import NotAnEnvelope, seal, unseal
from piiguard.evidence.statements import sha256
from piiguard.evidence.verify import Asked, verify


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as archive:
        warnings.simplefilter("ignore")  # the same name twice
        for entry, data in entries:
            archive.writestr(entry, data)
    return made.getvalue()


def regular(name: str, year: int = 1980) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    return entry


def deflated(name: str) -> zipfile.ZipInfo:
    entry = regular(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped((deflated("report.json"), b"0" * 10**7)), "x.zip: its files are said to be larger"),
        (zipped((deflated("report.json"), b"0")), "report.json: is compressed"),
        (zipped((regular("../../evil"), b"x")), "../../evil: is no name"),
        (zipped((regular("/etc/passwd"), b"x")), "/etc/passwd: is no name"),
        (zipped((regular("a\\b"), b"x")), "a\\b: is no name"),
        (zipped((regular("folder/"), b"")), "folder/: is no name"),
        (zipped((regular(".hidden"), b"x")), ".hidden: is no name"),
        (zipped((regular("report\u202e.json"), b"x")), "is no name"),
        (zipped((link("report.json"), b"/etc/passwd")), "report.json: is a link"),
        (zipped((regular("report.json", 2026), b"x")), "x.zip: byte 13 (at report.json) is not as"),
        (zipped(("report.json", b"x")), "report.json: is not a regular file"),
        (zipped((regular("a"), b"1"), (regular("a"), b"2")), "a: stands in the zip twice"),
        (zipped(*((regular(f"f{n}"), b"") for n in range(101))), "x.zip: holds more than 100 files"),
        (b"PK\x03\x04 and then nothing", "x.zip: damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_zip_that_is_no_bundle_is_one_line(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    contents = container.read(tmp_path / "x.zip")
    assert said in " ".join(contents.faults)
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_files_that_lie_over_each_other_are_not_read(tmp_path: Path) -> None:
    """A zip whose list names the same megabyte a hundred times."""
    packed = bytearray(zipped(*((regular(f"f{n:02}"), b"") for n in range(99)), (regular("g"), b"0" * 10**6)))
    place = packed.find(b"PK\x01\x02")
    while place != -1:
        packed[place + 20 : place + 28] = struct.pack("<II", 10**6, 10**6)
        place = packed.find(b"PK\x01\x02", place + 4)
    (tmp_path / "x.zip").write_bytes(packed)
    assert container.read(tmp_path / "x.zip") == Contents(
        {}, ("x.zip: its files are said to be larger than the zip itself",)
    )


@pytest.mark.parametrize("change", [b"front" + b"%s", b"%s" + b"behind"])
def test_bytes_around_the_zip_are_named(built: Built, change: bytes, tmp_path: Path) -> None:
    data = change.replace(b"%s", container.pack(built.files))
    (tmp_path / "x.zip").write_bytes(data)
    faults = container.read(tmp_path / "x.zip").faults
    assert faults
    assert all(fault.startswith("x.zip: ") for fault in faults)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"{}", b"\x1f\x8b\x08"])
def test_what_is_no_zip_is_no_bundle(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UsageError, match="neither a folder nor a zip"):
        container.read(tmp_path / "x")


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_BYTES", 1000)
    (tmp_path / "x.zip").write_bytes(b"PK" + b"0" * 1000)
    with pytest.raises(UsageError, match="is larger than"):
        container.read(tmp_path / "x.zip")


def test_a_link_that_the_user_names_is_followed(built: Built, tmp_path: Path) -> None:
    container.write(tmp_path / "x.zip", built.files)
    (tmp_path / "link").symlink_to("x.zip")
    assert container.read(tmp_path / "link").files == built.files


def test_a_folder_is_read_within_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_BYTES", 1000)
    (tmp_path / "a").write_bytes(b"0" * 600)
    (tmp_path / "b").write_bytes(b"0" * 600)
    contents = container.read(tmp_path)
    assert list(contents.files) == ["a"]
    assert contents.faults[0].startswith("b: is larger than")


def test_what_is_no_file_in_a_folder_is_named_and_not_followed(built: Built, tmp_path: Path) -> None:
    container.write(tmp_path / "bundle", built.files)
    secret = tmp_path / "secret"
    secret.write_text("x")
    for name in (names.REPORT, names.SUMS):
        (tmp_path / "bundle" / name).unlink()
    (tmp_path / "bundle" / names.REPORT).symlink_to(secret)
    (tmp_path / "bundle" / names.SUMS).mkdir()
    os.mkfifo(tmp_path / "bundle" / "pipe")
    contents = container.read(tmp_path / "bundle")
    assert contents.faults == (
        f"{names.SUMS}: is not a regular file",
        "pipe: is not a regular file",
        f"{names.REPORT}: is a link",
    )
    assert names.REPORT not in contents.files


def test_a_folder_of_many_files_is_no_bundle(tmp_path: Path) -> None:
    for number in range(101):
        (tmp_path / str(number)).touch()
    with pytest.raises(UsageError, match="more than 100 files"):
        container.read(tmp_path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_change_of_a_zip_crashes(built: Built, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    packed = bytearray(container.pack(built.files))
    for _ in range(data.draw(st.integers(1, 4))):
        near_the_end = st.integers(len(packed) - 1200, len(packed) - 1)
        packed[data.draw(near_the_end | st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("zip") / "x.zip"
    path.write_bytes(packed)
    checks = verify(container.read(path), Asked())
    assert bytes(packed) == container.pack(built.files) or any(check.outcome == "mismatch" for check in checks)


# ---------------------------------------------------------------- what stands in the files


def with_statement(built: Built, statement: bytes) -> dict[str, bytes]:
    files = {**built.files, names.EVIDENCE: seal(statement, None)}
    return resummed(files)


def resummed(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**files, names.SUMS: sums({name: sha256(data) for name, data in files.items() if name != names.SUMS})}


WRONG: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("no settings", lambda said: said["predicate"].pop("settings")),
    ("a number for a name", lambda said: said["predicate"]["files"][0].update(name=3)),
    ("a list for a digest", lambda said: said["predicate"]["files"][0].update(digest=[])),
    ("a day that is none", lambda said: said["predicate"]["settings"].update(today="2026-02-30")),
    ("a policy elsewhere", lambda said: said["predicate"]["settings"].update(policy="../../etc/passwd")),
    ("another type", lambda said: said.update(predicateType="https://in-toto.io/attestation/vsa/v1")),
    ("more than there is", lambda said: said.update(more=1)),
]


@pytest.mark.parametrize(("what", "alter"), WRONG, ids=[what for what, _ in WRONG])
def test_a_statement_of_wrong_types_is_one_line(
    built: Built, what: str, alter: Callable[[dict[str, Any]], object]
) -> None:
    said = json.loads(unseal(built.files[names.EVIDENCE]).statement)
    alter(said)
    checks = verify(Contents(with_statement(built, json.dumps(said).encode())), Asked())
    (line,) = (check.said for check in checks if check.outcome == "mismatch")
    assert line.startswith("evidence.dsse.json: holds no evidence statement of piiguard (")
    assert "\n" not in line


@pytest.mark.parametrize("deep", [b"[" * 10**6, b'{"a":' * 10**5, b"null", b"\xff", b""])
@pytest.mark.parametrize("name", [names.REPORT, names.COVERAGE])
def test_json_beyond_measure_is_one_line(built: Built, deep: bytes, name: str) -> None:
    files = {**built.files, name: deep}
    said = json.loads(unseal(built.files[names.EVIDENCE]).statement)
    for file in said["predicate"]["files"]:
        file["digest"]["sha256"] = sha256(files[file["name"]])
    checks = verify(Contents(with_statement(Built(files, built.report), json.dumps(said).encode())), Asked())
    (line,) = (check.said for check in checks if check.outcome == "mismatch")
    assert line.startswith(f"{name}: is no ")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 10**6,
        b'{"payload": 3, "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        b'{"payload": "!", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        b'{"payload": "\xc3\xa4", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        b'{"payload": "", "payloadType": "text/plain", "signatures": []}',
        b'{"payload": "", "payloadType": "application/vnd.in-toto+json", "signatures": [{"keyid": "a"}]}',
        b'{"payload": "", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
    ],
)
def test_what_is_no_envelope_is_refused(text: bytes) -> None:
    with pytest.raises(NotAnEnvelope, match=r"^[^\n]+$"):
        unseal(text)


@pytest.mark.parametrize("sig", ["", "!", "AAAA", "a" * 88])
def test_a_signature_that_is_none_verifies_nothing(built: Built, key: Any, sig: str) -> None:
    sealed = unseal(built.files[names.SCAI])
    forged = envelope.Envelope(sealed.payload, sealed.payload_type, [envelope.EnvelopeSignature(key.keyid, sig)])
    assert sealed.signed_by(key)
    assert not forged.signed_by(key)


def test_a_path_in_the_coverage_list_leads_nowhere_else(built: Built, app: Path) -> None:
    """What a hostile list names is compared inside of the source, and not read outside of it."""
    from piiguard.evidence.source import _digest

    (app.parent / "secret").write_text("x")
    (app / "out").symlink_to(app.parent)
    assert _digest(app.resolve(), "src/db.js")
    for path in ("../secret", "out/secret", str(app.parent / "secret"), "\0", "src"):
        assert _digest(app.resolve(), path) is None
