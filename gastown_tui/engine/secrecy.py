"""Clears what comes into the town and what it writes of secrets: orders at the desk, events before they are kept."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import Refused
from gastown_tui.model.orders import Order
from gastown_tui.redact import Found, inside, may_hold, redact

_E = TypeVar("_E", bound=e.AnyEvent)
_encode = msgspec.json.Encoder().encode

AS_IT_IS = frozenset({"type_keys", "import_beads"})
"""Orders that are not changed: keys for a terminal are the person's own, records of others are refused instead."""

_OURS = frozenset({
    "id", "ids", "bead", "issue_id", "depends_on_id", "lease", "branch", "base", "worktree", "spool", "session",
    "origin", "rig", "target",
})  # fmt: skip
"""Fields by which the town finds things: ids, branches, places on the disk. A bead called `passwords` has an id, not a
secret; and a worktree in a folder called `token=abc12345` is found under no other name."""

_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def of_order(name: str, order: Order) -> tuple[Order, tuple[Found, ...]]:
    """An order with its secrets left out, and what they were; whoever asked is told (`left_out` of the answer)."""
    if name in AS_IT_IS or not _suspicious(order):
        return order, ()
    plain, found = inside(msgspec.to_builtins(order), ours=_OURS | {"what", "folder"})
    return (msgspec.convert(plain, type(order)), found) if found else (order, ())


def answered(answer: Any, found: Iterable[Found]) -> Any:
    """The answer to an order, saying what was left out of it."""
    left_out = [{"kind": one.kind, "where": one.where} for one in found]
    return {**answer, "left_out": left_out} if left_out and isinstance(answer, dict) else answer


def of_event(event: _E) -> _E:
    """An event with its secrets left out: the last thing before it is kept.

    Raises:
        Refused: it brings records of others, which are never changed without a word.
    """
    if isinstance(event, e.Restored):
        return event  # it stood in the town before, word for word
    if isinstance(event, e.BeadsImported | e.HistoryImported):
        _refuse_imported(event)
    elif isinstance(event, e.BeadCreated):
        bead = _of_bead(event.bead)
        return event if bead is event.bead else msgspec.structs.replace(event, bead=bead)
    elif _suspicious(event):
        plain, found = inside(msgspec.to_builtins(event), ours=_OURS)
        return msgspec.convert(plain, type(event)) if found else event
    return event


def _suspicious(value: msgspec.Struct) -> bool:
    text = _encode(value).decode()
    return may_hold(text) or "\\u001b[" in text


def _of_bead(bead: Bead) -> Bead:
    bare = msgspec.structs.replace(bead, extra=b"{}")  # bytes would be encoded past recognition
    if _suspicious(bare):
        plain, found = inside(msgspec.to_builtins(bare), ours=_OURS)
        if found:
            bead = msgspec.structs.replace(msgspec.convert(plain, Bead), extra=bead.extra)
    cold = _cold(bead)
    changes = {name: new for name, value in cold.items() for new, found in [inside({name: value})] if found}
    return bead.changed(**{name: new[name] for name, new in changes.items()}) if changes else bead


def _cold(bead: Bead) -> dict[str, Any]:
    """The fields kept in `extra`, if they are worth a look."""
    if not may_hold(bead.extra.decode("utf-8", "replace")) and b"\\u001b" not in bead.extra:
        return {}
    found: dict[str, Any] = msgspec.json.decode(bead.extra)
    return found


def _refuse_imported(event: e.BeadsImported | e.HistoryImported) -> None:
    kept: Iterable[tuple[str, Any]] = (
        ((bead.id, _of_bead(bead) is not bead) for bead in event.beads) if isinstance(event, e.BeadsImported)
        else ((event.bead, inside(msgspec.to_builtins(entry))[1]) for entry in event.entries if _suspicious(entry))
    )  # fmt: skip
    for id, holds in kept:
        if holds:
            raise Refused(f"What {id} brings holds a secret.", "Nothing was imported. Leave it out with: --redact")


class _Discreet(logging.Formatter):
    """Lines of a log without secrets, those of a traceback too."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def log_to(path: Path | None = None) -> None:
    """Have this process log from INFO on, without secrets, to a file, or to stderr with what ends the process, too."""
    handler = logging.StreamHandler() if path is None else logging.FileHandler(path)
    handler.setFormatter(_Discreet(_FORM))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    if path is None:
        sys.excepthook = _crashed


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python itself would print the error as it is."""
    logging.getLogger("gastown_tui").critical("the engine ended by a fault of its own", exc_info=(kind, error, trace))
