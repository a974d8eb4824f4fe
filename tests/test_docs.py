"""The documents: generated parts are current, links lead somewhere, and examples are right."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from piiguard.claims.config import parse_policy
from piiguard.cli import COMMANDS, command
from piiguard.scan import catalogue

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
GENERATOR = runpy.run_path(str(ROOT / "scripts" / "generate_docs.py"))


def test_the_generated_documents_are_current() -> None:
    assert GENERATOR["stale"]() == []


def test_a_readme_list_without_a_place_is_an_error() -> None:
    with pytest.raises(KeyError, match="strangers"):
        GENERATOR["readme"]("no marker", {"strangers": ""})


def test_a_stale_readme_list_is_replaced() -> None:
    stale = "before\n<!-- generated: letters -->\nold\n<!-- end -->\nafter"
    assert GENERATOR["readme"](stale, {"letters": "new"}) == stale.replace("old", "new")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    text = re.sub(r"`[^`]*`", "", document.read_text(encoding="utf-8"))
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_example_piiguard_yaml_is_valid_and_its_waiver_names_a_rule() -> None:
    (example,) = re.findall(r"```yaml\n(version: 1\n.*?)```", README, flags=re.DOTALL)
    policy = parse_policy(example.encode(), "piiguard.yaml")
    assert policy.app_lines
    assert [waiver.rule for waiver in policy.waivers if waiver.rule not in catalogue(()).rules] == []


def test_the_example_comment_names_a_rule() -> None:
    (rule,) = re.findall(r"// piiguard: allow (\S+) -- ", README)
    assert rule in catalogue(()).rules


def test_the_commands_of_the_readme_exist() -> None:
    used = set(re.findall(r"^(?:- run: )?piiguard ([\w-]+)", README, flags=re.MULTILINE))
    assert used
    assert used <= set(COMMANDS)


def _parameters(name: str) -> Iterator[click.Parameter]:
    """Of a command, and of the commands in it."""
    found = command.get_command(click.Context(command), name)
    context = click.Context(found) if found else None
    inner = (
        [found.get_command(context, each) for each in found.list_commands(context)]
        if isinstance(found, click.Group) and context
        else ()
    )
    for each in (found, *inner):
        assert each is not None
        yield from each.params


def test_the_options_of_the_readme_exist() -> None:
    known = {option for name in COMMANDS for parameter in _parameters(name) for option in parameter.opts}
    others = {"--upgrade", "--quiet", "--group"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known | others


def test_the_commands_of_the_readme_can_be_extracted() -> None:
    commands = dict(re.findall(r"<!-- command: (\w+) -->\n```sh\n(.+)\n```\n<!-- end -->", README))
    assert set(commands) == {"example", "tests"}
    assert "piiguard scan" in commands["example"]
    assert commands["tests"].endswith("pytest")
