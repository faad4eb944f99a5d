"""Gates run for real: in order and side by side, with what they need, and nothing of them is left."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from gastown_tui.agents import processes
from gastown_tui.config import Gate, Services, WorktreeSettings
from gastown_tui.engine.base import Base
from gastown_tui.engine.gating import kept, process, services
from gastown_tui.engine.gating.running import changed, run_gates
from gastown_tui.engine.gating.tested import Tested
from tests.engine.gating.ground import configured, ground, run
from tests.support import rigs
from tests.support.waiting import until_async

SLOT = "refinery-1"
UNIT = """import unittest
class Cart(unittest.TestCase):
    def test_add(self): pass
    def test_later(self): self.skipTest("later")
    def test_total(self): self.assertEqual(3, 4)
"""


def done(base: Base, number: int = 1, *, only: tuple[str, ...] = (), keep_going: bool = False) -> Tested:
    """The gates on the tip."""
    return asyncio.run(run_gates(base, run(base, number), SLOT, only=only, keep_going=keep_going))


def left(base: Base) -> list[processes.Pair]:
    """What runs of any gate of this town."""
    return processes.with_environment(process.MARK, services.mark(base))


def test_a_red_gate_says_which_test_and_where(tmp_path: Path) -> None:
    """The counts, the first failing test, its place and why; and the log of both gates, for the owner's eyes only."""
    gates = (Gate("unit", "python3 -m unittest"), Gate("lint", "echo linted"), Gate("late", "echo late", phase=1))
    with ground(tmp_path, {"test_cart.py": UNIT}, gates=gates) as base:
        found = done(base, keep_going=True)
        assert (found.ok, [gate.name for gate in found.gates]) == (False, ["unit", "lint", "late"])
        record = found.record(5.0)
        assert (record.ok, record.gate, record.passed, record.failures) == (False, "unit", 1, 1)
        assert (record.first, record.where) == ("test_cart.Cart.test_total", "test_cart.py:5")
        assert record.failed.startswith("unit: test_cart.Cart.test_total (test_cart.py:5), 1 of 2 failed")
        assert "AssertionError: 3 != 4" in record.failed
        assert [check.verdict for check in found.checks] == ["fail", "pass", "pass"]
        at = kept.folder(base.place) / "1"
        assert (at / "lint.log").read_text() == "linted\n" and record.log == "1/unit.log"
        assert {oct(path.stat().st_mode & 0o777) for path in at.iterdir()} == {"0o600"}
        again = kept.read(base.place, 1)
        assert again is not None and (again.ok, again.gates) == (False, found.gates)
        assert base.notes == {} and [line.ok for line in base.feed.lines()] .count(False) == 1


def test_a_red_gate_ends_its_phase_and_those_after_it(tmp_path: Path) -> None:
    """The verdict is known: what still runs is ended, and what did not begin never does."""
    gates = (
        Gate("slow", "exec sleep 600"), Gate("red", "false"), Gate("late", "touch late", phase=1),
    )  # fmt: skip
    with ground(tmp_path, gates=gates) as base:
        found = done(base)
        assert (found.ok, [gate.name for gate in found.gates]) == (False, ["red"])
        assert found.red is not None and found.failed.startswith("red: `false` ended with 1")
        assert left(base) == []


def test_gates_of_one_phase_run_side_by_side_and_phases_after_one_another(tmp_path: Path) -> None:
    """Two that wait for each other are green together; the next phase sees both done."""
    meet = "touch {0}; n=0; while ! test -e {1}; do sleep 0.02; n=$((n+1)); test $n -lt 1500 || exit 1; done"
    gates = (
        Gate("after", "test -e a && test -e b", phase=2), Gate("a", meet.format("a", "b"), phase=1),
        Gate("b", meet.format("b", "a"), phase=1),
    )  # fmt: skip
    with ground(tmp_path, gates=gates) as base:
        found = done(base)
        assert found.ok and [gate.name for gate in found.gates] == ["a", "b", "after"]


def test_what_is_exclusive_runs_once_at_a_time_in_all_slots(tmp_path: Path) -> None:
    """Four gates of two slots want the same thing; each has it alone."""
    alone = f"mkdir {tmp_path}/db || exit 1; sleep 0.05; rmdir {tmp_path}/db"
    gates = (Gate("one", alone, exclusive="db"), Gate("two", alone, exclusive="db"))
    with ground(tmp_path, gates=gates) as base:

        async def both() -> list[Tested]:
            return list(await asyncio.gather(*(run_gates(base, run(base, n), f"refinery-{n}") for n in (1, 2))))

        assert [found.failed for found in asyncio.run(both())] == ["", ""]


def test_a_gate_out_of_time_leaves_nothing_running(tmp_path: Path) -> None:
    """Not even what went to a session of its own and holds the output open."""
    gates = (Gate("stuck", "echo begun; setsid sleep 600 & sleep 600", timeout=1.0),)
    with ground(tmp_path, gates=gates) as base:
        found = done(base)
        red = found.red
        assert red is not None and red.code is None and "ran out of time" in found.failed
        assert (kept.folder(base.place) / "1" / "stuck.log").read_text().startswith("begun\n")
        assert left(base) == []


def test_a_gate_that_ends_leaves_nothing_running(tmp_path: Path) -> None:
    """What it put into the background would hold ports and files of the next run."""
    with ground(tmp_path, gates=(Gate("messy", "setsid sleep 600 & sleep 600 & echo done"),)) as base:
        assert done(base).ok
        assert left(base) == []


def test_services_are_up_while_the_gate_runs_and_down_after(tmp_path: Path) -> None:
    """Green, red, or cut off."""
    told = tmp_path / "told"
    serving = Services(f"setsid sleep 600 & echo $! > pid; echo up >> {told}", f"kill $(cat pid); echo down >> {told}")
    check = f"kill -0 $(cat pid) && echo ran >> {told}"
    for command, ok in ((check, True), (f"{check}; false", False)):
        told.unlink(missing_ok=True)
        with ground(tmp_path / str(ok), gates=(Gate("db", command, services=serving),)) as base:
            found = done(base)
            assert (found.ok, told.read_text().split()) == (ok, ["up", "ran", "down"])
            assert left(base) == [] and not list(kept.folder(base.place).glob("*/*.up"))


def test_a_run_that_is_stopped_takes_its_services_down(tmp_path: Path) -> None:
    """The queue stops runs that no longer matter; the account says that there is no verdict."""
    told = tmp_path / "told"
    serving = Services(f"setsid sleep 600 & echo up >> {told}", f"echo down >> {told}")
    with ground(tmp_path, gates=(Gate("db", f"echo ran >> {told}; sleep 600", services=serving),)) as base:

        async def story() -> None:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(run_gates(base, run(base), SLOT))
                await until_async(lambda: told.exists() and "ran" in told.read_text(), "the gate to run")
                task.cancel()

        asyncio.run(story())
        assert told.read_text().split() == ["up", "ran", "down"] and left(base) == []
        again = kept.read(base.place, 1)
        assert again is not None and again.ok is None and base.notes == {}


def test_services_that_do_not_come_up_are_said_so(tmp_path: Path) -> None:
    """And are taken down: half of them may be up."""
    serving = Services("echo no such image; exit 3", f"touch {tmp_path}/down")
    with ground(tmp_path, gates=(Gate("db", f"touch {tmp_path}/ran", services=serving),)) as base:
        found = done(base)
        said = "its services did not come up: `echo no such image; exit 3` ended with 3"
        assert not found.ok and said in found.failed
        assert (tmp_path / "down").exists() and not (tmp_path / "ran").exists()


def test_after_a_crash_what_gates_left_is_ended_and_services_are_taken_down(tmp_path: Path) -> None:
    """The engine was killed between up and down."""
    down = f"touch {tmp_path}/down"
    with ground(tmp_path, gates=(Gate("db", "true", services=Services("true", down)),)) as base:

        async def story() -> None:
            mark = services.mark(base, 7, "db")
            killed = await asyncio.create_subprocess_exec(
                "sleep", "600", env={"PATH": os.environ["PATH"], process.MARK: mark}, start_new_session=True
            )
            at = kept.folder(base.place) / "7"
            at.mkdir(parents=True)
            (at / "db.up").write_text(f'{{"slot": "{tmp_path}", "down": "{down}", "mark": "{mark}services;"}}')
            (at / "torn.up").write_text('{"slot"')
            await until_async(lambda: left(base), "the process to show its environment")
            await services.recover(base)
            assert await killed.wait() < 0
            assert (tmp_path / "down").exists() and left(base) == [] and not list(at.glob("*.up"))

        asyncio.run(story())


def test_only_gates_whose_paths_changed_run(tmp_path: Path) -> None:
    """Those without paths always do; where no path is known, all do."""
    gates = (Gate("web", "true", paths=("web/",)), Gate("py", "true", paths=("*.py",)), Gate("always", "true"))
    with ground(tmp_path, gates=gates) as base:
        old = base.repo.tip("refs/heads/main")
        new = rigs.commit(base.place.root, {"api/x.py": "x = 1\n"}, "Change the api")
        one = run(base, 1, new, "train")

        async def story() -> None:
            import msgspec

            paths = await changed(base, msgspec.structs.replace(one, base=old))
            assert paths == ("api/x.py",)
            found = await run_gates(base, one, SLOT, paths)
            assert ([g.name for g in found.gates], found.left) == (["py", "always"], ("web",))
            assert await changed(base, msgspec.structs.replace(one, kind="all")) is None
            found = await run_gates(base, one, SLOT)
            assert ([g.name for g in found.gates], found.left) == (["web", "py", "always"], ())
            found = await run_gates(base, one, SLOT, only=("web",))
            assert [g.name for g in found.gates] == ["web"]

        asyncio.run(story())


def test_a_slot_is_set_up_once_and_again_when_manifests_change(tmp_path: Path) -> None:
    """What set-up installs where git ignores it stays; everything else of the run before goes."""
    count = f"echo x >> {tmp_path}/setups; mkdir -p node_modules; echo dep > node_modules/dep"
    gates = (Gate("see", "cat node_modules/dep local && test ! -e junk && touch junk node_modules/more"),)
    files = {".gitignore": "node_modules\njunk\nlocal\n", "package.json": "{}\n"}
    settings = WorktreeSettings(setup=(count,), copy=("local",))
    with ground(tmp_path, files, gates=gates, worktree=settings) as base:
        (base.place.root / "local").write_text("mine\n")
        setups = tmp_path / "setups"
        assert done(base, 1).ok and done(base, 2).ok and setups.read_text() == "x\n"
        assert (base.worktrees.folder / SLOT / "node_modules" / "more").exists()
        rigs.commit(base.place.root, {"README.md": "other\n"}, "Change what is no manifest")
        assert done(base, 3).ok and setups.read_text() == "x\n"
        rigs.commit(base.place.root, {"package.json": '{"x": 1}\n'}, "Change a manifest")
        assert done(base, 4).ok and setups.read_text() == "x\nx\n"
        configured(base, worktree=WorktreeSettings(setup=(count, "exit 4"), copy=("local",)))
        found = done(base, 5)
        assert not found.ok and found.failed.startswith("set-up: `exit 4` ended with 4")
        assert not done(base, 6).ok and setups.read_text() == "x\n" * 4


def test_reports_that_a_gate_names_have_the_last_word(tmp_path: Path) -> None:
    """Those of the run before, and links to elsewhere, have none."""
    bad = '<testcase name="b"><failure message="no">x.py:3</failure></testcase>'
    report = f'<testsuite><testcase name="a"/>{bad}</testsuite>'
    (tmp_path / "outside.xml").write_text(report)
    command = f"mkdir -p target; cat report > target/a.xml; ln -sf {tmp_path}/outside.xml target/link.xml; exit 1"
    gates = (Gate("unit", command, junit=("target/*.xml",)),)
    with ground(tmp_path, {"report": report, ".gitignore": "target\n"}, gates=gates) as base:
        record = done(base).record(0.0)
        assert (record.passed, record.failures, record.first, record.where) == (1, 1, "b", "x.py:3")
        configured(base, gates=(Gate("unit", "true", junit=("target/*.xml", "../*.xml", "/*.xml")),))
        assert done(base, 2).record(0.0).passed == 0
        assert (tmp_path / "outside.xml").exists()


def test_the_count_is_seen_while_a_gate_runs(tmp_path: Path) -> None:
    """From what it announced; a secret it prints is in no log."""
    key = "sk-ant-" + "abcdefgh12345678"
    go = tmp_path / "go"
    said = f"collected 3 items\\n\\ntest_a.py .. {key}\\ntest_a.py ..   [ 66%%]\\n"
    command = f"printf '{said}'; while ! test -e {go}; do sleep 0.02; done; echo '3 passed in 0.01s'"
    with ground(tmp_path, gates=(Gate("unit", command),)) as base:

        async def story() -> Tested:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(run_gates(base, run(base), SLOT))
                told = "unit: 2 of 3 passed, none failed"
                await until_async(lambda: base.notes.get("run 1") == told, "the count")
                go.touch()
            return task.result()

        assert asyncio.run(story()).record(0.0).passed == 3
        text = (kept.folder(base.place) / "1" / "unit.log").read_text()
        assert key not in text and "[redacted" in text
        assert base.turns.totals == {"unit": 3}


def test_the_last_runs_are_kept(tmp_path: Path) -> None:
    """Older ones go, newest first they are told."""
    with ground(tmp_path) as base:
        for number in range(1, 8):
            kept.write(base.place, kept.KeptRun(number, ok=True))
        (kept.folder(base.place) / "notes").mkdir()
        (kept.folder(base.place) / "6" / "run.json").write_text("{torn")
        assert kept.prune(base.place, 3) == 4
        assert [found.number for found in kept.runs(base.place)] == [7, 5]
        assert (kept.folder(base.place) / "notes").is_dir()


def test_what_was_cut_off_is_told_of(tmp_path: Path) -> None:
    """The engine was killed while a gate ran; of another run not even an account is left."""
    with ground(tmp_path) as base:
        at = kept.folder(base.place)
        kept.write(base.place, kept.KeptRun(3, gates=(kept.KeptGate("lint", ok=True, log="lint.log"),)))
        (at / "4").mkdir()
        for name in ("3/lint.log", "3/unit.log", "4/unit.log"):
            (at / name).write_text("begun\n")
        assert [(run.number, run.ok, kept.cut(base.place, run)) for run in kept.runs(base.place)] == [
            (4, None, ("unit",)), (3, None, ("unit",)),
        ]  # fmt: skip


@pytest.mark.parametrize("name", ["a/../../x", "..", "", "unit tests", "é" * 300])
def test_a_gates_name_is_no_path(name: str) -> None:
    """Settings are the person's own, but no log may lie elsewhere."""
    assert "/" not in kept.file_name(name) and not kept.file_name(name).startswith(".")
