"""A sentence in the words that the patterns know: the vendor is `us`, an app `the app`, a known service `svc`."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from piiguard.claims.document.providers import provider_words

_TYPE = str.maketrans({"–": "-", "—": "—", "&": " and ", "*": " ", "_": " ", "`": " "})


class Names(msgspec.Struct, frozen=True):
    """Whom a document speaks of."""

    vendor: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    """As the document writes them in full."""
    short: dict[str, str] = {}
    """Other spellings of an app's name -> the full one."""

    def apps_in(self, text: str) -> tuple[str, ...]:
        """The apps that a text names, in the document's order."""
        said = text.lower()
        found = {self.short[name] for name in self.short if re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", said)}
        return tuple(app for app in self.apps if app in found)


_ROA = re.compile(
    r"Runs? [Oo]n Atlassian(?!'s|\w| (?:Forge|[Cc]loud|infrastructure|servers|platform))"
    r"|[\"']runs? on atlassian[\"']|runs? on atlassian (?:badge|program|label|designation)",
    re.A,
)
_URL = re.compile(r"\b(?:https?://|www\.)\S+", re.I)


def normal(text: str, names: Names) -> str:
    """The sentence in lower case, with names replaced."""
    return _normal(text, tuple(names.short), names.vendor)


@lru_cache(maxsize=4096)
def _normal(text: str, short: tuple[str, ...], vendor: tuple[str, ...]) -> str:
    """The rules of contradictions ask for the same sentences again and again."""
    said = _URL.sub(" url ", _ROA.sub("roa-badge", text)).translate(_TYPE)
    for name in sorted(short, key=len, reverse=True):
        said = re.sub(rf"(?<!\w)(?:the |our )?{re.escape(name)}(?!\w)", "the app", said, flags=re.IGNORECASE)
    for name in vendor:
        said = re.sub(rf"(?<!\w){re.escape(name)}'s(?!\w)", "our", said, flags=re.IGNORECASE)
        said = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "us", said, flags=re.IGNORECASE)
    said = provider_words().sub(lambda found: _token(found.lastgroup or ""), said)
    said = said.lower().replace("e-mail", "email").replace("e.g.", "eg").replace("i.e.", "ie")
    said = re.sub(r"\b(third|third-)\s?(part)", r"third-\2", said).replace("third--", "third-")
    said = re.sub(r"\bthe (?:vendor|publisher|developer)\b(?!s)", "us", said)
    return " ".join(said.split())


def _token(group: str) -> str:
    return {"ai": "svc-ai", "tracker": "svc-tracker", "cloud": "svc-cloud"}.get(group, "svc")
