"""`gt demo`: one message to landed code on a small real project, with rehearsed agents and no model."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gastown_tui.cli import common
from gastown_tui.cli.cast import Cast
from gastown_tui.cli.cockpit import on_a_terminal
from gastown_tui.model.errors import GasTownError
from gastown_tui.world import SystemClock

if TYPE_CHECKING:
    from gastown_tui.cli.demo_summary import Figures
    from gastown_tui.cli.demo_verify import Verdict
    from gastown_tui.engine.engine import Engine
    from gastown_tui.engine.place import Place
    from gastown_tui.model.convoy import Draft
    from gastown_tui.model.town import Town

LIMIT = 120.0
"""Seconds the Mayor may take for a plan, and the town to land it, before the demo says what is stuck."""

PACE, WATCHED_PACE = 0.02, 0.3
"""Seconds between two steps of a rehearsed agent: when nobody looks, and when somebody does."""

LINGER, LINGER_RECORDED = 600.0, 8.0
"""Seconds without a key after which the finished board leaves by itself: nobody records ten minutes of a still."""

_LOOK = 0.05

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ended:
    """How the run ended: `stuck` says what kept it from its end, "" when nothing did."""

    figures: Figures
    verdict: Verdict
    stuck: str

    @property
    def good(self) -> bool:
        """Everything planned has landed, and what landed works."""
        return self.verdict.ok and self.figures.planned == self.figures.landed > 0


@click.command()
@click.option("--headless", is_flag=True, help="As fast as it goes, without a screen.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the town in this folder; one there goes on.")
@click.option("--cast", "cast_file", type=click.Path(path_type=Path), help="Record what is shown as an asciicast.")
@click.option("--linger", type=click.FloatRange(0), metavar="SECONDS",
              help="How long its end stays while no key is used (600; recorded, 8).")  # fmt: skip
@common.as_json
@click.pass_context
def demo(context: click.Context, headless: bool, keep: Path | None, cast_file: Path | None, linger: float | None,
         as_json: bool) -> None:  # fmt: skip
    """A whole run on a small to-do application: one message, a plan, polecats, a rejection, a conflict, landings.

    The agents are rehearsed: no model is called and nothing is spent. Exit code 0 if all landed and the result works.

    \b
    Example:
      gt demo
      gt demo --headless --json
    """
    if not headless and not as_json and on_a_terminal() and os.environ.get("TERM", "") not in ("", "dumb", "unknown"):
        context.exit(_watched(keep, cast_file, linger))
    from gastown_tui.cli import demo_town

    folder = _folder(keep)
    place = demo_town.make(folder, PACE)
    with Cast(cast_file, SystemClock()) as cast:
        stuck = asyncio.run(run(place, _teller(cast, as_json)))
        ended = prove(place, stuck)
        closing = ["This on your repository: gt init, then gt up"] if ended.good else []
        common.show(document(place, ended), [*table(ended), *closing], as_json)
    if not ended.good:
        raise failure(place, ended)
    if keep is None:
        shutil.rmtree(folder.parent, ignore_errors=True)
    context.exit(0)


def _watched(keep: Path | None, cast_file: Path | None, linger: float | None) -> int:
    """With a screen: in this terminal, or in one of its own that is recorded."""
    if cast_file is not None:
        from gastown_tui.cli.recorder import record

        kept = ["--keep", str(keep)] if keep is not None else []
        return record(["demo", *kept, "--linger", f"{LINGER_RECORDED if linger is None else linger:g}"], cast_file)
    from gastown_tui.cli.demo_screen import watch

    return watch(_folder(keep), WATCHED_PACE, keep is not None, LINGER if linger is None else linger)


def _folder(keep: Path | None) -> Path:
    return (keep or Path(tempfile.mkdtemp(prefix="gastown-demo-")) / "todo").absolute()


def _teller(cast: Cast, silent: bool) -> Say:
    def say(text: str) -> None:
        if not silent:
            click.echo(common.clip_line(text))
            cast.line(common.clip_line(text))

    return say


async def run(place: Place, say: Say) -> str:
    """Run the town's engine and play the overseer's part; returns what is stuck, or "" when all has landed."""
    from gastown_tui.door.host import hosting

    async with hosting(place) as engine, asyncio.TaskGroup() as group:
        telling = group.create_task(_tell(engine, say), name="feed")
        try:
            return await drive(engine, say, Overseer())
        finally:
            telling.cancel()


class Overseer:
    """The overseer's part where nobody looks: says what is wanted, and yes to every plan, at once.

    `patience`: seconds something may need the overseer before the demo gives up; some needs settle themselves.
    """

    patience = 8.0

    async def tell(self, engine: Engine, prompt: str) -> None:
        """Say to the Mayor what is wanted."""
        from gastown_tui.model.orders import TellMayor

        await engine.ask(TellMayor(prompt))

    async def read(self, engine: Engine, draft: Draft) -> None:
        """Read a plan; afterwards it is approved if it still waits."""


async def drive(engine: Engine, say: Say, overseer: Overseer) -> str:
    """Say what is wanted, approve the plan, wait for every landing; goes on where an earlier run was cut off.

    Returns:
        What is stuck, or "" when all has landed.
    """
    from gastown_tui.agents.rehearsal import play
    from gastown_tui.cli.demo_town import PLAY
    from gastown_tui.model.orders import OVERSEER, ApprovePlan

    prompt = play.prompt(PLAY)
    if not any(speech.said.speaker == OVERSEER for speech in engine.town.chat.values()):
        await overseer.tell(engine, prompt)
    say(f"[overseer] SAY {prompt}")
    while not engine.town.convoys:
        if stuck := await _until(engine, overseer, lambda town: bool(town.convoys) or _draft(town) is not None):
            return stuck
        if (draft := _draft(engine.town)) is not None:
            await overseer.read(engine, draft)
        # What was read may have been edited, dropped or accepted meanwhile.
        if draft is not None and (now := engine.town.drafts[draft.id]).state == "draft":
            say(f"[overseer] APPROVE {now.plan.title}: {len(now.plan.beads)} beads")
            await engine.ask(ApprovePlan(draft.id))
    return await _until(engine, overseer, lambda town: not _unlanded(town))


async def _until(engine: Engine, overseer: Overseer, true: Callable[[Town], bool]) -> str:
    """Wait until something is so of the town; returns what keeps it from being so, "" once it is."""
    asked: dict[str, float] = {}
    clock = asyncio.get_running_loop().time
    begun = clock()
    while not true(engine.town):
        asked = {id: asked.get(id, clock()) for id in engine.town.needs}
        if any(clock() - since > overseer.patience for since in asked.values()):
            return "it needs you: " + "; ".join(need.title for need in engine.town.needs.values())
        if engine.stopped.is_set():
            return "the engine was stopped"
        if clock() - begun > LIMIT:
            return f"it is not done after {LIMIT:.0f} s: {_left(engine.town)}"
        await asyncio.sleep(_LOOK)
    return ""


async def _tell(engine: Engine, say: Say) -> None:
    from gastown_tui.cli.feed import said

    async for line in engine.lines.follow(engine.lines.seq):
        say(said({"agent": line.agent, "verb": line.verb, "text": line.text, "detail": line.detail, "ok": line.ok}))


def _draft(town: Town) -> Draft | None:
    """The newest plan that waits."""
    found = [draft for draft in town.drafts.values() if draft.state == "draft"]
    return max(found, key=lambda draft: draft.at, default=None)


def _unlanded(town: Town) -> list[str]:
    planned = [id for convoy in town.convoys.values() for id in convoy.beads]
    return [id for id in planned if id not in town.beads or town.beads[id].work.stage != "landed"]


def _left(town: Town) -> str:
    """Which beads have not landed, and where they stand."""
    if not town.convoys:
        return "there is no approved plan"
    return ", ".join(f"{id} in {town.column(town.beads[id])}" for id in _unlanded(town) if id in town.beads)


def prove(place: Place, stuck: str) -> Ended:
    """Count what the ledger tells, and ask a fresh clone of the landed target as a stranger would."""
    from gastown_tui.cli.demo_summary import summarise
    from gastown_tui.cli.demo_verify import Verdict, verify
    from gastown_tui.engine.ledger.reading import records

    figures = summarise(records(place))
    if not figures.target_commit:
        return Ended(figures, Verdict(()), stuck)
    with tempfile.TemporaryDirectory(prefix="gastown-verify-") as work:
        return Ended(figures, verify(place.root, figures.target_commit, Path(work)), stuck)


def document(place: Place, ended: Ended) -> dict[str, Any]:
    """The document of `gt demo --json` (interfaces.md)."""
    return {**asdict(ended.figures), "verified": ended.verdict.ok, "dir": str(place.root)}


def table(ended: Ended) -> Iterator[str]:
    """What the person reads afterwards: the figures, then what was tried of that which landed."""
    figures = ended.figures
    yield ""
    rows = [
        ["planned", str(figures.planned)], ["landed", str(figures.landed)],
        ["sent back by the witness", str(figures.rejected)], ["conflicts reworked", str(figures.conflicts)],
        ["red gates mended", str(figures.gate_failures)], ["runs of the tests", str(figures.test_runs)],
        ["restarts", str(figures.restarts)], ["seconds", f"{figures.seconds:.1f}"],
        ["would have cost", common.dollars(figures.cost_usd)], ["landed as", figures.target_commit[:12]],
    ]  # fmt: skip
    yield from common.table(rows)
    yield ""
    for check in ended.verdict.checks:
        yield f"  {'ok ' if check.ok else 'NOT'} {check.name}" + ("" if check.ok else f": {check.note}")
    yield ""
    if ended.good:
        yield "Verified from a fresh clone."


def failure(place: Place, ended: Ended) -> GasTownError:
    """What a run that did not come to a good end is told as."""
    hint = f"The town is kept: gt -C {place.root} status; gt demo --keep {place.root} goes on."
    return GasTownError(why(ended), hint)


def why(ended: Ended) -> str:
    """Why the end is not a good one, in a sentence."""
    if ended.stuck:
        return f"The demo did not finish: {ended.stuck}."
    bad = [check.name for check in ended.verdict.checks if not check.ok]
    return f"All landed, and yet it does not work: {', '.join(bad) or 'nothing could be checked'}."
