"""Settings and durable writes: what is read back is what was set, and a failed write leaves the old file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui import config
from gastown_tui.config import Config, EnvSettings, Gate, Roles, RoleSettings, Services, WorktreeSettings
from gastown_tui.engine.feed import Feed
from gastown_tui.model.errors import GasTownError
from gastown_tui.world import DiskFiles

WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
WORDS = st.lists(WORD, max_size=3).map(tuple)
SERVICES = st.one_of(st.just(Services()), st.builds(Services, WORD, WORD.filter(bool)))
GATES = st.builds(
    Gate, WORD.filter(bool), WORD, st.floats(1, 9), WORDS, st.integers(-2, 9), st.floats(0.5, 8), WORD, SERVICES
)
CONFIGS = st.builds(
    Config,
    rig=WORD,
    land=st.sampled_from(["local", "push", "pr"]),
    max_polecats=st.integers(1, 50),
    slots=st.integers(0, 50),
    pregate=st.sampled_from(["auto", "on", "off"]),
    budget_usd=st.floats(0, 1e6),
    gates=st.lists(GATES, max_size=2, unique_by=lambda gate: gate.name).map(tuple),
    sheriff=WORDS,
    worktree=st.builds(WorktreeSettings, setup=WORDS, ports=st.integers(0, 9)),
    roles=st.builds(Roles, mayor=st.builds(RoleSettings, WORD, WORD)),
    env=st.builds(EnvSettings, drop=WORDS, set=st.dictionaries(WORD, WORD, max_size=2)),
)


@given(settings=CONFIGS)
def test_settings_come_back(tmp_path_factory: pytest.TempPathFactory, settings: Config) -> None:
    """Whatever was set, and whatever stood at its default."""
    path = tmp_path_factory.mktemp("config") / "config.toml"
    config.save(path, settings, DiskFiles())
    assert config.load(path) == settings


def test_settings_left_alone_are_not_written(tmp_path: Path) -> None:
    """A new version's default reaches a town that never chose."""
    config.save(tmp_path / "config.toml", Config(target="trunk"), DiskFiles())
    assert (tmp_path / "config.toml").read_text() == 'target = "trunk"\n'
    assert config.load(tmp_path / "missing.toml") == Config()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("targte = 'main'", "targte"),
        ("max_polecats = 'six'", "max_polecats"), ("max_polecats = 0", "at least 1"),
        ("slots = -1", "slots"), ("pregate = 'always'", "pregate is one of auto, on, off"),
        ("max_polecats = true", "max_polecats"), ("land = 'moon'", "local, push, pr"),
        ("gates = [{run = 'x'}]", "name"), ("gates = [{name = '', run = 'x'}]", "no name"),
        ("gates = [{name = 'a', run = 'x'}, {name = 'a', run = 'y'}]", "a is there twice"),
        ("gates = [{name = 'a', run = 'x', cores = 0}]", "above 0"),
        ("gates = [{name = 'a', run = 'x', services = {up = 'x'}}]", "do not go down"),
        ("[worktree]\nsetpu = []", "worktree.setpu"), ("roles = 3", "roles"), ("= =", "cannot be read"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_named(tmp_path: Path, text: str, word: str) -> None:
    """A typo is never silently another town."""
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(GasTownError, match=word):
        config.load(tmp_path / "config.toml")


def test_a_short_write_goes_on_and_a_failed_one_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk gives short counts first and then an error: the file is cut back to what was whole."""
    path, real, room = tmp_path / "journal", os.write, [3, 2, 0]

    def nearly_full(fd: int, data: memoryview) -> int:
        if (space := room.pop(0)) == 0:
            raise OSError(28, "No space left on device")
        return real(fd, data[:space])

    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        DiskFiles().append(fd, b"whole\n")
        monkeypatch.setattr(os, "write", nearly_full)
        with pytest.raises(OSError, match="No space"):
            DiskFiles().append(fd, b"half a line\n")
    finally:
        os.close(fd)
    assert path.read_bytes() == b"whole\n"


def test_a_replacement_that_fails_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no temporary file beside it."""
    path = tmp_path / "engine.json"
    DiskFiles().replace(path, b"old")
    assert path.stat().st_mode & 0o777 == 0o600

    def full(fd: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        DiskFiles().replace(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["engine.json"]


@pytest.mark.parametrize("torn", [b'{"seq":2,"text":"\xc3', b"\xff\xfe\n", b"{}\n", b'{"seq":"x"}\n'])
def test_a_torn_line_does_not_stop_the_feed(tmp_path: Path, torn: bytes) -> None:
    """The feed is a convenience: what cannot be read is passed over, and what follows is kept."""
    path = tmp_path / "feed.jsonl"
    asyncio.run(Feed(path).add(1.0, "obsidian", "RUN", "python -m unittest", ok=True))
    with path.open("ab") as file:
        file.write(torn)
    asyncio.run(Feed(path).add(2.0, "obsidian", "SAY", "hello"))
    asyncio.run(Feed(path).add(3.0, "quartz", "SAY", "there"))
    assert Feed(path).of("obsidian")[0].text == "python -m unittest"
    assert [line.text for line in Feed(path).of("quartz")] == ["there"]
