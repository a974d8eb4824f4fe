"""The files of one app that are looked at, and what becomes of all the others."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import msgspec

from piiguard.app.beside import Project
from piiguard.app.files import MB, Unreadable, decode, inside, read_bytes
from piiguard.app.frontends import Frontend, below
from piiguard.app.imports import (
    IMPORTS_BACKEND,
    IMPORTS_FRONTEND,
    handler_stems,
    imports_package,
    relative_imports,
    resolve,
    spread,
)
from piiguard.app.languages import (
    CODE,
    SCRIPTS,
    language_by_first_line,
    language_of,
    minified,
    nameless,
    never_in_browsers,
    unsupported,
)
from piiguard.app.pages import PAGES, is_entry, links, named
from piiguard.app.skips import INCLUDABLE
from piiguard.app.walk import walk
from piiguard.model import FileStatus, Gap, Manifest, Side, Source

MAX_SOURCE_BYTES = MB
MAX_APP_BYTES = 256 * MB
EVERYTHING = frozenset(INCLUDABLE)


class SourceReader:
    """Reads the sources of one app. After `read` and `finish`, its fields hold what came of it."""

    def __init__(
        self,
        root: Path,
        app: str,
        manifest: Manifest,
        frontends: list[Frontend],
        include: frozenset[str],
        projects: list[Project],
    ) -> None:
        """`projects`: what lies outside of every app, and ships with those that import it."""
        self._root = root
        self._app = app
        self._app_root = "" if app == "." else app
        self._manifest = manifest
        self._frontends = frontends
        self._include = include
        self._projects = projects
        self._room = MAX_APP_BYTES
        self._handlers: set[str] = set()
        self._imports: dict[str, list[str]] = {}
        self._minified: set[str] = set()
        self.sources: dict[str, Source] = {}
        self.statuses: dict[str, FileStatus] = {}
        self.gaps: list[Gap] = []

    def read(self, files: list[str]) -> None:
        """Read `files`, then what else ships: built resources without sources, handlers, and what scripts import."""
        for path in files:
            self._take(path)
        for frontend in self._frontends:
            self._read_resource(frontend)
        self._read_handlers()
        self._follow_imports()

    def finish(self, beside: Iterable[str]) -> None:
        """Read what lies beside the apps, where this one tells of it, and settle what becomes of everything."""
        for path in beside:
            self._take(path)
        self._report_minified()
        self._tell_sides()

    def has(self, path: str) -> bool:
        """Whether something became of a file already."""
        return path in self.statuses or path in self._minified

    # ------------------------------------------------------------ one file

    def _take(self, path: str) -> None:
        """Read one file and note what became of it."""
        if self.has(path):
            return
        language = language_of(path)
        if never_in_browsers(path) and self._in_frontend_folder(path):
            self._skip(path, "not-for-browsers")
            return
        if language is None and unsupported(path):
            self._miss(path, "not a supported language")
            return
        if language is None and not nameless(path):
            self._skip(path, "not-code")
            return
        if self._room < MAX_SOURCE_BYTES:
            self._miss(path, f"the app has more than {MAX_APP_BYTES // MB} MB of sources")
            return
        try:
            data = read_bytes(self._root, path, MAX_SOURCE_BYTES)
            language = language or language_by_first_line(data[:200])
            if language is None:
                self._skip(path, "not-code")
                return
            text = decode(_without_stray_nul(data) if language in SCRIPTS else data)
        except Unreadable as problem:
            if language is not None:
                self._miss(path, str(problem), () if language in CODE else ("hardcoded-secret",))
            else:
                self._skip(path, "not-code")
            return
        if language in SCRIPTS and "build-output" not in self._include and minified(path, text):
            self._minified.add(path)
            return
        self._room -= len(data)
        self.sources[path] = Source(path, self._app, language, data)
        self.statuses[path] = FileStatus(path, "scanned")

    def _in_frontend_folder(self, path: str) -> bool:
        """Whether nothing but front end lies around a file. Around a resource that is the whole app, all may lie."""
        return any(each.owns(path) for each in self._frontends if each.base not in (".", self._app_root))

    def _skip(self, path: str, kind: str) -> None:
        self.statuses[path] = FileStatus(path, "skipped", kind)

    def _miss(self, path: str, why: str, needed_for: tuple[str, ...] = ()) -> None:
        self.statuses[path] = FileStatus(path, "gap", why)
        self.gaps.append(Gap(path, why, self._app, needed_for=needed_for))

    def _miss_declared(self, line: int, why: str) -> None:
        self.gaps.append(Gap(self._manifest.path, why, self._app, line))

    # ------------------------------------------------------------ what ships

    def _read_resource(self, frontend: Frontend) -> None:
        """Look into built output when there are no sources of it; say so when there is nothing to look at."""
        key, line = frontend.resource.key, frontend.resource.line
        if frontend.is_script:
            if self._exists(frontend.path):
                self._take(frontend.path)
            elif not self._exists_compiled(frontend.path):
                self._miss_declared(line, f"the file of resource {key} is not in the repository")
            return
        if self._has_sources(frontend) or self._take_sources_outside(frontend):
            for path in [path for path in self._minified if below(path, frontend.path)]:
                self._minified.discard(path)
                self._skip(path, "build-output")
            return
        if not (self._root / frontend.path).is_dir() or not inside(self._root, self._root / frontend.path):
            self._miss_declared(line, f"neither files nor sources of resource {key} are in the repository")
            return
        folder = "" if frontend.path == "." else frontend.path
        for path in walk(self._root, folder, EVERYTHING).files:
            self._take(path)
        bundles = sorted(path for path in self._minified if below(path, frontend.path))
        for path in bundles:
            self._minified.discard(path)
            self._miss(path, f"only built output of resource {key} is present")

    def _has_sources(self, frontend: Frontend) -> bool:
        """Whether a script that is not built output lies in the resource's project.

        A resource without a package.json of its own is built by the app's: any front-end script of the app will do.
        """
        scripts = [source for source in self.sources.values() if source.language in SCRIPTS]
        if any(below(source.path, frontend.base) for source in scripts):
            return True
        return not frontend.project and any(
            IMPORTS_FRONTEND.search(source.text) and not self._in_other_project(source.path) for source in scripts
        )

    def _take_sources_outside(self, frontend: Frontend) -> bool:
        """Read the front ends outside of every app: a resource without a package.json may be built from them."""
        if frontend.project:
            return False
        for project in self._frontends_outside:
            self._take_project(project)
        return bool(self._frontends_outside)

    @cached_property
    def _frontends_outside(self) -> list[Project]:
        return [project for project in self._projects if any(map(self._uses_bridge, project.files))]

    def _uses_bridge(self, path: str) -> bool:
        if language_of(path) not in SCRIPTS:
            return False
        try:
            return IMPORTS_FRONTEND.search(read_bytes(self._root, path, MAX_SOURCE_BYTES)) is not None
        except Unreadable:
            return False

    def _take_project(self, project: Project) -> None:
        for path in project.files:
            if language_of(path) != "python":
                self._take(path)

    def _in_other_project(self, path: str) -> bool:
        return any(frontend.project and frontend.owns(path) for frontend in self._frontends)

    def _read_handlers(self) -> None:
        for function in self._manifest.functions:
            stems = handler_stems(self._app_root, function.handler)
            path = next(filter(None, (resolve(stem, self._exists) for stem in stems)), None)
            if path is None:
                self._miss_declared(function.line, f"the file of handler {function.handler} is not in the repository")
                continue
            self._take(path)
            self._handlers.add(path)

    def _follow_imports(self) -> None:
        """Scan whatever scanned scripts import, also from folders that the skip rules left out: it ships."""
        while todo := [
            path for path, each in self.sources.items() if each.language in SCRIPTS and path not in self._imports
        ]:
            for importer in todo:
                self._imports[importer] = sorted(set(self._targets(importer)))
                for path in self._imports[importer]:
                    self._take(path)
                for project in self._projects:
                    if project.name and imports_package(self.sources[importer].text, project.name):
                        self._take_project(project)

    def _targets(self, importer: str) -> Iterator[str]:
        for written in relative_imports(self.sources[importer].text):
            stem = posixpath.normpath(posixpath.join(posixpath.dirname(importer), written))
            path = resolve(stem, self._exists)
            if path is not None:
                yield path

    def _exists(self, path: str) -> bool:
        if path in self.sources or path in self._minified:
            return True
        if path.startswith(("../", "/")) or "\0" in path or "node_modules" in path.split("/"):
            return False
        target = self._root / path
        return target.is_file() and inside(self._root, target)

    def _exists_compiled(self, path: str) -> bool:
        return resolve(posixpath.splitext(path)[0], self._exists) is not None

    def _report_minified(self) -> None:
        for path in sorted(self._minified):
            self._miss(path, "minified code, not analysed")

    # ------------------------------------------------------------ where it runs

    def _tell_sides(self) -> None:
        """Manifest and imports tell where a file runs; where they leave it open, the modules that it uses."""
        for path, source in self.sources.items():
            if source.language in PAGES:
                self._imports[path] = sorted(set(links(source, self.sources.__contains__)))
        entries = {path: side for path in self.sources if (side := self._entry_side(path)) is not None}
        sides = spread(entries, self._imports)
        for path, source in self.sources.items():
            side = sides.get(path, "either")
            if side == "either" and source.language in SCRIPTS:
                side = _hinted_side(source)
            if side == "either" and source.language in PAGES and path in sides:
                side = "frontend"
            if side != source.side:
                self.sources[path] = msgspec.structs.replace(source, side=side)
        self._leave_out_pages()

    def _entry_side(self, path: str) -> Side | None:
        source = self.sources[path]
        if path in self._handlers or source.language == "python":
            return "backend"
        if source.language in ("json", "text"):
            return "either"
        shown = any(frontend.owns(path) for frontend in self._frontends)
        if source.language in PAGES:
            shown = shown or "page" in self._include or self._starts_a_build(source)
        return "frontend" if shown else None

    def _starts_a_build(self, page: Source) -> bool:
        """Whether the app's own build may make a resource from a page, wherever it lies."""
        linked = [self.sources[path] for path in self._imports[page.path]]
        return bool(self._built_folders()) and is_entry(page, linked)

    def _built_folders(self) -> list[str]:
        """Folders of resources without a package.json of their own: if anything builds them, the app does."""
        return [each.path for each in self._frontends if not each.is_script and not each.project]

    def _leave_out_pages(self) -> None:
        """A page that the app neither shows nor hands out is looked through for secrets only, and told as left out.

        Where files are packaged by patterns that are not read here, or pages are yet to be built, any page may be.
        """
        pages = [path for path, source in self.sources.items() if source.language == "html"]
        unbuilt = any(not any(below(path, folder) for path in pages) for folder in self._built_folders())
        if self._manifest.extra_files_line or unbuilt:
            return
        hidden = {path for path, each in self.sources.items() if each.language in PAGES and each.side != "frontend"}
        for path in hidden - named(hidden, self.sources):
            self.sources[path] = msgspec.structs.replace(self.sources[path], language="text", side="either")
            self._skip(path, "page")


def _without_stray_nul(data: bytes) -> bytes:
    """A character that nobody sees in a template literal makes no binary file of a script; every other one does."""
    return data.replace(b"\0", b" ") if data.count(b"\0") * 10 < len(data) else data


def _hinted_side(source: Source) -> Side:
    """The side whose modules a script imports; `either` for those of both or none."""
    frontend, backend = IMPORTS_FRONTEND.search(source.text), IMPORTS_BACKEND.search(source.text)
    if bool(frontend) == bool(backend):
        return "either"
    return "frontend" if frontend else "backend"
