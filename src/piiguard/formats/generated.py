"""What is made from the contract: report.schema.json and docs/report.md.

`python -m piiguard.formats.generated` in a checkout writes both anew; the tests fail when they are stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from piiguard.formats.contract import SCHEMA, Document
from piiguard.formats.serialise import dump

HOW = "stale: run `python -m piiguard.formats.generated`"

_HEAD = """# The JSON report

Made by `python -m piiguard.formats.generated`; do not edit by hand.

`piiguard scan . --format json` prints it, `--output json=FILE` writes it. The JSON Schema is in the package,
`piiguard/formats/report.schema.json`.

- **Version.** `schema` names the contract. Fields may be added under the same name; a field that changes its meaning or
  goes away gets a new one. Readers ignore what they do not know.
- **Same tree, same options, same bytes.** Keys are sorted, lists have a fixed order, the text is ASCII; there is no
  clock, no absolute path and no machine name in it. Dates are judged for `--today`, where it is given.
- **Paths** are relative to the scanned folder, with `/`. Lines and columns start at 1, columns count Unicode code
  points, `end_column` is the one after the last. A name that is not UTF-8 has `\\udcXX` for such a byte.
- **Secrets.** A secret's value is never in it: only its kind, a short hash and its place.
- **Facts and judgement.** `observations` say what the code does. `verdicts` say what that means for a claim: those that
  are `contradicted` name the observations that stand against them. `findings` are these observations without the ones
  that a waiver covers.

| answer | meaning |
| --- | --- |
| `supported` | the checks that the claim needs ran on the listed files and found nothing against it; never "proved" |
| `contradicted` | at least one observation, not waived, stands against it |
| `not-shown` | something that it needs could not be looked at, or could not be decided |
| `attested` | a named person said so, with a date that has not passed |
| `missing` | it needs such a word, and there is none |
| `not-applicable` | the app has nothing that the claim is about |

| exit code | meaning |
| --- | --- |
| 0 | nothing contradicted |
| 1 | a claim is contradicted |
| 2 | wrong arguments or configuration |
| 3 | something that a claim needs could not be looked at, and nothing is contradicted; also a crash |
"""


def schema() -> str:
    """report.schema.json: JSON Schema 2020-12."""
    root, definitions = _components()
    said = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **root, "$defs": definitions}
    return dump(said)


def page() -> str:
    """docs/report.md."""
    _, definitions = _components()
    first = Document.__name__
    names = [first, *(name for name in definitions if name != first)]
    return "\n".join([_HEAD, *(line for name in names for line in _type(definitions[name]))])


def _components() -> tuple[dict[str, Any], dict[str, Any]]:
    (root,), definitions = msgspec.json.schema_components([Document], ref_template="#/$defs/{name}")
    return root, definitions


def _type(definition: dict[str, Any]) -> Iterator[str]:
    yield f"## {definition['title']}\n"
    yield f"{definition['description']}\n"
    yield "| field | type |\n| --- | --- |"
    for name, kind in definition["properties"].items():
        yield f"| `{name}` | {_kind(kind)} |"
    yield ""


def _kind(kind: dict[str, Any]) -> str:
    """A JSON Schema type in a few words."""
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in kind:
        return " or ".join(_kind(option) for option in kind["anyOf"])
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if kind.get("type") == "array":
        return f"list of {_kind(kind['items'])}"
    if kind.get("type") == "object":
        return f"object of {_kind(kind['additionalProperties'])}"
    return str(kind["type"])


def main() -> None:
    """Write the generated files of a checkout."""
    Path(__file__).with_name("report.schema.json").write_text(schema(), encoding="ascii")
    (Path(__file__).parents[3] / "docs" / "report.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
