"""Annotations: one line each, and nothing from the repository ends or begins a command."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from piiguard.formats import FORMATS
from piiguard.formats.github import problem
from piiguard.model import Gap, Judgement, Location

from .builders import observation, report, verdict

_COMMAND = re.compile(r"::(error|warning) [^:\r\n]*::[^\r\n]*")


def test_a_finding_and_what_to_do() -> None:
    one = observation("1", location=Location("src/db.js", 31, 3, 31, 27))
    said = FORMATS["github"](
        report((one,), Judgement((verdict(3, "stored", "contradicted", observations=("1",)),), findings=("1",)))
    )
    assert said == (
        "::error file=src/db.js,line=31,title=piiguard%3A forge-kvs-set,col=3,endColumn=27::"
        "Writes a value to Forge key-value storage%0AAgainst: Stored%0A"
        "Store an opaque id, or look the person up again when the page is shown.\n"
    )


def test_a_waived_finding_is_not_annotated_and_a_gap_only_where_a_claim_needs_it() -> None:
    one, gap = observation("1"), Gap("src/x.js", "cannot be read", line=4)
    quiet = report((one,), Judgement((verdict(3, "stored", "supported"),)), gaps=(gap,))
    assert FORMATS["github"](quiet) == ""
    asked = report((), Judgement((verdict(3, "stored", "not-shown", gaps=(gap,)),)))
    assert (
        FORMATS["github"](asked) == "::warning file=src/x.js,line=4,title=piiguard%3A Not looked at::cannot be read\n"
    )


@given(st.text(min_size=1), st.text())
def test_hostile_names_stay_in_their_place(path: str, message: str) -> None:
    one = observation("1", location=Location(path, 1), message=message)
    said = FORMATS["github"](
        report((one,), Judgement((verdict(3, "stored", "contradicted", observations=("1",)),), findings=("1",)))
    )
    assert _COMMAND.fullmatch(said.rstrip("\n"))
    properties = said.split("::")[1].partition(" ")[2]
    assert [each.partition("=")[0] for each in properties.split(",")] == ["file", "line", "title"]


def test_a_problem_is_a_line_each() -> None:
    assert problem("a\n::b%\x1b") == "::error title=piiguard::a\n::error title=piiguard::::b%25\\x1b\n"
