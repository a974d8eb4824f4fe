"""How many observations a baseline still knows after the code was moved, renamed and reformatted.

    python benchmarks/moved_code.py --prettier node_modules/.bin/prettier FOLDER ...

A copy of each folder is changed as a clean-up would: 100 lines of comment above every script, every script
renamed (and its name where it is imported, or is a handler of the manifest), and Prettier with the opposite of
usual settings (quotes, width, indentation, commas, semicolons,
parentheses). Bar: 95 %.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from piiguard.matching import fingerprints, match
from piiguard.model import Observation
from piiguard.scan import Options, scan

SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs")
LEFT_OUT = ("node_modules", ".git", "build", "dist")
LINES = 100
STYLES = (
    (
        "--single-quote",
        "--no-semi",
        "--tab-width=4",
        "--print-width=60",
        "--trailing-comma=all",
        "--arrow-parens=avoid",
    ),
    ("--semi", "--tab-width=2", "--print-width=140", "--trailing-comma=none", "--arrow-parens=always"),
)
_IMPORTED = re.compile(r"""((?:from|import|require\(|import\()\s*)(['"])(\.{1,2}/[^'"\n]*)\2""")
_HANDLER = re.compile(r"(handler:\s*['\"]?)([\w./-]+)(\.[\w$]+)")


def scripts(root: Path) -> list[Path]:
    every = (path for path in root.rglob("*") if path.is_file() and not set(path.parts) & set(LEFT_OUT))
    return sorted(path for path in every if path.suffix in SCRIPTS and not path.name.endswith(".d.ts"))


def rename(root: Path, files: list[Path]) -> list[Path]:
    """Every file gets another name, and what imports it, or the manifest that starts it, says so."""
    names = {path: path.with_name(f"{path.stem}-renamed{path.suffix}") for path in files}
    for path in files:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        path.write_text(
            _IMPORTED.sub(partial(_renamed, folder=path.parent, names=names), text),
            encoding="utf-8",
            errors="surrogateescape",
        )
    for manifest in root.rglob("manifest.y*ml"):
        started = {
            str(path.relative_to(manifest.parent / "src").with_suffix("")) for path in files if _below(path, manifest)
        }
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(
            _HANDLER.sub(lambda f, s=started: f"{f[1]}{f[2]}{'-renamed' if f[2] in s else ''}{f[3]}", text),  # type: ignore[misc]
            encoding="utf-8",
        )
    return [path.rename(names[path]) for path in files]


def _below(path: Path, manifest: Path) -> bool:
    return path.is_relative_to(manifest.parent / "src")


def _renamed(found: re.Match[str], folder: Path, names: dict[Path, Path]) -> str:
    """The import with the new name. A folder means its index file, which is then named."""
    wanted = Path(folder, found[3])
    endings = ("", *SCRIPTS, *(f"/index{ending}" for ending in SCRIPTS))
    places = ((ending, Path(f"{wanted}{ending}").resolve()) for ending in endings)
    for ending, place in places:
        if place in names:
            base = found[3].rstrip("/") + (ending if "/" in ending else "")
            stem = base.removesuffix(place.suffix)
            return f"{found[1]}{found[2]}{stem}-renamed{'' if stem == base else place.suffix}{found[2]}"
    return found[0]


def move(files: list[Path]) -> None:
    for path in files:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        first, rest = text.split("\n", 1) if text.startswith("#!") and "\n" in text else ("", text)
        path.write_text(f"{first}\n" + "// moved\n" * LINES + rest, encoding="utf-8", errors="surrogateescape")


def reformat(prettier: Path, files: list[Path], style: tuple[str, ...]) -> int:
    """Returns how many files Prettier could not read."""
    failed = 0
    for start in range(0, len(files), 100):
        command = [str(prettier), "--write", "--log-level=error", "--no-config", "--ignore-path=/dev/null", *style]
        run = subprocess.run(
            [*command, *map(str, files[start : start + 100])], capture_output=True, text=True, check=False
        )
        failed += run.stderr.count("SyntaxError")
    return failed


def observed(root: Path) -> tuple[Observation, ...]:
    return scan(root, Options(use_config=False)).observations


def measure(folder: Path, prettier: Path, style: tuple[str, ...]) -> dict[str, object]:
    with TemporaryDirectory(prefix="moved-code-") as temporary:
        copy = Path(temporary).resolve() / "app"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        before = observed(copy)
        files = rename(copy, scripts(copy))
        move(files)
        failed = reformat(prettier, files, style)
        after = observed(copy)
    old = [fingerprints(each) for each in before]
    pairs = match(old, [fingerprints(each) for each in after])
    lost = [before[index] for index in sorted(set(range(len(old))) - set(pairs.values()))]
    return {
        "app": folder.name,
        "files": len(files),
        "not reformatted": failed,
        "observations": len(before),
        "same id": len({each.id for each in before} & {each.id for each in after}),
        "matched": len(pairs),
        "share": round(len(pairs) / len(before), 3) if before else 1.0,
        "lost": [f"{each.location.path}:{each.location.start_line} {each.rule} {each.category}" for each in lost],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--prettier", type=Path, required=True, help="the program (npm install prettier)")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        for style in STYLES:
            print(json.dumps(measure(folder.resolve(), arguments.prettier.resolve(), style), indent=1), flush=True)


if __name__ == "__main__":
    main()
