"""Files: what is written to disk, also through json, csv, pickle and data frames."""

from __future__ import annotations

from functools import partial

from piiguard.checks.base import HELPER, Topic, calls, check
from piiguard.model import Rule

_file = partial(
    check,
    topic="files",
    role="sink",
    category="pii-storage",
    store="file",
    claims=("no-personal-data-stored", "configuration-data-only"),
    why="A file outlives the run, on a disk, in a container or in an artefact, and no uninstallation deletes it.",
    fix="Keep the value in memory, write an opaque id instead, or delete the file and say so in the retention answer.",
    attributes=HELPER,
)
_FRAMES = ("csv", "excel", "json", "parquet", "pickle", "feather", "html", "xml", "hdf", "stata")

RULES: tuple[Rule, ...] = (
    _file(
        "py-file-write",
        title="Writes a value to a file",
        slots=("arg:0",),
        callee=calls(
            "builtins.open().write()",
            "builtins.open().writelines()",
            "pathlib.Path().write_text()",
            "pathlib.Path().write_bytes()",
        ),
        references=("https://docs.python.org/3/library/io.html",),
    ),
    _file(
        "py-file-dump",
        title="Writes an object to a file as JSON, YAML, TOML, pickle or NumPy array",
        slots=("arg:0|kw:obj|kw:data",),
        callee=calls(
            *(
                f"{module}.dump()"
                for module in ("json", "simplejson", "ujson", "pickle", "cloudpickle", "dill", "joblib")
            ),
            *(f"{module}.dump()" for module in ("marshal", "toml", "tomli_w", "plistlib")),
            "pickle.Pickler().dump()",
        ),
        references=("https://docs.python.org/3/library/json.html#json.dump",),
    ),
    _file(
        "py-yaml-dump",
        title="Writes an object to a YAML file",
        slots=("arg:0|kw:data",),
        callee=calls(
            "yaml.dump()", "yaml.safe_dump()", "yaml.dump_all()", "yaml.safe_dump_all()", "ruamel.yaml.YAML().dump()"
        ),
        references=("https://pyyaml.org/wiki/PyYAMLDocumentation",),
    ),
    _file(
        "py-csv-write",
        title="Writes rows to a CSV file",
        slots=("arg:0",),
        callee=calls(
            *(f"csv.{kind}().{call}()" for kind in ("writer", "DictWriter") for call in ("writerow", "writerows"))
        ),
        references=("https://docs.python.org/3/library/csv.html",),
    ),
    _file(
        "py-sheet-write",
        title="Writes cells to a spreadsheet file",
        slots=("arg:0", "arg:2"),
        callee=calls(
            "openpyxl.Workbook()**.append()", "xlsxwriter.Workbook()**.write()", "xlsxwriter.Workbook()**.write_row()"
        ),
        references=("https://openpyxl.readthedocs.io/en/stable/tutorial.html",),
    ),
    _file(
        "py-frame-write",
        title="Exports a data frame to a file",
        slots=("root",),
        callee=calls(
            *(f"{root}**.to_{kind}()" for root in ("pandas.", "polars.") for kind in _FRAMES),
            *(f"?**.to_{kind}()" for kind in ("csv", "excel", "parquet")),
            *(f"polars.**.write_{kind}()" for kind in ("csv", "json", "parquet", "excel")),
        ),
        references=("https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_csv.html",),
    ),
    _file(
        "py-shelve-write",
        title="Keeps a value in a file-backed dictionary",
        slots=("right",),
        callee=calls("shelve.open()[]=", "dbm.open()[]=", "diskcache.Cache()[]="),
        references=("https://docs.python.org/3/library/shelve.html",),
    ),
    _file(
        "py-env-file-write",
        title="Writes a value into a .env file",
        slots=("arg:2|kw:value_to_set",),
        callee=calls("dotenv.set_key()"),
        references=("https://saurabh-kumar.com/python-dotenv/",),
    ),
    _file(
        "py-zip-write",
        title="Writes a value into an archive",
        slots=("arg:1|kw:data",),
        callee=calls("zipfile.ZipFile().writestr()"),
        references=("https://docs.python.org/3/library/zipfile.html",),
    ),
)

TOPIC = Topic(rules=RULES)
