"""The rehearsal's language: finds the ```rehearse blocks of a prompt and reads them into steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gastown_tui.agents.rehearsal import play

_FENCE = re.compile(r"^([ \t]*)(`{3,})rehearse(?:[ \t]+back(?:[ \t]+(sheriff|witness|refinery))?|())[ \t]*$", re.M)
_HEREDOC = re.compile(r"^(.*?)[ \t]*<<[ \t]*'?(\w+)'?[ \t]*$")
_DEPTH = 5  # how deep `use` may nest before we call it a circle


class Step(NamedTuple):
    """One line of a script: its verb, the rest of the line, the text below it, and where its files lie."""

    verb: str
    rest: str = ""
    body: str = ""
    folder: str = ""


class Back(NamedTuple):
    """What is done when a gate sends the work back; an empty gate serves any of them."""

    gate: str
    steps: tuple[Step, ...]


class Script(NamedTuple):
    """What a prompt says to do first, and on each sending back; `first` is None when it says nothing."""

    first: tuple[Step, ...] | None
    backs: tuple[Back, ...]

    def back(self, gate: str, times: int) -> tuple[Step, ...] | None:
        """The steps for the `times`-th (from 1) sending back by `gate`, or None when no block serves it.

        Blocks labelled with the gate come before unlabelled ones; past the last block the last one is used again.
        """
        fitting = [back for back in self.backs if back.gate == gate] or [back for back in self.backs if not back.gate]
        return fitting[min(times, len(fitting)) - 1].steps if fitting else None


def parse(text: str) -> Script:
    """Read every ```rehearse block of a prompt; several plain blocks are one script, in their order."""
    first: list[Step] = []
    backs: list[Back] = []
    found = False
    for gate, block in _blocks(text):
        steps = _steps(block, "", backs, 0)
        if gate is None:
            first += steps
            found = True
        else:
            backs.append(Back(gate, tuple(steps)))
    return Script(tuple(first) if found else None, tuple(backs))


def line(text: str, folder: str = "") -> Step:
    """Read one line without a body (for `once NAME <line>`)."""
    verb, _, rest = text.strip().partition(" ")
    return Step(verb, rest.strip(), "", folder)


def _blocks(text: str) -> Iterator[tuple[str | None, str]]:
    """(None for a first block, else the gate or ""), and the block's lines without the fence's indentation."""
    position = 0
    while match := _FENCE.search(text, position):
        indent, ticks, gate, plain = match.groups()
        close = re.compile(rf"^[ \t]*{ticks}`*[ \t]*$", re.M).search(text, match.end())
        end = close.start() if close else len(text)
        rows = text[match.end():end].strip("\n").split("\n")
        yield (None if plain is not None else gate or ""), "\n".join(row.removeprefix(indent) for row in rows)
        position = close.end() if close else len(text)


def _steps(block: str, folder: str, backs: list[Back], depth: int) -> list[Step]:
    """The steps of one block; what a used part brings for sending back is added to `backs`."""
    steps: list[Step] = []
    rows = iter(block.split("\n"))
    for row in rows:
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        body = ""
        if match := _HEREDOC.match(row):
            row, end = match.group(1), match.group(2)
            body = "".join(f"{inside}\n" for inside in _until(rows, end))
        step = line(row, folder)._replace(body=body)
        if step.verb == "use" and depth < _DEPTH:
            steps += _used(step.rest, backs, depth)
        else:
            steps.append(step)
    return steps


def _until(rows: Iterator[str], end: str) -> Iterator[str]:
    for row in rows:
        if row.strip() == end:
            return
        yield row


def _used(name: str, backs: list[Back], depth: int) -> list[Step]:
    """The steps of `PLAY/PART`; a part that is not there becomes a step that says so."""
    part = play.part(name)
    if part is None:
        return [Step("missing", name)]
    for gate, text in part.backs:
        backs.append(Back(gate, tuple(_steps(text, part.folder, backs, depth + 1))))
    return _steps(part.steps, part.folder, backs, depth + 1)
