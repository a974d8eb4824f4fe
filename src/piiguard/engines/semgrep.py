"""OBSERVE, JavaScript and TypeScript: runs Semgrep over the sources. The one module that knows how Semgrep is called.

What was measured (Semgrep 1.182) and is relied on here:

- `semgrep-core` run under the name `osemgrep` starts in 0.2 s, the `semgrep` command in 4 s, with the same results.
- Results come on standard output only. An invalid rule is skipped with exit code 0 and stands in `errors`, like
  time-outs and files that were read in part: all are looked at here, or silence would pass for a clean app.
- Offsets are bytes of the file, with its byte order mark. Columns are bytes as well, so they are not used.
- A rule for two languages runs twice on a TypeScript file, so each group of files has its own rules file.

Sources are copied, under names of ours, into a private folder: no ignore file, setting, link or file name of the
scanned repository has any effect. Each process also scans a canary, a known positive: not finding it ends the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from piiguard.cache import OFF, Cache
from piiguard.engines.catalogue import Catalogue
from piiguard.engines.type_arguments import without_type_arguments
from piiguard.errors import EngineError
from piiguard.model import EngineReport, Gap, Location, Mark, Rule, Source, Subject

_GROUPS = {"typescript": "typescript", "tsx": "typescript", "javascript": "javascript"}
"""Language of a source -> Semgrep's language for it."""
_SUFFIXES = {"typescript": ".ts", "tsx": ".tsx", "javascript": ".js"}
_CANARY_RULE = {"id": "piiguard-canary", "pattern": "piiguardCanary($SONG)", "message": "", "severity": "INFO"}
_CANARY_TEXT = b"piiguardCanary('sings');\n"
_STRING = re.compile(rb"""['"`]([@\w][\w@./:-]{0,80})['"`]""")
_OPTIONS = (
    "--json",
    "--no-rewrite-rule-ids",
    "--disable-nosem",
    "--no-git-ignore",
    "--disable-version-check",
    *("--metrics", "off"),
    *("--jobs", "1"),
    *("--max-target-bytes", "0"),
    *("--timeout", "20"),
    *("--timeout-threshold", "2"),
)
"""Time-outs: seconds for a rule on a file, and how many of them make Semgrep give the file up."""
_WHOLE_RUN_SECONDS = 900
_UNKNOWN = "unknown"
"""The version of a Semgrep that is on the path and no package of this Python."""
_SMALL_BATCH_BYTES = 30_000
"""A start costs as much as scanning this many bytes: smaller batches are not divided."""


class _Target(NamedTuple):
    """A source and the apps that it belongs to (a file beside several apps belongs to each)."""

    apps: tuple[str, ...]
    source: Source


class _Batch(NamedTuple):
    """What one Semgrep process scans."""

    name: str
    group: str
    files: dict[str, _Target]
    """Name of the copy -> what it is a copy of. The canary is not in it."""


class _Unusable(Exception):
    """This way to call Semgrep gave no result."""


def run(subject: Subject, catalogue: Catalogue, cache: Cache = OFF, *, jobs: int = 2) -> EngineReport:
    """The places in JavaScript and TypeScript files that Semgrep rules mark, sorted; `jobs` processes at a time.

    Files that Semgrep gave up, or read in part, are gaps. Raises EngineError if Semgrep is missing or crashes, refuses
    a rule, or does not find the canary.
    """
    installed = _version()
    rules = _rules(subject, catalogue)
    digests = {group: hashlib.sha256(text.encode()).hexdigest() for group, text in rules.items()}

    def question(target: _Target) -> tuple[object, ...]:
        return "semgrep", installed, digests[_GROUPS[target.source.language]], target

    targets = _targets(subject)
    kept = {target.source.path: cache.recall(question(target), EngineReport) for target in targets}
    reports = [report for report in kept.values() if report is not None]
    for target, report in _look([target for target in targets if kept[target.source.path] is None], rules, jobs):
        reports.append(report)
        if report.repeatable and installed != _UNKNOWN:
            cache.keep(question(target), report)
    unique = {
        (mark.location.path, mark.start, mark.end, mark.rule, mark.app): mark
        for report in reports
        for mark in report.marks
    }
    return EngineReport(
        tuple(unique[key] for key in sorted(unique)),
        tuple(sorted({gap for report in reports for gap in report.gaps})),
        {"semgrep": installed},
        installed != _UNKNOWN and all(report.repeatable for report in reports),
    )


def _look(targets: list[_Target], rules: dict[str, str], jobs: int) -> Iterator[tuple[_Target, EngineReport]]:
    """Each target, and what Semgrep says of it."""
    batches = _batches(targets, jobs)
    with TemporaryDirectory(prefix="piiguard-") as folder:
        root = Path(folder)
        _lay_out(root, batches, rules)
        commands = _commands(root)
        with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
            answers = pool.map(lambda batch: _scan(root, commands, batch), batches)
            for batch, answer in zip(batches, answers, strict=True):
                yield from _reports(answer, batch)


# ---------------------------------------------------------------- what is scanned


def _targets(subject: Subject) -> list[_Target]:
    """The JavaScript and TypeScript sources, each once, by path."""
    found: dict[str, _Target] = {}
    for app in subject.apps:
        for source in app.sources:
            if source.language in _GROUPS:
                apps = found[source.path].apps if source.path in found else ()
                found[source.path] = _Target((*apps, app.id), source)
    return [found[path] for path in sorted(found)]


def _quoted(subject: Subject) -> frozenset[str]:
    """Every short string literal of the sources: what can be the name of an imported package."""
    texts = (source.text for app in subject.apps for source in app.sources if source.language in _GROUPS)
    return frozenset(name.decode("ascii", "replace") for text in texts for name in _STRING.findall(text))


def _rules(subject: Subject, catalogue: Catalogue) -> dict[str, str]:
    """Group of files -> the rules file for it, without the rules that can match nothing here."""
    quoted = _quoted(subject)
    idle = {rule.id for rule in catalogue.rules.values() if not _may_match(rule, quoted)}
    return {
        group: json.dumps(
            {
                "rules": [
                    *(rule for rule in catalogue.semgrep_rules(group) if rule["id"] not in idle),
                    {**_CANARY_RULE, "languages": [group]},
                ]
            }
        )
        for group in sorted(set(_GROUPS.values()))
    }


def _may_match(rule: Rule, quoted: frozenset[str]) -> bool:
    """A callee that has to come from a package comes from none that no source names."""
    if rule.engine != "semgrep" or not rule.callee.imports or rule.callee.globals:
        return True
    return any(name.rpartition("#")[0] in quoted for name in rule.callee.imports)


def _batches(targets: list[_Target], jobs: int) -> list[_Batch]:
    """Divides each group of files evenly over the processes, largest file first."""
    batches = []
    for group in sorted(set(_GROUPS.values())):
        mine = [target for target in targets if _GROUPS[target.source.language] == group]
        size = sum(len(target.source.text) for target in mine)
        count = min(max(jobs, 1), 1 + size // _SMALL_BATCH_BYTES)
        parts: list[list[_Target]] = [[] for _ in range(count)]
        for target in sorted(mine, key=lambda target: (-len(target.source.text), target.source.path)):
            min(parts, key=lambda part: sum(len(member.source.text) for member in part)).append(target)
        batches += [_batch(f"{group}-{number}", group, part) for number, part in enumerate(parts) if part]
    return batches


def _batch(name: str, group: str, targets: list[_Target]) -> _Batch:
    return _Batch(
        name, group, {f"{i:06}{_SUFFIXES[target.source.language]}": target for i, target in enumerate(targets)}
    )


def _canary(batch: _Batch) -> str:
    return f"canary{_SUFFIXES[batch.group]}"


def _lay_out(root: Path, batches: list[_Batch], rules: dict[str, str]) -> None:
    """Writes the copies, canaries and rules."""
    for group in {batch.group for batch in batches}:
        (root / f"{group}.json").write_text(rules[group], encoding="utf-8")
    for batch in batches:
        folder = root / batch.name
        folder.mkdir()
        (folder / _canary(batch)).write_bytes(_CANARY_TEXT)
        for name, target in batch.files.items():
            (folder / name).write_bytes(without_type_arguments(target.source))


# ---------------------------------------------------------------- the call


def _commands(root: Path) -> list[list[str]]:
    """Ways to call Semgrep, the fastest first. Raises EngineError where there is none."""
    commands = []
    core = _packaged_core()
    if core is not None:
        (root / "osemgrep").symlink_to(core)
        commands.append([str(root / "osemgrep"), "scan", "--experimental"])
    script = shutil.which(
        "semgrep", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    )
    if script is not None:
        commands += [[script, "scan", "--experimental"], [script, "scan"]]
    if not commands:
        raise EngineError("Semgrep is not installed", todo="Run: pip install semgrep")
    return commands


def _packaged_core() -> Path | None:
    try:
        path = Path(str(distribution("semgrep").locate_file("semgrep/bin/semgrep-core")))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def _version() -> str:
    try:
        return version("semgrep")
    except PackageNotFoundError:
        return _UNKNOWN


def _scan(root: Path, commands: list[list[str]], batch: _Batch) -> dict[str, Any]:
    """Semgrep's answer for a batch, checked for everything that makes it worthless."""
    problem = ""
    for command in commands:
        try:
            answer = _call(root, command, batch)
        except _Unusable as error:
            problem = problem or str(error)
            continue
        _refuse_broken_rules(answer)
        _listen_for_the_canary(answer, batch)
        return answer
    raise EngineError(
        f"Semgrep {_version()} did not work: {problem}", todo="Try: semgrep scan --version, or install semgrep again"
    )


def _call(root: Path, command: list[str], batch: _Batch) -> dict[str, Any]:
    arguments = [*command, *_OPTIONS, "--config", f"{batch.group}.json", batch.name]
    process = subprocess.Popen(  # noqa: S603 - a fixed command; every name in it is ours
        arguments,
        cwd=root,
        env=_environment(root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=_WHOLE_RUN_SECONDS)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise EngineError(
                f"Semgrep did not finish within {_WHOLE_RUN_SECONDS} s", todo="Leave out large generated files"
            ) from None
        raise
    try:
        answer = json.loads(out)
    except ValueError:
        last = err.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise _Unusable(last[0] if last else f"exit code {process.returncode}") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise _Unusable("its answer has no results")
    return answer


def _environment(root: Path) -> dict[str, str]:
    """Ours without the user's Semgrep settings, which could add rules or send something."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEMGREP")}
    ours = {
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
        "SEMGREP_SEND_METRICS": "off",
        "SEMGREP_SETTINGS_FILE": str(root / "settings.yml"),
    }
    return kept | ours


# ---------------------------------------------------------------- the answer


def _refuse_broken_rules(answer: dict[str, Any]) -> None:
    """Errors that name no file are about a rule or the engine."""
    for error in answer.get("errors", []):
        if not error.get("path") and error.get("level") == "error":
            rule = error.get("rule_id")
            what = f"Semgrep refuses the rule {rule}" if rule else f"Semgrep reports: {_kind(error)}"
            raise EngineError(f"{what} ({_one_line(error.get('message', ''))})", todo="Correct the pattern of the rule")


def _listen_for_the_canary(answer: dict[str, Any], batch: _Batch) -> None:
    canary = _canary(batch)
    if not any(result["check_id"] == _CANARY_RULE["id"] and _name(result) == canary for result in answer["results"]):
        raise EngineError(
            f"Semgrep {_version()} finds nothing in {batch.group} files, not even a known positive",
            todo="Check the free memory, or install semgrep again",
        )


def _reports(answer: dict[str, Any], batch: _Batch) -> Iterator[tuple[_Target, EngineReport]]:
    """The answer, file by file."""
    marks: dict[str, list[Mark]] = {}
    for mark in _marks(answer, batch):
        marks.setdefault(mark.location.path, []).append(mark)
    gaps: dict[str, list[Gap]] = {}
    for gap in _gaps(answer, batch):
        gaps.setdefault(gap.path, []).append(gap)
    unsteady = {_name(error) for error in answer.get("errors", []) if _kind(error) not in _LASTING}
    for name, target in batch.files.items():
        path = target.source.path
        told = tuple(gaps.get(path, ()))
        skipped = any(gap.why == _NOT_LOOKED_AT for gap in told)
        repeatable = unsteady.isdisjoint((name, "")) and not skipped
        yield target, EngineReport(tuple(marks.get(path, ())), told, repeatable=repeatable)


def _marks(answer: dict[str, Any], batch: _Batch) -> Iterator[Mark]:
    places: dict[str, _Places] = {}
    for result in answer["results"]:
        name = _name(result)
        target = batch.files.get(name)
        if target is None or result["check_id"] == _CANARY_RULE["id"]:
            continue
        if name not in places:
            places[name] = _Places(target.source)
        start, end = result["start"]["offset"], result["end"]["offset"]
        location = places[name].location(start, end)
        for app in target.apps:
            yield Mark(location, result["check_id"], app, start, end)


def _gaps(answer: dict[str, Any], batch: _Batch) -> Iterator[Gap]:
    """What Semgrep did not look at. Its messages quote the source, so they are not handed on."""
    for error in answer.get("errors", []):
        target = batch.files.get(_name(error))
        if target is not None:
            yield from (Gap(target.source.path, _why(error), app, _line(error)) for app in target.apps)
    scanned = {Path(path).name for path in answer.get("paths", {}).get("scanned", [])}
    for name, target in batch.files.items():
        if name not in scanned and target.source.text.strip():
            yield from (Gap(target.source.path, _NOT_LOOKED_AT, app) for app in target.apps)


_REASONS = {
    "Timeout": "Semgrep took too long on the file",
    "Fixpoint timeout": "Semgrep took too long on the file",
    "Out of memory": "Semgrep ran out of memory on the file",
    "Stack overflow": "Semgrep ran out of memory on the file",
    "Too many matches": "Semgrep found too many places in the file",
    "PartialParsing": "Semgrep could not parse a part of the file",
    "Syntax error": "Semgrep could not parse the file",
    "Lexical error": "Semgrep could not parse the file",
    "Other syntax error": "Semgrep could not parse the file",
}
_LASTING = frozenset(kind for kind, reason in _REASONS.items() if "parse" in reason)
"""Errors that the file brings with it; the others depend on the machine as well."""
_NOT_LOOKED_AT = "Semgrep did not look at the file"


def _why(error: dict[str, Any]) -> str:
    kind = _kind(error)
    reason = _REASONS.get(kind, f"Semgrep failed on the file: {kind}")
    return f"{reason} (rule {error['rule_id']})" if error.get("rule_id") else reason


def _kind(error: dict[str, Any]) -> str:
    """`"Timeout"`, or `["PartialParsing", [...]]`."""
    kind = error.get("type", "")
    return str(kind[0]) if isinstance(kind, list) and kind else str(kind)


def _line(error: dict[str, Any]) -> int:
    """The first line that an error is about, 0 where it does not say."""
    return min((int(span["start"]["line"]) for span in error.get("spans") or []), default=0)


def _name(entry: dict[str, Any]) -> str:
    return Path(entry.get("path") or "").name


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


class _Places:
    """Turns byte offsets of a source into lines and columns."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._text = source.text
        # The byte order mark is no column of the first line.
        first = 3 if source.text.startswith(b"\xef\xbb\xbf") else 0
        self._starts = [first, *(i + 1 for i, byte in enumerate(source.text) if byte == 0x0A)]

    def location(self, start: int, end: int) -> Location:
        return Location(self._path, *self._point(start), *self._point(end))

    def _point(self, offset: int) -> tuple[int, int]:
        """1-based line, and 1-based column in code points."""
        line = max(bisect_right(self._starts, offset), 1)
        before = self._text[self._starts[line - 1] : offset]
        return line, len(before.decode("utf-8", "replace")) + 1
