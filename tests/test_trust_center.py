"""`piiguard trust-center check` and `piiguard init --from`, as a user calls them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from piiguard import cli
from piiguard.app.history import NoHistory, lines_came
from piiguard.cache import VARIABLE
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
    assert list(told) == [
        "apps",
        "claims",
        "contradictions",
        "gaps",
        "notes",
        "providers",
        "schema",
        "tables",
        "unrecognised",
    ]
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
    found = lines_came(tmp_path, ["manifest.yml"])
    days = [(each.text, each.day) for each in found["manifest.yml"]]
    assert days == [("one", "2026-06-03"), ("three", "2026-06-09"), ("two", "2026-06-03")]
    assert len({each.commit for each in found["manifest.yml"]}) == 2
    (tmp_path / ".git" / "shallow").write_text("", encoding="utf-8")
    with pytest.raises(NoHistory, match="a shallow clone"):
        lines_came(tmp_path, ["manifest.yml"])


def test_without_history_there_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NoHistory, match="no git history"):
        lines_came(tmp_path, ["manifest.yml"])
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("a" * 40, encoding="utf-8")
    with pytest.raises(NoHistory, match="cannot be read"):
        lines_came(tmp_path, ["manifest.yml"])


def test_a_page_older_than_the_code_is_told(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dulwich import porcelain

    porcelain.init(str(app))
    commit(app, 9)
    code, told = run_json([str(app / "TRUST.md"), "--app", str(app)], capsys)
    (aged,) = (each for each in told["claims"] if each["pattern"] == "date")  # type: ignore[attr-defined]
    assert (code, aged["line"], aged["answer"]) == (1, 3, "contradicted")
    assert "of 2026-06-09, commit " in aged["answers"][0]["reason"]


def test_a_page_that_is_reviewed_after_the_code_is_supported(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dulwich import porcelain

    porcelain.init(str(app))
    commit(app, 2)
    (app / "TRUST.md").write_text(PAGE.replace("2026-05-04", "2026-06-03"), encoding="utf-8")
    code, told = run_json([str(app / "TRUST.md"), "--app", str(app)], capsys)
    (aged,) = (each for each in told["claims"] if each["pattern"] == "date")  # type: ignore[attr-defined]
    assert (code, aged["answer"]) == (0, "supported")
    (app / "src" / "index.js").write_text("fetch('https://x.example');\n", encoding="utf-8")
    _, told = run_json([str(app / "TRUST.md"), "--app", str(app)], capsys)
    (aged,) = (each for each in told["claims"] if each["pattern"] == "date")  # type: ignore[attr-defined]
    assert "(src/index.js:1, not committed yet; line 8 rests on it)" in aged["answers"][0]["reason"]


def test_without_a_history_or_a_date_the_report_says_so(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = run_json([str(app / "TRUST.md"), "--app", str(app)], capsys)
    assert [each["why"] for each in told["gaps"]] == [  # type: ignore[attr-defined]
        "whether the code is younger than the document: there is no git history in the scanned folder"
    ]
    cli.run(["trust-center", "check", str(app / "TRUST.md"), "--app", str(app)])
    assert "Not looked at" in capsys.readouterr().out
    (app / "TRUST.md").write_text("The app sets no cookies.\n", encoding="utf-8")
    _, told = run_json([str(app / "TRUST.md"), "--app", str(app)], capsys)
    assert (told["gaps"], len(told["notes"])) == ([], 1)  # type: ignore[arg-type]


def test_what_is_disclosed_is_told_as_such(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "TRUST.md").write_text("We use cookies in the app.\n\nApps store e-mail addresses.\n", encoding="utf-8")
    code, told = run_json([str(app / "TRUST.md"), "--app", str(app)], capsys)
    assert code == 0
    assert {each["answer"] for each in told["claims"]} == {"not-applicable"}  # type: ignore[attr-defined]
    assert [each["line"] for each in told["notes"]][:2] == [1, 3]  # type: ignore[attr-defined]
    cli.run(["trust-center", "check", str(app / "TRUST.md"), "--app", str(app)])
    out = capsys.readouterr().out
    assert "no-cookies: disclosed, and not seen in the code" in out
    planted = APP.parent / "doc-generator-planted"
    cli.run(["trust-center", "check", str(app / "TRUST.md"), "--app", str(planted)])
    assert "no-personal-data-stored: as disclosed: the code does so" in capsys.readouterr().out


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


@pytest.mark.parametrize(("more", "kept"), [([], True), (["--no-cache"], False)])
def test_the_check_uses_what_earlier_scans_found_out(
    more: list[str], kept: bool, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "page.md").write_text("The app sets no cookies.\n", encoding="utf-8")
    assert cli.run(["trust-center", "check", str(tmp_path / "page.md"), "--app", str(app), *more]) == 0
    assert (tmp_path / "cache").exists() == kept


# ---------------------------------------------------------------- what render drew


def drawn(app: Path, page: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of a page that render made from the app."""
    assert cli.run(["trust-center", "render", str(app)]) == 0
    page.write_text("# Trust Center\n\n" + capsys.readouterr().out, encoding="utf-8")
    return page.read_text(encoding="utf-8").split("\n")


@pytest.mark.parametrize("example", sorted(APP.parent.iterdir()), ids=lambda path: path.name)
def test_what_render_draws_promises_nothing(example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = drawn(example, tmp_path / "page.md", capsys)
    _, told = run_json([str(tmp_path / "page.md"), "--app", str(example)], capsys)
    begin, end = (lines.index(f"<!-- {mark}piiguard:data-flow -->") + 1 for mark in ("", "/"))
    claims = told["claims"] + told["unrecognised"]  # type: ignore[operator]
    assert claims
    assert not [each for each in claims if begin <= each["line"] <= end]
    assert not told["contradictions"]
    (drawing,) = (each for each in told["tables"] if each["kind"] == "data-flow")  # type: ignore[attr-defined]
    assert (drawing["line"], drawing["rows"], drawing["findings"]) == (begin, 1, [])
    assert [each["says"] for each in told["notes"] if each["line"]] == [  # type: ignore[attr-defined]
        f"lines {begin} to {end} are drawn by piiguard, as the code is now"
    ]
    assert cli.run(["trust-center", "render", str(example), "--document", str(tmp_path / "page.md"), "--write"]) == 0
    assert "says it already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "read"),
    [
        ("- Atlassian: ", "- Atlassian: We store no personal data, ", False),
        ("  s1[", "  x1[", False),
        ("\nColours and lines", "\nWe store no personal data.\n\nColours and lines", True),
        ("**progress-tracker**", "- Atlassian: We store no personal data.\n\n**progress-tracker**", True),
        ("<!-- /piiguard:data-flow", "We store no personal data.\n\n<!-- /piiguard:data-flow", True),
    ],
)
def test_what_differs_from_the_drawing_is_found(
    old: str, new: str, read: bool, app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    text = "\n".join(drawn(app, page, capsys))
    assert text.count(old) == 1
    page.write_text(text.replace(old, new), encoding="utf-8")
    code, told = run_json([str(page), "--app", str(app)], capsys)
    assert code == 1
    (drawing,) = (each for each in told["tables"] if each["kind"] == "data-flow")  # type: ignore[attr-defined]
    (finding,) = drawing["findings"]
    assert finding["state"] == "stale"
    assert "`piiguard trust-center render` draws it anew" in finding["reason"]
    both = zip(text.split("\n"), page.read_text(encoding="utf-8").split("\n"), strict=False)
    assert finding["line"] == next(number for number, (one, other) in enumerate(both, 1) if one != other)
    assert read == any("no-personal-data-stored" in each["kind"] for each in told["claims"])  # type: ignore[attr-defined]


def test_a_drawing_without_the_code_is_not_compared(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    drawn(app, page, capsys)
    code, told = run_json([str(page)], capsys)
    assert (code, told["notes"]) == (0, [])
    assert "--app holds them against the code" in told["gaps"][0]["why"]  # type: ignore[index]


def test_a_drawing_of_an_app_that_is_not_scanned_is_a_gap(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    text = "\n".join(drawn(app, page, capsys))
    page.write_text(text.replace("**progress-tracker**", "**Wholly Else**"), encoding="utf-8")
    code, told = run_json([str(page), "--app", str(app)], capsys)
    (drawing,) = (each for each in told["tables"] if each["kind"] == "data-flow")  # type: ignore[attr-defined]
    assert code == 1
    assert [each["state"] for each in drawing["findings"]] == ["missing"]
    assert any("the drawing of Wholly Else" in each["why"] for each in told["gaps"])  # type: ignore[attr-defined]


def test_names_of_apps_come_from_piiguard_yaml(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "piiguard.yaml").write_text("trust-center: {apps: {Board Helper: .}}\n", encoding="utf-8")
    page = app / "page.md"
    lines = drawn(app, page, capsys)
    assert "**Board Helper**" in lines
    code, told = run_json([str(page), "--app", str(app)], capsys)
    assert [each["id"] for each in told["apps"]] == ["."]  # type: ignore[attr-defined]
    assert code == 0


def test_the_old_tables_of_a_page_become_the_parts(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = app / "page.md"
    before = (
        "# Trust\n\nHello.\n\n| Product | Atlassian product | Personal information | Talks to |\n|---|---|---|---|\n"
        "| Progress Tracker for Jira | Jira Cloud | Yes | OpenAI |\n\nBetween.\n\n"
        "| Used by | Companies | Role |\n|---|---|---|\n| Progress Tracker | OpenAI | Writes |\n\nThe end.\n"
    )
    page.write_text(before, encoding="utf-8")
    assert cli.run(["trust-center", "render", str(app), "--document", str(page), "--write"]) == 0
    after = page.read_text(encoding="utf-8")
    assert "| Product | Atlassian product | Personal information | Talks to |\n|---|---|---|---|\n" in after
    assert "| Progress Tracker for Jira | Jira Cloud | No | None |" in after
    assert "OpenAI" not in after
    assert after.count("|---|") == before.count("|---|")
    rest = iter(after.split("\n"))
    assert all(line in rest for line in before.split("\n") if "OpenAI" not in line)
    capsys.readouterr()
    code, told = run_json([str(page), "--app", str(app)], capsys)
    assert (code, [each for table in told["tables"] for each in table["findings"]]) == (0, [])  # type: ignore[attr-defined]


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
