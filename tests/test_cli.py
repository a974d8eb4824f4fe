"""The command line: what it hands to the scan, what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

import piiguard
from piiguard import cli
from piiguard.cache import OFF
from piiguard.claims.catalogue import catalogue as claim_catalogue
from piiguard.claims.config import ConfigError, parse_policy
from piiguard.claims.yamlnodes import Trouble
from piiguard.cli import output
from piiguard.cli.progress import Progress
from piiguard.errors import EngineError, UsageError
from piiguard.formats import FORMATS, pdf
from piiguard.model import Answer, App, Judgement, Location, Manifest, Report, Rule, Subject, Tool, Verdict, Waiver

RULE = Rule(id="forge-kvs-set", role="sink", engine="semgrep", topic="storage", title="Writes to KVS", why="It stays.")


class Asked(msgspec.Struct, frozen=True):
    """As piiguard.scan has them."""

    config: Path | None = None
    use_config: bool = True
    include: frozenset[str] = frozenset()
    rules: tuple[Path, ...] = ()
    only: frozenset[str] = frozenset()
    changed: frozenset[str] | None = None
    baseline: Path | None = None
    today: date | None = None
    progress: Callable[[str], None] = print
    cache: object = None


def report(*answers: Answer, waivers: tuple[Waiver, ...] = ()) -> Report:
    verdicts = tuple(
        Verdict(n, f"claim-{n}", ".", a, "a reason", title=f"Claim {n}", section_title="S")
        for n, a in enumerate(answers)
    )
    return Report(
        tool=Tool("piiguard", "0.1.0", "sha256:0"),
        subject=Subject("/x", (App(".", "Board", ".", Manifest("manifest.yml")),)),
        observations=(),
        judgement=Judgement(verdicts, waivers),
        gaps=(),
        rules={},
    )


class Scan:
    """Stands in for piiguard.scan: remembers what it was asked, answers what it is told."""

    Options = Asked

    def __init__(self) -> None:
        self.answer: Report | BaseException = report("supported")
        self.asked: list[tuple[Path, Asked]] = []

    def scan(self, path: Path, options: Asked) -> Report:
        self.asked.append((path, options))
        options.progress("reading")
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def catalogue(self, rules: tuple[Path, ...]) -> SimpleNamespace:
        return SimpleNamespace(rules={RULE.id: RULE})


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scan:
    fake = Scan()
    monkeypatch.setattr(piiguard, "scan", fake, raising=False)
    monkeypatch.chdir(tmp_path)
    return fake


@pytest.mark.parametrize(
    ("answers", "code"),
    [((), 0), (("supported", "attested", "missing"), 0), (("contradicted", "not-shown"), 1), (("not-shown",), 3)],
)
@pytest.mark.parametrize("format_", FORMATS)
def test_exit_code_is_the_same_in_every_format(
    scan: Scan, answers: tuple[Answer, ...], code: int, format_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scan.answer = report(*answers)
    assert cli.run(["scan", "--format", format_]) == code
    out, err = capsys.readouterr()
    assert out == (FORMATS[format_](scan.answer) if format_ != "text" else out)
    assert f"(exit code {code})" in out or format_ != "text"
    assert err == ""


def test_exit_zero(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    scan.answer = report("contradicted")
    assert cli.run(["scan", "--exit-zero"]) == 0
    assert "(exit code 0)" in capsys.readouterr().out


def test_exit_zero_does_not_hide_a_wrong_configuration(scan: Scan) -> None:
    scan.answer = report("supported", waivers=(Waiver("r", "why", "file", Location("p", 1), state="unmatched"),))
    assert cli.run(["scan", "--exit-zero"]) == 2
    scan.answer = UsageError("no manifest", todo="Give the folder of an app")
    assert cli.run(["scan", "--exit-zero"]) == 2


def test_options_reach_the_scan(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "p.yaml").touch()
    line = "scan app --only pii-log --only forge-kvs-set --include test --rules own --today 2026-05-04 --config p.yaml"
    assert cli.run(line.split()) == 0
    ((path, options),) = scan.asked
    assert path == Path("app")
    assert options.only == {"pii-log", "forge-kvs-set"}
    assert options.include == {"test"}
    assert options.rules == (Path("own"),)
    assert options.today == date(2026, 5, 4)
    assert (options.config, options.use_config) == (Path("p.yaml"), True)


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("scan . --changed a.js b/c.js ../out.js", {"a.js", "b/c.js"}),
        ("scan b --changed a.js b/c.js b/../b/d.js", {"c.js", "d.js"}),
        ("scan --changed . ./manifest.yml", {"manifest.yml"}),
    ],
)
def test_changed_files_are_told_relative_to_the_scanned_folder(
    scan: Scan, tmp_path: Path, line: str, changed: set[str]
) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a.js", "b/c.js", "b/d.js", "manifest.yml", "../out.js"):
        (tmp_path / name).touch()
    assert cli.run(line.split()) == 0
    ((_, options),) = scan.asked
    assert options.changed == frozenset(changed)


def test_a_changed_file_that_is_not_there_is_2(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scan", "--changed", ".", "gone.js"]) == 2
    assert "'gone.js' does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["scan b --changed a.js", "scan b --changed ../out.js", "scan --changed"])
def test_a_change_elsewhere_is_no_work(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.js").touch()
    (tmp_path.parent / "out.js").touch()
    assert cli.run(line.split()) == 0
    assert scan.asked == []
    assert capsys.readouterr() == ("", "")


def test_no_cache(scan: Scan) -> None:
    cli.run(["scan", "--no-cache"])
    cli.run(["scan"])
    without, with_ = (options.cache for _, options in scan.asked)
    assert without is OFF
    assert with_ is not OFF


def test_defaults(scan: Scan) -> None:
    assert cli.run(["scan", "--no-config"]) == 0
    ((path, options),) = scan.asked
    assert path == Path()
    assert msgspec.structs.replace(options, progress=print, cache=None) == Asked(use_config=False)


@pytest.mark.parametrize(
    "line",
    [
        "scan nowhere",
        "scan --format xml",
        "scan --output json",
        "scan --output xml=a",
        "scan --output json=",
        "scan --output json=.",
        "scan --output json=nowhere/a.json",
        "scan --config nowhere.yaml",
        "scan --include dependency",
        "scan --today tomorrow",
        "scan --verbose --quiet",
        "scan . a.js",
        "scan --rules nowhere",
        "explain no-such-thing",
        "nonsense",
        "--nonsense",
    ],
)
def test_wrong_arguments_are_2_and_nothing_is_scanned(
    scan: Scan, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "rror: " in err
    assert scan.asked == []


def test_config_and_no_config_exclude_each_other(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").touch()
    assert cli.run(["scan", "--config", "p.yaml", "--no-config"]) == 2
    assert scan.asked == []


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("no manifest", where="apps", todo="Go there"), 2, "error: no manifest, apps. Go there\n"),
        (EngineError("canary not found"), 3, "error: canary not found\n"),
        (UsageError("odd", where="a\x1b[31mb"), 2, "error: odd, a\\x1b[31mb\n"),
        (
            ConfigError("piiguard.yaml", [Trouble(3, "one"), Trouble(5, "two")]),
            2,
            "error: piiguard.yaml:3: one\nerror: piiguard.yaml:5: two\n",
        ),
    ],
)
def test_errors_are_told_without_a_traceback(
    scan: Scan, error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scan.answer = error
    assert cli.run(["scan"]) == code
    assert capsys.readouterr() == ("", said)


def test_a_crash_is_3_and_one_line_that_quotes_nothing(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    scan.answer = KeyError("the-secret-value")
    assert cli.run(["scan"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: unexpected KeyError in test_cli.py, line ")
    assert err.count("\n") == 1
    assert "the-secret-value" not in err


def test_a_crash_is_shown_in_full_for_debugging(
    scan: Scan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIIGUARD_DEBUG", "1")
    scan.answer = RecursionError("deep")
    assert cli.run(["scan"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_interrupt_is_130(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    scan.answer = KeyboardInterrupt()
    assert cli.run(["scan"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_outputs_are_written_beside_the_text(scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = [part for name in FORMATS for part in ("--output", f"{name}={tmp_path / name}")]
    assert cli.run(["scan", *line]) == 0
    assert isinstance(scan.answer, Report)
    for name, render in FORMATS.items():
        assert (tmp_path / name).read_text(encoding="utf-8") == render(scan.answer)
    assert "Nothing found against 1 claim" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == set(FORMATS)


def test_a_binary_format_goes_to_a_file(scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "engine", lambda: None)
    monkeypatch.setattr(pdf, "render", lambda report: b"%PDF-\xff")
    assert cli.run(["scan", "--output", f"pdf={tmp_path / 'a.pdf'}"]) == 0
    assert (tmp_path / "a.pdf").read_bytes() == b"%PDF-\xff"


def test_a_binary_format_is_not_printed(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scan", "--format", "pdf"]) == 2
    assert "'pdf' is not one of" in capsys.readouterr().err


def test_a_format_that_cannot_be_made_is_refused_before_the_scan(
    scan: Scan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise UsageError("a PDF needs WeasyPrint", todo=pdf.INSTALL)

    monkeypatch.setattr(pdf, "engine", missing)
    assert cli.run(["scan", "--output", "pdf=a.pdf"]) == 2
    assert scan.asked == []
    assert "piiguard[pdf]" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--version"], ["scan", "--help"]])
def test_template_engine_and_pdf_engine_are_imported_when_used(arguments: list[str]) -> None:
    program = (
        f"import sys; from piiguard import cli; cli.run({arguments!r}); "
        "sys.exit(any(name in sys.modules for name in ('jinja2', 'weasyprint')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True).returncode == 0


def test_written_file_has_ordinary_permissions(scan: Scan, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        assert cli.run(["scan", "--output", "json=a.json"]) == 0
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644


def test_a_link_is_followed_and_a_pipe_is_not_replaced(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert cli.run(["scan", "--output", "json=link", "--output", "json=pipe"]) == 0
    assert (tmp_path / "link").is_symlink()
    json.loads((tmp_path / "target").read_text())
    assert (tmp_path / "pipe").is_fifo()
    json.loads(os.read(reader, 100_000))
    os.close(reader)


def test_a_file_that_cannot_be_written_is_2_and_left_as_it_was(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text("old")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert cli.run(["scan", "--output", "json=a.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert (
        err == "error: cannot be written: No space left on device, a.json. Give --output a file that can be written.\n"
    )
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.json", "old")]


def test_quiet_is_one_line(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scan", "--quiet"]) == 0
    assert capsys.readouterr().out == "✓ Nothing found against 1 claim.  (exit code 0)\n"


class Terminal:
    """A standard output that says it is one."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "no_color", "color"),
    [({}, False, True), ({"NO_COLOR": "1"}, False, False), ({"TERM": "dumb"}, False, False), ({}, True, False)],
)
def test_colour(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], no_color: bool, color: bool) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    view = output.view(0, no_color=no_color, verbose=False, quiet=False)
    assert (view.color, view.width) == (color, 120)


def test_no_terminal_is_80_columns_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    view = output.view(0, no_color=False, verbose=False, quiet=False)
    assert (view.color, view.width) == (False, 80)


def test_progress_comes_after_a_while_and_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(shown=True) as progress:
        progress.say("early")
        progress.started -= 10
        progress.say("reading \x1b[31mred")
    err = capsys.readouterr().err
    assert "early" not in err
    assert "reading \\x1b[31mred" in err
    assert err.endswith("\r")
    with Progress(shown=False) as progress:
        progress.started -= 10
        progress.say("reading")
    assert capsys.readouterr().err == ""


def test_rules_are_listed(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["rules"]) == 0
    assert "forge-kvs-set" in capsys.readouterr().out
    assert cli.run(["rules", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["title"] == "Writes to KVS"


def test_explain(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", "forge-kvs-set"]) == 0
    assert "It stays." in capsys.readouterr().out
    claim = next(iter(claim_catalogue().claims.values()))
    assert cli.run(["explain", claim.id]) == 0
    assert claim.title in capsys.readouterr().out


def test_explain_suggests_what_was_meant(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", "forge-kvs-get"]) == 2
    assert "Did you mean forge-kvs-set" in capsys.readouterr().err


def test_init_writes_a_file_that_can_be_read(scan: Scan, tmp_path: Path) -> None:
    assert cli.run(["init"]) == 0
    parse_policy((tmp_path / "piiguard.yaml").read_bytes(), "piiguard.yaml")
    assert not scan.asked[0][1].use_config


@pytest.mark.parametrize("name", ["piiguard.yaml", "piiguard.yml"])
def test_init_overwrites_nothing(scan: Scan, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_text("mine")
    assert cli.run(["init"]) == 2
    assert "there already" in capsys.readouterr().err
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"piiguard, version {piiguard.__version__}\n"


PRINTER = """
import sys
from piiguard.cli import output
sys.stdin.read()
output.emit("x✓\\n" * int(sys.argv[1]))
sys.exit(1)
"""


def printer(lines: int, **variables: str) -> subprocess.Popen[bytes]:
    """A process that prints so many lines once its standard input ends, and then exits with 1."""
    source = str(Path(piiguard.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, "PYTHONUTF8": "0", **variables}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PRINTER, str(lines)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = printer(200_000)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.close()
    with process.stderr as stderr:
        assert stderr.read() == b""
    assert process.wait() == 1


def test_an_encoding_without_the_marks_is_no_error() -> None:
    assert printer(1, PYTHONIOENCODING="ascii").communicate() == (b"x\\u2713\n", b"")
