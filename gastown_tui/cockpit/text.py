"""Ages, sums and words in a given number of cells, the way design.md writes them."""

from __future__ import annotations

import time

from rich.cells import cell_len, set_cell_size

from gastown_tui.cockpit.clean import one_line

ELLIPSIS = "…"

ASCII = str.maketrans({
    "●": "*", "○": "o", "■": "#", "·": ".", "≠": "#", "←": "<", "▲": "^", "✓": "+", "✗": "x", "‹": "<", "›": ">",
    "▾": "v", "━": "=", "─": "-", "│": "|", "┌": "+", "└": "+", "├": "+", "…": "~", "▁": "_", "▂": ".", "▃": ":",
    "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#", "▌": "|", "•": "*", "↵": ">", "–": "-", "−": "-", "→": ">",
    "╷": "|", "╵": "|", "≈": "~",
})  # fmt: skip
"""The ASCII set of design.md section 3, for terminals that draw ambiguous widths in two cells."""


def width(text: str) -> int:
    """Cells a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def clip(text: str, cells: int) -> str:
    """One clean line in at most `cells` cells, ending in an ellipsis where something was cut off."""
    line = one_line(text)
    if cells <= 0:
        return ""
    if width(line) <= cells:
        return line
    return set_cell_size(line[: cells + 1], cells - 1).rstrip() + ELLIPSIS


def wrap(text: str, cells: int, rows: int = 10_000) -> list[str]:
    """One clean line broken at spaces into at most `rows` lines of at most `cells` cells; the last one is clipped."""
    out: list[str] = []
    rest = one_line(text)
    cells = max(1, cells)
    while rest and len(out) < rows - 1 and width(rest) > cells:
        head = _prefix(rest, cells)
        cut = len(head) if rest[len(head) :].startswith(" ") else head.rfind(" ")
        cut = cut if cut > 0 else max(1, len(head))
        out.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest or not out:
        out.append(clip(rest, cells))
    return out


def _prefix(text: str, cells: int) -> str:
    """The longest beginning of a text that fits."""
    taken = 0
    for index, char in enumerate(text[: cells + 1] if text.isascii() else text):
        taken += cell_len(char)
        if taken > cells:
            return text[:index]
    return text


def age(seconds: float) -> str:
    """A span of time in at most 3 cells: `40s` `11m` `3h` `2d` `5w`."""
    whole = max(0, int(seconds))
    for limit, unit, mark in ((60, 1, "s"), (3600, 60, "m"), (86_400, 3600, "h"), (14 * 86_400, 86_400, "d")):
        if whole < limit:
            return f"{whole // unit}{mark}"
    weeks = whole // (7 * 86_400)
    return f"{weeks}w" if weeks < 100 else f"{weeks // 52}y"


def countdown(seconds: float) -> str:
    """Time left or gone in minutes and seconds under ten minutes (`4:10`), else as an age."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}" if whole < 600 else age(whole)


def took(seconds: float) -> str:
    """How long something lasted: `48s`, `1m 12s`, `2h 5m`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    big, small, marks = (whole // 60, whole % 60, "ms") if whole < 3600 else (whole // 3600, whole % 3600 // 60, "hm")
    return f"{big}{marks[0]} {small}{marks[1]}" if small else f"{big}{marks[0]}"


def seconds_about(seconds: float) -> str:
    """An estimate of a short time: `~70s`, `~6m`."""
    return f"~{max(1, round(seconds))}s" if seconds < 100 else f"~{round(seconds / 60)}m"


def money(usd: float) -> str:
    """A sum in at most 5 cells: `$0.58` `$12.4` `$124` `$1.2k`."""
    for limit, text in ((9.995, f"${usd:.2f}"), (99.95, f"${usd:.1f}"), (999.5, f"${usd:.0f}")):
        if usd < limit:
            return text
    return f"${usd / 1000:.1f}k" if usd < 9950 else f"${usd / 1000:.0f}k"


def cap(usd: float) -> str:
    """A cap: whole dollars without their cents."""
    return f"${usd:.0f}" if usd == int(usd) else f"${usd:.2f}"


def span(low: float, high: float, unit: str = "") -> str:
    """A range with an en dash (`8–14 min`), or one number where both ends agree."""
    a, b = round(low), round(high)
    return f"{a}{unit}" if a == b else f"{a}–{b}{unit}"


def clock(at: float) -> str:
    """The time of day of unix seconds, on this machine: `13:21`."""
    return time.strftime("%H:%M", time.localtime(at))


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 bead`, `3 beads`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
