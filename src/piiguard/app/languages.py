"""Which language a file is in, told by its name, and by its first line where the name tells nothing."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatch

from piiguard.model import Language

_SUFFIXES: dict[str, Language] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".es", ".es6", ".jsm"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
    ".tsx": "tsx",
    **dict.fromkeys((".py", ".pyw"), "python"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".css", ".scss", ".sass", ".less"), "css"),
    **dict.fromkeys((".json", ".jsonc", ".json5"), "json"),
    **dict.fromkeys((".yml", ".yaml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".env"), "text"),
    **dict.fromkeys((".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd", ".tf", ".tfvars", ".sql"), "text"),
    **dict.fromkeys((".graphql", ".gql", ".ejs", ".hbs", ".mustache", ".pug", ".pem", ".key"), "text"),
}
"""`text`: not parsed, but a secret may be written in it."""

_TEXT_NAMES = (".env*", ".npmrc", ".yarnrc*", ".netrc", ".pypirc", "Dockerfile*", "[Mm]akefile", "Jenkinsfile")

_UNSUPPORTED = (
    ".vue .svelte .astro .marko .coffee .elm .dart .wasm .ipynb .java .kt .kts .scala .groovy .clj .go .rs .rb .php .pl"
    " .lua .cs .fs .swift .c .cc .cpp .h .hpp .ex .exs .erl .r"
)

_NEVER_IN_BROWSERS = ".java .groovy .php .pl .ex .exs .erl .r"
"""Of these, the ones that no usual tool compiles for browsers (as Go, Rust, C, Kotlin, Dart, Ruby and others are)."""

_NO_BUNDLES = (".ts", ".mts", ".cts", ".tsx", ".jsx")

_INTERPRETERS: tuple[tuple[re.Pattern[bytes], Language], ...] = (
    (re.compile(rb"#!.*\b(?:node|bun)\b"), "javascript"),
    (re.compile(rb"#!.*\b(?:deno|tsx|ts-node)\b"), "typescript"),
    (re.compile(rb"#!.*\bpython"), "python"),
    (re.compile(rb"#!"), "text"),
)

CODE: frozenset[Language] = frozenset({"javascript", "typescript", "tsx", "python", "html"})
"""Languages whose files must not go unread: what cannot be read of them is a gap."""

SCRIPTS: frozenset[Language] = frozenset({"javascript", "typescript", "tsx"})


def language_of(path: str) -> Language | None:
    """The language that the name tells."""
    name = posixpath.basename(path)
    if any(fnmatch(name, pattern) for pattern in _TEXT_NAMES):
        return "text"
    return _SUFFIXES.get(posixpath.splitext(name)[1].lower())


def unsupported(path: str) -> bool:
    """Whether the name is that of code in a language that is not analysed."""
    return posixpath.splitext(path)[1].lower() in _UNSUPPORTED.split()


def never_in_browsers(path: str) -> bool:
    """Whether the name is that of code in a language that browsers cannot run, compiled or not."""
    return posixpath.splitext(path)[1].lower() in _NEVER_IN_BROWSERS.split()


def nameless(path: str) -> bool:
    """Whether the name has no suffix, so that only the first line may tell the language."""
    return not posixpath.splitext(path)[1]


def language_by_first_line(start: bytes) -> Language | None:
    """The language that a `#!` line names."""
    return next((language for pattern, language in _INTERPRETERS if pattern.match(start)), None)


_STRING = re.compile(
    r""""(?:[^"\\\n]+|\\.)*("?)|'(?:[^'\\\n]+|\\.)*('?)|`(?:[^`\\]+|\\.)*(`?)""",
    re.DOTALL,
)
"""A string, or the value of an attribute; the groups hold its end. One without an end matches: none is read twice."""
_LONG_STRING = 200
"""Characters from which on a string is data: a font, a picture, the path of an icon."""


_BUNDLER = re.compile(
    r"^\s*(?:var|let|const) (?:__commonJS|__toCommonJS|__webpack_modules__|parcelRequire\w*) ?="
    r"|^/\*+/ ?\(\(\) => \{ // webpackBootstrap|^\s*function __webpack_require__\(",
    re.MULTILINE,
)
"""What esbuild, webpack and Parcel write at the top of a bundle."""
_BEGINNING = 4000


def minified(path: str, text: str) -> bool:
    """Whether JavaScript was made by a bundler: it begins with a bundler's own code, or nearly all of it stands in very
    long lines, embedded data apart.

    Bundlers write neither TypeScript nor JSX.
    """
    if posixpath.splitext(path)[1].lower() in _NO_BUNDLES:
        return False
    if _BUNDLER.search(text[:_BEGINNING]):
        return True
    return _in_long_lines(text) and _in_long_lines(_STRING.sub(_without_data, text))


def _in_long_lines(text: str) -> bool:
    lines = text.splitlines()
    total = sum(map(len, lines))
    return total > 2000 and sum(len(line) for line in lines if len(line) > 500) > 0.8 * total


def _without_data(string: re.Match[str]) -> str:
    return "" if any(string.groups()) and len(string[0]) > _LONG_STRING else string[0]
