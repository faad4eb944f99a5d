"""Environments of test processes, written out in full: nothing of this machine's but PATH."""

from __future__ import annotations

import os
from pathlib import Path


def clean(home: Path, **more: str) -> dict[str, str]:
    """An environment with a home folder of its own (made here) and `more`; only PATH is inherited.

    Git finds no configuration in it but the repository's, and asks nobody anything.
    """
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_RUNTIME_DIR": str(home),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "SHELL": "/bin/sh",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **more,
    }
