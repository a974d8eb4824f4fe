"""How a check of the manifest is declared: a rule, and a function that yields the places it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from piiguard.model import App, Location, Manifest, Mark, Rule

DOCS = "https://developer.atlassian.com/platform/forge/"


class Place(NamedTuple):
    """A line of the manifest and what it says."""

    line: int
    message: str = ""
    host: str | None = None
    data: tuple[str, ...] = ()
    attributes: Mapping[str, str] = MappingProxyType({})


Finder = Callable[[Manifest], Iterator[Place]]


class Check(NamedTuple):
    """A rule and the places where it holds."""

    rule: Rule
    find: Finder

    def marks(self, app: App) -> Iterator[Mark]:
        """The marks of the rule in the app's manifest."""
        for place in self.find(app.manifest):
            yield Mark(
                location=Location(app.manifest.path, place.line),
                rule=self.rule.id,
                app=app.id,
                message=place.message,
                data=place.data,
                host=place.host,
                attributes=dict(place.attributes),
            )


def check(rule_id: str, category: str, title: str, *, page: str, **fields: Any) -> Callable[[Finder], Check]:
    """Declare a check; `page` is the page of the Forge documentation behind it, `fields` are those of `Rule`."""
    rule = Rule(
        id=rule_id,
        role="observation",
        engine="manifest",
        topic="manifest",
        title=title,
        category=category,
        references=(f"{DOCS}{page}/",),
        **fields,
    )
    return lambda find: Check(rule, find)


def yes_no(value: bool | None) -> str:
    """`yes`, `no`, or `undeclared` for None."""
    return "undeclared" if value is None else "yes" if value else "no"
