"""What the rig itself tells its agents: CLAUDE.md and AGENTS.md, for runtimes that do not read them."""

from __future__ import annotations

from gastown_tui.agents.runtime import Runtime
from gastown_tui.engine.base import Base

_FILES = ("AGENTS.md", "CLAUDE.md")
_MOST = 20_000


def instructions(base: Base, runtime: Runtime) -> str:
    """The rig's own instructions, or nothing where the runtime reads them by itself."""
    if runtime.reads_instructions:
        return ""
    found = []
    for name in _FILES:
        text = base.repo.read_file(base.books.town.tip, name)
        if text:
            found.append(f"## {name}\n{text[:_MOST]}")
    return "\n\n".join(found)
