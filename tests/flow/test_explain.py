"""`explain-flow`: why data reaches a line or does not, over every marked place of fixtures/flow/."""

from __future__ import annotations

import functools
import textwrap
from pathlib import Path

import pytest

from flow.test_constructs import CASES, FOLDER, Place, name_of, places, sources
from piiguard import cli
from piiguard.engines import python, secrets, semgrep
from piiguard.flow import explain
from piiguard.formats import lineflow
from piiguard.model import App, LineFlow, Manifest, Mark, Source, Subject
from piiguard.scan import catalogue

PLANTED = Path(__file__).resolve().parents[2] / "fixtures" / "apps" / "progress-tracker-planted"
RULES = catalogue().rules


@functools.cache
def observed() -> tuple[Subject, tuple[Mark, ...]]:
    apps = tuple(
        App(name_of(case), name_of(case), name_of(case), Manifest("manifest.yml"), sources=tuple(sources(case)))
        for case in CASES
    )
    subject = Subject(".", apps)
    return subject, semgrep.run(subject, catalogue()).marks


def explained(path: str, line: int) -> LineFlow:
    subject, marks = observed()
    app = next(app for app in subject.apps if any(source.path == path for source in app.sources))
    mine = [mark for mark in marks if mark.app == app.id]
    (answer,) = explain(Subject(".", (app,)), mine, RULES, path, line)
    return answer


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_place_is_explained(case: Path) -> None:
    """A place that is reached has a way there, from an origin that says what it is; one that is not has a reason."""
    wrong = [f"{place.path}:{place.line}: {said}" for place in places(case) if (said := _complaint(place))]
    assert not wrong, "\n" + "\n".join(wrong)


def _complaint(place: Place) -> str:
    answer = explained(place.path, place.line)
    values = [value for mark in answer.marks for value in mark.values]
    if not values:
        return "no value is looked at"
    ways = [way for value in values for way in value.ways]
    told = {name for way in ways for name in way.data}
    if place.data:
        if not told.issuperset(place.data):
            return f"told {sorted(told)}, expected {place.data}"
        return "" if all(way.hops and way.hops[0].note for way in ways) else "a way without an origin"
    if ways and not any(mark.notes for mark in answer.marks):
        return f"told {sorted(told)} and not why it does not count"
    silent = [value.code for value in values if not value.ways and not any(hop.note for hop in value.back)]
    return f"no reason is given for {silent}" if silent else ""


@pytest.mark.parametrize(
    ("path", "code", "reason"),
    [
        ("precision/picked-fields.js", "slim(a)", "picked field: only `accountType`"),
        ("precision/strong-updates.js", "'k', g);", "strong update: held"),
        ("precision/strong-updates.js", "'k', b);", "strong update: `one` is removed"),
        ("precision/guards.js", "!!a)", "test only"),
        ("precision/guards.js", "size(a)", "test only"),
        ("precision/context-sensitivity.js", "e.value", "other call"),
        ("precision/constants.js", "displayName)", "a literal"),
        ("precision/constants.js", "'k', accountId", "a parameter of `save`"),
        ("precision/request-shapes.js", "payload.value", "a payload, which alone tells of no person (request of"),
        ("precision/property-reads.js", "console.log(answer)", "an answer whose body is not read here"),
    ],
)
def test_what_cut_it_is_named(path: str, code: str, reason: str) -> None:
    lines = (FOLDER / path).read_text(encoding="utf-8").splitlines()
    marked = [n + 2 for n, line in enumerate(lines) if "// not reached" in line and code in lines[n + 1]]
    assert marked, "the fixture has no such line"
    for line in marked:
        assert reason in lineflow.render([explained(path, line)])


def of_code(text: str, line: int, language: str = "javascript") -> str:
    name = "main.py" if language == "python" else "src/index.js"
    source = Source(name, ".", language, textwrap.dedent(text).encode())  # type: ignore[arg-type]
    subject = Subject(".", (App(".", "app", ".", Manifest("manifest.yml"), sources=(source,)),))
    marks = [mark for run in (python.run, secrets.run) for mark in run(subject).marks]
    marks += semgrep.run(subject, catalogue()).marks
    return lineflow.render(explain(subject, marks, RULES, name, line))


def test_the_condition_of_a_rule() -> None:
    code = """\
    import { kvs } from '@forge/kvs';
    const own = { set() {} };
    own.set('k', email);
    kvs.set('k', email);
    """
    dropped, kept = of_code(code, 3), of_code(code, 4)
    assert "`own.set` is function of the app, src/index.js:2" in dropped
    assert "the condition does not hold: the mark is dropped" in dropped
    assert "`kvs.set` is @forge/kvs#kvs" in kept
    assert "the condition holds" in kept


def test_a_line_without_a_mark() -> None:
    code = """\
    import { view } from '@forge/bridge';
    async function run() {
      const context = await view.getContext();
      const id = context.accountId;
      const other = id.length;
      console.log(id);
    }
    """
    passed, ended = of_code(code, 4), of_code(code, 5)
    assert "`context.accountId` holds:" in passed
    assert "src/index.js:3  view.getContext()    <- reads the context of the app in the front end" in passed
    assert "what stands here reaches:\n  src/index.js:6  console-log" in passed
    assert "what stands here reaches no sink" in ended


def test_data_that_an_expression_does_not_take() -> None:
    code = """\
    import { view } from '@forge/bridge';
    async function run() {
      const event = await view.getContext();
      console.log(event.payload || event);
    }
    """
    said = of_code(code, 4)
    assert "event    <- holds account-id" in said
    assert "which does not pass on from here" in said


def test_a_call_of_a_log_function_of_the_app() -> None:
    code = """\
    import { view } from '@forge/bridge';
    const printLog = (what) => console.log(what);
    async function run() {
      printLog(await view.getContext());
    }
    """
    called, inside = of_code(code, 4), of_code(code, 2)
    assert "a function of the app that leads to one" in called
    assert "pii-log (sure): account-id" in called
    assert "what its callers hand over is reported at their calls" in inside


def test_name_evidence() -> None:
    said = of_code("function f(one) {\n  console.log(one.email);\n}\n", 2)
    assert "email (likely)" in said
    assert "<- named `email`" in said


def test_python_reached() -> None:
    said = of_code(
        """\
        from jira import JIRA
        def mail(user):
            return user.emailAddress
        person = JIRA("https://team.atlassian.net").myself()
        print(mail(person))
        """,
        5,
        "python",
    )
    assert "email (sure)" in said
    assert "enters `mail`" in said
    assert "result of `mail`" in said
    assert "pii-log (sure): email" in said


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("len(person.emailAddress)", "test only"),
        ("person.emailAddress == 'x'", "test only"),
        ("person.accountType", "picked field: only `accountType`"),
        ("'x'", "a literal"),
        ("cleared", "strong update: held email"),
        ("(lambda: 'x')()", "a call of `call`"),
    ],
)
def test_python_not_reached(value: str, reason: str) -> None:
    said = of_code(
        f"""\
        from jira import JIRA
        person = JIRA("https://team.atlassian.net").myself()
        cleared = person.emailAddress
        cleared = "none"
        print({value})
        """,
        5,
        "python",
    )
    assert reason in said
    assert "nothing is reported of this line" in said


def test_a_secret_is_not_shown() -> None:
    token = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    said = of_code(f"const stripeKey = '{token}';\nconsole.log(stripeKey, `${{stripeKey}}`);\n", 2)
    assert token not in said
    assert "stripeKey" in said


@pytest.mark.parametrize(
    ("place", "code", "said"),
    [
        ("src/missing.js:1", 2, "no such file"),
        ("../progress-tracker/src/index.js:1", 2, "the file is not scanned: it is outside of the folder"),
        ("tests/percent.test.js:4", 2, "not scanned: test (--include test brings it back)"),
        ("src/index.js:4000", 2, "the file has 4"),
        ("src/index.js", 2, "is not FILE:LINE"),
        ("src/index.js:0", 2, "is not FILE:LINE"),
    ],
)
def test_wrong_places(place: str, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain-flow", place, str(PLANTED)]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_a_place_of_an_app(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain-flow", "src/storage/people.js:7:3", str(PLANTED)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "src/index.js:13          { context }    <- request of a resolver" in out
    assert "pii-storage (sure): account-id" in out
