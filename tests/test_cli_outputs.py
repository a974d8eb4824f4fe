"""Commands that write pages and pictures: what they hand to the scan, what they print and change, how they end."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from formats.builders import app, report

import piiguard
from piiguard import cli
from piiguard.cache import OFF, Cache
from piiguard.model import App, Manifest, Report


class Asked(msgspec.Struct, frozen=True):
    """As piiguard.scan has them."""

    config: Path | None = None
    rules: tuple[Path, ...] = ()
    today: object = None
    progress: object = None
    cache: object = None
    use_config: bool = True
    include: frozenset[str] = frozenset()


class Scan:
    """Stands in for piiguard.scan."""

    Options = Asked

    def __init__(self) -> None:
        self.answer: Report = report()
        self.asked: list[tuple[Path, Asked]] = []

    def scan(self, path: Path, options: Asked) -> Report:
        self.asked.append((path, options))
        return self.answer


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scan:
    fake = Scan()
    monkeypatch.setattr(piiguard, "scan", fake, raising=False)
    monkeypatch.chdir(tmp_path)
    return fake


@pytest.mark.parametrize(
    ("line", "begin"),
    [
        ("diagram", "flowchart LR\n"),
        ("diagram --format svg", "<svg "),
        ("questionnaire", "## Progress Board: "),
        ("questionnaire --format json", "{\n"),
        ("trust-center render", "## App Overview\n"),
    ],
)
def test_it_prints_and_ends_well(scan: Scan, line: str, begin: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(line.split()) == 0
    out, err = capsys.readouterr()
    assert out.startswith(begin)
    assert out.endswith("\n")
    assert err == ""


def test_options_reach_the_scan(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "p.yaml").touch()
    assert cli.run(["diagram", "own", "--config", "p.yaml", "--rules", "own", "--today", "2026-05-04"]) == 0
    ((path, options),) = scan.asked
    assert (path, options.config, options.rules) == (Path("own"), Path("p.yaml"), (Path("own"),))
    assert str(options.today) == "2026-05-04"


@pytest.mark.parametrize("line", ["diagram", "questionnaire", "trust-center render", "init"])
def test_what_earlier_runs_found_out_is_used_unless_told_otherwise(scan: Scan, tmp_path: Path, line: str) -> None:
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    assert cli.run([*line.split(), "with"]) == cli.run([*line.split(), "without", "--no-cache"]) == 0
    with_, without = (options.cache for _, options in scan.asked)
    assert isinstance(with_, Cache)
    assert (with_ is OFF, without is OFF) == (False, True)


def test_of_several_apps_one_must_be_named(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    scan.answer = report(apps=(app(id="a"), App("b", "B", ".", Manifest("b/manifest.yml"))))
    assert cli.run(["diagram"]) == 2
    assert "Give --app one of a, b" in capsys.readouterr().err
    assert cli.run(["diagram", "--app", "b"]) == 0
    assert cli.run(["diagram", "--app", "c"]) == 2


def test_render_changes_the_document_only_when_told(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "page.md"
    document.write_bytes("# Trust\r\n\r\nÜber uns.\r\n".encode())
    before = document.read_bytes()
    assert cli.run(["trust-center", "render", "--document", "page.md"]) == 0
    assert capsys.readouterr().out.startswith("# Trust")
    assert document.read_bytes() == before
    assert cli.run(["trust-center", "render", "--document", "page.md", "--write"]) == 0
    after = document.read_bytes()
    assert after.startswith(before)
    assert after != before
    assert cli.run(["trust-center", "render", "--document", "page.md", "--write"]) == 0
    assert "already" in capsys.readouterr().out
    assert document.read_bytes() == after


def test_render_calls_an_app_as_the_document_does(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["trust-center", "render", "--name", ".=Board for Jira"]) == 0
    assert "| Board for Jira |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line", ["--write", "--name x=Y", "--name .=", "--document latin.md", "--document absent.md", "--document ."]
)
def test_wrong_arguments_are_one_line_and_exit_2(
    scan: Scan, tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latin.md").write_bytes(b"\xe4")
    assert cli.run(["trust-center", "render", *line.split()]) == 2
    assert "Traceback" not in capsys.readouterr().err
