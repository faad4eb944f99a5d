"""A terminal's screen: bytes in, rows of styled text out (the only module that knows the emulator, pyghostty)."""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from pyghostty import Terminal
from pyghostty._ffi import ffi, lib, union_fn

from gastown_tui.agents.keys import Key, parse
from gastown_tui.model.errors import GasTownError

Colour = None | int | tuple[int, int, int]
"""None: the terminal's own; a number: of the palette of 256; three: red, green, blue."""

_HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PASTE_DROPS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HOLD = 1.0  # seconds a program may hold a frame back before we show what there is
_SYNCHRONIZED, _BRACKETED = 2026, 2004
_WIDE, _SPACER_TAIL = 1, 2
_KITTY_IMAGES_OFF = 0


class Style(NamedTuple):
    """How a run of cells looks."""

    fg: Colour = None
    bg: Colour = None
    bold: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False
    dim: bool = False
    conceal: bool = False


PLAIN = Style()


class Run(NamedTuple):
    """Neighbouring cells of one style; `width` is in cells and may differ from the number of characters."""

    text: str
    style: Style
    width: int


class Cursor(NamedTuple):
    """Where the cursor stands, in cells from 0, and whether the program shows it."""

    row: int
    column: int
    visible: bool


class _Bits(NamedTuple):
    """Where things lie in a cell's 64 bits."""

    tag: int
    content: int
    style: int
    wide: int


def _layout() -> _Bits:
    """The emulator's published cell layout, checked: its interface makes no promise of staying as it is."""
    types = json.loads(ffi.string(lib.ghostty_type_json()))["types"]
    cell = types.get("GhosttyCell", {})
    bits = cell.get("bits", {})
    places = {name: (bits.get(name, {}).get("lsb"), bits.get(name, {}).get("width")) for name in _WIDTHS}
    good = cell.get("size") == 8 and all(place[0] is not None and place[1] == _WIDTHS[n] for n, place in places.items())
    arm = bits.get("content", {}).get("arms", {}).get("CODEPOINT", {}).get("bits", {}).get("codepoint", {})
    if not good or arm.get("lsb") != 0 or arm.get("width") != 21:
        raise GasTownError("The installed pyghostty lays cells out in a way this version does not know.",
                           "Install the version named in pyproject.toml: pip install pyghostty==0.1.3")  # fmt: skip
    return _Bits(**{name.removesuffix("_id").removeprefix("content_"): place[0] for name, place in places.items()})


_WIDTHS = {"content_tag": 2, "content": 24, "style_id": 16, "wide": 2}
_BITS = _layout()


class _Masks(NamedTuple):
    """One field of every cell of a row, as a mask over the row read as one big integer."""

    ones: int
    points: int
    styles: int
    tags: int
    wides: int


@lru_cache(maxsize=64)
def _masks(columns: int) -> _Masks:
    ones = sum(1 << (64 * cell) for cell in range(columns))
    return _Masks(
        ones, ones * 0x1FFFFF << _BITS.content, ones * 0xFFFF << _BITS.style, ones * 3 << _BITS.tag,
        ones * 3 << _BITS.wide,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _style(raw: bytes) -> Style:
    """A style from the emulator's struct; by its bytes, because the emulator uses its numbers again."""
    value = ffi.from_buffer("GhosttyStyle*", raw)
    return Style(
        fg=_colour(value.fg_color), bg=_colour(value.bg_color), bold=value.bold, italic=value.italic,
        underline=value.underline != 0, reverse=value.inverse, strike=value.strikethrough, dim=value.faint,
        conceal=value.invisible,
    )  # fmt: skip


def _colour(colour: Any) -> Colour:
    if colour.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(colour.value.palette)
    if colour.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        rgb = colour.value.rgb
        return (rgb.r, rgb.g, rgb.b)
    return None


def _new(kind: str, make: Any) -> Any:
    pointer = ffi.new(f"{kind}*")
    if make(ffi.NULL, pointer):
        raise MemoryError(f"the emulator could not make a {kind}")
    return pointer


class Screen:
    """An emulated terminal. One thread at a time; freed with the object."""

    def __init__(self, rows: int, columns: int, scrollback: int = 0) -> None:
        """Make a screen of `rows` x `columns` cells that remembers about `scrollback` rows above it."""
        self.rows, self.columns = max(rows, 1), max(columns, 1)
        self._terminal = Terminal(self.columns, self.rows, scrollback)
        # Rows are also limited in bytes, and the limit of 10,000 holds about 600 rows of text only.
        self._set("SCROLLBACK_MAX_BYTES", "size_t*", max(10_000, scrollback * 1200))
        self._set("KITTY_IMAGE_STORAGE_LIMIT", "uint64_t*", _KITTY_IMAGES_OFF)
        self._state = _new("GhosttyRenderState", lib.ghostty_render_state_new)
        self._iterator = _new("GhosttyRenderStateRowIterator", lib.ghostty_render_state_row_iterator_new)
        self._cells = _new("GhosttyRenderStateRowCells", lib.ghostty_render_state_row_cells_new)
        weakref.finalize(self, lib.ghostty_render_state_free, self._state[0])
        weakref.finalize(self, lib.ghostty_render_state_row_iterator_free, self._iterator[0])
        weakref.finalize(self, lib.ghostty_render_state_row_cells_free, self._cells[0])
        self._view = ffi.new("GhosttyCellsView*")
        self._raw_style = ffi.new("GhosttyStyle*", {"size": ffi.sizeof("GhosttyStyle")})
        self._shown: list[list[Run]] = [[] for _ in range(self.rows)]
        self._keys: Any = None
        self._fed = True
        self._held_since: float | None = None

    def _set(self, option: str, kind: str, value: object) -> None:
        lib.ghostty_terminal_set(
            self._terminal._t[0], getattr(lib, f"GHOSTTY_TERMINAL_OPT_{option}"), ffi.new(kind, value)
        )

    def feed(self, data: bytes) -> None:
        """Have the emulator take bytes of any content; a sequence may be cut anywhere between two calls."""
        self._terminal.feed(data)
        self._fed = True

    def on_reply(self, callback: Callable[[bytes], None] | None) -> None:
        """Have `callback` called, during `feed`, with answers the program asked its terminal for."""
        self._terminal.on_reply(callback)

    def resize(self, rows: int, columns: int) -> None:
        """Give the screen a new size in cells; lines of the primary screen are wrapped anew."""
        self.rows, self.columns = max(rows, 1), max(columns, 1)
        self._terminal.resize(self.columns, self.rows)
        self._shown = [[] for _ in range(self.rows)]
        self._fed = True

    def scroll(self, rows: int) -> None:
        """Look `rows` further down (negative: up) in what was scrolled away."""
        self._scroll(lib.GHOSTTY_SCROLL_VIEWPORT_DELTA, rows)

    def scroll_to_end(self) -> None:
        """Look at the live screen again."""
        self._scroll(lib.GHOSTTY_SCROLL_VIEWPORT_BOTTOM, 0)

    def _scroll(self, tag: int, delta: int) -> None:
        # cffi cannot pass a union by value; a struct of the same size and class can stand in for it.
        call = union_fn("ghostty_terminal_scroll_viewport", "void(*)(GhosttyTerminal, GastownScroll)")
        value = ffi.new("GastownScroll*", {"tag": tag, "delta": delta})
        call(self._terminal._t[0], value[0])
        self._fed = True

    def rows_changed(self, now: float | None = None) -> list[int]:
        """Indexes of the rows that look different from when they were last asked for.

        With `now` (monotonic seconds) a program that is painting a synchronized frame is left to finish it, for one
        second at most.
        """
        if not self._fed or self._held(now):
            return []
        self._fed = False
        terminal, state = self._terminal._t[0], self._state[0]
        lib.ghostty_render_state_update(state, terminal)
        lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR, self._iterator)
        changed = []
        known: dict[int, Style] = {}
        index = ffi.new("uint16_t*")
        while lib.ghostty_render_state_row_iterator_next_dirty(self._iterator[0], index):
            row = int(index[0])
            runs = self._runs(known)
            if row < self.rows and runs != self._shown[row]:
                self._shown[row] = runs
                changed.append(row)
        lib.ghostty_render_state_clean(state)
        return changed

    def _held(self, now: float | None) -> bool:
        if now is None or not self._terminal.mode(_SYNCHRONIZED):
            self._held_since = None
            return False
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < _HOLD

    def row(self, index: int) -> list[Run]:
        """One row as it was at the last `rows_changed`: runs that together are `columns` cells wide."""
        return self._shown[index]

    def text(self) -> list[str]:
        """The screen as plain text, one string a row, without blanks at the ends."""
        self.rows_changed()
        return ["".join(run.text for run in runs).rstrip() for runs in self._shown]

    def _runs(self, known: dict[int, Style]) -> list[Run]:
        """The iterator's row as runs; `known` keeps the styles of one update, whose numbers hold that long."""
        row, view = self._iterator[0], self._view
        lib.ghostty_render_state_row_get(row, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, view)
        count = int(view.len)
        bits = int.from_bytes(ffi.buffer(view.ptr, count * 8)[:], "little")
        masks = _masks(count)
        if not bits & (masks.points | masks.styles | masks.tags | masks.wides):
            return [Run(" " * count, PLAIN, count)]
        lib.ghostty_render_state_row_get(row, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._cells)
        points, looks, special = bits & masks.points, bits & masks.styles, bits & (masks.tags | masks.wides)
        if special:
            # Cells of nothing but background hold a colour where others hold a character.
            blank = bits >> _BITS.tag + 1 & masks.ones
            colours = blank * 0xFFFFFF << _BITS.content
            points &= ~colours
            looks |= bits & (colours | blank * 3 << _BITS.tag)
            # The second half of a wide character looks as the first does.
            halves = (bits >> _BITS.wide + 1 & ~(bits >> _BITS.wide) & masks.ones) * 0xFFFFFFFFFFFFFFFF
            looks = looks & ~halves | looks << 64 & halves
        text = (points >> _BITS.content).to_bytes(count * 8, "little").decode("utf-32-le", "replace")[::2]
        text = _clean(text.replace("\0", " "))
        cells: str | list[str] = self._special(text, bits, count) if special else text
        if not looks:
            return [Run("".join(cells), PLAIN, count)]
        kinds = memoryview(looks.to_bytes(count * 8, "little")).cast("Q")
        runs, start, style = [], 0, self._look(kinds[0], 0, known)
        for at in _borders(looks, count):
            following = self._look(kinds[at], at, known)
            if following != style:
                runs.append(Run("".join(cells[start:at]), style, at - start))
                start, style = at, following
        runs.append(Run("".join(cells[start:]), style, count - start))
        return runs

    def _look(self, kind: int, at: int, known: dict[int, Style]) -> Style:
        """The style that goes with the look bits of the cell at `at`."""
        if not kind:
            return PLAIN
        style = known.get(kind)
        if style is None:
            tag = kind >> _BITS.tag & 3
            if tag:
                style = _background(tag, kind >> _BITS.content & 0xFFFFFF)
            else:
                cells, raw = self._cells[0], self._raw_style
                lib.ghostty_render_state_row_cells_select(cells, at)
                lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE, raw)
                style = _style(ffi.buffer(raw)[:])
            known[kind] = style
        return style

    def _special(self, text: str, bits: int, count: int) -> list[str]:
        """One string a cell: characters of several code points whole, second halves of wide ones empty."""
        cells = list(text)
        for at, cell in enumerate(memoryview(bits.to_bytes(count * 8, "little")).cast("Q")):
            if cell >> _BITS.wide & 3 == _SPACER_TAIL:
                cells[at] = ""
            elif cell >> _BITS.tag & 3 == lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME:
                cells[at] += self._joined(at)
        return cells

    def _joined(self, at: int) -> str:
        """What joins the first code point of a cell; a hostile one has no width of its own and is dropped."""
        cells, size = self._cells[0], ffi.new("uint32_t*")
        lib.ghostty_render_state_row_cells_select(cells, at)
        lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, size)
        points = ffi.new("uint32_t[]", max(int(size[0]), 1))
        lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, points)
        return _HOSTILE.sub("", "".join(chr(point) for point in list(points)[1 : int(size[0])]))

    @property
    def title(self) -> str:
        """The window title the program set, cleaned."""
        value = ffi.new("GhosttyString*")
        if lib.ghostty_terminal_get(self._terminal._t[0], lib.GHOSTTY_TERMINAL_DATA_TITLE, value) or not value.len:
            return ""
        return _HOSTILE.sub("", ffi.buffer(value.ptr, value.len)[:].decode("utf-8", "replace"))

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is on the live screen."""
        column, row = self._terminal.cursor
        return Cursor(int(row), int(column), bool(self._terminal.get("cursor_visible", "bool")))

    @property
    def alternate(self) -> bool:
        """Whether the program uses the alternate screen (a replay of the spool's tail may then be incomplete)."""
        return bool(self._terminal.get("active_screen", "GhosttyTerminalScreen"))

    def encode_key(self, key: str, character: str | None = None) -> bytes:
        """The bytes a terminal in this program's modes sends for a key, by Textual's name (`ctrl+c`, `up`, `f5`).

        Keys that are unknown and print nothing give no bytes.
        """
        if self._keys is None:
            self._keys = _KeyEncoder()
        return bytes(self._keys.encode(self._terminal, parse(key, character)))

    def encode_paste(self, text: str) -> bytes:
        """`text` as this program wants a paste: bracketed if it asked for that, without control codes in any case."""
        body = _PASTE_DROPS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
        if self._terminal.mode(_BRACKETED):
            return b"\x1b[200~" + body.encode("utf-8", "replace") + b"\x1b[201~"
        return body.replace("\n", "\r").encode("utf-8", "replace")


class _KeyEncoder:
    """The emulator's key encoder and one event, freed with the object."""

    def __init__(self) -> None:
        self._encoder = _new("GhosttyKeyEncoder", lib.ghostty_key_encoder_new)
        self._event = _new("GhosttyKeyEvent", lib.ghostty_key_event_new)
        weakref.finalize(self, lib.ghostty_key_encoder_free, self._encoder[0])
        weakref.finalize(self, lib.ghostty_key_event_free, self._event[0])

    def encode(self, terminal: Any, key: Key) -> bytes:
        """The bytes for one press of `key` in the terminal's present modes; none if it has no encoding."""
        encoder, event = self._encoder[0], self._event[0]
        lib.ghostty_key_encoder_setopt_from_terminal(encoder, terminal._t[0])
        lib.ghostty_key_event_set_action(event, lib.GHOSTTY_KEY_ACTION_PRESS)
        lib.ghostty_key_event_set_key(event, getattr(lib, f"GHOSTTY_KEY_{key.name}"))
        lib.ghostty_key_event_set_mods(event, key.modifiers)
        lib.ghostty_key_event_set_consumed_mods(event, key.consumed)
        text = key.text.encode("utf-8", "replace")
        kept = ffi.new("char[]", text) if text else ffi.NULL
        lib.ghostty_key_event_set_utf8(event, kept, len(text))
        lib.ghostty_key_event_set_unshifted_codepoint(event, key.unshifted)
        buffer, size = ffi.new("char[128]"), ffi.new("size_t*")
        if lib.ghostty_key_encoder_encode(encoder, event, buffer, 128, size):
            return b""
        return bytes(ffi.buffer(buffer, size[0])[:])


def _borders(looks: int, count: int) -> list[int]:
    """Where cells look different from the one before, from 1 on."""
    changes = (looks ^ looks >> 64).to_bytes(count * 8, "little")
    if not any(changes[:-8]):
        return []
    return [at + 1 for at, change in enumerate(memoryview(changes).cast("Q")[: count - 1]) if change]


def _background(tag: int, content: int) -> Style:
    if tag == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
        return Style(bg=content & 0xFF)
    return Style(bg=(content & 0xFF, content >> 8 & 0xFF, content >> 16 & 0xFF))


def _clean(text: str) -> str:
    return _HOSTILE.sub("\ufffd", text) if _HOSTILE.search(text) else text


ffi.cdef("typedef struct { int tag; intptr_t delta; uint64_t rest; } GastownScroll;")
