"""The path of every traced observation of the fixtures: real places, in order, and each step names the value.

What a step must show, so that a reader can follow the value with a finger:

- Its location is a span of a line, or of some lines, that the file has, and holds code.
- The first step is where the value comes from, the last one is the observation itself; no two steps in a row are on one
  line, but where the value comes from the very line of the observation.
- It *names the value*: its note ends in a name in backquotes, and the code of the step's lines has that name; or the
  note has none (the code is no name, or the step is the last one), and the code itself holds a name.
- It *takes the value up* from the step before it. Either the note says that the value crossed into a function, out of
  one, or into another file, where it gets a new name. Or the lines of both steps have a name in common. Or the step
  before stands inside the brackets that open on this step's line (a callback, an object literal): the value is put into
  what is written around it. Or it was thrown there, and is caught here.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from flow import test_constructs, test_forge
from piiguard.model import Location, Observation, Step
from piiguard.scan import Options, scan

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
APPS = sorted(path for path in (FIXTURES / "apps").iterdir() if path.is_dir())


def of_app(folder: Path) -> tuple[Observation, ...]:
    return scan(folder, Options(use_config=False)).observations


WALKS: dict[Path, Callable[[], tuple[Observation, ...]]] = {
    FIXTURES / "flow": test_constructs.traced,
    FIXTURES / "forge": test_forge.scanned,
    **{folder: functools.partial(of_app, folder) for folder in APPS},
}
CROSSED = ("handed to a function", "returned to the caller", "taken up in another file")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_QUOTED = re.compile(r"`([^`]+)`$")
_KEYWORDS = frozenset({
    "as", "async", "await", "case", "catch", "class", "const", "def", "default", "else", "export", "for", "from",
    "function", "if", "import", "in", "let", "new", "not", "of", "return", "switch", "throw", "try", "var", "while",
})  # fmt: skip


@functools.cache
def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").splitlines()


def code_at(folder: Path, location: Location) -> str:
    """The code of a span."""
    lines = lines_of(folder / location.path)[location.start_line - 1 : location.end_line]
    lines[-1] = lines[-1][: location.end_column - 1]
    lines[0] = lines[0][location.start_column - 1 :]
    return "\n".join(lines)


def names(text: str) -> set[str]:
    return set(_NAME.findall(text)) - _KEYWORDS


def whole_lines(folder: Path, location: Location) -> str:
    return "\n".join(lines_of(folder / location.path)[location.start_line - 1 : location.end_line])


def complaints(folder: Path, each: Observation) -> Iterator[str]:
    """What is wrong with the path of an observation."""
    if each.flow[-1].location != each.location:
        yield "the last step is not the observation's place"
    for number, step in enumerate(each.flow, 1):
        said = _place(folder, step.location) or _unnamed(folder, step, last=number == len(each.flow))
        if said:
            yield f"step {number} ({step.location.path}:{step.location.start_line}, {step.note}): {said}"
    for before, step in itertools.pairwise(each.flow):
        same = (before.location.path, before.location.start_line) == (step.location.path, step.location.start_line)
        if same and (before is not each.flow[0] or step is not each.flow[-1]):
            yield f"two steps on line {step.location.start_line}"
        elif not same and not _taken_up(folder, before, step):
            yield f"{step.location.path}:{step.location.start_line} ({step.note}) takes up nothing of ({before.note})"


def _place(folder: Path, location: Location) -> str:
    path = folder / location.path
    if not path.is_file():
        return "no such file"
    lines = lines_of(path)
    if not 1 <= location.start_line <= location.end_line <= len(lines):
        return "no such line"
    if not 1 <= location.start_column <= len(lines[location.start_line - 1]):
        return "no such column"
    return "" if code_at(folder, location).strip() else "no code"


def _unnamed(folder: Path, step: Step, *, last: bool) -> str:
    quoted = _QUOTED.search(step.note)
    if last or quoted is None:
        return "" if _NAME.search(code_at(folder, step.location)) else "its code holds no name"
    return (
        "" if names(quoted[1]) - names(whole_lines(folder, step.location)) == set() else "its name is not in its code"
    )


def _taken_up(folder: Path, before: Step, step: Step) -> bool:
    if step.note.startswith(CROSSED):
        return True
    was, now = whole_lines(folder, before.location), whole_lines(folder, step.location)
    return bool(names(was) & names(now)) or _inside(folder, before.location, step.location) or "throw " in was


def _inside(folder: Path, inner: Location, outer: Location) -> bool:
    """Does `inner` stand inside brackets that open on the first line of `outer`?"""
    if inner.path != outer.path or inner.start_line < outer.start_line:
        return False
    between = "\n".join(lines_of(folder / outer.path)[outer.start_line - 1 : inner.start_line - 1])
    return len(re.findall(r"[(\[{]", between)) > len(re.findall(r"[)\]}]", between))


@pytest.mark.parametrize("folder", WALKS, ids=lambda folder: folder.name)
def test_every_path(folder: Path) -> None:
    wrong = [
        f"{each.location.path}:{each.location.start_line} {each.category}: {said}"
        for each in WALKS[folder]()
        if each.flow
        for said in complaints(folder, each)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_there_are_paths_within_functions_across_them_and_across_files() -> None:
    found = {each.distance for walk in WALKS.values() for each in walk() if each.flow}
    assert found == {"direct", "intra-function", "inter-function", "inter-file"}


def test_a_path_that_names_nothing_is_found() -> None:
    """The checks themselves: a path with a step from elsewhere is refused."""
    folder = FIXTURES / "flow"
    good = next(each for each in test_constructs.traced() if len(each.flow) > 2)
    place = Location(good.location.path, 1, 1, 1, 7)
    bad = msgspec.structs.replace(good, flow=(Step(place, "becomes `nothing`"), *good.flow[1:]))
    assert list(complaints(folder, good)) == []
    said = "\n".join(complaints(folder, bad))
    assert "its name is not in its code" in said
    assert "takes up nothing" in said
