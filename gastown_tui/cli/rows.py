"""How figures and rows are written for people: short, aligned, cut at the terminal's edge."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from gastown_tui.text import clip, one_line, pad, width


def table(rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> list[str]:
    """Rows in columns; on a terminal the last column is cut at its edge."""
    cleaned = [[one_line(cell) for cell in row] for row in ([heads, *rows] if heads else rows)]
    if not cleaned:
        return []
    widths = [max(width(row[n]) for row in cleaned) for n in range(len(cleaned[0]))]
    lines = []
    for row in cleaned:
        line = "  ".join([*(pad(cell, size) for cell, size in zip(row[:-1], widths, strict=False)), row[-1]])
        lines.append(clip(line.rstrip(), columns()))
    return lines


def clip_line(line: str) -> str:
    """One clean line, on a terminal cut at its edge."""
    return clip(one_line(line), columns())


def columns() -> int:
    """Cells a line may take: the terminal's width, or any number when nobody looks."""
    if not sys.stdout.isatty():
        return 1_000_000
    import shutil  # with all its archives: only where somebody looks

    return shutil.get_terminal_size().columns


def age(at: float, now: float | None = None) -> str:
    """How long ago, in at most three cells: 40s, 11m, 3h, 2d, 5w."""
    seconds = max(0.0, (time.time() if now is None else now) - at)
    for size, sign in ((604800, "w"), (86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{sign}"
    return f"{int(seconds)}s"


def dollars(usd: float) -> str:
    """Money as people read it."""
    return f"${usd:.2f}" if usd < 100 else f"${usd:.0f}"
