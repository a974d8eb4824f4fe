"""Least privilege: what is missing, unused or redundant, and above all what cannot be decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard.app import read
from piiguard.facts import endpoints, events
from piiguard.flow import scopes
from piiguard.flow.scopes import ProductCall
from piiguard.model import App, EngineReport, Location
from piiguard.scan import Options, scan

HERE = Location("src/index.js", 5)
CODE = "import api from '@forge/api';\n"


def app(folder: Path, *declared: str, code: str = CODE, more: str = "") -> App:
    lines = "".join(f"    - {scope}\n" for scope in declared)
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "index.js").write_text(code)
    (folder / "manifest.yml").write_text(f"app:\n  id: x\n{more}permissions:\n  scopes:\n{lines or '    []'}")
    return read(folder).apps[0]


def call(method: str, path: str | None, product: str = "jira") -> ProductCall:
    return ProductCall(product=product, method=method, path=path, location=HERE)


def found(report: EngineReport) -> set[tuple[str, str]]:
    return {(mark.rule, mark.attributes["scope"]) for mark in report.marks}


MYSELF = call("GET", "/rest/api/3/myself")
ISSUE = call("GET", "/rest/api/3/issue/{}")


# ---------------------------------------------------------------- endpoints


@pytest.mark.parametrize(
    "path",
    [
        "/rest/api/3/issue/{}",
        "/rest/api/2/issue/{}",
        "/rest/api/latest/issue/ABC-1",
        "/rest/api/3/issue/{}?fields=summary",
        "/rest/api/3/issue/{}{}",
        "rest/api/3/issue/{}/",
    ],
)
def test_spellings_of_one_endpoint(path: str) -> None:
    (endpoint,) = endpoints.match("GET", path).endpoints
    assert endpoint.segments == ("rest", "api", "3", "issue", "{issueIdOrKey}")


def test_a_word_of_the_path_is_no_parameter() -> None:
    (endpoint,) = endpoints.match("GET", "/rest/api/3/issue/createmeta").endpoints
    assert endpoint.segments[-1] == "createmeta"


def test_method_not_known_means_every_method() -> None:
    assert {endpoint.method for endpoint in endpoints.match("", "/rest/api/3/issue/{}").endpoints} == {
        "GET",
        "PUT",
        "DELETE",
    }


def test_unknown_path_matches_nothing() -> None:
    assert not endpoints.match("GET", "/rest/weather/1/wind").endpoints


def test_first_family_of_an_event_wins() -> None:
    user = events.family("avi:jira:created:user")
    assert user is not None
    assert "display-name" in user.data
    assert events.family("avi:weather:changed:wind") is None


# ---------------------------------------------------------------- missing


def test_sufficient_scopes_are_not_missing(tmp_path: Path) -> None:
    assert not found(scopes.check(app(tmp_path, "read:jira-user"), [MYSELF]))


def test_literal_path_without_scope_is_surely_missing(tmp_path: Path) -> None:
    assert found(scopes.check(app(tmp_path), [MYSELF])) == {("scope-missing", "read:jira-user")}


def test_template_path_without_scope_is_likely_missing(tmp_path: Path) -> None:
    assert found(scopes.check(app(tmp_path), [ISSUE])) == {("scope-likely-missing", "read:jira-work")}


def test_parts_of_two_sets_are_not_enough(tmp_path: Path) -> None:
    report = scopes.check(app(tmp_path, "read:user:jira", "read:group:jira"), [MYSELF])
    assert "scope-missing" in {mark.rule for mark in report.marks}


def test_incomplete_row_is_never_missing(tmp_path: Path) -> None:
    content = call("GET", "/wiki/rest/api/content/{}", "confluence")
    assert not found(scopes.check(app(tmp_path), [content]))


@pytest.mark.parametrize("path", [None, "{}/rest", "/rest/weather/1/wind"])
def test_call_that_cannot_be_told_is_a_gap(tmp_path: Path, path: str | None) -> None:
    report = scopes.check(app(tmp_path), [call("GET", path)])
    assert not report.marks
    assert [gap.needed_for for gap in report.gaps] == [("missing-scope",)]
    assert report.gaps[0].line == HERE.start_line


# ---------------------------------------------------------------- unused


def test_scope_that_no_call_needs(tmp_path: Path) -> None:
    report = scopes.check(app(tmp_path, "read:jira-user", "write:jira-work"), [MYSELF])
    assert found(report) == {("scope-unused", "write:jira-work")}
    assert report.marks[0].location == Location("manifest.yml", 6)
    assert not report.gaps


def test_scope_of_an_event_is_used(tmp_path: Path) -> None:
    trigger = "modules:\n  trigger:\n    - key: t\n      function: f\n      events: [avi:jira:created:issue]\n"
    subject = app(tmp_path, "read:jira-work", "write:jira-work", more=trigger)
    assert found(scopes.check(subject, [])) == {("scope-unused", "write:jira-work")}


@pytest.mark.parametrize(
    ("calls", "code", "more"),
    [
        ([call("GET", None)], CODE, ""),
        ([call("GET", "/rest/weather/1/wind")], CODE, ""),
        ([call("GET", "/wiki/rest/api/content/{}", "confluence")], CODE, ""),
        ([], "requestGraph(query);\n", ""),
        ([], "const a = <UserPicker name='x' />;\n", ""),
        ([], CODE, "remotes:\n  - key: r\n    baseUrl: https://weather.example\n"),
        ([], CODE, "connectModules:\n  jira:lifecycle:\n    - key: c\n"),
        ([], CODE, "services:\n  - key: s\n"),
        ([], CODE, "modules:\n  trigger:\n    - key: t\n      events: [avi:weather:changed:wind]\n"),
    ],
)
def test_doubt_makes_a_gap_of_an_unused_scope(tmp_path: Path, calls: list[ProductCall], code: str, more: str) -> None:
    report = scopes.check(app(tmp_path, "write:jira-work", code=code, more=more), calls)
    assert not report.marks
    (gap,) = (gap for gap in report.gaps if gap.needed_for == ("unused-scope",))
    assert "write:jira-work" in gap.why


def test_python_helper_needs_no_scope(tmp_path: Path) -> None:
    """It holds no token with the app's scopes, without a remote or a container."""
    (tmp_path / "deploy.py").write_text("print(1)\n")
    report = scopes.check(app(tmp_path, "write:jira-work"), [])
    assert ("scope-unused", "write:jira-work") in found(report)


def test_scope_that_the_table_does_not_know_is_a_gap(tmp_path: Path) -> None:
    report = scopes.check(app(tmp_path, "read:chat:rovo"), [MYSELF])
    assert ("scope-unused", "read:chat:rovo") not in found(report)
    assert any("read:chat:rovo" in gap.why for gap in report.gaps)


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("storage:app", "import { kvs } from '@forge/kvs';\n"),
        ("storage:app", "import { storage } from '@forge/api';\n"),
        ("storage:app", "import api, {\n  storage,\n} from '@forge/api';\n"),
        ("storage:app", "const { storage } = require('@forge/api');\n"),
        ("storage:app", "await api.storage.get('a');\n"),
        ("report:personal-data", "await privacy.reportPersonalData(list);\n"),
        ("read:me", "await fetch('https://api.atlassian.com/me');\n"),
    ],
)
def test_scope_that_no_endpoint_asks_for(tmp_path: Path, scope: str, code: str) -> None:
    assert not found(scopes.check(app(tmp_path, scope, code=code), []))
    assert found(scopes.check(app(tmp_path, scope), [])) == {("scope-unused", scope)}


# ---------------------------------------------------------------- redundant


def test_one_of_two_sufficient_sets_is_redundant(tmp_path: Path) -> None:
    subject = app(tmp_path, "write:jira-work", "write:issue:jira")
    report = scopes.check(subject, [call("PUT", "/rest/api/3/issue/ABC-1")])
    assert found(report) == {("scope-redundant", "write:jira-work"), ("scope-redundant", "write:issue:jira")}


def test_needed_scope_is_not_redundant(tmp_path: Path) -> None:
    assert not found(scopes.check(app(tmp_path, "write:jira-work"), [call("PUT", "/rest/api/3/issue/ABC-1")]))


# ---------------------------------------------------------------- hosts


def hosts(folder: Path, *addresses: str) -> App:
    lines = "".join(f"        - '{address}'\n" for address in addresses)
    external = f"permissions:\n  external:\n    fetch:\n      backend:\n{lines}"
    (folder / "index.js").write_text(CODE)
    (folder / "manifest.yml").write_text(f"app:\n  id: x\n{external}")
    return read(folder).apps[0]


def test_declared_host_that_nothing_calls(tmp_path: Path) -> None:
    report = scopes.unused_hosts(hosts(tmp_path, "a.example", "https://b.example/v1"), ["B.example"])
    assert [(mark.host, mark.location.start_line) for mark in report.marks] == [("a.example", 7)]
    assert not report.gaps


def test_wildcard_is_used_by_a_host_below_it(tmp_path: Path) -> None:
    assert not scopes.unused_hosts(hosts(tmp_path, "*.example"), ["a.example"]).marks
    assert scopes.unused_hosts(hosts(tmp_path, "*.a.example"), ["a.example"]).marks


def test_unknown_host_makes_a_gap(tmp_path: Path) -> None:
    report = scopes.unused_hosts(hosts(tmp_path, "a.example", "b.example"), ["b.example", None])
    assert not report.marks
    (gap,) = report.gaps
    assert gap.needed_for == ("unused-host",)
    assert "a.example" in gap.why
    assert "b.example" not in gap.why


def test_nothing_idle_needs_no_gap(tmp_path: Path) -> None:
    assert scopes.unused_hosts(hosts(tmp_path, "a.example"), ["a.example", None]) == EngineReport()


def test_a_path_that_callers_fill_in_needs_the_scopes_of_each(tmp_path: Path) -> None:
    code = (
        "import api, { route } from '@forge/api';\n"
        "const put = (kind, id) => api.asApp().requestJira(route`/rest/api/3/${kind}/${id}/properties/mark`);\n"
        "export const run = async () => { await put('project', 'A'); await put('issue', 'A-1'); };\n"
    )
    declared = ("read:project.property:jira", "read:issue.property:jira", "read:filter:jira")
    app(tmp_path, *declared, code=code)
    observations = scan(tmp_path, Options()).observations
    unused = {each.attributes["scope"] for each in observations if each.category == "unused-scope"}
    assert unused == {"read:filter:jira"}
