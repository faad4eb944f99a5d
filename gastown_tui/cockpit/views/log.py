"""A reader for what a run of the gates printed: it follows a run in flight, searches, and turns to other runs."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Region

from gastown_tui.cockpit.draw.lines import Line, Span, crop, fit, length, line, raised
from gastown_tui.cockpit.draw.runs import red_words
from gastown_tui.cockpit.logs import Log
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, width, wrap
from gastown_tui.cockpit.views.sheet import Sheet
from gastown_tui.model.merge import GateRun, TestRun

LogOf = Callable[[GateRun | TestRun], Log | None]
_CONTEXT = 3
"""Lines shown above one that was searched for."""


class LogView(Sheet):
    """The log of the run numbered `about`. `first` is the line on top; `follow` keeps the end in sight."""

    scope = "log"

    def __init__(self, about: str, log: LogOf) -> None:
        super().__init__(about)
        self._log = log
        self.follow = True
        self.sought = ""
        self._hits: list[int] = []
        self._seen: tuple[str, str, int] = ("", "", -1)
        self._opened = ""
        self._height = 1

    def where(self, width: int, height: int) -> Region:
        """All but header and footer."""
        return Region(0, 1, width, max(1, height - 2))

    def head(self, scene: Scene) -> Line:
        """`Train › run 7  red: 1 of 41 failed  2f4 2a8 2c5 2e1`."""
        run = scene.run(int(self.about))
        name = [Span("Train › ", "muted"), Span(f"run {self.about}", "strong")]
        if (log := self._read(scene)) is not None:
            name.append(Span(f" {clip(log.path.stem, 24)}", "muted"))
        if run is None:
            return line(*name, Span("  not known any more", "muted"))
        beads = " ".join(scene.short(id) for id in run.beads) or (scene.town.target if run.base else "")
        if isinstance(run, TestRun):
            state = Span("  in flight", "text")
        elif run.ok:
            state = Span(f"  green {age(scene.now - run.at)} ago", "good")
        else:
            state = Span(f"  red: {red_words(run)}", "handled")
        return line(*name, state, Span(f"  {clip(beads, 40)}", "muted"))

    def note(self, scene: Scene) -> Line:
        """Where one is, and what was found."""
        log = self._read(scene)
        if log is None or not log.lines:
            return ()
        parts = [Span("following   " if self.follow else "", "text")]
        if self.sought:
            number = sum(1 for hit in self._hits if hit <= self._anchor)
            found = f"{min(max(number, 1), len(self._hits))} of {len(self._hits)}" if self._hits else "none"
            parts.append(Span(f'"{clip(self.sought, 24)}" {found}   ', "text" if self._hits else "handled"))
        parts.append(Span(f"{len(log.lines)} lines", "muted"))
        return tuple(parts)

    @property
    def _anchor(self) -> int:
        return self.first + _CONTEXT

    def _read(self, scene: Scene) -> Log | None:
        run = scene.run(int(self.about))
        log = self._log(run) if run is not None else None
        if log is not None and log.lines and self._opened != self.about:
            self._opened = self.about
            self._open_at(run, log)
        seen = (self.about, self.sought, len(log.lines) if log is not None else -1)
        if seen != self._seen:
            self._seen = seen
            self._hits = _hits(log.lines if log is not None else [], self.sought)
        return log

    def _open_at(self, run: GateRun | TestRun | None, log: Log) -> None:
        """A red run opens where its first failing test is told of; any other at its end."""
        self.follow = not isinstance(run, GateRun) or run.ok
        if self.follow or self.sought or not isinstance(run, GateRun):
            return
        words = [part for part in (run.first, run.first.rpartition(".")[2], run.first.rpartition("::")[2]) if part]
        for word in (*words, *(text.strip() for text in run.failed.splitlines()[:3])):
            if word and (hits := _hits(log.lines, word)):
                self.sought, self.first = word, max(0, hits[0] - _CONTEXT)
                return
        self.follow = True

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The rule, then as many lines as fit; long ones go on in the next row."""
        log = self._read(scene)
        head: Line = (Span("━ ", "focus"), *self.head(scene), Span(" "))
        tail: Line = (Span(" "), *self.note(scene), Span(" ━", "focus"))
        head = crop(head, max(0, width - length(tail)))
        rule = (*head, Span("━" * max(0, width - length(head) - length(tail)), "focus"), *tail)
        self._height = height - 1
        if log is None or not log.lines:
            flight = isinstance(scene.run(int(self.about)), TestRun)
            words = "It has printed nothing yet." if flight else "Its log is not kept any more."
            return [rule, (), (Span(f" {words}", "muted"),)]
        return [rule, *self._text(log, width)]

    def _text(self, log: Log, cells: int) -> list[Line]:
        digits = len(str(len(log.lines)))
        room = max(8, cells - digits - 3)
        if self.follow:
            self.first = _last_page(log.lines, room, self._height)
        self.first = max(0, min(self.first, len(log.lines) - 1))
        out: list[Line] = []
        hits = set(self._hits)
        for number in range(self.first, len(log.lines)):
            for index, text in enumerate(wrapped(log.lines[number], room)):
                label = f" {number + 1:>{digits}} " if not index else " " * (digits + 2)
                found = fit((Span(text, "title" if number in hits else "text"),), room + 1)
                out.append((Span(label, "muted"), *(raised(found, "hit") if number in hits else found)))
            if len(out) >= self._height:
                break
        if log.cut and not self.first:
            out.insert(0, (Span(" what came before is too long to be shown", "muted"),))
        return out

    def move(self, dx: int, dy: int) -> None:
        """Scroll; up ends the following, left and right turn to other runs."""
        if dx and self.scene is not None:
            self.turn(dx)
        elif dy:
            self.follow = False
            self.first = max(0, self.first + dy)

    def turn(self, step: int) -> None:
        """The run before, or after."""
        numbers = self.scene.run_numbers if self.scene is not None else ()
        if int(self.about) in numbers:
            at = numbers.index(int(self.about)) + step
            if 0 <= at < len(numbers):
                self.about, self.sought, self.first = str(numbers[at]), "", 0

    def jump(self, last: bool) -> None:
        """To the first line, or to the end and on with it."""
        self.follow = last
        self.first = 0

    def search(self, text: str) -> str:
        """Look for a text from here on; what to say when it is nowhere."""
        self.sought = text
        if not text or self.scene is None or self._read(self.scene) is None:
            return ""
        return self.hit(1, stay=True)

    def hit(self, step: int, stay: bool = False) -> str:
        """Go to the next or previous line with what is sought, around the ends; what to say when there is none."""
        if not self._hits:
            return f"{self.sought!r} is not in this log" if self.sought else "nothing is searched for: / does"
        if step > 0:
            at = next((n for n in self._hits if n > self._anchor - (1 if stay else 0)), self._hits[0])
        else:
            at = next((n for n in reversed(self._hits) if n < self._anchor), self._hits[-1])
        self.follow = False
        self.first = at - _CONTEXT
        return ""


def wrapped(text: str, cells: int) -> list[str]:
    """A line in rows of so many cells, its own blanks kept."""
    if width(text) <= cells and text.isascii() and text.isprintable():
        return [text]
    indent = text[: len(text) - len(text.lstrip(" "))][: cells // 2]
    return [indent + part for part in wrap(text.strip(), cells - len(indent), 40)]


def _last_page(lines: list[str], cells: int, rows: int) -> int:
    """The line from which the rest fills so many rows."""
    at = len(lines)
    while at > 0 and rows > 0:
        rows -= len(wrapped(lines[at - 1], cells))
        if rows >= 0:
            at -= 1
    return at


def _hits(lines: list[str], text: str) -> list[int]:
    """The lines with a text in them; capitals count only where it has some."""
    if not text:
        return []
    if text != text.lower():
        return [number for number, found in enumerate(lines) if text in found]
    return [number for number, found in enumerate(lines) if text in found.lower()]
