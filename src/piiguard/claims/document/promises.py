"""Sentences to claims: each clause against the patterns of promises.yaml, and what reads like a promise besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from piiguard.claims.catalogue import catalogue
from piiguard.claims.document.clauses import Clause, clauses, is_negated, reply
from piiguard.claims.document.language import Pattern, has, has_all, language
from piiguard.claims.document.normal import Names, normal
from piiguard.claims.document.place import Places
from piiguard.trustcenter import Checkable, Loose, Polarity, Sentence, Statement

_ASKS = re.compile(r"^(?:do|does|did|is|are|can|could|will|would|has|have|may|should)\s+", re.I)
_FRAGMENT = re.compile(
    r"\b(?:is|are|was|were|does|do|did|will|can|cannot|may|must|has|have|had|never|not|stores?|uses?|sends?|runs?|keeps?|collects?|makes?|comply|complies)\b|n't\b"
)
_PREPOSITION = re.compile(r"^(?:only )?(?:with|to|for|by|in|on|within|at)\b")
_SUBJECT = re.compile(r"^(?:you|we|it|they|our|your|all|this|atlassian|forge|the app) \w+")
_LEADS = (
    (
        re.compile(
            r"^(?:what(?:'s| is| are| was)? |data |information )?(?:we |the app |it )?(?:is |are )?(?:not|never)"
            r" (?:being |ever )?(?P<verb>\w+)",
            re.I,
        ),
        "the app does not",
    ),
    (
        re.compile(
            r"\b(?:what|which|things?|data|information)\b.*\b(?:do(?:es)? not|don't|doesn't|never|won't"
            r"|will not)\b\s*(?P<verb>\w+)?",
            re.I,
        ),
        "the app does not",
    ),
    (
        re.compile(
            r"\b(?:what|which|data|information)\b.*\b(?:we|apps?|is|are|it)\b.*?\b(?P<verb>stor\w*|collect\w*|keep|kept|send|sent|shar\w+|log(?:ged)?|process\w*)\b",
            re.I,
        ),
        "the app",
    ),
)
"""Headings that a list completes: `NOT stored`, `What the app does not do`, `Data that we store`."""


_STANDS = re.compile(
    r"^(?:we|the app|apps?|all|our|your|it|they|only|this|these|data|each|every|forge|atlassian)\b.*"
    r"\b(?:is|are|do|does|will|can|runs?|stores?|uses?|request|requests)\b"
)
"""An item that is a sentence of its own."""
_INVITING = frozenset({"security-contact", "data-subject-requests", "dpa-on-request"})
"""Kinds that a sentence to the reader can make: what others say to the reader is advice, and no promise."""
_CALLS = frozenset({"overview-external-calls", "no-personal-data-sent", "no-external-infrastructure"})
"""Kinds about what is outside of Atlassian: that Atlassian is excepted goes without saying."""
_POINTS_BACK = re.compile(r"^(?:It|This app|The app|They)\b")


class Said(msgspec.Struct, frozen=True):
    """A claim that a sentence makes, before its place in the document is known."""

    kind: str
    polarity: Polarity
    exceptions: tuple[str, ...]
    pattern: str


class _Spoken(msgspec.Struct, frozen=True):
    """Words to match, and the words around them."""

    text: str
    context: str
    negated: bool | None = None
    weak: bool = False
    """It counts only where the other words claim nothing: a label names a topic before it promises anything."""


def statements(sentence: Sentence, names: Names, places: Places) -> tuple[tuple[Statement, ...], Loose | None]:
    """The claims of a sentence; or, where it makes none and reads like a promise, the sentence itself."""
    spoken = tuple(_spoken(sentence, names))
    said = _all_said(each for each in spoken if not each.weak) or _all_said(spoken)
    if sentence.block.lead and said:
        said = tuple(each for each in said if each.polarity == "disclosure" or each not in _of_lead(sentence, names))
        if not said:
            spoken = (_Spoken(normal(sentence.body.text, names), ""),)
    elif not said and sentence.first and sentence.block.label:
        said = tuple(_said(_joined(sentence, names)))
    if _about_website(sentence):
        return (), None
    place = places.of(sentence.block.headings)
    apps = _apps(sentence, names)
    if said:
        return (
            tuple(
                Statement(
                    line=sentence.body.line,
                    section=place.section or str(default_section(each.kind)),
                    path=place.path,
                    quote=sentence.quote,
                    kind=each.kind,
                    polarity=each.polarity,
                    apps=apps,
                    checkable=checkable(each.kind),
                    exceptions=each.exceptions,
                    pattern=each.pattern,
                )
                for each in _told_once(said)
            ),
            None,
        )
    if any(_promising(each) for each in spoken):
        return (), Loose(sentence.body.line, place.section, sentence.quote)
    return (), None


def _all_said(spoken: Iterable[_Spoken]) -> tuple[Said, ...]:
    return tuple(dict.fromkeys(each for one in spoken for each in _said(one)))


def _of_lead(sentence: Sentence, names: Names) -> tuple[Said, ...]:
    """What the words that introduce a list promise by themselves: they do so once, where they stand."""
    lead = normal(sentence.block.lead.rstrip(": "), names)
    return tuple(_said(_Spoken(lead, lead)))


def _told_once(said: tuple[Said, ...]) -> Iterator[Said]:
    """One claim of a kind and polarity: the one with the most exceptions, because it says the most about its scope."""
    best: dict[tuple[str, str], Said] = {}
    for each in said:
        key = each.kind, each.polarity
        if key not in best or len(each.exceptions) > len(best[key].exceptions):
            best[key] = each
    if ("configuration-data-only", "promise") in best:
        best.pop(("configuration-data-only", "disclosure"), None)
    yield from best.values()


def _about_website(sentence: Sentence) -> bool:
    """Whether a heading says that this is about the vendor's website, which no app is."""
    return any(has(heading.title.lower(), "website") for heading in sentence.block.headings)


def _apps(sentence: Sentence, names: Names) -> tuple[str, ...]:
    """The apps that a sentence names, else those of what it points back to, its label, or its nearest heading."""
    block = sentence.block
    told = sentence.body.text
    before = block.body.text[: block.body.text.find(told)] if _POINTS_BACK.match(told) else ""
    for text in (
        told,
        before,
        block.label,
        block.lead,
        *(heading.title for heading in reversed(block.headings if len(names.apps) > 1 else block.headings[1:])),
    ):
        found = names.apps_in(text)
        if found:
            return found if len(found) < len(names.apps) or len(names.apps) == 1 else ()
    return ()


def _spoken(sentence: Sentence, names: Names) -> Iterator[_Spoken]:
    """What a sentence says together with its label, question or lead-in."""
    block = sentence.block
    text = normal(sentence.body.text, names)
    label, lead, question = (normal(each, names) for each in (block.label, block.lead, block.question))
    heading = normal(block.headings[-1].title, names) if block.headings else ""
    context = " | ".join((text, label, lead, question, heading))
    if sentence.first and label:
        yield from _labelled(label, text, context)
    if sentence.first and question:
        yield from _answered(question, text, context)
        return
    if lead and label and sentence.first and not _FRAGMENT.search(text):
        text = f"{label} ({text.rstrip('.')})"
    yield _Spoken(_led(lead, text), context)


def _labelled(label: str, text: str, context: str) -> Iterator[_Spoken]:
    answer = reply(text)
    short = len(text.split()) <= 4 and "." not in text.strip(".")
    if answer is not None and short:
        yield _Spoken(label, context, negated=not answer if not is_negated(label) else answer)
    elif not _FRAGMENT.search(text) or answer is not None:
        yield _Spoken(f"{label} = {text}", context, negated=None if answer is None else not answer)
    elif is_negated(label):
        yield _Spoken(f"{label} {_scope(text)}".strip(), context)
    elif not is_negated(text):
        yield _Spoken(label, context, weak=True)


_EXCEPTING = re.compile(r"(?:except|other than|besides|apart from|aside from|unless|only (?:if|when|where))\b")
_PLACE = re.compile(
    r"\b(?:on|to|by|from) (?:any |the |our |our own )*(?:systems?|servers?|infrastructure"
    r"|databases?)\b[^.,;]*|\boutside (?:of )?[^.,;]*"
)


def _scope(text: str) -> str:
    """The place that a sentence limits its promise to: its label abbreviates it."""
    found = _PLACE.search(text)
    return found[0] if found else ""


def _answered(question: str, text: str, context: str) -> Iterator[_Spoken]:
    answer = reply(text)
    asked = re.sub(r"^you\b", "we", _ASKS.sub("", question.rstrip("?")))
    closed = bool(_ASKS.match(question)) and not is_negated(question)
    if closed and answer is not None:
        rest = re.sub(r"^\W*(?:yes|no|neither|never|none)\b[\s,.:;—–-]*", "", text)
        excepted = f", {rest}" if _EXCEPTING.match(rest) else ""
        yield _Spoken(f"{asked}{excepted}", context, negated=not answer)
        if len(rest.split()) > 2 and not excepted:
            yield _Spoken(rest, context)
    elif (_FRAGMENT.search(text) and not (closed and _PREPOSITION.match(text))) or _SUBJECT.match(text):
        yield _Spoken(text, context)
    else:
        yield _Spoken(f"{asked}, {text}" if closed else f"{question.rstrip('?')} {text}", context)


def _joined(sentence: Sentence, names: Names) -> _Spoken:
    """A label and a text that says nothing by itself (`Cookies: We don't use any`) as one."""
    text, label = normal(sentence.body.text, names), normal(sentence.block.label, names)
    return _Spoken(f"{label} = {text}", f"{label} | {text}")


_TICK = re.compile(r"^[❌✗✘✅✓✔☑]\s*")
_PREDICATE = re.compile(
    r"^(?:never |only )?(?:is|are|was|does|do|will|can|cannot|has|have"
    r"|stores|collects|sends|reads|uses|runs|keeps|shares|logs)\b"
)
"""What is said of the subject that introduces a list."""
_BRACKET = re.compile(r"\([^()]*\)")


def _led(lead: str, text: str) -> str:
    """The sentence with the words that introduce its list, unless it stands on its own."""
    bare = _TICK.sub("", text)
    denied = is_negated(_BRACKET.sub("", bare))
    if lead and _PREDICATE.match(bare):
        return f"{lead.rstrip(': ')} {bare}"
    if not lead or _STANDS.search(bare) or (denied and (is_negated(lead) or has(bare, "doing"))):
        return text
    if is_negated(lead):
        text = bare
    for pattern, start in _LEADS:
        found = pattern.search(lead)
        if found:
            return f"{start} {_verb(found['verb'])} {text}"
    return f"{lead.rstrip(': ')} {text}"


def _verb(word: str | None) -> str:
    if word is None or word in ("do", "does", "doing"):
        return ""
    return "collect" if word.startswith(("includ", "captur")) else word


def _said(spoken: _Spoken) -> Iterator[Said]:
    if has(spoken.text, "intro|mostly-so"):
        return
    for clause in clauses(spoken.text, spoken.negated):
        if not clause.condition and not has(clause.text, "hedge|mostly"):
            advice = has(clause.text, "advice")
            for pattern in language().patterns:
                if advice and pattern.kind not in _INVITING:
                    continue
                polarity = _polarity(pattern, clause, spoken.context)
                if polarity == "promise" or (polarity and not has(clause.text, "bare-verb")):
                    yield Said(pattern.kind, polarity, _exceptions(pattern, clause, spoken), pattern.id)


def _polarity(pattern: Pattern, clause: Clause, context: str) -> Polarity | None:
    if not has_all(clause.text, pattern.needs) or any(has(clause.text, each) for each in pattern.lacks):
        return None
    if pattern.about and not has_all(f"{clause.text} | {context}", pattern.about):
        return None
    if pattern.negated in (None, clause.negated):
        return pattern.polarity
    return pattern.otherwise


def _exceptions(pattern: Pattern, clause: Clause, spoken: _Spoken) -> tuple[str, ...]:
    """What the wording excepts by itself, and what the clause names; words that no exception has stay as they are."""
    named = []
    if clause.excepted and not (pattern.kind in _CALLS and has(clause.excepted, "atlassian-itself")):
        named = [name for name, each in language().exceptions.items() if has(clause.excepted, each.words)]
        named = named or [re.sub(r"\bsvc(?:-\w+)?", "the named service", clause.excepted)[:120]]
    if clause.negated and pattern.kind != "configuration-data-only":
        named += [
            name for name in ("named-elsewhere", "named-service") if has(clause.text, language().exceptions[name].words)
        ]
    return tuple(dict.fromkeys((*pattern.exceptions, *named)))


def _promising(spoken: _Spoken) -> bool:
    if has(spoken.text, "instruct|hedge|website|intro") or spoken.text.endswith(("?", ":")):
        return False
    return any(has_all(_TICK.sub("", spoken.text), row) for row in language().promising.values())


def checkable(kind: str) -> Checkable:
    """What can show a claim of this kind: the code, the manifest alone, or only a person."""
    extra = language().kinds.get(kind)
    if extra:
        return extra.checkable
    claim = catalogue().claims[kind]
    if claim.proof == "word":
        return "person"
    manifest = {"manifest-declaration", "remote-backend", "connect-module", "unsafe-csp", "external-auth"}
    return "manifest" if claim.needs <= manifest else "code"


def default_section(kind: str) -> int:
    """The catalogue's section for a kind."""
    extra = language().kinds.get(kind)
    if extra:
        return extra.section
    return next(section.number for section in catalogue().sections for claim in section.claims if claim.id == kind)
