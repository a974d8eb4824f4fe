"""The exit code that a judgement calls for, the same in every format."""

from __future__ import annotations

from piiguard.model import Judgement


def exit_code(judgement: Judgement) -> int:
    """2: a waiver matches nothing; 1: a claim is contradicted; 3: a claim could not be shown; else 0.

    A missing attestation alone does not fail a run.
    """
    if any(waiver.state == "unmatched" for waiver in judgement.waivers):
        return 2
    answers = {verdict.answer for verdict in judgement.verdicts}
    if "contradicted" in answers:
        return 1
    return 3 if "not-shown" in answers else 0
