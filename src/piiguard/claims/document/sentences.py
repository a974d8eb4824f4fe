"""Blocks to sentences, each with the line that it begins on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from piiguard.trustcenter import Block, Remark, Sentence

LONGEST = 2000
"""Characters of a sentence and of what it is read with. Longer ones are no prose, and take long to match."""

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9*])|(?<=[.!?])\s+(?=[✓✔✗❌✅•])")
_SHORT = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|resp|no|art|sec|inc|ltd|llc|co|corp|st|dr|mr|mrs|cf)\.|\b[A-Z]\.)$", re.I
)
_LONGEST_SHORT = 12
"""Characters before an end in which such an abbreviation has room."""


def sentences(block: Block) -> Iterator[Sentence]:
    """The sentences of a block. Abbreviations end none."""
    text = block.body.text
    start = 0
    for end in (*(match for match in _END.finditer(text)), None):
        stop = end.start() if end else len(text)
        if end and _SHORT.search(text[max(start, stop - _LONGEST_SHORT) : stop]):
            continue
        body = block.body.part(start, stop)
        if body.text:
            yield Sentence(body, block, first=start == 0)
        start = end.end() if end else stop


def is_endless(sentence: Sentence) -> bool:
    """Whether a sentence, with the words around it that it is read with, is too long to be read."""
    block = sentence.block
    titles = (heading.title for heading in block.headings)
    return sum(map(len, (sentence.body.text, block.label, block.lead, block.question, *titles))) > LONGEST


def unread_lines(lines: Sequence[int]) -> Iterator[Remark]:
    """The remark that there are sentences too long to be read, at the line of the first."""
    if lines:
        many = f"{len(lines)} sentences, the first of them here, have" if len(lines) > 1 else "this sentence has"
        yield Remark(lines[0], f"{many} more than {LONGEST:,} characters: not read")
