"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path

import click

from piiguard.formats import FORMATS

Output = tuple[str, Path]
Place = tuple[str, int]

folder = click.Path(path_type=Path, exists=True, file_okay=False)
file = click.Path(path_type=Path, exists=True, dir_okay=False)
rule_folders = click.option(
    "--rules", "rules", type=folder, multiple=True, help="A folder of rules of your own. May be repeated."
)
today = click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The day for which dates are judged."
)


class OutputParam(click.ParamType[Output]):
    """`FORMAT=FILE`, where the file can be written."""

    name = "format=file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        format_, sign, name = str(value).partition("=")
        if not sign or not name or format_ not in FORMATS:
            self.fail(f"{value!r} is not FORMAT=FILE, with one of the formats {', '.join(FORMATS)}.", param, ctx)
        path = Path(name)
        if path.is_dir():
            self.fail(f"{name!r} is a folder.", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{name!r} cannot be written: there is no folder {str(path.parent)!r}.", param, ctx)
        return format_, path


class PlaceParam(click.ParamType[Place]):
    """`FILE:LINE`; a column after it, as other programs print it, is left out."""

    name = "file:line"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        found = re.fullmatch(r"(?P<file>.+?):(?P<line>[1-9]\d{0,8})(?::\d*)?", str(value))
        if found is None:
            self.fail(f"{value!r} is not FILE:LINE, such as src/index.js:12.", param, ctx)
        return found["file"], int(found["line"])
