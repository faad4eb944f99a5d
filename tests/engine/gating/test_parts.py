"""Turns are fair and never more than there are cores; logs are bounded and hold no secret; globs mean what they say."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.engine.gating import output
from gastown_tui.engine.gating.output import MOST, Output
from gastown_tui.engine.gating.turns import Turns
from gastown_tui.model.globs import matches


@given(st.lists(st.tuples(st.sampled_from([0.5, 1.0, 2.0, 9.0]), st.sampled_from(["", "db"]), st.booleans())))
def test_cores_are_shared_out_and_everybody_gets_a_turn(wanted: list[tuple[float, str, bool]]) -> None:
    """Those that are cancelled while they wait, or while they run, leave nothing taken."""

    async def story() -> None:
        turns = Turns(4.0)
        running: list[tuple[float, str]] = []
        came: list[int] = []

        async def gate(number: int, cores: float, exclusive: str) -> None:
            async with turns.turn(cores, exclusive):
                came.append(number)
                running.append((cores, exclusive))
                assert len(running) == 1 or sum(c for c, _ in running) <= 4.0
                assert [name for _, name in running].count("db") <= 1
                try:
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                finally:
                    running.remove((cores, exclusive))

        async with asyncio.TaskGroup() as group:
            for number, (cores, exclusive, stopped) in enumerate(wanted):
                task = group.create_task(gate(number, cores, exclusive))
                await asyncio.sleep(0)
                if stopped:
                    task.cancel()
        assert {n for n, (_, _, stopped) in enumerate(wanted) if not stopped} <= set(came)
        async with turns.turn(4.0, "db"):
            assert running == []

    asyncio.run(story())


def test_a_big_gate_is_not_passed_over_by_small_ones() -> None:
    """Small ones that come after it wait, although there would be room for them."""

    async def story() -> None:
        turns = Turns(4.0)
        came: list[str] = []

        async def gate(name: str, cores: float) -> None:
            async with turns.turn(cores):
                came.append(name)
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group, turns.turn(2.0):
            for name, cores in (("big", 3.0), ("small", 1.0), ("small", 1.0)):
                group.create_task(gate(name, cores))
                await asyncio.sleep(0)
            assert came == []
        assert came == ["big", "small", "small"]

    asyncio.run(story())


def test_a_long_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    """And says how much is left out."""
    with Output(tmp_path / "x" / "unit.log", tmp_path) as output:
        output.feed(b"the first line\n")
        for number in range(700):
            output.feed(b"%06d " % number + b"x" * 9990 + b"\n")
        output.feed(b"FAILED at last\n")
    text = (tmp_path / "x" / "unit.log").read_text()
    assert len(text) < MOST + 100_000
    assert text.startswith("the first line\n") and text.endswith("FAILED at last\n")
    assert " bytes left out here ...]" in text
    assert output.last(1) == "FAILED at last"


def test_what_is_fed_while_the_log_is_closed_goes_into_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that is cut off leaves a thread at its last piece, and the number of a file is given again at once."""
    inside, go = threading.Event(), threading.Event()
    write = os.write

    def slow(fd: int, data: bytes) -> int:
        inside.set()
        go.wait(60.0)
        return write(fd, data)

    log = Output(tmp_path / "unit.log", tmp_path)
    monkeypatch.setattr(output, "os", SimpleNamespace(write=slow, close=os.close))
    feeding = threading.Thread(target=log.feed, args=(b"a line\n",))
    closing = threading.Thread(target=log.close)
    feeding.start()
    assert inside.wait(60.0)
    closing.start()
    closing.join(0.1)
    with (tmp_path / "other").open("wb") as other:
        go.set()
        feeding.join()
        closing.join()
        assert os.fstat(other.fileno()).st_size == 0
    assert (tmp_path / "unit.log").read_text() == "a line\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_secret_cut_in_two_is_in_no_log(tmp_path: Path, size: int) -> None:
    """Nor in what is quoted of it; letters cut in two come whole."""
    key = "sk-ant-" + "abcdefgh12345678"
    data = f"before é {key} after\nlast {key}".encode()
    with Output(tmp_path / "unit.log", tmp_path) as output:
        for start in range(0, len(data), size):
            output.feed(data[start : start + size])
    text = (tmp_path / "unit.log").read_text()
    assert key not in text + output.last() and "before é [redacted" in text and " after\n" in text
    assert "last [redacted" in output.last()


@pytest.mark.parametrize(
    ("path", "glob", "meant"),
    [
        ("a/b.py", "*.py", True), ("b.py", "*.py", True), ("b.pyc", "*.py", False), ("docs/x/y", "docs/", True),
        ("a/docs/x", "docs/", True), ("a/docs/x", "/docs/", False), ("docs", "docs/", False),
        ("src/a/b.c", "src/**", True),
        ("src/a/b.c", "src/*.c", False), ("src/b.c", "src/**/*.c", True), ("src/x/y/b.c", "src/**/*.c", True),
        ("web/a/b", "web", True), ("webx", "web", False), ("x/[a].py", "[a].py", True), ("a\nb.py", "*.py", True),
        ("src/a/b.c", "src/*", False), ("lib/src/a", "src/*", False),
    ],
)  # fmt: skip
def test_globs(path: str, glob: str, meant: bool) -> None:
    """As people write them in .gitignore."""
    assert matches(path, glob) is meant
