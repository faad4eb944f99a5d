"""What the rig itself tells its agents: CLAUDE.md and AGENTS.md, for runtimes that do not read them by themselves."""

from __future__ import annotations

from pathlib import Path

from gastown_tui.agents.runtime import Runtime

_FILES = ("CLAUDE.md", "AGENTS.md")
_MOST = 64 * 1024


def instructions(worktree: Path, runtime: Runtime) -> str:
    """What those files at the top of `worktree` say, less those the runtime reads; a repeated one only once.

    A link that leads out of the worktree is not followed, and of each file 64 KB are taken.
    """
    said = {_content(worktree, name) for name in runtime.reads}
    parts = []
    for name in _FILES:
        content = _content(worktree, name)
        if content and content not in said:
            said.add(content)
            parts.append(f"### {name} of this repository\n\n{content}")
    return "\n\n".join(parts)


def _content(worktree: Path, name: str) -> str:
    path = worktree / name
    try:
        if not path.resolve(strict=True).is_relative_to(worktree.resolve()):
            return ""
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace").strip()
    except OSError:
        return ""
