"""The parts of a Trust Center document: what they say, and that nothing else in the document changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piiguard.errors import UsageError
from piiguard.formats.markdown_parts import PARTS, Drawing, KnownTable, Part, Table
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
        patch(markers, [Part("data-flow", (Drawing("A", ("**A**",)),))])


@pytest.mark.parametrize(
    ("open_end", "what"),
    [
        ("```js\nlet a;", "code fence"),
        ("~~~~\n~~~", "code fence"),
        ("<!-- later", "comment"),
        ("<pre>\n\nx", "element"),
    ],
)
def test_what_is_never_closed_is_refused(open_end: str, what: str) -> None:
    with pytest.raises(UsageError, match=rf"the {what} that begins on line 3 is never closed"):
        patch(f"# Trust\n\n{open_end}\n", parts(calling(HOSTS)))


@pytest.mark.parametrize("closed", ["- ```\n  code", "> ```\n> code", "<!-- a\nb -->", "```\n```", "a\n```\nb\n```"])
def test_what_ends_by_itself_is_not(closed: str) -> None:
    once = patch(f"# Trust\n\n{closed}\n", parts(calling(HOSTS)))
    assert once.startswith(f"# Trust\n\n{closed}\n\n## App Overview\n")
    assert patch(once, parts(calling(HOSTS))) == once


def test_what_a_person_stated_is_not_asked_again() -> None:
    page = DOCUMENT.replace(
        "| GitHub / GitLab | Doc Helper | Reads **your** code | Customer-configured (BYOK) | US |",
        "| GitHub | Doc Helper | Code | Processor | US |",
    ).replace("| None | [policy]", "| GitHub | [policy]")
    patched = patch(page, parts(calling({"api.github.com": "unlisted"})))
    assert "| GitHub | Doc Helper | Code | Processor | US |" in patched
    assert "| Doc Helper for Jira | No | 5 € | GitHub | [policy](https://example.org/p) |" in patched


def test_a_table_in_a_comment_is_no_table() -> None:
    old = "<!--\n| App | Stores PII | External calls |\n|---|---|---|\n| Doc Helper | No | None |\n-->\n"
    assert patch(old, parts(calling(HOSTS))).startswith(old)


def test_a_part_of_the_last_section_stands_before_a_new_section() -> None:
    patched = patch("# Trust\n\n## Subprocessors\n\nAs listed.\n", parts(calling(HOSTS)))
    titles = [line for line in patched.splitlines() if line.startswith(("## ", "<!-- piiguard:"))]
    assert titles == [
        "## Subprocessors",
        "<!-- piiguard:subprocessors -->",
        "## App Overview",
        "<!-- piiguard:app-overview -->",
        "## Data Flow",
        "<!-- piiguard:data-flow -->",
    ]


def test_a_heading_may_be_underlined() -> None:
    patched = patch("Trust\n===\n\nData flow\n---\n\nNext\n---\n\nText.\n", parts(calling(HOSTS)))
    assert "Data flow\n---\n\n<!-- piiguard:data-flow -->" in patched
    assert "<!-- /piiguard:data-flow -->\n\nNext\n---\n" in patched


# ---------------------------------------------------------------- several apps on one page


def named(name: str, hosts: dict[str, Owner]) -> Any:
    return parts(calling(hosts), {".": name})


def test_an_app_that_is_rendered_alone_leaves_the_others_alone() -> None:
    page = patch(patch("# Trust\n", named("Doc Helper", HOSTS)), named("Doc Helper Pro", {"gitlab.com": "vendor"}))
    changed = patch(page, named("Doc Helper", {}))
    assert patch(page, named("Doc Helper Pro", {"gitlab.com": "vendor"})) == page
    kept = [line for line in page.splitlines() if "Doc Helper Pro" in line]
    assert len(kept) == 4  # two rows, the name above the drawing, and the app in the drawing
    assert [line for line in changed.splitlines() if "Doc Helper Pro" in line] == kept
    assert "| Doc Helper | None | No external calls |" in changed
    assert changed.count("```mermaid") == 2


def test_a_row_about_several_apps_stays_as_it_is() -> None:
    shared = "| OpenAI | Doc Helper, Other App | Drafts | Customer-configured | US |"
    page = DOCUMENT.replace("| Somebody | Other App | Something | Subprocessor | EU |", shared)
    patched = patch(page, parts(calling(HOSTS)))
    assert shared in patched
    assert patched.count("| OpenAI |") == 1


def test_a_drawing_under_the_heading_of_another_app_stays() -> None:
    drawing = "```mermaid\nflowchart LR\n  a --> b\n```\n"
    page = f"## Data flow\n\n### {{}}\n\n{drawing}"
    assert drawing not in patch(page.format("Doc Helper for Jira"), parts(calling(HOSTS)))
    assert drawing in patch(page.format("Other App"), parts(calling(HOSTS)))


def test_a_table_without_a_column_for_the_app_is_added_to() -> None:
    page = "## Sub-processors\n\n| Service | Purpose |\n|---|---|\n| GitHub | Code |\n| Gone | ? |\n"
    patched = patch(page, parts(calling(HOSTS)))
    assert "| GitHub | Code |\n| Gone | ? |\n" in patched
    assert "| OpenAI | Answers prompts with AI models |" in patched
    assert patch(patched, parts(calling(HOSTS))) == patched


def test_a_table_that_is_known_is_taken_whatever_its_header_says() -> None:
    page = "# Trust\n\n| Product | Who helps | Why |\n|---|---|---|\n| Doc Helper | Gone | Nothing |\n"
    table = KnownTable(2, {"app": 0, "service": 1, "purpose": 2})
    patched = patch(page, parts(calling({"api.github.com": "customer-configured"})), {"subprocessors": table})
    assert "## Subprocessors" not in patched
    assert "<!-- piiguard:subprocessors -->\n\n| Product | Who helps | Why |\n|---|---|---|\n" in patched
    assert "| Gone |" not in patched
    assert "| Doc Helper | GitHub |" in patched


# ---------------------------------------------------------------- whatever the document holds

LINE = st.text("ab|#-` \t*_<!>:/.\\", max_size=12)
TABLE = "| App | Subprocessor | Purpose |\n|---|---|---|\n| name0 | x | y |\n| Another | z | w |"
BLOCKS = st.sampled_from([
    "# Trust", "## Data flow", "### name0", "Data flow\n---------", "## Subprocessors", "text", "- a\n  - b", TABLE,
    "```mermaid\na --> b\n```", "```\n## Data flow\n```", "<!--\n## Subprocessors\n-->", "<div>\n\nx", "> " + TABLE,
    "**Another**\n\ndrawn", "1. Data flow", "---\na: b\n---", "    code", "| a | b |\n|---|---|\nno bar",
])  # fmt: skip


@settings(deadline=None)
@given(
    st.one_of(st.lists(LINE, max_size=12).map("\n".join), st.lists(BLOCKS, max_size=8).map("\n\n".join)),
    st.lists(st.text("ab|\\` ", min_size=1), max_size=3),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_the_document_holds_its_other_lines_stay(document: str, names: list[str], newline: str) -> None:
    document = document.replace("\n", newline)
    numbered = [f"name{number}{text}" for number, text in enumerate(names)]
    rows = tuple(dict.fromkeys(PARTS["subprocessors"].names, cell) for cell in numbered)
    made = [Part("subprocessors", Table(rows)), Part("data-flow", (Drawing("name0", ("**name0**", "", "drawing")),))]
    try:
        once = patch(document, made)
    except UsageError:
        assert re.search(r"```|~~~|<!|<\?", document)  # what nothing closes
        return
    assert patch(once, made) == once
    assert "\r" not in once.replace("\r\n", "") or newline == "\r\n"
    rest = iter(once.replace("\r\n", "\n").split("\n"))
    ours = ("| name0 | x | y |", "```mermaid", "a --> b", "```")
    old = [line for line in document.replace("\r\n", "\n").split("\n") if line.strip()]
    assert all(line in rest for line in old if line.strip() not in ours)
