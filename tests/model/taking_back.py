"""What happens when landings are taken back, for the state machine: reverts in the queue, and beads that open again."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Work
from gastown_tui.model.turns import KIND, Back, Turn
from tests.model.queueing import Queueing
from tests.model.stories import lease
from tests.model.telling import ID, STEP


class TakingBack(Queueing):
    """Beads that take others back, and the others."""

    @rule(id=ID, other=ID, whole=st.sampled_from([True, True, False]))
    def begin_undo(self, id: str, other: str, whole: bool) -> None:
        """A bead is filed that takes another back, and goes straight into the queue."""
        if id in self.town.beads:
            bead = self.town.beads[id]
            begun = self.tell(e.UndoBegun(id, bead.work.epoch, "r", 1))
            assert not begun or (bead.work.back is not None and bool(bead.work.back.turns))
            return
        turns = (Turn(other, self.epoch(other, 0), self.landed.get(other, "")),) if whole else ()
        work = Work(approved=True, back=Back(turns))
        assert self.tell(e.BeadCreated(beads.make(id, id, "", issue_type=KIND, work=work)))
        if self.tell(e.Slung(id, lease(id, self.epoch(id, 1)))):
            assert self.tell(e.UndoBegun(id, self.epoch(id, 0), f"r{self.town.seq}", 1)) is whole

    @rule(id=ID, by=ID, step=STEP, again=st.booleans())
    def turn(self, id: str, by: str, step: int, again: bool) -> None:
        """A landing was taken back, or what was taken back stands again."""
        before = self.town.beads.get(id)
        epoch = self.epoch(id, step)
        if again:
            done = self.tell(e.LandingRedone(id, epoch, by, f"again{self.town.seq}"))
            assert not done or (before is not None and before.work.back is not None and before.work.back.undone)
        else:
            done = self.tell(e.LandingUndone(id, epoch, by, "m", f"undone/{id}", "start"))
            assert not done or (id not in self.landed and self.town.column(self.town.beads[id]) == "backlog")
