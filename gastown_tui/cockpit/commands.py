"""Every command of the cockpit, one row each: what binds keys, fills the footer, which-key, palette and help."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gastown_tui.cockpit import actions as a
from gastown_tui.cockpit import queueing as q
from gastown_tui.cockpit import serialising
from gastown_tui.cockpit import undoing as u
from gastown_tui.cockpit.desk import Desk
from gastown_tui.cockpit.keys import Trie
from gastown_tui.cockpit.places import PANES

Run = Callable[[Desk, int | None], None]
WhyNot = Callable[[Desk], str]

TOWN, BOARD, POLECATS, TRAIN, MAYOR = "town", "board", "polecats", "train", "mayor"
NEEDS, BEAD, PLAN, HELP, LEAVE, NOTICE = "needs", "bead", "plan", "help", "leave", "notice"
ATTACH, WRITING, LOG, LANDING = "attach", "writing", "log", "landing"
BEADS = (BOARD, TRAIN, BEAD)


class Command(NamedTuple):
    """One row. `foot` is its short name in the footer ("" keeps it out); `order` names what it asks the engine for;
    `why_not` says why it cannot be done now, "" when it can.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    scopes: tuple[str, ...]
    run: Run
    order: str = ""
    why_not: WhyNot | None = None
    foot: str = ""


def _c(id: str, keys: str, title: str, scope: str | tuple[str, ...], run: Run, order: str = "",
       why: WhyNot | None = None, foot: str = "") -> Command:  # fmt: skip
    scopes = (scope,) if isinstance(scope, str) else scope
    return Command(id, tuple(k for k in keys.split(", ") if k), title, scopes, run, order, why, foot)


def _numbered(number: int) -> Run:
    return lambda desk, _: a.answer(desk, number)


def _priority(level: int) -> Run:
    return lambda desk, _: a.prioritise(desk, level)


def _status(value: str) -> Run:
    return lambda desk, _: a.status(desk, value)


def _pane(name: str) -> Run:
    return lambda desk, _: desk.focus_pane(name)


def _leave(why: str) -> Run:
    return lambda desk, _: desk.leave(why)


def _write(desk: Desk, _: int | None) -> None:
    desk.write()


def _open(view: str) -> Run:
    return lambda desk, _: desk.open(view)


ROWS: tuple[Command, ...] = (
    _c("bead.open", "enter", "Open the bead", (BOARD, TRAIN), a.open_bead, "", a.no_bead, "open"),
    _c("queue.hold", "H", "Hold the car, or let it go", TRAIN, q.hold, "queue", q.not_movable, "hold"),
    _c("queue.first", "f", "Put the car first", TRAIN, q.first, "queue", q.not_first, "first"),
    _c("queue.back", "b", "Send it back to its polecat, saying why", TRAIN, q.send_back, "queue", q.not_movable,
       "send back"),
    _c("queue.retry", "r", "Test the car again", TRAIN, q.retry, "queue", q.not_again, "run again"),
    _c("queue.mend", "m", "File a bead that mends the target", TRAIN, q.mend, "answer", q.nothing_to_mend, "mend"),
    _c("run.log", "v", "The whole log of the run", TRAIN, q.whole_log, "", q.no_log, "whole log"),
    _c("queue.pause", "P", "Pause the train, or let it go on", TRAIN, q.pause, "queue", None, "pause"),
    _c("log.search", "/", "Search the log", LOG, q.search, foot="search"),
    _c("log.next", "n", "The next one found", LOG, q.next_hit, foot="next"),
    _c("log.previous", "N", "The one before", LOG, q.previous_hit),
    _c("attach", "enter", "Take the terminal; ctrl+] ends", (POLECATS, BEAD, NEEDS), a.attach, "type_keys",
       a.no_agent, "terminal"),
    _c("mayor.write", "i, enter", "Write to the Mayor", MAYOR, _write, "tell_mayor", foot="write"),
    _c("plan.accept", "a", "Accept the plan", (MAYOR, PLAN), a.accept, "approve_plan", a.no_draft, "accept"),
    _c("plan.edit", "e", "Edit the plan in $EDITOR", (MAYOR, PLAN), a.edit, "edit_plan", a.no_draft, "edit"),
    _c("plan.drop", "x", "Drop the plan, saying why", (MAYOR, PLAN), a.drop, "drop_plan", a.no_draft,
       "drop"),
    _c("plan.part", "A", "Accept a part of the plan", (MAYOR, PLAN), a.accept_part, "approve_plan", a.no_draft,
       "in part"),
    _c("plan.read", "p", "Read the whole plan", MAYOR, a.read_plan, "", a.no_draft, "read plan"),
    _c("mayor.attach", "t", "Take the Mayor's terminal", MAYOR, a.attach_mayor, "type_keys", a.no_mayor, "terminal"),
    *(_c(f"answer.{n}", f"{n}", f"Answer {n}", NEEDS, _numbered(n), "answer", a.no_question) for n in range(1, 10)),
    _c("answer.say", "r", "Answer in words", NEEDS, a.say, "answer", a.no_question, "reply"),
    _c("status.open", "s o", "Status open", BEADS, _status("open"), "update_bead", a.no_bead),
    _c("status.defer", "s d", "Status deferred", BEADS, _status("deferred"), "update_bead", a.no_bead),
    _c("status.block", "s b", "Status blocked", BEADS, _status("blocked"), "update_bead", a.no_bead),
    _c("status.pin", "s p", "Status pinned", BEADS, _status("pinned"), "update_bead", a.no_bead),
    *(_c(f"priority.{n}", f"p {n}", f"Priority P{n}", BEADS, _priority(n), "update_bead", a.no_bead) for n in range(5)),
    _c("serialise", "s s", "Have one of two that collide wait", BEADS, serialising.serialise, "serialise",
       serialising.nobody_met),
    _c("tile.serialise", "s", "Have one of two that collide wait", POLECATS, serialising.serialise, "serialise",
       serialising.nobody_met, "serialise"),
    _c("bead.sling", "a", "Sling the bead", BEADS, a.sling, "sling", a.not_slingable, "sling"),
    _c("sling.next", "a", "Sling what is ready", POLECATS, a.sling_next, "sling", a.nothing_ready, "sling"),
    _c("face", "f", "Log or screen", POLECATS, lambda desk, _: desk.flip(False), "", a.no_agent, "log or screen"),
    _c("faces", "F", "All tiles: log or screen", POLECATS, lambda desk, _: desk.flip(True)),
    _c("nudge", "i", "Say something to the polecat", POLECATS, a.nudge, "nudge", a.no_agent, "nudge"),
    _c("tile.bead", "o", "Open the polecat's bead", POLECATS, a.open_bead, "", a.no_bead, "bead"),
    _c("bead.close", "x", "Close without landing", BEADS, a.close, "close_bead", a.not_closable, "close"),
    _c("bead.reopen", "X", "Reopen", BEADS, a.reopen, "reopen_bead", a.not_closed),
    _c("bead.release", "R", "Take it from its polecat", (*BEADS, POLECATS), a.release, "release", a.not_in_work),
    _c("bead.title", "e", "Change the title", BEADS, a.retitle, "update_bead", a.no_bead),
    _c("bead.new", "o", "File a bead", BOARD, a.new_bead, "create_bead", None, "new"),
    _c("do", "N", "One bead, no Mayor", TOWN, a.do_once, "do"),
    _c("copy", "y", "Copy the id", BEADS, a.copy_id, "", a.no_bead),
    _c("filter", "/", "Filter the beads", BOARD, a.find, "", None, "filter"),
    _c("zoom", "z", "Zoom the pane, or all panes", TOWN, lambda desk, _: desk.zoom(), foot="zoom"),
    _c("needs", "!, g !", "Who needs me", TOWN, a.needs, foot="who needs me"),
    _c("palette", ":, ctrl+p", "Every command by name", TOWN, _open("palette"), foot="command"),
    _c("undo", "u", "Undo your last order, or a landing", (TOWN, NEEDS, BEAD, PLAN), u.undo, "undo", u.no_undo),
    _c("undo.past", "U", "Undo past what cannot be undone", (TOWN, NEEDS, BEAD, PLAN), u.undo_past, "undo",
       u.no_undo_past),
    _c("landing.yes", "y, enter", "Yes, do it", LANDING, u.landing, "undo_landing"),
    _c("redo", "ctrl+r", "Redo what you undid", (TOWN, NEEDS, BEAD, PLAN), u.redo, "redo", u.no_redo),
    _c("down", "j", "Down", (TOWN, NEEDS, BEAD, PLAN, HELP, LOG, LANDING), a.down),
    _c("up", "k", "Up", (TOWN, NEEDS, BEAD, PLAN, HELP, LOG, LANDING), a.up),
    _c("left", "h", "Left", (TOWN, LOG), a.left),
    _c("right", "l", "Right", (TOWN, LOG), a.right),
    _c("half.down", "ctrl+d", "Half a page down", (TOWN, NEEDS, BEAD, PLAN, HELP, LOG), a.half_down),
    _c("half.up", "ctrl+u", "Half a page up", (TOWN, NEEDS, BEAD, PLAN, HELP, LOG), a.half_up),
    _c("first", "g g", "To the first", (TOWN, BEAD, PLAN, HELP, LOG), a.first),
    _c("last", "G", "To the last", (TOWN, BEAD, PLAN, HELP, LOG), a.last),
    _c("pane.next", "tab", "Next pane", TOWN, lambda desk, _: desk.next_pane(1)),
    _c("pane.previous", "shift+tab", "Previous pane", TOWN, lambda desk, _: desk.next_pane(-1)),
    *(_c(f"pane.{name}", f"g {n}", f"Go to the {name.capitalize()}", TOWN, _pane(name))
      for n, name in enumerate(PANES, 1)),
    _c("back", "escape, q", "Back", (TOWN, NEEDS, BEAD, PLAN, HELP, LEAVE, LOG, LANDING),
       lambda desk, _: desk.back()),
    _c("help", "?", "Every key", (TOWN, NEEDS, BEAD, PLAN, LOG), _open("help")),
    _c("redraw", "ctrl+l", "Paint the screen again", TOWN, lambda desk, _: desk.redraw_all()),
    _c("theme", "", "Next theme", TOWN, lambda desk, _: desk.theme("")),
    _c("freeze", "", "Freeze every agent now", TOWN, a.freeze, "freeze"),
    _c("thaw", "", "Let frozen agents go on", TOWN, a.thaw, "thaw"),
    _c("leave", "ctrl+q, ctrl+c", "Leave", (TOWN, NEEDS, BEAD, PLAN, HELP, LOG), _open("leave")),
    _c("leave.detach", "d, ctrl+q", "Detach; the town goes on", LEAVE, _leave("detach")),
    _c("leave.stop", "i", "Stop: end the sessions in order, keep all work", LEAVE, _leave("stop")),
    _c("leave.now", "n", "Stop now: freeze every agent this instant", LEAVE, _leave("stop-now")),
    _c("notice.leave", "q, enter, ctrl+q, ctrl+c", "Stop and leave", NOTICE, _leave("stop")),
    _c("notice.back", "escape", "Look round; Esc shows it again", NOTICE, lambda desk, _: desk.back()),
)  # fmt: skip
BY_ID = {command.id: command for command in ROWS}
SCOPES = tuple(dict.fromkeys(scope for command in ROWS for scope in command.scopes))


def tries() -> dict[str, Trie[Command]]:
    """The chords of each scope; raises GasTownError where one hides another."""
    return {
        scope: Trie([(key, command) for command in ROWS if scope in command.scopes for key in command.keys])
        for scope in SCOPES
    }


FOOT_FIRST: dict[str, tuple[tuple[str, str], ...]] = {NEEDS: (("1-9", "answer"),)}
FOOT_LAST: dict[str, tuple[tuple[str, str], ...]] = {
    NEEDS: (("j k", "move"), ("Esc", "back")), BEAD: (("j k", "scroll"), ("Esc", "back")),
    LOG: (("j k", "scroll"), ("G", "follow"), ("h l", "other runs"), ("Esc", "back")),
    PLAN: (("j k", "scroll"), ("Esc", "back")), HELP: (("j k", "scroll"), ("Esc", "back")),
    LANDING: (("y", "yes"), ("Esc", "no")),
    NOTICE: (("q", "leave"), ("Esc", "look round")), ATTACH: (("ctrl+]", "leave the terminal"),),
    WRITING: (("↵", "send"), ("ctrl+j", "new line"), ("Tab", "next pane"), ("Esc", "done"), ("Esc ?", "help")),
}  # fmt: skip
"""What the footer of a sheet shows beside its commands."""
FAMILIES = {"status.open": "status", "priority.0": "priority"}
"""Commands that stand for all those behind the same prefix."""


def footer(scope: str, desk: Desk) -> list[tuple[str, Command | None, str]]:
    """What the footer may show in a scope, as (chord, command, name): what can be done, its own before the town's."""
    own = [c for c in ROWS if scope in c.scopes and (c.foot or c.id in FAMILIES)]
    rest = (
        [c for c in ROWS if TOWN in c.scopes and c.foot and c not in own]
        if scope in (BOARD, POLECATS, TRAIN, MAYOR)
        else []
    )
    out: list[tuple[str, Command | None, str]] = [(key, None, name) for key, name in FOOT_FIRST.get(scope, ())]
    for command in own + rest:
        if not reason(command, desk):
            chord = command.keys[0].split(" ")[0] if command.id in FAMILIES else command.keys[0]
            out.append((chord, command, command.foot or FAMILIES[command.id]))
    return [*out, *((key, None, name) for key, name in FOOT_LAST.get(scope, ()))]


def reason(command: Command, desk: Desk) -> str:
    """Why a command cannot be done now, "" when it can."""
    if command.order and desk.scene.read_only:
        return "this cockpit is read-only"
    if command.order and "lost" in desk.scene.notes:
        return "no engine answers"
    return command.why_not(desk) if command.why_not is not None else ""
