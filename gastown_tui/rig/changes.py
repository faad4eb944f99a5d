"""Which files differ between two commits, as git's own rename detection has it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from gastown_tui.rig import git

_IDS = re.compile(r"[0-9a-f]{40} [0-9a-f]{40}")


class Row(NamedTuple):
    """One file a side changed, as `git diff-tree --raw` has it; a blob of zeros is none."""

    status: str
    old: str
    new: str
    before: str
    after: str


def rows(repo_path: Path, base: str, side: str) -> list[Row]:
    """The files a commit changed since another, renames followed, submodules left out. Raises GitFailed."""
    ask = _kept if _IDS.fullmatch(f"{base} {side}") else _asked
    return list(ask(repo_path, base, side))


def _asked(repo_path: Path, base: str, side: str) -> tuple[Row, ...]:
    words = ["diff-tree", "-r", "-z", "-M", "--raw", "--no-abbrev", f"{base}^{{tree}}", f"{side}^{{tree}}"]
    fields = iter(git.run(words, repo_path).text.split("\0"))
    found = []
    for head in fields:
        if not head:
            break
        modes, before, after, status = head.rsplit(" ", 3)
        old = next(fields)
        new = next(fields) if status[0] in "RC" else old
        if "160000" not in modes:
            found.append(Row(status[0], old, new, before, after))
    return tuple(found)


_kept = lru_cache(maxsize=512)(_asked)
"""What differs between two commits that are named by their ids never changes, and is asked again for each candidate."""


def moves(found: list[Row]) -> dict[str, str]:
    """New path by old path of the renamed files."""
    return {row.old: row.new for row in found if row.status == "R"}
