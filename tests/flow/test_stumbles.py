"""What the parser stumbles over without missing code is no gap; what may hide code is one."""

from __future__ import annotations

import pytest

from piiguard.flow.javascript import parse
from piiguard.model import Language, Source

HARMLESS = [
    ("javascript", '<Toggle text="Parted by &, as in ?a=b&sort=asc (two);" label={x} />;'),
    ("typescript", "function f(all: readonly import('./types').Node[]): string[] { return []; }"),
    ("javascript", "<p>this & that</p>;"),
]
HIDING = [
    ("typescript", "function f(all: readonly import('./types').then((m) => m.run())[]): string[] { return []; }"),
    ("javascript", "const a = ;; }} fetch('https://a.dev' + (;"),
]


def source(language: Language, code: str) -> Source:
    return Source("a.ts", ".", language, code.encode())


@pytest.mark.parametrize(("language", "code"), HARMLESS)
def test_harmless(language: Language, code: str) -> None:
    assert parse(source(language, code))[1] == []


@pytest.mark.parametrize(("language", "code"), HIDING)
def test_hiding(language: Language, code: str) -> None:
    assert parse(source(language, code))[1]
