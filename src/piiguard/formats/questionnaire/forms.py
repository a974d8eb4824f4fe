"""The answered forms as Markdown and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from piiguard.formats.markdown import code, escape
from piiguard.formats.plain import plural
from piiguard.formats.questionnaire.answers import NO_EVIDENCE, Answered, Answers, Proof, Service, State, answer, spaced
from piiguard.formats.serialise import dump
from piiguard.model import Gap, Report

SCHEMA = "piiguard-questionnaire/1"
SHOWN = 6
"""Places of an answer that the Markdown names; the JSON has all."""

STATES: dict[State, str] = {
    "answered": "answered from the code",
    "cannot-be-shown": "not shown",
    "a-person-must-say": "a person must say",
    "attested": "attested",
    "not-applicable": "not asked",
}
"""State -> how it is called, in the order in which they are counted."""
CONFIDENCE = {"sure": "sure", "likely": "likely", "nothing-found": "nothing found against it"}
INTRODUCTION = (
    "Filled in from what the code shows. *Nothing found* is no proof; what only a person can say is left to one. "
    "Read every answer before you give it."
)


class Document(msgspec.Struct, frozen=True):
    """The JSON contract."""

    schema: str
    forms: tuple[Answers, ...]


def json(report: Report) -> str:
    """Every answer with all its places. Ends in a newline."""
    return dump(msgspec.to_builtins(Document(SCHEMA, answer(report))))


def markdown(report: Report) -> str:
    """A chapter for each app and form, a section for each question. Ends in a newline."""
    return "\n\n".join(paragraph for form in answer(report) for paragraph in _form(form)) + "\n"


def _form(form: Answers) -> Iterator[str]:
    yield f"## {escape(form.name)}: {escape(form.title)}"
    yield INTRODUCTION
    counts = Counter(each.state for each in form.answers)
    said = ", ".join(f"{counts[state]} {word}" for state, word in STATES.items() if counts[state])
    yield f"Of {plural(len(form.answers), 'question')}: {said}."
    for each in form.answers:
        yield f"### {code(each.key)} {escape(each.question)}"
        if each.state == "a-person-must-say" and each.says == NO_EVIDENCE:
            yield f"**A person must say:** {escape(each.person)}"
            continue
        yield " ".join(filter(None, (_answer(each), escape(each.says))))
        if points := [*_places(each.observations), *_missing(each.gaps), *_person(each)]:
            yield "\n".join(f"- {point}" for point in points)


def _answer(each: Answered) -> str:
    if each.state != "answered":
        said = f": {_said(each)}" if each.state == "attested" else ""
        return f"**{STATES[each.state].capitalize()}{said}.**"
    return f"**{_said(each)}** ({CONFIDENCE[each.confidence]})."


def _said(each: Answered) -> str:
    if isinstance(each.answer, bool):
        return "Yes" if each.answer else "No"
    return ", ".join(_item(item) for item in each.answer or ()) or "None found"


def _item(item: str | Service) -> str:
    if isinstance(item, str):
        return escape(spaced(item))
    hosts = ", ".join(map(code, item.hosts))
    return f"{escape(item.name)} ({'; '.join(filter(None, (escape(item.purpose) or 'purpose to be stated', hosts)))})"


def _places(proofs: tuple[Proof, ...]) -> Iterator[str]:
    places = list(dict.fromkeys(f"{code(f'{proof.path}:{proof.line}')} {escape(proof.what)}" for proof in proofs))
    yield from places[:SHOWN]
    if len(places) > SHOWN:
        yield f"and {plural(len(places) - SHOWN, 'more place', 'more places')}"


def _missing(gaps: tuple[Gap, ...]) -> Iterator[str]:
    for gap in gaps[:SHOWN]:
        place = f"{gap.path}:{gap.line}" if gap.line else gap.path
        yield f"Not looked at: {code(place)} {escape(gap.why)}"
    if len(gaps) > SHOWN:
        yield f"and {plural(len(gaps) - SHOWN, 'more gap', 'more gaps')}"


def _person(each: Answered) -> Iterator[str]:
    if each.person:
        yield f"*A person must {'say' if each.state == 'a-person-must-say' else 'add'}:* {escape(each.person)}"
