"""The page as a tree: all that the report holds is in it, links lead somewhere, and text stays text."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from xml.etree.ElementTree import Element

import html5lib
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piiguard.formats import html
from piiguard.formats.html.page import LINKED
from piiguard.formats.overview import MARKERS
from piiguard.formats.plain import printable
from piiguard.model import Attestation, FileStatus, Gap, Judgement, Location, Report, Step, Waiver

from .builders import HOSTILE, app, hostile_report, observation, report, rich_report, verdict

PAGE = html.render(rich_report())
MARKUP = st.text(st.characters(), max_size=30) | st.text("<>\"'&/=!-`{}%#;: \n\t\x00aonscript", max_size=30)
HEADINGS = re.compile(r"h[1-6]")
LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "manifest", "style"}
"""Attributes through which a page loads something, or sends something away, without a click."""


def parse(page: str) -> Element:
    tree: Element = html5lib.parse(page, namespaceHTMLElements=False)
    return tree


def text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def by_id(tree: Element, name: str) -> Element:
    return next(element for element in tree.iter() if element.get("id") == name)


def links(element: Element) -> list[str]:
    return [link.get("href", "") for link in element.iter("a")]


def test_the_page_is_valid_html() -> None:
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(PAGE)


def test_every_verdict_is_there_with_its_claim_answer_and_reason() -> None:
    rows = {row.get("id"): text(row) for row in parse(PAGE).iter("tr") if row.get("data-item") == "claim"}
    verdicts = rich_report().judgement.verdicts
    assert len(rows) == len(verdicts)
    for each in verdicts:
        said = rows[f"claim-1-{each.section}-{each.claim}"]
        assert MARKERS[each.answer].word in said
        assert each.title in said
        assert each.reason in said


def test_the_statement_stands_beside_the_answer() -> None:
    judged = Judgement((verdict(3, "no-x", "supported", statement="The app keeps nothing."),))
    row = by_id(parse(html.render(report(judgement=judged))), "claim-1-3-no-x")
    assert "The app keeps nothing." in text(row)


def test_every_observation_is_there_with_its_code_and_path() -> None:
    given_ = rich_report()
    tree = parse(PAGE)
    for each in given_.observations:
        item = next(i for i in tree.iter("details") if any(e.get("id") == f"o-{each.id}" for e in i.iter()))
        said = text(item)
        assert f"{each.location.path}:{each.location.start_line}" in said
        assert each.message in said
        assert all(step.note in said for step in each.flow)
        assert all(" ".join(line.split()) in said for line in given_.snippets.get(each.id, ()))
        assert all(name in said for name in each.data)


def test_only_the_lines_of_the_observation_are_marked() -> None:
    lines = [line for line in by_id(parse(PAGE), "o-aaaa1111").iter("span") if "line" in line.get("class", "").split()]
    assert [("marked" in line.get("class", ""), text(line)[:4]) for line in lines] == [
        (False, "30ex"),
        (True, "❱ 31"),
        (False, "32}"),
    ]


def test_claims_and_observations_link_to_each_other() -> None:
    tree = parse(PAGE)
    verdicts = [each for each in rich_report().judgement.verdicts if each.observations]
    assert any(len(each.observations) > LINKED for each in verdicts)
    for each in verdicts:
        anchor = f"claim-1-{each.section}-{each.claim}"
        for name in each.observations:
            assert f"#o-{name}" in links(by_id(tree, anchor))
            assert f"#{anchor}" in links(by_id(tree, f"o-{name}"))


def test_gaps_link_to_the_claims_that_need_them_and_back() -> None:
    tree = parse(PAGE)
    (row,) = [row for row in by_id(tree, "gaps").iter("tr") if "does not parse" in text(row)]
    assert links(row) == ["#claim-1-3-minimal-scopes"]
    assert f"#{row.get('id')}" in links(by_id(tree, "claim-1-3-minimal-scopes"))


@pytest.mark.parametrize("given_", [rich_report(), hostile_report(), report()], ids=["rich", "hostile", "empty"])
def test_ids_are_unique_and_links_lead_to_them(given_: Report) -> None:
    tree = parse(html.render(given_))
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    inner = {name for name in links(tree) if name.startswith("#")}
    assert {name.removeprefix("#") for name in inner} <= set(ids)


def test_the_same_claim_twice_has_two_anchors() -> None:
    twice = Judgement((verdict(3, "no-x", "supported"), verdict(3, "no-x", "missing")))
    tree = parse(html.render(report(judgement=twice)))
    assert text(by_id(tree, "claim-1-3-no-x")) != text(by_id(tree, "claim-1-3-no-x-2"))


def test_waivers_attestations_coverage_and_origin_are_there() -> None:
    tree = parse(PAGE)
    waivers = text(by_id(tree, "waivers"))
    assert all(word in waivers for word in ("used", "expired", "unmatched", "2027-01-31", "agreed with legal"))
    assert "#o-eeee5555" in links(by_id(tree, "waivers"))
    attestations = text(by_id(tree, "attestations"))
    assert all(word in attestations for word in ("Ada L.", "2026-05-01", "2027-05-01", "Reviewed each release"))
    coverage = text(by_id(tree, "coverage"))
    assert all(word in coverage for word in ("src/db.js", "dist/app.min.js", "build-output", "src/broken.js"))
    origin = text(by_id(tree, "origin"))
    assert all(word in origin for word in ("0.1.0", "semgrep 1.182.0", "sha256:abab", "sha256:cdcd", "c0ffee"))


def test_waived_and_unforbidden_observations_are_called_so() -> None:
    items = {text(item.find("summary")): item for item in parse(PAGE).iter("details") if item.get("data-item")}  # type: ignore[arg-type]
    (waived,) = [said for said in items if "src/audit.js:77" in said]
    (kept,) = [said for said in items if "static/app.js:3" in said]
    assert "waived:" in waived
    assert "no claim forbids it:" in kept


def test_headings_are_in_order_and_tables_have_headers() -> None:
    for given_ in (rich_report(), several_apps()):
        tree = parse(html.render(given_))
        levels = [int(element.tag[1]) for element in tree.iter() if HEADINGS.fullmatch(str(element.tag))]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        assert all(list(table.iter("th")) for table in tree.iter("table"))


def several_apps() -> Report:
    return report(
        (observation("f1"), observation("f2", app="b")),
        Judgement(
            (
                verdict(3, "no-x", "contradicted", observations=("f1",)),
                verdict(3, "no-x", "supported", app="b"),
            ),
            findings=("f1",),
        ),
        apps=(app(), app(id="b", name="Second")),
    )


def test_several_apps_are_told_apart() -> None:
    tree = parse(html.render(several_apps()))
    rows = {row.get("id"): row.get("data-app") for row in tree.iter("tr") if row.get("data-item")}
    assert rows == {"claim-1-3-no-x": "1", "claim-2-3-no-x": "2"}
    (choice,) = [select for select in tree.iter("select") if select.get("name") == "app"]
    assert [text(option) for option in choice] == ["all", "Progress Board", "Second"]


# ---------------------------------------------------------------- nothing from elsewhere


def test_nothing_is_loaded() -> None:
    for page in (PAGE, html.render(hostile_report(), {".": "<svg xmlns='http://www.w3.org/2000/svg'/>"})):
        tree = parse(page)
        for element in tree.iter():
            assert element.tag not in {"link", "iframe", "object", "embed", "base", "audio", "video", "svg"}
            for name, value in element.attrib.items():
                assert not str(name).startswith("on")
                assert name not in LOADING or value.startswith("data:image/svg+xml;base64,")
        assert all(href.startswith(("#", "https://developer.atlassian.com/")) for href in links(tree))
        (style,) = tree.iter("style")
        assert "url(" not in text(style)
        assert "@import" not in text(style)


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page() -> None:
    tree = parse(PAGE)
    (policy,) = [meta.get("content", "") for meta in tree.iter("meta") if meta.get("http-equiv")]
    rules = dict(part.split(" ", 1) for part in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for kind, tag in (("style-src", "style"), ("script-src", "script")):
        (element,) = tree.iter(tag)
        digest = hashlib.sha256((element.text or "").encode()).digest()
        assert rules[kind] == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_only_plain_addresses_of_rules_become_links() -> None:
    known = report((observation("f1"),))
    rule = msgspec.structs.replace(
        known.rules["forge-kvs-set"], references=("javascript:alert(1)", "https://a.example/")
    )
    page = html.render(msgspec.structs.replace(known, rules={"forge-kvs-set": rule}))
    assert [href for href in links(parse(page)) if not href.startswith("#")] == ["https://a.example/"]
    assert "javascript:alert(1)" in text(parse(page))


# ---------------------------------------------------------------- text stays text


def filled(said: str) -> Report:
    """A report in which everything that somebody else may write is this text."""
    place = Location(said, 3, 1, 3, 5)
    gap = Gap(said, said, ".", 2)
    seen = observation(
        "f1",
        location=place,
        message=said,
        host=said,
        data=("email",),
        flow=(Step(place, said), Step(Location(said, 9), said)),
        attributes={said: said},
    )
    judgement = Judgement(
        (
            verdict(
                3, "no-x", "contradicted", reason=said, title=said, statement=said, observations=("f1",), gaps=(gap,)
            ),
            verdict(3, "no-y", "attested", reason=f"{said}; second", section_title=said),
        ),
        (Waiver(said, said, "file", place, said, said, "used", ("f1",)),),
        (Attestation("no-y", said, said, said, said, "valid", said),),
        findings=("f1",),
    )
    files = (FileStatus(said, "scanned"), FileStatus(said, "gap", said), FileStatus(said, "skipped", said))
    named = app(name=said, files=files, manifest=msgspec.structs.replace(app().manifest, path=said, runtime=said))
    made = report((seen,), judgement, (gap,), (named, app(id=said or "x", name=said)), {"f1": (said, said, said)})
    rules = {"forge-kvs-set": msgspec.structs.replace(made.rules["forge-kvs-set"], title=said, why=said, fix=said)}
    subject = msgspec.structs.replace(made.subject, commit=said, digest=said)
    return msgspec.structs.replace(made, rules=rules, subject=subject)


def skeleton(tree: Element) -> list[tuple[str, list[str]]]:
    """Every element with the names of its attributes: all that a browser acts on but for the values."""
    return [(str(element.tag), sorted(map(str, element.attrib))) for element in tree.iter()]


HARMLESS = skeleton(parse(html.render(filled("x"))))


@settings(max_examples=60, deadline=None)
@given(MARKUP)
def test_no_text_becomes_markup(said: str) -> None:
    """Set aside: no text at all, and the semicolons that divide the judge's remarks; both change what is shown."""
    kept = "x" + said.replace("; ", ";_") + "x"
    assert skeleton(parse(html.render(filled(kept)))) == HARMLESS


@pytest.mark.parametrize(
    "said",
    [
        "</style><script>alert(1)</script>",
        "</code></pre><img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)',
        "' autofocus onfocus='alert(1)",
        "{{ 7 * 7 }}{% raw %}",
        "<!--",
        "</title><base href=//evil.example>",
        HOSTILE,
    ],
)
def test_attacks_are_shown_as_they_are(said: str) -> None:
    tree = parse(html.render(filled(f"x{said}x")))
    assert skeleton(tree) == HARMLESS
    assert text(by_id(tree, "o-f1")).count(" ".join(printable(f"x{said}x").split())) > 5


def test_the_diagram_is_an_image_of_the_app_it_belongs_to() -> None:
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    (image,) = parse(html.render(several_apps(), {"b": svg})).iter("img")
    kind, _, content = image.get("src", "").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(content).decode() == svg
    assert "Second" in image.get("alt", "")


def test_same_report_same_bytes() -> None:
    assert html.render(rich_report()) == PAGE
    assert rich_report().subject.root not in PAGE
