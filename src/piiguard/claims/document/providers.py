"""Which services a text names, and the hosts that they are called at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from piiguard.claims.policy import Host
from piiguard.facts.providers import Provider, providers
from piiguard.trustcenter import OPEN, Cell

_NONE = re.compile(
    r"^\W*(?:none|no|n/?a|not applicable|nothing|keine|never)?\W*(?:$|\(|[—–-] |no external|other than atlassian)", re.I
)
_CUSTOMER = re.compile(
    r"\bbyok\b|bring[- ]your[- ]own|\bcustomer[- ](?:configured|provided|supplied|managed)"
    r"|\byour own\b|\buser[- ]configured|\byou (?:configure|provide)"
    r"|\byour (?:git|ai|\w+) provider|\boptional, configured by",
    re.I,
)
_SPLIT = re.compile(r"\s*(?:/|,|;|&|\band\b|\bor\b|\+|\n|\||\(|\)|—|–)\s*", re.I)
_LISTED = re.compile(r"[A-Z0-9][\w.+-]*(?:\s+[A-Z0-9][\w.+-]*){0,3}")
_FILE = r"(?:ya?ml|jsx?|tsx?|json|md|html?|txt|pdf|py|csv|docx?|png|svg)"
_HOST = re.compile(rf"(?<![\w.@*-])(?:\*\.)?(?:[a-z0-9-]+\.)+(?!{_FILE}\b)[a-z]{{2,24}}(?![\w.-])")
"""A host, written out; `*.` at its start: every name below it. Names of files look alike."""
_ATLASSIAN = re.compile(r"^(?:the )?(?:atlassian|forge|jira|confluence)\b", re.I)
_GENERIC = re.compile(
    r"^(?:(?:ltd|llc|inc|gmbh|corp|limited|pty|plc|bv|ag|sas|srl)\b|your|the|via|using|own|credentials?|customer|per|none|no|git|ai|api|provider|n/a|all|byok|bring|mandatory|optional|external|third)",
    re.I,
)


@cache
def provider_words() -> re.Pattern[str]:
    """Every service that running text can name, as one expression; its last group is the kind."""
    parts = []
    for kind, chosen in (
        ("ai", lambda each: each.kind == "ai"),
        ("tracker", lambda each: each.kind in ("tracker", "logs")),
        ("cloud", lambda each: each.kind == "cloud"),
        (
            "other",
            lambda each: (
                each.kind not in ("ai", "tracker", "logs", "cloud") and each.name not in ("Bitbucket", "Trello")
            ),
        ),
    ):
        names = sorted(
            (name for each in providers() if chosen(each) and each.telling for name in each.spellings), key=len
        )
        parts.append(f"(?P<{kind}>{'|'.join(re.escape(name) for name in reversed(names))})")
    return re.compile(rf"(?<![\w.@-])(?:{'|'.join(parts)})(?![\w@-])")


class Directory:
    """Names of services and their hosts: the shipped table, and the vendor's own from piiguard.yaml."""

    def __init__(self, hosts: Iterable[Host] = ()) -> None:
        own: dict[str, list[str]] = {}
        for host in hosts:
            if host.name:
                own.setdefault(host.name, []).append(host.pattern)
        mine = tuple(Provider(name, "api", tuple(patterns)) for name, patterns in own.items())
        self._providers = (*mine, *providers())
        self._by_name = {name.lower(): each for each in reversed(self._providers) for name in each.spellings}

    def named(self, text: str) -> tuple[Provider, ...]:
        """The services that a text names, in its order; the longest name wins."""
        found: list[tuple[int, int, Provider]] = []
        for name, provider in self._by_name.items():
            for match in re.finditer(rf"(?<![\w.@]){re.escape(name)}(?![\w@])", text, re.IGNORECASE):
                if provider.telling or not _in_a_name(text, match):
                    found.append((match.start(), match.end(), provider))
        found.sort(key=lambda each: (each[0], -each[1]))
        kept: list[tuple[int, int, Provider]] = []
        for each in found:
            if not kept or each[0] >= kept[-1][1]:
                kept.append(each)
        return tuple(dict.fromkeys(provider for _, _, provider in kept))

    def get(self, name: str) -> Provider | None:
        """The service of this name."""
        return self._by_name.get(name.lower())

    def of_host(self, host: str) -> tuple[Provider, ...]:
        """The services that a host stands for."""
        return tuple(each for each in self._providers if any(fnmatchcase(host, pattern) for pattern in each.hosts))

    def cell(self, text: str) -> Cell:
        """What a table's cell says about services."""
        known = self.named(text)
        rest = text
        for provider in known:
            for name in sorted(provider.spellings, key=len, reverse=True):
                rest = re.sub(re.escape(name), "/", rest, flags=re.IGNORECASE)
        parts = [part.strip(" .:*") for part in _SPLIT.split(rest)]
        unknown = tuple(
            dict.fromkeys(
                part
                for part in parts
                if _LISTED.fullmatch(part)
                and not part.isdigit()
                and not _ATLASSIAN.match(part)
                and not _GENERIC.match(part)
            )
        )
        return Cell(
            tuple(each.name for each in known),
            none=not known and not unknown and bool(_NONE.match(text)),
            customer=bool(_CUSTOMER.search(text)),
            unknown=unknown,
            hosts=tuple(dict.fromkeys(_HOST.findall(text))),
            open=OPEN.lower() in text.lower(),
        )


def _in_a_name(text: str, word: re.Match[str]) -> bool:
    """Does a word stand beside other capitalised words, as in `Acme Render Farm`?"""
    before, after = text[: word.start()], text[word.end() :]
    return re.search(r"[A-Z]\w*\s$", before) is not None or re.match(r"\s[A-Z]", after) is not None


def is_atlassian_name(text: str) -> bool:
    """Whether a name is Atlassian's or one of its products'."""
    return bool(_ATLASSIAN.match(text.strip()))
