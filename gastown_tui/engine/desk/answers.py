"""Makes a repeated order harmless: the same id from the same caller gets the first one's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gastown_tui.model.errors import GasTownError

_KEPT = 4096


class Answers:
    """The last answers, by caller and id. A refusal is not kept: asking again may be answered."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], asyncio.Future[Any]] = {}

    async def once(self, caller: str, id: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do `work` unless it was done, or is being done, under this id; an empty id is always new."""
        if not id:
            return await work()
        key = (caller, id)
        if (known := self._known.get(key)) is not None:
            return await asyncio.shield(known)
        mine: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._known[key] = mine
        while len(self._known) > _KEPT:
            self._known.pop(next(iter(self._known)))
        try:
            mine.set_result(await work())
        except GasTownError as error:
            mine.set_exception(error)
            mine.exception()
        finally:
            if not mine.done():
                mine.cancel()
            if mine.cancelled() or mine.exception() is not None:
                self._known.pop(key, None)
        return await mine
