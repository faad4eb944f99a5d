"""`gt mq` and `gt conflicts` on a queue that stands still: what they show, what they refuse, and what they change."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gastown_tui.cli import main
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.merge import GateRun
from tests.cli.towns import Said
from tests.engine.standing import ONE, OTHER, standing, tell
from tests.engine.towns import Running
from tests.support.environment import clean


class Standing:
    """Such a town, and `gt` in it."""

    def __init__(self, town: Running, capsys: pytest.CaptureFixture[str]) -> None:
        self.town, self._capsys = town, capsys

    async def gt(self, *words: str) -> Said:
        """`gt` in this process, beside the engine."""
        code = await asyncio.to_thread(main.run, ["-C", str(self.town.place.root), *words])
        return Said(code, *self._capsys.readouterr())

    async def tell(self, *events: e.AnyEvent) -> None:
        """Something happens that nobody ordered."""
        await tell(self.town, *events)


def told(tmp_path: Path, capsys: pytest.CaptureFixture[str], story: Callable[[Standing], Awaitable[None]]) -> None:
    async def run() -> None:
        async with standing(tmp_path) as town:
            await story(Standing(town, capsys))

    asyncio.run(run())


def test_show_says_everything_about_one_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story(it: Standing) -> None:
        shown = (await it.gt("mq", "show", ONE)).out.splitlines()
        assert shown[:2] == [f"{ONE}  Do {ONE}", "place   1 in the main lane, queued"]
        assert shown[3].startswith("commit  ") and shown[3].endswith(" of obsidian, epoch 1, +1 line")
        red = GateRun("t" * 40, "g", False, 5.0, 2.0, "it failed", 7, "train", "b" * 40, (ONE, OTHER), gate="unit",
                      passed=3, failures=1, first="t.py::test_x", where="t.py:4", log="7/unit.log")  # fmt: skip
        await it.tell(e.RunEnded(red), e.Shunted(ONE, "end", f"green alone, red beside {OTHER}", (OTHER,)))
        said = (await it.gt("mq", "show", ONE)).out
        assert f"  run 7  red at unit, 1 of 4 failed  with {OTHER}  2 s, " in said and "t.py::test_x  t.py:4" in said
        assert f"red     beside {OTHER}" in said and str(it.town.place.gate_logs / "7" / "unit.log") in said
        document = (await it.gt("mq", "show", ONE, "--json")).json
        assert (document["queued"]["tries"], [run["run"] for run in document["runs"]]) == (1, [7])
        await it.tell(e.BeadCreated(beads.make("rg-cc3", "Idle", "")))
        never = await it.gt("mq", "show", "rg-cc3", "--json")
        assert (never.code, never.error["title"]) == (1, "rg-cc3 was never in the merge queue.")

    told(tmp_path, capsys, story)


def test_retry_tests_a_red_one_again_and_refuses_one_that_waits_its_turn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(it: Standing) -> None:
        refused = await it.gt("mq", "retry", ONE, "--json")
        assert refused.code == 1 and "waits its turn" in refused.error["title"]
        await it.tell(e.Shunted(ONE, "end", f"red beside {OTHER}", (OTHER,)))
        said = await it.gt("mq", "retry", ONE.removeprefix("rg-"))
        assert (said.code, said.out) == (0, f"{ONE} is tried again.\n")
        assert it.town.town.queue[ONE].lane == "confirm"

    told(tmp_path, capsys, story)


def test_list_goes_on_looking_until_it_is_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story(it: Standing) -> None:
        root = it.town.place.root
        command = [sys.executable, "-P", "-m", "gastown_tui", "mq", "list", "-w", "--json"]
        env = clean(root.parent / "home")
        watching = await asyncio.create_subprocess_exec(
            *command, cwd=root, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            assert watching.stdout is not None and watching.stderr is not None
            first = json.loads(await watching.stdout.readline())
            assert [entry["bead"] for entry in first["queue"]] == [ONE, OTHER] and "the demo is on" in first["held"]
            await it.town.engine.ask(o.Queue("hold", OTHER, "not before the release"))
            holds: list[str] = []
            while "not before the release" not in holds:
                later = json.loads(await watching.stdout.readline())
                holds = [entry["hold"] for entry in later["queue"]]
            watching.send_signal(signal.SIGINT)
            assert b"Traceback" not in await watching.stderr.read()
        finally:
            with contextlib.suppress(ProcessLookupError):
                watching.kill()
            await watching.wait()

    told(tmp_path, capsys, story)


def test_conflicts_names_both_the_place_and_who_was_told_to_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(it: Standing) -> None:
        await it.town.until(lambda t: [c for c in t.collisions if c.kind == "conflict"], "the collision")
        rows = (await it.gt("conflicts")).out.splitlines()
        assert rows[0].split() == ["ONE", "OTHER", "WHERE", "KIND", "SINCE"]
        assert rows[1].split()[:6] == [ONE, "obsidian", OTHER, "obsidian", "a.txt:1", "conflict"]
        assert rows[3] == f"See the lines:      gt conflicts {ONE} {OTHER}"
        (pair,) = (await it.gt("conflicts", "--json")).json["conflicts"]
        assert (pair["one"], pair["other"], pair["kind"], pair["first"]) == (ONE, OTHER, "conflict", None)
        lines = (await it.gt("conflicts", ONE, OTHER)).out
        assert lines.startswith("a.txt  (") and f"line by {ONE}" in lines and f"line by {OTHER}" in lines
        assert (await it.gt("conflicts", ONE)).code == 2
        said = await it.gt("conflicts", "--serialise", ONE, OTHER)
        assert said.out == f"{OTHER} waits until {ONE} has landed. gt undo takes it back.\n"
        assert f"{OTHER} waits for {ONE}" in (await it.gt("conflicts")).out
        assert (await it.gt("conflicts", "--json")).json["conflicts"][0]["first"] == ONE

    told(tmp_path, capsys, story)
