"""Which files are not scanned, and why: the one rule set.

A folder that a rule names is not entered and counts as one entry of the coverage table. A file that scanned code
imports, or that the manifest names as a handler or resource, is scanned whatever these rules say: it ships.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import cache
from typing import NamedTuple


class SkipRule(NamedTuple):
    """Patterns, set apart by blanks, for the last part of a path; `*` stands for any run of characters."""

    kind: str
    folders: str
    files: str
    reason: str


SKIP_RULES: tuple[SkipRule, ...] = (
    SkipRule(
        "dependency",
        "node_modules bower_components jspm_packages .yarn .pnpm-store .venv venv site-packages __pycache__ .tox .eggs"
        " *.egg-info",
        ".pnp.*",
        "Code of others, known by its name and version from package.json and the lock file.",
    ),
    SkipRule(
        "build-output",
        ".next .nuxt .parcel-cache .cache .turbo .svelte-kit .vite .webpack coverage lcov-report",
        "*.map *.tsbuildinfo *.pyc coverage-final.json",
        "Made from sources that are scanned.",
    ),
    SkipRule(
        "test",
        "__tests__ __mocks__ __fixtures__ __snapshots__ test tests e2e cypress playwright playwright-report .storybook"
        " storybook-static stories",
        "*.test.* *.spec.* *.cy.* *.e2e.* *.mock.* *.stories.* *.snap setupTests.* test_*.py *_test.py conftest.py",
        "Runs on the developer's machine only.",
    ),
    SkipRule(
        "tooling",
        ".agent .agents .claude .cursor .gemini .kiro .windsurf .husky .idea .vscode .forge",
        "*.config.js *.config.cjs *.config.mjs *.config.ts *.config.mts *.config.cts config-overrides.js craco.config.*"
        " gulpfile.* Gruntfile.* karma.conf.* .eslintrc* .prettierrc* .babelrc* .stylelintrc* .eslintignore"
        " .prettierignore .gitignore .gitattributes .editorconfig .nvmrc .browserslistrc CODEOWNERS"
        " turbo.json nx.json lerna.json biome.json renovate.json",
        "Settings of build tools, linters and editors.",
    ),
    SkipRule("declaration", "", "*.d.ts *.d.mts *.d.cts", "Types without code."),
    SkipRule(
        "documentation",
        "docs doc",
        "*.md *.mdx *.rst *.txt *.adoc LICENSE* NOTICE* CHANGELOG*",
        "Text for people.",
    ),
)
"""In order: the first rule that names a file or folder decides. requirements*.txt files are never skipped by them."""

BUILD_FOLDERS = frozenset({"build", "dist", "out"})
PROJECT_FOLDERS: dict[str, str] = {**dict.fromkeys(BUILD_FOLDERS, "build-output"), "test-results": "test"}
"""Kind of these folders where they lie beside a package.json or a manifest; elsewhere they may well hold sources."""

IGNORED_REASON = "Left out of the repository by a .gitignore file."
PAGE_REASON = "Page or style sheet that no resource's folder holds and no code names; looked through for secrets only."

INCLUDABLE: dict[str, str] = {
    "ignored": IGNORED_REASON,
    "page": PAGE_REASON,
    **{rule.kind: rule.reason for rule in SKIP_RULES if rule.kind != "dependency"},
}
"""The kinds of skipped files that `include` switches on, with the reason why they are off."""


@cache
def _matcher(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns.split()) or r"(?!)")


def skipped_folder(name: str, include: frozenset[str]) -> str | None:
    """The kind of rule that keeps a folder of this name from being entered."""
    return _first(name, include, ((rule.kind, rule.folders) for rule in SKIP_RULES))


def skipped_file(name: str, include: frozenset[str]) -> str | None:
    """The kind of rule that keeps a file of this name from being scanned."""
    return _first(name, include, ((rule.kind, rule.files) for rule in SKIP_RULES))


def _first(name: str, include: frozenset[str], rules: Iterable[tuple[str, str]]) -> str | None:
    found = next((kind for kind, patterns in rules if _matcher(patterns).match(name)), None)
    return None if found in include else found
