"""Where in a JSON text something is wrong, and in words a person can use."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from gastown_tui.model.formats.draft import DEEPEST

_BYTE = re.compile(r" \(byte (\d+)\)")
_FIELD = re.compile(r" - at `\$\.?([^`]*)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_SHAPES = {
    "str": "text", "int": "a whole number", "float": "a number with a fraction", "bool": "true or false",
    "null": "null", "array": "a list", "object": "an object",
}  # fmt: skip


class Wrong(Exception):
    """A text that cannot be taken: where (an offset in characters) and why."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


def text_of(data: bytes) -> str:
    """Bytes as text; raises Wrong at the first that is no UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = len(data[: error.start].decode("utf-8", "replace"))
        raise Wrong(offset, f"this is not UTF-8 text (byte 0x{data[error.start]:02x})") from None


def value_of(text: str) -> Any:
    """Any JSON value; raises Wrong at what is no JSON, or nested more than DEEPEST levels."""
    if (offset := _too_deep(text)) is not None:
        raise Wrong(offset, f"this is nested more than {DEEPEST} levels deep")
    data = text.encode("utf-8", "surrogatepass")
    try:
        return msgspec.json.decode(data)
    except msgspec.ValidationError:  # a number no machine number holds
        return json.loads(text, parse_float=str)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise wrong(text, error) from None


def wrong(text: str, error: Exception) -> Wrong:
    """What msgspec says of a text, as a place in it and in plain words."""
    said = str(error)
    if (missing := _MISSING.search(said)) is not None and "$" not in said:
        return Wrong(0, f"{missing[1]} is missing")
    if (field := _FIELD.search(said)) is not None:
        name = re.split(r"[.\[]", field[1], maxsplit=1)[0] or "this"
        return Wrong(offset_of(text, name), f"{field[1]}: {_plainly(_FIELD.sub('', said))}")
    if (byte := _BYTE.search(said)) is not None:
        offset = len(text.encode("utf-8", "surrogatepass")[: int(byte[1])].decode("utf-8", "replace"))
        return Wrong(offset, f"this is no JSON: {_BYTE.sub('', said).removeprefix('JSON is malformed: ')}")
    if "truncated" in said:
        return Wrong(len(text), "this is no JSON: it breaks off")
    return Wrong(0, _plainly(said))


def _plainly(said: str) -> str:
    """Names of types as people call them."""
    if (found := _EXPECTED.search(said)) is None:
        return said
    wanted, got = (" or ".join(_SHAPES.get(kind, kind) for kind in found[n].split(" | ")) for n in (1, 2))
    return f"{wanted} is wanted, not {got}"


def offset_of(text: str, name: str) -> int:
    """Where the value of a key of the outermost object stands in it; 0 when it cannot be told."""
    decoder = json.JSONDecoder()
    at = text.find("{") + 1
    try:
        while at > 0:
            at = _blanks(text, at)
            key, at = decoder.raw_decode(text, at)
            at = _blanks(text, _blanks(text, at) + 1)
            if key == name:
                return at
            _, at = decoder.raw_decode(text, at)
            at = _blanks(text, at) + 1
    except (ValueError, RecursionError):
        pass
    return 0


def _blanks(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _too_deep(text: str) -> int | None:
    """Where the nesting passes DEEPEST; None when it never does."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return None
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        depth += (match[0] in "[{") - (match[0] in "]}")
        if depth > DEEPEST:
            return match.start()
    return None
