"""Plays: a seed to build on, a prompt that asks for something, the plan that answers it, and every worker's part."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plays")
"""One folder a play: play.json, plan.json, seed/ and parts/<part>/{steps, back*, files}."""

_NAME = re.compile(r"[\w-]+")


class Part(NamedTuple):
    """What one worker does in a play: its steps, its steps when a gate sends it back, and where its files lie."""

    steps: str
    backs: tuple[tuple[str, str], ...]
    folder: str


def names() -> list[str]:
    """The plays there are, in order of their names."""
    return sorted(name for name in os.listdir(FOLDER) if os.path.exists(os.path.join(FOLDER, name, "play.json")))


def prompt(name: str) -> str:
    """What the overseer says to the Mayor in this play.

    Raises:
        FileNotFoundError: there is no such play.
    """
    said = _json(name, "play.json")["prompt"]
    return str(said)


def plan(name: str) -> dict[str, Any]:
    """The plan the rehearsal Mayor submits, in the shape `gt plan submit` takes.

    Raises:
        FileNotFoundError: there is no such play.
    """
    return _json(name, "plan.json")


def answering(message: str) -> str | None:
    """The play whose words all occur in a message, or None."""
    said = message.lower()
    for name in names():
        if all(word.lower() in said for word in _json(name, "play.json")["words"]):
            return name
    return None


def seed(name: str, folder: Path) -> None:
    """Copy the play's seed into a folder, which is made if need be; making it a repository is the caller's.

    Raises:
        FileNotFoundError: there is no such play.
    """
    import shutil

    shutil.copytree(os.path.join(FOLDER, name, "seed"), folder, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("__pycache__"))


def part(name: str) -> Part | None:
    """The part called `PLAY/PART`, or None when there is none; `back-witness` serves the witness alone."""
    if [bool(_NAME.fullmatch(word)) for word in name.split("/")] != [True, True]:
        return None
    play, _, key = name.partition("/")
    folder = os.path.join(FOLDER, play, "parts", key)
    try:
        files = sorted(os.listdir(folder))
        backs = tuple((file[5:], _text(folder, file)) for file in files if file.startswith("back"))
        return Part(_text(folder, "steps"), backs, folder)
    except OSError:
        return None


def _json(name: str, file: str) -> dict[str, Any]:
    value = json.loads(_text(os.path.join(FOLDER, name), file))
    if not isinstance(value, dict):
        raise FileNotFoundError(f"{name}/{file} holds no play")
    return value


def _text(folder: str, file: str) -> str:
    with open(os.path.join(folder, file), encoding="utf-8") as opened:
        return opened.read()
