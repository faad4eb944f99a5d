"""Which landings an order means to take back or put back, newest first, and why not where it cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gastown_tui.engine.base import Base
from gastown_tui.model import times
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.town import Town
from gastown_tui.model.turns import Turn
from gastown_tui.rig import git, reverting
from gastown_tui.rig.repository import Commit

_OPEN = ("idle", "working", "sheriff", "witness", "refinery")
_AT = re.compile(r"@\d+(\.\d+)?")


@dataclass(frozen=True)
class Chosen:
    """The turns in the order they are made, each with its bead; commits in between that are nobody's here; and what
    `--to` came to mean, so that a second asking means the same.
    """

    turns: tuple[Turn, ...]
    stays: tuple[Commit, ...] = ()
    to: str = ""


def of_beads(base: Base, town: Town, named: Sequence[str], again: bool) -> Chosen:
    """The turns of beads that are named: their landings back, or those that were taken back again.

    A bead that itself took landings back is undone by putting them back.

    Raises:
        Refused: one of them cannot be turned, and why.
    """
    turns: list[Turn] = []
    for bead in {bead.id: bead for bead in map(town.bead, named)}.values():
        if again:
            turns.append(_again(town, bead))
        elif bead.work.back is not None and bead.work.back.turns:
            turns += _flipped(town, bead)
        else:
            turns.append(_back(town, bead))
    return Chosen(tuple(_sorted(base, town, list(dict.fromkeys(turns)))))


def since(base: Base, town: Town, to: str) -> Chosen:
    """The turns of every landing after a commit of the target or a time. Raises Refused or Usage."""
    target = base.config.target
    commit = _commit(base, to)
    if commit is not None and not base.repo.is_ancestor(commit, town.tip):
        raise Refused(f"{target} does not have {to} ({commit[:9]}) in it.", "Nothing was changed.")
    at = 0.0 if commit is not None else _time(to, base.clock.now())
    held = set(_between(base, commit, town.tip)) if commit is not None else None

    def meant(landed: str, when: float) -> bool:
        return landed in held if held is not None else when > at

    stood = {bead.id for bead in town.in_column("landed") if meant(bead.work.landed, bead.work.landed_at)}
    turns: list[Turn] = []
    for bead in (town.beads[id] for id in sorted(stood)):
        if bead.work.back is None or not bead.work.back.turns:
            turns.append(_back(town, bead))
            continue
        # What it took back had landed in the same stretch: both go, and nothing is left to do.
        own = [turn for turn in bead.work.back.turns if not _within(base, held, at, turn)]
        turns += [turn for turn in _flipped(town, bead, missing=True) if turn.bead in {one.bead for one in own}]
    if not turns:
        raise Refused(f"Nothing landed on {target} since {to}.", "See what did: git log --first-parent")
    ordered = _sorted(base, town, turns)
    return Chosen(tuple(ordered), _strangers(base, town, ordered), commit or f"@{at}")


def _within(base: Base, held: set[str] | None, at: float, turn: Turn) -> bool:
    if held is not None:
        return turn.landed in held
    told = base.repo.git("show", "-s", "--format=%ct", turn.landed, check=False)
    return told.code == 0 and float(told.line or 0) > at


def _commit(base: Base, to: str) -> str | None:
    """The commit a word names, if it names one."""
    if not to.strip() or to.startswith(("-", "+", "@")) or _AT.fullmatch(to):
        return None
    told = base.repo.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{to}^{{commit}}", check=False)
    return told.line if told.code == 0 else None


def _time(to: str, now: float) -> float:
    try:
        found = times.parse(to, now)
    except Usage as error:
        hint = f"Name a commit of the target, or a time as one of: {times.EXAMPLES}."
        raise Usage(f"{to} is neither a commit here nor a time.", hint) from error
    if found > now:
        raise Usage(f"{to} is still to come.", "Nothing was changed.")
    return found


def _between(base: Base, commit: str, tip: str) -> list[str]:
    return base.repo.git("rev-list", f"{commit}..{tip}").text.split()


def _back(town: Town, bead: Bead) -> Turn:
    work = bead.work
    if work.stage != "landed" or not work.landed:
        raise Refused(f"{bead.id} has not landed: it is {_where(bead)}.", _instead(bead))
    if (other := taking(town, bead.id)) is not None:
        title = f"{other.id} takes {bead.id} back already; it is {_where(other)}."
        raise Refused(title, f"See it with: gt bead show {other.id}")
    return Turn(bead.id, work.epoch, work.landed, work.landed_onto)


def _again(town: Town, bead: Bead) -> Turn:
    """The turn that puts a bead's landing back, which another bead took."""
    back = bead.work.back
    by = town.beads.get(back.undone) if back is not None else None
    turns = by.work.back.turns if by is not None and by.work.back is not None else ()
    turn = next((turn for turn in turns if turn.bead == bead.id), None)
    if back is None or by is None or turn is None:
        hint = "Nothing was changed. What can be put back was taken back with: gt undo BEAD"
        raise Refused(f"No landing of {bead.id} was taken back.", hint)
    if bead.work.epoch != turn.epoch or bead.work.stage not in ("idle", "dropped"):
        hint = f"Nothing was changed. That work begins with what was taken back: gt bead show {bead.id}"
        raise Refused(f"{bead.id} was slung again since: it is {_where(bead)}.", hint)
    if (other := taking(town, bead.id)) is not None:
        raise Refused(f"{other.id} puts {bead.id} back already; it is {_where(other)}.", f"gt bead show {other.id}")
    return Turn(bead.id, turn.epoch, turn.landed, turn.onto, True, by.id)


def _flipped(town: Town, bead: Bead, missing: bool = False) -> list[Turn]:
    """The other way round, what a bead did that took landings back or put them back.

    With `missing` what has gone on since is left out; else it is refused.
    """
    if bead.work.stage != "landed":
        raise Refused(f"{bead.id} has not landed: it is {_where(bead)}.", _instead(bead))
    out = []
    back = bead.work.back
    for turn in back.turns if back is not None else ():
        other = town.bead(turn.bead)
        try:
            out.append(_back(town, other) if turn.again else _again(town, other))
        except Refused:
            if not missing:
                raise
    return out


def taking(town: Town, id: str) -> Bead | None:
    """The bead on its way that takes a landing of this one back, or puts one back."""
    for column in ("backlog", "ready", *_OPEN[1:]):
        for bead in town.in_column(column):
            if bead.work.back is not None and any(turn.bead == id for turn in bead.work.back.turns):
                return bead
    return None


def _where(bead: Bead) -> str:
    stage = bead.work.stage
    if stage in ("idle", "dropped"):
        return bead.status
    if bead.work.staged:
        return f"on staging/{bead.work.convoy}, which lands as one"
    return f"with {bead.assignee}" if stage == "working" else f"with the {stage}"


def _instead(bead: Bead) -> str:
    if bead.work.staged:
        return f"Nothing was changed. Others may be built on it there; once it has landed: gt undo {bead.id}"
    if bead.work.stage in _OPEN[1:]:
        return f"Nothing was changed. To end the work, keeping what there is: gt bead close {bead.id}"
    return f"Nothing was changed. See it with: gt bead show {bead.id}"


def _sorted(base: Base, town: Town, turns: list[Turn]) -> list[Turn]:
    """Taken back newest first, then put back oldest first, as they stand in the target's history."""
    place = positions(base, town, turns)
    for turn in turns:
        if not turn.again and turn.landed not in place:
            title = f"{base.config.target} has no commit {turn.landed[:9]} of {turn.bead} any more: it was rewritten."
            raise Refused(title, "Nothing was changed. There is nothing of it to take back.")
        if not turn.again:
            _alone(base, town, turn)
    last = len(place)
    back = sorted((turn for turn in turns if not turn.again), key=lambda turn: place[turn.landed])
    again = sorted((turn for turn in turns if turn.again), key=lambda turn: -place.get(turn.landed, last))
    return [*back, *again]


def _alone(base: Base, town: Town, turn: Turn) -> None:
    """Refuse a landing on an integration branch that brought it up to date with the target: what it changed is also
    what the target had become by itself, and taken back it would take that along.
    """
    convoy = town.convoys.get(town.beads[turn.bead].work.convoy)
    if convoy is None or not convoy.landed:
        return
    root, target = base.place.root, base.config.target
    meanwhile = base.repo.merge_base(reverting.first_parent(root, convoy.landed), turn.landed)
    stands = reverting.onto(root, turn.landed, turn.onto)
    if meanwhile is not None and not base.repo.is_ancestor(meanwhile, stands):
        raise Refused(
            f"{turn.bead} merged {target} into {convoy.branch}: what landed on {target} meanwhile would go with it.",
            f"Nothing was changed. All of {convoy.id} goes with: git revert -m 1 {convoy.landed[:9]}",
        )


def positions(base: Base, town: Town, turns: Iterable[Turn]) -> dict[str, int]:
    """Commits of the target from the tip down to the oldest of these landings, each with its place: 0 is the tip."""
    roots = [reverting.onto(base.place.root, turn.landed, turn.onto) for turn in turns]
    if len(roots) > 1:
        told = git.run(["merge-base", "--octopus", *dict.fromkeys(roots)], base.place.root, check=False)
        roots = [told.line] if told.code == 0 and told.line else []
    span = ["rev-list", "--topo-order", town.tip, *(f"^{root}" for root in roots)]
    return {oid: place for place, oid in enumerate(base.repo.git(*span).text.split())}


def _of_a_bead(rows: dict[str, list[str]], row: list[str] | None) -> bool:
    """Whether a step brings a bead: a train is a merge of its last bead's merge, and names none itself; a convoy's
    branch comes as a merge of its tip, which may be a train.
    """
    while row is not None and not row[4].strip():
        parents = row[1].split()
        row = rows.get(parents[1]) if len(parents) > 1 else None
    return row is not None


def _strangers(base: Base, town: Town, turns: Sequence[Turn]) -> tuple[Commit, ...]:
    """Steps of the target in that stretch that no bead made, newest first: they stay."""
    back = [turn for turn in turns if not turn.again]
    if not back:
        return ()
    oldest = reverting.onto(base.place.root, back[-1].landed, back[-1].onto)
    shape = "%H%x1f%P%x1f%s%x1f%an%x1f%(trailers:key=Bead,valueonly,separator=%x2C)"
    words = ["log", "--no-show-signature", "-z", f"--format={shape}", f"{oldest}..{town.tip}"]
    rows = {row[0]: row for text in base.repo.git(*words).text.split("\0") if (row := text.split("\x1f"))[0]}
    out: list[Commit] = []
    at = town.tip
    while at in rows:
        row = rows[at]
        parents = row[1].split()
        if not _of_a_bead(rows, row):
            out.append(Commit(at, row[2], row[3]))
        at = parents[0] if parents else ""
    return tuple(out)
