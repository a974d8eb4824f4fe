"""All topics, in the order of their names."""

from __future__ import annotations

from piiguard.checks import (
    ai,
    credentials,
    databases,
    files,
    forge,
    http,
    logs,
    markup,
    services,
    sources,
    tracking,
    web,
)

TOPICS = tuple(
    module.TOPIC
    for module in (ai, credentials, databases, files, forge, http, logs, markup, services, sources, tracking, web)
)
RULES = tuple(rule for topic in TOPICS for rule in topic.rules)
