"""An agent: one session of a runtime, in a role, perhaps with a bead."""

from __future__ import annotations

import msgspec

MAYOR, POLECAT, WITNESS = "mayor", "polecat", "witness"
ROLES = (MAYOR, POLECAT, WITNESS)

NAMES = (
    "obsidian", "quartz", "jasper", "topaz", "onyx", "opal", "amber", "agate", "beryl", "garnet", "jade", "pearl",
    "ruby", "zircon", "citrine", "coral", "flint", "slate", "basalt", "marble", "mica", "pyrite", "cobalt", "copper",
    "nickel", "silver", "iron", "zinc", "tin", "lead", "chrome", "radium", "helium", "argon", "neon", "xenon",
    "granite", "gypsum", "halite", "kyanite", "larimar", "peridot", "sphene", "spinel", "sunstone", "talc",
    "tanzanite", "turquoise", "umber", "vivianite",
)  # fmt: skip
"""Names of polecats, in the order they are given."""


class Agent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An agent the town started. `state` is starting, working, idle, parked, asking, frozen or ended."""

    name: str
    role: str
    session: str
    runtime: str
    bead: str = ""
    epoch: int = 0
    state: str = "starting"
    since: float = 0.0
    pid: int = 0
    start_ticks: int = 0
    worktree: str = ""
    spool: str = ""
    cost_usd: float = 0.0
    ended: str = ""
    deaths: int = 0

    @property
    def live(self) -> bool:
        """Whether the town believes a process of it runs."""
        return self.pid > 0 and self.state != "ended"
