"""The contents of many files at once, read by git itself: a third of libgit2's time for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gastown_tui.rig import git
from gastown_tui.rig.errors import Damaged


def contents(repository: Path, files: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Path and content of files that are given as path and id; all of the contents are in memory at once.

    Raises:
        Damaged: one cannot be read. GitFailed: git could not be asked.
    """
    wanted = b"".join(oid.hex().encode() + b"\n" for _, oid in files)
    out = git.run(["cat-file", "--batch", "--buffer"], repository, input=wanted).out
    at = 0
    for path, oid in files:
        end = out.find(b"\n", at)
        head = out[at:end].split()
        if end < 0 or head[:2] != [oid.hex().encode(), b"blob"]:
            raise Damaged(f"The ledger's object {oid.hex()[:12]} ({path}) cannot be read.", "Try: git fsck")
        at = end + 1 + int(head[2])
        yield path, out[end + 1 : at]
        at += 1
