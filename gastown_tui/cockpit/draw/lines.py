"""Lines of a screen before they have colours: spans of text, each with the role it plays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.style import Style

from gastown_tui.cockpit.text import clip, width


class Span(NamedTuple):
    """A piece of a line: its text, its role in the theme (or a terminal's own style), and the ground it stands on."""

    text: str
    role: str | Style = "text"
    bold: bool = False
    ground: str = ""


Line = tuple[Span, ...]

BLANK: Line = ()


def length(line: Iterable[Span]) -> int:
    """Cells a line takes."""
    return sum(width(span.text) for span in line)


def line(*parts: Span | str) -> Line:
    """A line of spans; plain strings are of the role `text`."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def crop(spans: Iterable[Span], cells: int) -> Line:
    """The spans that fit into so many cells; the one that does not is clipped."""
    out: list[Span] = []
    left = cells
    for span in spans:
        text = span.text
        size = len(text) if text.isascii() else width(text)
        if size > left:
            if left > 0:
                out.append(span._replace(text=_cut(text, left)))
            break
        out.append(span)
        left -= size
    return tuple(out)


def _cut(text: str, cells: int) -> str:
    """Like clip, but blanks at the beginning of a span are its indent and stay."""
    indent = len(text) - len(text.lstrip(" "))
    return " " * min(indent, cells) + clip(text[indent:], cells - min(indent, cells))


def fit(spans: Iterable[Span], cells: int, ground: str = "") -> Line:
    """The spans in exactly so many cells: clipped, or padded with blanks."""
    out = crop(spans, cells)
    missing = cells - length(out)
    return (*out, Span(" " * missing, "text", False, ground)) if missing > 0 else out


def ends(left: Iterable[Span], right: Iterable[Span], cells: int) -> Line:
    """Left and right in exactly so many cells: what is right is never cut, what is left is clipped to make room."""
    tail = tuple(right)
    if not tail:
        return fit(left, cells)
    size = length(tail)
    if size >= cells:
        return fit(tail, cells)
    return (*fit(left, cells - size - 1), Span(" "), *tail)


def raised(spans: Iterable[Span], ground: str = "raised") -> Line:
    """The spans on another ground; what has one of its own keeps it."""
    return tuple(span if span.ground or span.role == "chip" else span._replace(ground=ground) for span in spans)


def plain(spans: Iterable[Span]) -> str:
    """The text of a line without trailing blanks."""
    return "".join(span.text for span in spans).rstrip()
