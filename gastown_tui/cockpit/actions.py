"""What commands do, and why they cannot be done now."""

from __future__ import annotations

from gastown_tui.cockpit.desk import Desk
from gastown_tui.model import orders as o

PAGE = 8


def down(desk: Desk, times: int | None) -> None:
    desk.move(0, times or 1)


def up(desk: Desk, times: int | None) -> None:
    desk.move(0, -(times or 1))


def left(desk: Desk, times: int | None) -> None:
    desk.move(-(times or 1), 0)


def right(desk: Desk, times: int | None) -> None:
    desk.move(times or 1, 0)


def half_down(desk: Desk, times: int | None) -> None:
    desk.move(0, PAGE * (times or 1))


def half_up(desk: Desk, times: int | None) -> None:
    desk.move(0, -PAGE * (times or 1))


def first(desk: Desk, times: int | None) -> None:
    desk.jump(False)


def last(desk: Desk, times: int | None) -> None:
    desk.jump(True)


def open_bead(desk: Desk, times: int | None) -> None:
    if desk.bead is not None:
        desk.open("bead", desk.bead.id)


def attach(desk: Desk, times: int | None) -> None:
    desk.open("attach", desk.agent)


def attach_mayor(desk: Desk, times: int | None) -> None:
    if desk.scene.mayor is not None:
        desk.open("attach", desk.scene.mayor.name)


def needs(desk: Desk, times: int | None) -> None:
    desk.open("needs")


def answer(desk: Desk, number: int) -> None:
    """Take one of the numbered answers of the open question."""
    ask = desk.question
    if ask is None:
        return
    if ask.draft is not None and not ask.choices:
        (accept, edit, drop)[number - 1](desk, None) if number <= 3 else desk.say("There are three answers.")
    elif 1 <= number <= len(ask.choices):
        choice = ask.choices[number - 1]
        desk.order(o.Answer(ask.id, choice), f"Answered: {choice}")
    else:
        desk.say(f"There is no answer {number}.", bad=True)


def say(desk: Desk, times: int | None) -> None:
    """Answer in words."""
    ask = desk.question
    if ask is None:
        return
    choice = ask.choices[0] if ask.choices else ""
    desk.prompt("Your answer", lambda text: desk.order(o.Answer(ask.id, choice, text), "Answered"))


def accept(desk: Desk, times: int | None) -> None:
    if (draft := desk.draft) is not None:
        desk.order(o.ApprovePlan(draft.id), "Accepted; the beads are filed")


def accept_part(desk: Desk, times: int | None) -> None:
    """Take the named beads of the plan, with what they need."""
    if (draft := desk.draft) is not None:
        keys = " ".join(bead.key for bead in draft.plan.beads)
        desk.prompt("Accept these", lambda text: desk.order(o.ApprovePlan(draft.id, tuple(text.split())), "Accepted in part"), keys)


def edit(desk: Desk, times: int | None) -> None:
    if (draft := desk.draft) is not None:
        desk.edit_plan(draft)


def drop(desk: Desk, times: int | None) -> None:
    if (draft := desk.draft) is not None:
        desk.prompt("Drop it, because", lambda text: desk.order(o.DropPlan(draft.id, text), "Dropped; the Mayor is told"))


def read_plan(desk: Desk, times: int | None) -> None:
    if (draft := desk.draft) is not None:
        desk.open("plan", draft.id)


def sling(desk: Desk, times: int | None) -> None:
    bead = desk.bead
    desk.order(o.Sling(bead.id if bead is not None else ""), f"Slung {bead.id}" if bead is not None else "Slung")


def sling_next(desk: Desk, times: int | None) -> None:
    desk.order(o.Sling(), "Slung what is ready")


def release(desk: Desk, times: int | None) -> None:
    if (bead := desk.bead) is not None:
        desk.prompt(f"Take {bead.id} from {bead.assignee}, because",
                    lambda text: desk.order(o.Release(bead.id, text), f"{bead.id} is free; the work is kept"))  # fmt: skip


def close(desk: Desk, times: int | None) -> None:
    if (bead := desk.bead) is not None:
        desk.prompt(f"Close {bead.id} without landing, because",
                    lambda text: desk.order(o.CloseBead(bead.id, text), f"Closed {bead.id}; X reopens it"))  # fmt: skip


def reopen(desk: Desk, times: int | None) -> None:
    if (bead := desk.bead) is not None:
        desk.order(o.ReopenBead(bead.id), f"{bead.id} is open again")


def prioritise(desk: Desk, level: int) -> None:
    if (bead := desk.bead) is not None:
        desk.order(o.UpdateBead(bead.id, {"priority": level}), f"{bead.id} is P{level}")


def status(desk: Desk, value: str) -> None:
    if (bead := desk.bead) is not None:
        desk.order(o.UpdateBead(bead.id, {"status": value}), f"{bead.id} is {value}")


def retitle(desk: Desk, times: int | None) -> None:
    if (bead := desk.bead) is not None:
        desk.prompt("Title", lambda text: desk.order(o.UpdateBead(bead.id, {"title": text}), "Changed"), bead.title)


def new_bead(desk: Desk, times: int | None) -> None:
    desk.prompt("New bead", lambda text: desk.order(o.CreateBead(text), "Filed"))


def do_once(desk: Desk, times: int | None) -> None:
    desk.prompt("One bead, one polecat, no Mayor", lambda text: desk.order(o.DoOnce(text), "Filed and slung"))


def nudge(desk: Desk, times: int | None) -> None:
    agent = desk.agent
    desk.prompt(f"Say to {agent}", lambda text: desk.order(o.Nudge(agent, text), f"Said to {agent}"))


def freeze(desk: Desk, times: int | None) -> None:
    desk.order(o.Freeze(), "Every agent is frozen where it stands")


def thaw(desk: Desk, times: int | None) -> None:
    desk.order(o.Thaw(), "Agents go on")


def find(desk: Desk, times: int | None) -> None:
    desk.prompt("Filter", desk.filter, desk.scene.filter)


def copy_id(desk: Desk, times: int | None) -> None:
    if (bead := desk.bead) is not None:
        desk.copy(bead.id)
        desk.say(f"Copied {bead.id}")


def no_bead(desk: Desk) -> str:
    return "" if desk.bead is not None else "no bead is selected"


def not_closable(desk: Desk) -> str:
    return no_bead(desk) or ("it is closed already" if desk.bead and desk.bead.status == "closed" else "")


def not_closed(desk: Desk) -> str:
    return no_bead(desk) or ("" if desk.bead and desk.bead.status == "closed" else "it is open")


def not_slingable(desk: Desk) -> str:
    if (why := no_bead(desk)) or desk.bead is None:
        return why
    if desk.bead.work.stage != "idle":
        return f"{desk.bead.assignee or 'somebody'} has it" if desk.bead.status != "closed" else "it is closed"
    blockers = desk.scene.town.blockers(desk.bead)
    return f"it waits for {', '.join(blockers[:3])}" if blockers else ""


def nothing_ready(desk: Desk) -> str:
    return "" if desk.scene.town.columns.get("ready") else "no ready bead"


def not_in_work(desk: Desk) -> str:
    return no_bead(desk) or ("" if desk.bead and desk.bead.work.lease is not None else "nobody has it")


def no_agent(desk: Desk) -> str:
    agent = desk.scene.town.agents.get(desk.agent)
    if agent is None:
        return "no polecat is selected"
    return "" if agent.live else f"{agent.name} is not running"


def no_mayor(desk: Desk) -> str:
    mayor = desk.scene.mayor
    return "" if mayor is not None and mayor.live else "the Mayor is not running"


def no_draft(desk: Desk) -> str:
    return "" if desk.draft is not None else "no plan waits"


def no_question(desk: Desk) -> str:
    return "" if desk.question is not None else "nobody needs you"
