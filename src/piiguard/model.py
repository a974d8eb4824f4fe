"""The types that the five verbs hand to each other. Frozen, and importing nothing of ours.

Lines and columns are 1-based; columns count Unicode code points. Byte offsets are 0-based into the file's bytes.
Paths are relative to the scanned folder and use `/`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Language = Literal["javascript", "typescript", "tsx", "python", "html", "css", "json", "text"]
Role = Literal["source", "sink", "sanitizer", "observation"]
Confidence = Literal["sure", "likely"]
Distance = Literal["direct", "intra-function", "inter-function", "inter-file"]
Answer = Literal["supported", "contradicted", "not-shown", "attested", "missing", "not-applicable"]
Side = Literal["backend", "frontend", "either"]
Owner = Literal[
    "atlassian", "customer-configured", "subprocessor", "vendor", "unlisted", "unnamed", "typed-in", "unknown", "none"
]
"""Who runs a host, as far as piiguard.yaml and the code tell."""

DATA_CLASSES: dict[str, str] = {
    "email": "direct",
    "display-name": "direct",
    "avatar": "direct",
    "phone": "direct",
    "address": "direct",
    "ip-address": "direct",
    "username": "direct",
    "account-id": "pseudonymous",
    "pseudonymised": "pseudonymous",
    "encrypted": "encrypted",
    "locale": "indirect",
    "time-zone": "indirect",
    "site-url": "indirect",
    "cloud-id": "indirect",
    "user-content": "content",
    "credential": "credential",
    "secret": "credential",
}
"""Data class -> its group (the design's section 3)."""

CATEGORIES: dict[str, str] = {
    "pii-storage": "personal data is stored: Forge storage, SQL, properties, object store, files, databases",
    "pii-egress": "personal data is sent to a host outside Atlassian",
    "pii-log": "personal data or a credential is printed",
    "pii-queue": "personal data waits in a queue, or travels over a channel, inside the platform",
    "pii-error": "personal data stands in the text of an error, which may be logged",
    "credential-storage-plain": "a credential is stored in clear",
    "credential-storage-secret": "a credential is stored in an encrypted secret store",
    "credential-egress": "a credential goes to someone who did not issue it, or stands in an address",
    "credential-collection": "a credential is asked for",
    "hardcoded-secret": "a key, token or password is part of the code",
    "egress-host": "a host that the manifest allows is called",
    "undeclared-egress": "a host that the manifest does not allow is called",
    "understated-egress": "personal data goes where the manifest says that no end-user data goes",
    "unused-host": "the manifest allows a host that the code does not call",
    "overbroad-egress": "a wildcard of the manifest allows more than the code calls",
    "insecure-transport": "an address without TLS is called",
    "tracking": "an analytics, marketing or monitoring service is used, or a pixel or beacon",
    "session-recording": "what a person does on the screen is recorded",
    "usage-metrics": "use is counted with Forge's own metrics",
    "cookie": "a cookie is set or asked for",
    "browser-storage": "something is kept in the browser",
    "navigation-egress": "the browser is sent to another site",
    "remote-backend": "the manifest names a back end outside Forge",
    "external-auth": "the manifest names an external OAuth provider",
    "connect-module": "the app has a Connect part",
    "public-exit": "data can be read from a public address",
    "unsafe-csp": "the content security policy is loosened",
    "remote-code": "code is loaded from elsewhere, or text is run as code",
    "unused-scope": "a scope is asked for that nothing needs",
    "overbroad-scope": "a narrower scope would do",
    "missing-scope": "an endpoint is called whose scope is not asked for",
    "schema-declaration": "a table, entity or model has a field for personal data",
    "manifest-declaration": "the manifest says something about data by itself",
    "erasure": "stored data is deleted",
    "ai-processing": "text goes to an AI model",
}
"""Category of observations -> what the code does. Stable and public; the first ones are scored on labelled code."""


class Location(msgspec.Struct, frozen=True, order=True):
    """A span of a file."""

    path: str
    start_line: int
    start_column: int = 1
    end_line: int = 0
    end_column: int = 0


class Gap(msgspec.Struct, frozen=True, order=True):
    """Something that could not be looked at, or could not be decided. Never silent: it stands in the report."""

    path: str
    why: str
    app: str = ""
    line: int = 0
    needed_for: tuple[str, ...] = ()
    """Categories whose absence this gap makes unsure; empty = all of them."""


# ---------------------------------------------------------------- READ


class Scope(msgspec.Struct, frozen=True):
    """One entry of `permissions.scopes`."""

    name: str
    line: int
    impersonation: bool = False


class Egress(msgspec.Struct, frozen=True):
    """One entry of `permissions.external`."""

    kind: str
    """`fetch.backend`, `fetch.client`, `images`, `scripts`, `styles`, `fonts`, `frames`, `media`, `navigation`."""
    line: int
    address: str | None = None
    """As written, after `${VAR}` defaults were filled in; None for a `{remote}` entry."""
    remote: str | None = None
    category: str | None = None
    in_scope_eud: bool | None = None
    unresolved: bool = False
    """The address holds a `${VAR}` without a default."""


class Content(msgspec.Struct, frozen=True):
    """One entry of `permissions.content.scripts` or `.styles`."""

    kind: Literal["scripts", "styles"]
    value: str
    line: int


class Remote(msgspec.Struct, frozen=True):
    """One entry of `remotes` (or `app.connect`'s)."""

    key: str
    line: int
    base_urls: tuple[str, ...] = ()
    base_url_line: int = 0
    operations: tuple[str, ...] | None = None
    """None: not declared, which the platform treats as storing in-scope end-user data."""
    storage_in_scope_eud: bool | None = None
    app_user_token: bool = False
    app_system_token: bool = False
    configurable: bool = False


class Provider(msgspec.Struct, frozen=True):
    """One entry of `providers.auth`."""

    key: str
    line: int
    kind: str = "oauth2"
    remotes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    bearer_method: str | None = None
    literal_overrides: tuple[int, ...] = ()
    """Lines of `overrides.headers|body` values that are literals."""


class Module(msgspec.Struct, frozen=True):
    """One module of the manifest, whatever its kind."""

    kind: str
    key: str
    line: int
    function: str | None = None
    """Key of the `function` module that runs (its own `function` or `resolver.function`)."""
    endpoint: str | None = None
    resource: str | None = None
    data: dict[str, Any] = {}
    """The module as plain Python values."""


class Function(msgspec.Struct, frozen=True):
    """A `modules.function` entry."""

    key: str
    line: int
    handler: str
    """`file.exportedName`, relative to `src/` of the app."""
    providers: tuple[str, ...] = ()


class Resource(msgspec.Struct, frozen=True):
    """One entry of `resources`."""

    key: str
    line: int
    path: str


class Attribute(msgspec.Struct, frozen=True):
    """An attribute of an entity in `app.storage.entities`."""

    entity: str
    name: str
    type: str
    line: int


class Manifest(msgspec.Struct, frozen=True):
    """A Forge manifest with the line of everything. Unknown keys are ignored."""

    path: str
    app_id: str = ""
    runtime: str = ""
    runtime_line: int = 0
    scopes: tuple[Scope, ...] = ()
    egress: tuple[Egress, ...] = ()
    content: tuple[Content, ...] = ()
    sandbox: tuple[tuple[str, int], ...] = ()
    enforcement: str | None = None
    egress_configurable_line: int = 0
    remotes: tuple[Remote, ...] = ()
    providers: tuple[Provider, ...] = ()
    connect_line: int = 0
    """Line of `app.connect` or of the first Connect module; 0 = none."""
    classifications: tuple[str, ...] | None = None
    classifications_line: int = 0
    attributes: tuple[Attribute, ...] = ()
    extra_files_line: int = 0
    modules: tuple[Module, ...] = ()
    functions: tuple[Function, ...] = ()
    resources: tuple[Resource, ...] = ()
    services_line: int = 0
    variables: tuple[tuple[str, str | None, int], ...] = ()
    """`environment.variables`: name, default, line."""


class Package(msgspec.Struct, frozen=True):
    """A dependency as package.json and the lock file name it."""

    name: str
    path: str
    line: int
    wanted: str = ""
    version: str | None = None
    dev: bool = False
    direct: bool = True
    ecosystem: Literal["npm", "pypi"] = "npm"


class Source(msgspec.Struct, frozen=True):
    """A file that is looked at."""

    path: str
    app: str
    language: Language
    text: bytes
    side: Side = "either"


class FileStatus(msgspec.Struct, frozen=True, order=True):
    """One line of the coverage table."""

    path: str
    status: Literal["scanned", "skipped", "gap"]
    why: str = ""
    """For `skipped`: dependency, build-output, test, ignored, not-code ... ; for `gap`: what went wrong."""


class App(msgspec.Struct, frozen=True):
    """A Forge app: a folder with a manifest, and what was read of it."""

    id: str
    """Folder of its manifest relative to the scanned folder, `.` for the scanned folder itself."""
    name: str
    root: str
    manifest: Manifest
    packages: tuple[Package, ...] = ()
    sources: tuple[Source, ...] = ()
    files: tuple[FileStatus, ...] = ()
    gaps: tuple[Gap, ...] = ()
    beside: tuple[str, ...] = ()
    """Files outside of every app that none of them imports: helpers, which the first app tells of for all."""


class Subject(msgspec.Struct, frozen=True):
    """What was scanned."""

    root: str
    apps: tuple[App, ...]
    commit: str | None = None
    dirty: bool | None = None
    digest: str = ""
    """sha256 over the names and bytes of the scanned files."""


# ---------------------------------------------------------------- OBSERVE


class Callee(msgspec.Struct, frozen=True):
    """What the root of the marked expression must resolve to; a mark that does not is dropped.

    `imports` holds `module#export` (`#default`, `#*` for any export); `globals` unshadowed global names.
    Both empty: no condition.
    """

    imports: tuple[str, ...] = ()
    globals: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """What a Semgrep rule's metadata, or a check's declaration, says about the places that it marks."""

    id: str
    role: Role
    engine: Literal["semgrep", "libcst", "manifest", "dependency", "text", "flow"]
    topic: str
    """Folder of the rule under rules/, or module of the check."""
    title: str
    """One line: what such a place does."""
    category: str = ""
    """Sink, observation: category of the observations."""
    confidence: Confidence = "sure"
    shape: str = ""
    """Source: shape of the marked value (a name in facts/shapes.yaml)."""
    slots: tuple[str, ...] = ()
    """Sink: the parts that are looked at: `arg:0`, `arg:0.body`, `arg:*`, `right` (of an assignment), `self`."""
    host: str = ""
    """Egress: slot of the URL (`arg:0`, `arg:0.url`, `arg:0.baseURL`) or a literal host (`literal:api.openai.com`)."""
    channel: str = ""
    """Egress: kind of the manifest's egress entry that governs it (`fetch`, `images`, `scripts`, ...)."""
    store: str = ""
    """Storage: kvs, secret, sql, object, entity-property, browser, external-db, file, queue, memory."""
    data: tuple[str, ...] = ()
    """Observation: data classes that are certain without tracing."""
    callee: Callee = Callee()
    attributes: tuple[tuple[str, str], ...] = ()
    """Facts of every observation of the rule, for the judge: `kind`, `provider` ..."""
    claims: tuple[str, ...] = ()
    why: str = ""
    fix: str = ""
    references: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class Mark(msgspec.Struct, frozen=True):
    """A place that a rule marked. `start` and `end` are byte offsets of the span."""

    location: Location
    rule: str
    app: str
    start: int = 0
    end: int = 0
    message: str = ""
    """Empty: the rule's title stands."""
    data: tuple[str, ...] = ()
    host: str | None = None
    attributes: dict[str, str] = {}
    """Facts for the judge: `vendor`, `scope`, `kind`, `package`, `declared`, `hash` ..."""


class EngineReport(msgspec.Struct, frozen=True):
    """What an engine brings home."""

    marks: tuple[Mark, ...] = ()
    gaps: tuple[Gap, ...] = ()
    versions: dict[str, str] = {}
    repeatable: bool = True
    """Whether another run would bring the same; not so after a time-out."""


# ---------------------------------------------------------------- TRACE


class Step(msgspec.Struct, frozen=True):
    """One step of a flow: a place, and what happens to the data there."""

    location: Location
    note: str


class Came(msgspec.Struct, frozen=True):
    """A committed line, without outer spaces, and where it came from. `day`: ISO, UTC; `commit`: full id."""

    text: str
    day: str
    commit: str


class Observation(msgspec.Struct, frozen=True):
    """What the code does at a place. Neither good nor bad: the claims decide."""

    id: str
    app: str
    rule: str
    category: str
    confidence: Confidence
    location: Location
    data: tuple[str, ...] = ()
    host: str | None = None
    distance: Distance = "direct"
    message: str = ""
    flow: tuple[Step, ...] = ()
    attributes: dict[str, str] = {}
    code: str = ""
    """Fingerprint of what stays when the file is renamed or reformatted (matching.py); empty: not known."""


class Traced(msgspec.Struct, frozen=True):
    """What TRACE brings home."""

    observations: tuple[Observation, ...] = ()
    gaps: tuple[Gap, ...] = ()
    stumbles: frozenset[tuple[str, int]] = frozenset()
    """Path and line where a parser stumbled without missing code (a lone `&` in the text of an element)."""


class Hop(msgspec.Struct, frozen=True):
    """A place that a value passes, as `explain-flow` shows it. `depth`: how far a search backward has branched."""

    location: Location
    code: str
    """The code there, on one line, secrets masked."""
    note: str = ""
    depth: int = 0


class Way(msgspec.Struct, frozen=True):
    """How data comes to a value, the origin first."""

    data: tuple[str, ...]
    confidence: Confidence
    hops: tuple[Hop, ...]


class Looked(msgspec.Struct, frozen=True):
    """A value that `explain-flow` looked at: what reaches it, or where it comes from if nothing does."""

    slot: str
    """The rule's slot; empty for an expression without a mark."""
    location: Location
    code: str
    ways: tuple[Way, ...] = ()
    back: tuple[Hop, ...] = ()


class Explained(msgspec.Struct, frozen=True):
    """A mark on a line: does its condition hold, and what do its slots hold?"""

    rule: Rule
    location: Location
    code: str
    holds: bool = True
    root: str = ""
    """The expression whose origin the condition is about; empty: the rule has no condition."""
    means: str = ""
    """What the root resolved to."""
    values: tuple[Looked, ...] = ()
    notes: tuple[str, ...] = ()
    """Why data that reaches a slot makes no observation."""


class LineFlow(msgspec.Struct, frozen=True):
    """Why the data reaches a line of an app, or does not: what `explain-flow` prints."""

    app: str
    path: str
    line: int
    code: str
    function: str
    """The function around it; empty at module level."""
    marks: tuple[Explained, ...] = ()
    values: tuple[Looked, ...] = ()
    """Expressions of a line without a sink."""
    reaches: tuple[Step, ...] = ()
    """Sinks that the values of the line reach, or would reach if they held personal data."""
    observations: tuple[Observation, ...] = ()
    gaps: tuple[Gap, ...] = ()


# ---------------------------------------------------------------- JUDGE


class Verdict(msgspec.Struct, frozen=True):
    """The answer to one claim of one section for one app."""

    section: int
    claim: str
    app: str
    answer: Answer
    reason: str
    observations: tuple[str, ...] = ()
    """Fingerprints of what contradicts (or, for `supported`, is allowed by) the claim."""
    gaps: tuple[Gap, ...] = ()
    title: str = ""
    section_title: str = ""
    statement: str = ""
    """What the claim promises, in one sentence."""
    facts: tuple[Observation, ...] = ()
    """What the manifest by itself says against the claim (claims/manifest_facts.py): no engine's observation."""


class Waiver(msgspec.Struct, frozen=True):
    """A finding that a person accepts, with the reason and perhaps an end."""

    rule: str
    reason: str
    origin: Literal["file", "inline"]
    location: Location
    """Where the waiver is written."""
    path: str = ""
    """Glob of the paths it covers (file waivers), or the path (inline)."""
    until: str | None = None
    state: Literal["used", "expired", "unmatched"] = "used"
    observations: tuple[str, ...] = ()


class Attestation(msgspec.Struct, frozen=True):
    """A named person's word for a claim that code cannot show."""

    claim: str
    by: str
    on: str
    until: str
    statement: str
    state: Literal["valid", "expired"] = "valid"
    app: str = ""


class RunBy(msgspec.Struct, frozen=True):
    """Who runs the host of an observation. Where the code may choose another host at run time, there may be two."""

    observation: str
    """Its fingerprint."""
    owner: Owner
    name: str = ""
    """The name, and the purpose, that piiguard.yaml gives the host."""
    purpose: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """What JUDGE brings home."""

    verdicts: tuple[Verdict, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    findings: tuple[str, ...] = ()
    """Fingerprints of observations that contradict a claim and are not waived, in report order."""
    waived: tuple[str, ...] = ()
    hosts: tuple[RunBy, ...] = ()
    """Of every observation that names, or should name, a host; in the order of the observations."""


class Known(msgspec.Struct, frozen=True):
    """A finding that stands in a baseline: what it is known by, and who accepts it, why and until when."""

    id: str
    code: str
    rule: str
    category: str
    path: str
    data: tuple[str, ...]
    by: str
    reason: str
    until: str


class Baseline(msgspec.Struct, frozen=True):
    """A baseline, held against what contradicts the claims."""

    known: dict[str, Known] = {}
    """Id of a finding, or of a fact of the manifest -> its entry."""
    expired: dict[str, Known] = {}
    """The same for entries that have ended: these findings count."""
    gone: tuple[Known, ...] = ()
    """Entries that match nothing."""


# ---------------------------------------------------------------- WRITE


class Tool(msgspec.Struct, frozen=True):
    """Who made the report."""

    name: str
    version: str
    rules_digest: str
    engines: dict[str, str] = {}


class Report(msgspec.Struct, frozen=True):
    """Everything the formats may print. The JSON contract is made from this (formats/json.py)."""

    tool: Tool
    subject: Subject
    observations: tuple[Observation, ...]
    judgement: Judgement
    gaps: tuple[Gap, ...]
    rules: dict[str, Rule]
    """The rules of the observations in this report, by id."""
    snippets: dict[str, tuple[str, ...]] = {}
    """Observation id -> source lines start_line-1 .. end_line+1 at most 7, secrets masked."""
    baseline: Baseline | None = None
    schema: str = "piiguard-report/1"
