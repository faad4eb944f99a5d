"""Worktrees under one folder of ours: made, reset, saved and removed, and never one with unsaved work."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git, wip
from gastown_tui.rig.errors import GitFailed, Unsaved, cannot_write
from gastown_tui.rig.homes import detect_trouble, home
from gastown_tui.rig.repository import Checkout, Repository

__all__ = ["Worktree", "Worktrees", "detect_trouble", "home"]

_PATIENCE = 600
"""Tenths of a second a `git worktree add` of an engine that is gone may still take."""

_REMOVALS = 10
"""How often a folder is tried that somebody still writes into."""

_HALF_MADE = "initializing"
"""What `git worktree add` writes into its lock until it is done."""


@dataclass(frozen=True)
class Worktree:
    """One worktree of ours; `branch` is "" when detached, `gone` when its folder is missing."""

    name: str
    path: Path
    head: str
    branch: str
    gone: bool


class Worktrees:
    """The worktrees of one rig below one folder. Nothing outside that folder is ever changed or removed."""

    def __init__(self, repo: Repository, folder: Path) -> None:
        """Hold the folder (made when first needed)."""
        self.repo = repo
        self.folder = _real(folder)
        self._locks: dict[Path, asyncio.Lock] = {}
        self._making = asyncio.Lock()

    async def _git(self, *args: str, at: Path | None = None, check: bool = True) -> git.Output:
        return await git.arun(args, at or self.repo.root, check=check)

    def _place(self, name: str) -> Path:
        if not name or name.startswith(".") or "/" in name or "\0" in name:
            raise GasTownError(f"{name!r} is no name for a worktree.", "Nothing was made.")
        return self.folder / name

    def _ours(self, path: Path) -> Path:
        real = _real(path)
        if real.parent != self.folder:
            raise GasTownError(f"{path} is not one of the town's worktrees.", "It was left alone.")
        return real

    def _rows(self) -> list[tuple[Path, Checkout]]:
        """Every worktree git knows of, with where it really is: a look at the disk for each folder on the way there."""
        return [(_real(row.path), row) for row in self.repo.checkouts()]

    async def list(self) -> list[Worktree]:
        """The worktrees below our folder."""
        rows = await asyncio.to_thread(self._rows)
        ours = [row for place, row in rows if place.parent == self.folder]
        return [Worktree(r.path.name, r.path, r.head, r.branch.removeprefix("refs/heads/"), r.gone) for r in ours]

    # making

    async def add(self, name: str, branch: str, base: str) -> Path:
        """Have a worktree on a branch: the one that is there, else a new one; the branch is made at `base` if missing.

        Repeating after a crash is harmless: what was half made is mended, what an agent left in a whole one stays. The
        caller has ended whatever ran there before (lock files of a killed git are removed).

        Raises:
            GasTownError: something else is at that path, or the branch is checked out elsewhere.
        """
        path = self._place(name)
        async with self._locks.setdefault(path, asyncio.Lock()):
            if await self._is_there(path):
                return path
            if not await asyncio.to_thread(self.repo.exists, branch):
                await asyncio.to_thread(self.repo.create_branch, branch, base)
            await self._refuse_elsewhere(branch, path)
            await self._make(path, branch)
        return path

    async def add_detached(self, name: str, commit: str) -> Path:
        """Have a worktree at a commit, on no branch; one that is there moves, or refuses (GitFailed) for edits."""
        path = self._place(name)
        async with self._locks.setdefault(path, asyncio.Lock()):
            if await self._is_there(path):
                await self._git("checkout", "--quiet", "--detach", commit, at=path)
            else:
                await self._make(path, "--detach", commit)
        return path

    async def _is_there(self, path: Path) -> bool:
        """Whether a whole worktree is at `path`; what is half made is cleared away, anything else there refuses."""
        await self._mend(path)
        if _vacant(path):
            return False
        row = await self._row(path)
        if row is None and _was_moved(self.repo.common_dir, path):
            await self._git("worktree", "repair", str(path))
            row = await self._row(path)
        if row is None or not (path / ".git").exists():
            raise GasTownError(f"{path} is there and is no worktree.", "It was left alone. Move it away, then go on.")
        told = await self._git("rev-parse", "--absolute-git-dir", at=path, check=False)
        if told.code:
            await self._git("worktree", "repair", str(path))
            told = await self._git("rev-parse", "--absolute-git-dir", at=path)
        await asyncio.to_thread(wip.unlock, Path(told.line))
        return True

    async def _mend(self, path: Path) -> None:
        """Clear a half-made worktree away: nobody was ever given it, so nothing in it is anybody's work."""
        if await asyncio.to_thread(_half_made, self.repo.common_dir, path):
            await self._wait_for_maker(path)
            if await asyncio.to_thread(_half_made, self.repo.common_dir, path):
                await self._clear(path)

    async def _row(self, path: Path) -> Checkout | None:
        try:
            rows = await asyncio.to_thread(self._rows)
        except GitFailed:
            # One killed at the wrong instant makes git fail over all of them: ours are mended, then git has its say.
            for record in await asyncio.to_thread(_places, self.repo.common_dir):
                if record.parent == self.folder:
                    await self._mend(record)
            rows = await asyncio.to_thread(self._rows)
        return next((row for place, row in rows if place == path), None)

    async def _wait_for_maker(self, path: Path) -> None:
        """Wait for a `git worktree add` of ours that outlived a killed engine: it is still writing there."""
        for _ in range(_PATIENCE):
            if not await asyncio.to_thread(_makers, path):
                return
            await asyncio.sleep(0.1)
        raise GasTownError(f"git is still making {path}.", "Nothing was touched. End that git, or wait for it.")

    async def _refuse_elsewhere(self, branch: str, path: Path) -> None:
        held = await asyncio.to_thread(self.repo.checkouts_of, branch)
        if others := [where for where in held if _real(where) != path]:
            hint = "Nothing was made; end what works there first."
            raise GasTownError(f"{branch} is checked out in {others[0]}.", hint)

    async def _make(self, path: Path, *what: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Twice: over a registration whose folder is gone, even a locked one. `_refuse_elsewhere` guards the branch.
        words = ["worktree", "add", "--quiet", "--force", "--force", *_ordered(path, what)]
        try:
            # One at a time: git reads its neighbours' registrations, and stumbles over one that is half written.
            async with self._making:
                await self._git(*words)
        except GitFailed:
            # A person's post-checkout hook that fails makes git say failed of a worktree that is whole.
            if not (path / ".git").exists() or _half_made(self.repo.common_dir, path):
                await self._clear(path)
                raise
            if (await self._git("status", "--porcelain", at=path)).line:
                raise

    async def _clear(self, path: Path) -> None:
        """Take a half-made worktree away: its folder, and git's own record of this one only."""
        for admin in await asyncio.to_thread(_records_of, self.repo.common_dir, path):
            await asyncio.to_thread(_remove_tree, admin)
        if (path / ".git").is_file() or _vacant(path):
            await asyncio.to_thread(_remove_tree, path)

    # using

    async def reset(self, path: Path, commit: str, keep: Sequence[str] = ()) -> None:
        """Make a worktree exactly a commit, detached, everything else in it gone but the names in `keep`.

        Only for worktrees nobody works in: the Refinery's tests. Raises GasTownError.
        """
        path = self._ours(path)
        told = await self._git("rev-parse", "--absolute-git-dir", at=path)
        await asyncio.to_thread(wip.unlock, Path(told.line))
        await self._git("reset", "--quiet", "--hard", at=path)
        await self._git("checkout", "--quiet", "--force", "--detach", commit, at=path)
        kept = [word for name in keep for word in ("--exclude", f"/{name.strip('/')}")]
        await self._git("clean", "-ffdxq", *kept, at=path)
        head = (await self._git("rev-parse", "HEAD", at=path)).line
        if head != commit:
            raise GasTownError(f"{path} is at {head[:12]} instead of {commit[:12]}.", "It is not used for tests so.")

    async def save_wip(
        self, path: Path, ref: str, message: str, parent: str | None = None, *, when: float | None = None
    ) -> str | None:
        """Keep everything unsaved in a worktree as a commit under `ref` (`refs/gt/wip/<bead>/e<epoch>`).

        Index, files and branch stay as they are; ignored files are not saved. What the ref held before stays reachable.

        Args:
            parent: first parent instead of the worktree's HEAD (which then is the second).
            when: Unix seconds the commit carries; now if None.

        Returns:
            The commit, or None when there was nothing unsaved (all of it is in HEAD, and a ref holds HEAD).

        Raises:
            GasTownError: not everything could be saved; the ref is as it was.
        """
        return await wip.save(path, ref, message, parent, when)

    async def remove(self, path: Path, *, unsaved: str = "refuse") -> None:
        """Remove a worktree; its branch stays.

        Args:
            unsaved: "refuse" when it holds work that is nowhere else; a ref or commit that must hold exactly that work
                (what `save_wip` returned); or "discard", only when a person said so.

        Raises:
            Unsaved: it holds work that is nowhere else; it stays. GitFailed: unsure, so it stays too.
        """
        path = self._ours(path)
        async with self._locks.setdefault(path, asyncio.Lock()):
            if _vacant(path):
                await self._clear(path)
                return
            await self._mend(path)
            if _vacant(path):
                return
            if await self._row(path) is None:
                raise GasTownError(f"{path} is no worktree of this repository.", "It was left alone.")
            if unsaved != "discard":
                await self._refuse_unsaved(path, unsaved)
            told = await self._git("worktree", "remove", "--force", "--force", str(path), check=False)
            if told.code or not _vacant(path):
                # Read-only folders (a module cache) stop git half way; its record may be gone or still there.
                await asyncio.to_thread(_remove_tree, path)
                await self._clear(path)

    async def _refuse_unsaved(self, path: Path, saved: str) -> None:
        hint = "It was left as it is. Commit there, or let the town save it first."
        found = await wip.snapshot(path)
        if saved != "refuse":
            told = await self._git("rev-parse", f"{saved}^{{tree}}", check=False)
            contained = await self._git("merge-base", "--is-ancestor", found.head, saved, check=False)
            if told.code or told.line != found.tree or contained.code:
                raise Unsaved(f"{path} holds work that {saved} does not.", hint)
            return
        if not found.clean:
            lines = await asyncio.to_thread(self.repo.status, path)
            raise Unsaved(f"{path} holds unsaved work: {', '.join(lines[:5])}.", hint)
        if not await wip.reachable(path, found.head):
            raise Unsaved(f"{path} is at {found.head[:12]}, which no branch holds.", hint)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _vacant(path: Path) -> bool:
    """Whether nothing is at a path, or an empty folder."""
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _ordered(path: Path, what: tuple[str, ...]) -> list[str]:
    """The words of `git worktree add` after its options: path, then branch or commit."""
    options = [word for word in what if word.startswith("--")]
    return [*options, str(path), *(word for word in what if not word.startswith("--"))]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape").strip()
    except FileNotFoundError:
        return ""


def _place_of(record: Path) -> Path | None:
    """Where the worktree of one of git's records is (its `gitdir` file names the `.git` file there)."""
    named = _text(record / "gitdir")
    return _real((record / named).parent) if named else None


def _places(common_dir: Path) -> list[Path]:
    return [place for record in (common_dir / "worktrees").glob("*") if (place := _place_of(record))]


def _records_of(common_dir: Path, path: Path) -> list[Path]:
    """Git's own folders for the worktree at `path`; one killed before it was named is known by its folder's name."""
    records = (common_dir / "worktrees").glob("*")
    return [r for r in records if (_place_of(r) or (path if r.name == path.name and _unfinished(r) else None)) == path]


def _unfinished(record: Path) -> bool:
    return _text(record / "locked") == _HALF_MADE


def _half_made(common_dir: Path, path: Path) -> bool:
    return any(_unfinished(record) for record in _records_of(common_dir, path))


def _makers(path: Path) -> list[int]:
    """The processes that are making a worktree at `path`, as their command lines say."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        if str(path) in words and "worktree" in words and "add" in words and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process.info["pid"])
    return found


def _was_moved(common_dir: Path, path: Path) -> bool:
    """Whether git's record for a worktree of ours names a place where nothing is any more (a repository was moved)."""
    link = _text(path / ".git") if (path / ".git").is_file() else ""
    named = _text(common_dir / "worktrees" / Path(link.removeprefix("gitdir: ")).name / "gitdir") if link else ""
    return bool(named) and not Path(named).exists()


def _remove_tree(path: Path) -> None:
    """Remove a folder, also one with read-only folders in it; links are not followed."""
    if not path.exists():
        return
    for attempt in range(_REMOVALS):
        try:
            for folder, _, _ in os.walk(path):
                os.chmod(folder, stat.S_IRWXU)
            shutil.rmtree(path)
            return
        except OSError as error:
            # A git that outlived its killed engine may put its last files there meanwhile.
            if attempt + 1 == _REMOVALS or not path.exists():
                raise cannot_write(str(path), error) from error
            time.sleep(0.05)
