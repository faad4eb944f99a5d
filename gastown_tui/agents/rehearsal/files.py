"""What the worker does to files: each edit can be repeated after a kill without doing its work twice."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from gastown_tui.agents.rehearsal.script import Step

_MARKERS = re.compile(
    r"^<{7}[^\n]*\n(?P<ours>.*?)(?:^\|{7}[^\n]*\n.*?)?^={7}\n(?P<theirs>.*?)^>{7}[^\n]*(?:\n|\Z)", re.S | re.M)


class Edit(NamedTuple):
    """One file as it was and as it shall be; `trouble` says why it cannot be made."""

    path: str
    old: str
    new: str
    trouble: str = ""


def read(path: str) -> str | None:
    """A file's text, or None when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except OSError:
        return None


def save(path: str, text: str) -> None:
    """Write a file and the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)


def plan(step: Step, folder: str) -> Edit:
    """What a `write`, `append` or `replace` step makes of its file in a worktree; nothing is written yet."""
    name, _, source = (word.strip() for word in step.rest.partition("<"))
    path = os.path.join(folder, name)
    body = step.body
    old = read(path)
    if source:
        copied = read(os.path.join(step.folder, source)) if step.folder else None
        if copied is None:
            return Edit(path, old or "", old or "", f"{source}: no such file in this part")
        body = copied
    if step.verb == "write":
        return Edit(path, old or "", body)
    if step.verb == "append":
        return Edit(path, old or "", (old or "") if (old or "").endswith(body) else (old or "") + body)
    return _replaced(path, old, body)


def _replaced(path: str, old: str | None, body: str) -> Edit:
    """`replace`: the body holds what is there, a line of `====`, and what shall be there instead."""
    before, _, after = body.partition("====\n")
    if old is None:
        return Edit(path, "", "", "File does not exist.")
    if before in after:
        rows = old.splitlines()
        done = all(row in rows for row in after.splitlines() if row not in before.splitlines())
    else:
        done = before not in old and after in old
    if done or not before or before not in old:
        return Edit(path, old, old, "" if done else "String to replace not found in file.")
    return Edit(path, old, old.replace(before, after, 1))


def keep_both(text: str) -> str:
    """A file without conflict markers: of every hunk ours, then theirs, what both begin or end with only once."""
    return _MARKERS.sub(lambda match: _both(match["ours"], match["theirs"]), text)


def _both(ours: str, theirs: str) -> str:
    mine, other = ours.splitlines(keepends=True), theirs.splitlines(keepends=True)
    head, tail = shared_ends(mine, other)
    return "".join(mine[:len(mine) - tail] + other[head:])


def shared_ends(one: list[str], two: list[str]) -> tuple[int, int]:
    """How many rows two lists both begin with, and how many of the rest they both end with."""
    most = min(len(one), len(two))
    head = next((row for row in range(most) if one[row] != two[row]), most)
    tail = next((row for row in range(most - head) if one[-1 - row] != two[-1 - row]), most - head)
    return head, tail
