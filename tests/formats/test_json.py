"""The JSON contract: its shape, its bytes, and that nothing of the machine gets into it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import msgspec
import pytest

from piiguard.formats import contract, generated
from piiguard.formats.json import document, render
from piiguard.model import Report

from .builders import app, hostile_report, report, rich_report

REPORTS = [report(), rich_report(), hostile_report()]


def shipped_schema() -> str:
    return resources.files("piiguard.formats").joinpath("report.schema.json").read_text(encoding="ascii")


def test_shipped_schema_is_the_generated_one() -> None:
    assert shipped_schema() == generated.schema(), generated.HOW


def test_page_about_the_report_is_the_generated_one() -> None:
    page = Path(__file__).parents[2] / "docs" / "report.md"
    assert page.read_text(encoding="utf-8") == generated.page(), generated.HOW


@pytest.mark.parametrize("given", REPORTS)
def test_report_validates_against_the_shipped_schema(given: Report) -> None:
    jsonschema.Draft202012Validator(json.loads(shipped_schema())).validate(json.loads(render(given)))


def test_schema_refuses_another_answer() -> None:
    altered = json.loads(render(rich_report()))
    altered["verdicts"][0]["answer"] = "proved"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(altered, json.loads(shipped_schema()))


def test_round_trip() -> None:
    given = rich_report()
    assert msgspec.json.decode(render(given), type=contract.Document) == document(given)


def test_order_of_the_input_does_not_matter() -> None:
    given = rich_report()
    judgement = given.judgement
    shuffled = msgspec.structs.replace(
        given,
        observations=given.observations[::-1],
        gaps=given.gaps[::-1],
        judgement=msgspec.structs.replace(
            judgement,
            verdicts=judgement.verdicts[::-1],
            findings=judgement.findings[::-1],
            waivers=judgement.waivers[::-1],
        ),
    )
    assert render(shuffled) == render(given)


@pytest.mark.parametrize("given", REPORTS)
def test_bytes(given: Report) -> None:
    text = render(given)
    assert text.isascii()
    assert text.endswith("}\n")
    assert not any(character < " " and character != "\n" for character in text)
    json.loads(text).items()


def test_no_absolute_path() -> None:
    given = rich_report()
    assert given.subject.root.startswith("/")
    assert given.subject.root not in render(given)


def test_content() -> None:
    read = json.loads(render(rich_report()))
    assert read["subject"]["files"] == 2
    assert read["apps"] == [
        {
            "id": ".",
            "name": "Progress Board",
            "root": ".",
            "hosts": ["https://api.example.com"],
            "scopes": ["read:jira-work", "storage:app"],
        }
    ]
    assert {gap["path"] for gap in read["coverage"]["gaps"]} == {"src/broken.js", "src/huge.js"}
    assert {"path": "src/db.test.js", "status": "skipped", "why": "test"} in read["coverage"]["files"]
    assert read["observations"][0]["attributes"] == {"channel": "fetch"}
    assert read["waived"] == ["eeee5555"]


def test_gap_of_an_app_is_in_the_coverage() -> None:

    gap = rich_report().gaps[0]
    assert json.loads(render(report(apps=(app(gaps=(gap,)),))))["coverage"]["gaps"][0]["path"] == gap.path
