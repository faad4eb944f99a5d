"""Records as lines of JSON that a person, and `git log -S`, can read: what a bead was given stands there as it is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from gastown_tui.model.bead import Bead

R = TypeVar("R", bound=msgspec.Struct)


def codec(record: type[R], events: Any, holding: tuple[type, ...]) -> tuple[Callable[[R], bytes], Callable[[bytes], R]]:
    """What makes a line (without its newline) of a record, and a record of a line.

    A bead's `extra` is JSON in bytes, which msgspec alone would write in base64, as the first versions did: those
    lines are read, too. Fields that have their default are left out.

    Args:
        record: the struct, with the event in its field `event`.
        events: the union of all events.
        holding: the events with whole beads in them, as `bead` or `beads`.
    """
    mirrors = {shape: _mirror_event(shape) for shape in holding}
    others = tuple(shape for shape in events.__args__ if shape not in mirrors)
    open_record = _mirror(record, {"event": _union((*others, *mirrors.values()))})
    opened = {shape: _converter(shape, mirror, _opened) for shape, mirror in mirrors.items()}
    closed = {mirror: _converter(mirror, shape, _closed) for shape, mirror in mirrors.items()}
    names = tuple(f'"event":"{shape.__struct_config__.tag}"'.encode() for shape in holding)  # type: ignore[attr-defined]
    write = msgspec.json.Encoder().encode
    read, read_open = msgspec.json.Decoder(record).decode, msgspec.json.Decoder(open_record).decode
    fields = attrgetter(*record.__struct_fields__)
    place = record.__struct_fields__.index("event")

    def with_event(shape: Any, found: Any, event: Any) -> Any:
        values = fields(found)
        return shape(*values[:place], event, *values[place + 1 :])

    def encode(one: R) -> bytes:
        event = one.event  # type: ignore[attr-defined]
        convert = opened.get(type(event))
        return write(one if convert is None else with_event(open_record, one, convert(event)))

    def decode(line: bytes) -> R:
        if not any(name in line for name in names):
            return read(line)
        found = read_open(line)
        convert = closed.get(type(found.event))
        made: R = with_event(record, found, found.event if convert is None else convert(found.event))
        return made

    return encode, decode


def _mirror(shape: Any, types: dict[str, Any], **more: Any) -> Any:
    """A struct of the same fields with some types replaced."""
    fields = [_field(f, types.get(f.name, f.type)) for f in msgspec.structs.fields(shape)]
    return msgspec.defstruct(shape.__name__, fields, frozen=True, omit_defaults=True, **more)


def _field(found: Any, kind: Any) -> Any:
    return (found.name, kind) if found.required else (found.name, kind, found.default)


_OpenBead: Any = _mirror(Bead, {"extra": msgspec.Raw})
_bead_fields = attrgetter(*Bead.__struct_fields__[:-1])
assert Bead.__struct_fields__[-1] == "extra"


def _mirror_event(shape: Any) -> Any:
    beads: Any = tuple.__class_getitem__((_OpenBead, ...))
    return _mirror(shape, {"bead": _OpenBead, "beads": beads}, tag_field="event", tag=shape.__struct_config__.tag)


def _union(shapes: tuple[Any, ...]) -> Any:
    found = shapes[0]
    for shape in shapes[1:]:
        found = found | shape
    return found


def _converter(source: Any, target: Any, bead: Callable[[Any], Any]) -> Callable[[Any], Any]:
    names = source.__struct_fields__

    def convert(event: Any) -> Any:
        values = {name: getattr(event, name) for name in names}
        if "bead" in values:
            values["bead"] = bead(values["bead"])
        if "beads" in values:
            values["beads"] = tuple(map(bead, values["beads"]))
        return target(**values)

    return convert


def _opened(bead: Bead) -> Any:
    return _OpenBead(*_bead_fields(bead), msgspec.Raw(bead.extra))


def _closed(found: Any) -> Bead:
    extra, hot = bytes(found.extra), dict(zip(Bead.__struct_fields__, _bead_fields(found), strict=False))
    return Bead(**hot, extra=base64.b64decode(extra) if extra.startswith(b'"') else extra)
