"""What is made from the catalogue and the types: docs/claims.md and piiguard.schema.json.

`python -m piiguard.claims.generated` in a checkout writes both anew; the tests fail when they are stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from piiguard.claims.catalogue import Catalogue, Claim, Clause, catalogue
from piiguard.claims.schema import SCHEMA_FILE, policy_schema

_HEAD = """# Claims

Made from `src/piiguard/claims/catalogue.yaml`; do not edit by hand.

For each section of a Trust Center: the claims that piiguard answers, and what stands against each. *Proof: code* means
that the claim is `supported` when every check that it needs ran and found nothing against it. *Proof: word* means that
code can contradict the claim but never support it: it is `attested` by a named person in piiguard.yaml, or `missing`.
"""
_EFFECTS = {
    "contradicts": "contradicts",
    "weakens": "leaves it open (`not-shown`)",
    "asks": "needs an entry in piiguard.yaml (`missing`)",
}


def claims_page(source: Catalogue) -> str:
    """docs/claims.md."""
    return "\n".join([_HEAD, *_index(source), *_sections(source), *_limits(source), *_switches(source)])


def _index(source: Catalogue) -> Iterator[str]:
    yield "| section | claims |\n| --- | --- |"
    for section in source.sections:
        yield f"| {section.number}. {section.title} | {', '.join(f'`{claim.id}`' for claim in section.claims)} |"
    yield ""


def _sections(source: Catalogue) -> Iterator[str]:
    for section in source.sections:
        yield f"## {section.number}. {section.title}\n"
        for claim in section.claims:
            yield from _claim(claim)


def _claim(claim: Claim) -> Iterator[str]:
    yield f"### `{claim.id}`\n\n**{claim.title}.** {claim.statement} *Proof: {claim.proof}.*\n"
    rows = [_row(clause) for clause in claim.against if clause.effect in _EFFECTS]
    if rows:
        yield "| observation | what it does | why |\n| --- | --- | --- |"
        yield from dict.fromkeys(rows)
        yield ""
    if claim.prediction:
        yield "The answer is worded as a prediction: the decision is not piiguard's.\n"
    if claim.beyond:
        yield f"Beyond code: {claim.beyond}\n"


def _row(clause: Clause) -> str:
    conditions = [
        *([f"data: {', '.join(clause.data)}"] if clause.data else []),
        *([f"host: {', '.join(clause.host)}"] if clause.host else []),
        *(f"{name}: {', '.join(values)}" for name, values in clause.where.items()),
        *([f"rule: {', '.join(clause.rule)}"] if clause.rule else []),
        *([f"confidence: {', '.join(clause.confidence)}"] if clause.confidence else []),
    ]
    what = ", ".join(f"`{category}`" for category in clause.category)
    effect = _EFFECTS[clause.effect] + (f", unless `{'` or `'.join(clause.unless)}`" if clause.unless else "")
    label = f" ({clause.label})" if clause.label else ""
    return f"| {what}{' with ' + '; '.join(conditions) if conditions else ''} | {effect} | {clause.because}{label} |"


def _limits(source: Catalogue) -> Iterator[str]:
    yield "## Limits\n\nThe most that some observations do to any claim.\n"
    yield "| observation | what it does | why |\n| --- | --- | --- |"
    for limit in source.limits:
        where = "; ".join(f"{name}: {', '.join(values)}" for name, values in limit.where.items())
        where += f"; not {', '.join(limit.spares)}" if limit.spares else ""
        yield f"| {where} | {_EFFECTS[limit.effect]} | {limit.because} |"
    yield ""


def _switches(source: Catalogue) -> Iterator[str]:
    yield "## Switches of piiguard.yaml\n\n| switch | meaning |\n| --- | --- |"
    for name, meaning in source.switches.items():
        yield f"| `{name}` | {meaning} |"
    yield ""


def main() -> None:
    """Write the generated files of a checkout."""
    root = Path(__file__).parents[3]
    (root / "docs" / "claims.md").write_text(claims_page(catalogue()), encoding="utf-8")
    Path(__file__).with_name(SCHEMA_FILE).write_text(policy_schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
