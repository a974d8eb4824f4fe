"""`piiguard trust-center check` and `piiguard init --from`, as a user calls them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from piiguard import cli
from piiguard.app.history import NoHistory, line_dates
from piiguard.claims.config import parse_policy

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT / "fixtures" / "documents"
APP = ROOT / "fixtures" / "apps" / "progress-tracker"
PAGE = """# Trust Center

Last reviewed: 2026-05-04

## Progress Tracker for Jira

- No cookies: The app sets no cookies.
- External calls: none
- We answer security reports within two days.
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of a small app, with its page."""
    shutil.copytree(APP, tmp_path / "app")
    (tmp_path / "app" / "TRUST.md").write_text(PAGE, encoding="utf-8")
    return tmp_path / "app"


def run_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = cli.run(["trust-center", "check", *arguments, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_document_alone_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run_json([str(DOCUMENTS / "trust-center.txt")], capsys)
    assert code == 1
    assert list(told) == ["apps", "claims", "contradictions", "gaps", "providers", "schema", "tables", "unrecognised"]
    assert told["schema"] == "piiguard-document/1"
    claim = next(each for each in told["claims"] if each["kind"] == "no-cookies")  # type: ignore[attr-defined]
    assert {
        "line": 17,
        "section": "3",
        "polarity": "promise",
        "apps": "all",
        "checkable": "code",
    }.items() <= claim.items()
    assert claim["quote"].startswith("No tracking: Apps use no cookies")
    pairs = told["contradictions"]
    assert [each["lines"] for each in pairs] == [[10, 23], [58, 18]]  # type: ignore[attr-defined]


def test_a_document_alone_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["trust-center", "check", str(DOCUMENTS / "statement.md")]) == 0
    out = capsys.readouterr().out
    assert "line 5 “Label Lantern runs entirely on Atlassian's cloud.”" in out
    assert "promising sentences recognised" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no document is given"),
        (["nowhere.md"], "does not exist"),
        ([str(ROOT / "pyproject.toml")], "documents of this kind cannot be read"),
    ],
)
def test_mistakes_end_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["trust-center", "check", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_document_against_an_app(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "piiguard.yaml").write_text("version: 1\ntrust-center: {document: TRUST.md}\n", encoding="utf-8")
    code, told = run_json(["--app", str(app)], capsys)
    answers = {each["kind"]: each["answer"] for each in told["claims"]}  # type: ignore[attr-defined]
    assert answers == {"no-cookies": "supported", "overview-external-calls": "supported", "response-times": "missing"}
    assert code == 0
    assert [each["id"] for each in told["apps"]] == ["."]  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", ["../outside.md", "/etc/hostname", "none.md"])
def test_the_document_of_piiguard_yaml_lies_in_the_folder(
    given: str, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app.parent / "outside.md").write_text("The app sets no cookies.\n", encoding="utf-8")
    (app / "piiguard.yaml").write_text(f"trust_center: {{document: {given}}}\n", encoding="utf-8")
    assert cli.run(["trust-center", "check", "--app", str(app)]) == 2
    assert "piiguard.yaml:1" in capsys.readouterr().err


def test_init_from_a_document(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(DOCUMENTS / "trust-center.txt", app / "page.txt")
    assert cli.run(["init", "--from", str(app / "page.txt"), str(app)]) == 0
    written = (app / "piiguard.yaml").read_text(encoding="utf-8")
    policy = parse_policy(written.encode(), "piiguard.yaml")
    assert policy.document == "page.txt"
    assert not policy.everyone.unclaimed
    assert set(policy.everyone.relaxed) == {"allow.store-encrypted-credentials"}
    assert {host.kind for host in policy.everyone.hosts} == {"customer-configured"}
    assert {host.name for host in policy.everyone.hosts} >= {"GitHub", "Anthropic", "Google AI"}
    assert '  - host: "api.anthropic.com"  # line 49' in written
    assert cli.run(["init", "--from", str(app / "page.txt"), str(app)]) == 2


def test_init_quotes_nothing_that_could_become_yaml(tmp_path: Path) -> None:
    table = '| App | Subprocessor | Purpose | Type |\n|---|---|---|---|\n| A | OpenAI | x": [&a *b] # | own |\n'
    text = f"# Page\n\n{table}\nWe store no personal data\u2028claims: {{no-cookies: false}}.\n"
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    assert cli.run(["init", "--from", str(tmp_path / "page.md"), str(tmp_path)]) == 0
    policy = parse_policy((tmp_path / "piiguard.yaml").read_bytes(), "piiguard.yaml")
    assert not policy.everyone.unclaimed


def commit(folder: Path, day: int) -> None:
    """Commit everything, on a day of June 2026."""
    from dulwich import porcelain

    porcelain.add(str(folder), [str(path) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts])
    moment = 1780272000 + (day - 1) * 86400
    author = b"A <a@example.com>"
    porcelain.commit(
        str(folder), message=b"x", author=author, committer=author, commit_timestamp=moment, commit_timezone=0
    )


def test_the_day_of_each_line_is_read_from_git(tmp_path: Path) -> None:
    from dulwich import porcelain

    porcelain.init(str(tmp_path))
    (tmp_path / "manifest.yml").write_text("one\ntwo\n", encoding="utf-8")
    commit(tmp_path, 3)
    (tmp_path / "manifest.yml").write_text("one\nthree\ntwo\n", encoding="utf-8")
    commit(tmp_path, 9)
    found = line_dates(tmp_path, ["manifest.yml"])
    assert found == {"manifest.yml": {"one": "2026-06-03", "two": "2026-06-03", "three": "2026-06-09"}}


def test_without_history_there_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NoHistory, match="no git history"):
        line_dates(tmp_path, ["manifest.yml"])
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("a" * 40, encoding="utf-8")
    with pytest.raises(NoHistory, match="cannot be read"):
        line_dates(tmp_path, ["manifest.yml"])


def test_a_page_older_than_the_code_is_told(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dulwich import porcelain

    porcelain.init(str(app))
    commit(app, 9)
    code, told = run_json([str(app / "TRUST.md"), "--app", str(app)], capsys)
    (aged,) = (each for each in told["claims"] if each["pattern"] == "date")  # type: ignore[attr-defined]
    assert (code, aged["line"], aged["answer"]) == (1, 3, "contradicted")
    assert "2026-06-09" in aged["answers"][0]["reason"]


@pytest.mark.parametrize("example", sorted(APP.parent.iterdir()), ids=lambda path: path.name)
def test_what_render_writes_check_has_nothing_against(
    example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["trust-center", "render", str(example)]) == 0
    page = tmp_path / "page.md"
    page.write_text(capsys.readouterr().out, encoding="utf-8")
    _, told = run_json([str(page), "--app", str(example)], capsys)
    findings = [each for table in told["tables"] for each in table["findings"]]  # type: ignore[attr-defined]
    assert [each for each in findings if each["state"] != "open"] == []


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", 2, "holds no text"),
        ("# Hello\n\nNice weather.\n", 3, "no promise was found"),
        ("# Hallo\n\nWir speichern keine Daten und die App sendet nichts.\n", 3, "only English is read"),
        ("The app sets no cookies.\n", 0, "1 promising sentence recognised"),
    ],
)
def test_a_document_in_which_nothing_is_found(
    text: str, code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    assert cli.run(["trust-center", "check", str(tmp_path / "page.md")]) == code
    told = capsys.readouterr()
    assert says in " ".join((told.out + told.err).split())
