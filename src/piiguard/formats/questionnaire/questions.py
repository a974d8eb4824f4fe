"""The questions, as data: questions.yaml, which explains its own format."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Literal

import msgspec
from ruamel.yaml import YAML

from piiguard.formats.diagram.places import PartId
from piiguard.model import Owner

Shown = Literal["accessed", "stored", "services", "subprocessors", "scopes"]


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What tells an answer. Every condition that is given must hold."""

    category: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    owner: tuple[Owner, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    ai: Literal["atlassian", "outside", ""] = ""
    """Who runs the models that it is about."""
    part: tuple[PartId, ...] = ()
    """Parts of the app where it stands."""
    rule: tuple[str, ...] = ()
    host: str = ""
    """Expression for the whole host."""
    sure: bool = False
    """Whether a likely observation is none."""
    module: tuple[str, ...] = ()
    module_key: tuple[str, ...] = ()
    code: str = ""
    """Expression for the text of a line of a source file."""


class Says(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences for the answers. `{data}` and `{hosts}` are what the places show."""

    yes: str = ""
    no: str = ""
    open: str = ""


class Aside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said beside the answer."""

    sign: Sign
    says: str


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One field of a form."""

    key: str
    ask: str
    yes: tuple[Sign, ...] = ()
    no: tuple[Sign, ...] = ()
    maybe: tuple[Sign, ...] = ()
    absence: Literal["yes", "no", "person"] = "person"
    manifest: bool = False
    """Whether the manifest alone decides."""
    shows: Shown | None = None
    if_yes: str = ""
    if_no: str = ""
    claims: tuple[str, ...] = ()
    says: Says = Says()
    aside: tuple[Aside, ...] = ()
    person: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """Categories that must have been looked for, before their absence means anything."""
        return frozenset(name for sign in (*self.yes, *self.no, *self.maybe) for name in sign.category)


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form of Atlassian's."""

    id: str
    title: str
    questions: tuple[Question, ...]


@functools.cache
def forms() -> tuple[Form, ...]:
    """The shipped forms."""
    text = resources.files(__package__).joinpath("questions.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe").load(text), tuple[Form, ...])
