"""Whether the agent program of every role is on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gastown_tui.agents import runtime as runtimes
from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, OK, Finding
from gastown_tui.engine.place import Place
from gastown_tui.model.agent import ROLES
from gastown_tui.model.errors import GasTownError


def check(place: Place, config: Config) -> Iterator[Finding]:
    """One finding for each runtime a role uses."""
    users: dict[str, list[str]] = {}
    for role in ROLES:
        users.setdefault(getattr(config.roles, role).runtime, []).append(role)
    for name, roles in users.items():
        who = ", ".join(roles)
        try:
            program = runtimes.load(name).program(python=sys.executable)
        except GasTownError as error:
            yield Finding(f"agent {name}", BAD, f"{error.title} It is to be the {who}.", error.hint)
        else:
            yield Finding(f"agent {name}", OK, f"{program} is the {who}")
