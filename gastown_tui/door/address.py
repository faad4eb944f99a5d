"""Where an engine answers: engine.json, and a socket whose path is short enough and nobody else's."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError

if TYPE_CHECKING:
    import socket

    from gastown_tui.world import Files

# Every command reads an address, only the engine makes one: what making needs is imported there.

LONGEST = 100
"""Bytes of a socket's path; the kernel takes 107 on Linux and 103 on macOS (interfaces.md)."""


class Address(NamedTuple):
    """What engine.json holds."""

    pid: int
    start_ticks: int
    socket: str
    port: int
    version: str


def socket_path(place: Place, environ: Mapping[str, str]) -> Path:
    """Where the door's socket goes: in the town, or in a folder of our own when that path is too long.

    Raises:
        GasTownError: the folder belongs to somebody else, or others may enter it.
    """
    import hashlib
    import stat
    import tempfile

    if len(os.fsencode(place.socket)) <= LONGEST:
        return place.socket
    name = hashlib.sha256(os.fsencode(place.root.resolve())).hexdigest()[:16]
    homes = [environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir(), tempfile.gettempdir(), "/tmp"]
    paths = [Path(home) / f"gastown-{os.getuid()}" / f"{name}.sock" for home in homes]
    path = next((path for path in paths if len(os.fsencode(path)) <= LONGEST), paths[-1])
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise GasTownError(
            f"{folder} is not a folder only you may enter.",
            "The engine was not started. Remove that folder, or set XDG_RUNTIME_DIR to one of your own.",
        )
    return path


def bind(path: Path) -> socket.socket:
    """A listening socket at `path` that only this user may connect to; a leftover is replaced.

    The caller holds the town's lock, so whoever left the old socket is gone.
    """
    import socket

    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        raise GasTownError(f"The door cannot open at {path}: {error}.", "The engine was not started.") from error
    finally:
        os.umask(before)
    listening.listen(128)
    listening.setblocking(False)
    return listening


def write(place: Place, address: Address, files: Files) -> None:
    """Say where the engine answers."""
    files.replace(place.engine_json, json.dumps(address._asdict()).encode() + b"\n")


def read(place: Place) -> Address | None:
    """Where an engine says it answers; None when none does, or the file is not one of ours."""
    try:
        found = json.loads(place.engine_json.read_bytes())
        return Address(**{name: kind(found[name]) for name, kind in _SHAPE.items()})
    except (OSError, ValueError, KeyError, TypeError):
        return None


_SHAPE: dict[str, type] = {"pid": int, "start_ticks": int, "socket": str, "port": int, "version": str}
