"""Makes one pack of several of the ledger's own, run as a module of its own: a process that gives way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from gastown_tui.rig import git
from gastown_tui.rig.errors import Damaged, GitFailed
from gastown_tui.rig.objects import packs
from gastown_tui.rig.spawning import ended, spawn
from gastown_tui.world import DiskFiles, Files

WORKSHOP = "gt-packing"
"""The folder beside `objects` under which new packs are made: git looks for packs in one place only."""

_SETTINGS = ("-c", "pack.packSizeLimit=0", "-c", "pack.writeReverseIndex=false", "-c", "pack.threads=1")


def merge(objects: Path, stems: Sequence[Path], files: Files, workshop: Path | None = None) -> Path | None:
    """Write one durable pack with every object of `stems`, deltas made, and prove it before saying so.

    Objects another of our packs has are not written again. Nothing is removed: whoever asked does that.

    Args:
        workshop: an empty folder to work in, taken away at the end; one is made when none is given.

    Returns:
        The new pack's stem; None when our other packs have everything already.

    Raises:
        GitFailed: git could not make or read the new pack. Damaged: an object would be missing. OSError: the disk.
    """
    folder = objects / "pack"
    workshop = workshop or _workshop(objects)
    try:
        (workshop / "pack").mkdir()
        stay = [pack.stem for pack in packs.own(folder) if pack.stem not in stems]
        listed = [*(f"{stem.name}.pack" for stem in stems), *(f"^{stem.name}.pack" for stem in stay)]
        words = [*_SETTINGS, "pack-objects", "--stdin-packs", "--quiet", str(workshop / "pack")]
        # Git's own temporary files then stand here too, where no `git gc --prune=now` takes them for leftovers.
        env = {"GIT_OBJECT_DIRECTORY": str(workshop), "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects)}
        git.run(words, objects.parent, env=env, input="\n".join(listed).encode() + b"\n", apart=False)
        made = next(workshop.glob("pack-*.idx"), None)
        if made is None:
            _complete(stems, stay)
            return None
        git.run(["index-pack", "--verify", str(made.with_suffix(".pack"))], objects.parent, apart=False)
        _complete(stems, [made.with_suffix(""), *stay])
        return _place(made.with_suffix(""), folder, files)
    finally:
        _swept(workshop)


def _workshop(objects: Path) -> Path:
    """A folder for one run alone: the git of a run that was killed may still be writing in its own."""
    workshops = objects.parent / WORKSHOP
    workshops.mkdir(mode=0o700, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=workshops))


def _swept(workshop: Path) -> None:
    shutil.rmtree(workshop, ignore_errors=True)
    with contextlib.suppress(OSError):
        workshop.parent.rmdir()


def _complete(old: Iterable[Path], new: Iterable[Path]) -> None:
    """Raise Damaged unless each object of the old packs is in one of the new."""
    there = {name for stem in new for name in packs.names(stem)}
    for stem in old:
        missing = next((name for name in packs.names(stem) if name not in there), None)
        if missing is not None:
            raise Damaged(f"Packing would lose {missing.hex()} of {stem.name}.", "Nothing was removed. Try: git fsck")


def _place(made: Path, folder: Path, files: Files) -> Path:
    """Let git see a pack that was made: marked first, its index last, so that no gc takes it for its own."""
    stem = folder / made.name
    packs.mark(stem, files)
    os.replace(made.with_suffix(".pack"), stem.with_suffix(".pack"))
    os.replace(made.with_suffix(".idx"), stem.with_suffix(".idx"))
    files.sync_folder(folder)
    return stem


async def merged(objects: Path, stems: Sequence[Path]) -> str:
    """`merge` in a process of its own; when cancelled it is ended first, and nothing has changed.

    Returns:
        The new pack's name without a suffix; empty when none was needed.

    Raises:
        GitFailed: it did not get to its end; every pack is where it was.
    """
    try:
        workshop = _workshop(objects)
    except OSError as error:
        raise GitFailed(["packing"], 1, str(error)) from error
    try:
        process, out, err = await _ran(objects, [workshop.name, *(stem.name for stem in stems)])
    finally:
        # A packer that is ended while it starts its git cannot know of it: what that left is taken away here.
        _swept(workshop)
    if process.returncode:
        raise GitFailed(["packing"], process.returncode, err.decode("utf-8", "replace"))
    return out.decode().strip()


async def _ran(objects: Path, words: Sequence[str]) -> tuple[asyncio.subprocess.Process, bytes, bytes]:
    try:
        process = await spawn(
            sys.executable, "-m", __name__, str(objects), *words, cwd=objects, env=git.environment(),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise GitFailed(["packing"], 127, str(error)) from error
    try:
        return process, *await process.communicate()
    finally:
        if process.returncode is None:
            await asyncio.shield(ended(process))


def main() -> int:
    """Merge packs: the objects folder, the run's own folder's name, then the packs' names without a suffix."""
    os.nice(19)
    # So that it ends its git, too, and takes its folder away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    objects = Path(sys.argv[1])
    workshop = objects.parent / WORKSHOP / sys.argv[2]
    workshop.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = merge(objects, [objects / "pack" / name for name in sys.argv[3:]], DiskFiles(), workshop)
    sys.stdout.write(f"{made.name}\n" if made is not None else "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
