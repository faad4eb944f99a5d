"""A plan in the person's own editor, while the town goes on."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from pathlib import Path

import msgspec
from textual.app import App, SuspendNotSupported

from gastown_tui.model.convoy import Plan, check
from gastown_tui.model.errors import GasTownError, Refused


def editor() -> list[str]:
    """The command of the person's editor; raises GasTownError when there is none."""
    for name in (os.environ.get("VISUAL", ""), os.environ.get("EDITOR", ""), "sensible-editor", "nano", "vi"):
        words = shlex.split(name)
        if words and shutil.which(words[0]):
            return words
    raise GasTownError("No editor was found.", "Set EDITOR, or change the plan with: gt plan edit")


async def edit(app: App[str], plan: Plan) -> Plan | None:
    """Have a plan edited as JSON; None when it came back as it was. Raises GasTownError naming what does not fit."""
    command = editor()
    before = msgspec.json.format(msgspec.json.encode(plan), indent=2)
    with tempfile.TemporaryDirectory(prefix="gt-plan-") as folder:
        path = Path(folder) / "plan.json"
        path.write_bytes(before + b"\n")
        try:
            with app.suspend():
                running = await asyncio.create_subprocess_exec(*command, str(path))
                await running.wait()
        except SuspendNotSupported as error:
            raise GasTownError("This terminal cannot be handed to an editor.", "Use: gt plan edit") from error
        after = path.read_bytes()
    if after.strip() == before.strip():
        return None
    try:
        changed = msgspec.json.decode(after, type=Plan)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Refused(f"The plan cannot be read: {error}.", "It is as it was; e opens it again.") from error
    check(changed)
    return changed
