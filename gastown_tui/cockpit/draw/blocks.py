"""Blocks: lines that may each stand for a bead, put below one another and drawn with the selection's bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gastown_tui.cockpit.draw.lines import BLANK, Line, Span, fit, raised

Block = list[tuple[Line, str]]
"""Lines with the bead each stands for, "" where it stands for none."""

EMPTY: tuple[Line, str] = (BLANK, "")


def stacked(blocks: Iterable[Block]) -> Block:
    """Blocks below one another, with a blank row between them."""
    out: Block = []
    for block in blocks:
        if block:
            out += [*([EMPTY] if out else []), *block]
    return out


def fitting(groups: Sequence[Sequence[Block]], rows: int) -> Block:
    """Groups of blocks below one another, as loosely as so many rows allow: between blocks, else between groups."""
    loose = stacked(block for group in groups for block in group)
    if len(loose) <= rows:
        return loose
    joined: list[Block] = [[pair for block in group for pair in block] for group in groups]
    grouped = stacked(joined)
    return grouped if len(grouped) <= rows else [pair for block in joined for pair in block]


def padded(block: Block, rows: int) -> Block:
    """A block in exactly so many rows."""
    return [*block[:rows], *([EMPTY] * (rows - len(block)))]


def plain_rows(lines: Iterable[Line]) -> Block:
    """Lines that stand for no bead."""
    return [(line, "") for line in lines]


def row(line: Line, width: int, picked: bool) -> Line:
    """One row of a pane: the selection's bar, the line, a free cell."""
    spans = (Span("▌" if picked else " ", "focus"), *fit(line, width - 2))
    return (*(raised(spans) if picked else spans), Span(" "))


def on_well(text: Line, cells: int, indent: int = 2) -> Line:
    """A line of a terminal or a log, on its own ground."""
    return fit((Span(" " * indent, "text", False, "well"), *raised(text, "well")), cells, "well")
