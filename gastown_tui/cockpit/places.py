"""Where everything stands on a screen of a given size."""

from __future__ import annotations

from typing import NamedTuple

from textual.geometry import Region

PANES = ("mayor", "board", "polecats", "train")
NOWHERE = Region(0, 0, 0, 0)

NARROW, LOW = 100, 30
"""Under so many columns or rows the panes become an accordion."""
ROOMY = (160, 48)
"""From this size on the lower panes are wide and tiles may show screens."""


class Places(NamedTuple):
    """Regions of the parts of the screen; `dividers` are the thin lines between the lower panes."""

    header: Region
    footer: Region
    panes: dict[str, Region]
    dividers: tuple[Region, ...] = ()


def accordion(width: int, height: int) -> bool:
    """Whether one pane is open and the others are bars."""
    return width < NARROW or height < LOW


def board_height(width: int, height: int) -> int:
    """Rows of the board: its rule, its headings, and k cards at a pitch of 4."""
    cards = max(1, int((height - 3) * 0.45 / 4))
    return 2 + 4 * cards - 1 + (1 if width >= ROOMY[0] and height >= ROOMY[1] else 0)


def lay_out(width: int, height: int, open_pane: str, zoomed: bool) -> Places:
    """The places of everything; `open_pane` is the focused one."""
    header, footer = Region(0, 0, width, 1), Region(0, max(0, height - 1), width, 1)
    inside = max(0, height - 2)
    if zoomed:
        return Places(header, footer, {p: Region(0, 1, width, inside) if p == open_pane else NOWHERE for p in PANES})
    if accordion(width, height):
        return Places(header, footer, _accordion(width, inside, open_pane))
    top = board_height(width, height)
    mayor, train = (54, 47) if width >= ROOMY[0] and height >= ROOMY[1] else (35, 27)
    y, rows = 1 + top, inside - top
    panes = {
        "board": Region(0, 1, width, top),
        "mayor": Region(0, y, mayor, rows),
        "polecats": Region(mayor + 1, y, width - mayor - train - 2, rows),
        "train": Region(width - train, y, train, rows),
    }
    dividers = (Region(mayor, y, 1, rows), Region(width - train - 1, y, 1, rows))
    return Places(header, footer, panes, dividers)


def _accordion(width: int, inside: int, open_pane: str) -> dict[str, Region]:
    """All four in order, one open: bars give way only where there is no row left for them."""
    if inside < 7:
        return {p: Region(0, 1, width, inside) if p == open_pane else NOWHERE for p in PANES}
    out, y = {}, 1
    for pane in PANES:
        rows = inside - 3 if pane == open_pane else 1
        out[pane] = Region(0, y, width, rows)
        y += rows
    return out
