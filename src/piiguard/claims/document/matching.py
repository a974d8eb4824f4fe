"""Which scanned app a name in the document means."""

from __future__ import annotations

import re
from collections.abc import Mapping

from piiguard.model import App, Subject
from piiguard.trustcenter import Document, Match

_ENOUGH = 0.6
"""Share of words that two names must have in common."""
_EMPTY = frozenset(
    {"for", "the", "app", "apps", "jira", "confluence", "bitbucket", "cloud", "forge", "atlassian", "and", "a"}
)


def match_apps(document: Document, subject: Subject, given: Mapping[str, str]) -> tuple[Match, ...]:
    """Each app of the document with the scanned one. `given`: piiguard.yaml's own mapping, name -> id."""
    matches = []
    for name in document.apps:
        wanted = given.get(name)
        if wanted is not None:
            matches.append(Match(name, wanted, "piiguard.yaml says so"))
        else:
            matches.append(_best(name, subject.apps))
    if len(matches) == 1 and len(subject.apps) == 1 and not matches[0].app:
        return (Match(matches[0].name, subject.apps[0].id, "it is the only app of both"),)
    if len(subject.apps) == 1 and not any(each.app for each in matches):
        return tuple(_only_alike(matches, subject.apps[0]))
    return tuple(matches)


def _only_alike(matches: list[Match], app: App) -> list[Match]:
    """The one app that was scanned is the one of the document that shares a word of its name with it, if one does."""
    alike = [each for each in matches if _likeness_to(each.name, app)]
    if len(alike) != 1:
        return matches
    found = Match(alike[0].name, app.id, "no other app of the document shares a word with it")
    return [found if each is alike[0] else each for each in matches]


def _best(name: str, apps: tuple[App, ...]) -> Match:
    scored = sorted(((_likeness_to(name, app), app.id) for app in apps), reverse=True)
    if not scored or scored[0][0] < _ENOUGH or (len(scored) > 1 and scored[1][0] == scored[0][0]):
        return Match(
            name, "", "no scanned app is called like this; `trust-center.apps` in piiguard.yaml can say which it is"
        )
    share, app = scored[0]
    return Match(name, app, "same name" if share == 1 else f"{share:.0%} of the words are the same")


def _likeness_to(name: str, app: App) -> float:
    return max(_likeness(name, app.name), _likeness(name, app.id))


def _likeness(name: str, other: str) -> float:
    """Share of common words, 0 to 1; words such as `for Jira` do not count."""
    these, those = _words(name), _words(other)
    return len(these & those) / len(these | those) if these and those else 0.0


def _words(name: str) -> frozenset[str]:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return frozenset(re.findall(r"[a-z0-9]+", split.lower())) - _EMPTY
