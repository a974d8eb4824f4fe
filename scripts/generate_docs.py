"""Writes the generated parts of the documents: docs/rules.md, and the lists of the README between their markers.

python scripts/generate_docs.py            writes them
python scripts/generate_docs.py --check    changes nothing; ends with 1 and names each file that is stale
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from piiguard.app.skips import INCLUDABLE
from piiguard.claims.catalogue import catalogue as claim_catalogue
from piiguard.formats import TO_FILE
from piiguard.model import CATEGORIES, Rule
from piiguard.scan import catalogue as rule_catalogue

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RULES_PAGE = ROOT / "docs" / "rules.md"
FIXTURES = ROOT / "fixtures" / "rules"

FORMAT_MEANINGS: dict[str, str] = {
    "text": "for a terminal: answers by section, findings with their code and a remedy",
    "short": "for hooks and editors: a line for each finding, with the remedy",
    "json": "`piiguard-report/1`, the contract that other programs rely on",
    "sarif": "SARIF 2.1.0 for code scanning, without waived findings",
    "sarif-evidence": "SARIF 2.1.0 with waived findings and why, for the record",
    "markdown": "for a pull request or a job summary",
    "github": "workflow commands of GitHub Actions: an annotation for each finding that no baseline knows",
    "cyclonedx": "CycloneDX 1.6 with `declarations`: claims, counter-claims, evidence; for other programs",
    "html": "one page for people: verdicts, evidence with code and paths, coverage; offline, on a phone, on paper",
    "pdf": "the same page on A4, to a file only (`--output pdf=FILE`); needs `pip install 'piiguard[pdf]'`",
}


def readme_lists() -> dict[str, str]:
    """Name of a marker of the README -> what stands between it and its end."""
    claims = claim_catalogue()
    return {
        "formats": table(("format", "what for"), [(f"`{name}`", FORMAT_MEANINGS[name]) for name in TO_FILE]),
        "categories": table(
            ("category", "what the code does"), [(f"`{name}`", meaning) for name, meaning in CATEGORIES.items()]
        ),
        "claims": table(
            ("section", "claims"),
            [
                (
                    f"{section.number}. {section.title}",
                    ", ".join(f"`{claim.id}`{' ✎' if claim.proof == 'word' else ''}" for claim in section.claims),
                )
                for section in claims.sections
            ],
        ),
        "switches": table(("switch", "what it says"), [(f"`{name}`", said) for name, said in claims.switches.items()]),
        "skipped": table(("kind", "why it is left out"), [(f"`{name}`", why) for name, why in INCLUDABLE.items()]),
    }


def table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    """A Markdown table of two columns."""
    lines = [head, ("---", "---"), *rows]
    return "\n".join(f"| {left} | {right.replace('|', chr(92) + '|')} |" for left, right in lines)


def readme(text: str, lists: Mapping[str, str]) -> str:
    """The README with its lists written anew. Raises KeyError for a marker without a list, or a list without one."""
    seen = set()

    def written(found: re.Match[str]) -> str:
        seen.add(found["name"])
        return f"<!-- generated: {found['name']} -->\n{lists[found['name']]}\n<!-- end -->"

    result = re.sub(r"<!-- generated: (?P<name>[\w-]+) -->\n.*?<!-- end -->", written, text, flags=re.DOTALL)
    if unused := set(lists) - seen:
        raise KeyError(f"README.md has no place for {', '.join(sorted(unused))}")
    return result


def rules_page(rules: Mapping[str, Rule]) -> str:
    """docs/rules.md: an index by topic, then every rule."""
    ordered = sorted(rules.values(), key=lambda rule: (rule.topic, rule.id))
    head = (
        "# Rules\n\nMade by `scripts/generate_docs.py`; do not edit by hand.\n\n"
        f"The {len(ordered)} places that piiguard knows, by topic. A *source* is where data comes from, a *sink* "
        "where it goes; an *observation* needs no data to be of interest.\n"
    )
    parts = [head]
    for topic, group in groupby(ordered, key=lambda rule: rule.topic):
        members = list(group)
        parts.append(f"## {topic}\n")
        parts.append("| rule | role | category | what it marks |\n| --- | --- | --- | --- |")
        parts += [f"| [`{r.id}`](#{r.id}) | {r.role} | {r.category or r.shape} | {cell(r.title)} |" for r in members]
        parts.append("")
        parts += [line for rule in members for line in entry(rule)]
    return "\n".join(parts).rstrip() + "\n"


def entry(rule: Rule) -> Iterator[str]:
    """Everything about one rule."""
    yield f"### `{rule.id}`\n\n{rule.title.rstrip('.')}.\n"
    facts = {
        "engine": rule.engine,
        "confidence": rule.confidence,
        "store": rule.store,
        "channel": rule.channel,
        "claims": ", ".join(f"`{claim}`" for claim in rule.claims),
        "fixtures": ", ".join(f"[{path.name}](../{path.relative_to(ROOT).as_posix()})" for path in fixtures(rule)),
    }
    yield from (f"* {name}: {said}" for name, said in facts.items() if said)
    yield ""
    if rule.why:
        yield f"**Why it matters.** {paragraph(rule.why)}\n"
    if rule.fix:
        yield f"**What to do.** {paragraph(rule.fix)}\n"
    if rule.references:
        yield "References: " + ", ".join(f"<{url}>" for url in rule.references) + "\n"


def fixtures(rule: Rule) -> list[Path]:
    """The code, file or folder, that a rule was tried on."""
    return sorted(path for path in FIXTURES.glob(f"*/{rule.id}*") if path.name.split(".", 1)[0] == rule.id)


def cell(text: str) -> str:
    return paragraph(text).replace("|", "\\|")


def paragraph(text: str) -> str:
    return " ".join(text.split())


def documents() -> dict[Path, Callable[[], str]]:
    """Each generated file, and what it should hold."""
    return {
        RULES_PAGE: lambda: rules_page(rule_catalogue(()).rules),
        README: lambda: readme(README.read_text(encoding="utf-8"), readme_lists()),
    }


def stale() -> list[Path]:
    """The generated files that do not hold what they should."""
    return [
        path for path, made in documents().items() if not path.exists() or path.read_text(encoding="utf-8") != made()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    if parser.parse_args().check:
        behind = stale()
        for path in behind:
            print(f"{path.relative_to(ROOT)} is stale: run python scripts/generate_docs.py", file=sys.stderr)
        return 1 if behind else 0
    for path, made in documents().items():
        path.write_text(made(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
