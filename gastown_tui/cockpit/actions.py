"""What commands do, and why they cannot be done now."""

from __future__ import annotations

from gastown_tui.cockpit.desk import Desk
from gastown_tui.model import orders as o

PAGE = 8


def down(desk: Desk, times: int | None) -> None:
    """Down by the count."""
    desk.move(0, times or 1)


def up(desk: Desk, times: int | None) -> None:
    """Up by the count."""
    desk.move(0, -(times or 1))


def left(desk: Desk, times: int | None) -> None:
    """Left by the count."""
    desk.move(-(times or 1), 0)


def right(desk: Desk, times: int | None) -> None:
    """Right by the count."""
    desk.move(times or 1, 0)


def half_down(desk: Desk, times: int | None) -> None:
    """Half a page down."""
    desk.move(0, PAGE * (times or 1))


def half_up(desk: Desk, times: int | None) -> None:
    """Half a page up."""
    desk.move(0, -PAGE * (times or 1))


def first(desk: Desk, times: int | None) -> None:
    """To the first."""
    desk.jump(False)


def last(desk: Desk, times: int | None) -> None:
    """To the last."""
    desk.jump(True)


def open_bead(desk: Desk, times: int | None) -> None:
    """Open the selected bead."""
    if desk.bead is not None:
        desk.open("bead", desk.bead.id)


def attach(desk: Desk, times: int | None) -> None:
    """Take the selected agent's terminal."""
    desk.open("attach", desk.agent)


def attach_mayor(desk: Desk, times: int | None) -> None:
    """Take the Mayor's terminal."""
    if desk.scene.mayor is not None:
        desk.open("attach", desk.scene.mayor.name)


def needs(desk: Desk, times: int | None) -> None:
    """Show what needs the overseer."""
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
    """Accept the draft."""
    if (draft := desk.draft) is not None:
        desk.order(o.ApprovePlan(draft.id), "Accepted; the beads are filed")


def accept_part(desk: Desk, times: int | None) -> None:
    """Take the named beads of the plan, with what they need."""
    if (draft := desk.draft) is not None:
        keys = " ".join(bead.key for bead in draft.plan.beads)
        desk.prompt(
            "Accept these",
            lambda text: desk.order(o.ApprovePlan(draft.id, tuple(text.split())), "Accepted in part"),
            keys,
        )


def edit(desk: Desk, times: int | None) -> None:
    """Edit the draft."""
    if (draft := desk.draft) is not None:
        desk.edit_plan(draft)


def drop(desk: Desk, times: int | None) -> None:
    """Drop the draft, with words."""
    if (draft := desk.draft) is not None:
        desk.prompt(
            "Drop it, because", lambda text: desk.order(o.DropPlan(draft.id, text), "Dropped; the Mayor is told")
        )


def read_plan(desk: Desk, times: int | None) -> None:
    """Show the whole draft."""
    if (draft := desk.draft) is not None:
        desk.open("plan", draft.id)


def sling(desk: Desk, times: int | None) -> None:
    """Sling the selected bead."""
    bead = desk.bead
    desk.order(o.Sling(bead.id if bead is not None else ""), f"Slung {bead.id}" if bead is not None else "Slung")


def sling_next(desk: Desk, times: int | None) -> None:
    """Sling whatever is ready."""
    desk.order(o.Sling(), "Slung what is ready")


def release(desk: Desk, times: int | None) -> None:
    """Take the selected bead from its polecat."""
    if (bead := desk.bead) is not None:
        desk.prompt(f"Take {bead.id} from {bead.assignee}, because",
                    lambda text: desk.order(o.Release(bead.id, text), f"{bead.id} is free, its work kept"))  # fmt: skip


def close(desk: Desk, times: int | None) -> None:
    """Close the selected bead without landing."""
    if (bead := desk.bead) is not None:
        desk.prompt(f"Close {bead.id} without landing, because",
                    lambda text: desk.order(o.CloseBead(bead.id, text), f"Closed {bead.id}; u undoes it"))  # fmt: skip


def reopen(desk: Desk, times: int | None) -> None:
    """Reopen the selected bead."""
    if (bead := desk.bead) is not None:
        desk.order(o.ReopenBead(bead.id), f"{bead.id} is open again")


def prioritise(desk: Desk, level: int) -> None:
    """Set the priority of the selected bead."""
    if (bead := desk.bead) is not None:
        desk.order(o.UpdateBead(bead.id, {"priority": level}), f"{bead.id} is P{level}")


def status(desk: Desk, value: str) -> None:
    """Set the status of the selected bead."""
    if (bead := desk.bead) is not None:
        desk.order(o.UpdateBead(bead.id, {"status": value}), f"{bead.id} is {value}")


def retitle(desk: Desk, times: int | None) -> None:
    """Give the selected bead another title."""
    if (bead := desk.bead) is not None:
        desk.prompt("Title", lambda text: desk.order(o.UpdateBead(bead.id, {"title": text}), "Changed"), bead.title)


def new_bead(desk: Desk, times: int | None) -> None:
    """File a bead."""
    desk.prompt("New bead", lambda text: desk.order(o.CreateBead(text), "Filed"))


def do_once(desk: Desk, times: int | None) -> None:
    """File a bead and sling it at once."""
    desk.prompt("One bead, one polecat, no Mayor", lambda text: desk.order(o.DoOnce(text), "Filed and slung"))


def nudge(desk: Desk, times: int | None) -> None:
    """Say something to the selected polecat."""
    agent = desk.agent
    desk.prompt(f"Say to {agent}", lambda text: desk.order(o.Nudge(agent, text), f"Said to {agent}"))


def freeze(desk: Desk, times: int | None) -> None:
    """Freeze all agents."""
    desk.order(o.Freeze(), "Every agent is frozen where it stands")


def thaw(desk: Desk, times: int | None) -> None:
    """Let frozen agents go on."""
    desk.order(o.Thaw(), "Agents go on")


def find(desk: Desk, times: int | None) -> None:
    """Ask for a filter."""
    desk.prompt("Filter", desk.filter, desk.scene.filter)


def copy_id(desk: Desk, times: int | None) -> None:
    """Copy the selected bead's id."""
    if (bead := desk.bead) is not None:
        desk.copy(bead.id)
        desk.say(f"Copied {bead.id}")


def no_bead(desk: Desk) -> str:
    """That no bead is selected."""
    return "" if desk.bead is not None else "no bead is selected"


def not_closable(desk: Desk) -> str:
    """That the bead cannot be closed."""
    return no_bead(desk) or ("it is closed already" if desk.bead and desk.bead.status == "closed" else "")


def not_closed(desk: Desk) -> str:
    """That the bead is open."""
    return no_bead(desk) or ("" if desk.bead and desk.bead.status == "closed" else "it is open")


def not_slingable(desk: Desk) -> str:
    """That the bead cannot be slung, and what it waits for."""
    if (why := no_bead(desk)) or desk.bead is None:
        return why
    if desk.bead.work.stage != "idle":
        return f"{desk.bead.assignee or 'somebody'} has it" if desk.bead.status != "closed" else "it is closed"
    blockers = desk.scene.town.blockers(desk.bead)
    return f"it waits for {', '.join(blockers[:3])}" if blockers else ""


def nothing_ready(desk: Desk) -> str:
    """That nothing is ready."""
    return "" if desk.scene.town.columns.get("ready") else "no ready bead"


def not_in_work(desk: Desk) -> str:
    """That nobody has the bead."""
    return no_bead(desk) or ("" if desk.bead and desk.bead.work.lease is not None else "nobody has it")


def no_agent(desk: Desk) -> str:
    """That there is no running agent under the selection."""
    agent = desk.scene.town.agents.get(desk.agent)
    if agent is None:
        return "no polecat is selected"
    return "" if agent.live else f"{agent.name} is not running"


def no_mayor(desk: Desk) -> str:
    """That the Mayor is not running."""
    mayor = desk.scene.mayor
    return "" if mayor is not None and mayor.live else "the Mayor is not running"


def no_draft(desk: Desk) -> str:
    """That no plan waits."""
    return "" if desk.draft is not None else "no plan waits"


def no_question(desk: Desk) -> str:
    """That nothing is asked."""
    return "" if desk.question is not None else "nobody needs you"
