"""Landing by pull request: tested beads are offered one by one, and what people and checks say of them is followed."""

from __future__ import annotations

import asyncio
from functools import partial

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.refinery import asking, describing, withdrawing
from gastown_tui.engine.refinery.pushing import Pushing
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Check, Review
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import GateRun, PullRequest
from gastown_tui.model.town import Town
from gastown_tui.redact import redact
from gastown_tui.rig import merging
from gastown_tui.rig.github import GhFailed, GitHub, NoGh, Pull, Seen, Spoken, requested
from gastown_tui.rig.remote import PushRefused, RemoteMoved, Unreachable
from gastown_tui.text import clean, count, one_line

LOOK_EVERY = 30.0
"""Seconds between two looks at the open pull requests."""

BY = "pull request"
_REASON = 8000


class Requests:
    """Offers beads, and settles what became of them; a person merges."""

    def __init__(self, base: Base, jobs: Jobs, pushing: Pushing) -> None:
        self._base = base
        self._jobs = jobs
        self._pushing = pushing

    def look(self, town: Town) -> None:
        """Follow the open pull requests, whatever `land` says by now: those that are open are still answered."""
        if any(entry.state == "requested" for entry in town.queue.values()):
            self._jobs.start("refinery requests", self._follow)

    def offer(self, bead: str, run: GateRun | None) -> None:
        """Offer a bead that was tested in `run` (None: nothing is tested here)."""
        if not self._jobs.start(f"refinery request {bead}", partial(self._offer, bead, run)):
            # It runs, or rests after a failure: the town does not change by that, so look again after a while.
            self._pushing.block()

    async def _offer(self, id: str, run: GateRun | None) -> None:
        base = self._base
        town = base.books.pending
        bead, entry = town.beads[id], town.queue.get(id)
        if entry is None or entry.state == "requested" or entry.hold or bead.work.held:
            return
        try:
            request = await self._sent(bead, run)
        except Unreachable as error:
            self._pushing.missed(error)
            self._pushing.block()
            return
        except NoGh as error:
            asking.without_gh(base, error)
            self._pushing.block()
            return
        except GhFailed as error:
            await self._failed(id, error)
            return
        except PushRefused as error:
            turned = e.MergeTurned(id, "waiting", f"{base.config.remote} refused the push")
            await base.books.record("refinery", turned, *asking.refused(base, base.config.remote, error, id))
            return
        except RemoteMoved as error:
            question = f"{error.title} It is the bead's own branch; pushing again would drop their commits."
            needs.hold_bead(base, bead, f"The branch of {id} at {base.config.remote} is not as we left it", question)
            return
        except GasTownError:
            self._pushing.block()
            raise
        needs.settle(base, "gh", "gh", "it works")
        now = base.books.pending
        if now.beads[id].work.stage == "dropped" and not now.beads[id].work.request:
            # Closed in the very moment it was offered: nobody else would know of the request.
            await withdrawing.closed(GitHub(base.place.root), now.beads[id], request)
        if (entry := now.queue.get(id)) is None or entry.commit != request.commit or entry.state == "requested":
            return
        await base.books.record("refinery", e.RequestOpened(id, bead.work.epoch, request))
        said = f"{id} as pull request #{request.number}"
        await base.feed.add(base.clock.now(), "refinery", "OFFERED", said, detail=request.url, bead=id)

    async def _failed(self, id: str, error: GhFailed) -> None:
        """Say at the entry why it is not offered yet; it is tried again."""
        entry, why = self._base.books.pending.queue.get(id), one_line(error.title)
        self._pushing.block()
        if entry is not None and entry.state in ("queued", "allowed") and entry.why != why:
            await self._base.books.record("refinery", e.MergeTurned(id, entry.state, why))

    async def _sent(self, bead: Bead, run: GateRun | None) -> PullRequest:
        """Push the bead's branch and have an open pull request of it, with our verdict; repeating is harmless."""
        base, work, old = self._base, bead.work, bead.work.request
        remote, hub = self._pushing.remote, GitHub(base.place.root)
        branch = old.branch if old is not None else f"gt/{bead.id}"
        found = await remote.tip(branch)
        # A branch of an earlier life of this bead (reopened after it landed) is ours, too.
        ours = {"", work.commit, old.commit if old is not None else ""}
        if found not in ours and not await asyncio.to_thread(_known, base, found):
            raise RemoteMoved(f"{remote.name}/{branch}", old.commit if old is not None else "", found)
        await remote.push(work.commit, branch, found)
        number = await hub.find(branch, base.config.target)
        if not number:
            title, body = one_line(redact(bead.title)), describing.body(bead)
            number = await hub.create(branch, base.config.target, title, body)
        pull = await hub.view(number)
        await self._say(hub, bead, run, pull)
        seen = old.seen if old is not None and old.number == number else ""
        return PullRequest(number, pull.url, branch, work.commit, base.clock.now(), seen)

    async def _say(self, hub: GitHub, bead: Bead, run: GateRun | None, pull: Pull) -> None:
        """One comment with everybody's verdict, kept up to date, and the commit's status."""
        text = describing.verdicts(bead, run, self._base.config.target)
        old = next((number for number, said in pull.comments if describing.mark(bead) in said), "")
        if not any(said.strip() == text.strip() for _, said in pull.comments):
            await hub.comment(pull.number, text, old)
        try:
            await hub.verdict(bead.work.commit, True, describing.line(bead, run))
        except GhFailed as error:
            # Not every login may set statuses; the comment says the same.
            self._base.notes["gh"] = one_line(error.title)

    async def _follow(self) -> None:
        """One look at every open pull request, and a rest."""
        base = self._base
        hub = GitHub(base.place.root)
        town = base.books.town
        for entry in sorted(town.queue.values(), key=lambda m: m.bead):
            bead = town.beads[entry.bead]
            if entry.state != "requested":
                continue
            if bead.work.request is None:
                # The bead was closed, its request with it, and then its closing was undone.
                await base.books.record("refinery", e.MergeTurned(bead.id, "queued", "its pull request was closed"))
                continue
            try:
                await self._settle(hub, bead, bead.work.request, await hub.view(bead.work.request.number))
            except NoGh as error:
                asking.without_gh(base, error)
                break
            except Unreachable as error:
                self._pushing.missed(error)
                break
            except GhFailed as error:
                base.notes["gh"] = one_line(error.title)
            else:
                base.notes.pop("gh", None)
                needs.settle(base, "gh", "gh", "it works")
        await base.clock.sleep(LOOK_EVERY)

    async def _settle(self, hub: GitHub, bead: Bead, request: PullRequest, pull: Pull) -> None:
        if pull.state == "MERGED":
            await self._merged(bead, request, pull)
        elif pull.state == "CLOSED":
            await self._closed(bead, pull)
        elif asked := requested(pull, request.seen):
            await self._asked(hub, bead, request, asked)
        elif pull.head == request.commit and (reds := [c for c in pull.checks if c.state == "red"]):
            pending = [c for c in pull.checks if c.state == "pending"]
            await (self._say_why(bead, pull) if pending else self._red(bead, reds))
        else:
            await self._say_why(bead, pull)

    async def _merged(self, bead: Bead, request: PullRequest, pull: Pull) -> None:
        """The bead has landed as soon as the target here has what was merged."""
        base = self._base
        await self._pushing.follow()
        tip = base.books.pending.tip
        if not pull.merged or not await asyncio.to_thread(_has, base, tip, pull.merged):
            return
        whole = await asyncio.to_thread(_all_there, base, tip, request.commit)
        event = e.RequestMerged(bead.id, bead.work.epoch, pull.merged, one_line(pull.by))
        if not self._still(bead):
            return
        answered = needs.settled(base.books.pending, "bead", bead.id, "merged")
        await base.books.record("refinery", event, *answered)
        said = f"{bead.id} {bead.title}" + ("" if whole else " (the target no longer has all of its lines)")
        await base.feed.add(base.clock.now(), "refinery", "LANDED", said, detail=pull.merged[:9], bead=bead.id)
        await self._pushing.remote.delete(request.branch, request.commit)

    async def _closed(self, bead: Bead, pull: Pull) -> None:
        base = self._base
        who = one_line(pull.by) or "Somebody"
        question = (
            f"{who} closed {pull.url} and merged nothing. `retry` opens another; the branch and its commits are kept."
        )
        title = f"The pull request of {bead.id} was closed"
        if self._still(bead):
            asked = needs.asked(base, "bead", bead.id, title, question, needs.BEAD_CHOICES, bead=bead.id)
            await base.books.record("refinery", e.RequestClosed(bead.id, bead.work.epoch, one_line(pull.by)), *asked)

    async def _asked(self, hub: GitHub, bead: Bead, request: PullRequest, asked: list[Spoken]) -> None:
        lines = [f"{one_line(r.author)} asks for changes:\n{clean(r.body).strip()}" for r in asked]
        remarks = [clean(text) for text in await hub.remarks(request.number, request.seen)]
        if remarks:
            lines.append("At single lines:\n" + "\n".join(f"- {text}" for text in remarks))
        reason = "\n\n".join(lines)
        checks = tuple(Check(one_line(r.author), "fail", clean(r.body)[:2000]) for r in asked)
        await self._back(bead, f"Changes were requested at {request.url}.\n{reason}", checks, asked[-1].at)

    async def _red(self, bead: Bead, reds: list[Seen]) -> None:
        lines = [f"- {one_line(c.name)}: {one_line(c.said) or 'red'} {one_line(c.link)}".rstrip() for c in reds]
        named = "A check is" if len(reds) == 1 else f"{len(reds)} checks are"
        reason = f"{named} red at the remote, on exactly your commit:\n" + "\n".join(lines)
        checks = tuple(Check(one_line(c.name), "fail", one_line(f"{c.said} {c.link}")) for c in reds)
        await self._back(bead, reason, checks, "")

    async def _back(self, bead: Bead, reason: str, checks: tuple[Check, ...], seen: str) -> None:
        base = self._base
        if not self._still(bead):
            return
        # What people write there is material for the polecat, and no order of the town's.
        review = Review(BY, False, bead.work.commit, redact(reason)[:_REASON], checks)
        await base.books.record("refinery", e.RequestReturned(bead.id, bead.work.epoch, review, seen))
        said = f"sent back by its {BY}: {one_line(reason)[:120]}"
        await base.feed.add(base.clock.now(), "refinery", "BACK", said, bead=bead.id, ok=False)

    async def _say_why(self, bead: Bead, pull: Pull) -> None:
        """Say what an open pull request waits for, where that changed."""
        why = f"pull request #{pull.number} {_waits(pull, bead.work.request)}"
        entry = self._base.books.pending.queue.get(bead.id)
        if entry is not None and entry.state == "requested" and entry.why != why:
            await self._base.books.record("refinery", e.MergeTurned(bead.id, "requested", why))

    def _still(self, bead: Bead) -> bool:
        entry = self._base.books.pending.queue.get(bead.id)
        return entry is not None and entry.state == "requested" and entry.car.commit == bead.work.commit


def _waits(pull: Pull, request: PullRequest | None) -> str:
    if request is not None and pull.head != request.commit:
        return "has commits of somebody else; they decide"
    pending = sum(1 for c in pull.checks if c.state == "pending")
    if pending:
        return f"waits for {count(pending, 'check')} of {len(pull.checks)}"
    last = {r.author: r.state for r in sorted(pull.reviews, key=lambda r: r.at) if r.state != "COMMENTED"}
    if again := sorted(name for name, state in last.items() if state == "CHANGES_REQUESTED"):
        return f"waits for {one_line(again[0])} to look again"
    return "is approved and waits to be merged" if "APPROVED" in last.values() else "waits to be reviewed and merged"


def _has(base: Base, tip: str, commit: str) -> bool:
    told = base.repo.git("merge-base", "--is-ancestor", commit, tip, check=False)
    return told.code == 0


def _known(base: Base, commit: str) -> bool:
    """Whether a commit was made here: what is at the remote then is an older state of the bead's own branch."""
    return base.repo.git("cat-file", "-e", f"{commit}^{{commit}}", check=False).code == 0


def _all_there(base: Base, tip: str, commit: str) -> bool:
    """Whether the target has everything a commit brings: merging it once more changes nothing, squashed or not."""
    found = merging.merge(base.place.root, tip, commit)
    return isinstance(found, merging.Merged) and found.tree == base.repo.git("rev-parse", f"{tip}^{{tree}}").line


