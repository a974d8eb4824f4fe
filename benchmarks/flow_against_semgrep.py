"""Which flows piiguard finds, and which plain Semgrep finds with the same sources and sinks (`piiguard rules export`).

    python benchmarks/flow_against_semgrep.py [--list] [FOLDER ...]

Both look at the same files: the JavaScript and TypeScript that piiguard scans. A flow is a place (file and line, give
or take one) that personal data or a credential reaches. Whatever plain Semgrep finds, piiguard finds too, or it is a
false alarm: those of the fixtures stand in false_alarms.csv with the reason; those of other folders are listed to be
looked at. The ratio of the counts is what following data across functions and files adds.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from piiguard import app, flow, scan, tools
from piiguard.app.languages import language_of
from piiguard.engines import semgrep
from piiguard.formats import taint
from piiguard.model import App, Manifest, Observation, Source, Subject

ROOT = Path(__file__).parents[1]
FIXTURES = [ROOT / "fixtures" / "flow", ROOT / "fixtures" / "forge", *sorted((ROOT / "fixtures" / "apps").iterdir())]
FALSE_ALARMS = Path(__file__).with_name("false_alarms.csv")
OPTIONS = (
    *("--experimental", "--json", "--metrics", "off", "--disable-version-check", "--disable-nosem"),
    *("--no-rewrite-rule-ids", "--no-git-ignore", "--max-target-bytes", "0", "--timeout", "60"),
)
_LANGUAGES = frozenset({"javascript", "typescript", "tsx"})
_AT_ONCE = 400
"""Files of one call of Semgrep."""


class Place(NamedTuple):
    """A line of a file, relative to its folder, and the code on it."""

    path: str
    line: int
    code: str


@dataclass(frozen=True)
class Comparison:
    """What both found in one folder."""

    folder: Path
    piiguard: frozenset[Place]
    semgrep: frozenset[Place]
    only_semgrep: tuple[Place, ...]

    @property
    def ratio(self) -> str:
        """Flows of piiguard for each one of Semgrep that is true."""
        true = len(self.semgrep) - len(self.only_semgrep)
        return f"{len(self.piiguard) / true:.1f}" if true else "-"

    def row(self) -> str:
        """A line of the table."""
        cells = (self.folder.name, len(self.piiguard), len(self.semgrep), len(self.only_semgrep), self.ratio)
        return "| " + " | ".join(map(str, cells)) + " |"


def compare(folders: Sequence[Path]) -> list[Comparison]:
    """Run both over some folders; Semgrep over all at once, because it reads the rules in every call."""
    subjects = {folder: read(folder) for folder in folders}
    texts = {
        folder / source.path: source.text.decode("utf-8", "replace").splitlines()
        for folder, subject in subjects.items()
        for each in subject.apps
        for source in each.sources
        if source.language in _LANGUAGES
    }
    flows = sorted(of_semgrep(sorted(texts), marked(subjects.values())))
    return [_compared(folder, subject, texts, flows) for folder, subject in subjects.items()]


def _compared(
    folder: Path, subject: Subject, texts: dict[Path, list[str]], flows: list[tuple[Path, int, int]]
) -> Comparison:
    ours = [each for each in observations(folder, subject) if each.data and folder / each.location.path in texts]
    spans: dict[Path, list[tuple[int, int]]] = {}
    for each in ours:
        lines = (each.location.start_line - 1, each.location.end_line + 1)
        spans.setdefault(folder / each.location.path, []).append(lines)

    def place(path: Path, line: int) -> Place:
        return Place(path.relative_to(folder).as_posix(), line, texts[path][line - 1].strip())

    theirs = [flow for flow in flows if folder in flow[0].parents]
    missing = [
        (path, start)
        for path, start, end in theirs
        if not any(first <= end and start <= last for first, last in spans.get(path, ()))
    ]
    return Comparison(
        folder,
        frozenset(place(folder / each.location.path, each.location.start_line) for each in ours if each.flow),
        frozenset(place(path, start) for path, start, _ in theirs),
        tuple(sorted({place(*each) for each in missing})),
    )


def read(folder: Path) -> Subject:
    """The folder as piiguard reads it; without a manifest, all its code is one app."""
    if any(folder.rglob("manifest.y*ml")):
        return app.read(folder)
    sources = [
        Source(path.relative_to(folder).as_posix(), ".", language, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (language := language_of(path.name)) is not None
    ]
    return Subject(".", (App(".", folder.name, ".", Manifest("manifest.yml"), sources=tuple(sources)),))


def observations(folder: Path, subject: Subject) -> Iterable[Observation]:
    """What piiguard observes."""
    if any(folder.rglob("manifest.y*ml")):
        return scan.scan(folder, scan.Options(use_config=False)).observations
    rules = scan.catalogue()
    return flow.trace(subject, semgrep.run(subject, rules).marks, rules.rules).observations


def marked(subjects: Iterable[Subject]) -> frozenset[str]:
    """The rules whose patterns match somewhere: a taint rule for any other sink finds nothing, slowly."""
    rules = scan.catalogue()
    return frozenset(mark.rule for subject in subjects for mark in semgrep.run(subject, rules).marks)


def of_semgrep(paths: list[Path], sinks: frozenset[str]) -> Iterator[tuple[Path, int, int]]:
    """File, first and last line of each flow that plain Semgrep finds to one of the sinks. What it did not look at is
    told on standard error."""
    program = str(Path(sys.executable).parent / "semgrep")
    with TemporaryDirectory() as scratch:
        rules = Path(scratch, "rules.yaml")
        composed = [rule for rule in tools.taint_rules() if rule["metadata"]["sink"] in sinks]
        rules.write_text(taint.render(composed), encoding="utf-8")
        for begin in range(0, len(paths), _AT_ONCE):
            targets = map(str, paths[begin : begin + _AT_ONCE])
            command = [program, "scan", *OPTIONS, "--config", str(rules), *targets]
            done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
            if not done.stdout:
                raise SystemExit(f"semgrep ended with {done.returncode}:\n{done.stderr}")
            answer: dict[str, Any] = json.loads(done.stdout)
            for error in answer["errors"]:
                print(f"semgrep: {str(error)[:300]}", file=sys.stderr)
            yield from ((Path(each["path"]), each["start"]["line"], each["end"]["line"]) for each in answer["results"])


def known_false_alarms() -> dict[tuple[str, str, str], str]:
    """(folder, path, code) -> why the flow that Semgrep finds there is none."""
    with FALSE_ALARMS.open(encoding="utf-8", newline="") as file:
        return {(row["folder"], row["path"], row["code"]): row["reason"] for row in csv.DictReader(file)}


def total(results: Sequence[Comparison]) -> str:
    """The last line of the table."""
    ours = sum(len(each.piiguard) for each in results)
    theirs = sum(len(each.semgrep) for each in results)
    false = sum(len(each.only_semgrep) for each in results)
    return f"| all | {ours} | {theirs} | {false} | {ours / (theirs - false):.1f} |" if theirs > false else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="default: the fixtures")
    parser.add_argument("--list", action="store_true", help="list every flow that only Semgrep finds")
    arguments = parser.parse_args()
    known = known_false_alarms()
    print("| folder | piiguard | semgrep | only semgrep | ratio |\n| --- | --- | --- | --- | --- |")
    results = compare([folder.resolve() for folder in arguments.folders or FIXTURES])
    for result in results:
        print(result.row())
    print(total(results))
    unexplained = [
        (result.folder, place)
        for result in results
        for place in result.only_semgrep
        if arguments.list or (result.folder.name, place.path, place.code) not in known
    ]
    for folder, place in unexplained:
        why = known.get((folder.name, place.path, place.code), "look at it")
        print(f"{folder.name}/{place.path}:{place.line}: {place.code} [{why}]")


if __name__ == "__main__":
    main()
