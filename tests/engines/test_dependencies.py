"""Dependencies: the fixtures, versions, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard.app import read
from piiguard.engines import dependencies
from piiguard.facts import sdk_packages
from piiguard.model import CATEGORIES, App, EngineReport, Manifest, Package, Subject

from .fixture_marks import FIXTURES, actual, expected

FOLDER = FIXTURES / "dependencies"
RULE_IDS = [rule.id for rule in dependencies.RULES]
CASES = sorted(path.parent for path in FOLDER.rglob("manifest.yml"))


def run(*packages: Package) -> EngineReport:
    app = App(id=".", name="a", root=".", manifest=Manifest(path="manifest.yml"), packages=packages)
    return dependencies.run(Subject(root=".", apps=(app,)))


@pytest.mark.parametrize("rule", RULE_IDS)
def test_every_rule_has_a_fixture_with_both_marks(rule: str) -> None:
    texts = [path.read_text() for path in (FOLDER / rule).iterdir()]
    for word in ("ruleid", "ok"):
        assert any(named == rule for text in texts for _, named in expected(text, word)), f"no `{word}: {rule}`"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_fixture(folder: Path) -> None:
    report = dependencies.run(read(folder))
    for path in sorted(folder.iterdir()):
        found = actual(report, path.name, folder.name)
        assert found == expected(path.read_text(), "ruleid")
        assert not found & expected(path.read_text(), "ok")


def test_a_mark_names_package_version_and_vendor() -> None:
    (mark,) = run(Package(name="posthog-js", path="package.json", line=7, wanted="^1.0.0", version="1.2.3")).marks
    assert mark.attributes == {
        "package": "posthog-js",
        "version": "1.2.3",
        "direct": "yes",
        "vendor": "PostHog",
        "kind": "analytics",
    }
    assert mark.location.start_line == 7


def test_python_packages_in_any_spelling() -> None:
    (mark,) = run(Package(name="Google_Genai", path="requirements.txt", line=1, ecosystem="pypi")).marks
    assert mark.rule == "dependency-ai"
    assert mark.host == "generativelanguage.googleapis.com"


def test_development_and_brought_in_clients_are_left_out() -> None:
    assert not run(Package(name="openai", path="package.json", line=1, dev=True)).marks
    assert not run(Package(name="openai", path="yarn.lock", line=1, direct=False)).marks


def test_categories_are_known() -> None:
    assert all(rule.category in CATEGORIES and rule.why and rule.fix for rule in dependencies.RULES)


def test_table_rows_are_looked_up_by_name() -> None:
    openai = sdk_packages.by_package("openai", "npm")
    assert openai is not None
    assert openai.kind == "ai"
    assert sdk_packages.by_package("left-pad", "npm") is None
