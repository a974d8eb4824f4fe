"""The days on which a document says that it was updated and reviewed."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from piiguard.trustcenter import Text

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = (
    re.compile(r"(?P<year>\d{4})(?P<between>[-/.])(?P<m>\d{1,2})(?P=between)(?P<day>\d{1,2})"),
    re.compile(rf"{_MONTH},? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})", re.I),
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)?[ -]{_MONTH},?[ -](?P<year>\d{{4}})", re.I),
    re.compile(r"(?P<day>\d{1,2})[./](?P<m>\d{1,2})[./](?P<year>\d{4})"),
    re.compile(rf"{_MONTH},? (?P<year>\d{{4}})", re.I),
    re.compile(r"(?P<year>\d{4})-(?P<m>\d{2})(?!-?\d)"),
)
_WEEKDAY = re.compile(r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? ", re.I)
_UPDATED = re.compile(
    r"\b(?:last[ -])?(?:updated?|revised|changed|modified|amended)\b(?: date)?(?: on)?[\s:*_()]*"
    r"|\bversion (?:of|[\d.]+)[\s,(:—–-]+|\bas of\s+",
    re.I,
)
_EFFECTIVE = re.compile(
    r"\b(?:effective|published|issued|valid|in force)(?: date| as of| from| since| starting| on)?[\s:*_]*", re.I
)
_REVIEWED = re.compile(r"\b(?:last[ -])?reviewed(?: on)?[\s:*_]*", re.I)


def dates(texts: Iterable[Text]) -> tuple[tuple[int, str] | None, tuple[int, str] | None]:
    """Line and ISO date of the last update (or of coming into effect), and of the last review; the latest of each."""
    texts = tuple(texts)
    return _latest(texts, _UPDATED) or _latest(texts, _EFFECTIVE), _latest(texts, _REVIEWED)


def _latest(texts: tuple[Text, ...], said: re.Pattern[str]) -> tuple[int, str] | None:
    found = [
        (day.isoformat(), text.line_at(match.start()))
        for text in texts
        for match in said.finditer(text.text)
        if (day := day_in(text.text[match.end() : match.end() + 30]))
    ]
    return (max(found)[1], max(found)[0]) if found else None


def day_in(text: str) -> date | None:
    """The day at the start of a text. What is open is read in the vendor's favour: the later, a month's last day."""
    bare = _WEEKDAY.sub("", text.strip())
    for pattern in _DAY:
        found = pattern.match(bare)
        if found:
            days = [day for day in _readings(found) if day]
            return max(days) if days else None
    return None


def _readings(found: re.Match[str]) -> list[date | None]:
    parts = found.groupdict()
    year = int(parts["year"])
    month = int(parts["m"]) if parts.get("m") else _MONTHS.index(parts["month"].lower()) + 1
    if not parts.get("day"):
        return [date(year, month, monthrange(year, month)[1])] if 1 <= month <= 12 and year else []
    day = int(parts["day"])
    open_ = "/" in found[0] and not parts.get("between")
    swapped = [_date(year, day, month)] if open_ else []
    return [_date(year, month, day), *swapped]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
