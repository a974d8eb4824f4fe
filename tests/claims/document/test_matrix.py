"""Every kind of claim against whole apps: one where it holds, one where it does not, with the line that breaks it."""

from __future__ import annotations

import re

from planted import APPS, NAMES, plants

from claims.claims_builders import TODAY
from claims.document.document_builders import SENTENCES, read_text
from piiguard.claims.config import load_policy
from piiguard.claims.document.judging import Code, against_code
from piiguard.claims.document.language import language
from piiguard.scan import Options, scan
from piiguard.trustcenter import Reply

KINDS = {
    **SENTENCES,
    "no-ai-processing": "The app does not use AI.",
    "data-residency": "The app supports data residency.",
}
_PLACE = re.compile(r"\((?P<path>[^\s()]+):(?P<line>\d+)\)")
"""As a reason names the first place that speaks against a sentence."""


def test_each_kind_holds_for_one_app_and_breaks_for_another() -> None:
    replies: dict[str, dict[str, Reply]] = {kind: {} for kind in KINDS}
    for name in NAMES:
        report, policy = scan(APPS / name, Options(today=TODAY)), load_policy(APPS / name)
        code = Code(report.subject, report.observations, report.gaps, policy, TODAY)
        for kind, sentence in KINDS.items():
            judged = against_code(read_text(sentence), code).judged
            replies[kind][name] = next(each.replies[0] for each in judged if each.statement.kind == kind)
    wrong = [f"{kind}: {why}" for kind, by_app in replies.items() for why in _wrong(by_app)]
    assert not wrong, "\n".join(wrong)


def _wrong(by_app: dict[str, Reply]) -> list[str]:
    holds = [name for name, reply in by_app.items() if reply.answer == "supported"]
    breaks = {name: reply for name, reply in by_app.items() if reply.answer == "contradicted"}
    named = [name for name, reply in breaks.items() if _names_a_plant(name, reply)]
    told = {"holds for no app": holds, "breaks for no app": breaks, "names no line that was planted": named}
    return [f"{why}: {[reply.reason for reply in breaks.values()]}" for why, found in told.items() if not found]


def _names_a_plant(name: str, reply: Reply) -> bool:
    """Whether the place that the reason names is one where a promise was broken on purpose."""
    place = _PLACE.search(reply.reason)
    return place is not None and any(
        place["path"] == plant.path and abs(int(place["line"]) - plant.line) <= 1 for plant in plants(name)
    )


def test_the_matrix_has_every_kind_that_code_or_manifest_decide() -> None:
    kinds = {name for name, kind in language().kinds.items() if kind.checkable != "person"}
    assert kinds <= KINDS.keys()
