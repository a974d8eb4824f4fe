"""All topics, in the order of their names."""

from __future__ import annotations

from piiguard.checks import http, logs

TOPICS = (http.TOPIC, logs.TOPIC)
RULES = tuple(rule for topic in TOPICS for rule in topic.rules)
