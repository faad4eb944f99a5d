"""`gt demo`: one message to landed code on a small real project, with rehearsed agents and no model."""

from __future__ import annotations

import asyncio
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
"""Seconds the whole of it may take before it says what is stuck."""

PACE, WATCHED_PACE = 0.02, 0.35
"""Seconds between two steps of a rehearsed agent: when nobody looks, and when somebody does."""

_LOOK = 0.05
_PATIENCE = 8.0
"""Seconds something may need the overseer before the demo gives up: some needs settle themselves."""

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
@common.as_json
@click.pass_context
def demo(context: click.Context, headless: bool, keep: Path | None, cast_file: Path | None, as_json: bool) -> None:
    """A whole run on a small to-do application: one message, a plan, polecats, a rejection, a conflict, landings.

    The agents are rehearsed: no model is called and nothing is spent. Exit code 0 if all landed and the result works.

    \b
    Example:
      gt demo
      gt demo --headless --json
    """
    from gastown_tui.cli import demo_town

    folder = (keep or Path(tempfile.mkdtemp(prefix="gastown-demo-")) / "todo").absolute()
    watched = not headless and not as_json and on_a_terminal()
    if watched and cast_file is not None:
        from gastown_tui.cli.recorder import record

        context.exit(record(["demo", "--keep", str(folder)], cast_file))
    place = demo_town.make(folder, WATCHED_PACE if watched else PACE)
    with Cast(cast_file, SystemClock()) as cast:
        stuck = _watched(place) if watched else asyncio.run(run(place, _teller(cast, as_json)))
        ended = prove(place, stuck)
        common.show(document(place, ended), list(_table(place, ended)), as_json)
    if not ended.good:
        raise GasTownError(_why(ended), f"The town is kept: gt -C {folder} status; gt demo --keep {folder} goes on.")
    if watched:
        from gastown_tui.cli.demo_screen import serve

        serve(place, ended.figures.target_commit)
    if keep is None:
        shutil.rmtree(folder.parent, ignore_errors=True)
    context.exit(0)


def _teller(cast: Cast, silent: bool) -> Say:
    def say(text: str) -> None:
        if not silent:
            click.echo(common.clip_line(text))
            cast.line(common.clip_line(text))

    return say


def _watched(place: Place) -> str:
    from gastown_tui.cli.demo_screen import watch

    return asyncio.run(watch(place))


async def run(place: Place, say: Say) -> str:
    """Run the town's engine and play the overseer's part; returns what is stuck, or "" when all has landed."""
    from gastown_tui.door.host import hosting

    async with hosting(place) as engine, asyncio.TaskGroup() as group:
        telling = group.create_task(_tell(engine, say), name="feed")
        try:
            return await drive(engine, say)
        finally:
            telling.cancel()


async def drive(engine: Engine, say: Say, pause: float = 0.0) -> str:
    """Say what is wanted, approve the plan, wait for every landing; goes on where an earlier run was cut off.

    Args:
        pause: seconds somebody has to read the plan, and to decide on it before we do.

    Returns:
        What is stuck, or "" when all has landed.
    """
    try:
        async with asyncio.timeout(LIMIT):
            return await _drive(engine, say, pause)
    except TimeoutError:
        return f"it is not done after {LIMIT:.0f} s: {_left(engine.town)}"


async def _drive(engine: Engine, say: Say, pause: float) -> str:
    from gastown_tui.agents.rehearsal import play
    from gastown_tui.cli.demo_town import PLAY
    from gastown_tui.model.orders import OVERSEER, ApprovePlan, TellMayor

    prompt = play.prompt(PLAY)
    if not any(speech.said.speaker == OVERSEER for speech in engine.town.chat.values()):
        await engine.ask(TellMayor(prompt))
    say(f"[overseer] SAY {prompt}")
    if stuck := await _until(engine, lambda town: _newest(town) is not None):
        return stuck
    await asyncio.sleep(pause)
    draft = _newest(engine.town)
    if draft is not None and draft.state == "draft":
        say(f"[overseer] APPROVE {draft.plan.title}: {len(draft.plan.beads)} beads")
        await engine.ask(ApprovePlan(draft.id))
    return await _until(engine, lambda town: bool(town.convoys) and not _unlanded(town))


async def _until(engine: Engine, true: Callable[[Town], bool]) -> str:
    """Wait until something is so of the town; returns what needs the overseer if that comes first, and stays."""
    asked: dict[str, float] = {}
    clock = asyncio.get_running_loop().time
    while not true(engine.town):
        asked = {id: asked.get(id, clock()) for id in engine.town.needs}
        if any(clock() - since > _PATIENCE for since in asked.values()):
            return "it needs you: " + "; ".join(need.title for need in engine.town.needs.values())
        if engine.stopped.is_set():
            return "the engine was stopped"
        await asyncio.sleep(_LOOK)
    return ""


async def _tell(engine: Engine, say: Say) -> None:
    from gastown_tui.cli.feed import said

    async for line in engine.lines.follow(engine.lines.seq):
        say(said({"agent": line.agent, "verb": line.verb, "text": line.text, "detail": line.detail, "ok": line.ok}))


def _newest(town: Town) -> Draft | None:
    found = [draft for draft in town.drafts.values() if draft.state in ("draft", "approved")]
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
    from gastown_tui.engine.reading import records

    figures = summarise(records(place))
    if not figures.target_commit:
        return Ended(figures, Verdict(()), stuck)
    with tempfile.TemporaryDirectory(prefix="gastown-verify-") as work:
        return Ended(figures, verify(place.root, figures.target_commit, Path(work)), stuck)


def document(place: Place, ended: Ended) -> dict[str, Any]:
    """The document of `gt demo --json` (interfaces.md)."""
    return {**asdict(ended.figures), "verified": ended.verdict.ok, "dir": str(place.root)}


def _table(place: Place, ended: Ended) -> Iterator[str]:
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
        yield "Verified from a fresh clone. This on your repository: gt init, then gt up"


def _why(ended: Ended) -> str:
    if ended.stuck:
        return f"The demo did not finish: {ended.stuck}."
    bad = [check.name for check in ended.verdict.checks if not check.ok]
    return f"All landed, and yet it does not work: {', '.join(bad) or 'nothing could be checked'}."
