"""JSON lists of work: `[{title, description?, files?, needs?, priority?, labels?}]`, and issues as `gh` prints them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from gastown_tui.model.formats.draft import Draft, Fault, Numbered, Reading, record_of
from gastown_tui.model.formats.places import Wrong, offset_of, text_of, value_of

JSON, GITHUB = "json", "github"
_Object = Mapping[str, Any]
_PRIORITIES = {"critical": 0, "urgent": 0, "high": 1, "medium": 2, "normal": 2, "low": 3, "lowest": 4, "backlog": 4}
_TYPES = {"bug": "bug", "enhancement": "feature", "feature": "feature", "epic": "epic", "chore": "chore"}
_OWN = ("title", "description", "files", "needs", "priority", "labels", "id", "key")
_KEPT = (
    "acceptance_criteria", "design", "notes", "issue_type", "assignee", "estimated_minutes", "due_at", "external_ref",
    "defer_until",
)  # fmt: skip


def read(data: bytes) -> Reading:
    """A list of objects with a `title`; `needs` name others of the list by title, `id`, `key` or number from 1."""
    return _read(data, JSON, _of_list)


def read_github(data: bytes) -> Reading:
    """`gh issue list --json number,title,body,labels,assignees,state,createdAt,closedAt,url`."""
    return _read(data, GITHUB, lambda items: (_issue(item) for item in items))


def _read(data: bytes, name: str, drafts: Callable[[Sequence[Any]], Iterator[Draft | Wrong]]) -> Reading:
    text = ""
    try:
        text = text_of(data.removeprefix(b"\xef\xbb\xbf"))
        items = value_of(text)
        if not isinstance(items, list):
            raise Wrong(0, "one JSON list is wanted")
    except Wrong as error:
        return Reading(name, faults=(_fault(text or data.decode("utf-8", "replace"), error.offset, error.what),))
    starts = _starts(text)
    good: list[Draft] = []
    faults: list[Fault] = []
    for number, found in enumerate(drafts(items), 1):
        start = starts[number - 1]
        if isinstance(found, Wrong):
            key = found.what.partition(":")[0]
            faults.append(_fault(text, start + offset_of(text[start:], key), f"item {number}, {found.what}"))
        else:
            good.append(msgspec.structs.replace(found, line=text.count("\n", 0, start) + 1))
    return Reading(name, tuple(good), tuple(faults))


def _starts(text: str) -> list[int]:
    """Where each item of the outermost list begins."""
    out, at = [], text.find("[") + 1
    for raw in msgspec.json.decode(text, type=list[msgspec.Raw]):
        item = bytes(raw).decode()
        at = text.find(item, at)
        out.append(at)
        at += len(item)
    return out


def _fault(text: str, offset: int, what: str) -> Fault:
    before = text[:offset]
    return Fault(before.count("\n") + 1, len(before) - before.rfind("\n"), what)


def _text(item: _Object, name: str, default: str = "") -> str:
    found = item.get(name)
    if found is None:
        return default
    if not isinstance(found, str):
        raise Wrong(0, f"{name}: text is wanted")
    return found


def _texts(item: _Object, name: str) -> tuple[str, ...]:
    found = item.get(name)
    if found is None:
        return ()
    if isinstance(found, str):
        return (found,)
    if not isinstance(found, list) or not all(isinstance(x, str) for x in found):
        raise Wrong(0, f"{name}: a list of texts is wanted")
    return tuple(found)


def _title(item: Any) -> str:
    if not isinstance(item, dict):
        raise Wrong(0, "item: one JSON object is wanted")
    if not (title := " ".join(_text(item, "title").split())):
        raise Wrong(0, "title: it is missing or empty")
    return title if len(title) <= 500 else title[:499] + "…"


# lists of work


def _of_list(items: Sequence[Any]) -> Iterator[Draft | Wrong]:
    names: dict[str, str] = {}
    origins: list[str | Wrong] = []
    numbered = Numbered()
    for number, item in enumerate(items, 1):
        try:
            title = _title(item)
        except Wrong as error:
            origins.append(error)
            continue
        known = numbered(str(item.get("id") or item.get("key") or title))
        origin = "json:" + hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        origins.append(origin)
        for name in (str(number), title, *(str(item[key]) for key in ("id", "key") if item.get(key))):
            names.setdefault(name, origin)
    for item, found in zip(items, origins, strict=True):
        try:
            yield found if isinstance(found, Wrong) else _listed(item, found, names)
        except Wrong as error:
            yield error


def _listed(item: _Object, origin: str, names: Mapping[str, str]) -> Draft:
    wanted = item.get("needs") or ()
    if not isinstance(wanted, list | tuple):
        raise Wrong(0, "needs: a list is wanted")
    needs = tuple(names.get(str(need), str(need)) for need in wanted)
    record: dict[str, Any] = {"title": _title(item), "description": _text(item, "description")}
    record["priority"] = _priority(item.get("priority"))
    record["labels"] = _texts(item, "labels")
    record |= {name: item[name] for name in _KEPT if item.get(name) not in (None, "")}
    record |= {name: value for name, value in item.items() if name not in (*_OWN, *_KEPT)}
    try:
        text = record_of(record)
    except (TypeError, UnicodeEncodeError) as error:
        raise Wrong(0, f"title: {error}") from None
    return Draft(text, 0, origin, True, _texts(item, "files"), needs)


def _priority(found: Any) -> int:
    """0 to 4, `P1`, or a word such as high."""
    if found is None:
        return 2
    if isinstance(found, str):
        word = found.strip().lower()
        found = _PRIORITIES.get(word, int(word[1:]) if word[:1] == "p" and word[1:].isdecimal() else word)
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= 4:
        return found
    raise Wrong(0, f"priority: 0 to 4 or {', '.join(_PRIORITIES)} is wanted")


# GitHub


def _issue(item: Any) -> Draft | Wrong:
    try:
        title = _title(item)
        number = item.get("number")
        if not isinstance(number, int) or isinstance(number, bool):
            raise Wrong(0, "number: the issue's number is missing")
        labels = tuple(_named(x, "name", "labels") for x in item.get("labels") or ())
        people = [_named(x, "login", "assignees") for x in item.get("assignees") or ()]
        url = _text(item, "url")
        record: dict[str, Any] = {
            "title": title, "description": _text(item, "body"), "labels": labels, "external_ref": f"gh-{number}",
            "priority": _from_labels(labels), "issue_type": next((_TYPES[x] for x in labels if x in _TYPES), "task"),
        }  # fmt: skip
        closed = _text(item, "state", "OPEN").upper() != "OPEN"
        more = {
            "assignee": people[0] if people else "", "status": "closed" if closed else "", "source_system": url,
            "created_at": _text(item, "createdAt"), "closed_at": _text(item, "closedAt") if closed else "",
        }  # fmt: skip
        record |= {name: value for name, value in more.items() if value}
        repository = urlsplit(url).path.partition("/issues/")[0].strip("/")
        return Draft(record_of(record), 0, f"gh:{repository}#{number}", True)
    except Wrong as error:
        return error


def _named(found: Any, key: str, name: str) -> str:
    value = found.get(key) if isinstance(found, dict) else found
    if not isinstance(value, str):
        raise Wrong(0, f"{name}: a list of objects with a {key} is wanted")
    return value


def _from_labels(labels: Sequence[str]) -> int:
    """The priority a label says, as `P1`, `priority: high` or `critical`."""
    for label in labels:
        try:
            return _priority(label.lower().removeprefix("priority").lstrip(":/- ").strip())
        except Wrong:
            continue
    return 2
