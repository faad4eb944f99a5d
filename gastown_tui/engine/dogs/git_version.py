"""Whether git is new enough, and knows who the person is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, OK, WARN, Finding
from gastown_tui.engine.place import Place
from gastown_tui.rig import git
from gastown_tui.rig.repository import Repository

NEEDED = (2, 31)
"""GIT_CONFIG_COUNT came with it: without that the guard has no hold on an agent's git."""

BETTER = (2, 36)
"""core.fsync came with it: before that a power cut may take a landing that was reported."""


def check(place: Place, config: Config) -> Iterator[Finding]:
    """Git's version, and the identity landings are committed with."""
    told = git.run(["--version"], Path.home())
    found = re.search(r"(\d+)\.(\d+)", told.text)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < NEEDED:
        yield Finding("git", BAD, f"{told.line} is too old for the guard", "Install git 2.36 or newer.")
    elif version < BETTER:
        yield Finding("git", WARN, f"{told.line} cannot be told to sync all it writes", "Install git 2.36 or newer.")
    else:
        yield Finding("git", OK, told.line)
    name, email = Repository(place.root).ident()
    yield Finding("identity", OK, f"landings are committed by {name} <{email}>")
