"""One agent's terminal: starts a program in a PTY, carries bytes both ways, and ends its whole tree."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pexpect

from gastown_tui.agents import processes
from gastown_tui.agents.spool import Spool
from gastown_tui.model.errors import GasTownError, Refused
from gastown_tui.world import Clock

MARK = "GT_SESSION"
"""In a session's environment: its spool's path. Whoever holds it belongs to the session, wherever it hid."""

_CHUNK = 65536
_QUEUE_LIMIT = 4 * 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_GONE = (errno.EIO, errno.EBADF, errno.ENXIO)
_DRAIN_EVERY = 0.02  # seconds
_ROUNDS = 4  # a tree can grow while it is being ended or frozen; so often we look again


@dataclass(frozen=True)
class Launch:
    """What to start. `prefix` is put before `argv`: containment, or the way to a remote host."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    spool: Path
    rows: int = 40
    columns: int = 120
    prefix: tuple[str, ...] = ()


class Session:
    """A program in its own PTY. Reading and flushing are driven from outside, by `reader.Reader`."""

    def __init__(self, launch: Launch, child: Any, spool: Spool, clock: Clock) -> None:
        self.launch = launch
        self.name = launch.name
        self.pid: int = child.pid
        self.fd: int = child.child_fd
        self.start_ticks = processes.start_ticks(child.pid)
        self.spool = spool
        self.started = clock.now()
        self.last_output = clock.monotonic()
        self.eof = False
        self.before_close: Callable[[], None] | None = None
        self.rows, self.columns = _cells(launch.rows), _cells(launch.columns)
        self._child = child
        self._clock = clock
        self._code: int | None = None
        self._queue = bytearray()
        self._listeners: list[Callable[[bytes], None]] = []

    @classmethod
    def start(cls, launch: Launch, clock: Clock) -> Session:
        """Start the program; raises GasTownError if it or its folder is not there, or the system refuses."""
        argv = [*launch.prefix, *launch.argv]
        env = {**launch.env, MARK: str(launch.spool)}
        try:
            _check(argv, env)
            # Not `cwd=`: what fails after the fork must be caught there, or a copy of us runs on in the child.
            child: Any = pexpect.spawn(
                argv[0], argv[1:], env=env, preexec_fn=partial(_settle, launch.cwd), timeout=None,
                dimensions=(_cells(launch.rows), _cells(launch.columns)),
            )  # fmt: skip
        except (pexpect.ExceptionPexpect, OSError, ValueError) as error:
            raise GasTownError(
                f"{launch.name} was not started: {_first_line(error)}",
                f"Is {argv[0]} installed and executable? `gt doctor` lists what was found; nothing was changed.",
            ) from error
        for owner in (child, child.ptyproc):
            for delay in ("delaybeforesend", "delayafterread", "delayafterclose", "delayafterterminate"):
                if hasattr(owner, delay):
                    setattr(owner, delay, None if delay in ("delaybeforesend", "delayafterread") else 0)
        os.set_blocking(child.child_fd, False)
        return cls(launch, child, Spool(launch.spool), clock)

    def read(self, budget: int = _CHUNK) -> int:
        """Take up to `budget` waiting bytes to spool and listeners, without blocking; returns how many there were."""
        took = bytearray()
        while len(took) < budget and not self.eof:
            try:
                chunk = os.read(self.fd, min(_CHUNK, budget - len(took)))
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno not in _GONE:
                    raise
                chunk = b""  # nobody holds the other end any more
            self.eof = not chunk
            took += chunk
        if took:
            data = bytes(took)
            self.last_output = self._clock.monotonic()
            self.spool.write(data, self._clock.now())
            for listener in tuple(self._listeners):
                listener(data)
        return len(took)

    def listen(self, callback: Callable[[bytes], None]) -> Callable[[], None]:
        """Have `callback` called with each piece read from now on; returns what stops it."""
        self._listeners.append(callback)

        def stop() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return stop

    def write(self, data: bytes) -> None:
        """Send bytes to the program; what its terminal does not take now waits for `flush`.

        Raises Refused when more than 4 MB wait already: the program does not read.
        """
        if len(self._queue) + len(data) > _QUEUE_LIMIT:
            raise Refused(f"{self.name} does not read what it is sent.", "It was not sent; look at it with: gt peek")
        self._queue += data
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the terminal takes it."""
        while self._queue:
            try:
                sent = os.write(self.fd, self._queue)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _GONE:
                    raise
                self._queue.clear()
                return
            del self._queue[:sent]

    @property
    def unsent(self) -> int:
        """Bytes that still wait for the program to read."""
        return len(self._queue)

    def paste(self, text: str) -> None:
        """Give `text` as one pasted prompt and press Enter.

        Control codes other than newline and tab are dropped: a text cannot end its own bracket or press keys.
        """
        body = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8", "replace")
        self.write(b"\x1b[200~" + body + b"\x1b[201~\r")

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal a new size in cells; the program hears SIGWINCH."""
        self.rows, self.columns = _cells(rows), _cells(columns)
        if self.fd >= 0:
            self._child.setwinsize(self.rows, self.columns)

    @property
    def alive(self) -> bool:
        """Whether the program itself runs (its children may outlive it)."""
        return self.exit_code is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; then its exit code, negative when a signal ended it (-1 if nobody knows)."""
        if self._code is None:
            try:
                if not self._child.isalive():
                    status, number = self._child.exitstatus, self._child.signalstatus
                    self._code = status if status is not None else -(number or 1)
            except pexpect.ExceptionPexpect:
                self._child.ptyproc.terminated = self._child.terminated = True
                self._code = -1
        return self._code

    @staticmethod
    def load_screen() -> None:
        """Load the emulator, which takes half a second the first time: in a thread, before `tail_text` is asked."""
        import gastown_tui.agents.screen  # noqa: F401

    def tail_text(self, lines: int) -> str:
        """The last rows of the screen that hold something, as plain text, one row a line."""
        # Loading the emulator takes 0.2 s: an engine nobody looks through starts without it.
        from gastown_tui.agents.screen import Screen

        screen = Screen(self.rows, self.columns)
        screen.feed(self.spool.tail())
        return "\n".join("\n".join(screen.text()).rstrip().splitlines()[-lines:])

    def pairs(self) -> list[processes.Pair]:
        """The program's tree, and whoever left it but still carries the session's mark."""
        found = processes.tree(self.pid, self.start_ticks)
        marked = processes.with_environment(MARK, str(self.launch.spool))
        return list(dict.fromkeys([*found, *marked]))

    async def end(self, grace: float = 2.0) -> None:
        """End the whole tree (SIGTERM, then SIGKILL after `grace` seconds), reap it, close terminal and spool."""
        async with asyncio.TaskGroup() as group:
            # A program that cannot print cannot end: we keep reading while it has its grace.
            reading = group.create_task(self._drain(), name=f"drain {self.name}")
            seen: dict[processes.Pair, None] = {}
            for round_ in range(_ROUNDS):
                # Looking at every process of the machine takes a tenth of a second: not on the loop.
                seen.update(dict.fromkeys(await asyncio.to_thread(self.pairs)))
                alive = [pair for pair in seen if processes.is_alive(*pair)]
                if alive:
                    await processes.end(alive, self._clock, grace if round_ == 0 else 0.0)
                if not self.alive:  # looking takes the program's own status; only then the others'
                    processes.reap(pair for pair in seen if pair[0] != self.pid)
                if not alive:
                    break
            reading.cancel()
        self.close()

    async def _drain(self) -> None:
        while True:
            self.read()
            if self.eof:
                return
            await asyncio.sleep(_DRAIN_EVERY)

    def freeze(self) -> None:
        """Stop the whole tree where it stands."""
        frozen: set[processes.Pair] = set()
        for _ in range(_ROUNDS):
            new = [pair for pair in self.pairs() if pair not in frozen]
            if not new:
                return
            processes.freeze(new)
            frozen.update(new)

    def thaw(self) -> None:
        """Let the whole tree go on."""
        processes.thaw(self.pairs())

    def close(self) -> None:
        """Close the terminal (a program that still runs hears SIGHUP) and the spool."""
        if self.fd >= 0:
            self.read()
            if self.before_close is not None:
                self.before_close()  # whoever waits on the descriptor must let go before its number is used again
            self.fd, self.eof = -1, True
            self._queue.clear()
            # Not `pexpect.close`, which signals a pid without asking whose it is by now.
            self._child.ptyproc.fileobj.close()
            self._child.closed = self._child.ptyproc.closed = True
        self.spool.close()


def _settle(folder: Path) -> None:
    """In the child, before the program: its folder, and no signal ignored because we (or Python) ignore it."""
    for number in (signal.SIGPIPE, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.chdir(folder)


def _cells(count: int) -> int:
    return max(1, min(count, 9999))


def _check(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Raise ValueError for what `exec` refuses with anything but an OSError: that would happen after the fork."""
    for name, value in [*(("an argument", word) for word in argv), *env.items()]:
        if "\0" in value or "\0" in name:
            raise ValueError(f"a null byte in {name}")
        os.fsencode(value)
        os.fsencode(name)
    if any(not name or "=" in name for name in env):
        raise ValueError("a name in the environment is empty or holds =")


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") + "." if str(error) else type(error).__name__
