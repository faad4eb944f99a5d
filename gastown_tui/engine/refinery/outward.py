"""Where landing goes beyond this machine: what `land` in config.toml says, joined to the Refinery's round."""

from __future__ import annotations

from collections.abc import Sequence

from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.refinery.candidates import Step
from gastown_tui.engine.refinery.pushing import Pushing
from gastown_tui.engine.refinery.requests import Requests
from gastown_tui.engine.refinery.withdrawing import Withdrawals
from gastown_tui.model.town import Town
from gastown_tui.rig.dressing import dressed, habits

_AT_WORK = ("working", "sheriff", "witness", "refinery")


class Outward:
    """The remote and its pull requests, as the round sees them."""

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs
        self.pushing = Pushing(base)
        self._requests = Requests(base, jobs, self.pushing)
        self._withdrawals = Withdrawals(base, jobs)

    @property
    def turn(self) -> int:
        """Goes up when what the remote kept from landing is worth another try."""
        return self.pushing.turn

    def look(self, town: Town) -> None:
        """Keep an eye on the remote while somebody works on what lands there, and on open pull requests."""
        if self._base.config.land != "local" and any(town.columns.get(column) for column in _AT_WORK):
            self._jobs.start("refinery remote", self.pushing.watch)
        self._requests.look(town)
        self._withdrawals.look(town)

    async def ready(self, tip: str) -> bool:
        """Whether a train on `tip` can go where it is to land; if not, `turn` goes up some time."""
        return self._base.config.land != "push" or await self.pushing.ready(tip)

    def offered(self, steps: Sequence[Step], town: Town) -> bool:
        """Whether these beads go by pull request: then they are offered, each by itself."""
        if self._base.config.land != "pr":
            return False
        run = town.runs.get(steps[-1].tree)
        for step in steps:
            self._requests.offer(step.car.bead, run)
        return True

    def dressed(self, commits: Sequence[str]) -> dict[str, str]:
        """Commits that are about to land, as the repository wants them (rig/dressing.py). Works for a while."""
        base = self._base
        return dressed(commits, habits(base.place.root, base.repo.ident(), sign_off=base.config.sign_off))
