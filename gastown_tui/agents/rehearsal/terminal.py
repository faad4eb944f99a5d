"""The worker's side of its terminal: raw mode, colours, the window title, and the bytes that come in."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from types import FrameType
from typing import Any

from gastown_tui.agents.rehearsal.keyboard import Key, Keyboard, clean

IDLE, BUSY = "✳", "◐"
"""What Claude Code puts at the start of the window title (facts/claude-code.md, "Knowing its state")."""

_COLOURS = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "orange": "38;5;173"}
_SETTLE = 0.03  # seconds after which a lone ESC is the Esc key and no sequence
_HUNG_UP, _TERMINATED = 129, 143


def coloured(text: str, colour: str) -> str:
    """Text in one of the worker's colours."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


class Terminal:
    """A terminal in raw mode, or two pipes; whoever hangs up or sends SIGTERM ends the process by SystemExit."""

    def __init__(self, source: int = 0, sink: int = 1) -> None:
        self._source, self._sink = source, sink
        self._keyboard = Keyboard()
        self._before: list[Any] | None = None
        self._status = False
        self.ended = False

    def open(self) -> None:
        """Take the terminal: no echo, no line editing, pastes bracketed, signals turned into exits."""
        signal.signal(signal.SIGTERM, _leave(_TERMINATED))
        signal.signal(signal.SIGHUP, _leave(_HUNG_UP))
        if not os.isatty(self._source):
            return
        import termios

        with contextlib.suppress(termios.error):
            self._before = termios.tcgetattr(self._source)
            mode = termios.tcgetattr(self._source)
            mode[0] &= ~(termios.ICRNL | termios.IXON)
            mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
            termios.tcsetattr(self._source, termios.TCSANOW, mode)
        self.write("\x1b[?2004h")

    def close(self) -> None:
        """Give the terminal back as it was; one that is gone already is let go."""
        if self._before is None:
            return
        import termios

        with contextlib.suppress(OSError, termios.error):
            os.write(self._sink, b"\x1b[?2004l\x1b]0;\x07\x1b[?25h")
            termios.tcsetattr(self._source, termios.TCSANOW, self._before)

    def write(self, text: str) -> None:
        """Write all of the text, erasing a status line first."""
        if self._status:
            text = f"\r\x1b[2K{text}"
            self._status = False
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._sink, data):]
        except OSError:
            raise SystemExit(_HUNG_UP) from None

    def say(self, text: str = "") -> None:
        """Write one line; control codes in it are the caller's."""
        self.write(f"{text}\n")

    def status(self, text: str) -> None:
        """Show a line that the next output replaces, as an agent's spinner does."""
        self.write(f"\r\x1b[2K{text}")
        self._status = True

    def title(self, mark: str) -> None:
        """Set the window title."""
        self.write(f"\x1b]0;{mark} rehearsal\x07")

    def keys(self, seconds: float | None, other: int = -1) -> tuple[list[Key], bool]:
        """Wait for input, for another descriptor, or for the time to pass.

        Returns: the keys that came, and whether `other` has something to read.
        """
        watched = [] if self.ended else [self._source]
        watched += [other] if other >= 0 else []
        ready, _, _ = select.select(watched, [], [], seconds)
        keys = list(self._keyboard.feed(self._read())) if self._source in ready else []
        while self._keyboard.undecided:
            more, _, _ = select.select([self._source], [], [], _SETTLE)
            keys += self._keyboard.feed(self._read()) if more and not self.ended else self._keyboard.settle()
        return keys, other in ready

    def _read(self) -> bytes:
        try:
            data = os.read(self._source, 65536)
        except OSError:
            raise SystemExit(_HUNG_UP) from None
        self.ended = not data
        return data


class Interrupted(Exception):
    """Esc or Ctrl-C while the worker was busy."""


class Desk:
    """Where the worker sits: collects what is typed into prompts, queues them while busy, asks and is answered."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.queue: list[str] = []
        self._draft = ""
        self._last_ctrl_c = 0.0

    def pause(self, seconds: float | None, other: int = -1) -> bool:
        """Wait while busy; what is typed meanwhile is kept for later.

        Returns: True when `other` can be read, False when the time has passed.
        Raises:
            Interrupted: Esc or Ctrl-C was pressed.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            keys, readable = self.terminal.keys(left, other)
            for key in keys:
                if key.name in {"esc", "ctrl-c"}:
                    if key.name == "ctrl-c":
                        self._ctrl_c()
                    raise Interrupted
                self._edit(key)
            if readable:
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False

    def prompt(self) -> str:
        """The next prompt: a queued one, or what is typed or pasted now and ended by Enter."""
        self._draw()
        while not self.queue:
            if self.terminal.ended:
                raise SystemExit(0)
            for key in self.terminal.keys(None)[0]:
                if key.name == "ctrl-c":
                    self._ctrl_c()
                if key.name in {"esc", "ctrl-c"}:
                    self._draft = ""
                if key.name == "ctrl-d" and not self._draft:
                    raise SystemExit(0)
                self._edit(key)
            self._draw()
        self.terminal.say()
        return self.queue.pop(0)

    def choose(self, question: str) -> bool:
        """Ask with two numbered rows, No selected as in every dialog of Claude Code; True for Yes."""
        yes = False
        self.terminal.say(f"{coloured('─' * 40, 'yellow')}\n {coloured(clean(question), 'bold')}\n")
        while True:
            rows = (" ❯ " if yes else "   ") + "1. Yes", ("   " if yes else " ❯ ") + "2. No"
            self.terminal.write("\r\x1b[2K" + "\n\x1b[2K".join(rows) + "\n\x1b[2K Enter to confirm · Esc to cancel")
            if self.terminal.ended:
                return False
            for key in self.terminal.keys(None)[0]:
                if key.name in {"enter", "esc", "ctrl-c"} or key.text in {"1", "2"}:
                    self.terminal.say()
                    return key.text == "1" or (key.name == "enter" and yes)
                yes = {"up": True, "down": False}.get(key.name, yes)
            self.terminal.write("\r\x1b[2A")

    def _ctrl_c(self) -> None:
        """Leave on the second Ctrl-C within two seconds."""
        now = time.monotonic()
        if now - self._last_ctrl_c < 2:
            raise SystemExit(0)
        self._last_ctrl_c = now

    def _edit(self, key: Key) -> None:
        if key.name in {"text", "paste"}:
            self._draft += key.text
        elif key.name == "backspace":
            self._draft = self._draft[:-1]
        elif key.name == "enter" and self._draft.strip():
            self.queue.append(self._draft)
            self._draft = ""

    def _draw(self) -> None:
        """The prompt line; a draft of several lines is shown as its last one and a count."""
        rows = self._draft.split("\n")
        shown = f"[+{len(rows) - 1} lines] {rows[-1]}" if len(rows) > 1 else rows[0]
        self.terminal.status(f"❯ {clean(shown)[-200:]}")


def _leave(code: int) -> Any:
    def handler(number: int, frame: FrameType | None) -> None:
        raise SystemExit(code)

    return handler
