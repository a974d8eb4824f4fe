"""The answered forms as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from piiguard.formats.markdown import code, escape
from piiguard.formats.questionnaire.answers import Answered, Answers, Proof, Service, answer
from piiguard.formats.serialise import dump
from piiguard.model import Report

SCHEMA = "piiguard-questionnaire/1"
SHOWN = 5
"""Places of an answer that the Markdown names; the JSON has all."""

STATES = {
    "answered": "",
    "cannot-be-shown": "**cannot be shown**",
    "a-person-must-say": "*a person must say*",
    "attested": "attested",
    "not-applicable": "not asked",
}
CONFIDENCE = {"sure": "sure", "likely": "likely", "nothing-found": "nothing found against it", "": "—"}


class Document(msgspec.Struct, frozen=True):
    """The JSON contract."""

    schema: str
    forms: tuple[Answers, ...]


def json(report: Report) -> str:
    """Every answer with all its places. Ends in a newline."""
    return dump(msgspec.to_builtins(Document(SCHEMA, answer(report))))


def markdown(report: Report) -> str:
    """A table for each app and form. Ends in a newline."""
    return "\n\n".join(paragraph for form in answer(report) for paragraph in _form(form)) + "\n"


def _form(form: Answers) -> Iterator[str]:
    yield f"## {escape(form.name)}: {escape(form.title)}"
    yield (
        "Filled in from what the code shows. *Nothing found* is no proof; "
        "what only a person can say is left to one. Read every answer before you give it."
    )
    head = ["| field | question | answer | confidence | evidence |", "| --- | --- | --- | --- | --- |"]
    yield "\n".join([*head, *(_row(each) for each in form.answers)])


def _row(each: Answered) -> str:
    cells = (code(each.key), escape(each.question), _answer(each), CONFIDENCE[each.confidence], _evidence(each))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') if chr(96) in cell else cell for cell in cells)} |"


def _answer(each: Answered) -> str:
    said = [STATES[each.state], _said(each), escape(each.why), f"Add: {escape(each.person)}" if each.person else ""]
    return "<br>".join(filter(None, said))


def _said(each: Answered) -> str:
    if isinstance(each.answer, bool):
        return "**Yes**" if each.answer else "**No**"
    if each.answer is None:
        return ""
    return ", ".join(_item(item) for item in each.answer) or "none"


def _item(item: str | Service) -> str:
    if isinstance(item, str):
        return escape(item.replace("-", " ") if item.isascii() and ":" not in item else item)
    return f"{escape(item.name)} ({escape(item.purpose) or 'purpose to be stated'})"


def _evidence(each: Answered) -> str:
    places = list(dict.fromkeys(map(_place, each.observations)))
    return "<br>".join(
        filter(None, (_few(places), _few([f"gap: {code(gap.path)} {escape(gap.why)}" for gap in each.gaps])))
    )


def _place(proof: Proof) -> str:
    return code(f"{proof.path}:{proof.line}")


def _few(places: list[str]) -> str:
    more = len(places) - SHOWN
    return "<br>".join([*places[:SHOWN], *([f"and {more} more"] if more > 0 else [])])
