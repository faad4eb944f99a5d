"""The environment agents and a rig's own commands run in (interfaces.md): the person's, less what is dropped."""

from __future__ import annotations

import os
from pathlib import Path

from gastown_tui.engine.base import Base
from gastown_tui.model.orders import Caller
from gastown_tui.rig import guard


def inherited(base: Base) -> dict[str, str]:
    """The person's environment at start, without git's variables and the town's, less `env.drop`."""
    settings = base.config.env
    found = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "GT_"))}
    if settings.only:
        found = {k: v for k, v in found.items() if k in settings.only}
    found = {k: v for k, v in found.items() if k not in settings.drop}
    return {**found, **settings.set}


def guarded(
    base: Base, branch: str | None, temp: Path, name: str = "", worktree: Path | None = None
) -> dict[str, str]:
    """The inherited environment with git under guard: only `branch` may be moved (None: nothing)."""
    env = inherited(base)
    env.update(
        guard.environment(
            hooks=base.place.hooks, common_dir=base.repo.common_dir, branch=branch, temp=temp,
            pushurls=guard.pushurls(base.repo), existing=env, identity=(name or "gastown", base.repo.ident()[1]),
            worktree=worktree, remotes=guard.remotes(base.repo),
        )
    )  # fmt: skip
    return env


def command_environment(base: Base, branch: str | None = None, name: str = "") -> dict[str, str]:
    """What the rig's own commands get: they run what agents wrote, so git is under guard for them too."""
    temp = base.place.gastown / "tmp"
    temp.mkdir(mode=0o700, exist_ok=True)
    return {**guarded(base, branch, temp, name), "TMPDIR": str(temp)}


def agent_environment(
    base: Base, caller: Caller, worktree: Path, branch: str | None, token: str, lease: str, folder: Path
) -> dict[str, str]:
    """What one agent's process gets."""
    temp = folder / "tmp"
    temp.mkdir(mode=0o700, exist_ok=True)
    env = guarded(base, branch, temp, caller.name, worktree)
    env["PATH"] = f"{base.place.hooks / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    port = base.ports.of(caller.name, base.config.worktree.ports)
    env.update(
        TMPDIR=str(temp), GT_SOCKET=base.socket, GT_TOKEN=token, GT_LEASE=lease, GT_ROLE=caller.role,
        GT_RIG=base.config.rig, GT_WORKTREE=str(worktree), GT_PORT=str(port),
    )  # fmt: skip
    return env

