"""What the platform will probably say about an app, from its manifest. Atlassian decides, for the deployed version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from piiguard.claims.hosts import bare_host
from piiguard.facts.trackers import on_allow_list
from piiguard.model import App, Subject, Verdict
from piiguard.trustcenter import Predicted, Reply


def predictions(subject: Subject, verdicts: Mapping[tuple[str, str], Verdict]) -> tuple[Predicted, ...]:
    """Runs on Atlassian, data residency and the analytics policy, for each app."""
    return tuple(each for app in subject.apps for each in _of(app, verdicts))


def _of(app: App, verdicts: Mapping[tuple[str, str], Verdict]) -> Iterator[Predicted]:
    verdict = verdicts.get(("runs-on-atlassian", app.id))
    if verdict:
        yield Predicted(app.id, "Runs on Atlassian", verdict.answer, verdict.reason)
    reply = residency(app)
    yield Predicted(app.id, "Data residency", reply.answer, reply.reason)
    yield _analytics(app)


def residency(app: App) -> Reply:
    """Whether the app can be pinned: no egress and no remote with in-scope end-user data but at addresses by region.

    Source: the platform's page on data residency (`PINNED` needs `inScopeEUD: false`, or region URLs).
    """
    manifest = app.manifest
    for entry in manifest.egress:
        if entry.in_scope_eud is not False and entry.remote is None:
            what = f"{entry.address} may receive in-scope end-user data ({manifest.path}:{entry.line})"
            return Reply(app.id, "contradicted", f"predicted: {what}")
    for remote in manifest.remotes:
        if len(remote.base_urls) < 2 and remote.storage_in_scope_eud is not False:
            what = f"remote {remote.key} has one address for all regions ({manifest.path}:{remote.line})"
            return Reply(app.id, "contradicted", f"predicted: {what}")
    return Reply(
        app.id, "supported", "predicted: the manifest sends no in-scope end-user data to a place without region"
    )


def _analytics(app: App) -> Predicted:
    entries = [entry for entry in app.manifest.egress if entry.category == "analytics"]
    topic = "Analytics policy"
    for entry in entries:
        place = f"{app.manifest.path}:{entry.line}"
        if entry.in_scope_eud is not False:
            return Predicted(
                app.id, topic, "contradicted", f"predicted: analytics without `inScopeEUD: false` ({place})"
            )
        if entry.address and not on_allow_list(bare_host(entry.address)):
            return Predicted(
                app.id, topic, "contradicted", f"predicted: {entry.address} is no approved analytics tool ({place})"
            )
    if not entries:
        return Predicted(app.id, topic, "not-applicable", "predicted: the manifest declares no analytics")
    return Predicted(
        app.id, topic, "supported", "predicted: all declared analytics are approved tools without end-user data"
    )
