"""The rule list and the explanations."""

from __future__ import annotations

import json

import pytest

from piiguard.formats import guide

from .builders import RULES


@pytest.mark.parametrize("name", guide.RULE_FORMATS)
def test_every_rule_is_listed(name: str) -> None:
    said = guide.RULE_FORMATS[name](RULES.values())
    assert said.endswith("\n")
    for rule in RULES.values():
        assert rule.id in said
        assert rule.title in said


def test_order_is_by_topic_and_name() -> None:
    listed = json.loads(guide.rules_json(reversed(RULES.values())))
    assert [rule["id"] for rule in listed] == ["browser-local-storage", "fetch-call", "forge-kvs-set"]


def test_rule_is_explained() -> None:
    rule = RULES["forge-kvs-set"]
    said = " ".join(guide.explain_rule(rule).split())
    for part in (rule.title, rule.why, rule.fix, rule.references[0], "category pii-storage"):
        assert part in said


def test_claim_is_explained() -> None:
    said = guide.explain_claim("no-x", "No x", "We never x.", "Whether y.", {"tracking", "cookie"}, by_word=True)
    assert said.splitlines()[0] == "no-x: No x"
    for part in ("We never x.", "cookie, tracking", "Whether y.", "attests"):
        assert part in said
