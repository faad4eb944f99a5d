"""Runs commands, `gt` and hooks for the worker, so that input is heard meanwhile and nothing is left running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from typing import IO, Any, NamedTuple

from gastown_tui.agents.rehearsal.terminal import Desk, Interrupted

NO_ENGINE, CANNOT_WRITE = 4, 6
"""Exit codes of `gt` that mean the order was not taken and may be given again (interfaces.md, "Exit codes")."""

_PIPE = 8192  # bytes every pipe holds without a reader
_KEPT = 200_000  # bytes of a command's output that are kept
_TRIES, _BETWEEN = 6, 0.4


class Ran(NamedTuple):
    """What a command did: exit code (negative: ended by that signal; 127: not found) and its output."""

    code: int
    text: str


class Shell:
    """Commands in the worktree, each in a process group of its own as Claude Code's are."""

    def __init__(self, desk: Desk, folder: str) -> None:
        self._desk = desk
        self._folder = folder

    def run(self, command: str | list[str], given: str = "", *, errors: bool = True) -> Ran:
        """Run a command line (by sh) or words, with `given` on its standard input, until it ends.

        Args:
            command: A line for sh, or the words of one program.
            given: What it reads from its standard input.
            errors: Whether its standard error is part of the output; else it is dropped.

        Raises:
            terminal.Interrupted: Esc was pressed; the command's process group was ended.
        """
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
        with _input(given) as source:
            try:
                process = subprocess.Popen(words, cwd=self._folder, stdin=source, stdout=subprocess.PIPE,
                                           stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
                                           process_group=0)
            except OSError as error:
                return Ran(127, f"{words[0]}: {error.strerror}")
        try:
            return self._watch(process)
        finally:
            if process.poll() is None:
                _end(process)

    def gt(self, words: str | list[str], given: str = "") -> Ran:
        """Run `gt`; when no engine takes the order it is given again a few times."""
        command = f"gt {words}" if isinstance(words, str) else ["gt", *words]
        ran = self.run(command, given)
        for tries in range(1, _TRIES):
            if ran.code not in {NO_ENGINE, CANNOT_WRITE}:
                break
            self._desk.pause(_BETWEEN * tries)
            ran = self.run(command, given)
        return ran

    def _watch(self, process: subprocess.Popen[bytes]) -> Ran:
        """Collect output until the pipe closes, or until only a grandchild still holds it."""
        assert process.stdout is not None
        parts: list[bytes] = []
        with process.stdout as pipe:
            while True:
                if self._desk.pause(0.2, pipe.fileno()):
                    data = os.read(pipe.fileno(), 65536)
                    if not data:
                        break
                    parts.append(data)
                elif process.poll() is not None:
                    break
        text = b"".join(parts).decode("utf-8", "replace")
        return Ran(process.wait(), text if len(text) <= _KEPT else f"{text[:_KEPT]}\n[cut]")


class Hooks:
    """Tells the engine what happens, by `gt hook EVENT` with JSON on standard input, as command hooks are."""

    def __init__(self, shell: Shell, session: str, transcript: str, folder: str) -> None:
        self._shell = shell
        self._common = {"session_id": session, "transcript_path": os.path.abspath(transcript), "cwd": folder}

    def fire(self, event: str, **fields: object) -> dict[str, Any]:
        """Run one hook; an engine that is gone, or an answer that is no JSON object, counts as no answer."""
        told = json.dumps({**self._common, "hook_event_name": event, **fields})
        try:
            ran = self._shell.run(["gt", "hook", event], told, errors=False)
            answer = json.loads(ran.text) if ran.code == 0 and ran.text.strip() else {}
        except (ValueError, Interrupted):
            return {}
        return answer if isinstance(answer, dict) else {}

    def refusal(self, command: str) -> str | None:
        """Ask PreToolUse about a shell command; the reason when it is denied, else None."""
        answer = self.fire("PreToolUse", tool_name="Bash", tool_input={"command": command}).get("hookSpecificOutput")
        if isinstance(answer, dict) and answer.get("permissionDecision") == "deny":
            return str(answer.get("permissionDecisionReason") or "refused")
        return None


def _input(given: str) -> IO[bytes]:
    """A file to read `given` from: a pipe when it fits into one, else a temporary file."""
    data = given.encode("utf-8", "replace")
    if not data:
        return open(os.devnull, "rb")
    if len(data) <= _PIPE:
        reader, writer = os.pipe()
        os.write(writer, data)
        os.close(writer)
        return open(reader, "rb")
    import tempfile

    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(data)
    file.seek(0)
    return file


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command's process group: politely, and after a second for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return
            time.sleep(0.01)
