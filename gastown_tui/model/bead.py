"""A bead: one unit of work, a JSON record whose hot fields are typed and whose others are kept as they came."""

from __future__ import annotations

import json
import math
import operator
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec

from gastown_tui.model import edges, form
from gastown_tui.model.edges import BLOCKING as BLOCKING
from gastown_tui.model.edges import Dependency as Dependency
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import PullRequest
from gastown_tui.model.turns import Back

Raw = msgspec.Raw


class Lease(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who may work on a bead; written before the agent is started, fenced by `epoch` (supervision.md)."""

    epoch: int
    polecat: str
    branch: str
    base: str
    worktree: str
    session: str
    granted: float
    runtime: str = ""


class Return(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One sending back: which gate, why, and when."""

    by: str
    reason: str
    at: float
    epoch: int


class Check(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One named check of a sheriff, witness or gate run: `verdict` is pass, fail or unsure."""

    name: str
    verdict: str
    note: str = ""
    seconds: float = 0.0


class Review(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a gate said of one commit."""

    by: str
    ok: bool
    commit: str
    reason: str = ""
    checks: tuple[Check, ...] = ()


class Work(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the town knows of a bead beyond Beads: kept under `metadata.gt`.

    `added` and `removed` count the lines that `commits`, up to `commit`, change.
    `staged` is the commit as which it stands on its convoy's integration branch, until that lands. `landed_onto` is the
    commit its landing stands on, "" where that is the first parent of `landed` (or of `staged`); `back` is its part in
    landings that were taken back. The last five are of an imported bead: how its record was written
    (model/form.py), what it is known by at its source, what was imported last as a digest, when that was, and the
    unix second its imported history goes up to.
    """

    stage: str = "idle"
    convoy: str = ""
    key: str = ""
    files: tuple[str, ...] = ()
    epoch: int = 0
    lease: Lease | None = None
    commit: str = ""
    commits: int = 0
    added: int = 0
    removed: int = 0
    returns: tuple[Return, ...] = ()
    forgiven: int = 0
    reviews: tuple[Review, ...] = ()
    landing: str = ""
    staged: str = ""
    request: PullRequest | None = None
    landed: str = ""
    landed_at: float = 0.0
    landed_onto: str = ""
    back: Back | None = None
    since: float = 0.0
    filed_by: str = ""
    approved: bool = False
    go: bool = False
    no_land: bool = False
    held: str = ""
    cost_usd: float = 0.0
    form: str = ""
    origin: str = ""
    imported: str = ""
    imported_at: float = 0.0
    history: float = 0.0

    @property
    def returned(self) -> Return | None:
        """The reason the polecat is mending, or None while nothing was sent back in this epoch."""
        last = self.returns[-1] if self.returns else None
        return last if last is not None and last.epoch == self.epoch else None


class Bead(msgspec.Struct, frozen=True, gc=False):
    """One bead. `extra` is a JSON object of every field without a place here, untouched until asked for."""

    id: str
    title: str
    status: str = "open"
    priority: int = 2
    issue_type: str = "task"
    assignee: str = ""
    created_at: str = ""
    updated_at: str = ""
    closed_at: str = ""
    close_reason: str = ""
    labels: tuple[str, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    work: Work = Work()
    extra: bytes = b"{}"

    def cold(self, name: str, default: Any = None) -> Any:
        """The value of a field kept in `extra`, decoded now."""
        raw = _decode_raw(self.extra).get(name)
        return default if raw is None else msgspec.json.decode(raw)

    @property
    def description(self) -> str:
        """The long text; empty when there is none."""
        return str(self.cold("description", ""))

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the beads whose being open blocks this one."""
        return tuple(d.depends_on_id for d in self.dependencies if d.blocks)

    @property
    def parents(self) -> tuple[str, ...]:
        """Ids of the beads this one belongs to; most have one or none."""
        return tuple(d.depends_on_id for d in self.dependencies if d.type == "parent-child")

    def changed(self, **fields: Any) -> Bead:
        """The bead with some fields replaced; names without a place of their own go to `extra`."""
        if fields.keys() <= _OWN:
            return msgspec.structs.replace(self, **fields)
        hot = {k: v for k, v in fields.items() if k in _OWN}
        rest = {k: v for k, v in fields.items() if k not in hot}
        if rest:
            cold = dict(_decode_raw(hot.get("extra", self.extra)))
            cold.update({k: Raw(msgspec.json.encode(v)) for k, v in rest.items() if v is not None})
            for name in (k for k, v in rest.items() if v is None):
                cold.pop(name, None)
            hot["extra"] = _canonical(cold)
        return msgspec.structs.replace(self, **hot)

    def raw(self) -> dict[str, msgspec.Raw]:
        """The fields kept in `extra`, each as the JSON text it came as."""
        return _decode_raw(self.extra)

    def with_raw(self, fields: Mapping[str, msgspec.Raw], gone: tuple[str, ...] = ()) -> Bead:
        """The bead with fields of `extra` set to such texts, and others taken out."""
        left = {name: raw for name, raw in _decode_raw(self.extra).items() if name not in gone}
        return msgspec.structs.replace(self, extra=_canonical({**left, **fields}))

    def working(self, **fields: Any) -> Bead:
        """The bead with fields of its `work` replaced."""
        return msgspec.structs.replace(self, work=msgspec.structs.replace(self.work, **fields))


class Field(NamedTuple):
    """One row of the field table: what the codec, the detail view, `--json` and `gt bead update` follow."""

    name: str
    label: str
    kind: str
    editable: bool = False
    hot: bool = False


FIELDS: tuple[Field, ...] = (
    Field("id", "Id", "id", hot=True),
    Field("title", "Title", "line", editable=True, hot=True),
    Field("status", "Status", "status", hot=True),
    Field("priority", "Priority", "priority", editable=True, hot=True),
    Field("issue_type", "Type", "word", editable=True, hot=True),
    Field("assignee", "Assignee", "word", editable=True, hot=True),
    Field("labels", "Labels", "words", editable=True, hot=True),
    Field("description", "Description", "text", editable=True),
    Field("design", "Design", "text", editable=True),
    Field("acceptance_criteria", "Acceptance criteria", "text", editable=True),
    Field("notes", "Notes", "text", editable=True),
    Field("estimated_minutes", "Estimate", "minutes", editable=True),
    Field("dependencies", "Dependencies", "edges", hot=True),
    Field("created_at", "Created", "time", hot=True),
    Field("updated_at", "Updated", "time", hot=True),
    Field("closed_at", "Closed", "time", hot=True),
    Field("close_reason", "Closed because", "line", hot=True),
    Field("due_at", "Due", "time", editable=True),
    Field("defer_until", "Deferred until", "time", editable=True),
    Field("external_ref", "External", "word", editable=True),
)
_EDGES = {"dependencies": next(f for f in FIELDS if f.kind == "edges")}
_TEXT = partial(msgspec.convert, type=str)
_KINDS: dict[str, Callable[[Any], Any]] = {
    "line": _TEXT,
    "word": _TEXT,
    "text": _TEXT,
    "time": _TEXT,
    "words": partial(msgspec.convert, type=tuple[str, ...]),
    "edges": partial(msgspec.convert, type=tuple[Dependency, ...]),
    "priority": partial(msgspec.convert, type=Annotated[int, msgspec.Meta(ge=0, le=4)]),
    "minutes": partial(msgspec.convert, type=Annotated[int, msgspec.Meta(ge=0)] | Annotated[float, msgspec.Meta(ge=0)]),
}
_HOT = frozenset(f.name for f in FIELDS if f.hot)
_OWN = _HOT | {"work", "extra"}
EDITABLE = {f.name: f for f in FIELDS if f.editable}
_KEEP_EMPTY = frozenset({"id", "title", "status", "priority", "issue_type"})
_NEEDED = frozenset({"id", "title"})
_NAMES = tuple(sorted(_HOT))
_DEFAULTS = tuple(form.DEFAULTS.get(name) for name in _NAMES)
_values = operator.attrgetter(*_NAMES)
_NO_WORK = Work()
_EMPTY = (Raw(b"null"), Raw(b'""'), Raw(b"[]"))
_BEFORE = "gt:before"
"""Where metadata that was empty or no object waits while the town's part stands beside it."""


class _Hot(msgspec.Struct, frozen=True):
    id: str
    title: str
    status: str | None = None
    priority: int | None = None
    issue_type: str | None = None
    assignee: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    close_reason: str | None = None
    labels: tuple[str, ...] | None = None


_decode_hot = msgspec.json.Decoder(_Hot).decode
_decode_raw = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_work = msgspec.json.Decoder(Work).decode


def decode(record: bytes) -> Bead:
    """A bead from the town's own JSON record of it; raises GasTownError naming what does not fit."""
    try:
        raw = _decode_raw(record)
        return _bead(record, raw, _take_work(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GasTownError(f"This is not a bead: {error}.", "Nothing was changed.") from error


def foreign(record: bytes, id: str = "") -> Bead:
    """A bead from a record somebody else wrote: all of it is kept, and no part of it is taken for the town's own.

    Args:
        id: the bead's id where the record has none.

    Raises:
        msgspec.DecodeError: it is no JSON, or a field has another shape (then a ValidationError that names it).
        RecursionError: it is nested too deeply.
    """
    raw = _decode_raw(record)
    if id and "id" not in raw:
        raw = {"id": Raw(msgspec.json.encode(id)), **raw}
        record = msgspec.json.encode(raw)
    return _bead(record, raw, Work(form=form.of(raw)))


def _bead(record: bytes, raw: dict[str, Raw], work: Work) -> Bead:
    hot = _decode_hot(record)
    extra = _canonical({k: v for k, v in raw.items() if k not in _HOT or (k not in _NEEDED and v in _EMPTY)})
    read = ((name, getattr(hot, name, None)) for name in _HOT)
    values = {name: value for name, value in read if value is not None and (value != "" or name in _NEEDED)}
    if (found := raw.get("dependencies", _EMPTY[0])) not in _EMPTY:
        values["dependencies"] = edges.read(found)
    return Bead(**values, work=work, extra=extra)


def _take_work(raw: dict[str, Raw]) -> Work:
    """Take the town's part out of `metadata`, leaving what others keep there, an object or not, as it was."""
    metadata = raw.get("metadata")
    if metadata is None or not bytes(metadata).startswith(b"{"):
        return Work()
    inside = _decode_raw(metadata)
    if (gt := inside.pop("gt", None)) is None:
        return Work()
    if (was := inside.pop(_BEFORE, None)) is not None:
        raw["metadata"] = was
    elif inside:
        raw["metadata"] = Raw(msgspec.json.encode(inside))
    else:
        del raw["metadata"]
    work = _decode_work(gt)
    return msgspec.structs.replace(work, form=sys.intern(work.form)) if work.form else work


def _canonical(values: Mapping[str, Any]) -> bytes:
    """One text for one meaning, so that equal beads are equal: keys sorted, no white space, numbers as they came."""
    return msgspec.json.format(msgspec.json.encode(dict(values), order="sorted"), indent=-1)


def parts(bead: Bead, *, town: bool = True) -> dict[str, Any]:
    """Every field of the bead's record, in no order; `town` says whether its own part stands under `metadata.gt`."""
    out: dict[str, Any] = dict(_decode_raw(bead.extra))
    for name, default, value in zip(_NAMES, _DEFAULTS, _values(bead), strict=True):
        if default is not None:
            if name not in out or value != default:
                out[name] = value
        elif value or name in _NEEDED:
            out[name] = value
    if bead.dependencies:
        out["dependencies"] = [Raw(edges.write(d)) for d in bead.dependencies]
    if town:
        metadata = out.get("metadata")
        theirs = _decode_raw(metadata) if metadata is not None and bytes(metadata).startswith(b"{") else {}
        taken = "gt" in theirs or _BEFORE in theirs
        if taken or bead.work != _NO_WORK:
            whole = metadata is not None and (taken or not theirs)
            out["metadata"] = {**({_BEFORE: metadata} if whole else theirs), "gt": bead.work}
    return out


def record(bead: Bead) -> dict[str, Any]:
    """The bead as a plain JSON object, in the shape of Beads, with the town's part under `metadata.gt`."""
    text = msgspec.json.encode(parts(bead))
    plain: dict[str, Any]
    try:
        plain = msgspec.json.decode(text)
    except msgspec.ValidationError:  # a number no machine number holds: shown as it was written
        plain = json.loads(text, parse_float=lambda number: number if math.isinf(float(number)) else float(number))
    return plain


def encode(bead: Bead) -> bytes:
    """The bead as it stands in the ledger: sorted keys, one field a line, for plain git to read."""
    return msgspec.json.format(msgspec.json.encode(parts(bead), order="sorted"), indent=1) + b"\n"


def written(bead: Bead, *, town: bool = False) -> bytes:
    """The bead in one line, as its source wrote it but for what has changed since; `town` adds `metadata.gt`."""
    values = parts(bead, town=town)
    for name in form.unsaid(bead.work.form):
        if values.get(name) == form.DEFAULTS[name]:
            del values[name]
    return msgspec.json.encode({name: values[name] for name in form.ordered(values, bead.work.form)})


def fitting(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a bead as values of the right shape: editable fields and `dependencies`; None empties a field.

    Raises:
        msgspec.ValidationError: a field that cannot be set so, or a value of another kind.
    """
    out: dict[str, Any] = {}
    for name, value in changes.items():
        field = EDITABLE.get(name) or _EDGES.get(name)
        if field is None:
            raise msgspec.ValidationError(f"there is no field {name} to set")
        empty = () if field.kind in ("words", "edges") else "" if field.hot else None
        try:
            out[name] = empty if value is None and name not in _KEEP_EMPTY else _KINDS[field.kind](value)
        except msgspec.ValidationError as error:
            raise msgspec.ValidationError(f"{name}: {error}") from error
    return out


def make(id: str, title: str, at: str, **fields: Any) -> Bead:
    """A new bead; `fields` may name any of FIELDS, and `work`."""
    clean: Mapping[str, Any] = {k: v for k, v in fields.items() if v not in (None, "", (), [])}
    return Bead(id=id, title=title, created_at=at, updated_at=at).changed(**clean)
