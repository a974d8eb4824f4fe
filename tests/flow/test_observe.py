"""Where observations stand, and the names that they keep."""

from __future__ import annotations

import msgspec
import pytest

from piiguard.engines import semgrep
from piiguard.flow import trace
from piiguard.flow.positions import Positions
from piiguard.model import App, Function, Location, Manifest, Module, Observation, Source, Subject
from piiguard.scan import catalogue

HANDLER = b"""export async function run(event, context) {
  console.log(context.accountId);
}
"""
TWICE = b"""export async function run(event, context) {
  console.log(context.accountId);
  console.log(context.accountId);
}
"""
OTHER = b"""import { helper } from "./helper";

export async function run(event, context) {
  helper(context.accountId);
}
"""
HELPER = b"""export function helper(value) {
  console.log("known", value);
}
"""


def observed(files: dict[str, bytes]) -> list[Observation]:
    """The logs of an app whose handler is `src/index.js`, in the order of `files`."""
    manifest = Manifest(
        "manifest.yml",
        modules=(Module("trigger", "run", 1, function="run"),),
        functions=(Function("run", 1, "index.run"),),
    )
    sources = tuple(Source(path, ".", "javascript", text) for path, text in files.items())
    subject = Subject(".", (App(".", "app", ".", manifest, sources=sources),))
    rules = catalogue()
    traced = trace(subject, semgrep.run(subject, rules).marks, rules.rules)
    return [each for each in traced.observations if each.category == "pii-log"]


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("a\nbc\n", "bc", (2, 1, 2, 3)),
        ("a\r\nbc\r\n", "bc", (2, 1, 2, 3)),
        ("// é\nlet ü = '日本'; x()", "x()", (2, 15, 2, 18)),
        ("'😀'; x", "x", (1, 6, 1, 7)),
        ("f(\n  a,\n)", "f(\n  a,\n)", (1, 1, 3, 2)),
        ("x", "x", (1, 1, 1, 2)),
    ],
)
def test_place(text: str, part: str, expected: tuple[int, int, int, int]) -> None:
    data = text.encode()
    start = data.index(part.encode())
    end = start + len(part.encode())
    positions = Positions(Source("a.js", ".", "javascript", data))
    assert positions.location(start, end) == Location("a.js", *expected)
    assert positions.text(start, end) == part


@pytest.mark.parametrize(
    "text",
    [
        HANDLER,
        HANDLER.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + HANDLER,
    ],
    ids=["plain", "crlf", "bom"],
)
def test_line_and_column_whatever_the_line_ends(text: bytes) -> None:
    (seen,) = observed({"src/index.js": text})
    assert seen.location == Location("src/index.js", 2, 3, 2, 33)


def test_columns_count_characters() -> None:
    (seen,) = observed({"src/index.js": HANDLER.replace(b"  console", "  /* né 😀 */ console".encode())})
    assert seen.location.start_column == 3 + len("/* né 😀 */ ")


# ---------------------------------------------------------------- names


def test_moved_code_keeps_its_id() -> None:
    (before,) = observed({"src/index.js": HANDLER})
    (after,) = observed({"src/index.js": b"// one\n\n// two\n" + HANDLER.replace(b"  console", b"      console")})
    assert before.id == after.id
    assert after.location.start_line == before.location.start_line + 3


def test_code_without_its_layout_is_the_same() -> None:
    (before,) = observed({"src/index.js": HANDLER.replace(b"log(", b"log(1, ")})
    (after,) = observed({"src/index.js": HANDLER.replace(b"log(", b"log(1,\n    ")})
    assert before.id == after.id


def test_other_code_has_another_id() -> None:
    (before,) = observed({"src/index.js": HANDLER})
    (after,) = observed({"src/index.js": HANDLER.replace(b"accountId", b"principal.accountId")})
    assert before.id != after.id


def test_the_same_code_twice_has_two_ids() -> None:
    (once,) = observed({"src/index.js": HANDLER})
    first, second = observed({"src/index.js": TWICE})
    assert first.id == once.id
    assert first.id != second.id


def test_the_same_code_in_two_files_has_two_ids() -> None:
    here, there = observed({"src/index.js": HANDLER, "src/copy.js": HANDLER})
    assert here.id != there.id


def test_the_order_of_the_sources_changes_nothing() -> None:
    files = {"src/index.js": OTHER, "src/helper.js": HELPER, "src/copy.js": b"export const unused = 1;\n"}
    forth = observed(files)
    back = observed(dict(reversed(files.items())))
    assert [msgspec.to_builtins(each) for each in forth] == [msgspec.to_builtins(each) for each in back]
    assert [each.distance for each in forth] == ["inter-file"]
