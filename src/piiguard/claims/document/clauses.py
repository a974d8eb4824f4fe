"""Sentences cut into clauses: what each says, whether it is negated, and what it excepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

_NO = re.compile(
    r"\b(?:no|not|never|none|neither|nor|nothing|nobody|without|cannot|nowhere|zero)\b|n't\b|\bfree (?:of|from)\b"
    r"|\brefrains? from\b|\bavoids?\b|\bprohibit\w*|\bunable to\b|\bblock(?:s|ed)\b|\bprevents?\b"
    r"|\bdisallow\w*|\bn/a\b|❌|✗|✘"
)
_NOT_NO = re.compile(
    r"\bnot only\b|\bno later than\b|\bwithout (?:undue |any )?delay\b|\bno (?:more|longer) than\b|\bnot limited to\b"
    r"|\bwhether or not\b|\bif not\b|\bno matter\b|\b(?:no|without) (?:additional |extra )?(?:cost|charge|notice)\b"
    r"|\bnothing but\b|\bnone other than\b|\bdo(?:es)? not hesitate\b|\bdon't hesitate\b|\bno-code\b"
    r"|\bnot? earlier than\b|\bzero-(?:touch|config\w*|day|downtime)\b"
    r"|\bno (?:need|reason) to worry\b|\bnot just\b|\bnot necessarily\b|\bwithout (?:leaving"
    r"|interruption)\b|\bnot (?:yet )?sure\b"
)
_EXCEPT = re.compile(
    r",?\s*\(?\b(?:except(?:ing)?(?: for| when| where| that| those| as)?|other than|besides"
    r"|apart from|aside from|beyond(?= atlassian| the| what)"
    r"|unless|save (?:for|where)|excluding|with the exception of|only (?:if|when|where)|outside of what"
    r"|that (?:has|have|is|are|was|were) not (?:been )?(?:\w+ly )?"
    r"(?=(?:configured|enabled|connected|chosen|selected|set up)\b))\b"
)
_CUT = re.compile(
    r"\s*;\s*|\s+[–—-]{1,2}\s+(?!such as|including|for example|eg|like|ie)|:\s+|,?\s+\b(?:but|whereas"
    r"|while|although|though|however|so that|because|as well as being)\b\s+"
    r"|,\s+(?:so|since|which|who)\s+(?=\w)|,?\s+(?:and\s+)?(?=not (?:through|by|on|via|to|in|from)\b)"
    r"|,?\s+and\s+(?=(?:(?:we|it|they|you|your|our|the app|apps|this|that|these|all|no|nothing|there"
    r"|is|are|was|will|do|does|never"
    r"|has|have|can|cannot|only|stays?|remains?|runs?|hold|sets?|uses?|makes?|stores?|keeps?|sends?"
    r"|contains?|automatically|built on)\b|(?:\w+ )?(?:do|does|is|are)n't\b))"
    r"|,\s+(?=(?:we|it|they|our|the app|apps|no data|nothing|everything|atlassian)\b(?! names))"
    r"|,\s+(?=hosted (?:on|by|in)\b)"
    r"|,\s+and\s+(?=(?:removed|deleted|purged|erased|discarded|encrypted)\b)"
    r"|,\s+(?=(?:contains?|sets?|stores?|uses?|sends?|runs?|keeps?|makes?|collects?) (?:no|only|nothing)\b)"
)
_CONDITION = re.compile(
    r"^(?:if|when|whenever|where|should|in the (?:unlikely )?(?:event|case)|in case|once|after|upon"
    r"|before|since|as|because|to|for)\b(?:\([^)]*\)|[^,(])*,\s+"
)
_EXCEPT_FIRST = re.compile(
    r"^(?P<said>(?:unless|except(?:ing)?|other than|apart from|with the exception of)\b[^,]*),\s+"
)
_ONLY_CONDITION = re.compile(r"^(?:if|when|whenever|where|should|in case)\b[^,]*:$")
_ALTERNATIVE = re.compile(r",?\s+or\s+(?:to\s+)?(?:no|not|none|nowhere)\b.*$")
"""`… only to services that you configure, or to none`: the second half adds nothing."""
_ASIDE = re.compile(
    r"\s*\((?P<said>(?:it |they |which |are |is |being )*(?:additionally |always |fully |automatically )?"
    r"(?:encrypted|never|not|hashed|redacted|removed|deleted|discarded|sanitized|masked)\b[^()]*)\)"
)
"""A bracket that says something of its own, whatever the words around it deny."""
_AIM = re.compile(r"\s*\((?:to|for|used|needed|required|because|so that|eg|ie)\b[^()]*\)")
"""A bracket that says what something is for."""
_WITHOUT = re.compile(r",?\s+with(?:out| no)\s+")


def excepted_words(text: str) -> str:
    """The words after the first `except` of a text as it is written; empty where it excepts nothing."""
    cut = re.search(_EXCEPT.pattern, text, re.IGNORECASE)
    return text[cut.end() :] if cut else ""


class Clause(msgspec.Struct, frozen=True):
    """One thing that a sentence says, in lower case."""

    text: str
    negated: bool
    excepted: str = ""
    """The words of what it excepts."""
    condition: bool = False
    """The part of a sentence that only says when the rest holds."""


def clauses(sentence: str, negated: bool | None = None) -> Iterator[Clause]:
    """The clauses of a normalised sentence. `negated`: what an answer such as `No` decides for all of them."""
    if _ONLY_CONDITION.match(sentence):
        return
    rest = _AIM.sub("", sentence.strip(" .!"))
    asides = [found["said"] for found in _ASIDE.finditer(rest)]
    rest = _ASIDE.sub("", rest)
    if re.search(r"\b(?:only|exclusively|solely)\b", rest):
        rest = _ALTERNATIVE.sub("", rest)
    if first := _EXCEPT_FIRST.match(rest):
        told = _cut(rest[first.end() :], negated)
        yield from (each if each.excepted else msgspec.structs.replace(each, excepted=first["said"]) for each in told)
    else:
        yield from _cut(rest, negated)
    yield from (_clause(aside, None) for aside in asides)


def _cut(rest: str, negated: bool | None) -> Iterator[Clause]:
    opening = _CONDITION.match(rest)
    if opening and " = " not in opening[0]:
        causal = rest.startswith(("since ", "as ", "because "))
        yield _clause(opening[0].strip(" ,"), negated, condition=not causal)
        rest = rest[opening.end() :]
    for part in _balanced(part for part in _CUT.split(rest) if part):
        yield from _without(part, negated)


def _balanced(parts: Iterable[str]) -> Iterator[str]:
    """Parts without outer punctuation; what a bracket holds together stays together."""
    held = ""
    for part in parts:
        held = f"{held} {part}".strip(" ,.")
        if held and held.count("(") <= held.count(")"):
            yield held
            held = ""
    if held:
        yield held


def _without(part: str, negated: bool | None) -> Iterator[Clause]:
    """`x without y` says x, and not y; after a negation `without` excepts instead."""
    found = _WITHOUT.search(part)
    if found and not is_negated(part[: found.start()]):
        yield _clause(part[: found.start()], negated)
        yield _clause("without " + part[found.end() :], negated)
    elif found:
        yield Clause(part[: found.start()], True if negated is None else negated, part[found.start() :].strip(" ,"))
    else:
        yield _clause(part, negated)


def _clause(text: str, negated: bool | None, *, condition: bool = False) -> Clause:
    cut = _EXCEPT.search(text)
    excepted = ""
    if cut and cut.start() > 0:
        text, excepted = text[: cut.start()], text[cut.start() :].strip(" ,()")
    return Clause(text, is_negated(text) if negated is None else negated, excepted, condition)


def is_negated(text: str) -> bool:
    """Whether the words say that something is not so; two negations that undo each other do not occur in promises."""
    return bool(_NO.search(_NOT_NO.sub(" ", text)))


def reply(text: str) -> bool | None:
    """Whether an answer or a value begins with yes (True) or no (False), or with neither (None)."""
    words = text.lower().strip(" *_\"'(")
    if re.match(
        r"(?:no|none|never|neither|not (?:at all|used|stored|applicable|required|collected|shared"
        r"|supported|available)?|nothing|n/a|false|nobody|❌|✗|✘|0)(?:\b|$|\W)",
        words,
    ):
        return False
    if re.match(r"(?:yes|true|always|✅|✓|✔)(?:\b|$|\W)", words):
        return True
    return None
