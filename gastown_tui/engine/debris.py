"""What tools leave behind in a worktree and nobody means to commit: it keeps no work from being handed in."""

from __future__ import annotations

from collections.abc import Iterable

_LEFT_BY_TOOLS = frozenset(
    {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".coverage", ".tox", "node_modules"}
)


def unsaved(status: Iterable[str]) -> list[str]:
    """The lines of `git status` ("XY name") that are somebody's work: all but untracked leavings of tools."""
    return [line for line in status if not (line.startswith("??") and _is_debris(line[3:]))]


def _is_debris(path: str) -> bool:
    return path.endswith(".pyc") or not _LEFT_BY_TOOLS.isdisjoint(path.rstrip("/").split("/"))
