"""A part of a report: what a change touches or causes is there, all else is counted and never answered."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from piiguard import narrow
from piiguard.claims.exits import exit_code
from piiguard.model import Gap, Report
from piiguard.scan import Options, scan

APPS = Path(__file__).parents[1] / "fixtures" / "apps"
TODAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def whole() -> Report:
    return scan(APPS / "progress-tracker-planted", Options(today=TODAY))


def findings(report: Report) -> set[str]:
    return set(report.judgement.findings)


def paths_of(report: Report, id: str) -> set[str]:
    (found,) = (each for each in report.observations if each.id == id)
    return {found.location.path, *(step.location.path for step in found.flow)}


def changed(report: Report, *paths: str) -> Report:
    return narrow.to_changed(report, frozenset(paths))


def test_a_finding_is_shown_for_every_file_on_its_way(whole: Report) -> None:
    assert any(len(paths_of(whole, id)) > 1 for id in findings(whole))
    for id in findings(whole):
        for path in paths_of(whole, id):
            part = changed(whole, path)
            assert id in findings(part)
            assert exit_code(part.judgement) == 1


def test_a_finding_is_not_shown_for_other_files(whole: Report) -> None:
    sources = {source.path for app in whole.subject.apps for source in app.sources} - {"manifest.yml"}
    for path in sources:
        assert {id for id in findings(whole) if path in paths_of(whole, id)} == findings(changed(whole, path))


def test_what_only_others_contradict_is_neither_shown_nor_supported(whole: Report) -> None:
    part = changed(whole, "src/progress/buckets.js")
    assert (findings(part), part.judgement.verdicts, part.observations) == (set(), (), ())
    assert exit_code(part.judgement) == 0
    against = sum(verdict.answer == "contradicted" for verdict in whole.judgement.verdicts)
    told = f"not shown: {len(findings(whole))} findings elsewhere against {against} more claims"
    assert told in part.gaps[0].why


def test_every_file_together_is_everything(whole: Report) -> None:
    part = changed(whole, *(status.path for app in whole.subject.apps for status in app.files))
    assert findings(part) == findings(whole)
    assert "not shown: 0 findings elsewhere" in part.gaps[0].why


def test_a_changed_manifest_shows_hosts_and_scopes_and_nothing_else(whole: Report) -> None:
    part = changed(whole, "manifest.yml")
    categories = {each.category for each in part.observations if each.location.path != "manifest.yml"}
    assert "undeclared-egress" in categories
    assert categories <= narrow.BY_MANIFEST


def test_changed_promises_show_everything(whole: Report) -> None:
    assert changed(whole, "piiguard.yaml") is whole


def test_a_gap_is_shown_for_its_file_alone(tmp_path: Path) -> None:
    shutil.copytree(APPS / "progress-tracker", tmp_path / "app")
    (tmp_path / "app" / "src" / "progress" / "broken.js").write_text("Reflect.apply(fetch, null, [name]);\n")
    report = scan(tmp_path / "app", Options(today=TODAY))
    there, elsewhere = changed(report, "src/progress/broken.js"), changed(report, "src/progress/percent.js")
    assert [exit_code(each.judgement) for each in (report, there, elsewhere)] == [3, 3, 0]
    assert {gap.path for gap in there.gaps} == {"", "src/progress/broken.js"}
    assert "claims that could not be shown" in elsewhere.gaps[0].why


def test_some_rules(whole: Report) -> None:
    part = narrow.to_rules(whole, frozenset({"pii-log"}))
    assert {each.category for each in part.observations} == {"pii-log"}
    assert {verdict.answer for verdict in part.judgement.verdicts} == {"contradicted"}
    assert part.gaps[0] == Gap("", "only pii-log was asked for: other claims are not answered")
