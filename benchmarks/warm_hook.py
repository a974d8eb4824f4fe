"""What a commit hook costs: `piiguard scan` cold, warm and after a change of one file, beside `semgrep scan`.

    python benchmarks/warm_hook.py [--runs N] FOLDER ...

Each round runs, in turns: semgrep with the same rules; piiguard with an empty cache; piiguard again (warm); piiguard
after a comment was appended to one script of a copy of the folder. Wall and processor seconds of whole processes,
with those that they start. The ratio is the median of the rounds' ratios to the Semgrep run of the same round:
a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import piiguard

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent
PIIGUARD = (str(SCRIPTS / "piiguard"), "scan", "--quiet")
SEMGREP = (
    str(SCRIPTS / "semgrep"),
    *("scan", "--metrics", "off", "--disable-version-check", "--quiet"),
    *("--config", str(ROOT / "rules")),
)
LOOKED = frozenset({0, 1, 3})
BARS = {"warm": 0.15, "one file": 0.25}
START_BAR = 3.0


@dataclass(frozen=True)
class Cost:
    """Seconds of one run: on the wall, and of processors, children included."""

    wall: float
    processor: float


def cost(command: tuple[str, ...], cache: Path | None = None) -> Cost:
    """Run a command. Raises SystemExit when it failed: a failed run is no measurement."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if cache is not None:
        environment["PIIGUARD_CACHE_DIR"] = str(cache)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in LOOKED:
        raise SystemExit(f"ended with {process.returncode}: {' '.join(command)}")
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime)


def rounds(folder: Path, runs: int) -> dict[str, list[Cost]]:
    """Name of a run -> what it cost in each round."""
    costs: dict[str, list[Cost]] = {}
    with TemporaryDirectory(prefix="warm-hook-") as temporary:
        copy, cache = Path(temporary, "app"), Path(temporary, "cache")
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git", "node_modules"))
        script = middle_script(copy)
        cost((*PIIGUARD, str(copy)), cache)  # compiles, and warms the disk cache: not counted
        for number in range(runs):
            costs.setdefault("semgrep", []).append(cost((*SEMGREP, str(copy))))
            shutil.rmtree(cache)
            costs.setdefault("cold", []).append(cost((*PIIGUARD, str(copy)), cache))
            costs.setdefault("warm", []).append(cost((*PIIGUARD, str(copy)), cache))
            with script.open("a", encoding="utf-8") as file:
                file.write(f"\n// change {number}\n")
            costs.setdefault("one file", []).append(cost((*PIIGUARD, str(copy)), cache))
    return costs


def middle_script(folder: Path) -> Path:
    """The script of median size."""
    scripts = [path for path in folder.rglob("*") if path.suffix in (".js", ".jsx", ".ts", ".tsx") and path.is_file()]
    return sorted(scripts, key=lambda path: (path.stat().st_size, path))[len(scripts) // 2]


def ratio(costs: list[Cost], base: list[Cost], seconds: Callable[[Cost], float]) -> float:
    """Median over the rounds of what a run costs relative to the base of the same round."""
    return median(seconds(mine) / seconds(theirs) for mine, theirs in zip(costs, base, strict=True))


def rows(costs: dict[str, list[Cost]], base: str) -> None:
    print("| run | wall | ratio | processor | ratio | bar |\n| --- | --- | --- | --- | --- | --- |")
    for name, each in costs.items():
        wall = f"{median(one.wall for one in each):.2f} | {ratio(each, costs[base], lambda one: one.wall):.2f}"
        used = (
            f"{median(one.processor for one in each):.2f} | {ratio(each, costs[base], lambda one: one.processor):.2f}"
        )
        print(f"| {name} | {wall} | {used} | {BARS.get(name, '')} |", flush=True)


def start(runs: int) -> dict[str, list[Cost]]:
    """What it costs to start: `piiguard --version` beside `python -c "import click"`."""
    costs: dict[str, list[Cost]] = {}
    for _ in range(runs):
        costs.setdefault("import click", []).append(cost((sys.executable, "-c", "import click")))
        costs.setdefault("piiguard --version", []).append(cost((PIIGUARD[0], "--version")))
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default: 3)")
    arguments = parser.parse_args()
    print(f"piiguard {piiguard.__version__}, semgrep {version('semgrep')}, Python {platform.python_version()},")
    print(f"{os.cpu_count()} processors, {arguments.runs} rounds; seconds are medians\n")
    print(f"Start (bar: {START_BAR:g})\n")
    rows(start(arguments.runs * 3), "import click")
    for folder in arguments.folders:
        print(f"\n{folder.name}\n")
        rows(rounds(folder.resolve(), arguments.runs), "semgrep")


if __name__ == "__main__":
    main()
