"""The rule catalogue, and what one rule or one claim is about: `piiguard rules` and `piiguard explain`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import groupby

import msgspec

from piiguard.formats.serialise import dump
from piiguard.model import Rule

WIDTH = 80


def rules_text(rules: Iterable[Rule]) -> str:
    """One line per rule, by topic."""
    lines: list[str] = []
    for topic, group in groupby(_sorted(rules), key=lambda rule: rule.topic):
        lines += ["", topic, *(f"  {rule.id:<36} {rule.category or rule.role:<26} {rule.title}" for rule in group)]
    return "\n".join(lines[1:]) + "\n"


def rules_json(rules: Iterable[Rule]) -> str:
    """A list of rules with all that their metadata says."""
    return dump([msgspec.to_builtins(rule) for rule in _sorted(rules)])


def rules_markdown(rules: Iterable[Rule]) -> str:
    """The catalogue as a page: a heading and a table per topic."""
    lines = ["# Rules", ""]
    for topic, group in groupby(_sorted(rules), key=lambda rule: rule.topic):
        lines += [f"## {topic}", "", "| rule | role | category | what it marks |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{rule.id}` | {rule.role} | {rule.category or rule.shape} | {rule.title.replace('|', chr(92) + '|')} |"
            for rule in group
        ]
        lines.append("")
    return "\n".join(lines)


RULE_FORMATS: dict[str, Callable[[Iterable[Rule]], str]] = {
    "text": rules_text,
    "json": rules_json,
    "markdown": rules_markdown,
}


def explain_rule(rule: Rule) -> str:
    """All that a person who met the rule in a report may want to know."""
    facts = {
        "role": rule.role,
        "engine": rule.engine,
        "category": rule.category,
        "confidence": rule.confidence,
        "shape": rule.shape,
        "store": rule.store,
        "data": ", ".join(rule.data),
        "languages": ", ".join(rule.languages),
        "imports": ", ".join(rule.callee.imports),
        "claims": ", ".join(rule.claims),
    }
    parts = [f"{rule.id}: {rule.title}", "\n".join(f"  {name:<11}{said}" for name, said in facts.items() if said)]
    parts += [*_paragraph("Why it matters", rule.why), *_paragraph("What to do", rule.fix)]
    if rule.references:
        parts.append("References\n" + "\n".join(f"  {url}" for url in rule.references))
    return "\n\n".join(parts) + "\n"


def explain_claim(name: str, title: str, statement: str, beyond: str, needs: Collection[str], by_word: bool) -> str:
    """What a claim promises, what can stand against it, and what code cannot show."""
    parts = [f"{name}: {title}", *_paragraph("The promise", statement)]
    if needs:
        parts += _paragraph("Looked for", ", ".join(sorted(needs)))
    if by_word:
        parts += _paragraph("Proof", "Code can contradict it but never support it: a named person attests it.")
    parts += _paragraph("Beyond code", beyond)
    return "\n\n".join(parts) + "\n"


def _paragraph(heading: str, said: str) -> Iterator[str]:
    if said:
        yield f"{heading}\n" + textwrap.fill(
            " ".join(said.split()), WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False
        )


def _sorted(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (rule.topic, rule.id))
