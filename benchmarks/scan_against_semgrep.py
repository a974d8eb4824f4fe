"""Wall time of `piiguard scan` against `semgrep scan --config rules` on the same folder.

    python benchmarks/scan_against_semgrep.py [--runs N] [FOLDER ...]

Both run in turns in one go, so that a busy machine is busy for both. Semgrep gets its default command, without
metrics and version check, which need a network. Times are seconds of whole processes, start-up included.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median

import piiguard

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent
ENOUGH_RUNS = 5


@dataclass(frozen=True)
class Contender:
    """A command that scans a folder, and the exit codes with which it did so."""

    name: str
    command: tuple[str, ...]
    fine: frozenset[int]

    def seconds(self, folder: Path) -> float:
        """Wall time of one run. Raises SystemExit when the run failed: a failed run is no measurement."""
        started = time.perf_counter()
        done = subprocess.run([*self.command, str(folder)], capture_output=True, text=True, check=False)
        taken = time.perf_counter() - started
        if done.returncode not in self.fine:
            raise SystemExit(f"{self.name} ended with {done.returncode} on {folder}:\n{done.stderr}")
        return taken


PIIGUARD = Contender("piiguard", (sys.executable, "-m", "piiguard", "scan"), frozenset({0, 1, 3}))
SEMGREP = Contender(
    "semgrep",
    (
        str(SCRIPTS / "semgrep"),
        *("scan", "--metrics", "off", "--disable-version-check"),
        *("--config", str(ROOT / "rules")),
    ),
    frozenset({0, 1}),
)


@dataclass(frozen=True)
class Measurement:
    """The times of both on one folder, in seconds."""

    folder: Path
    piiguard: tuple[float, ...]
    semgrep: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median of piiguard over median of semgrep: below 1 piiguard is the faster one."""
        return median(self.piiguard) / median(self.semgrep)

    def row(self) -> str:
        """A line of the table."""
        cells = (self.folder.name, files(self.folder), spread(self.piiguard), spread(self.semgrep), f"{self.ratio:.2f}")
        return "| " + " | ".join(map(str, cells)) + " |"


def measure(folder: Path, runs: int) -> Measurement:
    """`runs` times each, in turns, after one run of each that warms the disk cache and is not counted."""
    PIIGUARD.seconds(folder)
    SEMGREP.seconds(folder)
    pairs = tuple(islice(turns(folder), runs))
    return Measurement(folder, tuple(ours for ours, _ in pairs), tuple(theirs for _, theirs in pairs))


def turns(folder: Path) -> Iterator[tuple[float, float]]:
    """(piiguard, semgrep) again and again; who begins alternates."""
    while True:
        yield PIIGUARD.seconds(folder), SEMGREP.seconds(folder)
        theirs = SEMGREP.seconds(folder)
        yield PIIGUARD.seconds(folder), theirs


def spread(seconds: tuple[float, ...]) -> str:
    """`median (shortest to longest)`."""
    return f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def files(folder: Path) -> int:
    """Files below a folder, without those of dependencies."""
    return sum(path.is_file() and "node_modules" not in path.parts for path in folder.rglob("*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="default: the fixture apps")
    parser.add_argument("--runs", type=int, default=ENOUGH_RUNS, help=f"counted runs of each (default: {ENOUGH_RUNS})")
    arguments = parser.parse_args()
    folders = arguments.folders or sorted(path for path in (ROOT / "fixtures" / "apps").iterdir() if path.is_dir())
    print(f"piiguard {piiguard.__version__}, semgrep {version('semgrep')}, Python {platform.python_version()},")
    print(f"{os.cpu_count()} processors, {arguments.runs} runs each in turns; seconds: median (shortest to longest)\n")
    print("| folder | files | piiguard | semgrep | ratio |\n| --- | --- | --- | --- | --- |")
    for folder in folders:
        print(measure(folder.resolve(), arguments.runs).row(), flush=True)


if __name__ == "__main__":
    main()
