"""Edges between beads, and their JSON: what others keep on an edge is kept with it."""

from __future__ import annotations

import operator

import msgspec

Raw = msgspec.Raw


class Dependency(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An edge between two beads; `type` says whether it blocks (interop.md).

    `written` is the edge as it came, where that says more than the fields do: unknown keys, another order.
    """

    issue_id: str
    depends_on_id: str
    type: str = "blocks"
    created_at: str = ""
    created_by: str = ""
    metadata: str = ""
    thread_id: str = ""
    written: str = ""

    @property
    def blocks(self) -> bool:
        """Whether an open target keeps the bead from being ready."""
        return self.type in BLOCKING


BLOCKING = frozenset({"blocks", "conditional-blocks", "waits-for"})
"""A parent never blocks its child by being open."""


class _Edge(msgspec.Struct, frozen=True, omit_defaults=True):
    """An edge as others write it; `type` is always said."""

    issue_id: str
    depends_on_id: str
    type: str = msgspec.field(default_factory=lambda: "blocks")
    created_at: str = ""
    created_by: str = ""
    metadata: str = ""
    thread_id: str = ""


_NAMES = tuple(_Edge.__struct_fields__)
_values = operator.attrgetter(*_NAMES)
_decode_plain = msgspec.json.Decoder(tuple[_Edge, ...]).decode
_decode_any = msgspec.json.Decoder(tuple[dict[str, Raw], ...]).decode


def read(raw: Raw) -> tuple[Dependency, ...]:
    """Edges out of a JSON array; one that its fields would not write in the same words keeps those beside them.

    Raises:
        msgspec.DecodeError: it is no array of edges.
    """
    compact = msgspec.json.format(bytes(raw), indent=-1)
    try:
        plain = _decode_plain(compact)
        if msgspec.json.encode(plain) == compact:
            return tuple(Dependency(*_values(edge)) for edge in plain)
    except msgspec.ValidationError:
        pass
    out = []
    for values in _apart(compact):
        found = {name: msgspec.json.decode(values[name]) for name in _NAMES if name in values}
        if not isinstance(found.get("depends_on_id"), str):
            raise msgspec.ValidationError("An edge has no `depends_on_id` - at `$.dependencies`")
        texts = {name: value for name, value in found.items() if isinstance(value, str)}
        edge = Dependency(**{"issue_id": "", **texts})
        text = msgspec.json.encode(values)
        out.append(edge if write(edge) == text else msgspec.structs.replace(edge, written=text.decode()))
    return tuple(out)


def _apart(array: bytes) -> tuple[dict[str, Raw], ...]:
    try:
        return _decode_any(array)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        raise msgspec.ValidationError(f"{said} - at `$.dependencies{place or '`'}") from None


def write(edge: Dependency) -> bytes:
    """An edge as JSON, in the words it came in."""
    if edge.written:
        return edge.written.encode()
    return msgspec.json.encode(_Edge(*_values(edge)))
