"""Times as people write them: ISO dates and times, `-2h`, `10m ago`, `yesterday`, `14:30`, into unix seconds."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

from gastown_tui.model.errors import Usage

EXAMPLES = "2026-11-20, 2026-11-20T14:30, 14:30, -2h, 10m ago, yesterday, monday 9:00"
"""What an error offers."""

UNITS = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0,
    "hour": 3600.0, "d": 86400.0, "day": 86400.0, "w": 604800.0, "week": 604800.0,
}  # fmt: skip
"""Seconds by the name of a unit; a plural s is understood."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d+)?)?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:?\d{2}.*)?", re.ASCII | re.IGNORECASE)
_WHOLE_SECOND = re.compile(r":\d{2}:\d{2}(?![\d.,:])|T\d{6}(?![\d.,])")
_SECOND = 1 - 1e-6
_LONGEST = 100 * 366 * 86400.0


def duration(text: str) -> float:
    """Seconds in `90s`, `10m`, `1h30m`, `2 days`; raises Usage."""
    low = text.strip().lower()
    total, at = 0.0, 0
    while (part := _PART.match(low, at)) is not None:
        total += float(part[1]) * _unit(part[2], text)
        at = part.end()
    if at == 0 or at < len(low):
        raise Usage(f"{_short(text)} is no length of time.", "Write it as 90s, 10m, 1h30m, 2d or 3w.")
    return total


def parse(text: str, now: float, *, end: bool = False, zone: tzinfo | None = None) -> float:
    """The moment a person means.

    Taken are ISO dates and times (the local zone where none is given), `14:30` (the latest one that is not to come),
    `-2h`, `2h ago`, `2h` (before now), `+2h` and `in 2h` (after it), `now`, `today`, `yesterday`, `tomorrow`, a day of
    the week (the latest), each day with a time behind it if wanted, and `@1763707000` (unix seconds).

    Args:
        text: what was written.
        now: unix seconds.
        end: a day without a time means its last moment rather than its first (as `--until` and `--at` do), and so
            does a second: what happened at 14:30:05.7 is shown as 14:30:05.
        zone: the zone of times that name none; None is the machine's.

    Returns:
        Unix seconds.

    Raises:
        Usage: it is no time, saying what is wrong with it.
    """
    words = " ".join(text.split())
    low = words.lower()
    if low in ("", "now"):
        if not low:
            raise Usage("No time is given.", f"Write it as one of: {EXAMPLES}.")
        return now
    if low.startswith("@"):
        return _unix(low[1:], text)
    if _ISO.fullmatch(words):
        return _iso(words, end, zone)
    if (ago := _relative(low, text)) is not None:
        return now + ago
    here = datetime.fromtimestamp(now, zone)
    if (clock := _CLOCK.fullmatch(low)) is not None:
        found = _on(here, clock, False)
        return _on(here if found <= now else here - timedelta(days=1), clock, end)
    return _day(low, here, end, text)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _unit(name: str, text: str) -> float:
    for known in (name, name.removesuffix("s")):
        if known in UNITS:
            return UNITS[known]
    hint = "There are s, m, h, d and w (seconds, minutes, hours, days, weeks)."
    raise Usage(f"{_short(text)}: {name!r} is no unit of time.", hint)


def _unix(digits: str, text: str) -> float:
    try:
        found = float(digits)
        datetime.fromtimestamp(found)
    except (ValueError, OverflowError, OSError):
        raise Usage(f"{_short(text)} is no number of unix seconds.", "Write it as @1763707000.") from None
    return found


def _iso(words: str, end: bool, zone: tzinfo | None) -> float:
    try:
        found = datetime.fromisoformat(words)
    except ValueError as error:
        raise Usage(f"{_short(words)} is no date: {error}.", "Write it as 2026-11-20 or 2026-11-20T14:30.") from None
    if len(words) == len("2026-11-20"):
        return _edge(found, end, zone)
    return _stamp(found, zone) + (_SECOND if end and _WHOLE_SECOND.search(words) else 0.0)


def _stamp(found: datetime, zone: tzinfo | None) -> float:
    if found.tzinfo is None and zone is not None:
        found = found.replace(tzinfo=zone)
    try:
        return found.timestamp()
    except (ValueError, OverflowError, OSError):
        raise Usage(f"{found:%Y-%m-%d} is out of range.", "Years from 1970 on are known here.") from None


def _edge(day: datetime, end: bool, zone: tzinfo | None) -> float:
    """The first moment of a day, or its last one (a microsecond before the next day begins)."""
    if not end:
        return _stamp(day, zone)
    try:
        return _stamp(day + timedelta(days=1) - timedelta(microseconds=1), zone)
    except OverflowError:
        raise Usage(f"{day:%Y-%m-%d} is out of range.", "Years from 1970 on are known here.") from None


def _relative(low: str, text: str) -> float | None:
    """Seconds after now (negative: before) of `-2h`, `2h ago`, `2h`, `+2h`, `in 2h`; None when it is none of these."""
    sign, body = -1.0, low
    if low.endswith(" ago"):
        body = low.removesuffix(" ago").removeprefix("-")
    elif low.startswith("in "):
        sign, body = 1.0, low.removeprefix("in ")
    elif low.startswith(("-", "+")):
        sign, body = (1.0 if low[0] == "+" else -1.0), low[1:].lstrip()
    if not _PART.match(body):
        return None
    seconds = duration(body)
    if seconds > _LONGEST:
        raise Usage(f"{_short(text)} is more than a hundred years.", f"Write it as one of: {EXAMPLES}.")
    return sign * seconds


def _on(day: datetime, clock: re.Match[str], end: bool) -> float:
    at = time(int(clock[1]), int(clock[2]), int(clock[3] or 0), int(float(clock[4] or 0) * 1e6))
    found = datetime.combine(day.date(), at, day.tzinfo).timestamp()
    return found + (_SECOND if end and clock[3] and not clock[4] else 0.0)


def _day(low: str, here: datetime, end: bool, text: str) -> float:
    """A named day, with a time of the day behind it or without."""
    name, _, rest = low.removeprefix("last ").partition(" ")
    if name in ("today", "yesterday", "tomorrow"):
        back = {"today": 0, "yesterday": 1, "tomorrow": -1}[name]
    elif (known := [n for n, day in enumerate(_DAYS) if name in (day, day[:3])]) != []:
        back = (here.weekday() - known[0]) % 7
        if low.startswith("last ") and back == 0:
            back = 7
    else:
        raise Usage(f"{_short(text)} is no time.", f"Write it as one of: {EXAMPLES}.")
    day = here - timedelta(days=back)
    if not rest:
        return _edge(datetime.combine(day.date(), time(), None), end, here.tzinfo)
    clock = _CLOCK.fullmatch(rest.removeprefix("at "))
    if clock is None:
        raise Usage(f"{_short(text)}: {rest!r} is no time of the day.", "Write it as 9:00 or 14:30:05.")
    return _on(day, clock, end)
