"""Which file an import means."""

from __future__ import annotations

import pytest

from piiguard.flow.modules import ModuleFinder, aliases
from piiguard.model import Source

PATHS = ("src/index.ts", "src/lib/index.js", "src/lib/same.tsx", "src/a.b.js", "packages/tools/src/main.js")
TSCONFIG = b"""{ // a comment, and "strings // with slashes"
  "compilerOptions": { "baseUrl": "src", "paths": { "@lib/*": ["lib/*"], "@one": ["lib/same"] }, /* more */ },
}"""
PACKAGE = b'{"name": "@mine/tools", "main": "dist/x.js"}'
CONFIG = (Source("tsconfig.json", ".", "json", TSCONFIG), Source("packages/tools/package.json", ".", "json", PACKAGE))
FINDER = ModuleFinder(PATHS, aliases(CONFIG))


@pytest.mark.parametrize(
    ("module", "path"),
    [
        ("./lib", "src/lib/index.js"),
        ("./lib/", "src/lib/index.js"),
        ("./lib/same", "src/lib/same.tsx"),
        ("./lib/same.js", "src/lib/same.tsx"),
        ("./a.b", "src/a.b.js"),
        ("../packages/tools/src/main", "packages/tools/src/main.js"),
        ("@lib/same", "src/lib/same.tsx"),
        ("@one", "src/lib/same.tsx"),
        ("lib/same", "src/lib/same.tsx"),
        ("@mine/tools", "packages/tools/src/main.js"),
        ("@mine/tools/src/main", "packages/tools/src/main.js"),
        ("react", None),
        ("./missing", None),
        ("@lib/missing", None),
        ("../../outside", None),
    ],
)
def test_module(module: str, path: str | None) -> None:
    assert FINDER.find("src/index.ts", module) == path


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b'{"compilerOptions": 3}', b'{"compilerOptions": {"paths": {"a": 1}}}', b"[" * 9999]
)
def test_broken_configuration_means_nothing(text: bytes) -> None:
    assert list(aliases([Source("tsconfig.json", ".", "json", text)])) == []
