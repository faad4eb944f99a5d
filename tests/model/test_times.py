"""Times as people write them: every form that is taken, what a day means, and what is said of one that is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.model import times
from gastown_tui.model.errors import Usage

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 21, 12, 30, 15, tzinfo=ZONE)
"""A Saturday."""


def _read(text: str, end: bool = False) -> str:
    found = times.parse(text, NOW.timestamp(), end=end, zone=ZONE)
    return datetime.fromtimestamp(found, ZONE).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-11-21 12:30:15"),
        ("2026-11-20", "2026-11-20 00:00:00"),
        ("2026-11-20T14:30", "2026-11-20 14:30:00"),
        ("2026-11-20 14:30:05", "2026-11-20 14:30:05"),
        ("2026-11-20T14:30:05Z", "2026-11-20 16:30:05"),
        ("2026-11-20T14:30:05.250+01:00", "2026-11-20 15:30:05"),
        ("@1763707000", "2025-11-21 08:36:40"),
        ("-2h", "2026-11-21 10:30:15"),
        ("2h", "2026-11-21 10:30:15"),
        ("2h ago", "2026-11-21 10:30:15"),
        ("-1h30m", "2026-11-21 11:00:15"),
        ("10 minutes ago", "2026-11-21 12:20:15"),
        ("  10M   ago ", "2026-11-21 12:20:15"),
        ("1.5d", "2026-11-20 00:30:15"),
        ("+2h", "2026-11-21 14:30:15"),
        ("in 3 days", "2026-11-24 12:30:15"),
        ("today", "2026-11-21 00:00:00"),
        ("yesterday", "2026-11-20 00:00:00"),
        ("tomorrow", "2026-11-22 00:00:00"),
        ("yesterday 9:00", "2026-11-20 09:00:00"),
        ("yesterday at 14:30", "2026-11-20 14:30:00"),
        ("12:30", "2026-11-21 12:30:00"),
        ("12:31", "2026-11-20 12:31:00"),
        ("23:59:59", "2026-11-20 23:59:59"),
        ("monday", "2026-11-16 00:00:00"),
        ("sat", "2026-11-21 00:00:00"),
        ("last saturday 8:05", "2026-11-14 08:05:00"),
    ],
)  # fmt: skip
def test_what_is_taken(text: str, meant: str) -> None:
    """Each form means one moment."""
    assert _read(text) == meant


@pytest.mark.parametrize("text", ["2026-11-20", "yesterday", "friday"])
def test_the_end_of_a_day(text: str) -> None:
    """Where the end is asked for, a day means its last moment; a time of the day is not moved."""
    assert _read(text, end=True) == "2026-11-20 23:59:59"
    assert _read("2026-11-20T14:30", end=True) == "2026-11-20 14:30:00"


@pytest.mark.parametrize("text", ["12:03:04", "2026-11-21 12:03:04", "today 12:03:04", "2026-11-21T12:03:04+02:00"])
def test_the_end_of_a_second(text: str) -> None:
    """A time as it is shown, pasted back, takes in all that is shown so; one with a fraction is that very moment."""
    first, last = (times.parse(text, NOW.timestamp(), end=end, zone=ZONE) for end in (False, True))
    assert 0.99 < last - first < 1.0
    finer = text.replace(":04", ":04.25")
    assert times.parse(finer, NOW.timestamp(), end=True, zone=ZONE) == first + 0.25


def test_a_day_is_as_long_as_its_zone_makes_it() -> None:
    """The day the clocks go back has 25 hours."""
    berlin, noon = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 25, 12, tzinfo=UTC).timestamp()
    first, last = (times.parse("2026-10-25", noon, end=end, zone=berlin) for end in (False, True))
    assert round(last - first) == 25 * 3600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "No time is given."),
        ("soon", "'soon' is no time."),
        ("2026-13-40", "'2026-13-40' is no date"),
        ("2026-11-20T25:00", "is no date"),
        ("-2x", "'x' is no unit of time"),
        ("2h later", "is no length of time"),
        ("yesterday noon", "'noon' is no time of the day"),
        ("25:00", "'25:00' is no time."),
        ("@tomorrow", "is no number of unix seconds"),
        ("@1e999", "is no number of unix seconds"),
        ("99999999999w", "is more than a hundred years"),
        ("9999-12-31", "is out of range"),
        ("x" * 500, "…' is no time."),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    """The error names what is wrong and shows how to write it."""
    with pytest.raises(Usage) as caught:
        times.parse(text, NOW.timestamp(), end=True, zone=ZONE)
    assert said in caught.value.title and caught.value.hint and len(caught.value.title) < 120


def test_lengths() -> None:
    """Units add up; what is no length is refused."""
    assert times.duration("1w 2d 3h 4min 5s") == 604800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5
    for bad in ("", "5", "h", "-5m", "5m or so"):
        with pytest.raises(Usage):
            times.duration(bad)


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    """Nothing else comes out of it."""
    try:
        assert isinstance(times.parse(text, NOW.timestamp()), float)
    except Usage as error:
        assert error.hint


@given(st.floats(0, 4e9))
def test_what_json_prints_is_read_back(at: float) -> None:
    """A time as `--json` gives it, behind an @, is that very moment."""
    assert times.parse(f"@{at!r}", 0.0) == at
