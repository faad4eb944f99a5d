"""Which format a file is in, by its name and by how it begins."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from gastown_tui.model.errors import Refused
from gastown_tui.model.formats import beads_jsonl, lists, markdown, sarif
from gastown_tui.model.formats.draft import Reading

READERS: dict[str, Callable[[bytes], Reading]] = {
    "beads": beads_jsonl.read, "sarif": sarif.read, "json": lists.read, "github": lists.read_github,
    "markdown": markdown.read,
}  # fmt: skip
TITLES = {
    "beads": "Beads JSONL", "sarif": "SARIF 2.1.0", "json": "a JSON list", "github": "GitHub issues",
    "markdown": "a Markdown checklist",
}  # fmt: skip
_SUFFIXES = {".sarif": "sarif", ".md": "markdown", ".markdown": "markdown", ".jsonl": "beads", ".ndjson": "beads"}
_CHECK = re.compile(rb"^\s*(?:[-*+]|\d+[.)])\s+\[.?\]", re.MULTILINE)
_Raw = dict[str, msgspec.Raw]


def guess(name: str, data: bytes) -> str:
    """The format of a file of that name; raises Refused when it cannot be told, or is no text."""
    if b"\0" in data[:65536]:
        raise Refused(f"{name} is not text.", "Nothing was imported.")
    low = name.lower()
    for suffix, format in _SUFFIXES.items():
        if low.endswith((suffix, f"{suffix}.json")):
            return format
    head = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"["):
        return _list(data)
    if head.startswith(b"{"):
        return "sarif" if _has(data, "runs") else "beads"
    if _CHECK.search(data):
        return "markdown"
    hint = f"Nothing was imported. Say which: --format {'|'.join(READERS)}"
    raise Refused(f"What {name} holds cannot be told from how it begins.", hint)


def _has(data: bytes, key: str) -> bool:
    """Whether it is one object with that key; of one that breaks off the first words count."""
    for text in (data, data.lstrip().split(b"\n", 1)[0]):
        try:
            return key in msgspec.json.decode(text, type=_Raw)
        except (msgspec.DecodeError, RecursionError):
            continue
    return f'"{key}"'.encode() in data[:4096]


def _list(data: bytes) -> str:
    """GitHub's issues have numbers; anything else is a list of work."""
    try:
        first = next(iter(msgspec.json.decode(data, type=list[_Raw])), {})
    except (msgspec.DecodeError, RecursionError):
        return "json"
    return "github" if "number" in first and ("url" in first or "state" in first or "body" in first) else "json"
