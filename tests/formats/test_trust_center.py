"""The parts of a Trust Center document: what they say, and that nothing else in the document changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piiguard.errors import UsageError
from piiguard.formats.markdown_parts import PARTS, Part, Table
from piiguard.formats.trust_center import parts, patch, render
from piiguard.model import Gap, Judgement, Location, Manifest, Module, Observation, Owner, Report, RunBy, Source, Step

from .builders import app, report, verdict

CLEAN = verdict(3, "overview-stores-no-pii", "supported")
HOSTS: dict[str, Owner] = {"api.github.com": "customer-configured", "api.openai.com": "customer-configured"}


def seen(category: str, name: str, **fields: Any) -> Observation:
    here = Location("src/a.js", 1)
    return Observation(name, ".", "r", category, "sure", here, flow=(Step(here, "x"),), **fields)


def calling(hosts: dict[str, Owner], *more: Observation, gaps: tuple[Gap, ...] = (), **fields: Any) -> Report:
    calls = tuple(seen("egress-host", host, host=host) for host in hosts)
    owners = tuple(RunBy(host, owner) for host, owner in hosts.items())
    judgement = Judgement((fields.pop("stores", CLEAN),), hosts=owners)
    manifest = Manifest("manifest.yml", modules=(Module("jira:issuePanel", "p", 1),))
    sources = fields.pop("sources", (Source("src/a.js", ".", "javascript", b""),))
    one = app(name="Doc Helper", manifest=manifest, sources=sources)
    return report((*calls, *more), judgement, gaps, (one,))


DOCUMENT = """# Trust

Some | text.

## 4. Our apps

Intro.

| Application | Stores personal data? | Price | External services | Privacy policy |
|:--|---|--:|---|---|
| Doc Helper for Jira | No | 5 € | None | [policy](https://example.org/p) |
| Other App | No | free | None at all | [other](https://example.org/o) |

## 6. Data flow

As drawn here.

```mermaid
flowchart LR
  old --> drawing
```

## 8. Sub-processors

| Service | Used by | What for | Type | Region |
|---|---|---|---|---|
| Atlassian | All apps | hosting | Mandatory | yours |
| GitHub / GitLab | Doc Helper | Reads **your** code | Customer-configured (BYOK) | US |
| Gone Inc. | Doc Helper | Nothing | Subprocessor | Mars |
| Somebody | Other App | Something | Subprocessor | EU |

The end."""


def row(text: str, begin: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(begin))


# ---------------------------------------------------------------- what they say


def test_the_overview_says_what_was_seen() -> None:
    text = render(calling(HOSTS))
    assert "| Doc Helper | Jira Cloud | No | Customer-configured: GitHub, OpenAI | To be stated |" in text


@pytest.mark.parametrize("answer", ["not-shown", "missing", "contradicted"])
def test_no_answer_is_no_promise(answer: Any) -> None:
    said = row(render(calling({}, stores=verdict(3, "overview-stores-no-pii", answer))), "| Doc Helper | Jira")
    assert "| To be stated: the code does not show it | None |" in said


def test_what_is_stored_is_told_even_where_the_claim_is_supported() -> None:
    stored = seen("pii-storage", "s", data=("account-id",), attributes={"store": "kvs"})
    assert "| Yes: account id |" in render(calling({}, stored))


def test_none_is_said_only_where_everything_was_looked_at() -> None:
    gap = Gap("src/b.js", "does not parse", ".")
    assert "| None | No external calls | — | — |" in render(calling({}))
    for text in (render(calling({}, gaps=(gap,))), render(calling({}, sources=()))):
        assert "| None |" not in text
        assert "not everything could be looked at" in text


def test_a_row_for_services_of_the_same_type_and_purpose() -> None:
    text = render(calling({**HOSTS, "api.anthropic.com": "customer-configured", "x.example.org": "vendor"}))
    assert "| Doc Helper | Anthropic / OpenAI | Answers prompts with AI models | Customer-configured |" in text
    assert "| Doc Helper | `x.example.org` | To be stated | Operated by the vendor | To be stated |" in text


def test_a_host_that_is_only_allowed_is_told_as_such() -> None:
    text = render(calling({}, seen("unused-host", "u", host="api.example.org")))
    assert "Allowed by the manifest; no call seen: `api.example.org`" in text


# ---------------------------------------------------------------- patching


def test_only_the_parts_change() -> None:
    patched = patch(DOCUMENT, parts(calling(HOSTS)))
    old, new = DOCUMENT.splitlines(), patched.splitlines()
    gone = [line for line in old if line not in new]
    assert [line.split("|")[1].strip() if "|" in line else line for line in gone] == [
        "Doc Helper for Jira",
        "  old --> drawing",
        "GitHub / GitLab",
        "Gone Inc.",
    ]
    assert patched.endswith("The end.")


def test_cells_and_columns_of_a_person_stay() -> None:
    patched = patch(DOCUMENT, parts(calling(HOSTS)))
    overview = row(patched, "| Doc Helper for Jira")
    assert overview == (
        "| Doc Helper for Jira | No | 5 € | Customer-configured: GitHub, OpenAI | [policy](https://example.org/p) |"
    )
    assert "| GitHub | Doc Helper | Reads **your** code | Customer-configured (BYOK) | US |" in patched
    assert "| OpenAI | Doc Helper | Answers prompts with AI models | Customer-configured |" in patched
    assert "| Somebody | Other App | Something | Subprocessor | EU |" in patched
    assert patched.count("Atlassian") == DOCUMENT.count("Atlassian") + patched.count("Atlassian (blue") + patched.count(
        '"Atlassian"]'
    ) + patched.count("on Atlassian Forge")


def test_a_service_that_is_not_the_customers_is_not_left_in_the_customers_row() -> None:
    patched = patch(DOCUMENT, parts(calling({"api.github.com": "customer-configured", "gitlab.com": "vendor"})))
    assert "| GitHub | Doc Helper | Reads **your** code | Customer-configured (BYOK) | US |" in patched
    assert "| `gitlab.com` | Doc Helper | To be stated | Operated by the vendor | To be stated |" in patched


def test_what_a_row_for_all_apps_names_needs_no_second_row() -> None:
    document = DOCUMENT.replace("| Somebody | Other App |", "| OpenAI | All our apps |")
    assert patch(document, parts(calling(HOSTS))).count("| OpenAI |") == 1


@pytest.mark.parametrize("hosts", [{}, HOSTS, {**HOSTS, "x.example.org": "vendor", "*": "unlisted"}])
@pytest.mark.parametrize("document", ["", "# Trust\n", DOCUMENT, DOCUMENT.replace("\n", "\r\n")])
def test_a_second_time_nothing_changes(document: str, hosts: dict[str, Owner]) -> None:
    made = parts(calling(hosts))
    once = patch(document, made)
    assert patch(once, made) == once
    assert once.count("\r\n") in (0, once.count("\n"))


def test_the_first_lines_of_a_document_without_the_parts_stay_and_the_parts_have_headings() -> None:
    patched = patch("# Trust\n\nHello.\n", parts(calling(HOSTS)))
    assert patched.startswith("# Trust\n\nHello.\n")
    assert [line for line in patched.splitlines() if line.startswith("## ")] == [
        "## App Overview",
        "## Data Flow",
        "## Subprocessors",
    ]


def test_a_table_in_a_code_block_is_no_table() -> None:
    document = "```\n| App | Stores PII | External calls |\n|---|---|---|\n| Doc Helper | No | None |\n```\n"
    assert patch(document, parts(calling(HOSTS))).startswith(document)


@pytest.mark.parametrize(
    "markers",
    [
        "<!-- piiguard:data-flow -->",
        "<!-- /piiguard:data-flow -->\n<!-- piiguard:data-flow -->",
        "<!-- piiguard:data-flow -->\n" * 2 + "<!-- /piiguard:data-flow -->",
    ],
)
def test_broken_markers_are_an_error(markers: str) -> None:
    with pytest.raises(UsageError, match="not one pair"):
        patch(markers, [Part("data-flow", "x")])


LINE = st.text("ab|#-` \t*_<!>:/.\\", max_size=12)


@settings(deadline=None)
@given(st.lists(LINE, max_size=12).map("\n".join), st.lists(st.text("ab|\\` ", min_size=1), max_size=3))
def test_whatever_the_document_holds_its_other_lines_stay(document: str, names: list[str]) -> None:
    numbered = [f"name{number}{text}" for number, text in enumerate(names)]
    rows = tuple(dict.fromkeys(PARTS["subprocessors"].names, cell) for cell in numbered)
    made = [Part("subprocessors", Table(rows)), Part("data-flow", "drawing")]
    once = patch(document, made)
    assert patch(once, made) == once
    rest = iter(once.split("\n"))
    assert all(line in rest for line in document.split("\n") if line.strip())
