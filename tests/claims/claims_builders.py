"""Small subjects, observations and policies for the tests of JUDGE."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from piiguard.claims.config import parse_policy
from piiguard.claims.judge import judge
from piiguard.claims.policy import Policy
from piiguard.model import App, Gap, Judgement, Location, Manifest, Observation, Source, Subject, Verdict

TODAY = date(2026, 11, 23)


def source(text: str = "export {};\n", path: str = "src/index.js", **more: Any) -> Source:
    """A scanned file; JavaScript unless said otherwise."""
    return Source(**{"path": path, "app": ".", "language": "javascript", "text": text.encode(), **more})


def subject(*sources: Source, manifest: dict[str, Any] | None = None, **more: Any) -> Subject:
    """One app in the scanned folder."""
    told = msgspec.convert({"path": "manifest.yml", **(manifest or {})}, Manifest)
    return Subject(".", (App(".", "Sample", ".", told, sources=sources or (source(),), **more),))


def observation(category: str, line: int = 7, **more: Any) -> Observation:
    """Something that the code does at src/index.js:<line>."""
    return msgspec.convert(
        {
            "id": f"{category}-{line}",
            "app": ".",
            "rule": f"some-{category}",
            "category": category,
            "confidence": "sure",
            "location": {"path": "src/index.js", "start_line": line},
            "message": f"something of {category}",
            **more,
        },
        Observation,
    )


def policy(text: str = "") -> Policy:
    """The policy of a piiguard.yaml with this text; the strict default without one."""
    return parse_policy(text.encode(), "piiguard.yaml") if text else Policy()


def judged(
    *observations: Observation,
    on: Subject | None = None,
    gaps: tuple[Gap, ...] = (),
    by: str = "",
    today: date | None = TODAY,
) -> Judgement:
    """The judgement of one small app."""
    return judge(on or subject(), observations, gaps, policy(by), today=today)


def verdict(judgement: Judgement, claim: str) -> Verdict:
    """The only verdict on a claim."""
    (found,) = (each for each in judgement.verdicts if each.claim == claim)
    return found


def location(path: str = "src/index.js", line: int = 7) -> Location:
    """A place in a file."""
    return Location(path, line)
