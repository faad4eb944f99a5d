"""Reads the transcript an agent writes, as it grows: what it did, what it said, and what it cost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gastown_tui.agents.deeds import Note, Tools, one_line

_AT_ONCE = 4 * 1024 * 1024  # bytes read in one poll
_MILLION = 1_000_000
_SYNTHETIC = "<synthetic>"
_KINDS = {
    "input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
}  # fmt: skip


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dollars per million tokens of a model."""

    input: float
    output: float
    cache_read: float
    cache_write: float


@dataclass(frozen=True)
class _Usage:
    model: str
    tokens: dict[str, int]

    def usd(self, prices: Mapping[str, Prices]) -> float:
        """Dollars at these prices; 0 for a model nobody has a price for."""
        price = next((row for name, row in prices.items() if name in self.model), prices.get("default"))
        if price is None:
            return 0.0
        return sum(count * float(getattr(price, kind)) for kind, count in self.tokens.items()) / _MILLION


class Transcript:
    """One session's transcript (JSON lines as Claude Code writes them), read incrementally.

    What it costs is the last `cost-state` line's total (the agent's own account), and beyond it the usage of later
    messages times `prices` (by a piece of the model's name, or `default`). A total that falls is a new process's,
    which counts from zero: then both are added.
    """

    def __init__(self, path: Path, prices: Mapping[str, Prices] | None = None) -> None:
        """A transcript at `path`, which need not be there yet."""
        self.path = path
        self._prices = dict(prices or {})
        self._forget()

    def _forget(self) -> None:
        self._offset = 0
        self._torn = b""
        self._tools = Tools()
        self._total = self._earlier = 0.0
        self._settled: set[str] = set()
        self._open: dict[str, _Usage] = {}
        self._tokens: dict[str, int] = {}
        self.last_text = ""
        """The last thing the agent said, as Markdown."""
        self.turns = 0
        """How many prompts it was given."""

    @property
    def cost_usd(self) -> float:
        """Dollars spent by this session so far."""
        return self._earlier + self._total + sum(usage.usd(self._prices) for usage in self._open.values())

    @property
    def tokens(self) -> int:
        """Tokens used by this session so far, cached ones included."""
        return sum(self._tokens.values())

    def poll(self) -> list[Note]:
        """What happened since the last poll, in order; a line that is not whole yet waits for the next one.

        A file that is not there says nothing; one that became shorter is read from its start.
        """
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._forget()
                file.seek(self._offset)
                data = file.read(_AT_ONCE)
        except FileNotFoundError:
            return []
        self._offset += len(data)
        *lines, self._torn = (self._torn + data).split(b"\n")
        notes: list[Note] = []
        for line in lines:
            try:
                entry = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # a torn line that somebody wrote on after: nothing can be read from it
            if isinstance(entry, dict):
                notes += self._take(entry)
        return notes

    def _take(self, entry: dict[str, Any]) -> list[Note]:
        kind, message = entry.get("type"), entry.get("message")
        if kind == "cost-state":
            self._settle(entry.get("totalCostUSD"))
        if not isinstance(message, dict):
            return []
        if kind == "assistant":
            return self._assistant(entry, message)
        if kind == "user":
            return self._user(entry, message)
        return []

    def _settle(self, total: object) -> None:
        if not isinstance(total, int | float):
            return
        if total < self._total:
            self._earlier += self._total
        self._total = float(total)
        self._settled |= self._open.keys()
        self._open.clear()

    def _assistant(self, entry: dict[str, Any], message: dict[str, Any]) -> list[Note]:
        model, at = str(message.get("model", "")), _when(entry)
        if model != _SYNTHETIC:
            self._use(message, model)
        if entry.get("isSidechain"):
            return []  # a subagent's: it counts in money, not in what this agent says and does
        notes = []
        for block in _blocks(message):
            text = block.get("text")
            if block.get("type") == "text" and isinstance(text, str) and text.strip():
                if model != _SYNTHETIC:
                    self.last_text = text
                notes.append(Note(at, "SAY", one_line(text), "", None if model != _SYNTHETIC else False))
            elif block.get("type") == "tool_use":
                notes += self._tools.used(block, at, str(entry.get("cwd", "")))
        return notes

    def _use(self, message: dict[str, Any], model: str) -> None:
        """Count a message's usage once: its lines repeat it, and a later line's is more complete."""
        usage, name = message.get("usage"), message.get("id")
        if not isinstance(usage, dict) or not isinstance(name, str) or name in self._settled:
            return
        tokens = {kind: n for kind, key in _KINDS.items() if isinstance(n := usage.get(key), int)}
        before = self._open[name].tokens if name in self._open else {}
        for kind, count in tokens.items():
            self._tokens[kind] = self._tokens.get(kind, 0) + count - before.get(kind, 0)
        self._open[name] = _Usage(model, {**before, **tokens})

    def _user(self, entry: dict[str, Any], message: dict[str, Any]) -> list[Note]:
        if entry.get("isSidechain"):
            return []
        blocks = _blocks(message)
        notes: list[Note] = []
        for block in blocks:
            if block.get("type") == "tool_result":
                notes += self._tools.answered(block, _when(entry))
        said = isinstance(message.get("content"), str) or any(block.get("type") == "text" for block in blocks)
        if said and not entry.get("isMeta"):
            self.turns += 1
        return notes


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _when(entry: dict[str, Any]) -> float | None:
    stamp = entry.get("timestamp")
    try:
        return datetime.fromisoformat(stamp).timestamp() if isinstance(stamp, str) else None
    except ValueError:
        return None
