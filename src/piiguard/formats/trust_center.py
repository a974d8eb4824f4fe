"""The parts of a Trust Center document as the code says they are: app overview, data flow, subprocessors.

`patch` puts them into the vendor's own Markdown, and changes nothing else: a part stands between markers, or where the
document has its table now. Cells that only a person can fill are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from piiguard.formats import overview
from piiguard.formats.diagram import DataFlow, graph, mermaid
from piiguard.formats.diagram.dataflow import Node
from piiguard.formats.diagram.places import LaneId, places
from piiguard.formats.diagram.sketch import ANYWHERE
from piiguard.formats.diagram.words import LEGEND, incomplete, legend, reaching
from piiguard.formats.markdown import code, escape
from piiguard.formats.markdown_parts import Drawing, Part, Table, is_name, patch
from piiguard.model import DATA_CLASSES, App, Observation, Report, Verdict
from piiguard.trustcenter import OPEN

__all__ = ["drawn", "has_form_of_drawing", "parts", "patch", "render"]

TYPES: dict[LaneId, str] = {
    "customer": "Customer-configured",
    "subprocessor": "Subprocessor",
    "vendor": "Operated by the vendor",
    "other": "To be stated",
}
"""Lane -> type of the service, in the words of a table of subprocessors."""
PRODUCTS = {
    "jira": "Jira Cloud",
    "jiraServiceManagement": "Jira Service Management Cloud",
    "confluence": "Confluence Cloud",
    "bitbucket": "Bitbucket Cloud",
    "compass": "Compass",
}
"""Prefix of a module in the manifest -> the product that it is for."""
UNSEEN = "Allowed by the manifest; no call seen"
_TAKES = "- Takes data from: "
_INCOMPLETE = re.compile(r"- [\d,]+ things? could not be looked at: something may be missing here")
_STORED = ("pii-storage", "browser-storage")
_PERSONAL = ("direct", "pseudonymous", "content")


def render(report: Report, names: Mapping[str, str] | None = None) -> str:
    """The parts alone, each under its heading and between its markers. Ends in a newline."""
    return patch("", parts(report, names)) + "\n"


def parts(report: Report, names: Mapping[str, str] | None = None) -> tuple[Part, ...]:
    """The three parts for all apps of the report. `names`: app id -> how the document calls the app."""
    apps = [(app, (names or {}).get(app.id) or app.name or app.id) for app in report.subject.apps]
    flows = {app.id: graph(report, app.id) for app, _ in apps}
    return (
        Part("app-overview", Table(tuple(_overview(report, app, name, flows[app.id]) for app, name in apps))),
        Part("data-flow", tuple(Drawing(escape(name), _flow(name, flows[app.id])) for app, name in apps)),
        Part("subprocessors", Table((_atlassian(flows.values()), *_services(apps, flows)))),
    )


# ---------------------------------------------------------------- overview


def _overview(report: Report, app: App, name: str, flow: DataFlow) -> dict[str, str]:
    return {
        "app": escape(name),
        "platform": ", ".join(_platforms(app)) or OPEN,
        "stores": _stores(report, app),
        "calls": _calls(flow),
        "policy": OPEN,
    }


def _platforms(app: App) -> Iterator[str]:
    prefixes = {module.kind.partition(":")[0] for module in app.manifest.modules}
    yield from (product for prefix, product in PRODUCTS.items() if prefix in prefixes)


def _stores(report: Report, app: App) -> str:
    """`No` only where the claim is supported and nothing personal was seen to be stored, allowed or not."""
    stored = [each for each in overview.of_app(report, app) if each.category in _STORED]
    seen = sorted({name for each in stored for name in _personal(each)})
    verdict = _verdict(report, app, "overview-stores-no-pii")
    if seen:
        return f"Yes: {', '.join(name.replace('-', ' ') for name in seen)}"
    if verdict is None or verdict.answer in ("not-shown", "missing", "contradicted"):
        return f"{OPEN}: the code does not show it"
    return f"{OPEN}: the code shows none" if verdict.answer == "not-applicable" else "No"


def _personal(observation: Observation) -> Iterator[str]:
    return (name for name in observation.data if DATA_CLASSES.get(name) in _PERSONAL)


def _verdict(report: Report, app: App, claim: str) -> Verdict | None:
    found = (each for each in report.judgement.verdicts if (each.app, each.claim) == (app.id, claim))
    return next(found, None)


def _calls(flow: DataFlow) -> str:
    """Services by who runs them; `None` only where everything could be looked at."""
    told = []
    for lane, nodes in _called(flow).items():
        names = {_named(node): None for node in nodes if node.seen}
        told += [f"{TYPES[lane]}: {', '.join(names)}"] if names else []
    unseen = {_named(node): None for nodes in _called(flow).values() for node in nodes if not node.seen}
    told += [f"{UNSEEN}: {', '.join(unseen)}"] if unseen else []
    if told:
        return "; ".join(told)
    return f"{OPEN}: none was seen, but not everything could be looked at" if flow.gaps else "None"


def _called(flow: DataFlow) -> dict[LaneId, tuple[Node, ...]]:
    """What the app calls outside Atlassian; of what it only may call, the hosts."""
    lanes = {
        lane: tuple(node for node in nodes if node.service and (node.seen or node.is_host))
        for lane, nodes in flow.lanes().items()
        if lane in TYPES
    }
    return {lane: nodes for lane, nodes in lanes.items() if nodes}


def _named(node: Node) -> str:
    """The name of the service; a host that nobody's name is known for, as code."""
    if node.service == ANYWHERE:
        return f"{code(ANYWHERE)} (any host)"
    return code(node.label) if node.is_host and node.service == node.label else escape(node.service)


# ---------------------------------------------------------------- data flow


def _flow(name: str, flow: DataFlow) -> tuple[str, ...]:
    """Drawing and words, line by line."""
    drawing = mermaid(msgspec.structs.replace(flow, name=name))
    sources = ", ".join(escape(node.label) for node in flow.of_kind("source")) or "nothing that was seen"
    said = [f"{_TAKES}{sources}"]
    for lane, nodes in flow.lanes().items():
        said.append(f"- {places().lanes[lane].title}: {', '.join(_reached(flow, node) for node in nodes)}")
    said += [f"- {incomplete(flow)}"] if flow.gaps else []
    return (f"**{escape(name)}**", "", "```mermaid", *drawing.splitlines(), "```", "", *said, "", legend(flow))


def drawn(report: Report, app: str, name: str) -> Drawing:
    """The drawing of one app. `name`: how the document calls it."""
    return Drawing(escape(name), _flow(name, graph(report, app)))


def has_form_of_drawing(line: str) -> bool:
    """Whether a line between the markers of the data flow could be one that `render` wrote, whatever it names."""
    beginnings = (_TAKES, LEGEND, *(f"- {lane.title}: " for lane in places().lanes.values()))
    return line.startswith(beginnings) or bool(_INCOMPLETE.fullmatch(line)) or is_name(line)


def _reached(flow: DataFlow, node: Node) -> str:
    said = reaching(flow.into(node)) if node.seen else "not called"
    label = code(node.label) if node.is_host else escape(node.label)
    return f"{label} ({said})" if said else label


# ---------------------------------------------------------------- subprocessors


def _atlassian(flows: Iterable[DataFlow]) -> dict[str, str]:
    used = {node.label: None for flow in flows for node in flow.lanes().get("atlassian", ()) if not node.is_host}
    return {
        "app": "All apps",
        "service": "Atlassian",
        "purpose": escape(", ".join(("Forge runtime", *sorted(used)))),
        "type": "Mandatory",
        "place": "Per your Atlassian instance region",
    }


def _services(apps: Iterable[tuple[App, str]], flows: Mapping[str, DataFlow]) -> Iterator[dict[str, str]]:
    """A row for each service of an app."""
    for app, name in apps:
        called = _called(flows[app.id])
        for lane, nodes in called.items():
            place = "Per provider / customer account" if lane == "customer" else OPEN
            services = {_named(node): node for node in reversed(nodes)}
            for service, node in reversed(services.items()):
                purpose = (escape(node.purpose) or OPEN) if node.seen else UNSEEN
                yield _service(name, service, purpose[:1].upper() + purpose[1:], TYPES[lane], place)
        if not called and flows[app.id].gaps:
            yield _service(name, OPEN, "None was seen, but not everything could be looked at", OPEN, OPEN)
        elif not called:
            yield _service(name, "None", "No external calls", "—", "—")


def _service(app: str, service: str, purpose: str, kind: str, place: str) -> dict[str, str]:
    return {"app": escape(app), "service": service, "purpose": purpose, "type": kind, "place": place}
