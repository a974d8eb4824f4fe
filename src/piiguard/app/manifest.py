"""manifest.yml -> model.Manifest, with the line of everything.

Source of the keys and forms: the JSON schema of the npm package `@forge/manifest` 13.7.0. Unknown keys are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from piiguard.app.tree import Tree
from piiguard.model import (
    Attribute,
    Content,
    Egress,
    Function,
    Manifest,
    Module,
    Provider,
    Remote,
    Resource,
    Scope,
)

EGRESS_KINDS: tuple[tuple[str, ...], ...] = (
    ("fetch", "backend"),
    ("fetch", "client"),
    ("fonts",),
    ("frames",),
    ("images",),
    ("media",),
    ("navigation",),
    ("scripts",),
    ("styles",),
)
CONTENT_KINDS: tuple[Literal["scripts", "styles"], ...] = ("scripts", "styles")

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LOOKS_LIKE_FORGE = re.compile(r"^(app|modules)\s*:", re.MULTILINE)


def looks_like_forge(text: str) -> bool:
    """Whether a file that may not even be valid YAML was meant as a Forge manifest."""
    return _LOOKS_LIKE_FORGE.search(text) is not None


def is_forge(top: Tree) -> bool:
    """Whether a manifest is Forge's: it has `app.id` or `modules`."""
    if not isinstance(top.value, dict):
        return False
    app = top.value["app"].value if "app" in top.value else None
    return "modules" in top.value or (isinstance(app, dict) and "id" in app)


def parse_manifest(top: Tree) -> Manifest:
    """Read a manifest. UsageError, with path and line, for a known key of a wrong type."""
    variables = tuple(_variables(top))
    defaults = {name: default for name, default, _ in variables if default is not None}
    classifications = top.at("app", "storage", "classifications")
    return Manifest(
        path=top.path,
        app_id=top.text_at("app", "id") or "",
        runtime=top.text_at("app", "runtime", "name") or "",
        runtime_line=top.line_at("app", "runtime", "name"),
        scopes=tuple(_scopes(top)),
        egress=tuple(_egress(top, defaults)),
        content=tuple(_content(top)),
        sandbox=tuple((item.text(), item.line) for item in top.items_at("permissions", "sandbox")),
        enforcement=top.text_at("permissions", "enforcement"),
        egress_configurable_line=_configurable_line(top),
        remotes=tuple(_remote(item, defaults) for item in top.items_at("remotes")),
        providers=tuple(_provider(item) for item in top.items_at("providers", "auth")),
        connect_line=_connect_line(top),
        classifications=tuple(item.text() for item in classifications.items()) if classifications else None,
        classifications_line=classifications.line if classifications else 0,
        attributes=tuple(_attributes(top)),
        extra_files_line=top.line_at("app", "package", "extraFiles"),
        modules=tuple(_modules(top)),
        functions=tuple(_function(item) for item in top.items_at("modules", "function")),
        resources=tuple(_resource(item) for item in top.items_at("resources")),
        services_line=top.line_at("services"),
        variables=variables,
    )


def _variables(top: Tree) -> Iterator[tuple[str, str | None, int]]:
    """`environment.variables`: a list of names or of `{key, default}`, or a map from name to default or `{default}`."""
    declared = top.at("environment", "variables")
    if declared is None:
        return
    if isinstance(declared.value, dict):
        for name, item in declared.value.items():
            yield name, _default(item), item.line
        return
    for item in declared.items():
        if isinstance(item.value, dict):
            yield item.text_at("key") or item.text_at("name") or "", item.text_at("default"), item.line
        else:
            yield item.text(), None, item.line


def _default(item: Tree) -> str | None:
    if isinstance(item.value, dict):
        return item.text_at("default")
    return None if item.value is None else item.text()


def _filled(address: str, defaults: dict[str, str]) -> str:
    """The text with each `${NAME}` that has a default replaced."""
    return _VARIABLE.sub(lambda found: defaults.get(found[1], found[0]), address)


def _scopes(top: Tree) -> Iterator[Scope]:
    """A list of names, or a map from name to `{allowImpersonation}`; list entries may be such maps as well."""
    declared = top.at("permissions", "scopes")
    if declared is None:
        return
    entries = [declared] if isinstance(declared.value, dict) else declared.items()
    for entry in entries:
        if isinstance(entry.value, dict):
            for name, options in entry.value.items():
                yield Scope(name, options.line, _impersonation(options))
        else:
            yield Scope(entry.text(), entry.line)


def _impersonation(options: Tree) -> bool:
    return isinstance(options.value, dict) and bool(options.flag_at("allowImpersonation"))


def _egress(top: Tree, defaults: dict[str, str]) -> Iterator[Egress]:
    for keys in EGRESS_KINDS:
        for item in top.items_at("permissions", "external", *keys):
            yield _egress_entry(".".join(keys), item, defaults)


def _egress_entry(kind: str, item: Tree, defaults: dict[str, str]) -> Egress:
    if not isinstance(item.value, dict):
        address = _filled(item.text(), defaults)
        return Egress(kind, item.line, address, unresolved=_VARIABLE.search(address) is not None)
    written = item.text_at("address")
    address_or_none = None if written is None else _filled(written, defaults)
    return Egress(
        kind,
        item.line_at("address") or item.line,
        address_or_none,
        remote=item.text_at("remote"),
        category=item.text_at("category"),
        in_scope_eud=item.flag_at("inScopeEUD"),
        unresolved=address_or_none is not None and _VARIABLE.search(address_or_none) is not None,
    )


def _content(top: Tree) -> Iterator[Content]:
    for kind in CONTENT_KINDS:
        for item in top.items_at("permissions", "content", kind):
            yield Content(kind, item.text(), item.line)


def _configurable_line(top: Tree) -> int:
    enabled = top.flag_at("permissions", "external", "configurable", "enabled")
    return top.line_at("permissions", "external", "configurable") if enabled else 0


def _remote(item: Tree, defaults: dict[str, str]) -> Remote:
    operations = item.at("operations")
    base_url = item.at("baseUrl")
    return Remote(
        key=item.text_at("key") or "",
        line=item.line,
        base_urls=tuple(_filled(url, defaults) for url in _base_urls(base_url)),
        base_url_line=base_url.line if base_url else 0,
        operations=tuple(operation.text() for operation in operations.items()) if operations else None,
        storage_in_scope_eud=item.flag_at("storage", "inScopeEUD"),
        app_user_token=bool(item.flag_at("auth", "appUserToken", "enabled")),
        app_system_token=bool(item.flag_at("auth", "appSystemToken", "enabled")),
        configurable=item.at("configurable") is not None,
    )


def _base_urls(base_url: Tree | None) -> list[str]:
    """One URL, or a map with `default` and a URL per region; each URL once."""
    if base_url is None:
        return []
    if isinstance(base_url.value, dict):
        return list(dict.fromkeys(url.text() for url in base_url.value.values()))
    return [base_url.text()]


def _provider(item: Tree) -> Provider:
    return Provider(
        key=item.text_at("key") or "",
        line=item.line,
        kind=item.text_at("integration") or item.text_at("type") or "oauth2",
        remotes=tuple(remote.text() for remote in item.items_at("remotes")),
        scopes=tuple(scope.text() for scope in item.items_at("scopes")),
        bearer_method=_bearer_method(item),
        literal_overrides=tuple(sorted(_literal_overrides(item))),
    )


def _bearer_method(item: Tree) -> str | None:
    """A name, or for `uri-query` and `form-encoded` a map from that name to its parameter."""
    declared = item.at("bearerMethod")
    if declared is None:
        return None
    return next(iter(declared.value), None) if isinstance(declared.value, dict) else declared.text()


def _literal_overrides(item: Tree) -> Iterator[int]:
    actions = item.at("actions")
    for action in actions.mapping().values() if actions else ():
        overrides = action.at("overrides") if isinstance(action.value, dict) else None
        for part in ("headers", "body"):
            values = overrides.at(part) if overrides else None
            for value in values.mapping().values() if values else ():
                if isinstance(value.value, str) and not _VARIABLE.search(value.value):
                    yield value.line


def _connect_line(top: Tree) -> int:
    modules = top.at("modules")
    kinds = modules.mapping() if modules else {}
    lines = [tree.line for kind, tree in kinds.items() if kind.startswith("connect-")]
    return top.line_at("app", "connect") or top.line_at("connectModules") or min(lines, default=0)


def _attributes(top: Tree) -> Iterator[Attribute]:
    for entity in top.items_at("app", "storage", "entities"):
        declared = entity.at("attributes")
        for name, options in declared.mapping().items() if declared else ():
            kind = options.text_at("type") if isinstance(options.value, dict) else options.text()
            yield Attribute(entity.text_at("name") or "", name, kind or "", options.line)


def _modules(top: Tree) -> Iterator[Module]:
    """All modules but functions, which have a type of their own."""
    declared = top.at("modules")
    for kind, entries in declared.mapping().items() if declared else ():
        if kind == "function":
            continue
        for item in entries.items():
            yield _module(kind, item)


def _module(kind: str, item: Tree) -> Module:
    item.mapping()
    data = item.plain() or {}
    return Module(
        kind=kind,
        key=item.text_at("key") or "",
        line=item.line,
        function=next(references(data, "function"), None),
        endpoint=next(references(data, "endpoint"), None),
        resource=next(references(data, "resource"), None),
        data=data,
    )


def references(data: Any, name: str) -> Iterator[str]:
    """The values of `name` in a module's `data`, the main one first.

    Main is the module's own (`function`), then its resolver's (`resolver.function`), then those nested deeper
    (`config.function`, `edit.resolver.function`, `dynamicProperties.function`, ...) in the order of the file.
    """
    if isinstance(data, list):
        for item in data:
            yield from references(item, name)
    if not isinstance(data, dict):
        return
    if isinstance(data.get(name), str):
        yield data[name]
    nested = sorted(data.items(), key=lambda entry: entry[0] != "resolver")
    for _, item in nested:
        yield from references(item, name)


def _function(item: Tree) -> Function:
    return Function(
        key=item.text_at("key") or "",
        line=item.line,
        handler=item.text_at("handler") or "",
        providers=tuple(provider.text() for provider in item.items_at("providers", "auth")),
    )


def _resource(item: Tree) -> Resource:
    return Resource(item.text_at("key") or "", item.line, item.text_at("path") or "")
