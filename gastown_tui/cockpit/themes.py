"""Themes: TOML files that give every role a colour, read once, checked, and turned into styles."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.errors import StyleSyntaxError
from rich.segment import Segment
from rich.style import Style
from textual.color import ColorParseError
from textual.strip import Strip
from textual.theme import Theme

from gastown_tui.cockpit.clean import clean
from gastown_tui.cockpit.draw.lines import Line, Span
from gastown_tui.cockpit.text import ASCII, width
from gastown_tui.model.errors import GasTownError

ROLES = frozenset(
    ["line", "text", "title", "strong", "muted", "focus", "good", "handled", "needs", "chip", "spark", "recede"]
)
GROUNDS = frozenset(["ground", "raised", "well", "add", "cut", "hit"])
_THEME = frozenset(
    [
        "name",
        "primary",
        "secondary",
        "success",
        "warning",
        "error",
        "accent",
        "foreground",
        "background",
        "surface",
        "panel",
        "boost",
        "dark",
        "ansi",
    ]
)
_KEPT = 20_000


@dataclass
class Palette:
    """The styles of one theme; `ascii` draws the ASCII glyphs, `receding` shows all in one quiet colour."""

    name: str
    roles: dict[str, Style]
    grounds: dict[str, Style]
    ansi: bool = False
    ascii: bool = False
    receding: bool = False
    _strips: dict[tuple[Line, int], Strip] = field(default_factory=dict, repr=False)

    def style(self, span: Span) -> Style:
        """The style of a span."""
        if self.receding:
            role = "line" if span.role == "line" else "recede"
            return self.grounds["ground"] + self.roles[role]
        ground = self.grounds[span.ground or "ground"]
        if isinstance(span.role, Style):
            return ground + span.role
        found = ground + self.roles[span.role]
        if span.bold:
            found += Style(bold=True, reverse=self.ansi and span.ground == "raised" and span.role == "title")
        return found

    def strip(self, line: Line, cells: int) -> Strip:
        """A line as exactly so many styled cells; every text is cleaned here once more, whatever drew it."""
        key = (line, cells)
        if (found := self._strips.get(key)) is not None:
            return found
        segments = [Segment(self._safe(span.text), self.style(span)) for span in line]
        taken = sum(width(segment.text) for segment in segments)
        ground = self.grounds["ground"]
        made = Strip(segments, taken).adjust_cell_length(cells, ground).simplify()
        if len(self._strips) >= _KEPT:
            self._strips.clear()
        self._strips[key] = made
        return made

    def _safe(self, text: str) -> str:
        safe = clean(text).replace("\n", " ").replace("\t", " ")
        return safe.translate(ASCII) if self.ascii else safe

    def receded(self) -> Palette:
        """The same palette for what lies under an overlay."""
        return Palette(self.name, self.roles, self.grounds, self.ansi, self.ascii, receding=True)


def folder() -> Path:
    """Where the shipped themes are: in the wheel inside the package, in a checkout at its top."""
    inside = Path(str(files("gastown_tui"))) / "themes"
    return inside if inside.is_dir() else Path(str(files("gastown_tui"))).parent / "themes"


def load(path: Path) -> tuple[Theme, Palette]:
    """One theme; raises GasTownError naming the file and what in it does not fit."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return _build(values, path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise _bad(path, str(error)) from error
    except (StyleSyntaxError, ColorParseError) as error:
        raise _bad(path, f"{error}") from error


def _bad(path: Path, why: str) -> GasTownError:
    return GasTownError(f"The theme {path.name} cannot be used: {why}.", "Mend it, or choose another: gt --theme NAME")


def _build(values: dict[str, Any], path: Path) -> tuple[Theme, Palette]:
    roles, grounds = values.pop("roles", {}), values.pop("grounds", {})
    variables = values.pop("variables", {})
    for table, wanted, found in (("roles", ROLES, roles), ("grounds", GROUNDS, grounds), ("", _THEME, values)):
        if odd := sorted(set(found) - wanted):
            raise _bad(path, f"{table or 'the file'} has {', '.join(odd)}, which means nothing")
        if table and (missing := sorted(wanted - set(found))):
            raise _bad(path, f"{table} lacks {', '.join(missing)}")
    styles = {name: Style.parse(text) for name, text in roles.items()}
    below = {name: Style.parse(f"on {text}") for name, text in grounds.items()}
    ansi = bool(values.get("ansi", False))
    theme = Theme(
        **values, variables={**variables, "gt-well": values["surface"], "gt-muted": _colour(roles["muted"], ansi)}
    )
    theme.to_color_system().generate()
    return theme, Palette(theme.name, styles, below, ansi)


def _colour(style: str, ansi: bool) -> str:
    return "ansi_default" if ansi else style.split()[-1]


def names(where: Iterable[Path] | None = None) -> list[str]:
    """The names of the themes there are."""
    return sorted(path.stem for path in (where if where is not None else folder().glob("*.toml")))


def named(name: str) -> tuple[Theme, Palette]:
    """A shipped theme by its name; raises GasTownError naming those there are."""
    if name not in names():
        raise GasTownError(f"There is no theme {name}.", f"There are: {', '.join(names())}.")
    return load(folder() / f"{name}.toml")
