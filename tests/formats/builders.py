"""Hand-made reports: one that shows everything a report can hold, and parts to make others."""

from __future__ import annotations

from typing import Any

import msgspec

from piiguard.model import (
    Answer,
    App,
    Attestation,
    Egress,
    FileStatus,
    Gap,
    Judgement,
    Location,
    Manifest,
    Observation,
    Report,
    Rule,
    Scope,
    Step,
    Subject,
    Tool,
    Verdict,
    Waiver,
)

SECTIONS = {
    2: "Infrastructure & Hosting",
    3: "Data Privacy Principles",
    8: "Subprocessors",
    9: "Compliance & Certifications",
    10: "Security Practices",
}

RULES = {
    "forge-kvs-set": Rule(
        id="forge-kvs-set",
        role="sink",
        engine="semgrep",
        topic="storage",
        title="Writes a value to Forge key-value storage",
        category="pii-storage",
        store="kvs",
        why="Every installation keeps it until the app is uninstalled, and the app's admins can read it.",
        fix="Store an opaque id, or look the person up again when the page is shown.",
        references=("https://developer.atlassian.com/platform/forge/runtime-reference/storage-api/",),
    ),
    "fetch-call": Rule(
        id="fetch-call",
        role="sink",
        engine="semgrep",
        topic="egress",
        title="Calls a host over HTTP",
        category="pii-egress",
        why="Whatever is sent leaves Atlassian's infrastructure.",
        fix="Leave personal fields out of the body.",
    ),
    "browser-local-storage": Rule(
        id="browser-local-storage",
        role="observation",
        engine="semgrep",
        topic="browser",
        title="Keeps a value in the browser",
        category="browser-storage",
    ),
}


def place(path: str, line: int, column: int = 3) -> Location:
    return Location(path, line, column, line, column + 24)


def observation(name: str, rule: str = "forge-kvs-set", **fields: Any) -> Observation:
    given: dict[str, Any] = {
        "app": ".",
        "category": RULES[rule].category,
        "confidence": "sure",
        "location": place("src/db.js", 31),
        "message": RULES[rule].title,
        **fields,
    }
    return Observation(id=name, rule=rule, **given)


def verdict(section: int, claim: str, answer: Answer, **fields: Any) -> Verdict:
    given: dict[str, Any] = {
        "app": ".",
        "reason": f"because of {claim}",
        "title": claim.replace("-", " ").capitalize(),
        "section_title": SECTIONS[section],
        **fields,
    }
    return Verdict(section=section, claim=claim, answer=answer, **given)


def app(**fields: Any) -> App:
    manifest = Manifest(
        path="manifest.yml",
        scopes=(Scope("read:jira-work", 12), Scope("storage:app", 13)),
        egress=(Egress("fetch.backend", 17, address="https://api.example.com"),),
    )
    given: dict[str, Any] = {"id": ".", "name": "Progress Board", "root": "/home/someone/board", "manifest": manifest}
    return App(**{**given, **fields})


def report(
    observations: tuple[Observation, ...] = (),
    judgement: Judgement | None = None,
    gaps: tuple[Gap, ...] = (),
    apps: tuple[App, ...] = (),
    snippets: dict[str, tuple[str, ...]] | None = None,
) -> Report:
    return Report(
        tool=Tool("piiguard", "0.1.0", "sha256:" + "ab" * 32, {"semgrep": "1.182.0", "libcst": "1.9.0"}),
        subject=Subject("/home/someone/board", apps or (app(),), "c0ffee" * 6 + "abcd", False, "sha256:" + "cd" * 32),
        observations=observations,
        judgement=judgement or Judgement(),
        gaps=gaps,
        rules=RULES,
        snippets=snippets or {},
    )


def rich_report() -> Report:
    """Two broken claims sharing a finding, a trace, a fold, a waiver of each state, gaps, every answer."""
    stored = observation(
        "aaaa1111",
        data=("account-id", "display-name"),
        distance="inter-file",
        message="Writes the account id to Forge KVS",
        flow=(
            Step(place("src/index.js", 12), "resolver context"),
            Step(place("src/index.js", 14), "argument of saveUser"),
            Step(place("src/db.js", 31), "value of kvs.set"),
        ),
    )
    sent = observation(
        "bbbb2222",
        "fetch-call",
        data=("email",),
        host="api.example.com",
        confidence="likely",
        location=place("src/api/client.ts", 8),
        message="Sends an e-mail address to api.example.com",
        attributes={"channel": "fetch"},
    )
    many = tuple(
        observation(f"cccc{n:04d}", location=place(f"src/jobs/step{n % 4}.js", 10 + n), data=("account-id",))
        for n in range(20)
    )
    kept = observation("dddd4444", "browser-local-storage", location=place("static/app.js", 3))
    accepted = observation("eeee5555", location=place("src/audit.js", 77), data=("account-id",))
    found = (stored.id, sent.id, *(item.id for item in many))
    unread = Gap("src/broken.js", "does not parse", ".", 4, ("pii-storage",))
    judgement = Judgement(
        verdicts=(
            verdict(2, "forge-only", "supported"),
            verdict(2, "runs-on-atlassian", "not-applicable"),
            verdict(
                3,
                "no-personal-data",
                "contradicted",
                reason="22 places store or send personal data",
                observations=(*found, accepted.id),
            ),
            verdict(3, "no-tracking", "supported"),
            verdict(3, "minimal-scopes", "not-shown", reason="a call could not be resolved", gaps=(unread,)),
            verdict(8, "no-subprocessors", "contradicted", reason="1 host is not listed", observations=(sent.id,)),
            verdict(9, "no-own-certifications", "missing", reason="nobody has attested it"),
            verdict(10, "security-review", "attested", reason="Ada L. on 2026-05-01, until 2027-05-01"),
        ),
        waivers=(
            Waiver(
                "forge-kvs-set",
                "Audit trail, agreed with legal",
                "inline",
                place("src/audit.js", 76),
                "src/audit.js",
                "2027-01-31",
                "used",
                (accepted.id,),
            ),
            Waiver("fetch-call", "Old client", "file", place("piiguard.yaml", 20), "src/old/**", None, "unmatched"),
            Waiver("fetch-call", "Trial", "file", place("piiguard.yaml", 24), "src/new/**", "2026-01-01", "expired"),
        ),
        attestations=(
            Attestation("security-review", "Ada L.", "2026-05-01", "2027-05-01", "Reviewed each release", "valid", "."),
        ),
        findings=found,
        waived=(accepted.id,),
    )
    files = (
        FileStatus("src/db.js", "scanned"),
        FileStatus("src/index.js", "scanned"),
        FileStatus("src/broken.js", "gap", "does not parse"),
        FileStatus("dist/app.min.js", "skipped", "build-output"),
        FileStatus("src/db.test.js", "skipped", "test"),
    )
    frame = (
        "export async function saveUser(user) {",
        "  await kvs.set(`user:${user.accountId}`, user);",
        "}",
    )
    return report(
        (stored, sent, *many, kept, accepted),
        judgement,
        (unread, Gap("src/huge.js", "larger than 2 MB", ".")),
        (app(files=files),),
        {stored.id: frame, sent.id: ("  const body = { email };", "  await fetch(URL, { body });", "  return body;")},
    )


HOSTILE = "evil\x1b[31m\x9b2J\u202e[bold red]`|<img src=x>@all](javascript:1)\udcff\r\n.js"
"""A file name, line or host as an attacker would choose it."""


def hostile_report() -> Report:
    """The rich report with the attacker's string wherever the scanned repository has a say."""
    base = rich_report()
    nasty = [
        msgspec.structs.replace(
            item,
            location=msgspec.structs.replace(item.location, path=HOSTILE + str(number)),
            message=HOSTILE,
            host=HOSTILE,
            attributes={"package": HOSTILE},
            flow=tuple(Step(Location(HOSTILE, 1), HOSTILE) for _ in item.flow),
        )
        for number, item in enumerate(base.observations)
    ]
    judgement = msgspec.structs.replace(
        base.judgement,
        verdicts=tuple(msgspec.structs.replace(item, reason=HOSTILE) for item in base.judgement.verdicts),
        waivers=tuple(
            msgspec.structs.replace(item, reason=HOSTILE, path=HOSTILE, rule=HOSTILE) for item in base.judgement.waivers
        ),
        attestations=tuple(
            msgspec.structs.replace(item, by=HOSTILE, statement=HOSTILE) for item in base.judgement.attestations
        ),
    )
    return msgspec.structs.replace(
        base,
        observations=tuple(nasty),
        judgement=judgement,
        gaps=(Gap(HOSTILE, HOSTILE),),
        subject=msgspec.structs.replace(base.subject, apps=(app(id=HOSTILE, name=HOSTILE), app(name=HOSTILE))),
        snippets={item.id: (HOSTILE, HOSTILE, HOSTILE) for item in nasty},
    )
