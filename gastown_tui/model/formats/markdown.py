"""Markdown: checklists read as beads, what is indented as part of what it stands under; and a board as a report."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gastown_tui.model.bead import Bead
from gastown_tui.model.formats.draft import Draft, Fault, Numbered, Reading, record_of
from gastown_tui.model.formats.places import Wrong, text_of

NAME = "markdown"
_ITEM = re.compile(r"^(?P<indent>[ \t]*)(?:[-*+]|\d+[.)])[ \t]+\[(?P<mark>.?)\](?P<rest>.*)$")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_LEVELS = 50


def read(data: bytes) -> Reading:
    """Every `- [ ]` and `- [x]` (closed); text indented under an item is its description, a heading is a label."""
    try:
        text = text_of(data.removeprefix(b"\xef\xbb\xbf"))
    except Wrong as error:
        before = data.decode("utf-8", "replace")[: error.offset]
        return Reading(NAME, faults=(Fault(before.count("\n") + 1, len(before) - before.rfind("\n"), error.what),))
    items: list[_Item] = []
    faults: list[Fault] = []
    above: list[_Item] = []
    heading, fenced = "", False
    numbered = Numbered()
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or (found := _ITEM.match(line)) is None:
            if not fenced and (head := _HEADING.match(line)) is not None:
                heading, above = " ".join(head[1].split()), []
            elif above and (not line.strip() or line[:1].isspace()):
                above[-1].below.append(line.strip() if not fenced else line)
            continue
        depth = len(found["indent"].expandtabs(4))
        above = [item for item in above if item.depth < depth]
        title = " ".join(found["rest"].split())
        item = _Item(number, depth, title, found["mark"], heading, above[-1] if above else None)
        if (why := _amiss(item, len(above))) is not None:
            faults.append(Fault(number, found.start("mark") if "[" in why else found.start("rest") + 1, why))
            continue
        path = "\0".join((heading, *(one.title for one in above), item.title))
        item.origin = "md:" + hashlib.sha256(numbered(path).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        above.append(item)
        items.append(item)
    return Reading(NAME, tuple(item.draft() for item in items), tuple(faults))


class _Item:
    """One line of a checklist, and what stands under it."""

    def __init__(self, line: int, depth: int, title: str, mark: str, heading: str, parent: _Item | None) -> None:
        self.line = line
        self.depth = depth
        self.title = title
        self.mark = mark
        self.heading = heading
        self.parent = parent
        self.origin = ""
        self.below: list[str] = []

    def draft(self) -> Draft:
        """The item as a draft."""
        record: dict[str, Any] = {"title": self.title, "description": "\n".join(self.below).strip()}
        if self.mark in "xX":
            record["status"] = "closed"
        if self.heading:
            record["labels"] = ["-".join(self.heading.lower().split())[:60]]
        parent = self.parent.origin if self.parent is not None else ""
        return Draft(record_of(record), self.line, self.origin, True, parent=parent)


def _amiss(item: _Item, level: int) -> str | None:
    if item.mark not in (" ", "x", "X"):
        return f"[ ] or [x] is wanted, not [{item.mark}]"
    if not item.title:
        return "this item says nothing"
    if len(item.title) > 500:
        return f"a title has at most 500 characters, this has {len(item.title)}"
    return f"this is nested more than {_LEVELS} levels deep" if level >= _LEVELS else None


def write(columns: Mapping[str, Iterable[Bead]], title: str) -> Iterator[bytes]:
    """A report: a heading for each column that has beads, an item for each bead.

    Args:
        columns: name of a column → its beads, both in the order they shall stand.
        title: what the report is called.
    """
    yield f"# {_escaped(title)}\n".encode()
    for name, found in columns.items():
        if not (beads := list(found)):
            continue
        yield f"\n## {name.capitalize()} ({len(beads)})\n\n".encode()
        for bead in beads:
            mark = "x" if bead.status == "closed" else " "
            more = [f"P{bead.priority}", bead.issue_type, *([f"@{bead.assignee}"] if bead.assignee else [])]
            more += [f"needs {', '.join(bead.needs)}"] if bead.needs else []
            yield f"- [{mark}] **{_escaped(bead.id)}** {_escaped(bead.title)} ({_escaped(', '.join(more))})\n".encode()


def _escaped(text: str) -> str:
    """One line in which Markdown sees nothing to obey."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))
