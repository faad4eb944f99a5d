"""A whole town as lines of JSON: what a second cockpit starts from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from gastown_tui.door.wire import VERSION
from gastown_tui.model import bead as beads
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.town import Town, encode_part, parts, restore, scalars

Raw = msgspec.Raw
_decode = msgspec.json.Decoder(list[Raw]).decode
_word = msgspec.json.Decoder(str).decode


class _Head(msgspec.Struct, frozen=True):
    version: str
    seq: int
    parts: int
    town: Raw


def lines(town: Town) -> Iterator[bytes]:
    """A town, one record a line: first `{"version", "seq", "parts", "town"}`, then `[kind, key, record]` each.

    A reader that counted `parts` lines knows that nothing is missing.
    """
    named = list(parts(town))
    head = _Head(VERSION, town.seq, len(named), Raw(msgspec.json.format(scalars(town), indent=-1)))
    yield msgspec.json.encode(head) + b"\n"
    for kind, key in named:
        yield msgspec.json.encode((kind, key, _record(town, kind, key))) + b"\n"


def _record(town: Town, kind: str, key: str) -> object:
    if kind == "beads":  # four times as quick as taking the ledger's indented form apart again
        return beads.parts(town.beads[key])  # encoded as they are: no number is read, and so none is changed
    return Raw(msgspec.json.format(encode_part(town, kind, key) or b"null", indent=-1))


def read(received: Iterable[bytes]) -> Town:
    """The town in such lines; raises GasTownError when it is another version's, or cut short."""
    left = iter(received)
    try:
        head = msgspec.json.decode(next(left, b""), type=_Head)
        if head.version != VERSION:
            raise GasTownError(
                f"The engine is version {head.version}, this is {VERSION}.", "Restart it: gt down, then gt up."
            )
        found = [_part(line) for line in left if line.strip()]
    except msgspec.DecodeError as error:
        raise GasTownError(f"The engine's snapshot cannot be read: {error}.", "Try again.") from error
    if len(found) != head.parts:
        raise GasTownError(f"The snapshot broke off after {len(found)} of {head.parts} records.", "Try again.")
    return restore(bytes(head.town), found)


def _part(line: bytes) -> tuple[str, str, bytes]:
    kind, key, record = _decode(line)
    return _word(kind), _word(key), bytes(record)
