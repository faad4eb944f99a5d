"""Writes what the worker does as Claude Code writes its transcript, and reads it again to know where it was."""

from __future__ import annotations

import json
import os
import time
from typing import Any, NamedTuple

_PRICES = {"input_tokens": 3.0, "output_tokens": 15.0, "cache_read_input_tokens": 0.30,
           "cache_creation_input_tokens": 3.75}
"""Dollars for a million tokens: made up in the range of real models, because a rehearsal costs nothing."""

_SYSTEM_TOKENS = 11_000  # about what an agent's own instructions and tools weigh in every request
_NAMES = {"input_tokens": "inputTokens", "output_tokens": "outputTokens",
          "cache_read_input_tokens": "cacheReadInputTokens", "cache_creation_input_tokens": "cacheCreationInputTokens"}


class Key(NamedTuple):
    """A step's place: the turn whose script it belongs to (from 0), and its number in it."""

    turn: int
    step: int


class Memory:
    """What an earlier session of this worker left: its prompts, and how far the last turn came."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.done: set[int] = set()
        self.unfinished = False

    def take(self, entry: dict[str, Any]) -> None:
        """Fold in one line of the transcript; lines without the worker's own mark say nothing new."""
        mark = entry.get("rehearsal")
        if not isinstance(mark, dict):
            return
        if mark.get("prompt"):
            self.start(str(entry["message"]["content"]))
        elif mark.get("turn") == len(self.prompts) - 1:
            self.done |= {int(mark["step"])} if "step" in mark else set()
            self.unfinished = self.unfinished and not mark.get("finished", False)

    def start(self, prompt: str) -> None:
        """A new turn began; what was left of the one before is dropped."""
        self.prompts.append(prompt)
        self.done = set()
        self.unfinished = True


class Transcript:
    """One session's JSON lines, each written whole, so that a kill leaves at most a torn last line."""

    def __init__(self, path: str, session: str, model: str, folder: str) -> None:
        self.path, self.session, self.model = path, session, model
        self._folder = folder
        self._usage = dict.fromkeys(_PRICES, 0)
        self._context = _SYSTEM_TOKENS
        self._messages = 0
        self._shared: str | None = None
        self._last: dict[str, int] = {}
        self._parent: str | None = None
        self.memory = Memory()
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)

    def load(self) -> None:
        """Read what an earlier session wrote, skipping torn lines, and mend a torn end."""
        with open(self.path, "rb") as file:
            data = file.read()
        if data and not data.endswith(b"\n"):
            os.write(self._fd, b"\n")
        counted: set[str] = set()
        for row in data.split(b"\n"):
            try:
                entry = json.loads(row)
            except ValueError:
                continue
            if isinstance(entry, dict):
                self.memory.take(entry)
                self._count(entry, counted)

    def user(self, text: str, **mark: object) -> None:
        """What somebody said to the worker."""
        self._context += len(text) // 4
        self._write("user", mark, message={"role": "user", "content": text})

    def says(self, text: str, key: Key | None, *, shared: bool = False, model: str = "") -> None:
        """Text of the worker; `shared` text belongs to the same message as the tool use that follows it."""
        self._assistant({"type": "text", "text": text}, len(text), key, model)
        self._shared = self._shared if shared else None

    def uses(self, tool: str, value: dict[str, Any]) -> str:
        """A tool is being used; returns the id its result has to name."""
        self._assistant({"type": "tool_use", "id": (name := f"toolu_{os.urandom(9).hex()}"), "name": tool,
                         "input": value}, len(str(value)), None)
        self._shared = None
        return name

    def result(self, name: str, text: str, *, failed: bool, key: Key | None, extra: dict[str, Any]) -> None:
        """What a tool answered; with a `key` that step is done and never repeated."""
        self._context += len(text) // 4
        block = {"tool_use_id": name, "type": "tool_result", "content": text, **({"is_error": True} if failed else {})}
        self._write("user", key._asdict() if key else {}, message={"role": "user", "content": [block]},
                    toolUseResult=extra)

    def passed(self, key: Key) -> None:
        """A step that leaves no other line is done."""
        self._write("system", key._asdict(), subtype="passed")

    def state(self, turn: int, *, finished: bool) -> None:
        """The turn's end: what the session cost so far."""
        cost = sum(count * _PRICES[kind] / 1e6 for kind, count in self._usage.items())
        usage: dict[str, object] = {_NAMES[kind]: count for kind, count in self._usage.items()}
        self._write("cost-state", {"turn": turn, "finished": finished}, totalCostUSD=round(cost, 6),
                    modelUsage={self.model: {**usage, "costUSD": round(cost, 6)}})

    def _assistant(self, block: dict[str, Any], size: int, key: Key | None, model: str = "") -> None:
        """One content block; blocks of one message repeat its id and usage, as Claude Code's lines do."""
        spoken = max(1, size // 4)
        if self._shared is None:
            self._messages += 1
            self._shared = f"msg_{self._messages:04d}{os.urandom(8).hex()}"
            self._last = {"input_tokens": 4, "cache_creation_input_tokens": 200 + spoken,
                          "cache_read_input_tokens": self._context, "output_tokens": 60 + spoken}
            self._add(self._last)
        self._context += spoken
        self._write("assistant", key._asdict() if key else {}, message={
            "id": self._shared, "type": "message", "role": "assistant", "model": model or self.model,
            "content": [block], "stop_reason": None, "stop_sequence": None, "usage": self._last})

    def _add(self, usage: dict[str, int]) -> None:
        for kind in self._usage:
            self._usage[kind] += usage.get(kind, 0)

    def _count(self, entry: dict[str, Any], counted: set[str]) -> None:
        message = entry.get("message")
        if isinstance(message, dict) and message.get("id") and message["id"] not in counted:
            counted.add(message["id"])
            self._messages += 1
            self._context += message["usage"]["output_tokens"]
            self._add(message["usage"])

    def _write(self, kind: str, mark: dict[str, Any], **fields: object) -> None:
        now = time.time()
        hexa = os.urandom(16).hex()
        entry = {"parentUuid": self._parent, "isSidechain": False, "cwd": self._folder, "sessionId": self.session,
                 "type": kind, **fields,
                 "uuid": f"{hexa[:8]}-{hexa[8:12]}-4{hexa[13:16]}-a{hexa[17:20]}-{hexa[20:]}",
                 "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"}
        self._parent = str(entry["uuid"])
        if mark:
            entry["rehearsal"] = mark
            self.memory.take(entry)
        os.write(self._fd, json.dumps(entry).encode() + b"\n")
