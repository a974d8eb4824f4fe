"""Blocks to sentences, each with the line that it begins on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from piiguard.trustcenter import Block, Sentence

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9*])|(?<=[.!?])\s+(?=[✓✔✗❌✅•])")
_SHORT = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|resp|no|art|sec|inc|ltd|llc|co|corp|st|dr|mr|mrs|cf)\.|\b[A-Z]\.)$", re.I
)


def sentences(block: Block) -> Iterator[Sentence]:
    """The sentences of a block. Abbreviations end none."""
    text = block.body.text
    start = 0
    for end in (*(match for match in _END.finditer(text)), None):
        stop = end.start() if end else len(text)
        if end and _SHORT.search(text[start:stop]):
            continue
        body = block.body.part(start, stop)
        if body.text:
            yield Sentence(body, block, first=start == 0)
        start = end.end() if end else stop
