"""`permissions.scopes`: what a scope says by itself, whatever the code does with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from piiguard.engines.manifest.declaring import Check, Place, check
from piiguard.model import Manifest

_SCOPES = "manifest-reference/scopes-product-jira"
_POWERFUL = re.compile(r"(manage|admin|delete):|read:audit-log:")
_GRANULAR = re.compile(r"[a-z]+:[a-z-]+(\.[a-z-]+)*:(jira|confluence)")
_CLASSIC = re.compile(r"(read|write|manage|search):(?P<product>jira|confluence)(-[a-z.]+)?$")
_USERS = frozenset(
    (
        "manage:servicedesk-customer",
        "read:account",
        "read:confluence-groups",
        "read:confluence-user",
        "read:customer:jira-service-management",
        "read:group:confluence",
        "read:group:jira",
        "read:jira-user",
        "read:me",
        "read:organization.user:jira-service-management",
        "read:user:bitbucket",
        "read:user:confluence",
        "read:user:jira",
        "view:membership:teams",
        "view:team:teams",
    )
)


@check(
    "manifest-powerful-scope",
    "overbroad-scope",
    "Asks for a scope that manages, deletes or audits",
    page=_SCOPES,
    confidence="likely",
    why="Administrators are asked to trust the app with more than reading and writing content.",
    fix="Remove the scope if a weaker one serves the calls; otherwise justify it in the published list of permissions.",
)
def powerful_scope(manifest: Manifest) -> Iterator[Place]:
    """`manage:*`, `admin:*`, `delete:*` and audit logs."""
    for scope in manifest.scopes:
        if _POWERFUL.match(scope.name):
            yield Place(scope.line, scope.name, attributes={"scope": scope.name})


@check(
    "manifest-impersonation",
    "manifest-declaration",
    "Acts as a user who is not there",
    page=_SCOPES,
    why="The app can act as any account at any time.",
    fix="Use asUser() inside the user's own request, or asApp() with a permission check.",
)
def impersonation(manifest: Manifest) -> Iterator[Place]:
    """A scope with `allowImpersonation: true`, or `act-as-user:*`."""
    for scope in manifest.scopes:
        if scope.impersonation or scope.name.startswith("act-as-user:"):
            yield Place(scope.line, scope.name, attributes={"fact": "impersonation", "scope": scope.name})


@check(
    "manifest-mixed-scopes",
    "overbroad-scope",
    "Declares classic and granular scopes of one product",
    page=_SCOPES,
    confidence="likely",
    why="A call is satisfied by one kind or the other, so part of the list is usually left over.",
    fix="Keep the classic scopes, or replace them by the granular ones that the calls need.",
)
def mixed_scopes(manifest: Manifest) -> Iterator[Place]:
    """Each granular scope of a product of which a classic scope is declared as well."""
    classic = {found["product"] for scope in manifest.scopes if (found := _CLASSIC.match(scope.name))}
    for scope in manifest.scopes:
        found = _GRANULAR.fullmatch(scope.name)
        if found and found[2] in classic and "app-data" not in scope.name:
            yield Place(scope.line, scope.name, attributes={"scope": scope.name, "product": found[2]})


@check(
    "manifest-email-scope",
    "manifest-declaration",
    "May read every user's e-mail address",
    page=_SCOPES,
    why="The scope passes over what users chose to show in their profile.",
    fix="Remove the scope, or say in the published promises that e-mail addresses are read.",
)
def email_scope(manifest: Manifest) -> Iterator[Place]:
    """`read:email-address:*` and the Connect equivalents."""
    for scope in manifest.scopes:
        if scope.name.startswith(("read:email-address:", "access-email-addresses:")):
            yield Place(
                scope.line, scope.name, data=("email",), attributes={"fact": "email-scope", "scope": scope.name}
            )


@check(
    "manifest-personal-data-report",
    "manifest-declaration",
    "Reports stored personal data to Atlassian",
    page="user-privacy-guidelines",
    why="Only an app that stores personal data needs the scope: it is the vendor's own statement.",
    fix="Remove the scope if nothing personal is stored; otherwise publish that it is.",
)
def personal_data_report(manifest: Manifest) -> Iterator[Place]:
    """`report:personal-data`."""
    for scope in manifest.scopes:
        if scope.name == "report:personal-data":
            yield Place(scope.line, scope.name, attributes={"fact": "personal-data-reporting", "scope": scope.name})


@check(
    "manifest-user-scope",
    "manifest-declaration",
    "May read users, groups or customers",
    page=_SCOPES,
    why="The scope is a statement about what kind of personal data the app can see.",
    fix="Remove the scope if no call needs it.",
)
def user_scope(manifest: Manifest) -> Iterator[Place]:
    """Scopes that give user objects, membership or data bound to one person."""
    for scope in manifest.scopes:
        if scope.name in _USERS or ":user.property:" in scope.name:
            yield Place(scope.line, scope.name, attributes={"fact": "user-scope", "scope": scope.name})


CHECKS: tuple[Check, ...] = (
    powerful_scope,
    impersonation,
    mixed_scopes,
    email_scope,
    personal_data_report,
    user_scope,
)
