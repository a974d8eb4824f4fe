"""The libcst engine: gaps, canary, choice of rules, names through the modules of an app."""

from __future__ import annotations

import pytest

from piiguard.checks.base import Patterns, own_module
from piiguard.checks.parsing import MAX_DEPTH, PythonText, UnreadableError
from piiguard.engines import python
from piiguard.errors import EngineError
from piiguard.model import App, Callee, EngineReport, Manifest, Rule, Source, Subject


def app_of(name: str, **files: bytes) -> App:
    sources = tuple(
        Source(path=path.replace("__", "/") + ".py", app=name, language="python", text=text)
        for path, text in files.items()
    )
    return App(id=name, name=name, root=name, manifest=Manifest(path="manifest.yml"), sources=sources)


def run(**files: bytes) -> EngineReport:
    return python.run(Subject(root=".", apps=(app_of(".", **files),)))


def places(report: EngineReport, rule: str) -> list[tuple[str, int]]:
    return [(mark.location.path, mark.location.start_line) for mark in report.marks if mark.rule == rule]


@pytest.mark.parametrize(
    "text",
    [
        b"print 'python 2'\n",
        b"def f(:\n",
        b"x = '\xff'\n",
        b"# -*- coding: no-such-encoding -*-\nx = 1\n",
        b"x = 1\0\n",
        b"x = " + b"(" * 500 + b")" * 500,
        b"x = " + b"-" * 20000 + b"1",
        b"x = 1" + b" + 1" * (MAX_DEPTH + 50),
        b"x = a" + b".b" * 100000,
    ],
    ids=["python-2", "syntax", "bytes", "encoding", "null", "brackets", "signs", "sum", "attributes"],
)
def test_what_cannot_be_read_is_a_gap(text: bytes) -> None:
    report = run(bad=text, good=b"print(1)\n")
    assert [gap.path for gap in report.gaps] == ["bad.py"]
    assert places(report, "py-print") == [("good.py", 1)]


def test_other_encodings_and_line_ends() -> None:
    report = run(
        latin=b"# coding: latin-1\nname = '\xe9'; print(name)\n",
        windows=b"x = 1\r\n\r\nprint(x)\r\n",
        empty=b"",
    )
    assert report.gaps == ()
    assert places(report, "py-print") == [("latin.py", 2), ("windows.py", 3)]


def test_columns_count_code_points() -> None:
    (mark,) = run(main="é = 'ü'; print(é)\n".encode()).marks
    assert (mark.location.start_column, mark.location.end_column) == (10, 18)
    assert (mark.start, mark.end) == (11, 20)


def test_only_chosen_rules_run() -> None:
    subject = Subject(root=".", apps=(app_of(".", main=b"import logging\nprint(1)\nlogging.info(1)\n"),))
    chosen = tuple(rule for rule in python.rules() if rule.id == "py-log")
    assert {mark.rule for mark in python.run(subject, chosen).marks} == {"py-log"}


def test_a_silent_engine_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patterns, "matching", lambda self, path: [])
    with pytest.raises(EngineError, match="known positive"):
        run(main=b"x = 1\n")


def test_runs_are_equal() -> None:
    files = {"one": b"import requests\nprint(requests.get('https://a.example.org'))\n", "two": b"print(1)\n"}
    assert run(**files) == run(**files)


def test_names_through_modules_of_the_app() -> None:
    report = run(
        src__tools__log=b"import logging\nlogger = logging.getLogger('x')\n",
        src__tools____init__=b"",
        src__main=b"from tools.log import logger as out\nout.info('a')\n",
        src__near=b"from .tools import log\nlog.logger.info('a')\n",
        src__again=b"from main import out\nout.info('a')\n",
    )
    assert places(report, "py-log") == [("src/main.py", 2), ("src/near.py", 2), ("src/again.py", 2)]


def test_apps_do_not_see_each_others_modules() -> None:
    one = app_of("one", one__log=b"import logging\nlogger = logging.getLogger('x')\n")
    two = app_of("two", two__main=b"from one.log import logger\nlogger.info('a')\n")
    assert places(python.run(Subject(root=".", apps=(one, two))), "py-log") == []


def test_modules_that_import_each_other_end() -> None:
    report = run(a=b"from b import y as x\nx.info(1)\n", b=b"from a import x as y\ny.info(1)\n")
    assert report.gaps == ()
    assert report.marks == ()


def test_names_that_refer_to_themselves_end() -> None:
    text = b"def f(): return f()\nf().info(1)\nx = x or y\ny = x\ny.write(1)\nclass A(A): pass\nA().save()\nprint(1)\n"
    assert places(run(main=text), "py-print") == [("main.py", 8)]


def test_a_secret_is_never_in_a_mark() -> None:
    value = "-".join(("Winter", "Boots", "77"))
    report = run(
        main=f"password = '{value}'\nconnect(password='{value}')\nURL = 'https://me:{value}@example.org'\n".encode(),
        env=f"import os\nos.getenv('API_TOKEN', '{value}')\n".encode(),
    )
    assert {mark.rule for mark in report.marks} >= {
        "py-secret-literal",
        "py-secret-argument",
        "py-url-password",
        "py-env-default",
    }
    assert value not in repr(report)


@pytest.mark.parametrize(
    ("pattern", "path", "covers"),
    [
        ("requests.get()", "requests.get()", True),
        ("requests.get()", "requests.get(abc)", True),
        ("requests.get()", "requests.get", False),
        ("boto3.client(s3).put_object()", "boto3.client(s3).put_object()", True),
        ("boto3.client(s3).put_object()", "boto3.client(sqs).put_object()", False),
        ("boto3.resource(dynamodb).Table().put_item()", "boto3.resource(dynamodb).Table(people).put_item()", True),
        ("pymongo.MongoClient()**.insert_one()", "pymongo.MongoClient()[a][b].insert_one()", True),
        ("a.*.c()", "a.b.b.c()", False),
        ("flask.session[]=", "flask.session[name]=", True),
        ("flask.session[]=", "flask.session[name]", False),
    ],
)
def test_patterns(pattern: str, path: str, *, covers: bool) -> None:
    rule = Rule(id="x", role="sink", engine="libcst", topic="x", title="x", callee=Callee(imports=(pattern,)))
    assert bool(Patterns([rule]).matching(path)) == covers


@pytest.mark.parametrize(
    ("importer", "name", "wanted"),
    [
        ("src/main.py", "lib.log.logger", ("src/lib/log.py", "logger")),
        ("src/lib/a.py", ".log.logger", ("src/lib/log.py", "logger")),
        ("src/lib/a.py", "..main", ("src/main.py", "")),
        ("src/lib/a.py", ".", ("src/lib/__init__.py", "")),
        ("src/lib/a.py", "requests.get", None),
    ],
)
def test_modules_of_the_app(importer: str, name: str, wanted: tuple[str, str] | None) -> None:
    files = dict.fromkeys(("src/main.py", "src/lib/__init__.py", "src/lib/log.py", "src/lib/a.py"))
    assert next(own_module(importer, name, files), None) == wanted


def test_positions_and_spans_agree() -> None:
    text = PythonText(Source(path="a.py", app=".", language="python", text=b"\xef\xbb\xbfa = 1\nb = 2\n"))
    assert text.offset(2, 4) == 13
    assert text.location(13, 14).start_line == 2
    assert text.location(13, 14).start_column == 5


def test_unreadable_text_says_where() -> None:
    with pytest.raises(UnreadableError, match="line 2"):
        PythonText(Source(path="a.py", app=".", language="python", text=b"a = 1\nb = = 2\n"))
