"""The journal's lines and the files they stand in: how one is written, checked and read back."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from gastown_tui.rig.errors import Damaged

_NAME = re.compile(r"(\d+)\.jsonl")


def encode(seq: int, data: bytes, more: bool = False) -> bytes:
    """One line: CRC-32 of the rest (8 hexadecimal digits), the number, the JSON, a newline.

    With `more` a `+` behind the number says that the group goes on: without its last line there is nothing of it.
    """
    body = b"%d%s %s" % (seq, b"+" if more else b"", data)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> tuple[int, bytes] | None:
    """Number and JSON of a whole line (without its newline), or None when it does not check."""
    body = line[9:]
    if line[8:9] != b" " or line[:8] != b"%08x" % zlib.crc32(body):
        return None
    seq, _, data = body.partition(b" ")
    seq = seq.removesuffix(b"+")
    return (int(seq), data) if seq.isdigit() else None


def goes_on(line: bytes) -> bool:
    """Whether a line that checks is not the last of its group."""
    return line.find(b"+ ", 9, line.find(b" ", 9) + 1) > 0


def segments(folder: Path) -> list[tuple[int, Path]]:
    """First number and path of each segment `<first number>.jsonl`, oldest first; none without a folder."""
    if not folder.is_dir():
        return []
    found = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def good(data: bytes, path: Path, first: int) -> tuple[int, int]:
    """Length of the whole groups, and their last number; the rest must be one torn write. Raises Damaged."""
    length, found = whole(data, path, first)
    return length, found[-1][0] if found else 0


def whole(data: bytes, path: Path, first: int) -> tuple[int, list[tuple[int, bytes]]]:
    """Length and lines of the whole groups; the rest must be one torn write. Raises Damaged."""
    length, kept, reach, found = 0, 0, 0, list[tuple[int, bytes]]()
    while (end := data.find(b"\n", reach)) >= 0:
        raw = data[reach:end]
        line = decode(raw)
        if line is None or line[0] != first + len(found):
            break
        reach = end + 1
        found.append(line)
        if not goes_on(raw):
            length, kept = reach, len(found)
    if any(decode(line) for line in data[reach:].split(b"\n")[1:]):
        raise damaged(path, f"the line after number {first + len(found) - 1} does not check, yet good ones follow")
    return length, found[:kept]


def lines(data: bytes, path: Path, first: int, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines of a segment, in order; it ends where the next one begins (`end`), whatever stands behind that.

    Raises:
        Damaged: a line does not check.
    """
    expected = first
    *whole, rest = data.split(b"\n")
    for raw in whole if not rest else [*whole, b""]:
        if expected == end:
            return
        line = decode(raw)
        if line is None or line[0] != expected:
            raise damaged(path, f"the line for number {expected} does not check")
        expected += 1
        yield line


def damaged(path: Path, what: str) -> Damaged:
    """The error for a segment that does not read back as it was written."""
    return Damaged(f"The journal {path} is damaged: {what}.", "Nothing was cut or changed. See what is left: gt doctor")
