"""What landings that are taken back are called: titles, commit messages, branches, and what a polecat is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gastown_tui.model.bead import Bead
from gastown_tui.model.town import Town
from gastown_tui.model.turns import UNDONE, Turn
from gastown_tui.rig import reverting
from gastown_tui.rig.conflicts import Conflicted
from gastown_tui.text import clip, count, one_line

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SUBJECT, _HUNKS = 200, 8000


def title(town: Town, turns: Sequence[Turn]) -> str:
    """What the bead that does it is called, and the commit it lands as: "Revert td-1: Add a note"."""
    verbs = list(dict.fromkeys(_verb(turn) for turn in turns))
    if len(turns) == 1:
        named = f"{turns[0].bead}: {town.beads[turns[0].bead].title}"
    else:
        named = f"{count(len(turns), 'bead')}: {', '.join(turn.bead for turn in turns)}"
    return clip(one_line(f"{' and '.join(verbs).capitalize()} {named}"), _SUBJECT)


def _verb(turn: Turn) -> str:
    return "reapply" if turn.again else "revert"


def turn(town: Town, one: Turn) -> reverting.Turn:
    """A turn for the rig, with the message of its commit."""
    bead = town.beads[one.bead]
    said = (
        f"This puts back {one.landed[:12]}, which {one.undone} took back." if one.again
        else f"This takes back {one.landed[:12]}."
    )  # fmt: skip
    message = f"{title(town, [one])}\n\n{said}\n\n{one.trailer}\n"
    return reverting.Turn(bead.id, one.landed, message, one.onto, one.again)


def branch(one: Turn) -> str:
    """Where the work of a bead is kept whose landing is taken back."""
    return f"{UNDONE}{_UNSAFE.sub('_', one.bead)}-e{one.epoch}"


def trailers(turns: Sequence[Turn]) -> str:
    """The lines of a landing that say which landings it took back, or put back."""
    return "\n".join(turn.trailer for turn in turns)


def by_hand(town: Town, turns: Sequence[Turn], conflicts: Sequence[Conflicted], ways: Sequence[str]) -> str:
    """What a polecat reads that has to do it, or to mend it: which commits, what is in the way, and what must stay."""
    said = ["Take landed work out of the code again, or put it back, without harming what landed since.", ""]
    for one in turns:
        bead = town.beads[one.bead]
        start = one.onto or f"{one.landed}^1"
        how = (f"git diff {start} {one.landed} | git apply -3 --index" if one.again
               else f"git diff {one.landed} {start} | git apply -3 --index")  # fmt: skip
        said.append(f"- {_verb(one)} {one.bead} ({one_line(bead.title)}), landed as {one.landed[:12]}: {how}")
    if ways:
        named = ", ".join(f"{id} ({one_line(town.beads[id].title)})" for id in ways)
        said += ["", f"Landed since on the same lines, and to be kept as it was meant: {named}."]
    if conflicts:
        hunks = "\n".join(f"{c.path} ({c.kind})\n{c.hunks}" for c in conflicts)[:_HUNKS]
        said += ["", "As things are it conflicts:", hunks]
    return "\n".join([*said, "", "Commit it as one commit, test, and run `gt done`."])


def resumed(bead: Bead) -> str:
    """What a polecat is told that goes on with work whose landing was taken back; "" for any other."""
    back = bead.work.back
    if back is None or not back.resume:
        return ""
    return (
        f"This work landed once and was taken back by the overseer ({back.undone}). Your branch begins with all of it "
        f"as one commit ({back.resume[:9]}): mend what was wrong with it on top, and hand it in again."
    )
