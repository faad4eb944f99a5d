"""Terminals of agents as lines: a spool file tailed into an emulator, whose rows keep their own colours."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from rich.color import Color
from rich.style import Style as RichStyle

from gastown_tui.agents import spool
from gastown_tui.agents.screen import Colour, Run, Screen, Style
from gastown_tui.cockpit.draw.lines import Line, Span
from gastown_tui.redact import cover

ROWS, COLUMNS = 40, 120
"""The size a session's terminal has unless somebody is attached to it (agents/session.py)."""
_AT_ONCE = 1 << 20


@lru_cache(maxsize=4096)
def rich_style(style: Style) -> RichStyle:
    """The emulator's style as one for a span; DIM is left out because many palettes make it unreadable."""
    return RichStyle(
        color=_colour(style.fg), bgcolor=_colour(style.bg), bold=style.bold or None, italic=style.italic or None,
        underline=style.underline or None, reverse=style.reverse or None, strike=style.strike or None,
        conceal=style.conceal or None,
    )  # fmt: skip


def _colour(colour: Colour) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)


def line_of(runs: list[Run]) -> Line:
    """A row of the emulator as a line."""
    return tuple(
        Span(run.text, rich_style(run.style) if run.style != Style() else "text", False, "well") for run in runs
    )


def _covered(runs: list[Run], covers: list[cover.Cover]) -> list[Run]:
    """The runs of a row with its secrets covered, in the colours they had."""
    if not covers:
        return runs
    text = cover.covered("".join(run.text for run in runs), covers)
    out, at = [], 0
    for run in runs:
        out.append(run._replace(text=text[at : at + len(run.text)]))
        at += len(run.text)
    return out


class Tail:
    """One agent's terminal: what its spool has gained is fed to an emulator."""

    def __init__(self, path: Path, rows: int = ROWS, columns: int = COLUMNS) -> None:
        self.path = path
        self.screen = Screen(rows, columns)
        self.lines: list[Line] = [()] * rows
        self._covers: dict[int, list[cover.Cover]] = {}
        self._at = self._size()
        self.screen.feed(spool.tail(path))

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def poll(self, monotonic: float) -> bool:
        """Feed what is new; whether any row looks different now."""
        size = self._size()
        if size < self._at or size - self._at > _AT_ONCE:
            self._restart(size)
        elif size > self._at:
            with self.path.open("rb") as file:
                file.seek(self._at)
                data = file.read(_AT_ONCE)
            self._at += len(data)
            self.screen.feed(data)
        changed = self.screen.rows_changed(monotonic)
        if changed:
            self._draw(changed)
        return bool(changed)

    def _draw(self, changed: list[int]) -> None:
        """Draw rows anew; a secret may reach into rows that did not change."""
        rows = [self.screen.row(number) for number in range(self.screen.rows)]
        covers = cover.covers(["".join(run.text for run in runs) for runs in rows], self.screen.columns)
        for number in {*changed, *covers, *self._covers}:
            self.lines[number] = line_of(_covered(rows[number], covers.get(number, [])))
        self._covers = covers

    def _restart(self, size: int) -> None:
        """The file was begun anew, or ran ahead of us: rebuild from its end."""
        self.screen = Screen(self.screen.rows, self.screen.columns)
        self._at = size
        self.screen.feed(spool.tail(self.path))

    def resize(self, rows: int, columns: int) -> None:
        """Another size; the program in it repaints."""
        self.screen.resize(rows, columns)
        self.lines = [()] * rows
        self._covers = {}


class Tails:
    """The terminals that are looked at now; those nobody looked at for a while are let go."""

    def __init__(self) -> None:
        self._open: dict[str, Tail] = {}
        self._used: set[str] = set()

    def lines(self, agent: str, path: Path | None, monotonic: float) -> list[Line]:
        """The rows of an agent's terminal; none while it has no spool."""
        if path is None:
            return []
        found = self._open.get(agent)
        if found is None or found.path != path:
            found = self._open[agent] = Tail(path)
        self._used.add(agent)
        found.poll(monotonic)
        return found.lines

    def changed(self, monotonic: float) -> bool:
        """Whether any terminal that was drawn last time has changed; forgets the others."""
        for agent in self._open.keys() - self._used:
            del self._open[agent]
        changed = False
        for tail in self._open.values():
            changed = tail.poll(monotonic) or changed
        return changed

    def begin(self) -> None:
        """A new frame: what is not asked for in it is let go."""
        self._used.clear()
