"""Manifests: every key with its line, wrong types as one clear error, and hostile YAML without harm."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piiguard.app.manifest import is_forge, parse_manifest, references
from piiguard.app.tree import parse_yaml
from piiguard.errors import UsageError
from piiguard.model import Attribute, Content, Egress, Function, Manifest, Provider, Remote, Resource, Scope


def manifest(text: str) -> Manifest:
    return parse_manifest(parse_yaml(textwrap.dedent(text), "manifest.yml"))


def lines_of(text: str, *needles: str) -> tuple[int, ...]:
    lines = textwrap.dedent(text).splitlines()
    return tuple(next(n for n, line in enumerate(lines, 1) if needle in line) for needle in needles)


def test_app_block() -> None:
    text = """
        app:
          id: ari:cloud:ecosystem::app/x
          runtime:
            name: nodejs22.x
          connect:
            key: old
            remote: server
          package:
            extraFiles: [bin/tool]
          storage:
            classifications: [ugc, pii]
            entities:
              - name: person
                attributes:
                  email:
                    type: string
                  age: {type: integer}
        """
    read = manifest(text)
    assert (read.app_id, read.runtime) == ("ari:cloud:ecosystem::app/x", "nodejs22.x")
    assert read.classifications == ("ugc", "pii")
    assert read.attributes == (
        Attribute("person", "email", "string", lines_of(text, "email:")[0]),
        Attribute("person", "age", "integer", lines_of(text, "age: {")[0]),
    )
    found = (read.runtime_line, read.connect_line, read.extra_files_line, read.classifications_line)
    assert found == lines_of(text, "nodejs22", "connect:", "extraFiles", "classifications")


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ("[read:me]", [("read:me", False)]),
        ("{read:me: {allowImpersonation: true}, storage:app: }", [("read:me", True), ("storage:app", False)]),
        ("[storage:app, {read:me: {allowImpersonation: true}}]", [("storage:app", False), ("read:me", True)]),
        ("", []),
    ],
)
def test_scopes(scopes: str, expected: list[tuple[str, bool]]) -> None:
    read = manifest(f"permissions:\n  scopes: {scopes}\n")
    assert [(scope.name, scope.impersonation) for scope in read.scopes] == expected
    assert all(scope.line == 2 for scope in read.scopes)


def test_scope_lines() -> None:
    read = manifest("permissions:\n  scopes:\n    - a\n\n    - 'b'\n")
    assert read.scopes == (Scope("a", 3), Scope("b", 5))


def test_egress_in_all_forms() -> None:
    text = """
        permissions:
          external:
            configurable:
              enabled: true
            fetch:
              backend:
                - api.example.com
                - address: https://stats.example.com
                  category: analytics
                  inScopeEUD: false
                - remote: server
              client: ['*.example.com']
            images:
              - ${CDN}/logo
              - ${NOWHERE}
            navigation: [help.example.com]
        environment:
          variables:
            - key: CDN
              default: https://cdn.example.com
            - NOWHERE
        """
    read = manifest(text)
    api, stats, remote, client, cdn, nowhere, navigation = lines_of(
        text, "api.ex", "stats", "remote: server", "client", "{CDN}", "{NOWHERE}", "navigation"
    )
    assert read.egress == (
        Egress("fetch.backend", api, "api.example.com"),
        Egress("fetch.backend", stats, "https://stats.example.com", category="analytics", in_scope_eud=False),
        Egress("fetch.backend", remote, None, remote="server"),
        Egress("fetch.client", client, "*.example.com"),
        Egress("images", cdn, "https://cdn.example.com/logo"),
        Egress("images", nowhere, "${NOWHERE}", unresolved=True),
        Egress("navigation", navigation, "help.example.com"),
    )
    assert read.egress_configurable_line == lines_of(text, "configurable")[0]
    assert [(name, default) for name, default, _ in read.variables] == [
        ("CDN", "https://cdn.example.com"),
        ("NOWHERE", None),
    ]


def test_variables_as_a_map() -> None:
    read = manifest("environment:\n  variables:\n    A: one\n    B: {default: two}\n    C:\n")
    assert read.variables == (("A", "one", 3), ("B", "two", 4), ("C", None, 5))


def test_content_sandbox_enforcement() -> None:
    read = manifest(
        """\
        permissions:
          enforcement: app-managed
          sandbox: [allow-storage-access-by-user-activation]
          content:
            scripts:
              - unsafe-eval
            styles: ['unsafe-inline']
        """
    )
    assert read.content == (Content("scripts", "unsafe-eval", 6), Content("styles", "unsafe-inline", 7))
    assert read.sandbox == (("allow-storage-access-by-user-activation", 3),)
    assert read.enforcement == "app-managed"


def test_remotes() -> None:
    read = manifest(
        """\
        remotes:
          - key: plain
            baseUrl: https://one.example.com
          - key: full
            baseUrl:
              default: https://us.example.com
              EU: https://eu.example.com
            operations: [storage, compute]
            storage: {inScopeEUD: true}
            auth:
              appUserToken: {enabled: true}
            configurable: {name: x}
        """
    )
    assert read.remotes == (
        Remote("plain", 2, ("https://one.example.com",), 3),
        Remote(
            "full",
            4,
            ("https://us.example.com", "https://eu.example.com"),
            5,
            ("storage", "compute"),
            storage_in_scope_eud=True,
            app_user_token=True,
            configurable=True,
        ),
    )


def test_providers() -> None:
    read = manifest(
        """\
        providers:
          auth:
            - key: ours
              type: oauth2
              bearerMethod: {uri-query: {parameterName: token}}
              remotes: [server]
              scopes: [profile]
              actions:
                exchange:
                  overrides:
                    headers:
                      X-Fixed: some-value
                      X-Filled: ${FROM_ENV}
            - key: theirs
              integration: google
        """
    )
    assert read.providers == (
        Provider("ours", 3, "oauth2", ("server",), ("profile",), "uri-query", (12,)),
        Provider("theirs", 14, "google"),
    )


def test_modules() -> None:
    read = manifest(
        """\
        modules:
          jira:issuePanel:
            - key: panel
              edit: {resolver: {function: edit-fn}}
              resource: main
              resolver:
                function: main-fn
          macro:
            - key: old
              function: run
              config:
                function: config-fn
          consumer:
            - key: jobs
              resolver: {function: job-fn, method: x}
          trigger:
            - key: out
              endpoint: outside
          function:
            - key: main-fn
              handler: index.handler
              providers: {auth: [google]}
        resources:
          - key: main
            path: static/main/build
        services:
          - key: box
        """
    )
    named = {module.key: (module.kind, module.function, module.endpoint, module.resource) for module in read.modules}
    assert named == {
        "panel": ("jira:issuePanel", "main-fn", None, "main"),
        "old": ("macro", "run", None, None),
        "jobs": ("consumer", "job-fn", None, None),
        "out": ("trigger", None, "outside", None),
    }
    assert list(references(read.modules[0].data, "function")) == ["main-fn", "edit-fn"]
    assert list(references(read.modules[1].data, "function")) == ["run", "config-fn"]
    assert read.modules[1].line == 9
    assert read.functions == (Function("main-fn", 20, "index.handler", ("google",)),)
    assert read.resources == (Resource("main", 24, "static/main/build"),)
    assert read.services_line == 26


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("modules:\n  macro: []\n  connect-jira:pages:\n    - key: x\n", 3),
        ("app:\n  id: x\nconnectModules: {}\n", 3),
        ("app:\n  connectless: 1\nmodules: {macro: []}\n", 0),
    ],
)
def test_connect_modules(text: str, line: int) -> None:
    assert manifest(text).connect_line == line


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("permissions: [a]\n", ":1", "permissions must be a mapping, not a list"),
        ("app: x\n", ":1", "app must be a mapping, not a text"),
        ("permissions:\n  scopes: read:me\n", ":2", "permissions.scopes must be a list, not a text"),
        (
            "permissions:\n  scopes:\n    - - read:me\n",
            ":3",
            "permissions.scopes[0] must be a single value, not a list",
        ),
        ("modules:\n  trigger:\n    - just-text\n", ":3", "modules.trigger[0] must be a mapping, not a text"),
        ("remotes:\n  - key: a\n    storage:\n      inScopeEUD: 1\n", ":4", "must be true or false, not a number"),
        ("app: [\n", ":2", "not valid YAML"),
        ("app:\n\tid: x\n", ":2", "not valid YAML"),
        ("app: *nothing\n", "", "not valid YAML"),
        ("app: {}\n---\napp: {}\n", "", "not valid YAML"),
        ("app: \x07\n", "", "not valid YAML"),
        ("app: &a [*a]\n", "", "alias"),
        ("app: " + "[" * 5000, "", "nested more than 100 deep"),
    ],
)
def test_what_is_wrong_and_where(text: str, where: str, what: str) -> None:
    with pytest.raises(UsageError) as raised:
        manifest(text)
    assert what in raised.value.what
    assert raised.value.where.startswith("manifest.yml")
    assert where in raised.value.where


def test_alias_bomb_is_refused_quickly() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    text = "\n".join(["l0: &l0 [x]", *levels, "modules: {macro: [{key: a, data: *l11}]}"])
    with pytest.raises(UsageError, match="unfolds to more than"):
        manifest(text)


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="the key id is given twice"):
        manifest("app:\n  id: first\n  id: second\n")


def test_aliases_and_merge_keys_are_read() -> None:
    read = manifest(
        """\
        base: &base {name: nodejs20.x}
        app:
          id: first
          runtime: {<<: *base, memoryMB: 256}
        """
    )
    assert (read.app_id, read.runtime) == ("first", "nodejs20.x")


@pytest.mark.parametrize(
    ("text", "forge"),
    [
        ("app: {id: x}", True),
        ("modules: {}", True),
        ("app: {name: x}", False),
        ("app: x", False),
        ("name: other", False),
        ("- a", False),
        ("", False),
    ],
)
def test_is_forge(text: str, forge: bool) -> None:
    assert is_forge(parse_yaml(text, "manifest.yml")) is forge


words = st.sampled_from(
    ["app", "id", "modules", "permissions", "scopes", "external", "fetch", "remotes", "key", "function", "x", "${A}"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(words, values, max_size=5))
def test_any_shape_is_read_or_refused(content: dict[str, object]) -> None:
    try:
        assert manifest(repr(content).replace("None", "null").replace("True", "true").replace("False", "false"))
    except UsageError as error:
        refusal = error
    else:
        return
    assert refusal.where


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \n\t<\\\u2028\ufeff", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_yaml(text, "manifest.yml").plain()
    except UsageError as error:
        refusal = error
    else:
        return
    assert refusal.where
