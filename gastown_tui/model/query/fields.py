"""The fields a query may name, one row each: parser, evaluation, help and completion follow from this table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gastown_tui.model.dates import seconds
from gastown_tui.model.lifecycle import COLUMNS, STATUSES
from gastown_tui.model.query import literals
from gastown_tui.model.query.words import shown

if TYPE_CHECKING:
    from gastown_tui.model.bead import Bead
    from gastown_tui.model.query.selection import Scope

Read = Callable[["Scope", "Bead"], Any]

_EQUAL = ("=", "!=")
_LIKE = (*_EQUAL, "~", "!~")
_SIZED = (*_EQUAL, "<", "<=", ">", ">=")
SIGNS = {
    "text": _LIKE, "words": _LIKE, "number": _SIZED, "priority": _SIZED, "time": _SIZED, "span": _SIZED, "flag": _EQUAL,
}  # fmt: skip
"""What each kind of field may be compared by; all but flags take `in` and `not in`, too."""
_WANTED = {
    "text": "a word, or text in quotes", "words": "a word, or text in quotes", "number": "a number",
    "priority": "0 to 4, or P0 to P4", "time": "a date, or a time from now", "span": "a length of time",
    "flag": "true or false",
}  # fmt: skip
_EXAMPLE = {
    "text": "auth", "words": "auth", "number": "2", "priority": "P1", "time": "-7d, today or 2026-01-31", "span": "10m",
    "flag": "true",
}  # fmt: skip
FLAGS = {"true": True, "yes": True, "false": False, "no": False}


class Field(NamedTuple):
    """One field: `kind` is one of SIGNS, `help` what it is; `choices` are all there are, where that is known.

    `read` gives a bead's value: text, several texts, a number, unix seconds, seconds or a truth; None for none.
    `cold` fields are decoded from the record when asked for, and cost more.
    """

    name: str
    kind: str
    help: str
    read: Read
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    cold: bool = False

    @property
    def signs(self) -> tuple[str, ...]:
        """What may stand between it and a value."""
        return SIGNS[self.kind]

    @property
    def wanted(self) -> str:
        """What kind of value it takes, in words."""
        return f"one of {', '.join(self.choices)}" if self.choices else _WANTED[self.kind]

    @property
    def example(self) -> str:
        """A value to show."""
        return f"{self.name} = {self.choices[0] if self.choices else _EXAMPLE[self.kind]}"

    def refuses(self, text: str) -> str:
        """Why a text is no value of this field; empty when it is one."""
        known = {
            "number": literals.number(text) is not None, "priority": literals.priority(text) is not None,
            "time": literals.moment(text, 0.0, UTC) is not None, "span": literals.span(text) is not None,
            "flag": text.lower() in FLAGS,
        }.get(self.kind, True)  # fmt: skip
        if not known:
            return f"{self.name} is {_WANTED[self.kind]}, not {shown(text)}"
        if self.choices and text.lower() not in self.choices:
            near = get_close_matches(text[:40].lower(), self.choices, 1)
            return f"There is no {self.name} {shown(text)}" + (f"; did you mean {near[0]}?" if near else "")
        return ""


def _plain(name: str) -> Read:
    return lambda scope, bead: getattr(bead, name)


def _dated(name: str) -> Read:
    return lambda scope, bead: seconds(found) if (found := getattr(bead, name)) else None


class _Cold:
    """Reads one cold field without decoding the others."""

    def __init__(self, name: str) -> None:
        shape = msgspec.defstruct("Cold", [("found", Any, None)], rename={"found": name})
        self._decode = msgspec.json.Decoder(shape).decode

    def __call__(self, scope: Scope, bead: Bead) -> Any:
        return None if bead.extra == b"{}" else self._decode(bead.extra).found  # type: ignore[attr-defined]


class _ColdText(_Cold):
    """Reads a cold text; anything else is read as its JSON."""

    def __call__(self, scope: Scope, bead: Bead) -> str:
        return _text(super().__call__(scope, bead))


def lacks(bead: Bead, needle: bytes) -> bool:
    """Whether no cold field holds a plain word, seen at a third of what decoding costs; `needle` says which words."""
    return needle not in bead.extra.lower()


def needle(word: str) -> bytes:
    """A word in lower case as `lacks` looks for it; empty where only decoding tells.

    No encoder of JSON escapes plain letters, digits and these few signs (Go's escapes <, > and &).
    """
    return word.encode() if word.isascii() and _PLAIN.fullmatch(word) else b""


_PLAIN = re.compile(r"[a-z0-9 _.:-]+")


def _cold_time(name: str) -> Read:
    cold = _Cold(name)
    return lambda scope, bead: seconds(found) if isinstance(found := cold(scope, bead), str) else None


def _cold_flag(name: str) -> Read:
    cold = _Cold(name)
    return lambda scope, bead: bool(cold(scope, bead))


def _cold_number(name: str) -> Read:
    cold = _Cold(name)

    def read(scope: Scope, bead: Bead) -> float | None:
        found = cold(scope, bead)
        return found if isinstance(found, int | float) else None

    return read


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _column(scope: Scope, bead: Bead) -> str:
    return scope.town.column(bead) or ""


def _ready(scope: Scope, bead: Bead) -> bool:
    return scope.town.column(bead) == "ready"


def _needs(scope: Scope, bead: Bead) -> Iterable[str]:
    return (*bead.needs, "me") if bead.id in scope.asking else bead.needs


def _convoy(scope: Scope, bead: Bead) -> Iterable[str]:
    id = bead.work.convoy
    if not id:
        return ()
    convoy = scope.town.convoys.get(id)
    return (id,) if convoy is None else (id, convoy.title)


def _idle(scope: Scope, bead: Bead) -> float | None:
    since = scope.idle.get(bead.id)
    return None if since is None else max(0.0, scope.now - since)


def _age(scope: Scope, bead: Bead) -> float | None:
    since = seconds(bead.created_at)
    return None if since is None else max(0.0, scope.now - since)


_pinned = _Cold("pinned")
DESCRIPTION: Read = _ColdText("description")
FIELDS: tuple[Field, ...] = (
    Field("status", "text", "as in Beads", _plain("status"), choices=STATUSES),
    Field("column", "text", "where it is on the board", _column,
          choices=COLUMNS),
    Field("priority", "priority", "0 is most urgent", _plain("priority"), ("p",)),
    Field("type", "text", "task, bug, feature, epic", _plain("issue_type"), ("issue_type",)),
    Field("label", "words", "any of its labels", _plain("labels"), ("labels",)),
    Field("assignee", "text", "who has it", _plain("assignee"), ("polecat",)),
    Field("id", "text", "its id", _plain("id")),
    Field("title", "text", "its title", _plain("title")),
    Field("description", "text", "its long text", DESCRIPTION, ("desc",), cold=True),
    Field("ready", "flag", "waits for nothing", _ready),
    Field("blocked", "flag", "waits for something open", lambda scope, bead: bead.id in scope.blocked),
    Field("held", "flag", "waits for your answer", lambda scope, bead: bool(bead.work.held)),
    Field("needs", "words", "what it waits for; me: you", _needs),
    Field("parent", "words", "the epic it belongs to", lambda scope, bead: bead.parents),
    Field("convoy", "words", "its convoy's id or title", _convoy),
    Field("file", "words", "a file it will touch", lambda scope, bead: bead.work.files, ("files",)),
    Field("cost", "number", "dollars spent on it", lambda scope, bead: bead.work.cost_usd),
    Field("retries", "number", "times a gate sent it back", lambda scope, bead: len(bead.work.returns)),
    Field("idle", "span", "how long its polecat is idle", _idle),
    Field("age", "span", "how long ago it was filed", _age),
    Field("created", "time", "when it was filed", _dated("created_at"), ("created_at",)),
    Field("updated", "time", "when it last changed", _dated("updated_at"), ("updated_at",)),
    Field("closed", "time", "when it was closed", _dated("closed_at"), ("closed_at",)),
    Field("landed", "time", "when it landed", lambda scope, bead: bead.work.landed_at or None),
    Field("due", "time", "when it is due", _cold_time("due_at"), ("due_at",), cold=True),
    Field("deferred", "time", "until when it waits", _cold_time("defer_until"), ("defer_until",), cold=True),
    Field("reason", "text", "why it was closed", _plain("close_reason"), ("close_reason",)),
    Field("design", "text", "design notes", _ColdText("design"), cold=True),
    Field("acceptance", "text", "acceptance criteria", _ColdText("acceptance_criteria"), ("acceptance_criteria",),
          cold=True),
    Field("notes", "text", "notes", _ColdText("notes"), cold=True),
    Field("estimate", "number", "minutes", _cold_number("estimated_minutes"), ("estimated_minutes",), cold=True),
    Field("external", "text", "its name elsewhere, as gh-12", _ColdText("external_ref"), ("external_ref",), cold=True),
    Field("created_by", "text", "who filed it", _ColdText("created_by"), cold=True),
    Field("sender", "text", "who sent it", _ColdText("sender"), cold=True),
    Field("mol_type", "text", "kind of molecule", _ColdText("mol_type"), cold=True),
    Field("pinned", "flag", "kept, never worked on",
          lambda scope, bead: bead.status == "pinned" or bool(_pinned(scope, bead)), cold=True),
    Field("ephemeral", "flag", "not kept for long", _cold_flag("ephemeral"), cold=True),
    Field("is_template", "flag", "a pattern for others", _cold_flag("is_template"), ("template",), cold=True),
)  # fmt: skip
_BY_NAME = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
NAMES = tuple(_BY_NAME)
"""Every name a field goes by."""
_METADATA = "metadata."
_metadata = _Cold("metadata")


def find(name: str) -> Field | None:
    """The field of a name in any case; `metadata.KEY` is a field for every key. None when there is none."""
    if name[: len(_METADATA)].lower() == _METADATA and len(name) > len(_METADATA):
        key = name[len(_METADATA) :]
        return Field(_METADATA + key, "text", f"metadata under {key}", partial(_under, key), cold=True)
    return _BY_NAME.get(name.lower())


def _under(key: str, scope: Scope, bead: Bead) -> str:
    found = _metadata(scope, bead)
    return _text(found.get(key)) if isinstance(found, dict) else ""
