"""The worker itself: sits at its terminal, takes prompts, lives through turns, and goes on after a kill."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from gastown_tui.agents.rehearsal import briefing
from gastown_tui.agents.rehearsal.hand import Halted, Hand
from gastown_tui.agents.rehearsal.keyboard import clean
from gastown_tui.agents.rehearsal.script import Step
from gastown_tui.agents.rehearsal.shell import Hooks, Shell
from gastown_tui.agents.rehearsal.terminal import BUSY, IDLE, Desk, Interrupted, Terminal, coloured
from gastown_tui.agents.rehearsal.transcript import Key, Transcript

_INTERRUPTED = "[Request interrupted by user]"
_BLOCKS = 3  # how often in a row a Stop hook may ask for one more turn


class Call(NamedTuple):
    """The command line the worker was started with; `pace` is seconds between steps."""

    role: str
    session: str
    transcript: str
    model: str
    resume: bool
    pace: float
    prompt: str


class Worker:
    """One session of one worker."""

    def __init__(self, call: Call, steps: Callable[[list[str]], tuple[Step, ...]], terminal: Terminal) -> None:
        folder = os.getcwd()
        self._call, self._steps, self._terminal = call, steps, terminal
        self._desk = Desk(terminal)
        shell = Shell(self._desk, folder)
        self._hooks = Hooks(shell, call.session, call.transcript, folder)
        self._transcript = Transcript(call.transcript, call.session, call.model, folder)
        self._blocked = 0
        self._hand = Hand(self._desk, shell, self._hooks, self._transcript, folder)

    def live(self) -> None:
        """Work until told to leave (by SystemExit): the first prompt, then whatever is typed or pasted."""
        self._greet()
        memory = self._transcript.memory
        if self._call.resume:
            self._transcript.load()
        self._terminal.title(BUSY)
        self._hooks.fire("SessionStart", source="resume" if self._call.resume else "startup")
        if self._call.prompt.strip():
            self._take(self._call.prompt)
        elif memory.unfinished:
            self._turn()
        while True:
            self._terminal.title(IDLE)
            self._take(self._desk.prompt())

    def _greet(self) -> None:
        self._terminal.title(IDLE)
        who = f"{coloured('Rehearsal', 'bold')} · {clean(self._call.model)} · {clean(self._call.role)}"
        self._terminal.say(f"{coloured('▐▛███▜▌', 'orange')}  {who}\n{coloured(clean(os.getcwd()), 'dim')}\n")

    def _take(self, prompt: str) -> None:
        """One prompt: go on with the interrupted turn when it says so, else begin a new one."""
        memory = self._transcript.memory
        rows = clean(prompt).strip().split("\n")
        more = f" {coloured(f'[+{len(rows) - 1} lines]', 'dim')}" if len(rows) > 1 else ""
        self._terminal.say(f"{coloured('>', 'dim')} {rows[0][:200]}{more}\n")
        rest = prompt
        if memory.prompts and briefing.carries_on(prompt):
            rest = briefing.without_carrying_on(prompt)
        if rest is prompt or (rest and not (memory.unfinished and briefing.holds(memory.prompts[-1], rest))):
            self._transcript.user(rest, turn=len(memory.prompts), prompt=True)
            self._turn()
            return
        self._transcript.user(prompt)
        if memory.unfinished:
            self._turn()
        else:
            self._rest("Nothing is left to do of the last turn.")

    def _turn(self) -> None:
        """The steps of the last prompt that are not done yet, then the end of the turn."""
        memory = self._transcript.memory
        number = len(memory.prompts) - 1
        self._terminal.title(BUSY)
        self._hand.target = briefing.target(memory.prompts)
        self._hand.last_words = ""
        try:
            steps = self._steps(memory.prompts)
            for index, step in enumerate(steps):
                if index not in memory.done:
                    self._desk.pause(self._call.pace)
                    self._hand.do(step, Key(number, index))
        except Halted as halted:
            self._rest(str(halted), finished=halted.finished, failure=halted.failure)
        except Interrupted:
            self._terminal.say(coloured("  ⎿  Interrupted by user", "red"))
            self._transcript.user(_INTERRUPTED)
            self._transcript.state(number, finished=False)
        else:
            self._rest(self._hand.last_words, finished=len(memory.done) == len(steps))

    def _rest(self, words: str, *, finished: bool = True, failure: str = "") -> None:
        """End the turn: the cost so far, and the hook that says so; a hook that blocks asks for one more turn."""
        memory = self._transcript.memory
        if words and words != self._hand.last_words and not failure:
            self._terminal.say(f"{coloured('●', 'bold')} {clean(words)}")
            self._transcript.says(words, None)
        self._transcript.state(len(memory.prompts) - 1, finished=finished)
        self._terminal.title(IDLE)
        if failure:
            self._hooks.fire("StopFailure", error=failure, last_assistant_message=words)
            return
        answer = self._hooks.fire("Stop", stop_hook_active=self._blocked > 0, last_assistant_message=words)
        if answer.get("decision") == "block" and answer.get("reason") and self._blocked < _BLOCKS:
            self._blocked += 1
            self._desk.queue.append(str(answer["reason"]))
        else:
            self._blocked = 0
