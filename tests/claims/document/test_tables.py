"""Tables: in pipes, HTML and commas, with columns in any order and by other names."""

from __future__ import annotations

import pytest

from claims.document.document_builders import read_text, said
from piiguard.claims.document.providers import Directory
from piiguard.claims.policy import Host
from piiguard.facts.providers import providers

PIPES = """
| Sub-processor | What for | Used by | Region | Category |
|---|---|---|---|---|
| Atlassian | Hosting | All apps | Yours | Mandatory |
| OpenAI / Azure DevOps | Texts | Note Nook | US | Customer-configured (BYOK) |
| Sentry | Errors | Note Nook | EU | Processor |
| None | — | Calm Clock | — | — |
"""
COMMAS = "\n".join(
    line.strip(" |").replace(" | ", ",") for line in PIPES.strip().splitlines() if not line.startswith("|---")
)
ROWS = [
    [cell.strip() for cell in line.strip(" |").split("|")] for line in PIPES.strip().splitlines() if "---" not in line
]
HTML = "<table>" + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS) + "</table>"


@pytest.mark.parametrize(
    ("text", "name"), [(PIPES, "a.md"), (PIPES, "a.txt"), (COMMAS, "a.md"), (COMMAS, "a.txt"), (HTML, "a.html")]
)
def test_services_in_every_form(text: str, name: str) -> None:
    document = read_text(text, name)
    assert [table.kind for table in document.tables] == ["subprocessors"]
    found = [(row.apps, row.names.providers, row.kind, row.purpose, row.location) for row in document.providers]
    assert found == [
        ((), (), "atlassian", "Hosting", "Yours"),
        (("Note Nook",), ("OpenAI", "Azure DevOps"), "customer-configured", "Texts", "US"),
        (("Note Nook",), ("Sentry",), "subprocessor", "Errors", "EU"),
        (("Calm Clock",), (), "subprocessor", "—", "—"),
    ]
    assert [row.names.none for row in document.providers] == [False, False, False, True]


@pytest.mark.parametrize(
    ("cell", "stores"),
    [("No", False), ("None", False), ("Yes", True), ("Account IDs only", True), ("❌", False), ("—", None)],
)
def test_stores_pii(cell: str, stores: bool | None) -> None:
    document = read_text(
        f"| Outbound calls | App | Personal data stored |\n|---|---|---|\n| None | Note Nook | {cell} |\n"
    )
    assert [(row.app, row.stores_pii, row.calls is not None and row.calls.none) for row in document.overview] == [
        ("Note Nook", stores, True)
    ]


def test_an_overview_with_apps_across() -> None:
    text = (
        "| | Note Nook for Jira | Calm Clock for Jira |\n|---|---|---|\n"
        "| Stores PII | No | Yes |\n| External calls | None | OpenAI |\n"
    )
    found = [(row.app, row.stores_pii, row.calls.providers if row.calls else None) for row in read_text(text).overview]
    assert found == [("Note Nook for Jira", False, ()), ("Calm Clock for Jira", True, ("OpenAI",))]


def test_a_table_of_answers_is_read_as_labelled_sentences() -> None:
    assert ("no-cookies", "promise") in said("| Topic | Answer |\n|---|---|\n| Cookies | None |\n")


@pytest.mark.parametrize(
    ("cell", "names", "customer", "unknown"),
    [
        ("GitHub / GitLab / Bitbucket", ("GitHub", "GitLab", "Bitbucket"), False, ()),
        (
            "Your Git provider (GitHub, Azure DevOps) & your AI provider (Anthropic)",
            ("GitHub", "Azure DevOps", "Anthropic"),
            True,
            (),
        ),
        ("GitHub Enterprise Server", ("GitHub Enterprise",), False, ()),
        ("GitLab self-managed", ("GitLab Self-Managed",), False, ()),
        ("Azure OpenAI", ("Azure OpenAI",), False, ()),
        ("Acme Render Farm, OpenAI", ("OpenAI",), False, ("Acme Render Farm",)),
    ],
)
def test_cells_with_several_services(
    cell: str, names: tuple[str, ...], customer: bool, unknown: tuple[str, ...]
) -> None:
    found = Directory().cell(cell)
    assert (found.providers, found.customer, found.unknown, found.none) == (names, customer, unknown, False)


@pytest.mark.parametrize(
    ("cell", "hosts"),
    [
        ("`hooks.vendor.example` and OpenAI", ("hooks.vendor.example",)),
        ("*.eu.example.net, api.example.net", ("*.eu.example.net", "api.example.net")),
        ("support@vendor.example, v1.2", ()),
    ],
)
def test_hosts_that_a_cell_writes_out(cell: str, hosts: tuple[str, ...]) -> None:
    assert Directory().cell(cell).hosts == hosts


def test_a_vendor_names_services_of_its_own() -> None:
    directory = Directory((Host("farm.acme.example", "subprocessor", 3, "Acme Render Farm"),))
    assert directory.cell("Acme Render Farm").providers == ("Acme Render Farm",)
    assert [each.name for each in directory.of_host("farm.acme.example")] == ["Acme Render Farm"]


def test_names_of_services_are_told_apart() -> None:
    names = [name for each in providers() if each.kind != "tracker" for name in each.spellings]
    assert len(names) == len(set(names))
    assert all(
        each.hosts or each.self_hosted or each.name == "Hetzner" for each in providers() if each.kind != "tracker"
    )


QUESTIONS = "| Nr | Question | Answer | Notes |\n|---|---|---|---|\n"
INVENTORY = "| Data | Where stored | Retention | Sent to |\n|---|---|---|---|\n"
STANDARDS = "| Standard | Status | Holder |\n|---|---|---|\n"


@pytest.mark.parametrize(
    ("text", "kind", "claims"),
    [
        (f"{QUESTIONS}| 1 | Do you use cookies? | No | |\n", "questions", {("no-cookies", "promise")}),
        (f"{QUESTIONS}| 1 | Do you use cookies? | Yes | |\n", "questions", {("no-cookies", "disclosure")}),
        (f"{QUESTIONS}| 1 | Do you use cookies? | | |\n", "questions", set()),
        (
            f"{INVENTORY}| Account IDs | Forge storage | 30 days | None |\n",
            "inventory",
            {("no-personal-data-stored", "disclosure"), ("retention", "promise")},
        ),
        (f"{INVENTORY}| Account IDs | Not stored | - | - |\n", "inventory", {("no-personal-data-stored", "promise")}),
        (f"{INVENTORY}| Account IDs | - | - | - |\n", "inventory", set()),
        (
            f"{INVENTORY}| Page text | - | Until uninstall | OpenAI |\n",
            "inventory",
            {
                ("data-removed-on-uninstall", "promise"),
                ("no-personal-data-sent", "disclosure"),
                ("ai-processing-listed", "disclosure"),
            },
        ),
        (f"{STANDARDS}| SOC 2 | Certified | Us |\n", "certifications", {("certifications", "promise")}),
        (f"{STANDARDS}| SOC 2 | Planned | Us |\n", "certifications", {("certifications", "disclosure")}),
        (f"{STANDARDS}| SOC 2 | Certified | Atlassian |\n", "certifications", {("inherited-controls", "promise")}),
        (f"{STANDARDS}| GDPR | No | Us |\n", "certifications", {("gdpr-compliance", "disclosure")}),
        (
            "| Severity | First response | Room |\n|---|---|---|\n| Critical vulnerability | 1 day | 7 |\n",
            "other",
            {("response-times", "promise")},
        ),
    ],
)
def test_rows_that_stand_for_sentences(text: str, kind: str, claims: set[tuple[str, str]]) -> None:
    assert [table.kind for table in read_text(text).tables] == [kind]
    found = said(text)
    assert found >= claims
    assert {name for name, _ in found} <= {
        *(name for name, _ in claims),
        "configuration-data-only",
        "encryption-at-rest",
    }


def test_a_row_is_quoted_as_it_stands() -> None:
    (first, *_) = read_text(f"{INVENTORY}| Account IDs | Forge storage | 30 days | None |\n").statements
    assert first.quote == "Account IDs | Forge storage | 30 days | None"


PROMISE = "We store no personal data."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"<table><tr><td>{PROMISE}</td></tr></table>", "a.html"),
        (f"<table><tr><th>{PROMISE}</th></tr></table>", "a.html"),
        (f"<table><tr><td>{PROMISE}</td></tr><tr><td>Hello.</td></tr></table>", "a.html"),
        (
            "<table><tr><td>Personal data stored</td><td>None</td></tr><tr><td>Colour</td><td>Red</td></tr></table>",
            "a.html",
        ),
        ("<table><tr><td>No personal data stored</td></tr></table>", "a.html"),
        (f"| {PROMISE} |\n|---|\n", "a.md"),
        (f"| Topic | {PROMISE} |\n|---|---|\n| Colour | Red |\n", "a.md"),
        (f"| Provider | Purpose | {PROMISE} |\n|---|---|---|\n| Sentry | Errors | - |\n", "a.md"),
    ],
)
def test_a_first_row_that_promises_is_read(text: str, name: str) -> None:
    document = read_text(text, name)
    assert ("no-personal-data-stored", "promise") in {(each.kind, each.polarity) for each in document.statements}
    assert min(each.line for each in document.statements) == 1


@pytest.mark.parametrize(
    "header",
    [
        "Data | Is it stored? | Not stored here",
        "App | What we store | Where it is sent",
        "No | Personal data | Answer",
        "App | Stores personal data | Uses cookies",
        "Personal data that is stored | Data not stored | Data the app stores",
    ],
)
def test_a_row_that_names_columns_promises_nothing(header: str) -> None:
    document = read_text(f"| {header} |\n|---|---|---|\n")
    assert not document.statements
    assert not document.unrecognised
