"""Git's own opinion of three versions of one file, for where its diff and libgit2's may differ."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from gastown_tui.rig import git


@lru_cache(maxsize=4096)
def git_stops(base: bytes, ours: bytes, theirs: bytes) -> bool:
    """Whether `git merge` stops over this file: asked in a repository of its own that is gone afterwards.

    Raises:
        GitFailed: git could not be asked.
    """
    with tempfile.TemporaryDirectory(prefix="gt-radar-") as folder:
        here = Path(folder)
        git.run(["init", "--quiet", "--bare", "--template=", "."], here)
        put = b"".join(
            b"commit refs/heads/%s\ncommitter a <a> 0 +0000\ndata 0\n%sM 100644 inline f\ndata %d\n%s\n"
            % (name, b"" if name == b"b" else b"from refs/heads/b\n", len(text), text)
            for name, text in ((b"b", base), (b"o", ours), (b"t", theirs))
        )
        git.run(["-c", "core.fsync=none", "fast-import", "--quiet"], here, input=put)
        told = git.run(["merge-tree", "--write-tree", "--name-only", "o", "t"], here, check=False)
    # A git too old to be asked counts as unsure.
    return told.code != 0
