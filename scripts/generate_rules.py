"""Writes the rules that are lists of packages: of trackers (facts/trackers.csv) and of SDKs (facts/sdk_hosts.csv).

    python scripts/generate_rules.py            writes them
    python scripts/generate_rules.py --check    exits 1 and names the files that differ

The fixtures of the SDK rules are written as well; those of the tracker rules are written by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from piiguard.facts.sdk_hosts import Service, services
from piiguard.facts.trackers import Tracker, trackers

Mapping = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent
FORGE = "https://developer.atlassian.com/platform/forge"


class Family(NamedTuple):
    """Trackers that are told apart from others, because a claim may treat them differently."""

    name: str
    noun: str
    kinds: tuple[str, ...]
    category: str
    claims: tuple[str, ...]
    calls: tuple[str, ...]
    why: str
    fix: str


FAMILIES = (
    Family(
        "tracker",
        "analytics",
        ("analytics", "pixel", "chat", "tag-manager"),
        "tracking",
        ("no-tracking",),
        (
            *("track", "identify", "page", "screen", "group", "alias", "capture", "event", "pageview", "trackEvent"),
            *(
                "trackPageView",
                "trackPageview",
                "logEvent",
                "sendEvent",
                "setUserId",
                "setUserProperties",
                "people.set",
            ),
            *("init", "initialize", "load", "start", "boot", "update", "register", "increment", "gauge", "send"),
        ),
        "An analytics tool tells its operator who uses the app, when, from which address, and what they do there.",
        "Remove it, or state its use and its recipient on the Trust Center page and declare it as analytics egress.",
    ),
    Family(
        "session-recording",
        "session recording",
        ("session-recording",),
        "session-recording",
        ("no-session-recording", "no-tracking"),
        (
            *("init", "start", "record", "identify", "event", "tagEvent", "setIdentity", "setUser", "setTag", "track"),
            *("startRecording", "startSessionReplayRecording", "getReplay", "consent", "stateChange", "setUserID"),
        ),
        "A recording shows its operator what the person saw, typed and clicked, issue and page content included.",
        "Remove it, or state it on the Trust Center page and mask all text before it leaves the browser.",
    ),
    Family(
        "error-monitoring",
        "error monitoring",
        ("error-monitoring",),
        "tracking",
        ("no-tracking", "subprocessors-listed"),
        (
            *("init", "start", "captureException", "captureMessage", "captureEvent", "setUser", "setContext", "setTag"),
            *("setExtra", "addBreadcrumb", "notify", "leaveBreadcrumb", "configure"),
            *("trackException", "trackEvent", "trackTrace", "loadAppInsights", "noticeError", "setCustomAttribute"),
        ),
        "An error monitor attaches the person, the address of the page and the last steps to each report.",
        "Remove user data from the reports before they are sent, and name the tool on the Trust Center page.",
    ),
    Family(
        "feature-flag",
        "feature flag",
        ("feature-flag",),
        "tracking",
        ("no-tracking", "subprocessors-listed"),
        (
            *("init", "initialize", "identify", "variation", "boolVariation", "stringVariation", "isFeatureEnabled"),
            *("checkGate", "getExperiment", "getTreatment", "getValue", "getValueAsync", "createInstance", "track"),
            *(
                "createUserContext",
                "setAttributes",
                "updateUser",
                "hasFeature",
                "getValueDetails",
                "logEvent",
                "activate",
            ),
        ),
        "A feature flag service is told who the person is in order to decide, and usually counts what they were shown.",
        "Evaluate flags without an identifier of a person, and name the service on the Trust Center page.",
    ),
)
IMPORTS = (
    "import $NAME from '$PACKAGE'",
    "import { $NAME } from '$PACKAGE'",
    "import * as $NAME from '$PACKAGE'",
    "import '$PACKAGE'",
    "export { $NAME } from '$PACKAGE'",
    "export * from '$PACKAGE'",
    "require('$PACKAGE')",
    "import('$PACKAGE')",
)
BINDINGS = (
    "import $FUNCTION from '$PACKAGE';\n...",
    "import { $FUNCTION } from '$PACKAGE';\n...",
    "import { $EXPORT as $FUNCTION } from '$PACKAGE';\n...",
    "$FUNCTION = require('$PACKAGE');\n...",
    "const { $FUNCTION } = require('$PACKAGE');\n...",
)
SHADOWS = (
    "const $GLOBAL = $VALUE;\n...",
    "let $GLOBAL = $VALUE;\n...",
    "function $GLOBAL(...) { ... }\n...",
    "function $OUTER(..., $GLOBAL, ...) { ... }",
    "(..., $GLOBAL, ...) => { ... }",
)
GLOBAL_CALLS = (
    "$GLOBAL(...)",
    "$GLOBAL.$METHOD(...)",
    "window.$GLOBAL(...)",
    "window.$GLOBAL.$METHOD(...)",
    "window.$GLOBAL?.$METHOD(...)",
)


def files() -> dict[Path, str]:
    """Path -> text of every generated file."""
    written: dict[Path, str] = {}
    for family in FAMILIES:
        packages = sorted({name for tracker in _of(family) for name in tracker.npm})
        names = sorted({name for tracker in _of(family) for name in tracker.globals})
        written |= dict(_family_rules(family, packages, names))
    for service in services():
        written |= dict(_service_rules(service))
    written |= dict(_ai_import())
    return written


def _of(family: Family) -> Iterator[Tracker]:
    return (tracker for tracker in trackers() if tracker.kind in family.kinds)


def _family_rules(family: Family, packages: list[str], names: list[str]) -> Iterator[tuple[Path, str]]:
    common: Mapping = {"category": family.category, "claims": family.claims, "why": family.why, "fix": family.fix}
    analytics = [f"{FORGE}/analytics-tool-policy/"]
    imported = _any_package(IMPORTS, packages)
    yield _rule(
        "tracking",
        f"{family.name}-import",
        f"Imports a package for {family.noun}",
        imported,
        {"role": "observation"} | common,
        analytics,
    )
    callee = {"imports": [f"{package}#*" for package in packages]}
    calls = _calls(family, packages)
    yield _rule(
        "tracking",
        f"{family.name}-call",
        f"Calls a package for {family.noun}",
        calls,
        {"role": "observation", "callee": callee} | common,
        analytics,
    )
    payload: Mapping = {
        "role": "sink",
        "category": "pii-egress",
        "slots": ["arg:*"],
        "channel": "sdk",
        "callee": callee,
    }
    payload |= {
        "claims": ("no-personal-data-sent",),
        "why": "What is handed to the tool leaves for the servers of its operator.",
    }
    payload |= {
        "fix": "Hand over no name, address or account id; where one is needed, a random number that the app makes."
    }
    yield _rule(
        "egress",
        f"egress-{family.name}-payload",
        f"Hands data to a package for {family.noun}",
        calls,
        payload,
        analytics,
    )
    if names:
        marks: Mapping = {
            "role": "observation",
            "confidence": "likely",
            "callee": {"globals": [*names, "window"]},
        } | common
        yield _rule(
            "tracking",
            f"{family.name}-global",
            f"Calls a global that a snippet for {family.noun} makes",
            _globals(names),
            marks,
            analytics,
        )


def _calls(family: Family, packages: list[str]) -> Mapping:
    methods = [{"pattern": f"$CLIENT.{call}(...)"} for call in family.calls]
    function = _any_package(("$FUNCTION(...)",), packages, BINDINGS)
    created = _any_package(("new $FUNCTION(...)",), packages, BINDINGS)
    return {"pattern-either": [*methods, function, created]}


def _any_package(patterns: tuple[str, ...], packages: list[str], inside: tuple[str, ...] = ()) -> Mapping:
    regex = f"^({'|'.join(re.escape(name) for name in packages)})(/.*)?$"
    parts: list[Mapping] = [{"pattern-either": [{"pattern": pattern} for pattern in patterns]}]
    if inside:
        parts.append({"pattern-either": [{"pattern-inside": pattern} for pattern in inside]})
    return {"patterns": [*parts, {"metavariable-regex": {"metavariable": "$PACKAGE", "regex": regex}}]}


def _globals(names: list[str]) -> Mapping:
    regex = f"^({'|'.join(re.escape(name) for name in names)})$"
    return {
        "patterns": [
            {"pattern-either": [{"pattern": pattern} for pattern in GLOBAL_CALLS]},
            *({"pattern-not-inside": pattern} for pattern in SHADOWS),
            {"metavariable-regex": {"metavariable": "$GLOBAL", "regex": regex}},
        ]
    }


def _service_rules(service: Service) -> Iterator[tuple[Path, str]]:
    calls: Mapping = {"pattern-either": [{"pattern": form} for call in service.calls for form in _forms(call)]}
    callee: Mapping = {"imports": [f"{service.package}#*"]}
    host: Mapping = {"host": f"literal:{service.host}"}
    sends: Mapping = {"role": "sink", "category": "pii-egress", "slots": ["arg:*"]} | host
    sends |= {"channel": "email" if service.purpose == "mail" else "sdk", "callee": callee}
    sends |= {"claims": ("declared-hosts-only", "no-personal-data-sent", "subprocessors-listed")}
    sends |= {
        "why": f"The package sends what it is given to {service.host}; the host stands nowhere in the app's code."
    }
    sends |= {"fix": "Declare the host, name its operator as a subprocessor, and send only what the feature needs."}
    rule = f"egress-sdk-{service.id}"
    yield _rule("egress", rule, f"Sends data with the package {service.package}", calls, sends, [service.source])
    yield _fixture(rule, service)
    if service.purpose == "ai":
        asks: Mapping = {"role": "sink", "category": "ai-processing", "slots": ["arg:*"]} | host
        asks |= {"channel": "sdk", "callee": callee, "claims": ("ai-processing-listed",)}
        asks |= {
            "why": "The text is processed by a language model outside Atlassian; a customer expects to be told whose."
        }
        asks |= {"fix": "Name the provider on the Trust Center page, and say what goes into the prompt."}
        rule = f"ai-call-{service.id}"
        yield _rule(
            "egress", rule, f"Asks a language model with the package {service.package}", calls, asks, [service.source]
        )
        yield _fixture(rule, service)


def _forms(call: str) -> Iterable[str]:
    return (f"$CLIENT.{call}(...)",) if "." in call else (f"$CLIENT.{call}(...)", f"{call}(...)")


def _fixture(rule: str, service: Service) -> tuple[Path, str]:
    lines = [f"import * as sdk from '{service.package}';", "", "const client = new sdk.Client();", ""]
    lines += ["export async function send(input) {"]
    for call in service.calls:
        lines += [f"  // ruleid: {rule}", f"  await client.{call}(input);"]
    lines += [f"  // ok: {rule}", "  await client.finish(input);", "}"]
    return ROOT / f"fixtures/rules/egress/{rule}.js", "\n".join(lines) + "\n"


def _ai_import() -> Iterator[tuple[Path, str]]:
    packages = sorted(
        {service.package for service in services() if service.purpose == "ai"} | {"ai", "langchain"}
    )
    facts: Mapping = {"role": "observation", "category": "ai-processing", "claims": ("ai-processing-listed",)}
    facts |= {"why": "The app hands text to a language model; a customer expects to be told, and by whose model."}
    facts |= {"fix": "Name the provider on the Trust Center page, and say what goes into the prompt."}
    rule = _any_package(IMPORTS, packages)
    yield _rule(
        "egress",
        "ai-import",
        "Imports a package that talks to a language model",
        rule,
        facts,
        [f"{FORGE}/runtime-reference/forge-llms-api/"],
    )


def _rule(
    topic: str, name: str, message: str, pattern: Mapping, facts: Mapping, references: list[str]
) -> tuple[Path, str]:
    """A rule file. Values are written as JSON, which is YAML as well: nothing needs quoting by hand."""
    lines = ["# Written by scripts/generate_rules.py; change the tables in src/piiguard/facts instead.", "rules:"]
    lines += [
        f"  - id: {name}",
        "    languages: [javascript, typescript]",
        "    severity: INFO",
        f"    message: {message}",
    ]
    lines += [f"    {key}:{_block(value, 6)}" for key, value in pattern.items()]
    lines += ["    metadata:", "      piiguard:"]
    lines += [f"        {key}: {json.dumps(value)}" for key, value in facts.items()]
    lines += ["      references:", *(f"        - {link}" for link in references)]
    return ROOT / f"rules/{topic}/{name}.yaml", "\n".join(lines) + "\n"


def _block(value: list[Mapping], indent: int) -> str:
    """A list of single-key mappings, one a line; anything below as JSON."""
    return "".join(f"\n{' ' * indent}- {json.dumps(item)}" for item in value)


def main(arguments: list[str]) -> int:
    """Writes the files, or with --check compares them. Returns the exit code."""
    wanted = files()
    stale = sorted(
        path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    )
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} differs: run python scripts/generate_rules.py")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    print(f"{len(stale)} of {len(wanted)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
