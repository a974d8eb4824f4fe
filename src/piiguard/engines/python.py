"""OBSERVE, Python: runs the libcst checks over the Python files of every app."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.metadata import version

import libcst as cst

from piiguard.cache import OFF, Cache
from piiguard.checks.base import Patterns, Project, Refinement, Screen, Topic, mark, matches
from piiguard.checks.catalogue import RULES, TOPICS
from piiguard.checks.meaning import Meaning
from piiguard.checks.parsing import PythonText, UnreadableError
from piiguard.errors import EngineError
from piiguard.model import App, EngineReport, Gap, Mark, Rule, Source, Subject

_CANARY = b"import logging as quiet\nbird = quiet.getLogger('cage')\nbird.info('sings')\n"
"""A place that has to be found in every run, through an alias and an assignment: silence of the engine is an error."""
_CANARY_RULE = "py-log"


def rules() -> tuple[Rule, ...]:
    """Every rule that a libcst check declares."""
    return RULES


def run(subject: Subject, rules: tuple[Rule, ...] = RULES, cache: Cache = OFF) -> EngineReport:
    """The places in Python files that `rules` mark. Files that cannot be looked at are gaps.

    Raises EngineError if the canary is not found.
    """
    reports: list[EngineReport] = []
    chosen = tuple(rule.id for rule in rules)
    checks = Checks(rules)
    for app in subject.apps:
        sources = tuple(source for source in app.sources if source.language == "python")
        if sources:
            # Kept for an app as a whole: what a name means may stand in another file.
            question = ("python", chosen, app.id, sources)
            reports.append(cache.remember(question, EngineReport, partial(checks.of_app, app)))
    return EngineReport(
        tuple(mark for report in reports for mark in report.marks),
        tuple(gap for report in reports for gap in report.gaps),
        {"libcst": version("libcst")},
    )


class Checks:
    """The chosen rules, ready to run."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._chosen = frozenset(rule.id for rule in rules)
        self._topics = [topic for topic in TOPICS if any(rule.id in self._chosen for rule in topic.rules)]
        self._patterns = Patterns(rule for topic in self._topics for rule in topic.rules if rule.id in self._chosen)
        self._refine: dict[str, Refinement] = dict(pair for topic in self._topics for pair in topic.refine.items())

    def of_app(self, app: App) -> EngineReport:
        """Marks and gaps of one app's Python files, in the order of the files. EngineError without the canary."""
        _listen_for_the_canary()
        texts: list[PythonText] = []
        gaps: list[Gap] = []
        for source in app.sources:
            if source.language == "python":
                try:
                    texts.append(PythonText(source))
                except UnreadableError as error:
                    gaps.append(_gap(source, str(error)))
        project = Project(texts)
        marks: list[Mark] = []
        for text in filter(Screen(self._topics, self._patterns, texts).interesting, texts):
            try:
                marks += sorted(self._of_module(project.meaning(text.source.path), app.id), key=_order)
            except (cst.ParserSyntaxError, RecursionError) as error:
                gaps.append(_gap(text.source, f"libcst cannot read it: {type(error).__name__}"))
        return EngineReport(tuple(marks), tuple(gaps))

    def _of_module(self, module: Meaning, app: str) -> Iterator[Mark]:
        for hit in matches(module, self._patterns, self._refine):
            yield mark(hit, module, app)
        for topic in self._topics:
            yield from self._scanned(topic, module, app)

    def _scanned(self, topic: Topic, module: Meaning, app: str) -> Iterator[Mark]:
        if topic.scan is None or (topic.screen is not None and not topic.screen.search(module.text.text)):
            return
        for hit in topic.scan(module):
            if hit.rule in self._chosen:
                yield mark(hit, module, app)


def _order(found: Mark) -> tuple[int, int, str]:
    return found.start, found.end, found.rule


def _gap(source: Source, why: str) -> Gap:
    return Gap(path=source.path, why=f"Python: {why}", app=source.app)


def _listen_for_the_canary() -> None:
    text = PythonText(Source(path="canary.py", app="", language="python", text=_CANARY))
    module = Project([text]).meaning(text.source.path)
    if not any(hit.rule == _CANARY_RULE for hit in matches(module, Patterns(RULES), {})):
        raise EngineError("The Python checks missed their known positive", todo="Reinstall piiguard and its libcst")
