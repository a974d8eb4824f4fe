"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click

from piiguard import cache
from piiguard.app.skips import INCLUDABLE
from piiguard.formats import TO_FILE

Output = tuple[str, Path]
Place = tuple[str, int]

folder = click.Path(path_type=Path, exists=True, file_okay=False)
file = click.Path(path_type=Path, exists=True, dir_okay=False)
rule_folders = click.option(
    "--rules", "rules", type=folder, multiple=True, help="A folder of rules of your own. May be repeated."
)
included_kinds = click.option(
    "--include", type=click.Choice(list(INCLUDABLE)), multiple=True, help="Scan files that are left out by default."
)
caching = click.option("--no-cache", is_flag=True, help="Neither use nor keep what earlier runs found out.")
day = click.DateTime(["%Y-%m-%d"])
today = click.option("--today", type=day, metavar="YYYY-MM-DD", help="The day for which dates are judged.")


def kept(path: Path, *, no_cache: bool) -> cache.Cache:
    """What earlier runs found out, for a scan of a folder."""
    return cache.OFF if no_cache else cache.of_user(path)


class FailOnParam(click.ParamType[int]):
    """`expiring:30d`: the number of days."""

    name = "expiring:days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        written = re.fullmatch(r"expiring:(\d{1,4})d", str(value))
        if not written:
            self.fail(f"{value!r} is not expiring:DAYSd, such as expiring:30d.", param, ctx)
        return int(written[1])


def relative_to(root: Path, files: Iterable[Path]) -> frozenset[str]:
    """Those of the files, given from the working directory, that lie in a folder; relative to it, with `/`."""
    top = root.resolve()
    places = (file.parent.resolve() / file.name for file in files)
    return frozenset(place.relative_to(top).as_posix() for place in places if place.is_relative_to(top))


class OutputParam(click.ParamType[Output]):
    """`FORMAT=FILE`, where the file can be written."""

    name = "format=file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        format_, sign, name = str(value).partition("=")
        if not sign or not name or format_ not in TO_FILE:
            self.fail(f"{value!r} is not FORMAT=FILE, with one of the formats {', '.join(TO_FILE)}.", param, ctx)
        path = Path(name)
        if path.is_dir():
            self.fail(f"{name!r} is a folder.", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{name!r} cannot be written: there is no folder {str(path.parent)!r}.", param, ctx)
        if format_ == "pdf":
            from piiguard.formats import pdf

            pdf.engine()  # what is missing is said at once, not after the scan
        return format_, path


class PlaceParam(click.ParamType[Place]):
    """`FILE:LINE`; a column after it, as other programs print it, is left out."""

    name = "file:line"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        found = re.fullmatch(r"(?P<file>.+?):(?P<line>[1-9]\d{0,8})(?::\d*)?", str(value))
        if found is None:
            self.fail(f"{value!r} is not FILE:LINE, such as src/index.js:12.", param, ctx)
        return found["file"], int(found["line"])
