"""Writes the `gt` that agents find on their PATH: agents' verbs by the short way, everything else by the long one."""

from __future__ import annotations

import shlex
from pathlib import Path

from gastown_tui.door import call

_SCRIPT = """\
#!/bin/sh
case "$1" in
{verbs}) exec {python} -I -S -c {start} "$@" ;;
esac
exec {python} -P -m gastown_tui "$@"
"""
# -P: a rig with a click.py or a gastown_tui of its own must not be imported in our place.


def starting() -> str:
    """The program for `python -c`: it imports door/call.py, whose compiled form is kept, and nothing around it."""
    room = str(Path(call.__file__).resolve().parent)
    return f"import sys; sys.path.insert(0, {room!r}); import call; del sys.path[0]; call.script()"


def shim(folder: Path, python: str) -> Path:
    """Write an executable `gt` into `folder` that runs with this interpreter; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    verbs = "|".join(["hook", *call.VERBS])
    text = _SCRIPT.format(verbs=verbs, python=shlex.quote(python), start=shlex.quote(starting()))
    path = folder / "gt"
    fresh = folder / ".gt.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(path)
    return path
