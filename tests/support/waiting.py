"""Waiting for a condition with a deadline, instead of sleeping for luck."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_STEP = 0.01
PATIENCE = 90.0
"""Seconds a test waits for what should come at once: nobody waits that long unless something is wrong."""


def until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The first true value of `condition`; fails saying `what` was waited for, and what it was at the end."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}; at the end: {found!r}")
        time.sleep(_STEP)
    return found


async def until_async(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The same inside an event loop, which goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}; at the end: {found!r}")
        await asyncio.sleep(_STEP)
    return found
