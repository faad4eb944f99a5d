"""Carries out the steps of a script: shows each as an agent does, does it, and notes it in the transcript."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable
from typing import NoReturn

from gastown_tui.agents.rehearsal import files
from gastown_tui.agents.rehearsal.keyboard import clean
from gastown_tui.agents.rehearsal.script import Step, line
from gastown_tui.agents.rehearsal.shell import CANNOT_WRITE, NO_ENGINE, Hooks, Ran, Shell
from gastown_tui.agents.rehearsal.terminal import Desk, coloured
from gastown_tui.agents.rehearsal.transcript import Key, Transcript

_LIMIT = "You've hit your usage limit · resets 3pm"
_ROWS = 8  # rows of an answer that are shown
_AGAIN = frozenset({NO_ENGINE, CANNOT_WRITE})
_REFUSED = frozenset({1, 2, 3, 127}) | _AGAIN  # work that was not taken is still to be handed in


class Halted(Exception):
    """The script stops here: the words that end the turn, and what is left is done when told to carry on, or not."""

    def __init__(self, words: str, *, finished: bool, failure: str = "") -> None:
        super().__init__(words)
        self.finished = finished
        self.failure = failure


class Hand:
    """One worker's hands: a method for every verb of the language (LANGUAGE.md says what each does)."""

    def __init__(self, desk: Desk, shell: Shell, hooks: Hooks, transcript: Transcript, folder: str) -> None:
        self._desk, self._terminal = desk, desk.terminal
        self._shell, self._hooks, self._transcript = shell, hooks, transcript
        self._folder = folder
        self._asks_first = os.environ.get("GT_REHEARSE_PRETOOL") == "1"
        self._key = Key(0, 0)
        self.target = "main"
        self.last_words = ""

    def do(self, step: Step, key: Key) -> None:
        """Carry out one step.

        Raises:
            Halted: the script ends at this step.
            terminal.Interrupted: Esc was pressed; the step is not done.
        """
        self._key = key
        method: Callable[[Step], None] | None = getattr(self, "_do_" + step.verb.replace("-", "_"), None)
        if method is None:
            self._speak(f"I do not know how to `{step.verb}`.")
            return
        try:
            method(step)
        except ValueError as error:
            self._speak(f"I cannot `{step.verb} {step.rest}`: {error}")

    def _do_think(self, step: Step) -> None:
        self._terminal.say(coloured(f"✻ {clean(step.rest)}", "dim"))
        self._transcript.says(step.rest, self._key, shared=True)

    def _do_say(self, step: Step) -> None:
        self._speak(step.body or step.rest)

    def _do_missing(self, step: Step) -> None:
        self._speak(f"There is no part called {step.rest}.")

    def _do_read(self, step: Step) -> None:
        text = files.read(os.path.join(self._folder, step.rest))
        name = self._call("Read", {"file_path": os.path.join(self._folder, step.rest)}, step.rest)
        rows = (text or "").splitlines()
        numbered = "\n".join(f"{number:6}\t{row}" for number, row in enumerate(rows, 1))
        self._answer(name, numbered if text is not None else "File does not exist.",
                     shown=f"{len(rows)} lines" if text is not None else "", failed=text is None)

    def _do_write(self, step: Step) -> None:
        self._edit(files.plan(step, self._folder), "Write")

    def _do_append(self, step: Step) -> None:
        self._edit(files.plan(step, self._folder), "Edit")

    def _do_replace(self, step: Step) -> None:
        self._edit(files.plan(step, self._folder), "Edit")

    def _do_run(self, step: Step) -> None:
        self._bash(step.rest, lambda: self._shell.run(step.rest, step.body))

    def _do_must(self, step: Step) -> None:
        command = step.rest.removeprefix("run ").strip()
        ran = self._bash(command, lambda: self._shell.run(command, step.body))
        if ran.code:
            raise Halted(f"I stop here: `{command}` failed with exit code {ran.code}.", finished=True)

    def _do_commit(self, step: Step) -> None:
        command = f"git add -A && git commit -m {shlex.quote(step.rest)}"
        self._bash(command, lambda: self._shell.run(command))

    def _do_gt(self, step: Step) -> None:
        shown = f"gt {step.rest}" + (f" <<'END'\n{step.body}END" if step.body else "")
        self._bash(shown, lambda: self._shell.gt(step.rest, step.body), again=_AGAIN)

    def _do_done(self, step: Step) -> None:
        words = ["done", "-m", step.rest]
        ran = self._bash("gt " + shlex.join(words), lambda: self._shell.gt(words), again=_REFUSED)
        self.last_words = f"Done: {step.rest}" if not ran.code else "I could not hand in my work."
        self._terminal.say(f"{coloured('●', 'bold')} {clean(self.last_words)}")
        self._transcript.says(self.last_words, None)

    def _do_wait(self, step: Step) -> None:
        self._desk.pause(_seconds(step.rest) or 0.0)
        self._transcript.passed(self._key)

    def _do_stall(self, step: Step) -> None:
        self._desk.pause(_seconds(step.rest))
        self._transcript.passed(self._key)

    def _do_ask(self, step: Step) -> None:
        self._hooks.fire("Notification", notification_type="permission_prompt", message=step.rest)
        if not self._desk.choose(step.rest):
            raise Halted("I was told not to.", finished=False)
        self._transcript.passed(self._key)

    def _do_crash(self, step: Step) -> NoReturn:
        if step.rest:
            os._exit(int(step.rest))
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()
        raise SystemExit(137)

    def _do_exit(self, step: Step) -> NoReturn:
        raise SystemExit(int(step.rest or 0))

    def _do_loop(self, step: Step) -> None:
        times, _, command = step.rest.partition(" ")
        for number in range(int(times), 0, -1):
            self._bash(command, lambda: self._shell.run(command), done=number == 1)

    def _do_limit(self, step: Step) -> None:
        words = step.rest or _LIMIT
        self._terminal.say(coloured(f"  ⎿  {clean(words)}", "red"))
        self._transcript.says(words, self._key, model="<synthetic>")
        raise Halted(words, finished=False, failure="rate_limit")

    def _do_move_main(self, step: Step) -> None:
        move = f"git update-ref refs/heads/{self.target} HEAD"
        push = f"git push origin HEAD:{self.target}"
        self._bash(move, lambda: self._shell.run(move), done=False)
        self._bash(push, lambda: self._shell.run(push))

    def _do_once(self, step: Step) -> None:
        name, _, rest = step.rest.partition(" ")
        marker = os.path.join(self._git_folder(), f"rehearse-once-{name}")
        if os.path.exists(marker):
            self._transcript.passed(self._key)
        else:
            files.save(marker, "")
            self.do(line(rest, step.folder)._replace(body=step.body), self._key)

    def _do_merge(self, step: Step) -> None:
        """Merge the target into this branch; of what conflicts both sides are kept."""
        merge = f"git merge --no-edit {shlex.quote(step.rest or self.target)}"
        ran = self._bash(merge, lambda: self._shell.run(merge), done=False)
        if ran.code and not self._unmerged():
            save = "git add -A && git commit -qm 'Keep my work before merging'"
            self._bash(save, lambda: self._shell.run(save), done=False)
            ran = self._bash(merge, lambda: self._shell.run(merge), done=False)
        for name in self._unmerged() if ran.code else []:
            path = os.path.join(self._folder, name)
            old = files.read(path)
            if old is not None:
                self._edit(files.Edit(path, old, files.keep_both(old)), "Edit", done=False)
        end = "git add -A && git commit --no-edit -q" if ran.code else "git log --oneline -1"
        self._bash(end, lambda: self._shell.run(end))

    def _unmerged(self) -> list[str]:
        listed = self._shell.run("git diff --name-only --diff-filter=U -z", errors=False).text
        return sorted(set(filter(None, listed.split("\0"))))

    def _git_folder(self) -> str:
        """Where this worktree's git keeps its own files: `.git`, or what a linked worktree's `.git` file names."""
        path = os.path.join(self._folder, ".git")
        named = None if os.path.isdir(path) else files.read(path)
        return os.path.join(self._folder, named.removeprefix("gitdir:").strip()) if named else path

    def _speak(self, text: str) -> None:
        self.last_words = text
        self._terminal.say(f"{coloured('●', 'bold')} {clean(text).strip()}")
        self._transcript.says(text, self._key)

    def _edit(self, edit: files.Edit, tool: str, *, done: bool = True) -> None:
        name = os.path.relpath(edit.path, self._folder)
        value = {"file_path": edit.path, "content": edit.new} if tool == "Write" else \
            {"file_path": edit.path, **_changed(edit)}
        use = self._call(tool, value, name)
        if not edit.trouble:
            try:
                files.save(edit.path, edit.new)
            except OSError as error:
                edit = edit._replace(trouble=f"{edit.path}: {error.strerror}")
        rows = value.get("content", value.get("new_string", "")).count("\n")
        self._answer(use, edit.trouble or f"The file {edit.path} has been updated.", failed=bool(edit.trouble),
                     shown="" if edit.trouble else f"{rows} lines", done=done)

    def _bash(self, command: str, work: Callable[[], Ran], *, done: bool = True,
              again: frozenset[int] = frozenset()) -> Ran:
        """One shell command as the Bash tool; exit codes in `again` leave the step to be repeated."""
        name = self._call("Bash", {"command": command, "description": command.split("\n")[0][:60]}, command)
        refusal = self._hooks.refusal(command) if self._asks_first else None
        ran = work() if refusal is None else Ran(126, refusal)
        text = ran.text.strip("\n")
        self._answer(name, text if not ran.code else f"Exit code {ran.code}\n{text}", failed=bool(ran.code),
                     shown=text or "(No output)", done=done and ran.code not in again)
        return ran

    def _call(self, tool: str, value: dict[str, str], shown: str) -> str:
        brief = clean(shown).split("\n")[0][:160]
        self._terminal.say(f"{coloured('●', 'green')} {coloured(tool, 'bold')}({brief})")
        self._terminal.status(coloured("✻ Working… (esc to interrupt)", "orange"))
        return self._transcript.uses(tool, value)

    def _answer(self, name: str, text: str, *, shown: str, failed: bool, done: bool = True) -> None:
        rows = clean(shown or text).replace("\t", " ").split("\n")
        if len(rows) > _ROWS:
            rows = [*rows[:2], f"… {len(rows) - _ROWS + 1} lines", *rows[3 - _ROWS:]]
        self._terminal.say("\n".join(
            coloured(("  ⎿  " if not number else "     ") + row[:200], "red" if failed else "dim")
            for number, row in enumerate(rows)))
        self._transcript.result(name, text, failed=failed, key=self._key if done else None,
                                extra={"stdout": "" if failed else text, "stderr": text if failed else "",
                                       "interrupted": False})


def _changed(edit: files.Edit) -> dict[str, str]:
    """The rows that differ, as Edit names them: without what both begin and end with."""
    old, new = edit.old.splitlines(keepends=True), edit.new.splitlines(keepends=True)
    head, tail = files.shared_ends(old, new)
    return {"old_string": "".join(old[head:len(old) - tail]), "new_string": "".join(new[head:len(new) - tail])}


def _seconds(text: str) -> float | None:
    """Seconds, or None (for ever) when none are named."""
    return float(text) if text else None
