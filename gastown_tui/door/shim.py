"""Writes the `gt` that agents find on their PATH: agents' verbs by the short way, everything else by the long one."""

from __future__ import annotations

import shlex
from pathlib import Path

from gastown_tui.door import call

_SCRIPT = """\
#!/bin/sh
case "$1" in
{verbs}) exec {python} -I -S {call} "$@" ;;
esac
exec {python} -P -m gastown_tui "$@"
"""
# -P: a rig with a click.py or a gastown_tui of its own must not be imported in our place.


def shim(folder: Path, python: str) -> Path:
    """Write an executable `gt` into `folder` that runs with this interpreter; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    script = shlex.quote(str(Path(call.__file__).resolve()))
    text = _SCRIPT.format(verbs="|".join(["hook", *call.VERBS]), python=shlex.quote(python), call=script)
    path = folder / "gt"
    fresh = folder / ".gt.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(path)
    return path
