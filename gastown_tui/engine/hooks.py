"""What agents' own hooks tell the engine, and its answers: refusals before a tool runs, ends of turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.mayor import Mayor
from gastown_tui.engine.own_calls import is_own_call
from gastown_tui.engine.sessions import Live, Sessions
from gastown_tui.model.agent import MAYOR, POLECAT
from gastown_tui.model.orders import Caller
from gastown_tui.rig import guard
from gastown_tui.text import clean

_FATAL = {"authentication_failed", "billing_error", "model_not_found"}


class Hooks:
    """Hears hooks; the payloads are an agent's word and are trusted for nothing but its own state."""

    def __init__(self, base: Base, sessions: Sessions, mayor: Mayor) -> None:
        self._base = base
        self._sessions = sessions
        self._mayor = mayor

    async def hear(self, event: str, payload: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """The JSON reply to one hook; an empty object says nothing."""
        live = self._sessions.of(caller)
        if live is None or (payload.get("agent_id") and event != "PreToolUse"):
            return {}
        if event == "PreToolUse":
            return await self._before_tool(live, payload)
        if event in ("UserPromptSubmit", "PostToolUse", "SessionStart"):
            live.idle = False
            self._find_transcript(live, payload)
        elif event == "Stop" and not payload.get("background_tasks"):
            self._find_transcript(live, payload)
            await self._stopped(live, str(payload.get("last_assistant_message") or ""))
        elif event == "StopFailure":
            await self._failed(live, clean(str(payload.get("error", "unknown"))))
        return {}

    def _find_transcript(self, live: Live, payload: dict[str, Any]) -> None:
        path = payload.get("transcript_path")
        if live.transcript is None and isinstance(path, str) and path:
            self._sessions.read_transcript(live, path)

    async def _before_tool(self, live: Live, payload: dict[str, Any]) -> dict[str, Any]:
        tool, given = str(payload.get("tool_name", "")), payload.get("tool_input")
        bead = self._base.books.pending.beads.get(live.caller.bead)
        lease = bead.work.lease if bead is not None and live.caller.role == POLECAT else None
        reason = guard.deny_reason(
            tool, given if isinstance(given, dict) else {}, worktree=live.worktree,
            branch=lease.branch if lease is not None else None, target=self._base.config.target,
            root=self._base.place.root, temp=live.folder / "tmp", cwd=_folder(payload.get("cwd")),
        )  # fmt: skip
        if reason is None:
            own = isinstance(given, dict) and is_own_call(tool, given)
            allowed = {"hookEventName": "PreToolUse", "permissionDecision": "allow"}
            return {"hookSpecificOutput": allowed} if own else {}
        base, caller = self._base, live.caller
        await base.feed.add(
            base.clock.now(), caller.name, "DENY", reason.splitlines()[0], bead=caller.bead, role=caller.role, ok=False
        )
        decision = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": reason}
        return {"hookSpecificOutput": decision}

    async def _stopped(self, live: Live, said: str) -> None:
        live.idle, live.idle_since = True, self._base.clock.monotonic()
        await self._sessions.hear(live, final=True)
        if live.caller.role == MAYOR:
            await self._mayor.turn_ended(live, said or (live.transcript.last_text if live.transcript else ""))

    async def _failed(self, live: Live, error: str) -> None:
        """A turn the API cut off: kept in the feed; what no waiting mends is asked."""
        base, caller = self._base, live.caller
        await base.feed.add(base.clock.now(), caller.name, "LIMIT", error, bead=caller.bead, role=caller.role, ok=False)
        live.idle, live.idle_since = True, base.clock.monotonic()
        if error in _FATAL:
            question = f"{caller.name}'s model answered {error}. Mend the login or the account, then answer `go on`."
            needs.ask(base, "login", error, f"The model refuses: {error}", question, ("go on",), agent=caller.name)


def _folder(value: object) -> Path | None:
    """Where the agent says it stands, when it says so."""
    return Path(value) if isinstance(value, str) and value.startswith("/") else None
