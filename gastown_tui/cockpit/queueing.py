"""What keys of the train do to the queue, and why they cannot be used now."""

from __future__ import annotations

from gastown_tui.cockpit.desk import Desk
from gastown_tui.model import orders as o
from gastown_tui.model.events import Need
from gastown_tui.model.queue.standing import Spot


def spot(desk: Desk) -> Spot | None:
    """The entry of the queue that the selection is on."""
    bead = desk.bead
    return next((s for s in desk.scene.line.spots if bead is not None and s.bead == bead.id), None)


def hold(desk: Desk, times: int | None) -> None:
    """Hold the selected car with words, or let it go."""
    found = spot(desk)
    if found is None:
        return
    name = desk.scene.short(found.bead)
    if found.entry.hold:
        desk.order(o.Queue("release", found.bead), f"{name} may go on; u holds it again")
    else:
        desk.prompt(
            f"Hold {name}, because",
            lambda text: desk.order(o.Queue("hold", found.bead, text), f"{name} is held; H lets it go"),
        )


def first(desk: Desk, times: int | None) -> None:
    """Put the selected car before all others."""
    if (found := spot(desk)) is not None:
        desk.order(o.Queue("first", found.bead), f"{desk.scene.short(found.bead)} goes first; u undoes it")


def send_back(desk: Desk, times: int | None) -> None:
    """Send the selected car back to its polecat, with words."""
    if (found := spot(desk)) is not None:
        name = desk.scene.short(found.bead)
        who = desk.scene.town.beads[found.bead].assignee or "its polecat"

        def submit(text: str) -> None:
            if text:
                desk.order(o.Queue("reject", found.bead, text), f"{name} goes back to {who}")
            else:
                desk.say(f"{who} has to know why; nothing was sent", bad=True)

        desk.prompt(f"Send {name} back to {who}, because", submit)


def retry(desk: Desk, times: int | None) -> None:
    """Test the selected car again."""
    if (found := spot(desk)) is not None:
        desk.order(o.Queue("retry", found.bead), f"{desk.scene.short(found.bead)} is tested again")


def pause(desk: Desk, times: int | None) -> None:
    """Stop the train after the run in flight, or let it go on."""
    if "queue" in desk.scene.town.holds:
        desk.order(o.Queue("resume"), "The train goes on")
    else:
        desk.order(o.Queue("pause"), "The train is paused: nothing lands; P lets it go on")


def mend(desk: Desk, times: int | None) -> None:
    """Have a bead filed that makes the target green again."""
    if (need := _red_need(desk)) is not None:
        desk.order(o.Answer(need.id, "file a bead"), "A bead to mend it is filed, and goes before all others")


def _red_need(desk: Desk) -> Need | None:
    return next((need for need in desk.scene.town.needs.values() if need.kind == "red"), None)


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


def no_car(desk: Desk) -> str:
    """That no car is selected."""
    if desk.bead is None:
        return "no car is selected"
    return "" if spot(desk) is not None else f"{desk.scene.short(desk.bead.id)} is not in the queue"


def not_movable(desk: Desk) -> str:
    """That no car is selected, or that it is landing this instant."""
    found = spot(desk)
    return no_car(desk) or ("it is landing" if found is not None and found.state == "landing" else "")


def not_first(desk: Desk) -> str:
    """That the car cannot be put first."""
    found = spot(desk)
    if (why := not_movable(desk)) or found is None:
        return why
    return "it is first already" if found.place == 1 else ""


def not_again(desk: Desk) -> str:
    """That there is no verdict to be forgotten."""
    found = spot(desk)
    if (why := not_movable(desk)) or found is None:
        return why
    if found.runs:
        return "it is tested just now"
    red = found.entry.lane or found.entry.tries or found.entry.alone is False or found.state == "waiting"
    return "" if red else "no run of it was red"


def nothing_to_mend(desk: Desk) -> str:
    """That the target is not known to be red, or is being mended."""
    if _red_need(desk) is not None:
        return ""
    target = desk.scene.town.target
    return f"{target} is being mended" if "red" in desk.scene.town.holds else f"{target} is not red"


def no_log(desk: Desk) -> str:
    """That nothing was run."""
    return "" if run_about(desk) else "no gates were run yet"
