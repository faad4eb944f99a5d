"""Finds, freezes and ends process trees, never trusting a pid without the instant it started."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import psutil

from gastown_tui.world import Clock

Pair = tuple[int, int]
"""A process: its pid and its start ticks (0 ticks match nothing)."""

_PROC = Path("/proc")
_LINUX = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_EVERY = 0.01  # seconds between two looks at processes that are ending
_KILL_WAIT = 5.0  # seconds a killed process may take to go (it can hang in the kernel on a dead disk)
_UNCLAIMED = 10.0  # seconds after which nobody waits for a dead child any more


class _Stat(NamedTuple):
    pid: int
    state: str
    parent: int
    session: int
    ticks: int


def _stat(pid: int) -> _Stat | None:
    """One process's row, or None when it is gone; the name may hold blanks and brackets, so split after the last."""
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    fields = text[text.rfind(b")") + 2 :].split()
    return _Stat(pid, fields[0].decode(), int(fields[1]), int(fields[3]), int(fields[19]))


def _foreign_stat(pid: int) -> _Stat | None:
    """The same where there is no /proc (macOS)."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "R"
            parent, ticks = process.ppid(), int(process.create_time() * 100)
        return _Stat(pid, state, parent, os.getsid(pid), ticks)
    except (psutil.Error, OSError):
        return None


def _look(pid: int) -> _Stat | None:
    return _stat(pid) if _LINUX else _foreign_stat(pid)


def _all() -> dict[int, _Stat]:
    pids = [int(name) for name in os.listdir(_PROC) if name.isdigit()] if _LINUX else psutil.pids()
    return {pid: row for pid in pids if (row := _look(pid)) is not None}


def start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot (hundredths of a second off Linux); 0 when it is gone."""
    row = _look(pid)
    return row.ticks if row else 0


def is_alive(pid: int, ticks: int) -> bool:
    """Whether exactly this process runs; a zombie, or another process with the same pid, does not count."""
    row = _look(pid) if pid > 0 else None
    return row is not None and row.ticks == ticks and row.state not in "ZX"


def tree(pid: int, ticks: int = 0) -> list[Pair]:
    """The process, its descendants, and whoever still belongs to the terminal session it led.

    With `ticks`, a process that merely has the same pid now is left out with all that is below it.
    """
    rows = _all()
    root = rows.get(pid)
    if root is not None and ticks and root.ticks != ticks:
        return []
    found = {row.pid for row in rows.values() if pid in (row.pid, row.session)}
    waiting = list(found)
    children: dict[int, list[int]] = {}
    for row in rows.values():
        children.setdefault(row.parent, []).append(row.pid)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    found.discard(os.getpid())
    return [(one, rows[one].ticks) for one in sorted(found, key=lambda one: (one != pid, one))]


def with_environment(key: str, value_prefix: str) -> list[Pair]:
    """Processes of this user whose environment holds `key` with a value that starts so.

    It finds those that left their tree by `setsid` after their parent died. Zombies have no environment.
    """
    wanted = f"{key}={value_prefix}".encode()
    if not _LINUX:
        return _foreign_environment(key, value_prefix)
    found = []
    for name in os.listdir(_PROC):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            text = (_PROC / name / "environ").read_bytes()
        except OSError:
            continue
        if text.startswith(wanted) or b"\0" + wanted in text:
            found.append((int(name), start_ticks(int(name))))
    return [pair for pair in found if pair[1]]


def _foreign_environment(key: str, value_prefix: str) -> list[Pair]:
    found = []
    for process in psutil.process_iter():
        try:
            hit = process.pid != os.getpid() and process.environ().get(key, "").startswith(value_prefix)
        except (psutil.Error, OSError):
            continue
        if hit and (ticks := start_ticks(process.pid)):
            found.append((process.pid, ticks))
    return found


def send(pair: Pair, number: int) -> bool:
    """Send a signal to exactly this process; False when it is not there any more."""
    pid, ticks = pair
    if not hasattr(os, "pidfd_open"):
        if not is_alive(pid, ticks):
            return False
        with contextlib.suppress(OSError):
            os.kill(pid, number)
        return True
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # The handle is taken first: what it names cannot be replaced between the look and the signal.
        if not is_alive(pid, ticks):
            return False
        signal.pidfd_send_signal(fd, number)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def freeze(pairs: Iterable[Pair]) -> None:
    """Stop each of them where it stands."""
    for pair in pairs:
        send(pair, signal.SIGSTOP)


def thaw(pairs: Iterable[Pair]) -> None:
    """Let each of them go on."""
    for pair in pairs:
        send(pair, signal.SIGCONT)


async def end(pairs: Collection[Pair], clock: Clock, grace: float = 2.0) -> list[Pair]:
    """End them: SIGTERM, and after `grace` seconds SIGKILL. Returns those that even so did not go (normally none).

    Frozen ones are thawed, or they could not hear the SIGTERM. Nobody is reaped here.
    """
    for pair in pairs:
        send(pair, signal.SIGTERM)
    thaw(pairs)
    async with asyncio.TaskGroup() as group:
        # The grace is the town's time; whether processes are gone can only be seen in the machine's.
        limit = group.create_task(clock.sleep(grace), name="grace")
        gone = group.create_task(_gone(pairs), name="processes end")
        await asyncio.wait({limit, gone}, return_when=asyncio.FIRST_COMPLETED)
        limit.cancel()
        gone.cancel()
    left = [pair for pair in pairs if send(pair, signal.SIGKILL)]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_KILL_WAIT):
            await _gone(left)
    return [pair for pair in left if is_alive(*pair)]


async def _gone(pairs: Collection[Pair]) -> None:
    left = list(pairs)
    while True:
        left = [pair for pair in left if is_alive(*pair)]
        if not left:
            return
        await asyncio.sleep(_LOOK_EVERY)


def become_subreaper() -> bool:
    """Make orphans below us our children instead of init's, so that we can see and reap them (Linux)."""
    if not _LINUX:
        return False
    return int(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0


def reap(pairs: Iterable[Pair]) -> None:
    """Take the exit status of those that are dead children of ours; others are left alone."""
    for pid, ticks in pairs:
        if start_ticks(pid) == ticks:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


class Orphans:
    """Reaps dead processes that came to us as subreaper, and none that somebody here waits for."""

    def __init__(self) -> None:
        self._seen: dict[Pair, float] = {}

    def sweep(self, now: float) -> int:
        """Reap what nobody waits for; returns how many. `now` is monotonic seconds.

        What we started ourselves is in our session or leads its own: a dead child of a third kind is an orphan.
        One that leads its own could be either, and is reaped once it was left lying for ten seconds.
        """
        own, mine = os.getpid(), os.getsid(0)
        dead = [row for row in _all().values() if row.parent == own and row.state == "Z" and row.session != mine]
        seen = {(row.pid, row.ticks): self._seen.get((row.pid, row.ticks), now) for row in dead}
        due = {(r.pid, r.ticks) for r in dead if r.session != r.pid or now - seen[r.pid, r.ticks] >= _UNCLAIMED}
        reap(due)
        self._seen = {pair: since for pair, since in seen.items() if pair not in due}
        return len(due)
