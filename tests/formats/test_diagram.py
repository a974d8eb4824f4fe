"""The picture of a data flow: everything has a place in it, no text is cut or runs into another, nothing is markup."""

from __future__ import annotations

import re
from typing import Any, get_args
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piiguard.errors import UsageError
from piiguard.facts import shapes
from piiguard.formats.diagram import graph, mermaid, svg
from piiguard.formats.diagram.as_svg import WIDTH
from piiguard.formats.diagram.dataflow import DataFlow, Edge, Node
from piiguard.formats.diagram.fold import FEW, MANY, boxes
from piiguard.formats.diagram.places import places
from piiguard.formats.diagram.text_width import width, wrap
from piiguard.formats.plain import printable
from piiguard.model import (
    CATEGORIES,
    Gap,
    Judgement,
    Location,
    Manifest,
    Module,
    Observation,
    Owner,
    Report,
    Rule,
    RunBy,
    Scope,
    Source,
    Step,
)
from piiguard.scan import catalogue

from .builders import app, hostile_report, report

NO_WAY_OF_DATA = {
    "credential-collection",
    "hardcoded-secret",
    "overbroad-egress",
    "unsafe-csp",
    "unused-scope",
    "overbroad-scope",
    "missing-scope",
    "schema-declaration",
    "erasure",
}
"""Categories that say something of the app and nothing of where data goes."""
HERE = Location("src/a.js", 1)


def seen(category: str, name: str = "", **fields: Any) -> Observation:
    facts = {"app": ".", "rule": "r", "confidence": "sure", "location": HERE, **fields}
    return Observation(id=name or category, category=category, **facts)


def drawn(*observations: Observation, owners: dict[str, Owner] | None = None, **manifest: Any) -> DataFlow:
    hosts = tuple(RunBy(name, owner) for name, owner in (owners or {}).items())
    one = app(manifest=Manifest("manifest.yml", **manifest), sources=(Source("src/a.js", ".", "javascript", b""),))
    return graph(report(observations, Judgement(hosts=hosts), apps=(one,)), ".")


def box(flow: DataFlow, label: str) -> Node:
    return next(node for node in flow.nodes if node.label == label)


# ---------------------------------------------------------------- what is in it


def test_every_category_has_its_place_or_is_no_way_of_data() -> None:
    told = places().categories.keys() | places().hosts.keys()
    assert told | NO_WAY_OF_DATA == set(CATEGORIES)
    assert not told & NO_WAY_OF_DATA


def test_every_shape_every_owner_and_every_word_is_known() -> None:
    assert [shape for shape in shapes.table() if places().source_of(shape).id == "named"] == ["named-text"]
    assert {owner for lane in places().lanes.values() for owner in lane.owners} == set(get_args(Owner))
    assert {name for name in places().categories.values() if name != "store"} <= places().places.keys()


@pytest.mark.parametrize(
    ("owner", "lane"),
    [
        ("customer-configured", "customer"),
        ("vendor", "vendor"),
        ("subprocessor", "subprocessor"),
        ("unlisted", "other"),
        ("atlassian", "atlassian"),
    ],
)
def test_a_host_stands_with_whoever_runs_it(owner: Owner, lane: str) -> None:
    way = seen(
        "pii-egress",
        data=("email",),
        host="api.example.org",
        flow=(Step(HERE, "x"),),
        attributes={"source": "jira-user"},
    )
    flow = drawn(way, owners={"pii-egress": owner})
    host = box(flow, "api.example.org")
    assert host.lane == lane
    assert flow.into(host) == (Edge("a1", host.id, ("email",), (), ("Jira",)),)
    assert flow.out_of(box(flow, "Jira")) == (Edge("s1", "a1", ("email",), (), ("Jira",)),)


def test_where_two_may_run_a_host_the_vendor_counts() -> None:
    call = seen("egress-host", "c", host="api.example.org")
    one = app(manifest=Manifest("manifest.yml"))
    judgement = Judgement(hosts=(RunBy("c", "typed-in"), RunBy("c", "vendor")))
    assert box(graph(report((call,), judgement, apps=(one,)), "."), "api.example.org").lane == "vendor"


def test_a_likely_class_is_marked_until_one_is_sure() -> None:
    likely = seen("pii-log", "l", data=("email",), confidence="likely")
    assert drawn(likely).into(box(drawn(likely), "Forge logs"))[0].likely == ("email",)
    both = drawn(likely, seen("pii-log", "s", data=("email",)))
    assert both.into(box(both, "Forge logs"))[0] == Edge("a1", box(both, "Forge logs").id, ("email",))


@pytest.mark.parametrize(
    ("category", "attributes", "label"),
    [
        ("pii-storage", {"store": "kvs"}, "Forge key-value storage"),
        ("credential-storage-secret", {"store": "secret"}, "Forge secret store"),
        ("cookie", {}, "Cookies"),
        ("public-exit", {}, "Anybody with the address"),
        ("egress-host", {"host_kind": "environment"}, "A host that a variable names"),
        ("tracking", {"vendor": "Mixpanel"}, "Mixpanel"),
    ],
)
def test_what_is_no_host_has_a_box(category: str, attributes: dict[str, str], label: str) -> None:
    host = "<environment:URL>" if "host_kind" in attributes else None
    flow = drawn(seen(category, attributes=attributes, host=host))
    assert [node.label for node in flow.of_kind("destination")] == [label]


def test_what_only_the_manifest_names_is_marked_and_a_call_takes_the_mark_away() -> None:
    unused = seen("unused-host", host="api.example.org")
    assert not box(drawn(unused), "api.example.org").seen
    assert box(drawn(unused, seen("egress-host", host="api.example.org")), "api.example.org").seen


def test_an_app_without_findings_shows_what_its_scopes_say() -> None:
    flow = drawn(scopes=(Scope("read:jira-work", 1), Scope("storage:app", 2), Scope("write:page:confluence", 3)))
    assert [node.label for node in flow.of_kind("source")] == ["Jira"]
    assert [node.label for node in flow.of_kind("destination")] == ["Confluence", "Forge key-value storage"]
    assert drawn().of_kind("destination") == ()


def test_a_store_that_no_rule_names_and_an_observation_of_no_app_are_not_lost() -> None:
    flow = drawn(seen("pii-storage", data=("email",)), seen("pii-log", "l", app="gone", data=("email",)))
    assert [node.label for node in flow.of_kind("destination")] == ["Forge logs", "A store"]


def test_what_the_manifest_alone_sends_is_seen_and_what_it_allows_is_not() -> None:
    rules = {"r": Rule("r", "observation", "manifest", "manifest", "")}
    both = (seen("pii-egress", "a", host="a.example.org", data=("email",)), seen("egress-host", "b", host="*"))
    one = app(manifest=Manifest("manifest.yml"))
    flow = graph(msgspec.structs.replace(report(both, apps=(one,)), rules=rules), ".")
    assert (box(flow, "a.example.org").seen, box(flow, "any host").seen) == (True, False)


def test_what_runs_elsewhere_is_no_part_on_forge() -> None:
    script = msgspec.structs.replace(seen("pii-log", data=("email",)), attributes={"path_kind": "helper"})
    flow = drawn(script)
    assert [(node.label, node.elsewhere) for node in flow.of_kind("part")] == [
        ("Back end", False),
        ("Scripts beside the app", True),
    ]
    assert re.search(r'subgraph beside\["Not on Forge"\]\n    a2\[', mermaid(flow))


@pytest.mark.parametrize("kind", ["rovo:agent", "rovo:action", "action", "llm"])
def test_modules_of_ai_are_atlassians_models(kind: str) -> None:
    (node,) = drawn(modules=(Module(kind, "m", 3),)).of_kind("destination")
    assert (node.label, node.lane, node.seen) == ("Atlassian's AI models", "atlassian", True)
    assert drawn(modules=(Module("jira:issuePanel", "m", 3),)).of_kind("destination") == ()


def installed(**about: str) -> DataFlow:
    rules = {"r": Rule("r", "observation", "dependency", "dependencies", "")}
    package = seen("tracking", "p", attributes={"package": "@sentry/core", "vendor": "Sentry", **about})
    one = app(manifest=Manifest("manifest.yml"))
    return graph(msgspec.structs.replace(report((package,), apps=(one,)), rules=rules), ".")


def test_a_package_without_a_use_is_a_footnote_and_no_box() -> None:
    flow = installed()
    assert flow.of_kind("destination") == ()
    assert flow.unused == ("Sentry",)
    assert "without a use that was seen: Sentry" in mermaid(flow)
    assert "without a use that was seen: Sentry" in " ".join(ElementTree.fromstring(svg(flow)).itertext())
    assert installed(vendor="Forge LLM").unused == ()


def test_a_package_whose_use_is_seen_is_no_footnote() -> None:
    used = seen("tracking", attributes={"vendor": "Sentry"})
    rules = {"d": Rule("d", "observation", "dependency", "dependencies", "")}
    package = seen("tracking", "p", rule="d", attributes={"vendor": "Sentry"})
    both = report((used, package), apps=(app(manifest=Manifest("manifest.yml")),))
    flow = graph(msgspec.structs.replace(both, rules=rules), ".")
    assert ([node.label for node in flow.of_kind("destination")], flow.unused) == (["Sentry"], ())


@pytest.mark.parametrize(("rule", "lane"), [("ai-forge-llm", "atlassian"), ("ai-elsewhere", "other")])
def test_ai_without_a_host_is_atlassians_only_where_the_rule_says_so(rule: str, lane: str) -> None:
    (node,) = drawn(seen("ai-processing", rule=rule)).of_kind("destination")
    assert node.lane == lane


def test_every_store_of_a_rule_has_a_place() -> None:
    stores = {rule.store for rule in catalogue().rules.values() if rule.store}
    assert stores <= places().places.keys()


def test_gaps_are_said_in_both_forms() -> None:
    one = app(manifest=Manifest("manifest.yml"), sources=(Source("a.js", ".", "javascript", b""),))
    flow = graph(
        report((), gaps=(Gap("a.js", "broken", "."), Gap("b.js", "broken", "other")), apps=(one, app(id="other"))), "."
    )
    assert flow.gaps == 1
    assert "1 thing could not be looked at" in mermaid(flow)
    assert "1 thing could not be looked at" in svg(flow)
    assert "could not be looked at" not in svg(drawn())


def test_another_app_is_an_error_that_names_those_there() -> None:
    with pytest.raises(UsageError, match=r"no app 'x'.*'\.'"):
        graph(report(), "x")


# ---------------------------------------------------------------- how it looks

HOSTILE = (
    "end",
    'a"]',
    "<b>x</b>",
    "`x`",
    "%% x",
    "a --> b",
    "subgraph x",
    "1. x",
    "- x",
    "\n  end\n",
    "x:::vendor",
    "#35;",
)
NAMES = (
    st.text(st.characters(), max_size=60) | st.text('ab.-W日"#`<&;]|\u202e\n', max_size=80) | st.sampled_from(HOSTILE)
)
FLOWS = st.lists(st.tuples(NAMES, st.sampled_from(list(places().lanes)), NAMES), max_size=25).map(
    lambda boxes: DataFlow(
        ".",
        "".join(name for name, _, _ in boxes[:3]),
        (
            Node("s1", "source", "Jira"),
            Node("a1", "part", "Back end", ("Forge functions",)),
            *(Node(f"d{n}", "destination", name, (note,), lane) for n, (name, lane, note) in enumerate(boxes)),
        ),
        tuple(Edge("a1", f"d{n}", ("email",), ("credential",), ("Jira",)) for n in range(len(boxes))),
        gaps=len(boxes) % 2,
    )
)


@settings(max_examples=40, deadline=None)
@given(FLOWS)
def test_no_text_leaves_the_picture_or_touches_another(flow: DataFlow) -> None:
    root = ElementTree.fromstring(svg(flow))
    boxes = []
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        style = text.get("class", "").split()[0]
        bold, size = style in ("title", "head", "label", "data"), {"title": 16, "head": 13, "label": 13}.get(style, 12)
        x, y = float(text.get("x", "")), float(text.get("y", ""))
        boxes.append((x, y - size * 0.8, x + width(text.text or "", size, bold=bold), y + size * 0.2))
    height = float(root.get("height", ""))
    assert all(left >= 0 and right <= WIDTH and top >= 0 and bottom <= height for left, top, right, bottom in boxes)
    boxes.sort(key=lambda box: box[1])
    for one, box_ in enumerate(boxes):
        for other in boxes[one + 1 : one + 8]:
            apart = other[1] >= box_[3] or other[0] >= box_[2] or box_[0] >= other[2]
            assert apart, (box_, other)


def hosts(count: int, **fields: Any) -> tuple[Node, ...]:
    named = (Node(f"d{n}", "destination", f"h{n}.example", lane="vendor", is_host=True, **fields) for n in range(count))
    return tuple(named)


def with_hosts(nodes: tuple[Node, ...], data: tuple[str, ...] = ()) -> DataFlow:
    part = Node("a1", "part", "Back end")
    return DataFlow(".", "x", (part, *nodes), tuple(Edge("a1", node.id, data) for node in nodes))


def test_many_hosts_of_which_the_same_is_said_share_a_box_that_names_each() -> None:
    flow = with_hosts(hosts(30, untold="no personal data seen"))
    (one,) = boxes(flow, flow.of_kind("destination"))
    assert one.label == "30 hosts"
    for drawing in (svg(flow), mermaid(flow)):
        assert all(f"h{n}.example" in drawing for n in range(30))
    assert mermaid(flow).count(" --> ") + mermaid(flow).count(" -->|") == 1


def test_few_hosts_have_a_box_each_and_so_have_those_of_which_different_things_are_said() -> None:
    few = with_hosts(hosts(FEW))
    assert len(boxes(few, few.of_kind("destination"))) == FEW
    different = tuple(msgspec.structs.replace(node, notes=(node.id,)) for node in hosts(MANY))
    assert len(boxes(with_hosts(different, ("email",)), different)) == MANY


def test_of_very_many_those_that_get_data_keep_their_box() -> None:
    nodes = tuple(msgspec.structs.replace(node, notes=(node.id,), untold="none") for node in hosts(MANY + 5))
    flow = with_hosts(nodes)
    first = msgspec.structs.replace(flow.edges[0], data=("email",))
    flow = msgspec.structs.replace(flow, edges=(first, *flow.edges[1:]))
    alone, rest = boxes(flow, nodes)
    assert (len(alone.nodes), len(rest.nodes)) == (1, MANY + 4)
    assert "h7.example (d7)" in rest.names()[0]


@settings(max_examples=60, deadline=None)
@given(FLOWS)
def test_no_box_and_no_name_is_lost_by_folding(flow: DataFlow) -> None:
    for nodes in flow.lanes().values():
        found = boxes(flow, nodes)
        assert sorted(node.id for box in found for node in box.nodes) == sorted(node.id for node in nodes)
        assert all(node.label in box.label or node.label in box.names()[0] for box in found for node in box.nodes)
        reached = {data for box in found for edge in box.edges for data in (*edge.data, *edge.likely)}
        assert reached == {data for node in nodes for edge in flow.into(node) for data in (*edge.data, *edge.likely)}


QUOTED = r'"(?:[A-Za-z0-9 ,()/.:\'-]|#\d+;|<br/>)*"'
MERMAID = re.compile(
    "|".join(
        (
            "flowchart LR",
            r"  acc(?:Title|Descr): [^\n]*",
            rf"  subgraph (?:sources|app|beside|lane_[a-z]+)\[{QUOTED}\]",
            rf"    ?  ?[sad]\d+\[{QUOTED}\]:::[a-z]+",
            rf"  note\d\[{QUOTED}\]:::neutral",
            "  end",
            rf"  [sad]\d+ (?:-->|-\.->)(?:\|{QUOTED}\|)? [sad]\d+",
            r"  classDef [a-z]+ [a-z-]+:[^\n\"\[]*",
            "  class [a-z_,]+ group",
        )
    )
)
"""The lines of which a drawing consists: all that Mermaid's grammar is asked to read."""


@settings(max_examples=60, deadline=None)
@given(FLOWS)
def test_every_line_is_one_that_mermaid_reads(flow: DataFlow) -> None:
    for line in mermaid(flow).splitlines():
        assert MERMAID.fullmatch(line), line


@settings(max_examples=60, deadline=None)
@given(FLOWS)
def test_no_name_is_markup_in_mermaid(flow: DataFlow) -> None:
    for line in mermaid(flow).splitlines():
        for quoted in re.findall(r'"([^"]*)"', line):
            assert re.fullmatch(r"(?:[A-Za-z0-9 ,()/.:'-]|#\d+;|<br/>)*", quoted)
            assert not re.match(r"[-.]|\d\d?[.)]", quoted)
        assert line.count('"') in (0, 2)


@settings(deadline=None)
@given(st.text(st.characters(), max_size=80), st.integers(30, 400))
def test_wrapping_loses_no_letter(said: str, room: int) -> None:
    shown = printable(said)
    lines = wrap(shown, room, 12)
    assert "".join("".join(lines).split()) == "".join(shown.split())
    assert all(width(line, 12) <= room for line in lines if len(line) > 1)


def test_it_is_a_picture_with_a_name_and_a_description() -> None:
    root = ElementTree.fromstring(svg(drawn(seen("cookie"))))
    title, desc = root[0], root[1]
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == "Data flow of Progress Board"
    assert "Cookies" in (desc.text or "")


def test_pictures_of_two_apps_share_no_id() -> None:
    first = drawn()
    ids = [re.findall(r' id="([^"]+)"', svg(msgspec.structs.replace(first, app=name))) for name in ("a", "b")]
    assert len({*ids[0], *ids[1]}) == 4


def test_a_hostile_repository_draws_no_markup() -> None:
    hostile: Report = hostile_report()
    for each in hostile.subject.apps:
        picture = svg(graph(hostile, each.id))
        assert "<img" not in picture
        ElementTree.fromstring(picture)
        assert "<img" not in mermaid(graph(hostile, each.id))


def test_nothing_is_said_of_data_that_is_not_followed() -> None:
    backend = box(drawn(seen("remote-backend", host="x.example.org")), "x.example.org")
    assert not any("no personal data" in note for note in backend.notes)
    assert backend.untold == "not followed"
    called = box(drawn(seen("egress-host", host="x.example.org")), "x.example.org")
    assert called.untold == "no personal data seen"
