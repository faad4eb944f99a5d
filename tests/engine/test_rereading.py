"""What a person writes into config.toml while the engine runs is taken on, kept as it is written, and said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui import config as settings
from gastown_tui.config import Config
from gastown_tui.engine.rereading import NOTE
from gastown_tui.model.errors import GasTownError
from gastown_tui.world import DiskFiles
from tests.engine.towns import founded, note, rehearse, running

TEXT = """\
# how we land
land = "push"  # since Monday
slots = 2

# our tests
[[gates]]
name = "unit"
run = "land = nothing"
"""


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"budget_usd": 4.0}, "budget_usd = 4.0\n" + TEXT),
        ({"land": "pr"}, TEXT.replace('land = "push"  # since Monday', 'land = "pr"')),
        ({"land": "local", "ci": ""}, TEXT.replace('land = "push"  # since Monday\n', "")),
    ],
)
def test_a_setting_that_is_answered_leaves_the_rest_as_it_is_written(
    tmp_path: Path, values: dict[str, str | float], wanted: str
) -> None:
    """Comments, and what the person changed since the engine read it."""
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    before = Config(max_polecats=2)
    after = settings.change(path, before, DiskFiles(), **values)
    assert path.read_text() == wanted and after.max_polecats == 2
    for found in (after, settings.load(path)):
        assert {name: getattr(found, name) for name in values} == values


def test_a_setting_goes_in_however_the_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('gates = [\n  {name = "a", run = """\nland = "push"\n"""},\n]\nland = """\npush"""\n')
    settings.change(path, Config(), DiskFiles(), land="pr")
    found = settings.load(path)
    assert (found.land, found.gates[0].run) == ("pr", 'land = "push"\n')
    path.write_text("land = \n")
    with pytest.raises(GasTownError, match="cannot be read"):
        settings.change(path, Config(), DiskFiles(), land="pr")
    assert path.read_text() == "land = \n"
    path.unlink()
    assert settings.change(path, Config(), DiskFiles(), budget_usd=2.0) == settings.load(path)


def test_gates_that_are_changed_meanwhile_are_those_that_run(tmp_path: Path) -> None:
    """A run of the gates as they were is no verdict; what says what the town is waits for the next start."""

    async def story() -> None:
        place = founded(tmp_path)
        begun = tmp_path / "begun"
        async with running(place) as town:
            engine, text = town.engine, place.config.read_text()
            slow = text.replace("test ! -e RED", f"touch {begun}; while test -e {begun}; do sleep 0.05; done")
            assert slow != text
            place.config.write_text(slow)
            await town.until(lambda t: str(begun) in engine.config.gates[0].run, "it to be taken on")
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: begun.exists() and t.testing, "its gate to run")
            place.config.write_text("gates = [")
            await town.until(lambda t: "cannot be read" in engine.notes.get(NOTE, ""), "it to be said")
            assert engine.config.gated
            place.config.write_text(text.replace("test ! -e RED", "true").replace('prefix = "rg"', 'prefix = "zz"'))
            await town.landed(bead)
            assert begun.exists(), "the run of the gate before it was ended"
            assert engine.config.prefix == "rg" and engine.notes[NOTE].endswith("gt up: prefix")
            assert any(line.verb == "SETTINGS" and "gates" in line.text for line in engine.lines.lines())
            place.config.unlink()
            await town.until(lambda t: "is gone" in engine.notes[NOTE], "that to be said")
            assert engine.config.gated

    asyncio.run(story())
