"""Finds file:line in what runners print."""

from __future__ import annotations

import re

_PLACE = re.compile(r"(?P<path>[\w@.+\\/-]{1,300}\.[A-Za-z]\w{0,9}):(?P<line>\d{1,7})(?::\d{1,5})?(?![\w.])")
_FOREIGN = (
    "site-packages/", "node_modules/", "/lib/python", "/usr/local/go/", "node:internal", "/rustc/", "/.cargo/",
    "/unittest/", "/go/pkg/mod/", "/_pytest/",
)  # fmt: skip


def place(text: str) -> str:
    """The first file:line in a text that is not a library's own, or nothing."""
    for found in _PLACE.finditer(text[:2000]):
        if not foreign(found["path"]):
            return f"{found['path']}:{found['line']}"
    return ""


def foreign(path: str) -> bool:
    """Whether a file is a library's or a runner's rather than the project's."""
    return any(part in path for part in _FOREIGN)
