"""What is written after a sign, as numbers, spans of time and moments; whatever it says, nothing here raises."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_NUMBER = re.compile(r"-?\$?\d{1,12}(?:\.\d{1,9})?")
_PRIORITY = re.compile(r"[pP]?([0-4])")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(s|m|min|h|d|w)", re.IGNORECASE)
_OFFSET = re.compile(r"([+-]?)(\d{1,6})(s|min|h|d|w|m|mo|y)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)?")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
DAY = 86400.0


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
    """How many seconds `90s`, `10m`, `2h`, `3d` or `1w` are."""
    found = _SPAN.fullmatch(text)
    return float(found[1]) * _SECONDS[found[2].lower()] if found else None


def moment(text: str, now: float) -> Moment | None:
    """What a time says at unix second `now`; days are UTC's. None when it is no time.

    `m` is months, as in perles' BQL (`-3m`), for which `mo` may be written; minutes are `min`.
    """
    word = text.lower()
    if word == "now":
        return Moment(now, now)
    if word in _DAYS:
        return _day((now // DAY + _DAYS[word]) * DAY)
    if found := _OFFSET.fullmatch(text):
        size = int(found[2]) * (-1 if found[1] == "-" else 1)
        moved = _moved(now, size, found[3].lower())
        return Moment(moved, moved)
    dated = _DATE.fullmatch(text) is not None
    at = seconds(text.upper()) if dated or _MOMENT.fullmatch(text) else None
    if at is None:
        return None
    return _day(at) if dated else Moment(at, at)


def _day(start: float) -> Moment:
    return Moment(start, start + DAY)


def _moved(now: float, size: int, unit: str) -> float:
    """`now` and so many units on; months and years by the calendar, never past its ends."""
    if unit in _SECONDS and unit != "m":
        return now + size * _SECONDS[unit]
    months = size * (12 if unit == "y" else 1)
    at = datetime.fromtimestamp(now, UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not 1 <= year <= 9998:
        return math.copysign(math.inf, size)
    first = at.replace(year=year, month=month + 1, day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(at.day, last.day)).timestamp()


def seconds(text: str) -> float | None:
    """Unix seconds of a time as records write it (RFC 3339; UTC when it names no zone); None for none.

    The year 1 is how Go, and so Beads, writes that there is no time.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return None if at.year == 1 else at.timestamp()
    except (ValueError, OverflowError):
        return None
