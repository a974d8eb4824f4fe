"""`app` and `modules`: what the app stores, exposes and runs by its own statement."""

from __future__ import annotations

from collections.abc import Iterator

from piiguard.engines.manifest.declaring import Check, Place, check
from piiguard.facts import names
from piiguard.model import Manifest, Module

_MODULES = "manifest-reference/modules"
_RETIRED = frozenset({"nodejs14.x", "nodejs16.x", "nodejs18.x", "nodejs20.x", "sandbox"})


def _of_kind(manifest: Manifest, *kinds: str) -> Iterator[Module]:
    return (module for module in manifest.modules if module.kind in kinds)


@check(
    "manifest-entity-attribute",
    "schema-declaration",
    "Declares a storage attribute named like personal data",
    page="storage-reference",
    confidence="likely",
    store="kvs",
    why="An attribute of this name is there to keep personal data.",
    fix="Keep the account id only and read the rest when it is shown, or publish that it is stored.",
)
def entity_attribute(manifest: Manifest) -> Iterator[Place]:
    """Attributes of `app.storage.entities` whose name tells a data class."""
    for attribute in manifest.attributes:
        data = names.data_class(attribute.name)
        if data and data != "credential":
            named = f"{attribute.entity}.{attribute.name}"
            yield Place(attribute.line, named, data=(data,), attributes={"declared_schema": "yes", "store": "kvs"})


@check(
    "manifest-credential-attribute",
    "schema-declaration",
    "Declares a storage attribute named like a credential",
    page="storage-reference",
    confidence="likely",
    store="kvs",
    why="Entities are not encrypted per value and can be read in the developer console.",
    fix="Keep credentials with setSecret.",
)
def credential_attribute(manifest: Manifest) -> Iterator[Place]:
    """Attributes of `app.storage.entities` whose name tells a credential."""
    for attribute in manifest.attributes:
        if names.data_class(attribute.name) == "credential":
            named = f"{attribute.entity}.{attribute.name}"
            yield Place(
                attribute.line, named, data=("credential",), attributes={"declared_schema": "yes", "store": "kvs"}
            )


@check(
    "manifest-classification",
    "manifest-declaration",
    "Says what kind of data the app stores",
    page="manifest-reference",
    why="The vendor's own statement: `pii` contradicts a promise that none is stored, its absence one that some is.",
    fix="Keep the list and the published promises the same.",
)
def classification(manifest: Manifest) -> Iterator[Place]:
    """`app.storage.classifications`."""
    for member in manifest.classifications or ():
        message = f"storage holds {member}"
        yield Place(manifest.classifications_line, message, attributes={"fact": f"{member}-classification"})


@check(
    "manifest-dynamic-web-trigger",
    "public-exit",
    "Answers anybody on the internet with what a function returns",
    page="manifest-reference/modules/web-trigger",
    why="The URL is public, the platform checks no caller, and the response leaves outside the egress permissions.",
    fix="Check a signature before answering, or declare a static response.",
)
def dynamic_web_trigger(manifest: Manifest) -> Iterator[Place]:
    """Web triggers without a static response."""
    for module in _of_kind(manifest, "webtrigger"):
        response = module.data.get("response")
        kind = response.get("type") if isinstance(response, dict) else None
        if kind != "static":
            yield Place(module.line, f"web trigger {module.key}", attributes={"fact": "dynamic-webtrigger"})


@check(
    "manifest-public-event",
    "public-exit",
    "Publishes its events to every app on the site",
    page="events-reference/app-events",
    why="Any other vendor's app can listen to what is published.",
    fix="Name the apps in `allowedRecipients`, or leave it out.",
)
def public_event(manifest: Manifest) -> Iterator[Place]:
    """`event` modules with `allowedRecipients: ['*']`."""
    for module in _of_kind(manifest, "event"):
        recipients = module.data.get("allowedRecipients")
        if isinstance(recipients, list) and "*" in recipients:
            yield Place(module.line, f"event {module.key}", attributes={"fact": "open-app-event"})


@check(
    "manifest-api-route",
    "manifest-declaration",
    "Offers a REST API of its own",
    page=_MODULES,
    why="Other programs can read what the routes return.",
    fix="Guard each route with a scope and say what it returns.",
)
def api_route(manifest: Manifest) -> Iterator[Place]:
    """`apiRoute` modules."""
    for module in _of_kind(manifest, "apiRoute"):
        yield Place(module.line, f"route {module.key}", attributes={"fact": "api-route"})


@check(
    "manifest-llm",
    "ai-processing",
    "Uses a language model",
    page="manifest-reference/modules",
    why="User content in a prompt is processed by a model, though inside Atlassian.",
    fix="Say in the published promises that the app uses AI.",
)
def llm(manifest: Manifest) -> Iterator[Place]:
    """`llm` modules and Rovo agents."""
    for module in _of_kind(manifest, "llm", "rovo:agent"):
        yield Place(module.line, f"{module.kind} {module.key}", attributes={"kind": module.kind, "module": module.key})


@check(
    "manifest-database",
    "manifest-declaration",
    "Keeps data in hosted SQL or an object store",
    page=_MODULES,
    why="What is kept there counts for storage and residency promises.",
    fix="Say in the published promises what is kept and for how long.",
)
def database(manifest: Manifest) -> Iterator[Place]:
    """`sql` and `objectStore` modules."""
    for module in _of_kind(manifest, "sql", "objectStore"):
        resident = module.kind != "sql" or module.data.get("dareCompliant") is not False
        fact = "database" if resident else "sql-not-resident"
        yield Place(module.line, f"{module.kind} {module.key}", attributes={"fact": fact, "kind": module.kind})


@check(
    "manifest-erasure",
    "erasure",
    "Runs code before the app is removed",
    page="manifest-reference/modules",
    why="The place where an app can erase what it keeps elsewhere.",
    fix="Erase data outside the platform here.",
)
def erasure(manifest: Manifest) -> Iterator[Place]:
    """`preUninstall` modules."""
    for module in _of_kind(manifest, "preUninstall"):
        yield Place(module.line, f"module {module.key}", attributes={"module": module.key})


@check(
    "manifest-extra-files",
    "manifest-declaration",
    "Ships files beside its bundle",
    page="manifest-reference",
    why="Extra files can be binaries that no source scan has seen.",
    fix="Ship sources only, or say what the files are.",
)
def extra_files(manifest: Manifest) -> Iterator[Place]:
    """`app.package.extraFiles`."""
    if manifest.extra_files_line:
        yield Place(manifest.extra_files_line, attributes={"fact": "extra-files"})


@check(
    "manifest-containers",
    "manifest-declaration",
    "Runs containers",
    page="containers-reference",
    why="Code in any language, outside the functions, with the app's permissions.",
    fix="Let the scan see the container's sources.",
)
def containers(manifest: Manifest) -> Iterator[Place]:
    """`services`."""
    if manifest.services_line:
        yield Place(manifest.services_line, attributes={"fact": "container"})


@check(
    "manifest-retired-runtime",
    "manifest-declaration",
    "Names a runtime that is no longer maintained",
    page="manifest-reference",
    why="Security fixes have ended and new deployments are refused.",
    fix="Move to a supported Node.js runtime.",
)
def retired_runtime(manifest: Manifest) -> Iterator[Place]:
    """`app.runtime.name` up to Node.js 20."""
    if manifest.runtime in _RETIRED:
        yield Place(
            manifest.runtime_line, manifest.runtime, attributes={"fact": "old-runtime", "runtime": manifest.runtime}
        )


CHECKS: tuple[Check, ...] = (
    entity_attribute,
    credential_attribute,
    classification,
    dynamic_web_trigger,
    public_event,
    api_route,
    llm,
    database,
    erasure,
    extra_files,
    containers,
    retired_runtime,
)
