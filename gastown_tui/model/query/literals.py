"""What is written after a sign, as numbers, spans of time and moments; whatever it says, nothing here raises."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from datetime import date, datetime, time, tzinfo
from typing import NamedTuple

from gastown_tui.model import times
from gastown_tui.model.errors import Usage

_NUMBER = re.compile(r"-?\$?\d{1,12}(?:\.\d{1,9})?")
_PRIORITY = re.compile(r"[pP]?([0-4])")
_OFFSET = re.compile(r"([+-]?)(\d{1,6})(s|min|h|d|w|m|mo|y)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)?")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


class Moment(NamedTuple):
    """Unix seconds from `start` up to, not including, `end`; the same twice for an instant."""

    start: float
    end: float

    def holds(self, at: float) -> bool:
        """Whether an instant is meant."""
        return self.start <= at < self.end or at == self.start


def number(text: str) -> float | None:
    """A number, with a dollar sign or without; None for anything else."""
    return float(text.replace("$", "", 1)) if _NUMBER.fullmatch(text) else None


def priority(text: str) -> float | None:
    """0 to 4, or P0 to P4."""
    found = _PRIORITY.fullmatch(text)
    return float(found[1]) if found else None


def span(text: str) -> float | None:
    """How many seconds `90s`, `10m`, `1h30m`, `2 days` or `1w` are."""
    try:
        return times.duration(text)
    except Usage:
        return None


def moment(text: str, now: float, zone: tzinfo | None) -> Moment | None:
    """What a time says at unix second `now`, days and times without a zone in `zone` (None: the machine's).

    `m` is months, as in perles' BQL (`-3m`), for which `mo` may be written; minutes are `min`. None when it is no time.
    """
    word = text.lower()
    if word == "now":
        return Moment(now, now)
    if word in _DAYS:
        return _day(datetime.fromtimestamp(now, zone).date(), _DAYS[word], zone)
    if found := _OFFSET.fullmatch(text):
        size = int(found[2]) * (-1 if found[1] == "-" else 1)
        moved = _moved(now, size, found[3].lower(), zone)
        return Moment(moved, moved)
    if not _DATE.fullmatch(text) and not _MOMENT.fullmatch(text):
        return None
    try:
        written = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if _DATE.fullmatch(text):
        return _day(written.date(), 0, zone)
    at = _unix(written if written.tzinfo is not None else written.replace(tzinfo=zone))
    return Moment(at, at)


def _day(day: date, later: int, zone: tzinfo | None) -> Moment:
    """The whole of a day, or of the one so many days later."""
    first, after = (min(day.toordinal() + n, date.max.toordinal()) for n in (later, later + 1))
    start, end = (_unix(datetime.combine(date.fromordinal(n), time(), zone)) for n in (first, after))
    return Moment(start, end)


def _unix(at: datetime) -> float:
    """Unix seconds; an infinity where the machine cannot tell (in its own zone, years far away)."""
    try:
        return at.timestamp()
    except (ValueError, OverflowError, OSError):
        return math.copysign(math.inf, at.year - 1970)


def _moved(now: float, size: int, unit: str, zone: tzinfo | None) -> float:
    """`now` and so many units on; months and years by the calendar, never past its ends."""
    if unit in _SECONDS:
        return now + size * _SECONDS[unit]
    at = datetime.fromtimestamp(now, zone)
    year, month = divmod(at.year * 12 + at.month - 1 + size * (12 if unit == "y" else 1), 12)
    if not 1 <= year <= 9998:
        return math.copysign(math.inf, size)
    return _unix(at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1])))
