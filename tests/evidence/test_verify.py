"""What verify says: each change is named by its file, and nothing is called checked that was not."""

from __future__ import annotations

import io
import json
import random
import zipfile
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from piiguard.claims.policy import Policy
from piiguard.errors import EngineError, UsageError
from piiguard.evidence import container, keys, names, statements
from piiguard.evidence.build import Built, build, sums
from piiguard.evidence.check import Check, exit_code
from piiguard.evidence.container import Contents
from piiguard.evidence.coverage import CoverageList
from piiguard.evidence.envelope import seal
from piiguard.evidence.verify import Asked, verify
from piiguard.formats import contract
from piiguard.scan import Options

from .conftest import COMMIT, TODAY

SEED = 20260601
IN_BUNDLE = 50
IN_SOURCE = 20


def mismatches(checks: tuple[Check, ...]) -> list[str]:
    return [check.said for check in checks if check.outcome == "mismatch"]


def check(files: Mapping[str, bytes], asked: Asked | None = None) -> tuple[Check, ...]:
    return verify(Contents(dict(files)), asked or Asked())


def changed(data: bytes, at: int, chance: random.Random) -> bytes:
    """One byte changed to another."""
    return data[:at] + bytes([(data[at] + chance.randint(1, 255)) % 256]) + data[at + 1 :]


# ---------------------------------------------------------------- a bundle as it was made


def test_signed_and_sound(built: Built, key: Any, app: Path) -> None:
    checks = check(built.files, Asked(key=key, source=app))
    assert [(each.outcome, each.said) for each in checks] == [
        ("ok", f"3 statements are signed with the key {key.keyid}"),
        ("ok", f"{len(built.files)} files, and no other, have the digests that are listed"),
        ("ok", "the statements say what the report says"),
        ("ok", "the source holds the 6 files that were looked at, and no other to look at"),
        ("ok", f"HEAD of the source is commit {COMMIT}"),
        ("skipped", "that the report follows from the source, as --rescan is not given"),
    ]
    assert exit_code(checks) == 0


def test_without_key_and_source_it_says_what_nobody_checked(built: Built) -> None:
    said = " ".join(each.said for each in check(built.files) if each.outcome == "skipped")
    assert "the signature, as no --key is given" in said
    assert "the source, as no --source is given" in said


def test_an_unsigned_bundle_is_called_so(built: Built, key: Any) -> None:
    bare = resealed(built)
    assert any("as there is none: anybody" in each.said for each in check(bare))
    assert exit_code(check(bare)) == 0
    assert mismatches(check(bare, Asked(key=key))) == [
        f"{name}: is not signed with this key" for name in names.ENVELOPES
    ]


def test_another_key_is_a_mismatch(built: Built, tmp_path: Path) -> None:
    other = keys.load_key(keys.generate(tmp_path / "other.pem"))
    assert len(mismatches(check(built.files, Asked(key=other)))) == len(names.ENVELOPES)


# ---------------------------------------------------------------- one byte


@pytest.fixture(params=["with the key", "without"])
def asked(request: pytest.FixtureRequest, key: Any) -> Asked:
    return Asked(key=key if request.param == "with the key" else None)


def test_a_changed_byte_in_a_folder_is_named(built: Built, asked: Asked) -> None:
    """Every file of the bundle in turn, at a random place."""
    chance = random.Random(SEED)
    for number in range(IN_BUNDLE):
        name = sorted(built.files)[number % len(built.files)]
        at = chance.randrange(len(built.files[name]))
        found = mismatches(check({**built.files, name: changed(built.files[name], at, chance)}, asked))
        # Without a signature nobody can tell a changed statement from a changed line about it: both are named.
        named = (f"{name}: ", f"or else its line in {name}")
        assert any(said.startswith(named[0]) or said.endswith(named[1]) for said in found), (name, at, found)


def test_a_changed_byte_in_a_folder_accuses_no_other_file(built: Built, key: Any) -> None:
    chance = random.Random(SEED)
    for name in built.files.keys() - names.ENVELOPES:
        files = {**built.files, name: changed(built.files[name], chance.randrange(len(built.files[name])), chance)}
        assert {said.split(": ")[0] for said in mismatches(check(files, Asked(key=key)))} == {name}


def test_a_changed_byte_in_a_zip_is_named(built: Built, asked: Asked, tmp_path: Path) -> None:
    """Anywhere in the zip: in the bytes of a file that file is named, elsewhere the zip or a file in it."""
    chance = random.Random(SEED)
    packed = container.pack(built.files)
    spans = spans_of_files(packed)
    outside = sorted(set(range(len(packed))).difference(*spans.values()))
    places = [*(chance.randrange(len(packed)) for _ in range(IN_BUNDLE // 2)), *chance.sample(outside, IN_BUNDLE // 2)]
    path = tmp_path / "bundle.zip"
    for at in places:
        path.write_bytes(changed(packed, at, chance))
        found = mismatches(verify(container.read(path), asked))
        inside = [name for name, span in spans.items() if at in span]
        named = inside or [path.name, *spans]
        assert any(said.startswith(f"{name}: ") for said in found for name in named), (at, inside, found)


def spans_of_files(packed: bytes) -> dict[str, range]:
    """Where in the zip the bytes of each file are."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        starts = {entry: entry.header_offset + 30 + len(entry.filename) for entry in archive.infolist()}
        return {entry.filename: range(start, start + entry.file_size) for entry, start in starts.items()}


def test_a_changed_byte_in_the_source_is_named(built: Built, app: Path) -> None:
    chance = random.Random(SEED)
    looked_at = sorted(msgspec.json.decode(built.files[names.COVERAGE], type=CoverageList).looked_at)
    for number in range(IN_SOURCE):
        path = looked_at[number % len(looked_at)]
        before = (app / path).read_bytes()
        (app / path).write_bytes(changed(before, chance.randrange(len(before)), chance))
        found = mismatches(check(built.files, Asked(source=app)))
        assert f"{path}: changed in the source" in found, (path, found)
        (app / path).write_bytes(before)
    assert mismatches(check(built.files, Asked(source=app))) == []


# ---------------------------------------------------------------- whole files


@pytest.mark.parametrize("name", [*names.ENVELOPES, names.SUMS, names.REPORT, names.POLICY])
def test_a_missing_file_is_named(built: Built, name: str) -> None:
    files = {each: data for each, data in built.files.items() if each != name}
    assert f"{name}: missing" in mismatches(check(files))


def test_an_added_file_is_named(built: Built) -> None:
    assert "extra.txt: is no file of a bundle" in mismatches(check({**built.files, "extra.txt": b"x"}))


def test_a_file_of_the_right_name_that_is_not_listed_is_named(built: Built) -> None:
    assert "trust-center.md: is not listed in evidence.dsse.json" in mismatches(
        check({**built.files, "trust-center.md": b"x"})
    )


def test_a_file_added_to_the_sums_as_well_is_named(built: Built) -> None:
    files = {**built.files, "trust-center.md": b"x"}
    files[names.SUMS] = sums({name: statements.sha256(data) for name, data in files.items() if name != names.SUMS})
    assert "trust-center.md: is not listed in evidence.dsse.json" in mismatches(check(files))


def test_what_holds_none_of_the_files_is_no_bundle() -> None:
    with pytest.raises(UsageError, match="no evidence bundle"):
        check({"README.md": b"x"})


# ---------------------------------------------------------------- the source


def test_files_of_the_source_that_are_missing_or_added_are_named(built: Built, app: Path) -> None:
    (app / "src/db.js").unlink()
    (app / "src/more.js").write_text("export const more = 1;\n")
    assert mismatches(check(built.files, Asked(source=app))) == [
        "src/db.js: missing from the source",
        "src/more.js: added to the source",
    ]


def test_what_the_scan_leaves_out_may_change(built: Built, app: Path) -> None:
    (app / "README.md").write_text("other")
    (app / "node_modules").mkdir()
    (app / "node_modules/x.js").write_text("x")
    assert exit_code(check(built.files, Asked(source=app))) == 0


def test_a_source_without_an_app_is_a_mismatch(built: Built, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    found = mismatches(check(built.files, Asked(source=tmp_path / "elsewhere")))
    assert "manifest.yml: missing from the source" in found


def test_another_commit_is_a_mismatch(built: Built, app: Path) -> None:
    (app / ".git/HEAD").write_text("1" * 40)
    assert mismatches(check(built.files, Asked(source=app))) == [
        f"HEAD: the source is at commit {'1' * 40}, the bundle is about {COMMIT}"
    ]


def test_a_source_without_git_leaves_the_commit_open(built: Built, app: Path) -> None:
    (app / ".git/HEAD").unlink()
    checks = check(built.files, Asked(source=app))
    assert exit_code(checks) == 0
    assert f"the commit {COMMIT}: the source is no git repository" in [
        each.said for each in checks if each.outcome == "skipped"
    ]


# ---------------------------------------------------------------- forged by someone who can count


def resealed(
    built: Built,
    report: Callable[[dict[str, Any]], None] = lambda report: None,
    coverage: Callable[[dict[str, Any]], None] = lambda coverage: None,
    settings: Callable[[dict[str, Any]], None] = lambda settings: None,
    test_result: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, bytes]:
    """An unsigned bundle with altered contents whose digests and statements fit them."""
    files = {name: data for name, data in built.files.items() if name not in {*names.ENVELOPES, names.SUMS}}
    for name, alter in ((names.REPORT, report), (names.COVERAGE, coverage)):
        plain = json.loads(files[name])
        alter(plain)
        files[name] = json.dumps(plain).encode()
    said = json.loads(b64decode(json.loads(built.files[names.EVIDENCE])["payload"]))["predicate"]["settings"]
    settings(said)
    document = msgspec.json.decode(files[names.REPORT], type=contract.Document)
    covered = msgspec.json.decode(files[names.COVERAGE], type=CoverageList)
    for name, statement in statements.about_claims(document, covered, files).items():
        if name == names.TEST_RESULT and test_result:
            plain = json.loads(statement)
            test_result(plain["predicate"])
            statement = json.dumps(plain).encode()
        files[name] = seal(statement, None)
    told = msgspec.convert(said, statements.Settings)
    files[names.EVIDENCE] = seal(statements.about_bundle(document, covered, files, told), None)
    return {**files, names.SUMS: sums({name: statements.sha256(data) for name, data in files.items()})}


def acquitted(report: dict[str, Any]) -> None:
    for verdict in report["verdicts"]:
        if verdict["answer"] == "contradicted":
            verdict["answer"] = "supported"


def test_a_resealed_bundle_is_sound(built: Built) -> None:
    assert mismatches(check(resealed(built))) == []


def test_a_forged_report_stands_until_the_source_is_scanned_anew(
    built: Built, app: Path, scanned_before: object
) -> None:
    forged = resealed(built, report=acquitted)
    assert exit_code(check(forged, Asked(source=app))) == 0
    found = mismatches(check(forged, Asked(source=app, rescan=True)))
    assert any(said.startswith("report.json: does not follow from the source: line ") for said in found)


def test_a_statement_that_says_more_than_the_report_is_named(built: Built) -> None:
    forged = resealed(built, test_result=lambda predicate: predicate.update(result="PASSED"))
    assert mismatches(check(forged)) == ["test-result.dsse.json: says something else than report.json"]


def test_coverage_that_lists_other_files_is_named(built: Built) -> None:
    forged = resealed(built, coverage=lambda coverage: coverage["files"].pop())
    assert mismatches(check(forged)) == ["coverage.json: lists other files than report.json"]


def test_a_scanned_file_without_a_digest_is_named(built: Built) -> None:
    forged = resealed(built, coverage=lambda coverage: coverage["files"][-1].update(sha256=None))
    assert mismatches(check(forged)) == ["coverage.json: has a scanned file without a digest"]


def test_settings_that_do_not_fit_are_named(built: Built) -> None:
    forged = resealed(built, settings=lambda settings: settings.update(policy=None, include=["everything"]))
    assert mismatches(check(forged)) == [
        "evidence.dsse.json: names unknown kinds of files: everything",
        "piiguard.yaml: is not there, or is not what was judged by",
    ]


# ---------------------------------------------------------------- scanned anew


def test_the_same_report_again(built: Built, app: Path, scanned_before: object) -> None:
    checks = check(built.files, Asked(source=app, rescan=True))
    assert exit_code(checks) == 0
    assert [each.said for each in checks if "new scan" in each.said] == [
        f"{name} is what a new scan of the source gives" for name in names.REPORTS if name in built.files
    ]


@pytest.mark.parametrize("commit", [None, "1" * 40])
def test_the_report_does_not_depend_on_the_git_folder(
    built: Built, app: Path, scanned_before: Callable[[Any], None], commit: str | None
) -> None:
    """A copy without .git, or a bundle made from one: the commit is compared apart."""
    (app / ".git/HEAD").unlink()
    subject = msgspec.structs.replace(built.report.subject, commit=commit)
    scanned_before(msgspec.structs.replace(built.report, subject=subject))
    assert exit_code(check(built.files, Asked(source=app, rescan=True))) == 0


def test_the_scan_is_told_what_the_bundle_says(built: Built, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    def scan(path: Path, options: Any) -> Any:
        told.append((path, options.config.name, options.config.read_bytes(), options.today, options.include))
        return built.report

    monkeypatch.setattr("piiguard.scan.scan", scan)
    (app / "piiguard.yaml").write_bytes(built.files[names.POLICY])
    check(built.files, Asked(source=app, rescan=True))
    ((path, name, policy, today, include),) = told
    assert (path, name, policy) == (app, "piiguard.yaml", built.files[names.POLICY])
    assert (today.isoformat(), include) == ("2026-06-01", frozenset())


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ({"version": "9.9"}, "made by piiguard 0.1.0, and this is 9.9"),
        ({"rules_digest": "sha256:0"}, "and these are sha256:0 (--rules)"),
        ({"engines": {"semgrep": "0.1"}}, "and here are semgrep 0.1"),
    ],
)
def test_another_tool_cannot_compare(
    built: Built, app: Path, scanned_before: Callable[[Any], None], tool: dict[str, Any], said: str
) -> None:
    report = msgspec.structs.replace(built.report, tool=msgspec.structs.replace(built.report.tool, **tool))
    scanned_before(report)
    checks = check(built.files, Asked(source=app, rescan=True))
    (unable,) = (each.said for each in checks if each.outcome == "unable")
    assert said in unable
    assert exit_code(checks) == 3


def test_a_scan_that_fails_cannot_compare(built: Built, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(path: Path, options: Any) -> Any:
        raise EngineError("semgrep is missing")

    monkeypatch.setattr("piiguard.scan.scan", scan)
    checks = check(built.files, Asked(source=app, rescan=True))
    assert exit_code(checks) == 3
    assert "could not be scanned anew: semgrep is missing" in checks[-1].said


def test_a_report_that_this_installation_does_not_write_cannot_be_compared(
    built: Built, app: Path, scanned_before: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(names.REPORTS, "report.md")
    monkeypatch.setitem(names.REPORTS, "report.md", "runes")
    checks = check(built.files, Asked(source=app, rescan=True))
    assert [each.said for each in checks if each.outcome == "unable"] == [
        "report.md: could not be compared, as this installation does not write it"
    ]


# ---------------------------------------------------------------- mismatch goes before unable


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [(["ok", "skipped"], 0), (["ok", "unable"], 3), (["unable", "mismatch"], 1), ([], 0)],
)
def test_exit_codes(outcomes: list[Any], code: int) -> None:
    assert exit_code(Check(outcome, "") for outcome in outcomes) == code


# ---------------------------------------------------------------- the Trust Center document


class PolicyWithDocument(Policy, frozen=True):
    """A policy that names the published document."""

    document: str = ""


@pytest.fixture
def publishing(app: Path, scanned_before: object, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Built]:
    """Builds a bundle whose policy names a document."""
    (app / "docs").mkdir()
    (app / "docs/Trust.MD").write_text("# Trust Center\n")

    def built_with(document: str) -> Built:
        policy = PolicyWithDocument(document=document)
        monkeypatch.setattr("piiguard.evidence.build.parse_policy", lambda text, path: policy)
        return build(app, Options(today=TODAY))

    return built_with


def test_the_document_is_in_the_bundle_and_compared(publishing: Callable[[str], Built], app: Path) -> None:
    files = publishing("docs/Trust.MD").files
    assert files["trust-center.md"] == b"# Trust Center\n"
    assert exit_code(check(files, Asked(source=app))) == 0
    (app / "docs/Trust.MD").write_text("# Another\n")
    assert mismatches(check(files, Asked(source=app))) == ["docs/Trust.MD: changed in the source"]


@pytest.mark.parametrize("document", ["../secret.md", "docs", "docs/nothing.md"])
def test_a_document_that_is_no_file_of_the_app_is_refused(
    publishing: Callable[[str], Built], tmp_path: Path, document: str
) -> None:
    (tmp_path / "secret.md").write_text("x")
    with pytest.raises(UsageError, match="the Trust Center document"):
        publishing(document)


def test_a_document_that_piiguard_yaml_does_not_name_is_refused(built: Built) -> None:
    forged = resealed(built, settings=lambda settings: settings.update(document="docs/trust.txt"))
    assert mismatches(check(forged)) == ["trust-center.txt: is not there, or is not the document of piiguard.yaml"]
