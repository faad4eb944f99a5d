"""Looks for secrets in what comes in from outside: such a record is refused, or taken with words in their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from gastown_tui import redact
from gastown_tui.model.errors import Refused
from gastown_tui.model.events import Entry
from gastown_tui.model.formats.draft import Draft
from gastown_tui.model.formats.places import Wrong, value_of

Raw = msgspec.Raw
_NAMED = re.compile(r"pass|pwd|secret|token|key|credential|auth|lease", re.IGNORECASE)
_SHORTEST = 6
_SHOWN = 20


class Secret(NamedTuple):
    """What looks like a secret: the line of its record, the field, and what it seems to be."""

    line: int
    where: str
    kind: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where} holds what looks like a {self.kind}"


def screened(source: str, drafts: Sequence[Draft], redacting: bool) -> tuple[tuple[Draft, ...], list[Secret]]:
    """Drafts without secrets, and which were taken out.

    Raises:
        Refused: there are some, and nobody said that they may be taken out; the lines stand in it.
    """
    out: list[Draft] = []
    found: list[Secret] = []
    for draft in drafts:
        try:
            clean, secrets = _screened(draft)
        except Wrong as error:
            raise Refused(f"{source}, line {draft.line}: {error.what}", "Nothing was imported.") from error
        out.append(clean)
        found += secrets
    if found and not redacting:
        shown = [f"{source}, {secret}" for secret in found[:_SHOWN]]
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        hint = "Nothing was imported. Take them out of the file, or import with words in their place: --redact"
        raise Refused("\n".join([*shown, *more]), hint)
    return tuple(out), found


def _screened(draft: Draft) -> tuple[Draft, list[Secret]]:
    values = value_of(draft.record)
    if not _suspect([values, [[x.old, x.new, x.text] for x in draft.history]]):
        return draft, []
    secrets: list[Secret] = []
    raw = msgspec.json.decode(draft.record, type=dict[str, Raw])
    for name, value in values.items():
        # Under its name, because a value is also judged by that; only what holds a secret is written anew.
        new, found = redact.inside({name: value})
        if found:
            raw[name] = Raw(msgspec.json.encode(new[name]))
            secrets += [Secret(draft.line, one.where, one.kind) for one in found]
    history = tuple(_entry(entry, draft.line, secrets) for entry in draft.history)
    if not secrets:
        return draft, []
    return msgspec.structs.replace(draft, record=msgspec.json.encode(raw).decode(), history=history), secrets


def _entry(entry: Entry, line: int, secrets: list[Secret]) -> Entry:
    found = {name: redact.find(getattr(entry, name)) for name in ("old", "new", "text")}
    secrets += [Secret(line, "its history", one.kind) for some in found.values() for one in some]
    changed = {name: redact.redact(getattr(entry, name)) for name, some in found.items() if some}
    return msgspec.structs.replace(entry, **changed) if changed else entry


def _suspect(values: Any) -> bool:
    """Whether it is worth looking closer: one look at all long texts together costs a fifth of one at each."""
    text = msgspec.json.encode(values).decode()
    if not redact.may_hold(text) and "\\u001b" not in text:
        return False
    texts = list(_texts(values))
    return bool(redact.find("\n\n".join(texts))) if texts else False


def _texts(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        if len(values) >= _SHORTEST:
            yield values
    elif isinstance(values, dict):
        for name, value in values.items():
            if isinstance(value, str) and value and _NAMED.search(name):
                yield f'"{name}": "{value}"'
            yield from _texts(value)
            if len(name) >= _SHORTEST:
                yield name
    elif isinstance(values, list):
        for value in values:
            yield from _texts(value)
