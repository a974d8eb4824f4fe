"""Whom a document speaks of: the vendor and its apps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from piiguard.claims.document.normal import Names
from piiguard.trustcenter import Block, Table

_PRODUCT = (
    r"(?:Jira(?: Service Management| Software| Cloud)?|JSM|Confluence(?: Cloud)?|Bitbucket(?: Cloud)?"
    r"|Compass|Trello|Rovo|Atlassian)"
)
_WORD = r"(?:[A-Z0-9][\w'.+-]*|&)"
_APP = re.compile(
    rf"(?P<short>{_WORD}(?: (?:{_WORD}|of|and|the|for(?! {_PRODUCT}))){{0,4}}?)(?P<product> for {_PRODUCT})(?!\w)"
)
_APP_LABEL = re.compile(r"^(?:app|app name|application|product|add-?on|name of the app)$", re.I)
_POLICY_OF = re.compile(
    r"^(?:privacy (?:policy|statement|notice)|security (?:policy|statement)|trust cent(?:er|re)"
    r"|data handling(?: sheet)?)\s*(?:for|of|:|[-–—])\s+(?:the )?(.{2,60})$",
    re.I,
)
_VENDOR_LABEL = re.compile(r"^(?:vendor|publisher|company|developer|partner|provider)$", re.I)
_NAME = r"(?P<name>[A-Z][\w&'-]*(?: (?:[A-Z&][\w&'-]*)){0,3})"
_VENDORS = (
    re.compile(rf"\b(?:published|developed|operated|provided|made|built|offered|controlled)(?: and \w+)? by {_NAME}"),
    re.compile(
        rf"^{_NAME},? (?:is|are) (?:an?|the) (?:\w+[ -]){{0,3}}(?:atlassian|marketplace|vendor|developer"
        rf"|company|studio|software|partner|publisher)",
        re.I,
    ),
    re.compile(rf"\b{_NAME},? \([\"']?(?:we|us|our)[\"'),]"),
    re.compile(
        rf"\b(?:[Aa]pps|[Ss]ecurity and privacy|[Pp]rivacy|[Tt]rust [Cc]ent(?:er|re)) (?:at|by|of|from) {_NAME}"
    ),
    re.compile(rf"^At {_NAME},"),
)
_NO_NAME = re.compile(
    r"^(?:The|This|Our|We|It|Apps?|All|Atlassian|Jira|Confluence|Forge|Any|Each|These|You|Your|Privacy|Security|Data|Terms|No|Cloud|AWS|I|Administrators?|Users?|Customers?|Marketplace)\b"
)
_STOP = re.compile(
    r"^(?:The|This|That|Our|We|About|Welcome|Using|With|When|In|On|At|And|But|To|From|Of|Both|Neither|Each|All|Apps?|An?|Is|Are|It|These|Privacy|Policy|Security|Statement|Cloud|Questions|Answers|Meet)$"
)


def names_of(parts: Iterable[Block | Table], known: Iterable[str] = ()) -> Names:
    """The vendor and the apps. `known`: names of apps that the caller knows."""
    parts = tuple(parts)
    vendor = _vendor(parts)
    apps = list(dict.fromkeys([*known, *(app for app in _apps(parts) if app not in vendor)]))
    full = [app for app in apps if not any(app != other and _is_short_for(app, other) for other in apps)]
    short = {app: app for app in full}
    for app in full:
        bare = re.sub(rf" for {_PRODUCT}$", "", app)
        if len(bare) > 3:
            short.setdefault(bare, app)
        for other in apps:
            if _is_short_for(other, app):
                short.setdefault(other, app)
    return Names(vendor, tuple(full), short)


def _is_short_for(short: str, full: str) -> bool:
    return len(short) > 3 and full.lower().startswith(f"{short.lower()} ")


def _apps(parts: tuple[Block | Table, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Table):
            yield from _apps_of_table(part)
            continue
        if part.label and _APP_LABEL.match(part.label):
            yield part.body.text.strip(" .")
        titles = [heading.title for heading in part.headings]
        for title in titles:
            policy = _POLICY_OF.match(title)
            if policy and not _NO_NAME.match(policy[1]):
                yield re.split(r"\s*[(,]", policy[1])[0].strip()
        for text in (*titles, part.label, part.body.text):
            for found in _APP.finditer(text):
                name = _trimmed(found["short"])
                if name:
                    yield name + found["product"]


def _trimmed(name: str) -> str:
    words = name.split()
    while words and (_STOP.match(words[0]) or words[0] == "&"):
        words.pop(0)
    return " ".join(words) if words and not _NO_NAME.match(" ".join(words)) else ""


def _apps_of_table(table: Table) -> Iterator[str]:
    for cell in table.header:
        for found in _APP.finditer(cell):
            yield found[0]
    column = next(
        (
            index
            for index, cell in enumerate(table.header)
            if re.match(r"^(?:apps?|app name|used by|products?|application)$", cell.strip(), re.I)
        ),
        None,
    )
    if column is None:
        return
    for row in table.rows:
        name = row.cells[column].strip(" .*") if column < len(row.cells) else ""
        if 2 < len(name) < 60 and not re.match(r"^(?:all|every|none|both|any)\b", name, re.I):
            yield from (part.strip() for part in re.split(r"\s*(?:,|/|;)\s*", name) if len(part.strip()) > 2)


def _vendor(parts: tuple[Block | Table, ...]) -> tuple[str, ...]:
    found: Counter[str] = Counter()
    for part in parts:
        if isinstance(part, Table):
            continue
        if part.label and _VENDOR_LABEL.match(part.label):
            found[re.split(r"\s*[,(]", part.body.text)[0].strip()] += 10
        for text in (part.body.text, *(heading.title for heading in part.headings[-1:])):
            for pattern in _VENDORS:
                for match in pattern.finditer(text):
                    name = match["name"].strip(" .,'")
                    if not _NO_NAME.match(name) and not name.endswith((" Forge", " Jira")):
                        found[name] += 1
    chosen = [name for name, _ in found.most_common(2) if len(name) > 2]
    if len(chosen) == 2 and not (chosen[1] in chosen[0] or chosen[0] in chosen[1]):
        chosen = chosen[:1]
    return tuple(sorted(chosen, key=len, reverse=True))
