"""What the manifest alone says for or against a claim, put as observations so that the same clauses judge it.

The rules are those of Atlassian's manifest reference and of the published criteria for Runs on Atlassian.
Facts carry the attribute `fact`. They count where no engine observed at the same place something that weighs as much.
"""

from __future__ import annotations

from collections.abc import Iterator

from piiguard.matching import fingerprint
from piiguard.model import App, Egress, Location, Manifest, Module, Observation, Remote, Scope

_EMAIL_SCOPES = ("read:email-address:", "access-email-addresses:")
_RETIRED_RUNTIMES = frozenset({"nodejs18.x", "nodejs20.x", "sandbox"})
"""No longer deployable as of May 2026 (Forge changelog, CHANGE-3209)."""

_Fact = tuple[str, str, int, str, str | None]
"""Category, fact, line, message, host."""


def manifest_facts(app: App) -> tuple[Observation, ...]:
    """The facts of an app's manifest, each with an id of the form `manifest-<fact>@<path>:<line>`."""
    return tuple(_observation(app, fact) for fact in _found(app.manifest))


def from_manifest(observation: Observation) -> bool:
    """Whether an observation is one of these facts, which no engine reported."""
    return observation.id.startswith("manifest-") and "@" in observation.id


def _observation(app: App, found: _Fact) -> Observation:
    category, fact, line, message, host = found
    path, rule = app.manifest.path, f"manifest-{fact}"
    return Observation(
        id=f"{rule}@{path}:{line}",
        app=app.id,
        rule=rule,
        category=category,
        confidence="sure",
        location=Location(path, max(line, 1)),
        host=host,
        message=message,
        attributes={"fact": fact, "directive": fact} if category == "unsafe-csp" else {"fact": fact},
        code=fingerprint(rule, category, message, host or ""),
    )


def _found(manifest: Manifest) -> Iterator[_Fact]:
    for entry in manifest.egress:
        yield from _egress(entry)
    for scope in manifest.scopes:
        yield from _scope(scope)
    for remote in manifest.remotes:
        yield from _remote(remote)
    for module in manifest.modules:
        yield from _module(module)
    yield from _rest(manifest)


def _egress(entry: Egress) -> Iterator[_Fact]:
    address = entry.address or f"remote {entry.remote}"
    kind = "manifest-declaration"
    analytics = entry.category == "analytics"
    if analytics:
        yield kind, "analytics-egress", entry.line, f"{address} is declared as analytics", entry.address
    if analytics and entry.in_scope_eud is not False:
        yield kind, "analytics-eud", entry.line, f"{address} is analytics without inScopeEUD: false", None
    if not analytics:
        yield kind, "egress", entry.line, f"{address} is allowed for {entry.kind}", entry.address
    if entry.unresolved:
        yield kind, "unresolved-host", entry.line, f"{address} depends on a variable", None
    elif entry.address is not None and entry.address.split("://")[-1].split("/")[0] == "*":
        yield kind, "any-host", entry.line, f"`*` is allowed for {entry.kind}", None
    elif "*" in address:
        yield kind, "wildcard-host", entry.line, f"{address} is allowed for {entry.kind}", None


def _scope(scope: Scope) -> Iterator[_Fact]:
    kind = "manifest-declaration"
    if scope.name == "report:personal-data":
        yield kind, "personal-data-reporting", scope.line, f"scope {scope.name}", None
    if scope.name.startswith(_EMAIL_SCOPES):
        yield kind, "email-scope", scope.line, f"scope {scope.name}", None
    if scope.impersonation or scope.name.startswith("act-as-user:"):
        yield kind, "impersonation", scope.line, f"scope {scope.name} may be used for an absent user", None


def _remote(remote: Remote) -> Iterator[_Fact]:
    name, category, line = f"remote {remote.key}", "remote-backend", remote.base_url_line or remote.line
    for address in remote.base_urls or (None,):
        yield category, "remote", line, f"{name} at {address or 'an unknown address'}", address
        if remote.app_user_token:
            yield category, "remote-user-token", line, f"{name} receives the user's token", address
        if remote.app_system_token:
            yield category, "remote-system-token", line, f"{name} receives the app's token", address
        if _may_store(remote):
            yield category, "remote-storage", line, f"{name} may store end-user data", address
    if remote.configurable:
        message = f"administrators choose the address of {name}"
        yield "manifest-declaration", "configurable-remote", remote.line, message, None


def _may_store(remote: Remote) -> bool:
    """A remote without `operations` counts as one that stores in-scope end-user data."""
    return remote.operations is None or ("storage" in remote.operations and remote.storage_in_scope_eud is not False)


def _module(module: Module) -> Iterator[_Fact]:
    kind = "manifest-declaration"
    data = module.data
    response = data.get("response")
    static = isinstance(response, dict) and response.get("type") == "static"
    if module.kind == "webtrigger" and not static:
        yield kind, "dynamic-webtrigger", module.line, f"web trigger {module.key} answers dynamically", None
    if module.kind == "sql" and data.get("dareCompliant") is False:
        yield kind, "sql-not-resident", module.line, f"SQL module {module.key} is not residency compliant", None
    recipients = data.get("allowedRecipients")
    if module.kind == "event" and isinstance(recipients, list) and "*" in recipients:
        yield kind, "open-app-event", module.line, f"event {module.key} goes to any app", None
    if module.kind.startswith(("connect-jira:", "connect-confluence:")):
        yield "connect-module", "connect", module.line, f"Connect module {module.kind}", None


def _rest(manifest: Manifest) -> Iterator[_Fact]:
    kind = "manifest-declaration"
    for member, fact in (("pii", "pii-classification"), ("ugc", "ugc-classification")):
        if manifest.classifications and member in manifest.classifications:
            yield kind, fact, manifest.classifications_line, f"storage is classified as `{member}`", None
    for value, line in manifest.sandbox:
        if value.startswith("allow-storage-access"):
            yield kind, "storage-access", line, f"sandbox {value}", None
    for content in manifest.content:
        if content.value.strip("'").startswith("unsafe-"):
            yield "unsafe-csp", content.value.strip("'"), content.line, f"{content.value} for {content.kind}", None
    for provider in manifest.providers:
        yield "external-auth", "provider", provider.line, f"authentication provider {provider.key}", None
    if manifest.connect_line:
        yield "connect-module", "connect", manifest.connect_line, "the manifest has a Connect part", None
    if manifest.egress_configurable_line:
        line, message = manifest.egress_configurable_line, "administrators can add hosts"
        yield kind, "configurable-egress", line, message, None
    if manifest.runtime in _RETIRED_RUNTIMES:
        yield kind, "old-runtime", manifest.runtime_line, f"runtime {manifest.runtime}", None
    if manifest.extra_files_line:
        yield kind, "extra-files", manifest.extra_files_line, "extra files are packaged", None
    if manifest.services_line:
        yield kind, "container", manifest.services_line, "containers are declared", None
