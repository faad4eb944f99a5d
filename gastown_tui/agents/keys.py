"""Names of keys as the cockpit knows them (Textual's), as the emulator's key encoder knows them."""

from __future__ import annotations

from typing import NamedTuple

SHIFT, CTRL, ALT, SUPER = 1, 2, 4, 8
"""The emulator's bits for modifiers."""

_MODIFIERS = {"shift": SHIFT, "ctrl": CTRL, "alt": ALT, "meta": ALT, "super": SUPER}

_NAMED = {
    "up": "ARROW_UP", "down": "ARROW_DOWN", "left": "ARROW_LEFT", "right": "ARROW_RIGHT", "home": "HOME", "end": "END",
    "pageup": "PAGE_UP", "pagedown": "PAGE_DOWN", "insert": "INSERT", "delete": "DELETE", "backspace": "BACKSPACE",
    "tab": "TAB", "enter": "ENTER", "return": "ENTER", "escape": "ESCAPE", "space": "SPACE",
    **{f"f{n}": f"F{n}" for n in range(1, 25)},
}  # fmt: skip

_SIGNS = {
    "`": "BACKQUOTE", "\\": "BACKSLASH", "[": "BRACKET_LEFT", "]": "BRACKET_RIGHT", ",": "COMMA", "=": "EQUAL",
    "-": "MINUS", ".": "PERIOD", "'": "QUOTE", ";": "SEMICOLON", "/": "SLASH", " ": "SPACE",
}  # fmt: skip

_WORDS = {
    "left_square_bracket": "[", "right_square_bracket": "]", "backslash": "\\", "slash": "/", "minus": "-",
    "underscore": "_", "at": "@", "circumflex_accent": "^", "question_mark": "?", "full_stop": ".", "comma": ",",
    "semicolon": ";", "apostrophe": "'", "grave_accent": "`", "equals_sign": "=", "plus": "+", "tilde": "~",
}  # fmt: skip
"""Textual's words for signs that come with a modifier (`ctrl+backslash`)."""


class Key(NamedTuple):
    """A key press: the emulator's name, modifiers, those of them that made the text, the text, and the bare key."""

    name: str
    modifiers: int = 0
    consumed: int = 0
    text: str = ""
    unshifted: int = 0


def parse(key: str, character: str | None = None) -> Key:
    """A key of Textual's, and the character it printed if any, for the emulator.

    `ctrl+@` arrives as `ctrl+at` and so on; an unknown name without a printable character becomes UNIDENTIFIED.
    """
    *prefixes, base = key.split("+") if key != "+" else [key]
    if base == "" and prefixes:  # "ctrl++"
        base, prefixes = "+", prefixes[:-1]
    modifiers = sum({_MODIFIERS[prefix] for prefix in prefixes if prefix in _MODIFIERS})
    if base in _NAMED:
        text = " " if base == "space" and not modifiers & (CTRL | ALT) else ""
        return Key(_NAMED[base], modifiers, 0, text, 32 if base == "space" else 0)
    sign = _WORDS.get(base, base)
    if len(sign) != 1:
        if not character or not character.isprintable():
            return Key("UNIDENTIFIED")
        return Key("UNIDENTIFIED", modifiers, modifiers & SHIFT, character)
    return _sign(sign, modifiers, character)


def _sign(sign: str, modifiers: int, character: str | None) -> Key:
    text = character if character and character.isprintable() else sign
    lower = sign.lower()
    if lower.isascii() and lower.isalpha():
        name = lower.upper()
    elif sign.isascii() and sign.isdigit():
        name = f"DIGIT_{sign}"
    else:
        name = _SIGNS.get(sign, "UNIDENTIFIED")
    shifted = SHIFT if sign != lower else 0
    modifiers |= shifted
    if modifiers & SHIFT and modifiers & (CTRL | ALT) == 0:
        text = text if text != lower else text.upper()
    return Key(name, modifiers, modifiers & SHIFT, text, ord(lower) if len(lower) == 1 else 0)
