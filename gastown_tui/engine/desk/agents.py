"""Orders about agents and the engine: verdicts, nudges, questions and their answers, freezing, stopping."""

from __future__ import annotations

from typing import Any

from gastown_tui import config as settings
from gastown_tui.engine import minutes, needs
from gastown_tui.engine.deacon import GO_ON, HOLD
from gastown_tui.engine.desk import Desk, handles
from gastown_tui.engine.desk.gates import mending, mending_branch
from gastown_tui.engine.refinery import asking, blocked, branches, closing
from gastown_tui.engine.refinery.tip import FILE, RED
from gastown_tui.engine.undoing import settling
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Check, Review
from gastown_tui.model.errors import Refused, StaleLease, Usage
from gastown_tui.model.orders import Caller
from gastown_tui.model.queue import lanes
from gastown_tui.text import clean

_WAITING = (HOLD, "wait")
"""Answers that leave the question open: it goes on standing under needs-you."""

_VERDICTS = ("pass", "fail", "unsure")


@handles(o.Verdict)
async def verdict(desk: Desk, order: o.Verdict, caller: Caller) -> Any:
    """Anything but a clear APPROVE with no failed check is a rejection, and a rejection needs a reason."""
    base = desk.base
    bead = base.books.pending.bead(order.bead)
    live = desk.sessions.of(caller)
    if bead.id != caller.bead or order.epoch != bead.work.epoch or live is None:
        raise StaleLease(f"{order.bead} at epoch {order.epoch} is not yours to judge now.", "Stop here.")
    if order.decision not in ("APPROVE", "REJECT"):
        raise Usage(f"decision is APPROVE or REJECT, not {order.decision!r}.", "Nothing was recorded; answer again.")
    if bad := [c.name for c in order.checks if c.verdict not in _VERDICTS]:
        raise Usage(f"The verdict of {', '.join(bad)} is none of {', '.join(_VERDICTS)}.", "Answer again.")
    failed = [c for c in order.checks if c.verdict == "fail"]
    if order.decision == "APPROVE" and failed:
        raise Usage(f"APPROVE with a failed check ({failed[0].name}) is no verdict.", "Answer again.")
    if order.decision == "REJECT" and not order.reason.strip():
        raise Usage("A rejection needs a reason the polecat can act on.", "Answer again.")
    if live.notes.get("commit") != bead.work.commit:
        raise StaleLease("The bead has another commit than the one you read.", "Stop here.")
    checks = tuple(Check(clean(c.name), c.verdict, clean(c.note)) for c in order.checks)
    ok = order.decision == "APPROVE"
    review = Review("witness", ok, bead.work.commit, "" if ok else clean(order.reason)[:8000], checks)
    await base.books.record(caller.name, e.Reviewed(bead.id, order.epoch, review))
    text = order.decision if ok else f"{order.decision} {clean(order.reason).splitlines()[0][:200]}"
    await base.feed.add(base.clock.now(), caller.name, "VERDICT", text, bead=bead.id, role="witness", ok=ok)
    return {"bead": bead.id, "decision": order.decision}


@handles(o.Nudge)
async def nudge(desk: Desk, order: o.Nudge, caller: Caller) -> Any:
    text = clean(order.text).strip()
    if not text:
        raise Usage("There is nothing to say.", "gt nudge NAME TEXT")
    desk.sessions.tell(order.agent, text)
    base = desk.base
    await base.feed.add(base.clock.now(), order.agent, "NUDGE", text.splitlines()[0][:200])
    return {"agent": order.agent}


@handles(o.Escalate)
async def escalate(desk: Desk, order: o.Escalate, caller: Caller) -> Any:
    text = clean(order.text).strip()
    if not text:
        raise Usage("There is nothing to ask.", "gt escalate TEXT")
    bead = caller.bead or (desk.base.books.pending.bead(order.bead).id if order.bead else "")
    needs.ask(
        desk.base, "question", caller.name, f"{caller.name} asks: {text.splitlines()[0][:120]}", text, (), bead=bead,
        agent=caller.name,
    )  # fmt: skip
    if (turned := desk.sessions.turned(caller.name, "asking")) is not None:
        await desk.base.books.record(caller.name, turned)
    return {}


@handles(o.Answer)
async def answer(desk: Desk, order: o.Answer, caller: Caller) -> Any:
    """Settle a need: what its kind does with the choice, then the event."""
    books = desk.base.books
    need = books.pending.needs.get(order.need)
    if need is None:
        raise Refused(f"Nothing called {order.need} waits for an answer.", "See what does with: gt status")
    choice = order.choice
    if choice.isdigit() and need.choices and 1 <= int(choice) <= len(need.choices):
        choice = need.choices[int(choice) - 1]
    if need.choices and choice not in need.choices:
        numbered = ", ".join(f"{n} {name}" for n, name in enumerate(need.choices, 1))
        raise Usage(f"{choice or 'No answer'} is none of its choices.", f"Choose: {numbered}.")
    text = clean(order.text).strip()
    if not need.choices and not (text or choice):
        raise Usage("This wants an answer in words.", f"gt answer {need.id} TEXT")
    if choice in _WAITING:
        return {"need": need.id, "choice": choice, "open": True}
    if why := _acted_on(need, choice):
        minutes.final(why)
    events = _effects(desk, need, choice, text or choice)
    await books.record(caller.name, *events, e.Answered(need.id, choice, text, need.bead))
    return {"need": need.id, "choice": choice}


def _acted_on(need: e.Need, choice: str) -> str:
    """Why an answer cannot be taken back: somebody acts on it the moment it is given; "" where nobody does."""
    if need.kind in ("question", "dialog"):
        return f"{need.agent} has the answer"
    if need.kind == "bead":
        return "" if choice == "drop" else f"{need.agent or 'the next polecat'} was sent on with {need.bead}"
    acts = {
        settling.ASK: f"{need.bead} went on at once", "ungated": "the refinery goes by it",
        "landing": "the refinery goes by it", "mayor": "the Mayor goes by it",
        "budget": "the budget was raised (budget_usd in .gastown/config.toml)",
    }  # fmt: skip
    return acts.get(need.kind, "work went on at once" if choice in (GO_ON, "retry") else "")


def _effects(desk: Desk, need: e.Need, choice: str, words: str) -> list[e.AnyEvent]:
    """What an answer changes beside closing the need."""
    base = desk.base
    town = base.books.pending
    bead = town.beads.get(need.bead)
    if need.kind == "question":
        if need.agent in desk.sessions.live:
            desk.sessions.tell(need.agent, f"The overseer answers: {words}")
            turned = desk.sessions.turned(need.agent, "working")
            return [turned] if turned is not None else []
    elif need.kind == "dialog" and (live := desk.sessions.live.get(need.agent)) is not None:
        dialog = live.runtime.dialog(live.session.tail_text(40).splitlines())
        keys = dialog.keys(choice) if dialog is not None else None
        if keys is None:
            raise Refused("The dialog is gone, or looks otherwise than we know.", f"gt peek {need.agent} shows it.")
        live.session.write(keys)
    elif need.kind == "bead" and bead is not None and choice in ("release", "drop"):
        return [e.BeadMoved(bead.id, {"release": "release", "drop": "close"}[choice], words)]
    elif need.kind == "ungated" and choice == "land" and bead is not None and bead.id in town.queue:
        return [e.MergeTurned(bead.id, "allowed", "the overseer allowed it untested")]
    elif need.kind == "landing":
        return blocked.again(base)
    elif need.kind == settling.ASK:
        return settling.answered(town, need, choice, words)
    elif need.kind == "budget" and choice == "double it":
        usd = base.config.budget_usd * 2
        base.config = settings.change(base.place.config, base.config, base.files, budget_usd=usd)
    elif need.kind in asking.KINDS:
        return asking.effects(base, town, need, choice)
    elif need.kind == asking.REQUEST:
        return asking.left_open(town, need)
    elif need.kind == "ungated" and choice == "land" and need.about in town.convoys:
        waiting = lanes.staged(town, town.convoys[need.about])
        return [e.MergeTurned(one.id, "allowed", "the overseer allowed it untested") for one in waiting]
    elif need.kind == closing.NEED and choice == FILE:
        return [e.BeadCreated(mending_branch(desk, need))]
    elif need.kind == branches.MOVED and choice == branches.BACK:
        branches.set_back(base, need)
    elif need.kind == RED and choice == FILE:
        return [e.BeadCreated(mending(desk, need))]
    elif choice == GO_ON:
        return _go_on(desk, need)
    return []


def _go_on(desk: Desk, need: e.Need) -> list[e.AnyEvent]:
    base = desk.base
    if need.kind == "tip":
        tip = base.repo.tip(f"refs/heads/{base.config.target}")
        if tip != need.about:
            raise Refused(f"{base.config.target} moved again since this was asked.", "Look at the newer question.")
        return [e.TipMoved(base.books.pending.tip, tip, True), *needs.landing_resumed(base.books.pending, "tip")]
    if need.kind == "ledger":
        base.archive.set_back()
        return needs.landing_resumed(base.books.pending, "ledger")
    if need.kind == "login" and need.agent in desk.sessions.live:
        desk.sessions.tell(need.agent, "The account works again: carry on.")
    return [e.Resumed("dispatch")] if need.kind == "storm" else []


@handles(o.Freeze)
async def freeze(desk: Desk, order: o.Freeze, caller: Caller) -> Any:
    desk.sessions.freeze()
    turned = [t for name in desk.sessions.live if (t := desk.sessions.turned(name, "frozen")) is not None]
    await desk.base.books.record(caller.name, e.Held("agents", "frozen by the overseer"), *turned)
    return {"frozen": sorted(desk.sessions.live)}


@handles(o.Thaw)
async def thaw(desk: Desk, order: o.Thaw, caller: Caller) -> Any:
    names = sorted(desk.sessions.live)
    desk.sessions.thaw()
    turned = [t for name in names if (t := desk.sessions.turned(name, "working")) is not None]
    await desk.base.books.record(caller.name, e.Resumed("agents"), *turned)
    return {"thawed": names}


@handles(o.Stop)
async def stop(desk: Desk, order: o.Stop, caller: Caller) -> Any:
    desk.stop()
    return {"ending": sorted(desk.sessions.live)}


@handles(o.TypeKeys)
async def type_keys(desk: Desk, order: o.TypeKeys, caller: Caller) -> Any:
    live = desk.sessions.live.get(order.agent)
    if live is None:
        raise Refused(f"No session of {order.agent} runs.", "See who works with: gt status")
    live.session.write(order.data.encode("latin-1", errors="ignore"))
    return {}


@handles(o.Resize)
async def resize(desk: Desk, order: o.Resize, caller: Caller) -> Any:
    live = desk.sessions.live.get(order.agent)
    if live is None:
        raise Refused(f"No session of {order.agent} runs.", "See who works with: gt status")
    live.session.resize(max(2, min(order.rows, 500)), max(10, min(order.columns, 1000)))
    return {}
