"""A document against itself: each rule finds its pair, and none without it."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from claims.document.document_builders import FOLDER, read_text
from piiguard.claims.document.contradictions import _rules

CASES: dict[str, dict[str, str]] = YAML(typ="safe").load(
    (FOLDER / "words" / "contradictions.yaml").read_text(encoding="utf-8")
)


def test_every_rule_has_a_case() -> None:
    assert sorted(CASES) == sorted(rule.id for rule in _rules())


@pytest.mark.parametrize("rule", CASES)
def test_finds_its_pair_and_no_other(rule: str) -> None:
    bad, good = (read_text(CASES[rule][which]) for which in ("bad", "good"))
    assert rule in [each.rule for each in bad.contradictions]
    assert not good.contradictions
    for each in bad.contradictions:
        assert all(each.quotes)
        assert each.why
        assert each.lines[0] == each.lines[1] or rule != "deleted-at-once"


def test_apps_that_differ_do_not_contradict_each_other() -> None:
    text = "## Calm Clock for Jira\n\nNo external calls.\n\n## Note Nook for Jira\n\nThe app connects to Slack.\n"
    assert not read_text(text).contradictions


def test_a_promise_with_an_exception_leaves_room() -> None:
    assert not read_text(
        "No data is sent to third parties except OpenAI.\n\nPage text is sent to OpenAI."
    ).contradictions
