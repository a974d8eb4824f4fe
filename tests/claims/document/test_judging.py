"""A document against code: each kind of claim holds for one app and not for another, and the line is named."""

from __future__ import annotations

from typing import Any

import pytest

from claims.claims_builders import TODAY, observation, policy, subject
from claims.document.document_builders import CODE, SENTENCES, read_text
from piiguard.claims.catalogue import Clause
from piiguard.claims.document.judging import Code, against_code, alone
from piiguard.model import DATA_CLASSES, Gap, Observation, Subject
from piiguard.trustcenter import Checked, Judged

HOSTS = {
    "vendor": "api.vendor.example",
    "subprocessor": "mail.else.example",
    "unlisted": "x.example",
    "atlassian": "a.atlassian.net",
}
BY = "vendor-hosts: [api.vendor.example]\nhosts: [{host: mail.else.example, kind: subprocessor}]\n"


def checked(
    text: str,
    *seen: Observation,
    on: Subject | None = None,
    gaps: tuple[Gap, ...] = (),
    by: str = "",
    name: str = "page.md",
) -> Checked:
    """A small document held against one small app."""
    given = policy(by) if by else policy()
    return against_code(read_text(text, name), Code(on or subject(), seen, gaps, given, TODAY, given.document_apps))


def only(result: Checked, kind: str) -> Judged:
    """The claim of this kind."""
    return next(each for each in result.judged if each.statement.kind == kind)


def against(clause: Clause) -> Observation:
    """An observation that a clause is about."""
    more: dict[str, Any] = {"attributes": {name: values[0] for name, values in clause.where.items()}}
    if clause.data:
        group = clause.data[0]
        more["data"] = [
            group if group in DATA_CLASSES else next(name for name, each in DATA_CLASSES.items() if each == group)
        ]
    if clause.host:
        more["host"] = next((HOSTS[owner] for owner in clause.host if owner in HOSTS), None)
        if more["host"] is None:
            more["attributes"]["host_kind"] = "settings"
    elif any(category in ("egress-host", "undeclared-egress", "pii-egress") for category in clause.category):
        more["host"] = "x.example"
    if clause.confidence:
        more["confidence"] = clause.confidence[0]
    if clause.rule:
        more["rule"] = clause.rule[0]
    return observation(clause.category[0], line=41, **more)


@pytest.mark.parametrize("kind", SENTENCES)
def test_each_kind_holds_and_does_not(kind: str) -> None:
    text = SENTENCES[kind]
    good = only(checked(text, by=BY), kind)
    assert good.answer == "supported"
    clauses = [clause for clause in CODE[kind].against if clause.effect == "contradicts"]
    for clause in clauses[:3]:
        bad = only(checked(text, against(clause), by=BY), kind)
        assert bad.answer == "contradicted"
        assert "src/index.js:41" in bad.replies[0].reason
        assert bad.replies[0].observations


def test_every_kind_that_code_shows_has_a_sentence() -> None:
    assert not CODE.keys() - SENTENCES.keys()


def test_a_gap_leaves_a_promise_open() -> None:
    result = checked("The app sets no cookies.", gaps=(Gap("src/a.js", "could not be parsed", "."),))
    assert only(result, "no-cookies").answer == "not-shown"
    assert result.exit_code == 3


def test_what_the_page_admits_is_supported_where_the_code_does_it() -> None:
    text = "We store Atlassian account IDs."
    stored = observation("pii-storage", data=["account-id"], attributes={"store": "kvs"})
    assert only(checked(text, stored), "no-personal-data-stored").answer == "supported"
    assert only(checked(text), "no-personal-data-stored").answer == "not-applicable"


def test_an_exception_covers_what_it_names_and_no_more() -> None:
    text = "We do not store any personal data except Atlassian account IDs."
    stored = observation("pii-storage", data=["account-id"], attributes={"store": "kvs"})
    covered = only(checked(text, stored), "no-personal-data-stored")
    assert covered.answer == "supported"
    assert "the text excepts Atlassian account ids" in covered.replies[0].reason
    assert only(checked("We do not store personal data.", stored), "no-personal-data-stored").answer == "contradicted"
    mail = observation("pii-storage", data=["email"], attributes={"store": "kvs"})
    assert only(checked(text, mail), "no-personal-data-stored").answer == "contradicted"


def test_an_exception_that_no_switch_stands_for_asks_a_person() -> None:
    text = "No personal data is sent to third parties unless the moon is full."
    sent = observation("pii-egress", data=["email"], host="x.example")
    found = only(checked(text, sent), "no-personal-data-sent")
    assert found.answer == "not-shown"
    assert "the moon is full" in found.replies[0].reason


def test_storage_in_atlassian_is_no_breach_of_storage_outside() -> None:
    text = "No personal data is stored outside the Atlassian platform."
    inside = observation("pii-storage", data=["email"], attributes={"store": "kvs"})
    outside = observation("pii-storage", data=["email"], attributes={"store": "external-db"})
    assert only(checked(text, inside), "no-personal-data-stored").answer == "supported"
    assert only(checked(text, outside), "no-personal-data-stored").answer == "contradicted"


def test_services_of_the_table_are_the_policy() -> None:
    table = "\n\n| App | Subprocessor | Purpose | Type |\n|---|---|---|---|\n| All apps | OpenAI | Texts | {} |\n"
    text = "External calls go only to services that you configure." + table
    called = observation("egress-host", host="api.openai.com", attributes={"declared": "yes"})
    kind = "byok-customer-configured"
    good = only(checked(text.format("Customer-configured"), called), kind)
    assert good.answer == "supported"
    assert "page.md:5: api.openai.com is customer-configured" in good.replies[0].reason
    assert only(checked(text.format("Processor"), called), kind).answer == "contradicted"


OVERVIEW = "| App | Platform | Stores PII | External calls |\n|---|---|---|---|\n| Sample | Jira Cloud | {} | {} |\n"
SERVICES = "\n| App | Subprocessor | Purpose | Type |\n|---|---|---|---|\n| Sample | {} | Texts | BYOK |\n"


def cells(text: str, *seen: Observation, manifest: dict[str, Any] | None = None) -> set[tuple[int, str, str]]:
    """Line, column and state of what is wrong with the tables."""
    result = checked(text, *seen, on=subject(manifest=manifest) if manifest else None)
    return {(each.line, each.column, each.state) for each in result.cells}


def test_tables_are_reconciled_cell_by_cell() -> None:
    called = observation("egress-host", host="api.openai.com", attributes={"declared": "yes"})
    other = observation("egress-host", line=9, host="x.example", attributes={"declared": "yes"})
    stored = observation("pii-storage", data=["email"], attributes={"store": "kvs"})
    good = OVERVIEW.format("No", "OpenAI") + SERVICES.format("OpenAI")
    assert not cells(good, called)
    assert cells(good) == {(3, "external calls", "stale"), (7, "subprocessor", "stale")}
    assert cells(good, called, other) == {(3, "external calls", "missing"), (5, "subprocessor", "missing")}
    assert cells(OVERVIEW.format("No", "None"), called) == {(3, "external calls", "contradicted")}
    assert cells(OVERVIEW.format("No", "None"), stored) == {(3, "stores PII", "contradicted")}
    assert not cells(OVERVIEW.format("Yes", "None"), stored)
    page = {"modules": [{"kind": "confluence:spacePage", "key": "a", "line": 3}]}
    assert cells(OVERVIEW.format("No", "None"), manifest=page) == {(3, "platform", "contradicted")}


def reasons(text: str, *seen: Observation) -> list[str]:
    """What is said of the tables."""
    return [each.reason for each in checked(text, *seen).cells]


def test_what_is_wrong_with_a_cell_names_the_place_in_the_code() -> None:
    called = observation("egress-host", host="api.openai.com", attributes={"declared": "yes"})
    again = observation("egress-host", line=9, host="api.openai.com", attributes={"declared": "yes"})
    stored = observation("pii-storage", data=["email"], attributes={"store": "kvs"})
    assert reasons(OVERVIEW.format("No", "None"), called, again) == [
        "api.openai.com is called at src/index.js:7 and 1 more, and the table says that there are none"
    ]
    assert reasons(OVERVIEW.format("No", "None"), stored) == [
        "the table says no, and email is stored at src/index.js:7"
    ]
    assert reasons(OVERVIEW.format("No", "GitHub"), called)[0] == (
        "api.openai.com is called at src/index.js:7, and the table does not name it"
    )
    assert reasons(SERVICES.format("OpenAI")) == [
        "OpenAI is not reached: no code calls api.openai.com, openai.com, *.openai.com,"
        " and manifest.yml does not allow it"
    ]
    assert reasons(SERVICES.format("Wholly Unknown")) == [
        "no host is known for Wholly Unknown, so whether code reaches it cannot be told:"
        " `hosts` in piiguard.yaml can name it"
    ]


def test_a_row_for_all_apps_is_about_each() -> None:
    stored = observation("pii-storage", data=["email"], attributes={"store": "kvs"})
    row = OVERVIEW.format("No", "None")
    assert cells(row.replace("Sample", "All apps"), stored) == {(3, "stores PII", "contradicted")}
    ours = "| Sample | Jira Cloud | Yes | None |\n"
    assert not cells(row.replace("Sample", "Allegro Board") + ours, stored)


def test_a_host_that_is_written_out_names_itself() -> None:
    called = observation("egress-host", host="hooks.else.example", attributes={"declared": "yes"})
    text = SERVICES.format("`hooks.else.example`")
    assert not cells(text, called)
    assert only(checked(text, called), "subprocessors-listed").answer == "supported"
    assert cells(text) == {(4, "subprocessor", "stale")}
    assert cells(text.replace("hooks.", "other."), called) == {
        (2, "subprocessor", "missing"),
        (4, "subprocessor", "stale"),
    }


def test_a_tracker_without_a_host_is_known_by_its_name() -> None:
    tracker = observation("tracking", attributes={"vendor": "Mixpanel", "kind": "analytics"})
    assert not {each for each in cells(SERVICES.format("Mixpanel"), tracker) if each[2] != "open"}
    assert (2, "subprocessor", "missing") in cells(SERVICES.format("OpenAI"), tracker)


def test_external_calls_none_is_contradicted_by_a_call() -> None:
    called = observation("egress-host", host="api.openai.com", attributes={"declared": "yes"})
    assert only(checked(OVERVIEW.format("No", "None"), called), "overview-external-calls").answer == "contradicted"
    assert only(checked(OVERVIEW.format("No", "None")), "overview-external-calls").answer == "supported"


HOST = {"kind": "fetch.backend", "line": 5, "address": "https://x.example"}
ON_ATLASSIAN = "Our apps carry the Runs on Atlassian badge."
DECLARED = "The app calls only hosts that are declared in the manifest."
MANIFESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("We do not use analytics.", "no-tracking", {"egress": [HOST | {"category": "analytics", "in_scope_eud": False}]}),
    (ON_ATLASSIAN, "runs-on-atlassian", {"egress": [HOST | {"category": "analytics"}]}),
    (ON_ATLASSIAN, "runs-on-atlassian", {"egress": [HOST]}),
    (
        "All data is processed within Atlassian's infrastructure.",
        "processed-on-atlassian",
        {"remotes": [{"key": "r", "line": 5, "base_urls": ["https://r.example"]}]},
    ),
    (ON_ATLASSIAN, "runs-on-atlassian", {"modules": [{"kind": "webtrigger", "key": "w", "line": 5}]}),
    ("We store no personal data.", "no-personal-data-stored", {"classifications": ["pii"], "classifications_line": 5}),
    (
        "We store no personal data.",
        "no-personal-data-stored",
        {"scopes": [{"name": "report:personal-data", "line": 5}]},
    ),
    (
        "The app does not access e-mail addresses.",
        "no-email-address-access",
        {"scopes": [{"name": "read:email-address:jira", "line": 5}]},
    ),
    (ON_ATLASSIAN, "runs-on-atlassian", {"providers": [{"key": "p", "line": 5}]}),
    ("The app sets no cookies.", "no-cookies", {"sandbox": [("allow-storage-access-by-user-activation", 5)]}),
    (
        "We follow secure coding practices.",
        "secure-development",
        {"content": [{"kind": "scripts", "value": "unsafe-eval", "line": 5}]},
    ),
    (
        "The app acts only on behalf of the current user.",
        "acts-only-with-user",
        {"scopes": [{"name": "read:jira-work", "line": 5, "impersonation": True}]},
    ),
    (
        "Our apps are built entirely on Forge.",
        "built-on-forge",
        {"modules": [{"kind": "connect-jira:webPanels", "key": "c", "line": 5}]},
    ),
    (
        "Your data is never shared.",
        "no-personal-data-sent",
        {"modules": [{"kind": "event", "key": "e", "line": 5, "data": {"allowedRecipients": ["*"]}}]},
    ),
    ("Each version passes Atlassian's security review.", "marketplace-review", {"extra_files_line": 5}),
    ("Dependencies are kept up to date.", "dependency-management", {"runtime": "nodejs20.x", "runtime_line": 5}),
    (DECLARED, "declared-hosts-only", {"egress": [HOST | {"address": "*"}]}),
    ("The app does not use AI.", "no-ai-processing", {"modules": [{"kind": "llm", "key": "l", "line": 5}]}),
    ("The table lists all third-party services.", "subprocessors-listed", {"egress_configurable_line": 5}),
    (DECLARED, "declared-hosts-only", {"egress_configurable_line": 5}),
    ("The app supports data residency.", "data-residency", {"egress": [HOST]}),
]
"""What the manifest alone says against a sentence: the ready-made pairs of the platform's documentation, in order.

The twentieth, logs that a dependency ships, is in no manifest: see below.
"""
OPEN = frozenset({"marketplace-review", "dependency-management", "subprocessors-listed"})
"""Kinds that the manifest puts in doubt, and does not contradict."""


@pytest.mark.parametrize(("text", "kind", "manifest"), MANIFESTS)
def test_the_manifest_alone_speaks_against_a_sentence(text: str, kind: str, manifest: dict[str, Any]) -> None:
    bad = only(checked(text, on=subject(manifest=manifest)), kind)
    assert bad.answer == ("not-shown" if kind in OPEN or "egress_configurable_line" in manifest else "contradicted")
    assert "manifest.yml:5" in bad.replies[0].reason
    assert only(checked(text), kind).answer in ("supported", "missing")


def test_a_dependency_that_ships_logs_leaves_open_what_is_handed_on() -> None:
    shipping = observation("manifest-declaration", line=5, attributes={"fact": "log-shipping"})
    text = "Logs are not shared with third parties.\n\nNo personal data is logged."
    result = checked(text, shipping)
    assert only(result, "no-personal-data-sent").answer == "not-shown"
    assert "a dependency can send logs to a service (src/index.js:5)" in result.judged[0].replies[0].reason
    assert only(result, "no-personal-data-in-logs").answer == "supported"  # whatever is done with the logs
    assert only(checked(text), "no-personal-data-sent").answer == "supported"


def test_predictions_are_called_so() -> None:
    told = checked("Hello.").predictions
    assert [each.topic for each in told] == ["Runs on Atlassian", "Data residency", "Analytics policy"]
    assert all(each.reason.startswith("predicted: ") for each in told)


def test_what_only_persons_know_needs_their_word() -> None:
    text = "We run a penetration test every year."
    word = (
        "attestations: [{claim: security-testing, by: Ada, on: 2026-01-01, until: 2027-01-01, statement: Done in May.}]"
    )
    assert only(checked(text), "security-testing").answer == "missing"
    assert only(checked(text, by=word), "security-testing").answer == "attested"
    assert only(checked(text, by=word.replace("2027", "2026")), "security-testing").answer == "missing"


def test_an_app_that_was_not_scanned_is_not_shown() -> None:
    result = checked("## Other Thing for Jira\n\nNo cookies.\n\n## Sample for Jira\n\nNo cookies.\n")
    assert [each.answer for each in result.judged] == ["not-shown", "supported"]


def test_a_mapping_says_which_app_is_meant() -> None:
    text = "## Other Thing for Jira\n\nNo cookies.\n\n## Sample for Jira\n\nNo cookies.\n"
    result = checked(text, by="trust-center: {apps: {Other Thing for Jira: .}}")
    assert [each.answer for each in result.judged] == ["supported", "supported"]


def test_alone_only_itself_is_judged() -> None:
    result = alone(read_text("The app sets no cookies.\n\nThe app uses cookies.\n"))
    assert [each.answer for each in result.judged] == ["contradicted", None]  # what is disclosed stands
    assert result.judged[0].replies[0].reason == "line 3 of this document says otherwise"
    assert alone(read_text("The app sets no cookies.\n")).exit_code == 0
    assert result.exit_code == 1


def test_a_row_that_a_person_must_still_fill_allows_nothing() -> None:
    table = "\n\n| App | Subprocessor | Purpose | Type |\n|---|---|---|---|\n| All apps | OpenAI | Texts | {} |\n"
    text = "We use no other subprocessors." + table
    called = observation("egress-host", host="api.openai.com", attributes={"declared": "yes"})
    kind = only(checked(text.format("Processor"), called), "no-additional-processors").statement.kind
    named = only(checked("The table lists all third-party services." + table.format("Processor"), called), LISTED)
    unsaid = only(checked("The table lists all third-party services." + table.format("To be stated"), called), LISTED)
    assert kind == "no-additional-processors"
    assert (named.answer, unsaid.answer) == ("supported", "missing")


LISTED = "subprocessors-listed"


@pytest.mark.parametrize("text", ["Nothing leaves Confluence.", "Your data never leaves Atlassian."])
def test_a_sentence_of_all_data_is_not_shown_by_personal_data_alone(text: str) -> None:
    called = observation("egress-host", host="api.else.example", attributes={"declared": "yes"})
    kind = "no-personal-data-sent"
    assert only(checked(text), kind).answer == "supported"
    assert only(checked(text, called), kind).answer == "not-shown"
    assert only(checked("Personal data is never sent to third parties.", called), kind).answer == "supported"


@pytest.mark.parametrize(
    "text",
    [
        "Your token never leaves Atlassian.",
        "Tokens are not shared with anyone.",
        "No remote content is loaded.",
        "All communication is end-to-end encrypted.",
        "We use OAuth 2.0 instead of stored tokens.",
        "Nobody at our company can read your tickets.",
        "Before any text leaves Jira, names are always masked.",
        "An answer is never published before an agent has approved it.",
        "The plug-in does not read pages at all.",
    ],
)
def test_what_says_more_than_a_claim_is_listed(text: str) -> None:
    document = read_text(text)
    assert not document.statements
    assert [each.quote for each in document.unrecognised] == [text]
