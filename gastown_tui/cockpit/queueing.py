"""What keys of the train do beyond moving, and why they cannot be used now."""

from __future__ import annotations

from gastown_tui.cockpit.desk import Desk


def whole_log(desk: Desk, times: int | None) -> None:
    """Open the log of the run that tells most of the selection."""
    if number := run_about(desk):
        desk.open("log", str(number))


def run_about(desk: Desk) -> int:
    """The run in flight with the selected bead, else the newest red one with it, else the newest; 0 without any."""
    scene, bead = desk.scene, desk.bead
    if bead is not None:
        flight = [run.number for run in scene.town.testing.values() if bead.id in run.beads]
        with_it = [run for run in scene.runs if run.number and bead.id in run.beads]
        red = [run.number for run in with_it if not run.ok]
        for numbers in (flight, red, [run.number for run in with_it]):
            if numbers:
                return max(numbers)
    return max(scene.run_numbers, default=0)


def search(desk: Desk, times: int | None) -> None:
    """Ask what to look for in the log."""
    desk.prompt("Search", lambda text: desk.seek(text, 1))


def next_hit(desk: Desk, times: int | None) -> None:
    """The next line with it."""
    desk.seek("", 1)


def previous_hit(desk: Desk, times: int | None) -> None:
    """The previous line with it."""
    desk.seek("", -1)


def no_log(desk: Desk) -> str:
    """That nothing was run."""
    return "" if run_about(desk) else "no gates were run yet"
