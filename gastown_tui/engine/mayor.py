"""The Mayor: one lasting session that hears the overseer, answers in the chat, and files plans."""

from __future__ import annotations

from functools import partial

from gastown_tui.agents import prompts
from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.briefing import instructions
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.sessions import Live, Sessions, Start
from gastown_tui.model import events as e
from gastown_tui.model.agent import MAYOR
from gastown_tui.model.orders import Caller
from gastown_tui.model.town import Town
from gastown_tui.text import clean

_NAME = "mayor"
_DEATHS = 3
_CHOICES = ("leave it", "retry")


class Mayor:
    """One round over the chat: what was said and not yet heard is given to the session."""

    def __init__(self, base: Base, sessions: Sessions, jobs: Jobs) -> None:
        self._base = base
        self._sessions = sessions
        self._jobs = jobs
        self._read: tuple[object, int] = (None, 0)
        self._unheard: list[int] = []
        self._last = 0

    def _listen(self, town: Town) -> list[int]:
        """What the overseer said that is not heard yet; the chat is looked through only when it grew."""
        chat, heard = self._read
        if town.chat is not chat or town.heard != heard:
            said = (seq for seq, speech in town.chat.items() if seq > town.heard and speech.said.speaker == "overseer")
            self._unheard, self._last = sorted(said), max(town.chat, default=0)
            self._read = (town.chat, town.heard)
        return self._unheard

    def look(self, town: Town) -> None:
        """Give the Mayor what it has not heard, and wake it when a restart cut its answer off."""
        if self._sessions.frozen or town.heard < 0:
            return
        unheard = self._listen(town)
        live = self._sessions.live.get(_NAME)
        if unheard:
            self._jobs.start("mayor", partial(self._tell, town, unheard))
        elif live is None and self._unanswered(town):
            self._jobs.start("mayor", partial(self._tell, town, [town.heard]))

    def _unanswered(self, town: Town) -> bool:
        """Whether the last thing heard still has no answer, and the session is gone."""
        last = self._last
        if not 0 < last <= town.heard or town.chat[last].said.speaker != "overseer":
            return False
        agent = town.agents.get(_NAME)
        if agent is None or agent.deaths < _DEATHS:
            return True
        question = f"Last: {agent.ended}. What you said is kept and not answered yet."
        needs.ask(self._base, "mayor", _NAME, f"The Mayor died {agent.deaths} times", question, _CHOICES, agent=_NAME)
        return False

    async def _tell(self, town: Town, seqs: list[int]) -> None:
        base = self._base
        text = "\n\n".join(town.chat[seq].said.text for seq in seqs)
        live = self._sessions.live.get(_NAME)
        if live is not None and not live.ending:
            self._sessions.tell(_NAME, text)
            if (turned := self._sessions.turned(_NAME, "working")) is not None:
                await base.books.record("engine", turned)
        else:
            await self._start(text, again=seqs[-1] <= town.heard)
        if seqs[-1] > base.books.pending.heard:
            await base.books.record("engine", e.MayorHeard(seqs[-1]))

    async def _start(self, text: str, again: bool) -> None:
        base = self._base
        worktree = await base.worktrees.add_detached(_NAME, base.books.town.tip)
        runtime, _ = self._sessions.runtime_of(MAYOR)
        agent = base.books.pending.agents.get(_NAME)
        resume = agent is not None and agent.deaths < 2 and self._sessions.may_resume(agent)
        if resume:
            prompt = f"{text}\n\n{prompts.render('handoff', bead='your answer', title='')}" if again else text
        else:
            prompt = prompts.render(
                "mayor", rig=base.config.rig, target=base.config.target, message=text,
                instructions=instructions(worktree, runtime), polecats=str(base.config.max_polecats),
            )  # fmt: skip
        session = agent.session if resume and agent is not None else ""
        await self._sessions.start(Start(Caller(MAYOR, _NAME), worktree, prompt, session_id=session, resume=resume))

    async def turn_ended(self, live: Live, text: str) -> None:
        """Keep the Mayor's answer; an empty one is not an answer."""
        answer = clean(text).strip()
        turned = self._sessions.turned(_NAME, "idle")
        events: list[e.AnyEvent] = [e.Said("mayor", answer)] if answer else []
        events += [turned] if turned is not None else []
        if events:
            await self._base.books.record(_NAME, *events)

    async def follow_tip(self) -> None:
        """Let the Mayor read the code as it is now: its worktree goes to the tip while it is not at work."""
        live = self._sessions.live.get(_NAME)
        if live is not None and live.idle and live.notes.get("tip") != self._base.books.town.tip:
            live.notes["tip"] = self._base.books.town.tip
            await self._base.worktrees.reset(live.worktree, self._base.books.town.tip)
