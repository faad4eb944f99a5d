"""Globs over a repository's paths, as people write them in settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches(path: str, glob: str) -> bool:
    """Whether a path (with slashes, from the top of the repository) is meant by a glob.

    `*` and `?` stay within a name, `**` crosses folders, `docs/` is all below that folder, and a glob without a slash
    is meant in every folder, as in .gitignore.
    """
    return _compiled(glob).fullmatch(path) is not None


def any_match(paths: Iterable[str], globs: Iterable[str]) -> bool:
    """Whether one of the paths is meant by one of the globs."""
    compiled = [_compiled(glob) for glob in globs]
    return any(one.fullmatch(path) for path in paths for one in compiled)


@lru_cache(maxsize=256)
def _compiled(glob: str) -> re.Pattern[str]:
    text = glob.removeprefix("./")
    anywhere = "/" not in text.rstrip("/")
    text = text.lstrip("/")
    if text.endswith("/"):
        text += "**"
    out = ["(?:.*/)?"] if anywhere and not glob.startswith("/") else []
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", text)
    out += [{"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part)) for part in parts]
    # A glob that names a folder means what is in it.
    return re.compile("".join(out) + ("" if text.endswith("*") else "(?:/.*)?"), re.DOTALL)
