"""The rules of observations that only the flow graph can make."""

from __future__ import annotations

from piiguard.flow import scopes
from piiguard.model import Rule

TRACKER_HOST = Rule(
    id="tracker-host",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Calls a host of an analytics or tracking service",
    category="tracking",
    claims=("no-tracking",),
    why="Whoever runs the host learns who uses the app, when, and what the request carries.",
    fix="Remove the call, or say in the Trust Center that usage is measured, by whom and with which data.",
)
OWN_ANALYTICS = Rule(
    id="own-analytics",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Calls a host whose name says that it measures use",
    category="tracking",
    confidence="likely",
    claims=("no-tracking",),
    why="Use that is measured on a host of the vendor's own is tracking like any other.",
    fix="Remove the call, or say in the Trust Center that usage is measured, by whom and with which data.",
)
ANALYTICS_PACKAGE = Rule(
    id="analytics-package",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Imports a package whose name says that it measures use",
    category="tracking",
    confidence="likely",
    claims=("no-tracking",),
    why="A package for analytics tells somebody who uses the app and what they do there. This one stands in no list.",
    fix="Remove it, or say in the Trust Center that usage is measured, by whom and with which data.",
)
ANALYTICS_CALL = Rule(
    id="analytics-call",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Tells a package whose name says that it measures use of an event or a person",
    category="tracking",
    confidence="likely",
    claims=("no-tracking",),
    why="Each such call is an event about what a person does, or says who that is. The package stands in no list.",
    fix="Remove the call, or say in the Trust Center that usage is measured, by whom and with which data.",
)
TRACKING_WRAPPER = Rule(
    id="tracking-wrapper",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Calls the app's own analytics function, which leads to a tracking service",
    category="tracking",
    confidence="likely",
    claims=("no-tracking",),
    why="Each such call is an event about what a person does, on its way to whoever runs the service.",
    fix="Remove the call together with the function behind it, or say in the Trust Center that usage is measured.",
)
SDK_CLIENT = Rule(
    id="sdk-client",
    role="sink",
    engine="flow",
    topic="egress",
    title="Calls a service with its own package",
    category="pii-egress",
    slots=("arg:*",),
    channel="sdk",
    claims=("declared-hosts-only", "no-personal-data-sent", "subprocessors-listed"),
    why="The package sends what it is given to its service; the host stands nowhere in the app's code.",
    fix="Declare the host, name its operator as a subprocessor, and send only what the feature needs.",
)
AI_HOST = Rule(
    id="ai-host",
    role="observation",
    engine="flow",
    topic="egress",
    title="Calls an AI provider",
    category="ai-processing",
    claims=("ai-processing-listed", "byok-customer-configured"),
    why="What the request holds is processed by the provider's models, under the account whose key is sent along.",
    fix="Use the customer's own key from the secret store, and name the provider in the Trust Center.",
)
COUNTING_IMAGE = Rule(
    id="counting-image",
    role="observation",
    engine="flow",
    topic="tracking",
    title="Loads an image by script, with data in its address",
    category="tracking",
    confidence="likely",
    claims=("no-pixels", "no-tracking"),
    why="An image that a script asks for and nobody sees tells its host who looked, when, and what the URL carries.",
    fix="Remove it.",
)
SECRET_IN_BODY = Rule(
    id="secret-in-body",
    role="observation",
    engine="flow",
    topic="credential",
    title="Sends a stored secret in the body of a request",
    category="credential-egress",
    confidence="likely",
    claims=("credentials-only-to-issuer",),
    why="A key signs a request in from its headers; in the body it is handed over.",
    fix="Send it only to the service that issued it, in the Authorization header.",
)
ATLASSIAN_SIGN_IN = Rule(
    id="atlassian-sign-in",
    role="observation",
    engine="flow",
    topic="credential",
    title="Signs in to Atlassian with a token or password of its own",
    category="credential-collection",
    confidence="likely",
    attributes=(("provider", "atlassian"),),
    data=("credential",),
    claims=("no-atlassian-credentials", "runs-on-atlassian"),
    why=(
        "A person's token gives all that the person may do, outside the scopes that customers were asked for. "
        "Marketplace apps may not collect one."
    ),
    fix="Call Atlassian with the app's own authorisation: requestJira and its like, as app or as user.",
)
UNDERSTATED = Rule(
    id="understated-egress",
    role="observation",
    engine="flow",
    topic="egress",
    title="Sends personal data where the manifest says that no end-user data goes",
    category="understated-egress",
    claims=("runs-on-atlassian", "developer-privacy-guidelines"),
    why="`inScopeEUD: false` keeps the Runs on Atlassian badge and data residency; both rest on what is really sent.",
    fix="Take what names a person out of the request, or drop `inScopeEUD: false` from the manifest's entry.",
    references=("https://developer.atlassian.com/platform/forge/in-scope-end-user-data/",),
)
PLAIN_HTTP = Rule(
    id="plain-http",
    role="observation",
    engine="flow",
    topic="egress",
    title="Sends a request without TLS",
    category="insecure-transport",
    claims=("encrypted-transport",),
    why="Everybody on the way can read and change what is sent.",
    fix="Use https.",
)
WEBTRIGGER_ANSWER = Rule(
    id="webtrigger-answer",
    role="sink",
    engine="flow",
    topic="egress",
    title="Answers a public web trigger with personal data",
    category="public-exit",
    slots=("self",),
    claims=("no-hidden-exits", "no-personal-data-sent"),
    why="Anybody who knows the address of the web trigger reads the answer: no permission of the manifest governs it.",
    fix="Answer with a status only, or check who asks before personal data is returned.",
)
CONSOLE_LOG = "console-log"
EGRESS_FETCH = "egress-fetch"
"""Rule of the log places that only the graph sees (rules/log/console-log.yaml)."""
RULES: tuple[Rule, ...] = (
    TRACKER_HOST,
    OWN_ANALYTICS,
    ANALYTICS_PACKAGE,
    ANALYTICS_CALL,
    TRACKING_WRAPPER,
    SDK_CLIENT,
    AI_HOST,
    COUNTING_IMAGE,
    SECRET_IN_BODY,
    ATLASSIAN_SIGN_IN,
    UNDERSTATED,
    PLAIN_HTTP,
    WEBTRIGGER_ANSWER,
    *scopes.RULES,
)
