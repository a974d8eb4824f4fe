"""A document against itself: each rule finds its pair, and none without it."""

from __future__ import annotations

import pytest
from document_builders import read_text

from piiguard.claims.document.contradictions import _rules

TABLE = "\n\n| App | Subprocessor | Purpose | Type |\n|---|---|---|---|\n| Note Nook | {} | Texts | {} |\n"
OVERVIEW = "\n\n| App | Stores PII | External calls |\n|---|---|---|\n| Note Nook | {} | {} |\n"
CASES: dict[str, tuple[str, str]] = {
    "credentials": ("Apps do not store API keys.\n\nCredentials you provide are stored.", "Apps do not store API keys.\n\nPages are stored."),
    "runs-on-atlassian": ("The app has the Runs on Atlassian badge." + OVERVIEW.format("No", "OpenAI"), "The app has the Runs on Atlassian badge." + OVERVIEW.format("No", "None")),
    "processors": ("We use no subprocessors." + TABLE.format("Sentry", "Processor"), "We use no subprocessors." + TABLE.format("OpenAI", "Customer-configured")),
    "byok": ("External calls go only to services that you configure." + TABLE.format("Sentry", "Processor"), "External calls go only to services that you configure." + TABLE.format("OpenAI", "BYOK")),
    "no-calls": ("The app makes no external calls." + OVERVIEW.format("No", "OpenAI"), "The app makes no external calls." + OVERVIEW.format("No", "None")),
    "deleted-at-once": ("All data is deleted immediately when you uninstall the app.", "All data is automatically deleted when you uninstall the app."),
    "deleted-or-kept": ("All data is deleted when you uninstall the app.\n\nData is retained indefinitely.", "All data is deleted when you uninstall the app.\n\nLogs are kept for 30 days."),
    "personal-data": ("We do not store personal data." + OVERVIEW.format("Yes", "None"), "We do not store personal data.\n\nWe store Atlassian account IDs."),
    "stores-nothing": ("The app does not store any data.\n\nThe app saves your settings in Forge storage.", "The app does not store issue content.\n\nThe app saves your settings in Forge storage."),
    "sent-out": ("Your data never leaves Atlassian.\n\nPage text is sent to OpenAI.", "Nothing else leaves Atlassian.\n\nPage text is sent to OpenAI."),
    "to-the-vendor": ("No data is sent to our servers.\n\nUsage numbers are sent to our servers.", "No data is sent to our servers.\n\nSettings are stored in Forge storage."),
    "artificial-intelligence": ("The app does not use AI." + TABLE.format("OpenAI", "BYOK"), "The app does not use AI." + TABLE.format("Slack", "BYOK")),
    "tracking": ("We do not use analytics.\n\nWe use Google Analytics.", "We do not use analytics.\n\nError monitoring: Sentry"),
    "infrastructure": ("There are no servers of our own.\n\nThe app is hosted on Heroku.", "There are no servers of our own.\n\nThe app is hosted on Forge."),
    "certificates": ("We are ISO 27001 certified.\n\nWe do not hold any certificate.", "We are ISO 27001 certified."),
    "same-claim": ("The app sets no cookies.\n\nThe app uses cookies.", "The app sets no cookies.\n\nOur website uses cookies."),
}  # fmt: skip


def test_every_rule_has_a_case() -> None:
    assert sorted(CASES) == sorted(rule.id for rule in _rules())


@pytest.mark.parametrize("rule", CASES)
def test_finds_its_pair_and_no_other(rule: str) -> None:
    bad, good = (read_text(text) for text in CASES[rule])
    assert rule in [each.rule for each in bad.contradictions]
    assert not good.contradictions
    for each in bad.contradictions:
        assert all(each.quotes) and each.why
        assert each.lines[0] == each.lines[1] or rule != "deleted-at-once"


def test_apps_that_differ_do_not_contradict_each_other() -> None:
    text = "## Calm Clock for Jira\n\nNo external calls.\n\n## Note Nook for Jira\n\nThe app connects to Slack.\n"
    assert not read_text(text).contradictions


def test_a_promise_with_an_exception_leaves_room() -> None:
    assert not read_text(
        "No data is sent to third parties except OpenAI.\n\nPage text is sent to OpenAI."
    ).contradictions
