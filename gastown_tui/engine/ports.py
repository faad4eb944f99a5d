"""Ports for what agents' tests start: each agent has a run of its own, free when it is given."""

from __future__ import annotations

import socket
import zlib

LOWEST, HIGHEST = 20000, 29999
"""Below what systems hand out by themselves (Linux from 32768, macOS from 49152), above what services register."""


class Ports:
    """Who has which ports. An agent that comes back under its name gets the ones it had, if they are still free."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def of(self, agent: str, width: int) -> int:
        """The first of `width` ports in a row for an agent; the same agent asks again and gets the same."""
        width = max(1, width)
        blocks = (HIGHEST + 1 - LOWEST) // width
        start = zlib.crc32(agent.encode("utf-8", "surrogatepass"))
        taken = {first for other, first in self._first.items() if other != agent}
        for turn in range(blocks):
            first = LOWEST + (start + turn) % blocks * width
            mine = self._first.get(agent) == first
            if first not in taken and (mine or all(_is_free(first + n) for n in range(width))):
                break
        self._first[agent] = first
        return first


def _is_free(port: int) -> bool:
    """Whether nobody listens there now; another may come later, as with any port that is only promised."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
