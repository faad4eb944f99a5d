"""Makes a test slot exactly a commit: clean, with its dependency folders kept warm, set up again when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from gastown_tui.engine.base import Base
from gastown_tui.engine.gating import process
from gastown_tui.engine.preparing import bring, mark
from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git

log = logging.getLogger(__name__)

WARM = frozenset({
    "node_modules", ".venv", "venv", ".tox", ".nox", "target", ".gradle", ".bundle", ".pnpm-store", "Pods", ".direnv",
})  # fmt: skip
"""Folders of dependencies: kept from run to run where git ignores them."""

MANIFESTS = frozenset({
    "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
    "pyproject.toml", "setup.py", "setup.cfg", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile", "Pipfile.lock",
    "Cargo.toml", "Cargo.lock", "go.mod", "go.sum", "Gemfile", "Gemfile.lock", "composer.json", "composer.lock",
    "mix.exs", "mix.lock", "pom.xml", "build.gradle", "build.gradle.kts", "gradle.lockfile", "Podfile.lock",
    ".python-version", ".nvmrc", ".node-version", ".ruby-version", ".tool-versions", "rust-toolchain.toml",
})  # fmt: skip
"""Files that say which dependencies there are; requirements*.txt too."""

SETUP_SECONDS = 900.0


async def have(base: Base, name: str, commit: str) -> Path:
    """The slot of that name, made if it is not there, exactly at `commit` (as `at`)."""
    path = base.worktrees.folder / name
    if await asyncio.to_thread((path / ".git").exists):
        try:
            await at(base, path, commit)
            return path
        except GasTownError as error:
            log.warning("%s is made ready again: %s", name, error)
    path = await base.worktrees.add_detached(name, commit)
    await at(base, path, commit)
    return path


async def forget(base: Base, name: str) -> None:
    """Take a slot away with everything that was installed in it: the next run makes it anew. Raises GasTownError."""
    slot = base.worktrees.folder / name
    await asyncio.to_thread(mark(base, slot).unlink, missing_ok=True)
    # Nobody works in a slot: there is nothing unsaved in it.
    await base.worktrees.remove(slot, unsaved="discard")


async def at(base: Base, slot: Path, commit: str) -> None:
    """Have the slot hold exactly `commit`, its ignored dependency folders, and what config.toml copies and links.

    Nobody works in a slot: whatever else lies there goes. Raises GasTownError.
    """
    warm = await _warm(slot)
    await base.worktrees.reset(slot, commit, keep=warm)
    await asyncio.to_thread(bring, base, slot)


async def _warm(slot: Path) -> list[str]:
    """The ignored dependency folders of a slot, from its top."""
    words = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]
    told = await git.arun(words, slot)
    paths = [path.rstrip("/") for path in told.text.split("\0") if path.endswith("/")]
    return [path for path in paths if path.rpartition("/")[2] in WARM]


async def set_up(
    base: Base, slot: Path, commit: str, env: Mapping[str, str], take: Callable[[bytes], Awaitable[None]]
) -> tuple[str, process.Ended] | None:
    """Run the set-up commands of config.toml unless this slot had them for these manifests.

    Returns:
        The command that failed and how; None when the slot is set up. What failed is tried again next time.
    """
    done, wanted = mark(base, slot), await _fingerprint(base, slot, commit)
    if await asyncio.to_thread(_text, done) == wanted:
        return None
    await asyncio.to_thread(done.unlink, missing_ok=True)
    for command in base.config.worktree.setup:
        await take(f"$ {command}\n".encode())
        ended = await process.run(command, slot, env, SETUP_SECONDS, base.clock, take)
        if not ended.ok:
            return command, ended
    await asyncio.to_thread(done.write_text, wanted, encoding="utf-8")
    return None


async def _fingerprint(base: Base, slot: Path, commit: str) -> str:
    """Of everything a set-up hangs on: the commands themselves, and the manifests as the commit has them."""
    settings = base.config.worktree
    told = await git.arun(["ls-tree", "-r", "-z", commit], slot)
    rows = [row for row in told.text.split("\0") if _is_manifest(row.rpartition("/")[2].rpartition("\t")[2])]
    text = repr((settings.setup, settings.copy, settings.link, rows))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _is_manifest(name: str) -> bool:
    return name in MANIFESTS or (name.startswith("requirements") and name.endswith((".txt", ".in")))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""

