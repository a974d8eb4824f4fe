"""HTML pages of Custom UI and style sheets: what they load from other hosts, and which trackers they start.

Links that a user follows are no loads, and comments are skipped. Whether the manifest allows a host is decided later
from the mark's host and its attribute `channel`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from piiguard.engines.html_tags import Content, tags
from piiguard.facts import egress, hosting, trackers
from piiguard.model import EngineReport, Location, Mark, Rule, Source, Subject

_DOCS = ("https://developer.atlassian.com/platform/forge/manifest-reference/permissions/",)
_LOAD_WHY = "Each visitor's browser sends its address and the page's origin to the host."
_LOAD_FIX = "Ship the file with the app."
_TRACK_WHY = "The page reports its visitors to a third party."
_TRACK_FIX = "Remove it, or name the vendor and what it receives in the published promises."


def _rule(rule_id: str, category: str, title: str, why: str, fix: str, *, sure: bool = True) -> Rule:
    return Rule(
        id=rule_id,
        role="observation",
        engine="text",
        topic="markup",
        title=title,
        category=category,
        confidence="sure" if sure else "likely",
        why=why,
        fix=fix,
        references=_DOCS,
    )


SCRIPT = _rule("html-external-script", "egress-host", "Page runs a script from another host", _LOAD_WHY, _LOAD_FIX)
RESOURCE = _rule("html-external-resource", "egress-host", "Page loads a file from another host", _LOAD_WHY, _LOAD_FIX)
STYLE = _rule("css-external-resource", "egress-host", "Style sheet loads from another host", _LOAD_WHY, _LOAD_FIX)
PIXEL = _rule("html-pixel", "tracking", "Page loads an invisible image from another host", _TRACK_WHY, _TRACK_FIX)
TRACKER = _rule("html-tracker", "tracking", "Page names the host of a tracker", _TRACK_WHY, _TRACK_FIX)
TRACKER_CALL = _rule(
    "html-tracker-call", "tracking", "Page calls the snippet of a tracker", _TRACK_WHY, _TRACK_FIX, sure=False
)
RECORDER = _rule("html-recorder", "session-recording", "Page starts a session recorder", _TRACK_WHY, _TRACK_FIX)
INSECURE = _rule(
    "html-insecure-resource",
    "insecure-transport",
    "Page loads a file without transport encryption",
    "What is loaded can be read and changed on the way.",
    "Use https://.",
)
RULES: tuple[Rule, ...] = (SCRIPT, RESOURCE, STYLE, PIXEL, TRACKER, TRACKER_CALL, RECORDER, INSECURE)

_LOADS: dict[tuple[str, str], str] = {
    ("audio", "src"): "media",
    ("embed", "src"): "frames",
    ("frame", "src"): "frames",
    ("iframe", "src"): "frames",
    ("image", "href"): "images",
    ("img", "src"): "images",
    ("img", "srcset"): "images",
    ("input", "src"): "images",
    ("object", "data"): "frames",
    ("script", "src"): "scripts",
    ("source", "src"): "media",
    ("source", "srcset"): "images",
    ("track", "src"): "media",
    ("video", "poster"): "images",
    ("video", "src"): "media",
}
"""(tag, attribute) -> the channel through which the browser loads it."""
_LINKS: dict[str, str] = {
    "apple-touch-icon": "images",
    "icon": "images",
    "manifest": "fetch",
    "modulepreload": "scripts",
    "stylesheet": "styles",
}
"""`rel` of a `<link>` -> channel. `preload` and `prefetch` say it in `as`; `preconnect` loads nothing."""
_AS: dict[str, str] = {"font": "fonts", "image": "images", "script": "scripts", "style": "styles", "video": "media"}

_ABSOLUTE = re.compile(r"^(?:(?:https?|wss?):)?//", re.IGNORECASE)
_HOST_IN_SCRIPT = re.compile(r"(?<![\w:])(?:(?:https?|wss?):)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
_CALL_IN_SCRIPT = re.compile(r"(?<![\w$.])(?:window\.)?([A-Za-z_$][\w$]{2,40})(?:\.\w+)?\s*\(")
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_TOKEN = re.compile(
    r"@import\s+(?:url\(\s*)?[\"']?(?P<import>(?:https?:)?//[^\"')\s;]+)"
    r"|url\(\s*[\"']?(?P<url>(?:https?:)?//[^\"')\s]+)"
    r"|@font-face|\}",
    re.IGNORECASE,
)
_TINY = re.compile(r"\s*[01](?:px)?\s*")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?<![\w-])(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$)"
)


class _Found(NamedTuple):
    """A place in a file: line and column are 1-based."""

    line: int
    column: int
    rule: Rule
    host: str
    attributes: tuple[tuple[str, str], ...]


def run(subject: Subject) -> EngineReport:
    """The marks of every HTML and CSS source of every app.

    A page that no front end shows (side) may be mailed, or answer a web trigger: then nobody's browser need load it.
    """
    return EngineReport(marks=tuple(mark for app in subject.apps for source in app.sources for mark in _marks(source)))


def _marks(source: Source) -> Iterator[Mark]:
    reader = {"html": _in_page, "css": _in_style_sheet}.get(source.language)
    for found in sorted(set(reader(source.text.decode("utf-8", errors="replace"))), key=_order) if reader else ():
        yield Mark(
            location=Location(source.path, found.line, found.column),
            rule=found.rule.id,
            app=source.app,
            message=f"{found.rule.title}: {found.host}",
            host=found.host,
            attributes=dict(found.attributes) | ({} if source.side == "frontend" else {"path_kind": "template"}),
        )


def _order(found: _Found) -> tuple[int, int, str, str]:
    return found.line, found.column, found.rule.id, found.host


def _in_page(text: str) -> Iterator[_Found]:
    line, column, reached = 1, 1, 0
    for item in tags(text):
        line, column = _advance(text[reached : item.offset], line, column)
        reached = item.offset
        if not isinstance(item, Content):
            yield from _in_tag(item.name, item.attributes, line, column)
        elif item.element == "style":
            yield from _in_style_sheet(item.text, line, column)
        elif item.element == "script":
            yield from _in_script(item.text, line, column)


def _in_style_sheet(text: str, line: int = 1, column: int = 1) -> Iterator[_Found]:
    """Loads of a style sheet that starts at the given place."""
    code = _CSS_COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), text)
    in_font = False
    for found, at_line, at_column in _placed(code, _CSS_TOKEN, line, column):
        url = found["import"] or found["url"]
        if url is None:
            in_font = found[0] != "}"
        else:
            channel = "styles" if found["import"] else "fonts" if in_font else "images"
            yield from _load(at_line, at_column, url, channel, STYLE)


def _placed(text: str, pattern: re.Pattern[str], line: int, column: int) -> Iterator[tuple[re.Match[str], int, int]]:
    """Each match with its line and column, for a text that starts at the given place."""
    reached = 0
    for found in pattern.finditer(text):
        line, column = _advance(text[reached : found.start()], line, column)
        reached = found.start()
        yield found, line, column


def _advance(passed: str, line: int, column: int) -> tuple[int, int]:
    """The place behind the text `passed`, which starts at the given place."""
    breaks = passed.count("\n")
    return line + breaks, len(passed) - passed.rfind("\n") if breaks else column + len(passed)


def _load(line: int, column: int, url: str, channel: str, rule: Rule) -> Iterator[_Found]:
    """What loading an absolute URL means: an egress host, perhaps a tracker, perhaps without encryption."""
    host = hosting.host_of(url) if _ABSOLUTE.match(url) else None
    if host is None or host == "localhost" or egress.is_atlassian(host):
        return
    attributes = (("channel", channel), ("host_kind", "constant"))
    yield _Found(line, column, rule, host, attributes)
    if url.lower().startswith("http:"):
        yield _Found(line, column, INSECURE, host, attributes)
    yield from _tracker(line, column, host, channel)


def _tracker(line: int, column: int, host: str, channel: str) -> Iterator[_Found]:
    tracker = trackers.by_host(host)
    if tracker is not None:
        rule = RECORDER if tracker.kind == "session-recording" else TRACKER
        about = (("vendor", tracker.vendor), ("kind", tracker.kind), ("channel", channel))
        yield _Found(line, column, rule, host, about)


def _tracker_calls(script: str, line: int, column: int) -> Iterator[_Found]:
    """The first call of each tracker's global name."""
    seen: set[str] = set()
    for call, at_line, at_column in _placed(script, _CALL_IN_SCRIPT, line, column):
        tracker = trackers.by_global(call[1])
        if tracker is not None and tracker.vendor not in seen and tracker.hosts:
            seen.add(tracker.vendor)
            about = (("vendor", tracker.vendor), ("kind", tracker.kind), ("global", call[1]))
            yield _Found(at_line, at_column, TRACKER_CALL, tracker.hosts[0], about)


def _in_script(script: str, line: int, column: int) -> Iterator[_Found]:
    for named, at_line, at_column in _placed(script, _HOST_IN_SCRIPT, line, column):
        yield from _tracker(at_line, at_column, named[1].lower(), "scripts")
    yield from _tracker_calls(script, line, column)


def _in_tag(tag: str, values: dict[str, str], line: int, column: int) -> Iterator[_Found]:
    for url, channel in _loads(tag, values):
        yield from _load(line, column, url, channel, SCRIPT if tag == "script" else RESOURCE)
        host = hosting.host_of(url) if _ABSOLUTE.match(url) else None
        if tag == "img" and host and _invisible(values) and not egress.is_atlassian(host):
            yield _Found(line, column, PIXEL, host, (("kind", "pixel"), ("channel", "images")))
    yield from _in_style_sheet(values.get("style", ""), line, column)


def _loads(tag: str, values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The URLs that a tag loads, each with its channel."""
    for name, value in values.items():
        channel = _LOADS.get((tag, name))
        if channel and name == "srcset":
            yield from ((candidate.split()[0], channel) for candidate in value.split(",") if candidate.split())
        elif channel:
            yield value, channel
    if tag == "link":
        channels = (_link_channel(rel, values.get("as", "")) for rel in values.get("rel", "").lower().split())
        channel = next((found for found in channels if found), None)
        if channel:
            yield values.get("href", ""), channel


def _link_channel(rel: str, loaded_as: str) -> str | None:
    return _AS.get(loaded_as.lower()) if rel in ("preload", "prefetch") else _LINKS.get(rel)


def _invisible(values: dict[str, str]) -> bool:
    sizes = [values[name] for name in ("width", "height") if name in values]
    return (len(sizes) == 2 and all(_TINY.fullmatch(size) for size in sizes)) or bool(
        _HIDDEN.search(values.get("style", "").lower())
    )
